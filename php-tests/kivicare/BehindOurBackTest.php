<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;
use Telemed\Tests\Records;

/**
 * What the core cancels or deletes without a hook of the appointment's: from that moment on it opens no door, and within minutes
 * its meeting is gone and its people are told.
 */
final class BehindOurBackTest extends KivicareTestCase
{
    private const PATIENT = 'patient@example.com';
    private const GUEST = 'guest@clinic.example';

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testWhatAHolidayCancelsOpensNoDoorFromThatMomentOn(): void
    {
        $id = $this->bookSoon();
        $row = $this->visit($id);
        $this->assertSame('open', $this->state($this->site->visitor()->get($this->visitLink($row))));
        $this->holiday();
        $this->assertSame('0', $this->hostRow('kc_appointments', 'id', $id)['status']);
        $this->assertSame('made', $this->ledgerRow($id)['state'], 'no hook has told us');
        $this->assertNoDoor($id, $row, 'cancelled');
    }

    public function testWhatAHolidayCancelsIsToldAndDeletedAtZoomWithTheSecondRun(): void
    {
        $id = $this->bookSoon();
        $this->visit($id);
        $this->settle();
        $kept = $this->book('receptionist', array('doctorId' => $this->site->userId('doctor2'), 'serviceId' => array(self::VIDEO_DOCTOR2)));
        $this->visit($kept);
        $this->holiday();
        $this->runWorker(0);
        $this->assertSame('made', $this->ledgerRow($id)['state'], 'once seen is not believed: a hook may be on its way');
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
        $this->runWorker(60);
        $this->assertSame('cancelled', $this->ledgerRow($id)['state']);
        $this->assertSame(array((string) $this->ledgerRow($kept)['meeting_id']), array_map('strval', array_column($this->meetings(), 'id')));
        foreach (array(120, 180, 1000) as $seconds) {
            $this->runWorker($seconds);
        }
        foreach (array(self::PATIENT, FakeZoom::DOCTOR1_EMAIL) as $address) {
            $mails = $this->mailsTo($address);
            $this->assertCount(1, $mails, $address);
            $this->assertStringContainsString('cancelled', $mails[0]['subject']);
        }
        $this->assertSame('made', $this->ledgerRow($kept)['state']);
    }

    public function testAHolidayThatIsTakenBackWithinTheMinuteTellsNobodyAnything(): void
    {
        $id = $this->bookSoon();
        $before = $this->visit($id);
        $this->settle();
        $this->holiday();
        $this->runWorker(0);
        $this->site->database()->query("UPDATE wp_kc_appointments SET status = 1 WHERE id = {$id}");
        foreach (array(60, 120, 1000) as $seconds) {
            $this->runWorker($seconds);
        }
        $this->assertSame(array('made', $before['meeting_id']), array($this->ledgerRow($id)['state'], $this->ledgerRow($id)['meeting_id']));
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
        $this->assertSame('open', $this->state($this->site->visitor()->get($this->visitLink($before))));
    }

    /** A cancellation by the core's own way at that very moment: one mail, not two. */
    public function testAHookThatComesBetweenTwoLooksIsWhatCounts(): void
    {
        $id = $this->bookSoon();
        $this->visit($id);
        $this->settle();
        $this->holiday();
        $this->runWorker(0);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->settle();
        $this->runWorker(60);
        $this->assertSame('cancelled', $this->ledgerRow($id)['state']);
        $this->assertSame(array(), $this->meetings());
        $this->assertContains('cancel_appointment', array_column($this->queuedMails($id), 'template'));
        $this->assertSame(array(), $this->mailsTo(self::PATIENT), 'the core mails that');
    }

    /** The wish may be that of a transaction which is still open. */
    public function testWhereSomethingWasWishedAContradictionIsBelievedAfterAQuarterOfAnHourOnly(): void
    {
        $id = $this->bookSoon();
        $row = $this->visit($id);
        $this->settle();
        $database = $this->site->database();
        $this->records()->pretend->justMoved((int) $row['id']);
        $database->query("DELETE FROM wp_kc_appointments WHERE id = {$id}");
        foreach (array(0, 60, 120, 840) as $seconds) {
            $this->runWorker($seconds);
            $this->assertSame('made', $this->ledgerRow($id)['state'], "after {$seconds} seconds");
        }
        $this->assertSame('cancelled', $this->state($this->site->visitor()->get($this->visitLink($row))), 'but no door is open');
        $this->runWorker(901);
        $this->assertSame('cancelled', $this->ledgerRow($id)['state']);
    }

    public function testADeletedPatientsVisitsEndWithTheRequestAndNobodyIsMailedAtAnAddressThatIsGone(): void
    {
        $patient = $this->newPerson('guest', 'patient', self::GUEST);
        $id = $this->bookSoon(array('patientId' => $patient));
        $row = $this->visit($id);
        $other = $this->book();
        $this->visit($other);
        $this->settle();
        $this->assertSame(200, $this->kc('admin', 'DELETE', "patients/{$patient}")->status);
        $this->assertNoDoor($id, $row, 'cancelled', 404);
        $this->assertEndedWithTheRequest($id);
        foreach (array(0, 60, 1000) as $seconds) {
            $this->runWorker($seconds);
        }
        $this->assertSame(array(), $this->mailsTo(self::GUEST));
        $this->assertCount(1, $this->mailsTo(FakeZoom::DOCTOR1_EMAIL));
        $this->assertNoLink($id);
        $this->assertSame('made', $this->ledgerRow($other)['state']);
    }

    public function testADeletedEncountersVisitOpensNoDoorAndEndsWithTheSecondRun(): void
    {
        $id = $this->bookSoon();
        $row = $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 4));
        $this->settle();
        $encounter = $this->hostRow('kc_patient_encounters', 'appointment_id', $id)['id'];
        $this->assertSame(200, $this->kc('doctor1', 'DELETE', "encounters/{$encounter}")->status);
        $this->assertNull($this->hostRow('kc_appointments', 'id', $id));
        $this->assertNoDoor($id, $row, 'cancelled', 404);
        $this->runWorker(0);
        $this->runWorker(60);
        $this->assertSame(array('cancelled', array()), array($this->ledgerRow($id)['state'], $this->meetings()));
        $this->assertCount(1, $this->mailsTo(self::PATIENT));
        $this->assertCount(1, $this->mailsTo(FakeZoom::DOCTOR1_EMAIL));
    }

    public function testADeletedClinicsVisitsEndWithTheRequest(): void
    {
        $clinic = (int) $this->site->php('global $wpdb; $wpdb->insert($wpdb->prefix . "kc_clinics", ["name" => "Third clinic"]); return $wpdb->insert_id;');
        $id = $this->bookSoon(array('clinicId' => $clinic, 'serviceId' => array($this->videoService($this->site->userId('doctor1'), $clinic))));
        $row = $this->visit($id);
        $this->settle();
        $this->assertSame(200, $this->kc('admin', 'DELETE', "clinics/{$clinic}")->status);
        $this->assertNoDoor($id, $row, 'cancelled', 404);
        $this->assertEndedWithTheRequest($id);
        $this->assertCount(1, $this->mailsTo(self::PATIENT));
        $this->assertCount(1, $this->mailsTo(FakeZoom::DOCTOR1_EMAIL));
        $this->site->database()->query("DELETE FROM wp_kc_service_doctor_mapping WHERE clinic_id = {$clinic}");
    }

    public function testAnAppointmentDeletedWhileZoomIsAwayLosesItsMeetingAsSoonAsZoomAnswers(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $this->zoom->answer(array('method' => 'DELETE', 'path' => '/v2/meetings/'), 503, array(), array(), -1);
        $this->assertSame(200, $this->kc('receptionist', 'DELETE', "appointments/{$id}")->status);
        $this->visit($id, 'cancelled');
        $this->runWorker(60);
        $this->assertCount(1, $this->meetings());
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        $this->records()->unwanted->makeDue();
        $this->runWorker(120);
        $this->assertSame(array(), $this->meetings());
        $this->assertSame('cancelled', $this->ledgerRow($id)['state']);
    }

    public function testTheMinutesLookReadsTheVisitsToComeOnce(): void
    {
        $root = $this->site->database(asRoot: true);
        // Nine of ten are over; of the others one of a hundred is off and one gone.
        $many = Records::over($root)->many;
        $many->addHourly('kivicare', 10_000);
        $root->query("INSERT INTO wp_kc_appointments (id, appointment_start_date, appointment_start_time, appointment_end_date, appointment_end_time, clinic_id, doctor_id, patient_id, status)
            SELECT seq, '2030-01-01', '09:00', '2030-01-01', '10:00', 1, 1, 1, IF(seq % 100 = 1, 0, 1) FROM seq_1_to_10000 WHERE seq % 100 <> 2");
        $root->query('ANALYZE TABLE wp_kc_appointments');
        $root->query("SET GLOBAL log_output = 'TABLE'");
        $root->query('TRUNCATE mysql.general_log');
        $root->query('SET GLOBAL general_log = ON');
        $found = $this->site->php('return \TelemedZoom\Kivicare\Services::instance()->source->contradicted(\TelemedZoom\Plugin::instance()->database, 200);');
        $root->query('SET GLOBAL general_log = OFF');
        $statements = array_column($root->query(
            "SELECT CONVERT(argument USING utf8mb4) AS statement FROM mysql.general_log WHERE command_type = 'Execute' AND {$many->areNamed(false)} AND argument NOT LIKE '%general\\_log%'"
        )->fetch_all(MYSQLI_ASSOC), 'statement');
        $this->assertCount(1, $statements);
        $this->assertCount(20, $found);
        $this->assertSame(array(), array_filter($found, static fn (string $appointment): bool => ! in_array((int) $appointment % 100, array(1, 2), true)));
        foreach ($root->query("EXPLAIN {$statements[0]}")->fetch_all(MYSQLI_ASSOC) as $step) {
            $this->assertNotSame('ALL', $step['type'], (string) json_encode($step));
        }
        $root->query('FLUSH STATUS');
        $root->query($statements[0])->fetch_all();
        $read = array_sum(array_column($root->query("SHOW SESSION STATUS LIKE 'Handler_read%'")->fetch_all(), 1));
        $this->assertLessThan(2100, $read, 'of each of the thousand visits to come the row and its appointment');
        $root->query('TRUNCATE mysql.general_log');
        $root->close();
        $this->site->reset();
    }

    public function testTheCoresListAsksAsOftenForTenAsForTwo(): void
    {
        foreach (array('receptionist', 'patient', 'doctor1') as $person) {
            $this->kc($person, 'GET', 'appointments');
        }
        $counts = array();
        foreach (array(2, 10) as $many) {
            for ($hour = (int) ($this->site->value('SELECT COUNT(*) FROM wp_kc_appointments')); $hour < $many; $hour++) {
                $id = $this->book('receptionist', array('appointmentStartTime' => sprintf('%02d:00', 8 + $hour)));
                $this->visit($id);
            }
            foreach (array('receptionist', 'patient', 'doctor1') as $person) {
                foreach (array('appointments', 'dashboard/upcoming-appointments') as $route) {
                    $counts["{$person} {$route}"][] = $this->queriesOfList($person, $route, $many);
                }
            }
        }
        foreach ($counts as $who => [$few, $most]) {
            $this->assertSame($few, $most, $who);
            $this->assertLessThanOrEqual(4, $few, $who);
        }
    }

    public function testOurListAsksAsOftenForTenAsForTwo(): void
    {
        $counts = array();
        foreach (array(2, 10) as $many) {
            for ($hour = (int) ($this->site->value('SELECT COUNT(*) FROM wp_kc_appointments')); $hour < $many; $hour++) {
                $this->visit($this->book('receptionist', array('appointmentStartTime' => sprintf('%02d:00', 8 + $hour))));
            }
            $this->browser('admin')->screen('telemed-meetings');
            $counts[] = array(
                $this->queries(fn () => $this->browser('admin')->screen('telemed-meetings')),
                $this->queries(fn () => $this->browser('admin')->rest('GET', 'telemed/v1/visits?per_page=100')),
            );
        }
        $this->assertSame($counts[0], $counts[1]);
        $this->assertSame(array(1, 1), $counts[1]);
    }

    /** Queries to the core's table of appointments by the plugin's own connection. */
    private function queries(callable $work): int
    {
        return $this->queriesDuring($work, "command_type = 'Execute' AND argument LIKE '%kc\\_appointments%'");
    }

    /** Queries to both tables by which the lines of the core's list are filled in, beside the core's own one. */
    private function queriesOfList(string $person, string $route, int $lines): int
    {
        return $this->queriesDuring(function () use ($person, $route, $lines): void {
            $data = $this->kc($person, 'GET', $route)->json()['data'];
            $items = $data['appointments'] ?? $data;
            $this->assertCount($lines, array_filter(array_column($items, 'video_url')));
        }, "(argument LIKE '%kc\\_appointments%' OR {$this->records()->many->areNamed(false)} OR argument LIKE '%kc\\_receptionist%')");
    }

    private function queriesDuring(callable $work, string $which): int
    {
        $this->site->awaitRequests();
        $root = $this->site->database(asRoot: true);
        $root->query("SET GLOBAL log_output = 'TABLE'");
        $root->query('TRUNCATE mysql.general_log');
        $root->query('SET GLOBAL general_log = ON');
        $work();
        $root->query('SET GLOBAL general_log = OFF');
        $count = (int) $root->query("SELECT COUNT(*) FROM mysql.general_log WHERE command_type IN ('Execute', 'Query') AND argument LIKE 'SELECT%' AND argument NOT LIKE '%general\\_log%' AND {$which}")->fetch_row()[0];
        $root->query('TRUNCATE mysql.general_log');
        $root->close();
        return $count;
    }

    /** The first doctor is away today. */
    private function holiday(): void
    {
        $today = array('start' => gmdate('Y-m-d', time() + 300), 'end' => gmdate('Y-m-d', time() + 300));
        $page = $this->kc('receptionist', 'PUT', 'settings/holidays/update', array(
            'module_type' => array('id' => 'doctor', 'label' => 'Doctor'),
            'module_id' => array('id' => $this->site->userId('doctor1'), 'label' => 'Dora Example'),
            'scheduleDate' => $today,
        ));
        $this->assertSame(200, $page->status, $page->body);
    }

    /**
     * Nobody gets in, and nobody is shown a link, whatever the ledger knows.
     *
     * @param array<string, string|null> $row of the ledger, as it was
     */
    private function assertNoDoor(int $id, array $row, string $state, int $status = 200): void
    {
        $this->site->awaitRequests();
        $this->zoom->forgetRequests();
        $link = $this->visitLink($row);
        $page = $this->site->visitor()->get($link);
        $this->assertSame($state, $this->state($page));
        $this->assertNull($page->element('telemed-join'));
        $this->assertNull($page->element('telemed-doctor-login'));
        $joined = $this->site->visitor()->get("{$link}&join=1", false);
        $this->assertSame(array(200, '', $state), array($joined->status, $joined->header('location'), $this->state($joined)));
        $asDoctor = $this->browser('doctor1')->get($link, false);
        $this->assertSame(array(200, 'doctor'), array($asDoctor->status, $this->state($asDoctor)));
        $this->assertStringContainsString('This visit is: Cancelled', $asDoctor->text());
        $start = $this->browser('doctor1')->get("/?telemed_start={$row['id']}", false);
        $this->assertSame(array(200, ''), array($start->status, $start->header('location')));
        $this->assertNotNull($start->element('telemed-start-none'));
        $this->assertSame(array(), $this->zoom->requests(), 'Zoom is not even asked');
        foreach (array('admin', 'doctor1') as $person) {
            $items = array_column($this->browser($person)->rest('GET', 'telemed/v1/visits?when=all')->json(), null, 'id');
            foreach (array($items[$row['id']], $this->browser($person)->rest('GET', "telemed/v1/visits/{$row['id']}")->json()) as $item) {
                $this->assertSame(
                    array('cancelled', null, null, null),
                    array($item['state'], $item['join_url'], $item['passcode'], $item['start_link']),
                    $person
                );
            }
            foreach (array('telemed-meetings', "telemed-meeting&id={$row['id']}") as $screen) {
                $html = $this->browser($person)->get("/wp-admin/admin.php?page={$screen}")->body;
                foreach (array((string) $row['visit_key'], (string) $row['join_url'], "telemed_start={$row['id']}") as $secret) {
                    $this->assertStringNotContainsString($secret, $html, "{$person} at {$screen}");
                }
            }
        }
        foreach (array('patient', 'doctor1', 'receptionist', 'admin') as $person) {
            $lists = array($this->kc($person, 'GET', 'appointments')->body, $this->kc($person, 'GET', 'dashboard/upcoming-appointments')->body);
            $single = $this->kc($person, 'GET', "appointments/{$id}");
            $this->assertSame($status, $single->status);
            foreach (array(...$lists, $single->body) as $body) {
                $this->assertStringNotContainsString((string) $row['visit_key'], $body, $person);
                $this->assertStringNotContainsString("telemed_start={$row['id']}", str_replace('\/', '/', $body), $person);
                $this->assertStringNotContainsString('telemed_appointment', $body, $person);
            }
        }
    }

    /** By the hook that names the patient or the clinic, without any run. */
    private function assertEndedWithTheRequest(int $id): void
    {
        $this->site->awaitRequests();
        $this->assertSame('cancelled', $this->ledgerRow($id)['state']);
        $this->assertSame(0, $this->records()->unwanted->countOf((int) $this->ledgerRow($id)['id']), 'its meeting is deleted at Zoom');
        $this->assertNoLink($id);
    }

    private function state(Page $page): string
    {
        return (string) $page->element('telemed-visit')?->getAttribute('data-state');
    }
}
