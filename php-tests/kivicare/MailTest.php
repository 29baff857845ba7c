<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;

/** The core mails the visit link; what it leaves unmailed, we mail, once to each. */
final class MailTest extends KivicareTestCase
{
    private const PATIENT = 'patient@example.com';

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testTheCoreMailsTheVisitLinkToPatientAndDoctorAndWeMailNothing(): void
    {
        $id = $this->book();
        $row = $this->visit($id);
        $this->settle();
        $link = $this->visitLink($row);
        $this->assertSame(
            array(
                array('template' => 'zoom_link', 'recipient' => self::PATIENT, 'link' => $link),
                array('template' => 'add_doctor_zoom_link', 'recipient' => FakeZoom::DOCTOR1_EMAIL, 'link' => $link),
            ),
            $this->queuedMails($id)
        );
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
        $this->assertSame('', $this->mapping($id)['start_url']);
    }

    public function testTheMailedLinkLeadsThePatientToJoinAndTheDoctorToStart(): void
    {
        $soon = time() + 300;
        $id = $this->book('receptionist', array('appointmentStartDate' => gmdate('Y-m-d', $soon), 'appointmentStartTime' => gmdate('H:i', $soon)));
        $row = $this->visit($id);
        $link = (string) $this->queuedMails($id)[0]['link'];
        $this->assertSame($link, $this->queuedMails($id)[1]['link']);
        $this->assertStringContainsString('telemed_start=' . $row['id'], $this->browser('doctor1')->get($link, false)->header('location'));
        $page = $this->site->visitor()->get($link);
        $this->assertSame(200, $page->status);
        $this->assertNotNull($page->element('telemed-join'), $page->text());
    }

    public function testTheCoreMailsTheLinkAlsoWhileZoomIsDown(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'status', 'status' => 500, 'body' => '{}'), 100);
        $id = $this->book();
        $this->assertCount(2, $this->queuedMails($id));
        $this->assertStringContainsString('telemed_visit=', (string) $this->queuedMails($id)[0]['link']);
    }

    public function testAPaymentIsMailedByTheCore(): void
    {
        $id = $this->book('patient', array('patientId' => null, 'status' => null, 'serviceId' => array(self::PAID_VIDEO_DOCTOR1), 'paymentGateway' => 'manual'));
        $this->kc('patient', 'POST', 'appointments/payment-success', array('appointment_id' => $id, 'gateway' => 'manual', 'payment_id' => 'any'));
        $this->visit($id);
        $this->settle();
        $this->assertCount(2, $this->queuedMails($id));
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
    }

    public function testAConfirmedPendingBookingIsMailedByUs(): void
    {
        $id = $this->book('receptionist', array('status' => 2));
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $this->assertMailedOnceByUs($id);
    }

    public function testPayLaterIsMailedByUs(): void
    {
        $id = $this->book('patient', array('patientId' => null, 'status' => null, 'serviceId' => array(self::PAID_VIDEO_DOCTOR1), 'paymentGateway' => 'paylater'));
        $this->assertMailedOnceByUs($id);
    }

    public function testAMoveIsMailedByUs(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->settle();
        $this->assertCount(1, $this->mailsTo(self::PATIENT));
        $this->assertCount(1, $this->mailsTo(FakeZoom::DOCTOR1_EMAIL));
    }

    public function testACancellationByStatusIsMailedByTheCore(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertContains('cancel_appointment', array_column($this->queuedMails($id), 'template'));
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
    }

    public function testAStaffBookingWithoutAStatusIsMailedByUsOnceItIsBooked(): void
    {
        $id = $this->book('receptionist', array('status' => null));
        $this->settle();
        $this->assertSame(array(), $this->queuedMails($id), 'the core has stored it as cancelled');
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $this->assertMailedOnceByUs($id);
    }

    /** Two people at the same moment: the change arrives last, and what stands is that the visit is off. */
    public function testAMoveThatComesAfterADeletionTellsThatTheVisitIsOff(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $this->site->database()->query("DELETE FROM wp_kc_appointments WHERE id = {$id}");
        $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            $row = $plugin->visits->cancel(\Telemed\Tests\Records\InPlugin::visit($arguments["id"]));
            $plugin->visits->reschedule($row, \TelemedZoom\Ledger\Visit::wanted($row->start->modify("+1 hour"), 25, "UTC"));
            add_filter("telemed_now", static fn (int $now): int => $now + 1000);
            $plugin->worker->runDue(30.0);',
            array('id' => (int) $this->visit($id)['id'])
        );
        foreach (array(self::PATIENT, FakeZoom::DOCTOR1_EMAIL) as $address) {
            $this->assertSame(array('Your video visit is cancelled'), array_column($this->mailsTo($address), 'subject'));
        }
    }

    /** The request that booked it died right after the core had queued its mails. */
    public function testABookingThatTheCoreHasMailedIsToldToBeOffAlsoWhenItWasNeverSeenCommitted(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $this->records()->pretend->neverSeen('kivicare', $id);
        $this->records()->log->forget('told_by_source');
        $this->assertSame(200, $this->kc('receptionist', 'DELETE', "appointments/{$id}")->status);
        $this->visit($id, 'cancelled');
        $this->settle();
        foreach (array(self::PATIENT, FakeZoom::DOCTOR1_EMAIL) as $address) {
            $this->assertSame(array('Your video visit is cancelled'), array_column($this->mailsTo($address), 'subject'));
        }
        $this->assertSame(array(), $this->zoom->state()['meetings']);
    }

    /** Two people at the same moment: one cancels, and the other's deletion comes before the core has mailed that. */
    public function testACancellationIsMailedByUsWhereTheAppointmentWasDeletedBeforeTheCoreMailedIt(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $this->site->php(
            'global $wpdb;
            $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => 0], ["id" => $arguments["id"]]);
            add_action("kc_appointment_cancelled", static fn ($id) => $wpdb->delete("{$wpdb->prefix}kc_appointments", ["id" => $id]), 8);
            do_action("kc_appointment_cancelled", $arguments["id"]);',
            array('id' => $id)
        );
        $this->assertNotContains('cancel_appointment', array_column($this->queuedMails($id), 'template'));
        $this->visit($id, 'cancelled');
        $this->settle();
        foreach (array(self::PATIENT, FakeZoom::DOCTOR1_EMAIL) as $address) {
            $this->assertSame(array('Your video visit is cancelled'), array_column($this->mailsTo($address), 'subject'));
        }
    }

    /** The core mails the cancellation at once, and nothing when it is taken back. */
    public function testACancellationThatIsTakenBackAtOnceIsToldAsABookingByUs(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $this->site->php(
            'global $wpdb;
            foreach ([0 => "kc_appointment_cancelled", 1 => "kc_appointment_status_update"] as $status => $hook) {
                $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => $status], ["id" => $arguments["id"]]);
                do_action($hook, $arguments["id"], $status, null);
            }
            \TelemedZoom\Plugin::instance()->worker->runDue(30.0);',
            array('id' => $id)
        );
        $this->assertSame('cancel_appointment', $this->queuedMails($id)[2]['template']);
        $this->assertSame(array('Your video visit'), array_column($this->mailsTo(self::PATIENT), 'subject'));
    }

    /** A payment and a cancellation at the same moment: the core's mail of the booking is none of the cancellation. */
    public function testACancellationIsMailedByUsWhereTheCoreHasMailedTheBookingMeanwhile(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $this->site->database()->query("UPDATE wp_kc_appointments SET status = 0 WHERE id = {$id}");
        $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            $row = $plugin->visits->cancel(\Telemed\Tests\Records\InPlugin::visit($arguments["id"]));
            global $wpdb;
            $wpdb->update($wpdb->prefix . "kc_appointment_zoom_mappings", ["join_url" => \TelemedZoom\Ledger\VisitLink::url($row)], ["appointment_id" => $row->appointment]);
            do_action("kc_after_create_appointment", (int) $row->appointment, [], null);
            add_filter("telemed_now", static fn (int $now): int => $now + 1000);
            $plugin->worker->runDue(30.0);',
            array('id' => (int) $this->visit($id)['id'])
        );
        $this->assertSame(array('Your video visit is cancelled'), array_column($this->mailsTo(self::PATIENT), 'subject'));
    }

    /** @dataProvider cancelMails */
    #[DataProvider('cancelMails')]
    public function testWhatTheCoreHasMailedToBeOffIsMailedAsBookedWhenItIsOn(string $meanwhile): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $told = count($this->queuedMails($id));
        try {
            $this->site->php(
                'wp_set_current_user(get_user_by("login", "receptionist")->ID);' . $meanwhile . '
                $request = new WP_REST_Request("PUT", "/kivicare/v1/appointments/{$arguments["id"]}/status");
                $request->set_body_params(["status" => 0]);
                rest_do_request($request);',
                array('id' => $id)
            );
        } catch (\RuntimeException $died) {
            $this->assertStringContainsString('SIGKILL', $meanwhile, $died->getMessage());
        }
        $this->assertSame('cancel_appointment', $this->queuedMails($id)[$told]['template']);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 1));
        $row = $this->visit($id);
        $this->settle();
        foreach (array(self::PATIENT, FakeZoom::DOCTOR1_EMAIL) as $address) {
            $mails = $this->mailsTo($address);
            $this->assertSame(array('Your video visit'), array_column($mails, 'subject'), $address);
            $this->assertStringContainsString($this->visitLink($row), $mails[0]['message']);
        }
        $this->onlyMeeting();
    }

    /** @return array<string, array{string}> */
    public static function cancelMails(): array
    {
        return array(
            'its request died right after the mail' => array('add_action("kc_appointment_cancelled", static function () { posix_kill(getmypid(), SIGKILL); }, 11);'),
            'somebody else booked it again at that moment' => array('add_action("kc_appointment_cancelled", static function ($id) { global $wpdb; $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => 1], ["id" => $id]); }, 1);'),
        );
    }

    /** Somebody cancels it while the core mails the booking, and that request ends first. */
    public function testWhatTheCoreMailsAsBookedIsMailedToBeOffWhenItWasCancelledMeanwhile(): void
    {
        $id = $this->site->php(
            'wp_set_current_user(get_user_by("login", "receptionist")->ID);
            add_action("kc_after_create_appointment", static function ($id) {
                $plugin = \TelemedZoom\Plugin::instance();
                $row = $plugin->visits->cancel(\Telemed\Tests\Records\InPlugin::ofAppointment("kivicare", (string) $id));
                $at = $plugin->moments->now();
                $plugin->store->change($row->id, static fn (\Telemed\Visit $now): \Telemed\Visit => $now->settled($at), $at);
                global $wpdb;
                $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => 2], ["id" => $id]);
                $wpdb->update("{$wpdb->prefix}kc_appointment_zoom_mappings", ["join_url" => \TelemedZoom\Ledger\VisitLink::url($row)], ["appointment_id" => $id]);
            }, 7);
            $request = new WP_REST_Request("POST", "/kivicare/v1/appointments");
            $request->set_body_params($arguments["booking"]);
            return rest_do_request($request)->get_data()["data"]["id"];',
            array('booking' => $this->booking())
        );
        $this->assertSame('zoom_link', $this->queuedMails($id)[0]['template']);
        $this->settle();
        foreach (array(self::PATIENT, FakeZoom::DOCTOR1_EMAIL) as $address) {
            $this->assertSame(array('Your video visit is cancelled'), array_column($this->mailsTo($address), 'subject'), $address);
        }
        $this->assertSame(array(), $this->zoom->state()['meetings']);
    }

    /** What the core has sent is noted with the link, one after the other, and outlives the appointment. */
    public function testWhatTheCoreHasMailedAddsUp(): void
    {
        $id = $this->book();
        $row = $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->visit($id, 'cancelled');
        $this->assertSame(array('booked', 'cancelled'), $this->notedMails($id));
        $this->kc('receptionist', 'DELETE', "appointments/{$id}");
        $this->settle();
        $this->assertNoLink($id);
        $mails = $this->mailsHeard($id);
        $this->assertSame(array(false, true), array_column($mails, 'is_off'));
        $this->assertSame(array_fill(0, 2, (int) $row['doctor']), array_column($mails, 'doctor'));
        $this->assertSame((int) $row['sequence'], $mails[0]['sequence']);
        $this->assertGreaterThan((int) $row['sequence'], $mails[1]['sequence']);
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
    }

    /** Version 0.1.0 noted the newest alone, and no doctor. */
    public function testANoteOfTheVersionBeforeIsRead(): void
    {
        $id = $this->book();
        $doctor = (int) $this->visit($id)['doctor'];
        $this->site->database()->query("UPDATE wp_kc_appointment_zoom_mappings SET extra = '{\"mailed\":\"booked 3\"}' WHERE appointment_id = {$id}");
        $this->assertSame(array(array('is_off' => false, 'doctor' => $doctor, 'sequence' => 3)), $this->mailsHeard($id));
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->settle();
        $this->assertSame(array('booked', 'cancelled'), $this->notedMails($id));
    }

    /** @return list<array{is_off: bool, doctor: int, sequence: int}> */
    private function mailsHeard(int $id): array
    {
        return $this->site->php(
            'return \TelemedZoom\Kivicare\Services::instance()->source->mails([$arguments["id"]], \TelemedZoom\Plugin::instance()->database)[$arguments["id"]] ?? [];',
            array('id' => (string) $id)
        );
    }

    public function testARolledBackBookingIsMailedByNobody(): void
    {
        $this->standIn('fail_after', true);
        $this->kc('receptionist', 'POST', 'appointments', $this->booking());
        $this->settle();
        $this->assertSame('0', $this->site->value('SELECT COUNT(*) FROM wp_kivicare_standin_mails'));
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
    }

    public function testStaffAreToldOnceOfABookingThatOverlapsWithOneOfADoctorWhoSharesTheHost(): void
    {
        $this->site->php(
            '$hosts = \TelemedZoom\Plugin::instance()->hosts;
            $hosts->confirm(get_user_by("login", "doctor2")->ID, $hosts->of(get_user_by("login", "doctor1")->ID));'
        );
        $ofDoctor2 = array('doctorId' => $this->site->userId('doctor2'), 'serviceId' => array(self::VIDEO_DOCTOR2));
        $this->visit($this->book());
        $apart = $this->visit($this->book('receptionist', array('appointmentStartTime' => '15:00') + $ofDoctor2));
        $row = $this->visit($this->book('receptionist', $ofDoctor2));
        $this->site->awaitRequests();
        $this->assertSame(array($apart['host_id'], $row['host_id']), array(FakeZoom::DOCTOR1, FakeZoom::DOCTOR1));
        foreach (array(600, 1_200) as $seconds) {
            $this->site->php(
                'add_filter("telemed_now", static fn (int $now): int => $now + $arguments["seconds"]); do_action("telemed_run");',
                array('seconds' => $seconds)
            );
        }
        $mails = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => str_ends_with($mail['subject'], 'Two video visits overlap')));
        $this->assertCount(2, $mails, 'one to the administrators, one to the doctor');
        foreach ($mails as $mail) {
            $this->assertStringContainsString("page=telemed-meeting&id={$row['id']}\n", $mail['message']);
            $this->assertStringContainsString('one meeting of a host at a time', $mail['message']);
        }
        $this->assertContains(FakeZoom::DOCTOR2_EMAIL, array_merge(...array_map(static fn (array $mail): array => (array) $mail['to'], $mails)));
    }

    private function assertMailedOnceByUs(int $id): void
    {
        $row = $this->visit($id);
        $this->settle();
        $this->assertSame(array(), $this->queuedMails($id), 'the core mails nothing here');
        foreach (array(self::PATIENT, FakeZoom::DOCTOR1_EMAIL) as $address) {
            $mails = $this->mailsTo($address);
            $this->assertCount(1, $mails, $address);
            $this->assertStringContainsString($this->visitLink($row), $mails[0]['message']);
        }
    }
}
