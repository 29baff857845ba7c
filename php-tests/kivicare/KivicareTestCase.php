<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\Page;
use Telemed\Tests\WordPress\ClinicTestCase;

/** A clinic that runs KiviCare, empty for each test; what its people do through the core's routes. */
abstract class KivicareTestCase extends ClinicTestCase
{
    /** Ids of the rows that scripts/lib/prepare-kivicare.php makes: service of a doctor in the first clinic. */
    protected const VIDEO_DOCTOR1 = 1;
    protected const VIDEO_DOCTOR2 = 2;
    protected const PAID_VIDEO_DOCTOR1 = 3;
    protected const AT_THE_CLINIC = 5;
    protected const SERVICE_NAME = 'Depression therapy by video';
    protected const ROUTE = 'kivicare/v1/';

    protected function setUp(): void
    {
        parent::setUp();
        $this->forgetKivicare();
    }

    /**
     * But for the core's own change of an appointment that somebody else has just changed: MariaDB refuses it by default since 11.6.2. It
     * is not repeated, and WordPress logs it.
     */
    protected function complaints(): array
    {
        $refused = '~WordPress database error Record has changed since last read in table \'wp_kc_appointments\'; .* for query UPDATE `wp_kc_appointments` SET'
            . '(?!.*TelemedZoom\\\\).* App\\\\baseClasses\\\\(KCBaseModel->save|KCQueryBuilder->update)$~';
        return array_values(preg_grep($refused, parent::complaints(), PREG_GREP_INVERT));
    }

    /** Leaves no changed core behind for the next test. */
    protected function tearDown(): void
    {
        $this->forgetKivicare();
    }

    private function forgetKivicare(): void
    {
        $database = $this->site->database();
        foreach (array('kc_appointments', 'kc_appointment_service_mapping', 'kivicare_standin_mails', 'kc_appointment_zoom_mappings', 'kc_appointment_google_meet_mappings', 'kc_patient_encounters') as $table) {
            $database->query("DELETE FROM wp_{$table}");
        }
        $database->query("DELETE FROM wp_options WHERE option_name LIKE 'kivicare\\_standin%' OR option_name LIKE 'kiviCare\\_%telemed%'");
        $database->query("UPDATE wp_options SET option_value = '' WHERE option_name = 'timezone_string'");
        $database->query("DELETE FROM wp_usermeta WHERE meta_key LIKE 'kiviCare\\_%' OR meta_key LIKE 'zoom\\_%' OR meta_key IN ('telemed_type', 'timezone')");
        $database->close();
    }

    /** The core as a test wants it: see App\baseClasses\KCStandIn. */
    protected function standIn(string $name, mixed $value): void
    {
        $this->site->php('update_option("kivicare_standin", [$arguments["name"] => $arguments["value"]] + (array) get_option("kivicare_standin", []));', array('name' => $name, 'value' => $value));
    }

    /** A request of the core's screens. @param ?array<string, mixed> $body */
    protected function kc(string $person, string $method, string $route, ?array $body = null): Page
    {
        return $this->browser($person)->rest($method, self::ROUTE . ltrim($route, '/'), $body);
    }

    /** The day of bookings, some weeks from now: the same all the time, also when a day ends meanwhile. */
    protected static function day(): string
    {
        static $day = null;
        return $day ??= gmdate('Y-m-d', time() + 30 * 86400);
    }

    /** @return array<string, mixed> a booking's fields: a date some weeks from now, UTC unless said otherwise */
    protected function booking(array $changes = array()): array
    {
        return array_merge(
            array(
                'appointmentStartDate' => self::day(),
                'appointmentStartTime' => '09:00',
                'clinicId' => 1,
                'doctorId' => $this->site->userId('doctor1'),
                'patientId' => $this->site->userId('patient'),
                'serviceId' => array(self::VIDEO_DOCTOR1),
                'description' => 'x',
                'status' => 1,
            ),
            $changes
        );
    }

    /** Books as staff do, or as the patient does; the id of the appointment. */
    protected function book(string $person = 'receptionist', array $changes = array()): int
    {
        $page = $this->kc($person, 'POST', 'appointments', $this->booking($changes));
        $this->assertSame(201, $page->status, $page->body);
        return (int) $page->json()['data']['id'];
    }

    /** @return ?array<string, string|null> a row of one of the core's tables */
    protected function hostRow(string $table, string $column, int $value): ?array
    {
        $database = $this->site->database();
        $row = $database->query("SELECT * FROM wp_{$table} WHERE {$column} = {$value} ORDER BY id")->fetch_assoc();
        $database->close();
        return is_array($row) ? $row : null;
    }

    /** @return ?array<string, string|null> */
    protected function mapping(int $appointment): ?array
    {
        return $this->hostRow('kc_appointment_zoom_mappings', 'appointment_id', $appointment);
    }

    /** The core's table has no link of an appointment; what was mailed of it may be noted. */
    protected function assertNoLink(int $appointment): void
    {
        $mapping = $this->mapping($appointment) ?? array();
        $this->assertSame(array(), array_filter(array_intersect_key($mapping, array_flip(array('zoom_id', 'zoom_uuid', 'start_url', 'join_url', 'password')))));
    }

    /** @return list<string> what is noted of the core's own e-mails, without the sequences and the doctor */
    protected function notedMails(int $appointment): array
    {
        $notes = json_decode((string) ($this->mapping($appointment)['extra'] ?? ''), true);
        return array_map(static fn (string $note): string => explode(' ', $note)[0], $notes['mailed'] ?? array());
    }

    /** @return list<array{template: string, recipient: string, link: ?string}> what the core has queued */
    protected function queuedMails(int $appointment): array
    {
        $database = $this->site->database();
        $rows = $database->query("SELECT template, recipient, link FROM wp_kivicare_standin_mails WHERE appointment = {$appointment} ORDER BY id")->fetch_all(MYSQLI_ASSOC);
        $database->close();
        return $rows;
    }

    /** @return ?array<string, string|null> our row of an appointment */
    protected function ledgerRow(int $appointment): ?array
    {
        return $this->records()->visits->ofAppointment('kivicare', $appointment);
    }

    /** Carries out what is due, as cron does. */
    protected function runDue(): void
    {
        $this->site->php('\TelemedZoom\Plugin::instance()->worker->runDue(30.0);');
    }

    /** The night's work, twice, a quarter of an hour apart: what contradicts the ledger is believed then. */
    protected function night(): void
    {
        foreach (array(0, 1_000) as $seconds) {
            $this->site->php(
                'add_filter("telemed_now", static fn (int $now): int => $now + $arguments["seconds"]); do_action("telemed_nightly");',
                array('seconds' => $seconds)
            );
        }
    }

    /**
     * Our row once it is in a state: the worker goes on after the core has answered.
     *
     * @return array<string, string|null>
     */
    protected function visit(int $appointment, string $state = 'made'): array
    {
        $this->site->awaitRequests();
        for ($attempt = 0; $attempt < 60; $attempt++) {
            $row = $this->ledgerRow($appointment);
            if (($row['state'] ?? null) === $state) {
                return $row;
            }
            usleep(100_000);
            if (20 === $attempt) {
                $this->runDue();
            }
        }
        $this->fail("the visit of appointment {$appointment} is not {$state} but " . json_encode($row ?? null));
    }

    /** The meeting at Zoom, of which there is exactly one in all. @return array<string, mixed> */
    protected function onlyMeeting(): array
    {
        $meetings = $this->meetings();
        $this->assertCount(1, $meetings);
        return $meetings[0];
    }

    /** The address that people hold. @param array<string, string|null> $row */
    protected function visitLink(array $row): string
    {
        return $this->site->url('/?telemed_visit=' . $row['visit_key']);
    }

    /** What is due at Zoom and at the clinic has been done: the leftovers, too. */
    protected function settle(): void
    {
        $this->site->awaitRequests();
        for ($attempt = 0; $attempt < 30; $attempt++) {
            $this->runDue();
            if (0 === $this->records()->unwanted->count() + $this->records()->visits->countToDo()) {
                return;
            }
            usleep(100_000);
        }
    }

    /** Within the join window. @param array<string, mixed> $changes */
    protected function bookSoon(array $changes = array()): int
    {
        $soon = time() + 300;
        return $this->book('receptionist', $changes + array('appointmentStartDate' => gmdate('Y-m-d', $soon), 'appointmentStartTime' => gmdate('H:i', $soon)));
    }

    /**
     * Somebody who works or is treated at the first clinic, and whom a test may delete.
     *
     * @return int their number
     */
    protected function newPerson(string $login, string $role, string $email): int
    {
        return (int) $this->site->php(
            'require_once ABSPATH . "wp-admin/includes/user.php";
            $old = get_user_by("login", $arguments["login"]);
            $old === false || wp_delete_user($old->ID);
            return wp_insert_user(["user_login" => $arguments["login"], "user_pass" => $arguments["password"], "user_email" => $arguments["email"], "display_name" => ucfirst($arguments["login"]), "role" => "kiviCare_" . $arguments["role"]]);',
            array('login' => $login, 'role' => $role, 'email' => $email, 'password' => $this->site->password('patient'))
        );
    }

    /** The free video service of a doctor in a clinic. @return int the mapping that is booked */
    protected function videoService(int $doctor, int $clinic = 1): int
    {
        return (int) $this->site->php(
            'global $wpdb; $wpdb->insert($wpdb->prefix . "kc_service_doctor_mapping", ["service_id" => 1, "doctor_id" => $arguments["doctor"], "clinic_id" => $arguments["clinic"], "charges" => "0", "telemed_service" => "yes", "duration" => 30]); return $wpdb->insert_id;',
            array('doctor' => $doctor, 'clinic' => $clinic)
        );
    }

    /** @return list<array<string, mixed>> mails that WordPress sent to an address */
    protected function mailsTo(string $address): array
    {
        return array_values(array_filter($this->site->mails(), static fn (array $mail): bool => in_array($address, (array) $mail['to'], true)));
    }

    /** The doctor looks at the core's screen and, after the second that a person takes, confirms Disconnect. */
    protected function disconnect(string $doctor): Page
    {
        $this->kc($doctor, 'GET', 'settings/zoom-telemed/doctor-config');
        usleep(1_100_000);
        return $this->kc($doctor, 'GET', 'settings/zoom-telemed/disconnect');
    }

    /** The doctor connects through the screens of KiviCare. */
    protected function connect(string $doctor, string $zoomUser): Page
    {
        $authorize = $this->kc($doctor, 'GET', 'settings/zoom-telemed/authorize');
        $this->assertSame(200, $authorize->status, $authorize->body);
        $consent = $this->browser($doctor)->get($authorize->json()['data']['redirect_url']);
        $page = $this->consent($this->browser($doctor), $consent, $zoomUser);
        $this->assertStringContainsString('zoom_connected=1', $page->url);
        return $page;
    }
}
