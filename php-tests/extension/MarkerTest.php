<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/**
 * Zoom repeats every secret it knows in answers of every kind, to every call: none comes out of the extension again.
 *
 * @see SecretsTest for dumps, phpinfo() and what PHP itself shows
 */
final class MarkerTest extends ExtensionTestCase
{
    private const MARKER = 'eyJhbGciOiJIUzUxMiJ9.mArKeR0123456789.sig';

    /** @dataProvider answersThatRepeatSecrets */
    #[DataProvider('answersThatRepeatSecrets')]
    public function testNoAnswerBringsASecretOut(int $status, string $type, string $body): void
    {
        $log = (string) tempnam(sys_get_temp_dir(), 'telemed');
        $former = array(ini_set('error_log', $log), ini_set('log_errors', '1'));
        try {
            $shown = '';
            foreach ($this->calls() as $name => [$prepare, $path, $call]) {
                $this->setUp();
                $given = $prepare();
                $this->zoom->fault(
                    array('path' => $path),
                    array('kind' => 'status', 'status' => $status, 'content_type' => $type, 'body' => $this->filled($body)),
                    -1
                );
                try {
                    $result = $call($given);
                    ob_start();
                    var_dump($result, $given);
                    $shown .= ob_get_clean();
                } catch (\Telemed\TelemedException $exception) {
                    error_log((string) $exception);
                    $shown .= $this->everythingOf($exception);
                }
                $this->zoom->forgetFaults();
                $shown .= implode("\n", $this->store->records);
                $this->assertNoSecret($shown);
                $this->assertStringNotContainsString('mArKeR0123456789', $shown, $name);
                $this->assertSame(0, $this->store->locksLeft(), $name);
            }
            $logged = (string) file_get_contents($log);
            $this->assertNoSecret($logged);
            $this->assertStringNotContainsString('mArKeR0123456789', $logged);
            $this->assertNotSame('', $shown . $logged);
        } finally {
            ini_set('error_log', (string) $former[0]);
            ini_set('log_errors', (string) $former[1]);
            unlink($log);
        }
    }

    /** @return iterable<string, array{int, string, string}> status, content type, body with places for the secrets */
    public static function answersThatRepeatSecrets(): iterable
    {
        $bodies = array(
            'token answer of a wrong type' => array('application/json', '{"access_token":5,"refresh_token":"MARKER","x":"ALL"}'),
            'token answer that is cut off' => array('application/json', '{"access_token":"MARKER","refresh_token":"ALL'),
            'page' => array('text/html', '<html>MARKER ALL</html>'),
            'token error' => array('application/json', '{"reason":"Something new about MARKER ALL","error":"MARKER"}'),
            'dead grant' => array('application/json', '{"reason":"Invalid Token! MARKER ALL","error":"invalid_grant"}'),
            'API error' => array('application/json', '{"code":300,"message":"Not allowed: MARKER ALL","errors":[{"field":"MARKER","message":"ALL"}]}'),
            'scope error' => array('application/json', '{"code":4711,"message":"Invalid access token, does not contain scopes:[MARKER, ALL]."}'),
        );
        foreach ($bodies as $name => [$type, $body]) {
            foreach (array(200, 302, 400, 401, 403, 404) as $status) {
                yield "{$status}, {$name}" => array($status, $type, $body);
            }
        }
        yield '500, page' => array(500, 'text/html', '<html>MARKER ALL</html>');
    }

    /** @return array<string, array{callable, string, callable}> what comes before the trouble, where the trouble is, and the call */
    private function calls(): array
    {
        $begun = function (): array {
            $app = $this->oauthApp();
            return array($app, $this->zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL));
        };
        $connected = function (): array {
            $app = $this->oauthApp();
            $this->connect($app);
            return array($app);
        };
        $expired = function () use ($connected): array {
            $given = $connected();
            $this->zoom->advance(2 * 3600);
            return $given;
        };
        $account = fn (): array => array($this->serverApp());
        $working = function (): array {
            $app = $this->serverApp();
            $app->client()->user(FakeZoom::DOCTOR1);
            return array($app);
        };
        return array(
            'connect' => array($begun, '/oauth/token', static fn ($g) => $g[0]->connect($g[1]['code'], $g[1]['state'], '7')),
            'refresh' => array($expired, '/oauth/token', static fn ($g) => $g[0]->client('7')->within(2)->user()),
            'renew' => array($connected, '/oauth/token', static fn ($g) => $g[0]->renew('7')),
            'disconnect' => array($connected, '/oauth/revoke', static fn ($g) => $g[0]->disconnect('7')),
            'token of the account' => array($account, '/oauth/token', static fn ($g) => $g[0]->client()->user(FakeZoom::DOCTOR1)),
            'disconnect of the account' => array($working, '/oauth/revoke', static fn ($g) => $g[0]->disconnect()),
            'user' => array($connected, '/v2/', static fn ($g) => $g[0]->client('7')->within(2)->user()),
            'users' => array($working, '/v2/', static fn ($g) => $g[0]->client()->within(2)->users()),
            'create' => array($connected, '/v2/', fn ($g) => $g[0]->client('7')->within(2)->createMeeting($this->visit())),
            'ensure' => array($connected, '/v2/', fn ($g) => $g[0]->client('7')->within(2)->ensureMeeting($this->visit(null, '+1 day', 30, 'UTC', 's:1'))),
            'create many' => array($connected, '/v2/', fn ($g) => $this->thrownOf($g[0]->client('7')->within(2)->createMeetings(array($this->visit())))),
            'delete' => array($connected, '/v2/', static fn ($g) => $g[0]->client('7')->within(2)->deleteMeeting(1)),
            'start' => array($connected, '/v2/', static fn ($g) => $g[0]->client('7')->within(2)->startUrl(1)),
            'check' => array($connected, '/v2/', static fn ($g) => json_encode($g[0]->client('7')->within(2)->check()->steps())),
        );
    }

    /** @param array<mixed> $results */
    private function thrownOf(array $results): string
    {
        return implode("\n", array_map(fn ($one) => $one instanceof \Throwable ? $this->everythingOf($one) : '', $results));
    }

    private function everythingOf(\Throwable $exception): string
    {
        $text = '';
        for (; null !== $exception; $exception = $exception->getPrevious()) {
            $text .= $exception . ' ' . json_encode(get_object_vars($exception)) . ' ';
            $text .= $exception instanceof \Telemed\TelemedException ? $exception->advice() : '';
            foreach ($exception->getTrace() as $frame) {
                if (0 === strpos($frame['class'] ?? '', 'Telemed\\') && 0 !== strpos($frame['class'], 'Telemed\\Tests')) {
                    $text .= print_r($frame['args'] ?? array(), true);
                }
            }
        }
        return $text;
    }

    /** The body with the marker and everything that is secret now. */
    private function filled(string $body): string
    {
        return str_replace(array('MARKER', 'ALL'), array(self::MARKER, implode(' ', $this->secrets())), $body);
    }
}
