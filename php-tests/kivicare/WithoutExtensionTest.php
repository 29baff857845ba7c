<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\Site;
use Telemed\Tests\FakeZoom;

/** A PHP that has lost the extension: people go on booking, joining and cancelling; all is caught up on its return. */
final class WithoutExtensionTest extends KivicareTestCase
{
    private string $regularState = '';
    private Site $withExtension;

    protected function setUp(): void
    {
        $this->regularState = (string) getenv('TELEMED_SITE_STATE');
        $regular = Site::fromEnvironment();
        putenv('TELEMED_SITE_STATE=' . getenv('TELEMED_BARE_SITE_STATE'));
        parent::setUp();
        $this->withExtension = $this->site->inPhpOf($regular);
        $this->zoom = $regular->zoom();
        $this->zoom->reset();
        // A clinic that was set up while the extension was there.
        $this->withExtension->php(<<<'CODE'
            update_option('telemed_settings', ['mode' => 's2s', 's2s_account_id' => $arguments['account'], 's2s_client_id' => $arguments['client'], 's2s_client_secret' => $arguments['secret']]);
            foreach (['doctor1' => $arguments['host1'], 'doctor2' => $arguments['host2']] as $login => $host) {
                update_user_option(get_user_by('login', $login)->ID, \TelemedZoom\Clinic\HostMap::META, ['id' => $host, 'email' => 'x', 'name' => 'x', 'licensed' => true, 'account' => $arguments['account'], 'site_email' => 'x']);
            }
            CODE, array('account' => FakeZoom::ACCOUNT, 'client' => FakeZoom::S2S_CLIENT_ID, 'secret' => FakeZoom::S2S_CLIENT_SECRET, 'host1' => FakeZoom::DOCTOR1, 'host2' => FakeZoom::DOCTOR2));
    }

    public function testABookingIsARowThatIsDueAndItsMailGoesOut(): void
    {
        $id = $this->book();
        $row = $this->ledgerRow($id);
        $this->assertSame('due', $row['state']);
        $this->assertCount(2, $this->queuedMails($id));
        $this->assertSame($this->visitLink($row), $this->queuedMails($id)[0]['link']);
        $this->assertSame(200, $this->site->visitor()->get($this->visitLink($row))->status);
    }

    public function testTheCoresScreensAndListsStand(): void
    {
        $id = $this->book();
        $this->assertSame(200, $this->kc('admin', 'GET', 'settings/zoom-telemed')->status);
        $this->assertTrue($this->kc('doctor1', 'GET', 'settings/zoom-telemed/doctor-config')->json()['data']['is_connected']);
        $this->assertSame(500, $this->kc('doctor1', 'PUT', 'settings/zoom-telemed/test-connection', array('auth_type' => 'server-to-server'))->status);
        $this->assertStringContainsString('telemed_visit', $this->kc('patient', 'GET', "appointments/{$id}")->json()['data']['video_url']);
        $this->assertTrue($this->kc('admin', 'GET', 'config')->json()['data']['addOns']['telemed']['active']);
    }

    public function testAMoveAndACancellationAreKept(): void
    {
        $id = $this->book();
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->assertStringContainsString('14:00:00', $this->ledgerRow($id)['start_utc']);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->assertSame('cancelled', $this->ledgerRow($id)['state']);
    }

    public function testAllIsCaughtUpOnItsReturn(): void
    {
        $kept = $this->book();
        $moved = $this->book('receptionist', array('appointmentStartTime' => '11:00'));
        $cancelled = $this->book('receptionist', array('appointmentStartTime' => '12:00'));
        $this->kc('receptionist', 'PUT', "appointments/{$moved}", array('appointmentStartTime' => '15:00'));
        $this->kc('receptionist', 'PUT', "appointments/{$cancelled}/status", array('status' => 0));
        $this->withExtension->php('\TelemedZoom\Plugin::instance()->worker->runDue(60.0);');
        $this->assertSame(array('made', 'made', 'cancelled'), array_map(fn (int $id): string => (string) $this->ledgerRow($id)['state'], array($kept, $moved, $cancelled)));
        $starts = array_map(static fn (array $meeting): string => gmdate('H:i', strtotime($meeting['start_time'])), $this->meetings());
        sort($starts);
        $this->assertSame(array('09:00', '15:00'), $starts);
    }

    protected function tearDown(): void
    {
        parent::tearDown();
        putenv('TELEMED_SITE_STATE=' . $this->regularState);
    }
}
