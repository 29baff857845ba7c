<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Browser;
use Telemed\Tests\FakeZoom;

/** What the core does when: each event ends in exactly one right meeting, or in none. */
final class EventsTest extends KivicareTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    /** The database had no room for it just then, say. */
    public function testARowOfTheCoresThatCouldNotBeWrittenIsWrittenOnceTheBookingIsConfirmed(): void
    {
        $id = $this->book('receptionist', array('status' => 2));
        $this->assertNull($this->mapping($id));
        $this->site->php(
            'global $wpdb;
            $lose = static fn (string $query): string => preg_match("/^\s*INSERT INTO `?wp_kc_appointment_zoom_mappings/", $query) ? "SELECT 1" : $query;
            add_filter("query", $lose);
            $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => 1], ["id" => $arguments["id"]]);
            do_action("kc_appointment_status_update", $arguments["id"], 1, null);
            remove_filter("query", $lose);',
            array('id' => $id)
        );
        $row = $this->visit($id);
        $this->settle();
        $mapping = $this->mapping($id);
        $this->assertSame(array($this->visitLink($row), $row['meeting_id']), array($mapping['join_url'] ?? null, $mapping['zoom_id'] ?? null));
    }

    public function testAStaffBookingMakesOneMeetingAtTheAppointmentsTimeWithTheBookedDoctorsHost(): void
    {
        $id = $this->book('receptionist', array('timezone' => 'America/New_York', 'appointmentStartTime' => '09:00'));
        $row = $this->visit($id);
        $meeting = $this->onlyMeeting();
        $start = new \DateTimeImmutable(self::day() . ' 09:00', new \DateTimeZone('America/New_York'));
        $this->assertSame($start->getTimestamp(), strtotime($meeting['start_time']));
        $this->assertSame(30, $meeting['duration']);
        $this->assertSame('America/New_York', $meeting['timezone']);
        $this->assertSame(FakeZoom::DOCTOR1, $meeting['host_id']);
        $this->assertSame((string) $meeting['id'], $row['meeting_id']);
    }

    public function testAPatientsFreeBookingMakesOneMeeting(): void
    {
        $id = $this->book('patient', array('patientId' => null, 'status' => null));
        $this->visit($id);
        $this->onlyMeeting();
    }

    public function testAVisitAtTheClinicMakesNone(): void
    {
        $id = $this->book('receptionist', array('serviceId' => array(self::AT_THE_CLINIC)));
        $this->settle();
        $this->assertNull($this->ledgerRow($id));
        $this->assertSame(array(), $this->meetings());
    }

    public function testARolledBackBookingLeavesNothingAnywhere(): void
    {
        $this->standIn('fail_after', true);
        $page = $this->kc('receptionist', 'POST', 'appointments', $this->booking());
        $this->assertSame(500, $page->status);
        $this->settle();
        $this->assertSame(array(), $this->creations());
        $this->assertSame('0', $this->site->value('SELECT COUNT(*) FROM wp_kc_appointment_zoom_mappings'));
        $this->assertSame('0', $this->site->value('SELECT COUNT(*) FROM wp_kc_appointments'));
        foreach ($this->records()->visits->all() as $visit) {
            $this->assertContains($visit['state'], array('due', 'cancelled'));
            $this->assertSame('0', $visit['was_seen']);
        }
    }

    public function testNothingIsAskedOfZoomWhileTheCoresTransactionIsOpen(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'status', 'status' => 500, 'body' => '{}'), 50);
        $page = $this->kc('receptionist', 'POST', 'appointments', $this->booking());
        $this->assertSame(201, $page->status, 'a booking does not depend on Zoom');
        $id = (int) $page->json()['data']['id'];
        $this->assertNotNull($this->mapping($id));
        $this->zoom->forgetFaults();
        $this->assertSame('1', $this->hostRow('kc_appointments', 'id', $id)['status']);
    }

    public function testAStaffBookingWithoutAStatusIsNoVisitUntilItIsBooked(): void
    {
        $id = $this->book('receptionist', array('status' => null));
        $this->settle();
        $this->assertSame(array(), $this->meetings(), 'the core has stored it as cancelled');
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $this->visit($id);
        $this->onlyMeeting();
    }

    public function testAPendingBookingThatStaffConfirmLaterMakesOneMeeting(): void
    {
        $id = $this->book('receptionist', array('status' => 2));
        $this->settle();
        $this->assertSame(array(), $this->meetings());
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $this->visit($id);
        $this->assertNotNull($this->mapping($id));
        $this->onlyMeeting();
    }

    public function testAPaymentThatNeverComesMakesNoMeeting(): void
    {
        $id = $this->bookPaid();
        $this->settle();
        $this->assertSame(array(), $this->meetings());
        $this->assertNull($this->mapping($id));
    }

    public function testAPaymentMakesOneMeetingOfTheAppointmentsLength(): void
    {
        $id = $this->bookPaid();
        $this->pay('patient', $id);
        $this->visit($id);
        $this->assertSame(30, $this->onlyMeeting()['duration']);
    }

    public function testAPaymentThatIsReportedTwiceMakesOneMeeting(): void
    {
        $id = $this->bookPaid();
        $this->pay('patient', $id);
        $this->pay('patient', $id);
        $this->visit($id);
        $this->settle();
        $this->onlyMeeting();
        $this->assertCount(1, $this->creations());
    }

    public function testAPaymentThatIsReportedTwiceAtTheSameMomentMakesOneMeeting(): void
    {
        for ($round = 0; $round < 3; $round++) {
            $id = $this->bookPaid(array('appointmentStartTime' => sprintf('%02d:00', 9 + $round)));
            $browsers = array($this->browser('patient'), $this->site->browser('patient'), $this->site->browser('patient'));
            Browser::together(array_map(
                static fn (Browser $browser): array => array($browser, 'POST', self::ROUTE . 'appointments/payment-success', array('appointment_id' => $id, 'gateway' => 'manual', 'payment_id' => 'any')),
                $browsers
            ));
            $this->visit($id);
        }
        $this->settle();
        $this->assertCount(3, $this->meetings());
        $this->assertCount(3, $this->creations());
    }

    public function testAPaymentThatTheCoreRollsBackLeavesNoMeeting(): void
    {
        $id = $this->bookPaid();
        $page = $this->kc('patient', 'POST', 'appointments/payment-success?standin_fail=1', array('appointment_id' => $id, 'gateway' => 'manual', 'payment_id' => 'any'));
        $this->assertSame(array(500, '0'), array($page->status, $this->hostRow('kc_appointments', 'id', $id)['status']));
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(array(), $this->meetings());
        // Paid again it is a visit.
        $this->pay('patient', $id);
        $this->visit($id);
        $this->onlyMeeting();
    }

    public function testPayLaterMakesOneMeeting(): void
    {
        $id = $this->book('patient', array('patientId' => null, 'status' => null, 'serviceId' => array(self::PAID_VIDEO_DOCTOR1), 'paymentGateway' => 'paylater'));
        $this->visit($id);
        $this->onlyMeeting();
        $this->assertNotSame('', (string) $this->mapping($id)['join_url']);
    }

    public function testAnOrderThatStaffCompleteMakesOneMeeting(): void
    {
        $id = $this->bookPaid();
        $this->site->php('do_action("kivicare_standin_order_completed", $arguments["id"]);', array('id' => $id));
        $this->visit($id);
        $this->onlyMeeting();
    }

    public function testAMovedAppointmentMovesItsMeetingToWhatTheRowSays(): void
    {
        $id = $this->book();
        $before = $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->settle();
        $meeting = $this->onlyMeeting();
        $stored = $this->hostRow('kc_appointments', 'id', $id);
        $this->assertSame(strtotime($stored['appointment_start_utc'] . ' UTC'), strtotime($meeting['start_time']));
        $this->assertSame(20, $meeting['duration'], 'the core gives a moved appointment its session\'s length');
        $this->assertSame($before['visit_key'], $this->ledgerRow($id)['visit_key']);
    }

    public function testAMoveAcrossTheEndOfSummerTimeArrivesAsTheRightInstant(): void
    {
        $year = (int) gmdate('Y') + 1;
        $id = $this->book('receptionist', array('timezone' => 'Europe/Berlin', 'appointmentStartDate' => "{$year}-10-01", 'appointmentStartTime' => '09:00'));
        $this->visit($id);
        $this->assertSame('07:00', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartDate' => "{$year}-11-05"));
        $this->settle();
        $this->assertSame('08:00', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
    }

    public function testAMoveIntoAnotherZoneArrivesAsTheRightInstant(): void
    {
        $id = $this->book('receptionist', array('timezone' => 'Europe/Berlin'));
        $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('timezone' => 'Asia/Kolkata', 'appointmentStartTime' => '18:30'));
        $this->settle();
        $meeting = $this->onlyMeeting();
        $this->assertSame(array('13:00', 'Asia/Kolkata'), array(gmdate('H:i', strtotime($meeting['start_time'])), $meeting['timezone']));
    }

    /** @dataProvider zonesOfRows */
    #[DataProvider('zonesOfRows')]
    public function testAMoveThatLeavesTheOldInstantInTheUtcColumnsIsFollowed(string $zone, string $start): void
    {
        $this->standIn('columns', 'stale');
        $id = $this->book('receptionist', array('timezone' => $zone));
        $this->visit($id);
        $before = $this->hostRow('kc_appointments', 'id', $id)['appointment_start_utc'];
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->settle();
        $this->assertSame($before, $this->hostRow('kc_appointments', 'id', $id)['appointment_start_utc'], 'as awkward as 4.2.0');
        $this->assertSame($start, gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
    }

    /** @return array<string, array{string, string}> what the row names, and when 14:00 there is by UTC */
    public static function zonesOfRows(): array
    {
        return array(
            'a name' => array('Asia/Kolkata', '08:30'),
            'an offset' => array('UTC+5.5', '08:30'),
            'UTC, and nothing speaks for another' => array('UTC', '14:00'),
        );
    }

    /** The core writes UTC where it knows none, and reckons in the doctor's zone. */
    public function testWhereTheZoneIsOnlyGuessedTheUtcColumnsAreRight(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->site->php('update_user_meta($arguments["doctor"], "timezone", "America/New_York");', array('doctor' => $this->site->userId('doctor1')));
        $this->site->database()->query("UPDATE wp_kc_appointments SET appointment_timezone = 'UTC', appointment_start_utc = CONCAT(appointment_start_date, ' 10:00:00'), appointment_end_utc = CONCAT(appointment_start_date, ' 10:30:00') WHERE id = {$id}");
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $this->settle();
        $this->assertSame('10:00', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
    }

    /** In the hour that comes twice the UTC column says which one. */
    public function testTheSecondOfTheHourThatComesTwiceStaysTheSecond(): void
    {
        $year = (int) gmdate('Y') + 1;
        $day = gmdate('Y-m-d', strtotime("last sunday of october {$year}"));
        $id = $this->book('receptionist', array('timezone' => 'Europe/Berlin', 'appointmentStartDate' => $day, 'appointmentStartTime' => '02:15'));
        $this->visit($id);
        $this->site->database()->query("UPDATE wp_kc_appointments SET appointment_start_utc = '{$day} 01:15:00', appointment_end_utc = '{$day} 01:45:00' WHERE id = {$id}");
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $this->settle();
        $this->assertSame('01:15', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
    }

    public function testAChangeOfDoctorGivesTheVisitToTheOtherDoctorsHost(): void
    {
        $id = $this->book();
        $before = $this->visit($id);
        // As a core does that can; 4.0 to 4.3 leave the doctor as it is.
        $this->site->database()->query("UPDATE wp_kc_appointments SET doctor_id = {$this->site->userId('doctor2')} WHERE id = {$id}");
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->settle();
        $meeting = $this->onlyMeeting();
        $this->assertSame(array(FakeZoom::DOCTOR2, '14:00'), array($meeting['host_id'], gmdate('H:i', strtotime($meeting['start_time']))));
        $this->assertSame($before['visit_key'], $this->visit($id)['visit_key']);
    }

    public function testCheckInAndCheckOutKeepTheMeeting(): void
    {
        $id = $this->book();
        $meeting = $this->visit($id)['meeting_id'];
        foreach (array(4, 3) as $status) {
            $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => $status));
            $this->settle();
            $this->assertSame($meeting, (string) $this->onlyMeeting()['id']);
        }
        $this->assertCount(1, $this->creations());
    }

    public function testACancellationByStatusDeletesTheMeeting(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(array(), $this->meetings());
    }

    public function testACancellationByTheOtherPutDeletesTheMeeting(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('status' => 0));
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(array(), $this->meetings());
    }

    public function testOurOwnScreensAndRoutesChangeNoAppointmentOfTheCores(): void
    {
        $row = $this->visit($this->book());
        $meeting = $this->onlyMeeting();
        $admin = $this->browser('admin');
        foreach (array('DELETE' => null, 'PATCH' => array('start' => self::start(50))) as $method => $body) {
            $answer = $admin->rest($method, "telemed/v1/visits/{$row['id']}", $body);
            $this->assertSame(array(409, 'telemed_booked_elsewhere'), array($answer->status, $answer->json()['code']), $method);
        }
        $screen = $admin->get("/wp-admin/admin.php?page=telemed-meeting&id={$row['id']}");
        $this->assertSame(array(), $screen->all('//button[contains(@class, "telemed-cancel")]'));
        $this->assertNull($screen->element('telemed-change'));
        $this->assertSame(array(), $admin->screen('telemed-meetings')->all('//button[contains(@class, "telemed-cancel")]'));
        $this->assertSame(array('made', $row['start_utc']), array($this->row((int) $row['id'])['state'], $this->visit((int) $row['appointment'])['start_utc']));
        $this->assertSame($meeting, $this->onlyMeeting());
    }

    public function testAnAppointmentThatIsBookedAgainHasOneMeetingAndTheSameLink(): void
    {
        $id = $this->book();
        $first = $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->visit($id, 'cancelled');
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $again = $this->visit($id);
        $this->settle();
        $this->assertSame($first['visit_key'], $again['visit_key']);
        $this->assertSame($again['meeting_id'], (string) $this->onlyMeeting()['id']);
    }

    public function testADeletedAppointmentLeavesNoMeeting(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->assertSame(200, $this->kc('receptionist', 'DELETE', "appointments/{$id}")->status);
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(array(), $this->meetings());
        $this->assertNoLink($id);
    }

    public function testAppointmentsDeletedTogetherLeaveNoMeeting(): void
    {
        $ids = array($this->book(), $this->book('receptionist', array('appointmentStartTime' => '11:00')));
        array_map(fn (int $id): array => $this->visit($id), $ids);
        $this->kc('receptionist', 'POST', 'appointments/bulk/delete', array('ids' => $ids));
        array_map(fn (int $id): array => $this->visit($id, 'cancelled'), $ids);
        $this->settle();
        $this->assertSame(array(), $this->meetings());
    }

    public function testADeletedDoctorLeavesNoMeeting(): void
    {
        $doctor = $this->site->php(<<<'CODE'
            $id = wp_insert_user(['user_login' => 'leaving', 'user_pass' => 'x', 'user_email' => 'doctor2@clinic.example.net', 'role' => 'kiviCare_doctor']);
            update_user_option($id, \TelemedZoom\Clinic\HostMap::META, $arguments['host']);
            global $wpdb;
            $wpdb->insert($wpdb->prefix . 'kc_service_doctor_mapping', ['service_id' => 1, 'doctor_id' => $id, 'clinic_id' => 1, 'charges' => '0', 'telemed_service' => 'yes', 'duration' => 30]);
            return [$id, $wpdb->insert_id];
            CODE, array('host' => array('id' => FakeZoom::DOCTOR2, 'email' => FakeZoom::DOCTOR2_EMAIL, 'name' => 'x', 'licensed' => true, 'account' => FakeZoom::ACCOUNT, 'site_email' => 'x')));
        $id = $this->book('receptionist', array('doctorId' => $doctor[0], 'serviceId' => array($doctor[1])));
        $this->visit($id);
        $this->assertSame(200, $this->kc('admin', 'DELETE', "doctors/{$doctor[0]}")->status);
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(array(), $this->meetings());
        $this->site->php('global $wpdb; $wpdb->delete($wpdb->prefix . "kc_service_doctor_mapping", ["id" => $arguments["mapping"]]);', array('mapping' => $doctor[1]));
    }

    public function testADeletedDoctorWithAnAccountOfTheirOwnLeavesNoMeeting(): void
    {
        $this->useOAuth();
        $doctor = $this->site->php(<<<'CODE'
            $id = wp_insert_user(['user_login' => 'leaving', 'user_pass' => $arguments['password'], 'user_email' => 'leaving@clinic.example', 'role' => 'kiviCare_doctor']);
            global $wpdb;
            $wpdb->insert($wpdb->prefix . 'kc_service_doctor_mapping', ['service_id' => 1, 'doctor_id' => $id, 'clinic_id' => 1, 'charges' => '0', 'telemed_service' => 'yes', 'duration' => 30]);
            return [$id, $wpdb->insert_id];
            CODE, array('password' => $this->site->password('patient')));
        try {
            $this->connect('leaving', FakeZoom::DOCTOR2);
            $id = $this->book('receptionist', array('doctorId' => $doctor[0], 'serviceId' => array($doctor[1])));
            $this->visit($id);
            $this->assertSame(200, $this->kc('admin', 'DELETE', "doctors/{$doctor[0]}")->status);
            $this->visit($id, 'cancelled');
            $this->settle();
            $this->assertSame(array(), $this->meetings());
        } finally {
            $this->site->php('global $wpdb; $wpdb->delete($wpdb->prefix . "kc_service_doctor_mapping", ["id" => $arguments["mapping"]]);', array('mapping' => $doctor[1]));
        }
    }

    public function testAnAppointmentThatTheCoreClosesByItselfLeavesNoMeeting(): void
    {
        $id = $this->book();
        $this->visit($id);
        // As if three days had passed.
        $past = gmdate('Y-m-d H:i:s', time() - 3 * 86400);
        $this->site->database()->query("UPDATE wp_kc_appointments SET appointment_start_date = '{$past}', appointment_end_date = '{$past}', appointment_start_utc = '{$past}', appointment_end_utc = '{$past}' WHERE id = {$id}");
        $this->site->php('do_action("kivicare_standin_auto_close");');
        $this->settle();
        $this->assertSame('cancelled', $this->ledgerRow($id)['state']);
        $this->assertSame(array(), $this->meetings());
    }

    public function testRegenerateMakesAMeetingForTheAppointmentsTimeAndTheOldOneGoes(): void
    {
        $id = $this->book();
        $before = $this->visit($id);
        $page = $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference");
        $this->assertSame(200, $page->status, $page->body);
        $this->settle();
        $after = $this->visit($id);
        $this->assertNotSame($before['meeting_id'], $after['meeting_id']);
        $meeting = $this->onlyMeeting();
        $this->assertSame($after['meeting_id'], (string) $meeting['id']);
        $this->assertSame(strtotime($this->hostRow('kc_appointments', 'id', $id)['appointment_start_utc'] . ' UTC'), strtotime($meeting['start_time']));
        $this->assertSame($before['visit_key'], $after['visit_key'], 'what people hold goes on');
    }

    public function testRegenerateRefusesACancelledAppointmentInWords(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->visit($id, 'cancelled');
        $page = $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference");
        $this->assertSame(500, $page->status);
        $this->assertStringContainsString('cancelled', $page->body);
        $this->settle();
        $this->assertSame(array(), $this->meetings());
    }

    public function testAStrangerCannotRegenerate(): void
    {
        $id = $this->book();
        $before = $this->visit($id);
        $this->assertSame(500, $this->kc('patient2', 'GET', "appointments/{$id}/regenerate-video-conference")->status);
        $this->settle();
        $this->assertSame($before['meeting_id'], $this->ledgerRow($id)['meeting_id']);
    }

    public function testABookingInACoreWithoutUtcColumnsIsReadInTheSitesZone(): void
    {
        $this->standIn('columns', 'local');
        $this->site->php('update_option("timezone_string", "Asia/Kolkata");');
        try {
            $id = $this->book();
            $this->visit($id);
            $this->assertSame('03:30', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
        } finally {
            $this->site->php('update_option("timezone_string", "");');
        }
    }

    public function testABookingInThePastIsBookedAndMakesNoMeeting(): void
    {
        $page = $this->kc('receptionist', 'POST', 'appointments', $this->booking(array('appointmentStartDate' => '2020-01-01')));
        $this->assertSame(201, $page->status, $page->body);
        $this->settle();
        $this->assertSame(array(), $this->creations());
    }

    /** @param array<string, mixed> $changes */
    private function bookPaid(array $changes = array()): int
    {
        return $this->book('patient', $changes + array('patientId' => null, 'status' => null, 'serviceId' => array(self::PAID_VIDEO_DOCTOR1), 'paymentGateway' => 'manual'));
    }

    private function pay(string $person, int $id): void
    {
        $page = $this->kc($person, 'POST', 'appointments/payment-success', array('appointment_id' => $id, 'gateway' => 'manual', 'payment_id' => 'any'));
        $this->assertSame(200, $page->status, $page->body);
    }
}
