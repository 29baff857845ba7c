<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\AuthenticationException;
use Telemed\ConfigurationException;
use Telemed\FileTokenStore;
use Telemed\NotFoundException;
use Telemed\OAuthApp;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;
use Telemed\Vault;

/** OAuth 2.0, "bring your own account", from the authorization to the disconnection. */
final class OAuthTest extends ExtensionTestCase
{
    public function testTheWholeLifeOfAConnection(): void
    {
        $app = $this->oauthApp();
        $this->assertNull($app->connection('7'));

        $request = $app->authorizationRequest('7');
        parse_str((string) parse_url($request->url(), PHP_URL_QUERY), $query);
        $this->assertSame('code', $query['response_type']);
        $this->assertSame(FakeZoom::CLIENT_ID, $query['client_id']);
        $this->assertSame(self::REDIRECT_URI, $query['redirect_uri']);
        $this->assertSame('S256', $query['code_challenge_method']);
        $this->assertMatchesRegularExpression('/^[A-Za-z0-9_-]{43}$/', $query['code_challenge']);
        $this->assertSame($request->state(), $query['state']);
        $this->assertArrayNotHasKey('scope', $query);
        $this->assertStringStartsWith(getenv('FAKE_ZOOM_HTTP') . '/oauth/authorize?', $request->url());
        $this->assertEqualsWithDelta(time() + 600, $request->expiresAt()->getTimestamp(), 5);
        $this->assertSame(array(), $this->zoom->requests(), 'a link to Zoom needs no request');

        $callback = $this->zoom->authorize($request->url(), FakeZoom::DOCTOR1_EMAIL);
        $connection = $app->connect($callback['code'], $callback['state'], '7');
        $this->assertSame('7', $connection->subject());
        $this->assertSame('connected', $connection->status());
        $this->assertNull($connection->reason());
        $this->assertSame(FakeZoom::DOCTOR1, $connection->zoomUserId());
        $this->assertSame(FakeZoom::DOCTOR1_EMAIL, $connection->zoomEmail());
        $this->assertSame('Dora Example', $connection->zoomName());
        $this->assertSame(FakeZoom::ACCOUNT, $connection->zoomAccountId());
        $this->assertTrue($connection->isLicensed());
        $this->assertContains('meeting:write:meeting', $connection->scopes());
        $this->assertEqualsWithDelta(time() + 3599, $connection->expiresAt()->getTimestamp(), 10);
        $this->assertEqualsWithDelta(time(), $connection->since()->getTimestamp(), 10);

        $this->zoom->forgetRequests();
        $stored = $app->connection('7');
        $this->assertSame(FakeZoom::DOCTOR1, $stored->zoomUserId());
        $this->assertSame(array(), $this->zoom->requests(), 'what is stored is read without network');

        $client = $app->client('7');
        $this->assertSame(array(), $this->zoom->requests(), 'making a client is no request');
        $this->assertNull($client->lastTrackingId());
        $meeting = $client->createMeeting($this->visit(null, '2031-03-04T09:30:00+01:00', 45));
        $this->assertCount(1, $this->zoom->requests(), 'one round trip for one meeting');
        $this->assertNotNull($client->lastTrackingId());
        $this->assertSame(FakeZoom::DOCTOR1, $meeting->hostId());
        $this->assertSame(FakeZoom::DOCTOR1, $this->zoom->meeting($meeting->id())['host_id']);
        $this->assertGreaterThan(2 ** 31, $meeting->id());

        $same = $client->meeting($meeting->id());
        $this->assertSame($meeting->joinUrl(), $same->joinUrl());
        $this->assertSame('2031-03-04T08:30:00+00:00', $same->start()->format(DATE_ATOM));

        $moved = $client->updateMeeting($meeting->id(), $this->visit(null, '2031-03-05T10:00:00Z', 60));
        $this->assertSame('2031-03-05T10:00:00+00:00', $moved->start()->format(DATE_ATOM));
        $this->assertSame(60, $moved->minutes());
        $this->assertSame($meeting->passcode(), $moved->passcode(), 'an update never changes the passcode');

        $ids = array_map(static fn ($one) => $one->id(), $client->meetings());
        $this->assertSame(array($meeting->id()), $ids);

        $this->assertStringContainsString('zak=', $client->startUrl($meeting->id()));
        $this->assertSame(FakeZoom::DOCTOR1, $client->user()->id());
        $this->assertSame(FakeZoom::DOCTOR1, $client->user('me')->id());

        $this->assertTrue($client->deleteMeeting($meeting->id()));
        $this->assertNull($this->zoom->meeting($meeting->id()));
        $this->assertFalse($client->deleteMeeting($meeting->id()), 'it was already gone');
        $this->failure(NotFoundException::class, static fn () => $client->meeting($meeting->id()));

        $before = $this->refreshToken();
        $renewed = $app->renew('7');
        $this->assertSame('connected', $renewed->status());
        $this->assertNotSame($before, $this->refreshToken(), 'Zoom gave another refresh token');

        $app->disconnect('7');
        $this->assertNull($app->connection('7'));
        $this->assertSame(array(), $this->zoom->state()['grants'], 'the grant is revoked');
        $this->assertSame(0, $this->store->locksLeft());
        $this->failure(
            AuthenticationException::class,
            fn () => $app->client('7')->createMeeting($this->visit())
        );
    }

    public function testWhatIsStoredIsSealed(): void
    {
        $this->connectedClient();
        $this->assertNotSame(array(), $this->store->records);
        foreach ($this->store->records as $record) {
            $this->assertStringStartsWith('telemed1.', $record);
        }
        $this->assertNoSecret((string) json_encode($this->store->records));
    }

    public function testAnotherSubjectsStateIsRefusedWithoutAnyRequest(): void
    {
        $app = $this->oauthApp();
        $callback = $this->zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL);
        $app->authorizationRequest('8');
        $this->zoom->forgetRequests();

        $this->failure(
            AuthenticationException::class,
            static fn () => $app->connect($callback['code'], $callback['state'], '8')
        );
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertNull($app->connection('8'));
        $this->assertSame('connected', $app->connect($callback['code'], $callback['state'], '7')->status());
    }

    /** @dataProvider forgedStates */
    #[DataProvider('forgedStates')]
    public function testAForgedStateIsRefusedWithoutAnyRequest(string $state): void
    {
        $app = $this->oauthApp();
        $callback = $this->zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL);
        $this->zoom->forgetRequests();
        $this->failure(
            AuthenticationException::class,
            static fn () => $app->connect($callback['code'], $state, '7')
        );
        $this->assertSame(array(), $this->zoom->requests());
    }

    /** @return array<string, array{string}> */
    public static function forgedStates(): array
    {
        return array(
            'empty' => array(''),
            'made up' => array(str_repeat('A', 43)),
            'no UTF-8' => array("\xff\xfe\x00"),
            'long' => array(str_repeat('x', 100000)),
        );
    }

    public function testAnEmptyCodeIsRefusedWithoutAnyRequest(): void
    {
        $app = $this->oauthApp();
        $state = $app->authorizationRequest('7')->state();
        $this->failure(AuthenticationException::class, static fn () => $app->connect('', $state, '7'));
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testAStateIsGoodOnce(): void
    {
        $app = $this->oauthApp();
        $callback = $this->zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL);
        $app->connect($callback['code'], $callback['state'], '7');
        $this->zoom->forgetRequests();
        $this->failure(
            AuthenticationException::class,
            static fn () => $app->connect($callback['code'], $callback['state'], '7')
        );
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertSame('connected', $app->connection('7')->status(), 'the connection stays');
    }

    public function testOnlyTheThreeYoungestAuthorizationsArePending(): void
    {
        $app = $this->oauthApp();
        $first = $this->zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL);
        $second = $app->authorizationRequest('7');
        $app->authorizationRequest('7');
        $app->authorizationRequest('7');
        $this->zoom->forgetRequests();
        $this->failure(
            AuthenticationException::class,
            static fn () => $app->connect($first['code'], $first['state'], '7')
        );
        $this->assertSame(array(), $this->zoom->requests());
        $callback = $this->zoom->authorize($second->url(), FakeZoom::DOCTOR1_EMAIL);
        $this->assertSame('connected', $app->connect($callback['code'], $callback['state'], '7')->status());
    }

    public function testACodeIsGoodOnce(): void
    {
        $app = $this->oauthApp();
        $used = $this->zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL);
        $app->connect($used['code'], $used['state'], '7');
        $state = $app->authorizationRequest('8')->state();
        $exception = $this->failure(
            AuthenticationException::class,
            static fn () => $app->connect($used['code'], $state, '8')
        );
        $this->assertFalse($exception->isRetryable());
        $this->assertNull($app->connection('8'), 'nothing is half-stored');
    }

    public function testACodeThatZoomNoLongerTakes(): void
    {
        $app = $this->oauthApp();
        $callback = $this->zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL);
        $this->zoom->advance(301);
        $this->failure(
            AuthenticationException::class,
            static fn () => $app->connect($callback['code'], $callback['state'], '7')
        );
        $this->assertNull($app->connection('7'));
        $this->assertSame(0, $this->store->locksLeft());
    }

    public function testTheRedirectUriGoesUnchangedToAuthorizeAndExchange(): void
    {
        $redirect = 'https://clinic.example/wp-json/telemed/v1/callback?site=1&x=%2F';
        $app = new OAuthApp(
            FakeZoom::CLIENT_ID,
            FakeZoom::CLIENT_SECRET,
            $redirect,
            $this->store,
            $this->vault
        );
        $request = $app->authorizationRequest('7');
        $callback = $this->zoom->authorize($request->url(), FakeZoom::DOCTOR1_EMAIL);
        $app->connect($callback['code'], $callback['state'], '7');
        parse_str($this->zoom->requests('POST', '/oauth/token')[0]['body'], $body);
        $this->assertSame($redirect, $body['redirect_uri']);
        $this->assertSame('', $this->zoom->requests('POST', '/oauth/token')[0]['query'], 'nothing secret in a URL');
    }

    public function testImportTakesOverTokens(): void
    {
        $this->connectedClient();
        $grant = $this->zoom->state()['grants'][0];
        $this->zoom->forgetRequests();
        $connection = $this->oauthApp()->import(
            'import',
            $grant['access_token'],
            $grant['refresh_token'],
            new \DateTime('+30 minutes'),
            $grant['scope']
        );
        $this->assertSame('connected', $connection->status());
        $client = $this->oauthApp()->client('import');
        $this->assertSame(FakeZoom::DOCTOR1, $client->createMeeting($this->visit())->hostId());
    }

    public function testASecondDoctorHasAConnectionOfTheirOwn(): void
    {
        $app = $this->oauthApp();
        $this->connect($app, '7', FakeZoom::DOCTOR1_EMAIL);
        $this->connect($app, '8', FakeZoom::DOCTOR2_EMAIL);
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->createMeeting($this->visit())->hostId());
        $this->assertSame(FakeZoom::DOCTOR2, $app->client('8')->createMeeting($this->visit())->hostId());
        $app->disconnect('7');
        $this->assertNull($app->connection('7'));
        $this->assertSame('connected', $app->connection('8')->status());
        $this->assertSame(FakeZoom::DOCTOR2, $app->client('8')->user()->id());
    }

    public function testTwoDoctorsOfASiteCannotShareAZoomLogin(): void
    {
        $app = $this->oauthApp();
        $this->connect($app, '7', FakeZoom::DOCTOR1_EMAIL);
        $this->failure(
            AuthenticationException::class,
            fn () => $this->connect($app, '8', FakeZoom::DOCTOR1_EMAIL)
        );
        $this->assertNull($app->connection('8'));
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->user()->id(), 'the first stays connected');
        $this->assertSame(0, $this->store->locksLeft());
    }

    public function testAnotherZoomUserIsHeldUntilItIsAccepted(): void
    {
        $app = $this->oauthApp();
        $this->connect($app, '7', FakeZoom::DOCTOR1_EMAIL);
        $old = $app->client('7')->createMeeting($this->visit());
        $held = $this->connect($app, '7', FakeZoom::DOCTOR2_EMAIL);
        $this->assertSame(array('held', FakeZoom::DOCTOR2), array($held->status(), $held->zoomUserId()));
        $this->assertEqualsWithDelta(time() + 86400, $held->until()->getTimestamp(), 10);
        $this->assertSame(array('connected', FakeZoom::DOCTOR1), array($app->connection('7')->status(), $app->connection('7')->zoomUserId()));
        $this->assertNull($app->connection('7')->until());
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->createMeeting($this->visit())->hostId());
        $this->zoom->advance(7200);
        $this->assertSame('connected', $app->renew('7')->status(), 'what is in force is kept alive');
        $this->assertSame(FakeZoom::DOCTOR2, $app->heldConnection('7')->zoomUserId());

        $accepted = $app->acceptHeld('7');
        $this->assertSame(array('connected', FakeZoom::DOCTOR2), array($accepted->status(), $accepted->zoomUserId()));
        $this->assertNull($app->heldConnection('7'));
        $this->assertSame(FakeZoom::DOCTOR2, $app->client('7')->createMeeting($this->visit())->hostId());
        $this->failure(NotFoundException::class, static fn () => $app->client('7')->meeting($old->id()));
        $this->assertSame(array('former', FakeZoom::DOCTOR1), array($app->formerConnection('7')->status(), $app->formerConnection('7')->zoomUserId()));
        $this->assertTrue($app->formerClient('7')->deleteMeeting($old->id()));

        $app->endFormer('7');
        $this->assertNull($app->formerConnection('7'));
        $this->failure(AuthenticationException::class, static fn () => $app->formerClient('7'));
        $this->assertSame(array(FakeZoom::DOCTOR2), array_column($this->zoom->state()['grants'], 'user_id'));
        $this->assertSame(0, $this->store->locksLeft());
    }

    public function testWhatZoomHasEndedItselfIsForgottenBesideTheConnectionToo(): void
    {
        $app = $this->oauthApp();
        $this->connect($app, '7', FakeZoom::DOCTOR1_EMAIL);
        $this->connect($app, '7', FakeZoom::DOCTOR2_EMAIL);
        $this->zoom->forgetRequests();
        $this->assertFalse($app->forgetBeside('7', FakeZoom::DOCTOR1), 'that one is in force');
        $this->assertFalse($app->forgetBeside('7', FakeZoom::DOCTOR2, new \DateTimeImmutable('-1 hour')), 'it came later');
        $this->assertTrue($app->forgetBeside('7', FakeZoom::DOCTOR2, new \DateTimeImmutable()));
        $this->assertNull($app->heldConnection('7'));
        $this->assertSame('connected', $app->connection('7')->status());
        $this->assertFalse($app->forgetBeside('7', FakeZoom::DOCTOR2));
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertSame(0, $this->store->locksLeft());
    }

    public function testADeclinedZoomUserIsRevokedAndTheFormerGoesOn(): void
    {
        $app = $this->oauthApp();
        $this->connect($app, '7', FakeZoom::DOCTOR1_EMAIL);
        $this->connect($app, '7', FakeZoom::DOCTOR2_EMAIL);
        $app->declineHeld('7');
        $this->assertNull($app->heldConnection('7'));
        $this->assertSame(array(FakeZoom::DOCTOR1), array_column($this->zoom->state()['grants'], 'user_id'));
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->createMeeting($this->visit())->hostId());
        $this->failure(AuthenticationException::class, static fn () => $app->acceptHeld('7'));
        $app->declineHeld('7');
        $this->assertSame(0, $this->store->locksLeft());
    }

    /** Workers remember tokens. One that knows the Zoom user before must not make meetings there, nor take a 404 for 'gone'. */
    public function testAnotherProcessNoticesThatTheZoomUserHasChanged(): void
    {
        $directory = sys_get_temp_dir() . '/telemed-held-' . bin2hex(random_bytes(6));
        $key = Vault::generateKey();
        $this->vault = new Vault(array($key));
        $app = $this->oauthApp(new FileTokenStore($directory));
        $this->connect($app);
        $client = $app->client('7');
        $old = $client->createMeeting($this->visit());

        $callback = $this->zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR2_EMAIL);
        $other = ChildPhp::run(
            '$store = new Telemed\FileTokenStore(getenv("HELD_DIRECTORY"));
            $app = new Telemed\OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, "https://clinic.example/callback", $store, new Telemed\Vault([getenv("HELD_KEY")]));
            $held = $app->connect(getenv("HELD_CODE"), getenv("HELD_STATE"), "7");
            report([$held->status(), $app->acceptHeld("7")->status()]);',
            array(),
            array('HELD_DIRECTORY' => $directory, 'HELD_KEY' => $key, 'HELD_CODE' => $callback['code'], 'HELD_STATE' => $callback['state'])
        );
        $this->assertSame(array('held', 'connected'), $other->report, $other->errors . $other->output);

        $this->assertSame(FakeZoom::DOCTOR1, $client->meeting($old->id())->hostId(), 'what is under way meets what it began with');
        $this->assertSame(FakeZoom::DOCTOR2, $app->connection('7')->zoomUserId());
        $this->assertSame(FakeZoom::DOCTOR2, $app->client('7')->createMeeting($this->visit())->hostId());
        $this->assertSame(FakeZoom::DOCTOR1, $app->formerClient('7')->meeting($old->id())->hostId());
        array_map('unlink', (array) glob($directory . '/*'));
        rmdir($directory);
    }

    public function testAHostIsNoMatterOfOAuthMode(): void
    {
        $client = $this->connectedClient();
        foreach (array(FakeZoom::DOCTOR2, FakeZoom::DOCTOR2_EMAIL) as $host) {
            $this->failure(
                ConfigurationException::class,
                fn () => $client->createMeeting($this->visit($host))
            );
            $this->failure(ConfigurationException::class, static fn () => $client->meetings($host));
            $this->failure(ConfigurationException::class, static fn () => $client->user($host));
        }
        $this->failure(ConfigurationException::class, static fn () => $client->users());
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertSame(FakeZoom::DOCTOR1, $client->createMeeting($this->visit('me'))->hostId());
    }

    public function testARecordUnderAnotherKeyIsUnreadableAndSaysSo(): void
    {
        $this->connectedClient();
        $this->vault = new \Telemed\Vault(array(\Telemed\Vault::generateKey()));
        $app = $this->oauthApp();
        $connection = $app->connection('7');
        $this->assertSame('unreadable', $connection->status());
        $this->assertNotNull($connection->reason());
        $this->assertNull($connection->since());
        $this->assertNull($connection->expiresAt());
        $this->assertNull($connection->zoomUserId());
        $this->zoom->forgetRequests();
        $this->failure(\Telemed\VaultException::class, fn () => $app->client('7')->user());
        $this->assertSame(array(), $this->zoom->requests());
    }

    private function refreshToken(): string
    {
        return $this->zoom->state()['grants'][0]['refresh_token'];
    }
}
