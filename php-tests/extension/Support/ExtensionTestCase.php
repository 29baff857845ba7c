<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension\Support;

use PHPUnit\Framework\TestCase;
use Telemed\Client;
use Telemed\Connection;
use Telemed\MeetingRequest;
use Telemed\OAuthApp;
use Telemed\ServerToServerApp;
use Telemed\TelemedException;
use Telemed\TokenStore;
use Telemed\Vault;
use Telemed\Tests\FakeZoom;

/**
 * A fresh fake-zoom, a fresh store and a fresh key for each test.
 *
 * The fresh key matters: the extension remembers tokens per process, and keeps those of different keys apart.
 */
abstract class ExtensionTestCase extends TestCase
{
    protected const REDIRECT_URI = 'https://clinic.example/callback';

    protected FakeZoom $zoom;
    protected MemoryTokenStore $store;
    protected Vault $vault;

    protected function setUp(): void
    {
        $this->zoom = FakeZoom::fromEnvironment();
        $this->zoom->reset();
        $this->store = new MemoryTokenStore();
        $this->vault = new Vault(array(Vault::generateKey()));
    }

    protected function oauthApp(?TokenStore $store = null): OAuthApp
    {
        return new OAuthApp(
            FakeZoom::CLIENT_ID,
            FakeZoom::CLIENT_SECRET,
            self::REDIRECT_URI,
            $store ?? $this->store,
            $this->vault
        );
    }

    protected function serverApp(?TokenStore $store = null): ServerToServerApp
    {
        return new ServerToServerApp(
            FakeZoom::ACCOUNT,
            FakeZoom::S2S_CLIENT_ID,
            FakeZoom::S2S_CLIENT_SECRET,
            $store ?? $this->store,
            $this->vault
        );
    }

    /** An app for users that may create meetings and read its user, and nothing else. */
    protected function appOfFewScopes(): OAuthApp
    {
        return new OAuthApp(FakeZoom::OTHER_CLIENT_ID, FakeZoom::OTHER_CLIENT_SECRET, self::REDIRECT_URI, $this->store, $this->vault);
    }

    /** A Server-to-Server app with classic scopes. */
    protected function classicApp(): ServerToServerApp
    {
        return new ServerToServerApp(
            FakeZoom::CLASSIC_ACCOUNT,
            FakeZoom::CLASSIC_CLIENT_ID,
            FakeZoom::CLASSIC_CLIENT_SECRET,
            $this->store,
            $this->vault
        );
    }

    /** Goes the whole way through authorization, as doctor 1 unless another is named. */
    protected function connect(
        OAuthApp $app,
        string $subject = '7',
        string $user = FakeZoom::DOCTOR1_EMAIL
    ): Connection {
        $query = $this->zoom->authorize($app->authorizationRequest($subject)->url(), $user);
        return $app->connect($query['code'], $query['state'], $subject);
    }

    /** The client of a doctor who has just connected; the log of requests is empty. */
    protected function connectedClient(string $subject = '7'): Client
    {
        $app = $this->oauthApp();
        $this->connect($app, $subject);
        $this->zoom->forgetRequests();
        return $app->client($subject);
    }

    /** A Server-to-Server client that has its token; the log of requests is empty. */
    protected function serverClient(): Client
    {
        $client = $this->serverApp()->client();
        $client->user(FakeZoom::DOCTOR1);
        $this->zoom->forgetRequests();
        return $client;
    }

    /** @param array<string, mixed> $settings */
    protected function visit(
        ?string $host = null,
        string $start = '+1 day',
        int $minutes = 30,
        string $timezone = 'Europe/Berlin',
        ?string $reference = null,
        array $settings = array(),
        string $topic = 'Video visit'
    ): MeetingRequest {
        return new MeetingRequest(
            $topic,
            new \DateTimeImmutable($start),
            $minutes,
            $timezone,
            $host,
            $reference,
            $settings
        );
    }

    /**
     * Runs what must fail and gives the exception, which must be exactly of the class and fit to be shown.
     *
     * @template T of TelemedException
     * @param class-string<T> $class
     * @return T
     */
    protected function failure(string $class, callable $work): TelemedException
    {
        try {
            $work();
        } catch (TelemedException $exception) {
            $this->assertSame($class, get_class($exception), $exception->getMessage());
            $this->assertNotSame('', $exception->getMessage());
            $this->assertNotSame('', $exception->advice(), 'there is advice');
            $this->assertNoSecret($exception->getMessage() . ' ' . $exception->advice());
            $this->assertFileExists($exception->getFile());
            $this->assertGreaterThan(0, $exception->getLine());
            $this->assertNotSame(array(), $exception->getTrace());
            return $exception;
        }
        $this->fail("Nothing was thrown; {$class} was to be.");
    }

    /** Asserts that no secret that the tests or the fake know stands in the text. */
    protected function assertNoSecret(string $text): void
    {
        foreach ($this->secrets() as $secret) {
            $this->assertStringNotContainsString($secret, $text);
        }
    }

    /** @return list<string> */
    protected function secrets(): array
    {
        $secrets = array(
            FakeZoom::CLIENT_SECRET,
            FakeZoom::OTHER_CLIENT_SECRET,
            FakeZoom::S2S_CLIENT_SECRET,
            FakeZoom::CLASSIC_CLIENT_SECRET,
            base64_encode(FakeZoom::CLIENT_ID . ':' . FakeZoom::CLIENT_SECRET),
            base64_encode(FakeZoom::S2S_CLIENT_ID . ':' . FakeZoom::S2S_CLIENT_SECRET),
        );
        $state = $this->zoom->state();
        foreach (array_merge($state['grants'], $state['s2s_tokens']) as $grant) {
            foreach (array('access_token', 'refresh_token') as $name) {
                if (isset($grant[$name]) && '' !== $grant[$name]) {
                    $secrets[] = $grant[$name];
                }
            }
        }
        return $secrets;
    }

    /** Zoom's REST requests only. */
    protected function apiRequests(?string $method = null): array
    {
        return $this->zoom->requests($method, '/v2/');
    }
}
