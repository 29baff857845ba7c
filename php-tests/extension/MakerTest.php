<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use Telemed\AuthenticationException;
use Telemed\Client;
use Telemed\ConfigurationException;
use Telemed\Maker;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** Who would host, and the client of what has made a meeting. */
final class MakerTest extends ExtensionTestCase
{
    private const CLINIC = array(
        'is_doctor' => true,
        'mode' => 's2s',
        'is_complete' => true,
        'app' => FakeZoom::S2S_CLIENT_ID,
        'account' => FakeZoom::ACCOUNT,
        'subject' => 'doctor-1',
        'own_app' => null,
        'confirmed_account' => FakeZoom::ACCOUNT,
        'confirmed_host' => FakeZoom::DOCTOR1,
        'grant_is_alive' => null,
    );

    public function testWhoWouldHostIsSaidWithItsNameOrWhyNobodyCan(): void
    {
        $maker = Maker::present(self::CLINIC);
        $this->assertNull($maker->problem());
        $this->assertSame(FakeZoom::DOCTOR1, $maker->namedHost());
        $this->assertSame(FakeZoom::DOCTOR1, $maker->hostAtZoom());
        $this->assertEquals($maker, Maker::fromColumns($maker->columns()));
        foreach (array(
            'not_a_doctor' => array('is_doctor' => false),
            'not_set_up' => array('mode' => null),
            'no_host' => array('confirmed_host' => null),
            'not_connected' => array('mode' => 'oauth'),
            'reconnect' => array('mode' => 'oauth', 'grant_is_alive' => false, 'grant_account' => null, 'grant_host' => null),
        ) as $problem => $changes) {
            $nobody = Maker::present($changes + self::CLINIC);
            $this->assertSame(array($problem, null, null), array($nobody->problem(), $nobody->namedHost(), $nobody->hostAtZoom()));
            $this->failure(ConfigurationException::class, static fn () => $nobody->columns());
            $this->failure(ConfigurationException::class, fn () => Client::through($nobody, 'secret', '', $this->store, $this->vault));
        }
        $this->failure(ConfigurationException::class, static fn () => Maker::present(array('is_doctor' => true)));
        $this->failure(ConfigurationException::class, static fn () => Maker::fromColumns(array('mode' => 'neither') + self::CLINIC));
    }

    public function testTheClinicsAccountIsReachedThroughItsMaker(): void
    {
        $client = Client::through(Maker::present(self::CLINIC), FakeZoom::S2S_CLIENT_SECRET, '', $this->store, $this->vault);
        $this->assertSame(FakeZoom::DOCTOR1, $client->createMeeting($this->visit(FakeZoom::DOCTOR1))->hostId());
    }

    public function testAGrantReachesAsTheVeryZoomUserAndAsNobodyElse(): void
    {
        $app = $this->oauthApp();
        $through = fn (string $host, string $subject = 'doctor-1'): Client => Client::through(
            Maker::fromColumns(array('mode' => 'oauth', 'app' => FakeZoom::CLIENT_ID, 'account' => null, 'subject' => $subject, 'host' => $host)),
            FakeZoom::CLIENT_SECRET,
            self::REDIRECT_URI,
            $this->store,
            $this->vault
        );
        $refused = fn (callable $work): string => $this->failure(AuthenticationException::class, $work)->id();
        $this->assertSame('not_connected', $refused(static fn () => $through('doctor-1')));
        $first = (string) $this->connect($app, 'doctor-1')->zoomUserId();
        $this->assertSame($first, $through($first)->user()->id());
        $this->assertSame($first, $through('doctor-1')->user()->id(), 'as long as nobody knows who it is');
        $this->assertSame('another_zoom_user', $refused(static fn () => $through('sOmeBodyElse')));
        $second = (string) $this->connect($app, 'doctor-1', FakeZoom::DOCTOR2_EMAIL)->zoomUserId();
        $app->acceptHeld('doctor-1');
        $this->assertSame($second, $through($second)->user()->id());
        $this->assertSame($first, $through($first)->user()->id(), 'what that one has made is still to be handled');
    }
}
