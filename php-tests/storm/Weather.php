<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\FakeZoom;

/** The faults of a storm at fake-zoom, one at a time, drawn from the seed. */
final class Weather
{
    /** Longer than `telemed.timeout` of the storm's site. */
    private const BEYOND_TIMEOUT_MS = 2_600;
    private const REQUESTS = array(
        array('method' => 'POST', 'path' => '/v2/users/'),
        array('method' => 'POST', 'path' => '/v2/users/'),
        array('method' => 'PATCH', 'path' => '/v2/meetings/'),
        array('method' => 'DELETE', 'path' => '/v2/meetings/'),
        array('method' => 'GET', 'path' => '/v2/'),
        array('method' => 'POST', 'path' => '/oauth/token'),
    );

    /** What gives an answer that tells whose it is. Only an empty list does not: what is made twice because of one goes in the night. */
    private const TELLING = array(
        array('method' => 'POST', 'path' => '/v2/users/'),
        array('method' => 'GET', 'path' => '/v2/meetings/'),
        array('method' => 'GET', 'path' => '/v2/users/'),
    );

    private readonly \Random\Randomizer $random;
    /** @var array<string, int> how often each was ordered */
    private array $ordered = array();
    private bool $isOut = false;

    public function __construct(private readonly FakeZoom $zoom, int $seed)
    {
        $this->random = new \Random\Randomizer(new \Random\Engine\Mt19937($seed));
    }

    /** Orders the next fault. */
    public function blow(): void
    {
        $name = $this->one(array_keys(self::faults()));
        $this->ordered[$name] = ($this->ordered[$name] ?? 0) + 1;
        if ('tokens_unknown' === $name) {
            $this->zoom->forgetAccessTokens();
            return;
        }
        if ('swapped' === $name && ! $this->isOut) {
            // At once: what waits behind other faults may never have its turn.
            $this->zoom->forgetFaults();
            foreach (self::TELLING as $request) {
                $this->zoom->fault($request, self::faults()[$name]);
            }
            return;
        }
        $request = self::REQUESTS[$this->random->getInt(0, count(self::REQUESTS) - 1)];
        if (str_starts_with($name, 'limit') || 'unauthorized' === $name) {
            // What the token endpoint does not say.
            $request = '/oauth/token' === $request['path'] ? self::REQUESTS[0] : $request;
        }
        $this->zoom->fault($request, self::faults()[$name]);
    }

    /** From now on nothing reaches Zoom. */
    public function outage(): void
    {
        $this->zoom->forgetFaults();
        $this->zoom->fault(array(), array('kind' => 'close_before_work'), -1);
        $this->isOut = true;
    }

    /** No more faults. */
    public function clear(): void
    {
        $this->zoom->forgetFaults();
        $this->isOut = false;
    }

    /** What was ordered, for the report. */
    public function report(): string
    {
        ksort($this->ordered);
        return implode(', ', array_map(static fn (string $name, int $times): string => "{$name} {$times}", array_keys($this->ordered), $this->ordered));
    }

    /** @return array<string, array<string, mixed>> */
    private static function faults(): array
    {
        $json = static fn (int $status, array $body, array $headers = array()): array => array(
            'kind' => 'status',
            'status' => $status,
            'body' => json_encode($body, JSON_THROW_ON_ERROR),
            'content_type' => 'application/json;charset=UTF-8',
            'headers' => (object) $headers,
        );
        $html = array('kind' => 'status', 'status' => 502, 'body' => '<html>Bad Gateway</html>', 'content_type' => 'text/html');
        return array(
            'error_before_work' => $json(500, array('code' => 500, 'message' => 'Internal error')),
            'html_before_work' => $html,
            'html_after_work' => $html + array('after_work' => true),
            'reset_before_work' => array('kind' => 'close_before_work'),
            'reset_after_work' => array('kind' => 'close_after_work'),
            'silence_before_work' => array('kind' => 'delay', 'ms' => self::BEYOND_TIMEOUT_MS, 'then' => array('kind' => 'close_before_work')),
            'silence_after_work' => array('kind' => 'delay_after_work', 'ms' => self::BEYOND_TIMEOUT_MS),
            'swapped' => array('kind' => 'swap'),
            'truncated' => array('kind' => 'truncate', 'bytes' => 40),
            'unauthorized' => $json(401, array('code' => 124, 'message' => 'Invalid access token.')),
            'limit_of_the_second' => $json(
                429,
                array('code' => 429, 'message' => 'You have reached the maximum per-second rate limit for this API. Try again later.'),
                array('X-RateLimit-Category' => 'Medium', 'X-RateLimit-Type' => 'QPS', 'X-RateLimit-Limit' => '20', 'X-RateLimit-Remaining' => '0')
            ),
            'limit_of_the_day' => $json(
                429,
                array('code' => 429, 'message' => 'You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user.'),
                array('X-RateLimit-Type' => 'Daily-limit', 'Retry-After' => gmdate('Y-m-d\TH:i:s\Z', time() + 20))
            ),
            'tokens_unknown' => array(),
        );
    }

    /** @param list<string> $of */
    private function one(array $of): string
    {
        return $of[$this->random->getInt(0, count($of) - 1)];
    }
}
