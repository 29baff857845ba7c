<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Records;
use Telemed\Tests\Site;

/** KiviCare's stand-in, driven through its HTTP routes; php-fpm's processes are killed in the middle of requests, too. */
final class Kivicare implements AppointmentSystem
{
    /** Services of scripts/lib/prepare-kivicare.php. */
    private const VIDEO = 1;
    private const PAID_VIDEO = 2;

    public function source(): string
    {
        return 'kivicare';
    }

    public function doctorRole(): string
    {
        return 'kiviCare_doctor';
    }

    public function appointmentsPerDoctor(): int
    {
        // Regenerate, payments and what happens at the same moment make a life longer.
        return 8;
    }

    public function prepare(Site $site, array $doctors, int $actors): array
    {
        return $site->php(
            <<<'CODE'
            global $wpdb;
            $table = $wpdb->prefix . 'kc_';
            foreach (['kc_appointments', 'kc_appointment_service_mapping', 'kivicare_standin_mails', 'kc_appointment_zoom_mappings'] as $name) {
                $wpdb->query("DELETE FROM {$wpdb->prefix}{$name}");
            }
            // Each process has people of its own: WordPress loses a login of two at the same moment.
            $people = [];
            for ($number = 0; $number < $arguments['actors']; $number++) {
                foreach (['receptionist', 'patient'] as $role) {
                    $login = "storm{$role}{$number}";
                    $user = get_user_by('login', $login);
                    $people[$number][$role] = ['login' => $login, 'id' => $user !== false ? $user->ID : wp_insert_user([
                        'user_login' => $login,
                        'user_pass' => $arguments['password'],
                        'user_email' => "{$login}@clinic.example",
                        'role' => "kiviCare_{$role}",
                    ])];
                }
                $wpdb->replace("{$table}receptionist_clinic_mappings", ['receptionist_id' => $people[$number]['receptionist']['id'], 'clinic_id' => 1]);
            }
            $services = [];
            foreach ($arguments['doctors'] as $doctor) {
                $wpdb->delete("{$table}service_doctor_mapping", ['doctor_id' => $doctor]);
                foreach ($arguments['services'] as $price => $service) {
                    $wpdb->insert("{$table}service_doctor_mapping", ['service_id' => $service, 'doctor_id' => $doctor, 'clinic_id' => 1, 'charges' => $price, 'telemed_service' => 'yes', 'duration' => 30]);
                    $services[$doctor][] = $wpdb->insert_id;
                }
            }
            return ['people' => $people, 'services' => $services];
            CODE,
            array(
                'actors' => $actors,
                'doctors' => $doctors,
                'password' => $site->password('patient'),
                'services' => array(0 => self::VIDEO, 50 => self::PAID_VIDEO),
            )
        );
    }

    public function actor(Site $site, int $number): array
    {
        return array(__DIR__ . '/kivicare-process.php', (string) $number);
    }

    public function kill(Site $site, \Random\Randomizer $random): int
    {
        $workers = self::fpmWorkers(dirname($site->wordpress()));
        return array() !== $workers && posix_kill($workers[$random->getInt(0, count($workers) - 1)], SIGKILL) ? 1 : 0;
    }

    public function appointments(\mysqli $database): array
    {
        $rows = $database->query('SELECT a.*, u.user_email FROM wp_kc_appointments a JOIN wp_users u ON u.ID = a.patient_id')->fetch_all(MYSQLI_ASSOC);
        return array_map(
            static fn (array $row): array => array(
                'id' => (int) $row['id'],
                'doctor' => (int) $row['doctor_id'],
                'patient' => $row['user_email'],
                'start_utc' => $row['appointment_start_utc'],
                'minutes' => self::minutes($row),
                // Booked, checked in, checked out; cancelled and pending are off.
                'held' => in_array((int) $row['status'], array(1, 3, 4), true),
            ),
            $rows
        );
    }

    public function mails(\mysqli $database): array
    {
        $mails = array();
        foreach ($database->query('SELECT * FROM wp_kivicare_standin_mails ORDER BY id')->fetch_all(MYSQLI_ASSOC) as $row) {
            $mails[(int) $row['appointment']][$row['recipient']][] = array(
                'at' => (float) $row['sent_at'],
                'off' => 'cancel_appointment' === $row['template'],
                'sequence' => null,
                'start' => $row['appointment_start_utc'],
                'minutes' => self::minutes($row),
                'links' => array_filter(array($row['link'])),
            );
        }
        return $mails;
    }

    /** Each visit that is held has one row with its link; no row has a start link, and none of an appointment that is gone has a link. */
    public function damage(\mysqli $database, Site $site): array
    {
        $damage = array();
        $rows = $database->query(
            'SELECT a.id, COUNT(z.id) AS number, MIN(z.join_url) AS link, MAX(z.start_url) AS start FROM wp_kc_appointments a
             LEFT JOIN wp_kc_appointment_zoom_mappings z ON z.appointment_id = a.id WHERE a.status IN (1, 3, 4) GROUP BY a.id'
        );
        $visits = Records::over($database, site: $site)->visits->bySource('kivicare');
        foreach ($rows->fetch_all(MYSQLI_ASSOC) as $row) {
            $key = $visits[$row['id']]['visit_key'] ?? '';
            if ('1' !== $row['number'] || $site->url("/?telemed_visit={$key}") !== $row['link'] || '' !== (string) $row['start']) {
                $damage[] = "appointment {$row['id']} has {$row['number']} rows, the first with {$row['link']}";
            }
        }
        foreach ($database->query('SELECT z.appointment_id FROM wp_kc_appointment_zoom_mappings z LEFT JOIN wp_kc_appointments a ON a.id = z.appointment_id WHERE a.id IS NULL AND z.join_url <> \'\'')->fetch_all() as [$id]) {
            $damage[] = "a link of appointment {$id}, which is gone";
        }
        return $damage;
    }

    /** @param array<string, mixed> $row with the times of an appointment */
    private static function minutes(array $row): int
    {
        return intdiv((int) strtotime($row['appointment_end_utc']) - (int) strtotime($row['appointment_start_utc']), 60);
    }

    /** @return list<int> process ids of this site's php-fpm, the master excepted */
    private static function fpmWorkers(string $folder): array
    {
        $masters = array();
        foreach (file("{$folder}/pids", FILE_IGNORE_NEW_LINES) ?: array() as $line) {
            $pid = (int) $line;
            if (str_contains((string) @file_get_contents("/proc/{$pid}/cmdline"), 'php-fpm')) {
                $masters[] = $pid;
            }
        }
        $workers = array();
        foreach (glob('/proc/[0-9]*/stat') ?: array() as $file) {
            // The name, in parentheses, may hold blanks.
            $fields = explode(' ', ltrim((string) strrchr((string) @file_get_contents($file), ')'), ') '));
            if (in_array((int) ($fields[1] ?? 0), $masters, true)) {
                $workers[] = (int) basename(dirname($file));
            }
        }
        return $workers;
    }
}
