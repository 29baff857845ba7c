<?php
/**
 * Plugin Name: Example appointments
 * Description: A small appointment system whose appointments are video visits.
 * Requires Plugins: telemed-zoom
 */

declare(strict_types=1);

namespace Example;

final class Appointments
{
    private const NAME = 'example';
    /** E-mails that go as soon as what they tell stands. */
    private array $mails = [];

    public function register(): void
    {
        add_action('telemed_register_sources', fn($visits) => $visits->register(self::NAME, [
            'title' => 'Example appointments',
            'standing' => $this->standing(...),
            'mails' => $this->mailed(...),
        ]));
    }

    public function book(int $doctor, string $start, string $email): int
    {
        global $wpdb;
        $wpdb->insert('example_appointments', ['doctor' => $doctor, 'start_utc' => $start, 'email' => $email, 'is_off' => 0]);
        $id = $wpdb->insert_id;
        $visit = telemed_visits()->book(self::NAME, (string) $id, self::slot($start) + ['doctor' => $doctor, 'patient' => $email]);
        $this->mail($visit, $email, false);
        return $id;
    }

    /** Of another time this system sends no e-mail: patient and doctor are told by Telemed for Zoom. */
    public function move(int $id, string $start): void
    {
        global $wpdb;
        $wpdb->update('example_appointments', ['start_utc' => $start], ['id' => $id]);
        telemed_visits()->reschedule(self::NAME, (string) $id, self::slot($start));
    }

    public function cancel(int $id): void
    {
        global $wpdb;
        $wpdb->update('example_appointments', ['is_off' => 1], ['id' => $id]);
        $email = $wpdb->get_var($wpdb->prepare('SELECT email FROM example_appointments WHERE id = %d', $id));
        $this->mail(telemed_visits()->cancel(self::NAME, (string) $id), $email, true);
    }

    /** All of it or nothing: where $work throws, neither Zoom nor anybody else has heard of it. */
    public function atomically(callable $work): mixed
    {
        global $wpdb;
        $this->mails = [];
        $wpdb->query('START TRANSACTION');
        try {
            $result = $work($this);
            $wpdb->query('COMMIT');
        } catch (\Throwable $failure) {
            $wpdb->query('ROLLBACK');
            throw $failure;
        }
        array_map(static fn(array $mail) => wp_mail(...$mail), $this->mails);
        return $result;
    }

    private function standing(array $appointments, callable $read): array
    {
        $marks = implode(', ', array_fill(0, count($appointments), '?'));
        $rows = $read("SELECT * FROM example_appointments WHERE id IN ($marks)", $appointments);
        return array_map(
            static fn(array $row): array => self::slot($row['start_utc']) + ['doctor' => $row['doctor'], 'takes_place' => !$row['is_off']],
            array_column($rows, null, 'id')
        );
    }

    private function mailed(array $appointments, callable $read): array
    {
        $marks = implode(', ', array_fill(0, count($appointments), '?'));
        $mails = [];
        foreach ($read("SELECT * FROM example_mails WHERE appointment IN ($marks) ORDER BY id", $appointments) as $row) {
            $mails[$row['appointment']][] = $row;
        }
        return $mails;
    }

    private static function slot(string $start): array
    {
        return ['start_utc' => $start, 'minutes' => 30, 'timezone' => wp_timezone_string()];
    }

    /** Notes within the transaction that patient and doctor are mailed, and which state of the visit they are told. */
    private function mail(array|\WP_Error $visit, string $email, bool $isOff): void
    {
        global $wpdb;
        if (is_wp_error($visit)) {
            return;
        }
        $which = array_intersect_key($visit, ['appointment' => 1, 'doctor' => 1, 'sequence' => 1]);
        $wpdb->insert('example_mails', $which + ['is_off' => (int) $isOff]);
        $mail = $isOff ? ['Your appointment is cancelled', 'See you another time.'] : ['Your appointment', $visit['link']];
        foreach ([$email, get_userdata($visit['doctor'])->user_email] as $to) {
            $this->mails[] = [$to, ...$mail];
        }
    }
}

(new Appointments())->register();
