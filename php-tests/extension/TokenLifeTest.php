<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use Telemed\ApiException;
use Telemed\AuthenticationException;
use Telemed\ConfigurationException;
use Telemed\Connection;
use Telemed\Renewal;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\Extension\Support\MemoryTokenStore;
use Telemed\Tests\FakeZoom;
use Telemed\TransportException;

/** How tokens end, and what is done about it. */
final class TokenLifeTest extends ExtensionTestCase
{
    private const REFRESH = array('method' => 'POST', 'path' => '/oauth/token', 'body_contains' => 'grant_type=refresh_token');

    public function testAnExpiredUserTokenIsRefreshedOnceAndTheCallSucceeds(): void
    {
        $client = $this->connectedClient();
        $this->zoom->advance(2 * 3600);
        $meeting = $client->createMeeting($this->visit(null, '+3 hours'));
        $this->assertSame(FakeZoom::DOCTOR1, $meeting->hostId());
        $this->assertCount(1, $this->refreshes());
        $this->assertCount(1, $this->zoom->state()['meetings'], 'one meeting');
        $this->zoom->forgetRequests();
        $client->user();
        $this->assertSame(array(), $this->refreshes(), 'the new token is used on');
        $this->assertSame(0, $this->store->locksLeft());
    }

    public function testAnExpiredServerTokenIsFetchedAnew(): void
    {
        $client = $this->serverClient();
        $this->zoom->advance(2 * 3600);
        $this->assertSame(FakeZoom::DOCTOR1, $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+3 hours'))->hostId());
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/token'));
        $this->assertCount(1, $this->zoom->state()['meetings']);
    }

    public function testARefusedTokenIsRenewedOnce(): void
    {
        $client = $this->connectedClient();
        $this->zoom->answer(
            array('path' => '/v2/users/me'),
            401,
            array('code' => 124, 'message' => 'Invalid access token.')
        );
        $this->assertSame(FakeZoom::DOCTOR1, $client->user()->id());
        $this->assertCount(1, $this->refreshes());
        $this->assertCount(2, $this->apiRequests('GET'));
    }

    public function testATokenThatIsRefusedAgainIsAnAnswer(): void
    {
        $client = $this->connectedClient();
        $this->zoom->answer(
            array('path' => '/v2/users/me'),
            401,
            array('code' => 124, 'message' => 'Invalid access token.'),
            array(),
            -1
        );
        $refused = $this->failure(ApiException::class, static fn () => $client->user());
        $this->assertCount(1, $this->refreshes());
        $this->assertCount(2, $this->apiRequests('GET'), 'once more and no further');
        $this->assertSame(401, $refused->status);
        $this->assertTrue($refused->isRetryable());
        $this->assertStringContainsString('the connection stands', $refused->advice());
        $this->assertSame('connected', $this->oauthApp()->connection('7')->status());
        $this->zoom->forgetFaults();
        $this->assertSame(FakeZoom::DOCTOR1, $client->user()->id());
    }

    public function testAConnectionIsRenewedLongBeforeItLapsesAndLookedAtNoSooner(): void
    {
        [$now, $day] = array(1_800_000_000, 86400);
        $this->assertSame(array(7, 5), Renewal::turn(array(5 => $now - 1, 6 => $now + 1, 7 => 0), $now));
        $this->assertSame(array(true, false), array(Renewal::isDue($now - 7 * $day, $now), Renewal::isDue($now, $now)));
        $this->assertSame($now + 6 * $day, Renewal::nextLook(array($now - $day, $now - 8 * $day), $now));
        $this->assertSame($now + 6 * 3600, Renewal::nextLook(array(), $now));
        foreach (array(array("\xff" => 1), array('soon'), array(1.5)) as $numbers) {
            try {
                Renewal::turn($numbers, $now);
                $this->fail('it was taken');
            } catch (\TypeError $refused) {
                $this->assertStringContainsString('looks', $refused->getMessage());
            }
        }
    }

    public function testARenewalThatIsLostLeavesTheLivingTokenInUseToItsEnd(): void
    {
        $app = $this->oauthApp();
        $client = $this->connectedClient();
        $this->assertNull($app->connection('7')->until());
        $this->zoom->fault(array('path' => '/oauth/token'), array('kind' => 'close_after_work'));
        $ending = $app->renew('7');
        $this->assertCount(2, $this->refreshes());
        $this->assertSame('connected', $ending->status());
        $this->assertNotNull($ending->reason());
        $this->assertEquals($ending->expiresAt(), $ending->until());
        $this->assertEquals($ending->until(), $app->connection('7')->until());
        $this->assertSame(array('ends_soon', null), array(Connection::news($ending, false), Connection::news($ending, true)));
        $this->assertSame(FakeZoom::DOCTOR1, $client->user()->id());
        $app->renew('7');
        $this->assertCount(2, $this->refreshes(), 'there is nothing left to renew it with');

        $this->zoom->forgetAccessTokens();
        $over = $this->failure(AuthenticationException::class, static fn () => $client->user());
        $this->assertStringContainsString('lost', $over->getMessage());
        $this->assertSame('dead', $app->connection('7')->status());
        $this->assertSame('ended', Connection::news($app->connection('7'), false));
        $this->connect($app);
        $this->assertSame(array(null, 'mended'), array(Connection::news($app->connection('7'), false), Connection::news($app->connection('7'), true)));
        $this->assertSame(array(null, 'mended'), array(Connection::news(null, false), Connection::news(null, true)));
        $this->assertNull($app->connection('7')->until());
        $this->assertSame(FakeZoom::DOCTOR1, $client->user()->id());
    }

    public function testAnOutageOfTheTokenEndpointTakesNoTokenThatLives(): void
    {
        // Renewed in the middle of so short a life.
        $this->zoom->settings(array('expires_in' => 6));
        $client = $this->connectedClient();
        $this->zoom->fault(array('path' => '/oauth/token'), array('kind' => 'status', 'status' => 502, 'body' => '<html>'), -1);
        usleep(3100000);
        $this->assertSame(FakeZoom::DOCTOR1, $client->user()->id());
        $this->assertNotSame(array(), $this->refreshes());
    }

    public function testTokensThatCouldNotBeSentAreNotTakenOver(): void
    {
        $app = $this->oauthApp();
        foreach (array(array("access\r\nX-More: yes", 'refresh'), array("access\0", 'refresh'), array('access', "refresh\n")) as [$access, $refresh]) {
            $this->failure(ConfigurationException::class, static fn () => $app->import('7', $access, $refresh, null, 'meeting:write'));
        }
        $this->assertNull($app->connection('7'));
        $this->assertSame(array(), $this->zoom->requests());

        $client = $this->serverApp()->client();
        $this->zoom->answer(array('path' => '/oauth/token'), 200, array('access_token' => "access\r\nX-More: yes", 'expires_in' => 3599), array(), -1);
        $this->failure(TransportException::class, static fn () => $client->user(FakeZoom::DOCTOR1));
        $this->assertSame(array(), $this->apiRequests());
    }

    public function testADeadConnectionAnswersWithoutNetworkUntilReconnected(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        // Another site authorizes the same doctor with the same app: Zoom ends our grant.
        $this->connect($this->oauthApp(new MemoryTokenStore()), '9');
        $client = $app->client('7');
        $this->failure(AuthenticationException::class, static fn () => $client->user());
        $dead = $app->connection('7');
        $this->assertSame('dead', $dead->status());
        $this->assertNotNull($dead->reason());
        $this->assertEqualsWithDelta(time(), $dead->since()->getTimestamp(), 10);
        $this->zoom->forgetRequests();
        $exception = $this->failure(AuthenticationException::class, static fn () => $client->user());
        $this->assertFalse($exception->isRetryable());
        $this->assertSame(array(), $this->zoom->requests());
        $this->connect($app);
        $this->assertSame(FakeZoom::DOCTOR1, $client->user()->id(), 'the same client works again');
    }

    public function testALostAnswerOfARefreshIsAskedForOnceMore(): void
    {
        $client = $this->connectedClient();
        $this->zoom->advance(2 * 3600);
        $this->zoom->fault(self::REFRESH, array('kind' => 'close_before_work'));
        $this->assertSame(FakeZoom::DOCTOR1, $client->user()->id());
        $this->assertCount(2, $this->refreshes());
    }

    public function testARefreshWhoseAnswersAreAllLostMarksNobodyDead(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->advance(2 * 3600);
        $this->zoom->fault(self::REFRESH, array('kind' => 'close_before_work'), -1);
        $exception = $this->failure(TransportException::class, static fn () => $app->client('7')->user());
        $this->assertTrue($exception->isRetryable());
        $this->assertSame('connected', $app->connection('7')->status());
        $this->assertSame(0, $this->store->locksLeft());
        $this->zoom->forgetFaults();
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->user()->id());
    }

    public function testTroubleAtTheTokenEndpointMarksNobodyDead(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->advance(2 * 3600);
        $this->zoom->fault(self::REFRESH, array('kind' => 'status', 'status' => 502, 'body' => '<html>Bad gateway</html>'), -1);
        $this->failure(ApiException::class, static fn () => $app->client('7')->user());
        $this->assertSame('connected', $app->connection('7')->status());
    }

    public function testADisabledAppMarksNobodyDead(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->answer(self::REFRESH, 400, array('reason' => 'The app has been disabled', 'error' => 'invalid_request'));
        $this->zoom->advance(2 * 3600);
        $this->failure(ConfigurationException::class, static fn () => $app->client('7')->user());
        $this->assertSame('connected', $app->connection('7')->status());
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->user()->id());
    }

    public function testRenewRefreshesATokenThatIsStillGood(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->forgetRequests();
        $app->renew('7');
        $this->assertCount(1, $this->refreshes());
        $this->zoom->forgetRequests();
        $app->client('7')->user();
        $this->assertSame(array(), $this->refreshes());
        $this->failure(AuthenticationException::class, static fn () => $app->renew('nobody'));
    }

    public function testATokenThatAnotherProcessRefreshedIsUsed(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $directory = sys_get_temp_dir() . '/telemed-test-' . bin2hex(random_bytes(6));
        $key = \Telemed\Vault::generateKey();
        $code = '
            $vault = new Telemed\Vault([' . var_export($key, true) . ']);
            $app = new Telemed\OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, "https://clinic.example/callback",
                new Telemed\FileTokenStore(' . var_export($directory, true) . '), $vault);
        ';
        try {
            $connected = ChildPhp::run(
                $code . '
                $zoom = FakeZoom::fromEnvironment();
                $query = $zoom->authorize($app->authorizationRequest("7")->url(), FakeZoom::DOCTOR2_EMAIL);
                report($app->connect($query["code"], $query["state"], "7")->zoomUserId());'
            );
            $this->assertSame(FakeZoom::DOCTOR2, $connected->report, $connected->errors);
            $this->zoom->advance(2 * 3600);
            $this->zoom->forgetRequests();
            for ($i = 0; $i < 3; $i++) {
                $child = ChildPhp::run($code . 'report($app->client("7")->user()->id());');
                $this->assertSame(FakeZoom::DOCTOR2, $child->report, $child->errors);
            }
            $this->assertCount(1, $this->refreshes(), 'the second and third process found the new token');
        } finally {
            array_map('unlink', (array) glob("{$directory}/*"));
            rmdir($directory);
        }
    }

    /** @return list<array<string, mixed>> */
    private function refreshes(): array
    {
        return array_values(
            array_filter(
                $this->zoom->requests('POST', '/oauth/token'),
                static fn (array $one): bool => false !== strpos($one['body'], 'grant_type=refresh_token')
            )
        );
    }
}
