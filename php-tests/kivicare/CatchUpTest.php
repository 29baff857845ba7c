<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\Page;
use Telemed\Tests\Records;

/** What no event has told of is found: a booking while our tables were out of reach or the plugin was off, a deletion cut short. */
final class CatchUpTest extends KivicareTestCase
{
    private int $complaints;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
        $this->complaints = count($this->site->complaints());
    }

    /** Our own word about the failure is all that is logged. */
    protected function assertPostConditions(): void
    {
        foreach (array_slice($this->site->complaints(), $this->complaints) as $line) {
            $this->assertStringContainsString('telemed-zoom: TelemedZoom\Site\DatabaseException on an event of KiviCare', $line);
        }
    }

    /** The booking's request died before its end, and that of the deletion before the core could say so. */
    public function testAnAppointmentThatIsDeletedBeforeItWasSeenLeavesNoRowInTheCoresTable(): void
    {
        // The core mails nobody that staff have confirmed it.
        $id = $this->book('receptionist', array('status' => 2));
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $this->visit($id);
        $this->settle();
        $this->records()->pretend->neverSeen('kivicare', $id, false);
        $this->site->database()->query("DELETE FROM wp_kc_appointments WHERE id = {$id}");
        $this->assertNotNull($this->mapping($id));
        $this->site->php('add_filter("telemed_now", static fn (int $now): int => $now + 1000); do_action("telemed_run");');
        $this->assertNull($this->ledgerRow($id));
        $this->assertNull($this->mapping($id));
    }

    /** The core writes the status by itself, and its request died before it could say so. */
    public function testAnAppointmentThatWasCancelledAndStandsAgainIsAVisitAgain(): void
    {
        $id = $this->book();
        $link = $this->visitLink($this->visit($id));
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(array(), $this->meetings());
        try {
            $this->site->php(
                'wp_set_current_user(get_user_by("login", "receptionist")->ID);
                add_action("kc_appointment_status_update", static function () { posix_kill(getmypid(), SIGKILL); }, 1);
                $request = new WP_REST_Request("PUT", "/kivicare/v1/appointments/{$arguments["id"]}/status");
                $request->set_body_params(["status" => 1]);
                rest_do_request($request);',
                array('id' => $id)
            );
            $this->fail('it did not die');
        } catch (\RuntimeException) {
            $this->assertSame(array('1', 'cancelled'), array($this->hostRow('kc_appointments', 'id', $id)['status'], $this->ledgerRow($id)['state']));
        }
        $this->site->php('add_filter("telemed_now", static fn (int $now): int => $now + 1000); do_action("telemed_run");');
        $this->site->php('do_action("telemed_run");');
        $row = $this->visit($id);
        $this->settle();
        $this->onlyMeeting();
        $this->assertSame(array($link, $row['meeting_id']), array($this->mapping($id)['join_url'], $this->mapping($id)['zoom_id']));
        $told = array_column(array_filter($this->site->mails(), static fn (array $mail): bool => in_array('patient@example.com', (array) $mail['to'], true)), 'subject');
        $this->assertSame('Your video visit', end($told));
    }

    /** As when its transaction outlives all patience, or the ledger comes from a backup. */
    /** The core's table took no writes when the link was to be written there. */
    public function testALinkThatTheCoresTableHasMissedIsWrittenThere(): void
    {
        [$empty, $missing, $off] = array($this->book(), $this->book('receptionist', array('appointmentStartTime' => '11:00')), $this->book('receptionist', array('appointmentStartTime' => '13:00')));
        $expected = array_map(fn (int $id): array => array($this->visitLink($this->visit($id)), $this->visit($id)['meeting_id']), array($empty, $missing));
        $this->kc('receptionist', 'PUT', "appointments/{$off}/status", array('status' => 0));
        $this->visit($off, 'cancelled');
        $this->settle();
        $database = $this->site->database();
        $database->query("UPDATE wp_kc_appointment_zoom_mappings SET join_url = '', zoom_id = '' WHERE appointment_id = {$empty}");
        $database->query("DELETE FROM wp_kc_appointment_zoom_mappings WHERE appointment_id = {$missing}");
        $this->site->php('do_action("telemed_nightly");');
        $found = array_map(fn (int $id): array => array($this->mapping($id)['join_url'], $this->mapping($id)['zoom_id']), array($empty, $missing));
        $this->assertSame($expected, $found);
        $this->assertSame('', (string) ($this->mapping($off)['join_url'] ?? ''), 'what is off has none');
    }

    public function testAnAppointmentWhoseRowIsGoneHasAnotherAndPeopleGetItsLink(): void
    {
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users/'), 400, array('code' => 300, 'message' => 'no'), array(), -1);
        $id = $this->book();
        $this->site->awaitRequests();
        $dead = (string) $this->mapping($id)['join_url'];
        $this->assertSame(array('zoom_link', 'add_doctor_zoom_link'), array_column($this->queuedMails($id), 'template'));
        $this->records()->pretend->forgotten();
        $this->zoom->forgetFaults();
        foreach (array(1000, 2000) as $seconds) {
            $this->site->php('delete_transient("telemed_kivicare_caught_up"); add_filter("telemed_now", static fn (int $now): int => $now + $arguments["seconds"]); do_action("telemed_run");', array('seconds' => $seconds));
        }
        $row = $this->visit($id);
        $this->onlyMeeting();
        $this->assertNotSame($dead, $this->visitLink($row));
        $this->assertSame($this->visitLink($row), $this->mapping($id)['join_url']);
        $mails = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => in_array('patient@example.com', (array) $mail['to'], true)));
        $this->assertStringContainsString($this->visitLink($row), (string) end($mails)['message']);
    }

    public function testABookingStandsWhileOurTablesAreOutOfReachAndIsCaughtUpAndMailedByUs(): void
    {
        // By one connection: the request's work after its answer is not waited for.
        $page = Records::over($this->site->database())->outOfReach(fn (): Page => $this->kc('receptionist', 'POST', 'appointments', $this->booking()));
        $this->assertSame(201, $page->status, $page->body);
        $id = (int) $page->json()['data']['id'];
        $this->assertNull($this->ledgerRow($id));
        $this->assertSame(array(), $this->queuedMails($id), 'the core mails nothing without a link');
        $this->night();
        $row = $this->visit($id);
        $this->onlyMeeting();
        $this->settle();
        $this->assertSame($this->visitLink($row), $this->mapping($id)['join_url']);
        $mails = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => in_array('patient@example.com', (array) $mail['to'], true)));
        $this->assertCount(1, $mails);
        $this->assertStringContainsString($this->visitLink($row), $mails[0]['message']);
    }

    public function testAVisitThatWasBookedWhileThePluginWasOffIsMadeAndAVisitAtTheClinicIsNot(): void
    {
        foreach (array(self::VIDEO_DOCTOR1, self::AT_THE_CLINIC) as $number => $service) {
            $this->site->php('update_option("active_plugins", array_values(array_diff(get_option("active_plugins"), ["telemed-zoom/telemed-zoom.php"])));');
            try {
                // Without a telemed add-on the core books no video visits; as if it had been active a moment ago.
                $page = $this->kc('receptionist', 'POST', 'appointments', $this->booking(array('serviceId' => array(self::AT_THE_CLINIC), 'appointmentStartTime' => "1{$number}:00")));
            } finally {
                $this->site->php('update_option("active_plugins", [...get_option("active_plugins"), "telemed-zoom/telemed-zoom.php"]);');
            }
            $ids[] = $id = (int) $page->json()['data']['id'];
            $this->site->database()->query("UPDATE wp_kc_appointment_service_mapping SET service_id = (SELECT service_id FROM wp_kc_service_doctor_mapping WHERE id = {$service}) WHERE appointment_id = {$id}");
        }
        $this->night();
        $this->visit($ids[0]);
        $this->assertNull($this->ledgerRow($ids[1]));
        $this->onlyMeeting();
    }

    public function testALinkOfAnAppointmentThatIsGoneGoesAtNight(): void
    {
        $kept = $this->book('receptionist', array('appointmentStartTime' => '15:00'));
        $id = $this->book();
        array_map(fn (int $one): array => $this->visit($one), array($kept, $id));
        // The request died after the row was deleted and before the core told of it.
        $this->site->database()->query("DELETE FROM wp_kc_appointments WHERE id = {$id}");
        $this->night();
        $row = $this->visit($id, 'cancelled');
        $this->night();
        $this->settle();
        $this->assertNoLink($id);
        $this->assertSame(array('booked'), $this->notedMails($id), 'whom the core has mailed must be told that it is gone');
        $this->site->php('add_filter("telemed_now", static fn (int $now): int => $now + 2000); \TelemedZoom\Plugin::instance()->worker->runDue(30.0);');
        $this->assertSame(array('Your video visit is cancelled'), array_column($this->mailsTo('patient@example.com'), 'subject'));
        $this->records()->pretend->over((int) $row['id'], 60);
        $this->night();
        $this->assertNull($this->mapping($id), 'nobody need be told anything any more');
        $this->assertNotNull($this->mapping($kept));
        $this->onlyMeeting();
    }

    /** It said that the visit is off, when somebody else had booked it again; its request died before it could look. */
    public function testAnEMailOfTheCoresThatNobodyHasHeardOfIsHeard(): void
    {
        $id = $this->book();
        $row = $this->visit($id);
        $this->settle();
        $this->site->php(
            '\TelemedZoom\Kivicare\MappingTable::noteMail($arguments["id"], \TelemedZoom\Kivicare\Source::mailed("cancelled", $arguments["sequence"], $arguments["doctor"]));',
            array('id' => $id, 'sequence' => (int) $row['sequence'], 'doctor' => (int) $row['doctor'])
        );
        foreach (array(1000, 2000) as $seconds) {
            $this->site->php(
                'delete_transient("telemed_kivicare_caught_up"); add_filter("telemed_now", static fn (int $now): int => $now + $arguments["seconds"]); do_action("telemed_run");',
                array('seconds' => $seconds)
            );
        }
        $this->assertSame(array('Your video visit'), array_column($this->mailsTo('patient@example.com'), 'subject'));
        $this->assertSame($row['meeting_id'], (string) $this->onlyMeeting()['id']);
    }

    public function testALinkThatTheLedgerForgetsIsForgottenInTheCoresTableToo(): void
    {
        $old = $this->book();
        $kept = $this->book('receptionist', array('appointmentStartTime' => '15:00'));
        $link = $this->visitLink($this->visit($old));
        $this->visit($kept);
        $this->assertSame($link, $this->mapping($old)['join_url']);
        $database = $this->site->database();
        $this->records()->pretend->daysLater(-70, 'kivicare', (string) $old);
        $database->query("UPDATE wp_kc_appointments SET appointment_start_date = appointment_start_date - INTERVAL 70 DAY, appointment_end_date = appointment_end_date - INTERVAL 70 DAY WHERE id = {$old}");
        $database->close();
        $this->night();
        $this->assertSame('', $this->mapping($old)['join_url']);
        $this->assertStringContainsString('telemed_visit=', $this->mapping($kept)['join_url']);
    }
}
