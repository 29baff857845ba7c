<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;
use Telemed\Tests\Site;

/** A PHP that has lost the extension: people go on booking, joining and cancelling; all is caught up on its return. */
final class WithoutExtensionTest extends KivicareTestCase
{
    private const PATIENT = 'patient@example.com';

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

    public function testABookingIsARowThatIsDueWithItsLinkWhichTheCoreMails(): void
    {
        $id = $this->book();
        $row = $this->ledgerRow($id);
        $this->assertSame(array('due', 'book', '1'), array($row['state'], $row['pending'], $row['version']));
        $this->assertSame($this->visitLink($row), $this->mapping($id)['join_url']);
        $this->assertCount(2, $this->queuedMails($id));
        $this->assertSame(array($this->visitLink($row)), array_values(array_unique(array_column($this->queuedMails($id), 'link'))));
        $page = $this->site->visitor()->get($this->visitLink($row));
        $this->assertSame(array(200, 'early'), array($page->status, $this->state($page)));
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

    public function testAMoveAndACancellationShowBehindTheLinkAndAreNotWritten(): void
    {
        $id = $this->book();
        $booked = $this->ledgerRow($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->assertStringContainsString(self::day() . 'T14:00:00Z', $this->site->visitor()->get($this->visitLink($booked))->body);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->assertSame('cancelled', $this->state($this->site->visitor()->get($this->visitLink($booked))));
        // Booked again, it is the same visit with the same link.
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $this->assertSame('early', $this->state($this->site->visitor()->get($this->visitLink($booked))));
        $this->assertSame($booked, $this->ledgerRow($id), 'what stands is looked up when the extension is back');
    }

    /** Nothing would tell later that it was asked for. */
    public function testANewMeetingIsRefused(): void
    {
        $id = $this->book();
        $this->comesBack();
        $made = $this->ledgerRow($id);
        $answer = $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference");
        $this->assertGreaterThanOrEqual(400, $answer->status, $answer->body);
        $this->assertStringContainsString('extension', $answer->body);
        $this->assertSame($made, $this->ledgerRow($id));
    }

    public function testWithinTheWindowTheLinkLeadsToZoomAsLongAsTheAppointmentStands(): void
    {
        $id = $this->bookSoon();
        $this->assertSame('open', $this->state($this->site->visitor()->get($this->visitLink($this->ledgerRow($id)))));
        $this->assertSame('waiting', $this->state($this->site->visitor()->get($this->visitLink($this->ledgerRow($id)) . '&join=1')), 'there is no meeting yet');
        $this->comesBack();
        $row = $this->ledgerRow($id);
        $this->assertSame('made', $row['state']);
        $join = $this->site->visitor()->get($this->visitLink($row) . '&join=1', false);
        $this->assertSame(array(302, $row['join_url']), array($join->status, $join->header('location')), $join->body);
        $this->assertNotNull($row['join_url']);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $off = $this->site->visitor()->get($this->visitLink($row) . '&join=1', false);
        $this->assertSame(array(200, 'cancelled', 'made'), array($off->status, $this->state($off), $this->ledgerRow($id)['state']));
    }

    public function testAllIsCaughtUpOnItsReturn(): void
    {
        $kept = $this->book();
        $moved = $this->book('receptionist', array('appointmentStartTime' => '11:00'));
        $cancelled = $this->book('receptionist', array('appointmentStartTime' => '12:00'));
        $this->kc('receptionist', 'PUT', "appointments/{$moved}", array('appointmentStartTime' => '15:00'));
        $this->kc('receptionist', 'PUT', "appointments/{$cancelled}/status", array('status' => 0));
        $this->comesBack();
        $this->assertSame('made', $this->ledgerRow($kept)['state'], 'at once');
        // What contradicts the booking may be in a transaction that is still open: it is believed a quarter of an hour later.
        $this->comesBack(901);
        $this->assertSame(array('made', 'made', 'cancelled'), $this->states($kept, $moved, $cancelled));
        $this->assertSame(array('09:00', '15:00'), $this->starts());
    }

    public function testWhatWasMadeBeforeIsMovedAndCancelledOnItsReturn(): void
    {
        $moved = $this->book('receptionist', array('appointmentStartTime' => '11:00'));
        $cancelled = $this->book('receptionist', array('appointmentStartTime' => '12:00'));
        $this->comesBack();
        $this->assertSame(array('11:00', '12:00'), $this->starts());
        $this->kc('receptionist', 'PUT', "appointments/{$moved}", array('appointmentStartTime' => '15:00'));
        $this->kc('receptionist', 'PUT', "appointments/{$cancelled}/status", array('status' => 0));
        $this->assertSame(array('made', 'made'), $this->states($moved, $cancelled));
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
        foreach (array(60, 120) as $seconds) {
            $this->comesBack($seconds);
        }
        $this->assertSame(array('made', 'cancelled'), $this->states($moved, $cancelled));
        $this->assertSame(array('15:00'), $this->starts());
        $mails = $this->mailsTo(self::PATIENT);
        $this->assertCount(1, $mails, 'the core has mailed the cancellation, and mails no move');
        $this->assertStringContainsString('changed', $mails[0]['subject']);
        $this->assertStringContainsString((string) $this->ledgerRow($moved)['visit_key'], $mails[0]['message']);
    }

    /** The extension is there again, so many seconds from now: what the minute's run does. */
    private function comesBack(int $inSeconds = 0): void
    {
        $this->withExtension->php(
            'add_filter("telemed_now", static fn (int $now): int => $now + $arguments["seconds"]); \TelemedZoom\Plugin::instance()->worker->runDue(60.0);',
            array('seconds' => $inSeconds)
        );
    }

    private function state(Page $page): string
    {
        return (string) $page->element('telemed-visit')?->getAttribute('data-state');
    }

    /** @return list<string> */
    private function states(int ...$appointments): array
    {
        return array_map(fn (int $id): string => (string) $this->ledgerRow($id)['state'], array_values($appointments));
    }

    /** @return list<string> when the meetings at Zoom begin */
    private function starts(): array
    {
        $starts = array_map(static fn (array $meeting): string => gmdate('H:i', strtotime($meeting['start_time'])), $this->meetings());
        sort($starts);
        return $starts;
    }

    protected function tearDown(): void
    {
        parent::tearDown();
        putenv('TELEMED_SITE_STATE=' . $this->regularState);
    }
}
