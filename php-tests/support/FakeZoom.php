<?php

/**
 * Speaks to fake-zoom's control API: state, clock, log of requests, faults.
 *
 * Plain PHP streams, so that it needs no extension and shares no connection with what is tested.
 */

declare(strict_types=1);

namespace Telemed\Tests;

final class FakeZoom
{
    /** The seed's accounts, users and apps that tests name. */
    public const ACCOUNT = 'Ab12cDefGhIjKlMnOpQrSt';
    public const OWNER = '0wNeRiD0exAmple_Zo-mAA';
    public const DOCTOR1 = 'dR0hOsTiD1exAmple_Zo-m';
    public const DOCTOR1_EMAIL = 'doctor1@clinic.example';
    public const DOCTOR2 = 'dR0hOsTiD2exAmple_Zo-m';
    public const DOCTOR2_EMAIL = 'doctor2@clinic.example';
    public const BASIC = 'bAs1cUsEr1exAmple_Zo-m';
    public const INACTIVE = 'iNaCtIvE1exAmple_Zo-mA';
    public const CLIENT_ID = 'cLiEnTiDeXaMpLe0123456';
    public const CLIENT_SECRET = 'cLiEnTsEcReTeXaMpLe0123456789abc';
    public const OTHER_CLIENT_ID = 'oThErApPiDeXaMpLe01234';
    public const OTHER_CLIENT_SECRET = 'oThErApPsEcReT0123456789abcdefgh';
    public const S2S_CLIENT_ID = 's2sCliEnTiDeXaMpLe0123';
    public const S2S_CLIENT_SECRET = 's2sSeCrEtExAmPlE0123456789abcdef';
    public const CLASSIC_ACCOUNT = 'Zy98xWvUtSrQpOnMlKjIhG';
    public const CLASSIC_CLIENT_ID = 'cLaSsIcS2sIdExAmple012';
    public const CLASSIC_CLIENT_SECRET = 'cLaSsIcS2sSeCrEt0123456789abcdef';
    public const CLASSIC_USER_EMAIL = 'private@practice.example';

    private string $base;

    /** @param string $base the http address that fake-zoom printed */
    public function __construct(string $base)
    {
        $this->base = rtrim($base, '/');
    }

    /** The fake that the environment names. */
    public static function fromEnvironment(): self
    {
        $base = getenv('FAKE_ZOOM_HTTP');
        if (! is_string($base) || '' === $base) {
            throw new \RuntimeException('FAKE_ZOOM_HTTP is not set: run scripts/test.');
        }
        return new self($base);
    }

    /**
     * State back to the seed, clock back to real time, faults and log cleared. The token endpoint takes the safe form of a request
     * only, though Zoom takes others: a form body, and the app's secret in a header that nobody logs.
     */
    public function reset(): void
    {
        $this->call('POST', 'reset', array());
        $this->settings(array('strict_query' => true));
    }

    /** Moves the clock on. */
    public function advance(int $seconds): void
    {
        $this->call('POST', 'clock', array('advance' => $seconds));
    }

    /** @param string $moment RFC 3339 */
    public function setClock(string $moment): void
    {
        $this->call('POST', 'clock', array('set' => $moment));
    }

    /**
     * What was asked of the fake, in order; control requests are not among them.
     *
     * @return list<array<string, mixed>>
     */
    public function requests(?string $method = null, string $path = ''): array
    {
        $all = $this->call('GET', 'requests')['requests'];
        return array_values(
            array_filter(
                $all,
                static fn (array $one): bool => (null === $method || $one['method'] === $method)
                    && 0 === strpos($one['path'], $path)
            )
        );
    }

    /** Empties the log. */
    public function forgetRequests(): void
    {
        $this->call('DELETE', 'requests');
    }

    /** @return array<string, mixed> */
    public function state(): array
    {
        return $this->call('GET', 'state');
    }

    /**
     * A meeting as the fake holds it, null when there is none.
     *
     * @return ?array<string, mixed>
     */
    public function meeting(int $id): ?array
    {
        foreach ($this->state()['meetings'] as $meeting) {
            if ($meeting['id'] === $id) {
                return $meeting;
            }
        }
        return null;
    }

    /**
     * What somebody does to a meeting in Zoom itself, behind the site's back.
     *
     * @param ?array<string, mixed> $changes null deletes it
     */
    public function handle(int $meeting, ?array $changes): void
    {
        $token = self::send("{$this->base}/oauth/token", 'POST', array(
            'Authorization: Basic ' . base64_encode(self::S2S_CLIENT_ID . ':' . self::S2S_CLIENT_SECRET),
            'Content-Type: application/x-www-form-urlencoded',
        ), http_build_query(array('grant_type' => 'account_credentials', 'account_id' => self::ACCOUNT)));
        self::send("{$this->base}/v2/meetings/{$meeting}", null === $changes ? 'DELETE' : 'PATCH', array(
            'Authorization: Bearer ' . json_decode($token, true, 16, JSON_THROW_ON_ERROR)['access_token'],
            'Content-Type: application/json',
        ), null === $changes ? '' : json_encode($changes, JSON_THROW_ON_ERROR));
    }

    /** @param list<string> $headers */
    private static function send(string $url, string $method, array $headers, string $content): string
    {
        $text = file_get_contents($url, false, stream_context_create(array('http' => array(
            'method' => $method,
            'header' => array_merge($headers, array('Connection: close')),
            'content' => $content,
            'timeout' => 30,
        ))));
        if (false === $text) {
            throw new \RuntimeException("fake-zoom refused {$method} {$url}");
        }
        return $text;
    }

    /**
     * Orders a fault.
     *
     * @param array<string, string> $match method, path (prefix), body_contains
     * @param array<string, mixed> $fault kind and what it needs
     */
    public function fault(array $match, array $fault, int $times = 1, int $skip = 0): void
    {
        $this->call(
            'POST',
            'faults',
            array('match' => (object) $match, 'fault' => $fault, 'times' => $times, 'skip' => $skip)
        );
    }

    /**
     * Orders an answer in Zoom's JSON.
     *
     * @param array<string, string> $match
     * @param array<string, mixed> $body
     * @param array<string, string> $headers
     */
    public function answer(array $match, int $status, array $body, array $headers = array(), int $times = 1): void
    {
        $this->fault(
            $match,
            array(
                'kind' => 'status',
                'status' => $status,
                'body' => json_encode($body, JSON_THROW_ON_ERROR),
                'content_type' => 'application/json;charset=UTF-8',
                'headers' => (object) $headers,
            ),
            $times
        );
    }

    /** Removes all faults. */
    public function forgetFaults(): void
    {
        $this->call('DELETE', 'faults');
    }

    /** Every access token becomes unknown; refresh tokens stay. */
    public function forgetAccessTokens(): void
    {
        $this->call('POST', 'invalidate_access_tokens', array());
    }

    /** @param array<string, mixed> $switches */
    public function settings(array $switches): void
    {
        $this->call('POST', 'settings', $switches);
    }

    /** @param array<string, list<array<string, mixed>>> $seed accounts, users, apps: added or replaced by id */
    public function seed(array $seed): void
    {
        $this->call('POST', 'seed', $seed);
    }

    /**
     * What a click on Authorize does.
     *
     * @param string $url the authorization URL
     * @param string $user id or e-mail of who clicks
     * @return array<string, string> the query that the redirect URL is opened with
     */
    public function authorize(string $url, string $user): array
    {
        parse_str((string) parse_url($url, PHP_URL_QUERY), $asked);
        $answer = $this->call(
            'POST',
            'authorize',
            array(
                'client_id' => $asked['client_id'],
                'redirect_uri' => $asked['redirect_uri'],
                'state' => $asked['state'],
                'code_challenge' => $asked['code_challenge'],
                'user' => $user,
            )
        );
        parse_str((string) parse_url($answer['location'], PHP_URL_QUERY), $query);
        return $query;
    }

    /**
     * @param ?array<string, mixed> $body
     * @return array<string, mixed>
     */
    private function call(string $method, string $path, ?array $body = null): array
    {
        $context = stream_context_create(
            array(
                'http' => array(
                    'method' => $method,
                    'header' => "Content-Type: application/json\r\nConnection: close\r\n",
                    'content' => null === $body ? '' : json_encode((object) $body, JSON_THROW_ON_ERROR),
                    'ignore_errors' => true,
                    'timeout' => 30,
                ),
            )
        );
        $text = file_get_contents($this->base . '/_control/' . $path, false, $context);
        $status = (int) explode(' ', $http_response_header[0] ?? ' 0')[1];
        if (false === $text || $status >= 300) {
            throw new \RuntimeException("fake-zoom refused {$method} {$path} with {$status}: {$text}");
        }
        return '' === $text ? array() : json_decode($text, true, 512, JSON_THROW_ON_ERROR);
    }
}
