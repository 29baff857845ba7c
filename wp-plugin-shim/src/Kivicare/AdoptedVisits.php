<?php
/**
 * The visits that the commercial add-on made: each upcoming one becomes a row of the ledger with the meeting that it has, so
 * that its patient's link goes on; the stored start links, which log in as the doctor, go.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Clinic\Mode;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Parts;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class AdoptedVisits
{
    private const SECONDS = 8.0;

    private readonly Ledger $ledger;

    public function __construct(private readonly Parts $plugin, private readonly Bookings $bookings)
    {
        $this->ledger = $plugin->ledger;
    }

    /** @return list<array<string, string|null>> rows of the add-on's for visits to come that the ledger does not know */
    public function waiting(): array
    {
        global $wpdb;
        $waiting = [];
        $table = MappingTable::name();
        // phpcs:ignore WordPress.DB.PreparedSQL
        foreach ($wpdb->get_results("SELECT * FROM `$table` WHERE zoom_id <> '' ORDER BY id", ARRAY_A) as $row) {
            $appointment = Appointments::find((int) $row['appointment_id']);
            if ($appointment !== null && $appointment->isHeld() && !$appointment->isOver()
                && $this->ledger->findAppointment(Source::NAME, (string) $appointment->id) === null) {
                $waiting[$appointment->id] = self::better($waiting[$appointment->id] ?? null, $row);
            }
        }
        return array_values($waiting);
    }

    public function startUrls(): int
    {
        global $wpdb;
        $table = MappingTable::name();
        // phpcs:ignore WordPress.DB.PreparedSQL
        return (int) $wpdb->get_var("SELECT COUNT(*) FROM `$table` WHERE start_url <> ''");
    }

    /**
     * @param array<int, array{mode: string, app: string, account: ?string}> $makers by doctor; 0 is the clinic's OAuth app
     * @return list<array{'done'|'todo', string}>
     */
    public function adopt(array $makers): array
    {
        global $wpdb;
        $adopted = $wanted = 0;
        foreach ($this->waiting() as $row) {
            $appointment = Appointments::find((int) $row['appointment_id']);
            $maker = $appointment === null ? null : $makers[$appointment->doctor] ?? $makers[0] ?? null;
            if ($appointment === null) {
                continue;
            }
            if ($maker === null || !ctype_digit((string) $row['zoom_id'])) {
                // The add-on had failed to make one.
                $this->bookings->onChange($appointment->id);
                $wanted++;
                continue;
            }
            $this->adoptOne($appointment, $row, $maker);
            $adopted++;
        }
        $table = MappingTable::name();
        // phpcs:ignore WordPress.DB.PreparedSQL
        $removed = (int) $wpdb->query("UPDATE `$table` SET start_url = '' WHERE start_url <> ''");
        $report = [];
        if ($adopted > 0) {
            /* translators: %d: number of visits */
            $report[] = ['done', sprintf(_n('%d visit to come was taken over with its meeting.', '%d visits to come were taken over with their meetings.', $adopted, 'telemed-zoom'), $adopted)];
        }
        if ($wanted > 0) {
            /* translators: %d: number of visits */
            $report[] = ['done', sprintf(_n('%d visit had no meeting and gets one now.', '%d visits had no meeting and get one now.', $wanted, 'telemed-zoom'), $wanted)];
        }
        if ($removed > 0) {
            /* translators: %d: number of links */
            $report[] = ['done', sprintf(_n('%d stored start link was removed.', '%d stored start links were removed.', $removed, 'telemed-zoom'), $removed)];
        }
        return $report;
    }

    /**
     * The worker then sees whether the meeting is there, sets its time from the appointment, and takes the names of services out of its
     * topic. The add-on's core has mailed its people.
     *
     * @param array<string, string|null> $row
     * @param array{mode: string, app: string, account: ?string} $maker
     */
    private function adoptOne(Appointment $appointment, array $row, array $maker): void
    {
        $at = $this->plugin->moments->now();
        $slot = Visit::wanted($appointment->start, $appointment->minutes, $appointment->timezone)->slot();
        $new = \Telemed\Visit::booked(Source::NAME, (string) $appointment->id, $appointment->doctor, $slot, $at);
        $sequence = (int) $new->rows($at)['visit']['sequence'];
        $mails = ['mails' => [['is_off' => false, 'doctor' => $appointment->doctor, 'sequence' => $sequence]]];
        $new = $new->confirm($mails + $new->ownStanding(), true, $at)->withMeeting($this->meeting($appointment, $row, $maker), $at);
        MappingTable::noteMail($appointment->id, Source::mailed(CoreMails::BOOKED, $sequence, $appointment->doctor));
        $patient = get_userdata($appointment->patient);
        $people = $patient === false ? [] : ['patient' => $patient->ID, 'patient_email' => $patient->user_email];
        $visit = $this->ledger->of($this->plugin->store->add($new, $people, $at));
        MappingTable::write($appointment->id, VisitLink::url($visit), (string) $row['zoom_id'], (string) $row['zoom_uuid']);
        $this->plugin->afterRequest->bringOnLater($visit->id, $new->version());
    }

    /**
     * @param array<string, string|null> $row
     * @param array{mode: string, app: string, account: ?string} $maker
     * @return array<string, int|string|null> as \Telemed\Visit::withMeeting() takes it
     */
    private function meeting(Appointment $appointment, array $row, array $maker): array
    {
        $number = (int) $row['zoom_id'];
        $subject = Mode::from($maker['mode'])->doctorsConnect() ? $this->plugin->site->subject($appointment->doctor) : null;
        return $maker + [
            'subject' => $subject,
            // Whose grant it is stands for a Zoom user whom nobody knows.
            'host' => $subject ?? $this->host($maker, $number) ?? '',
            'number' => $number,
            'uuid' => (string) $row['zoom_uuid'] ?: null,
            'join_url' => (string) $row['join_url'] ?: null,
            'passcode' => (string) $row['password'] ?: null,
        ];
    }

    /**
     * In Server-to-Server mode a host must be named, and the add-on kept none.
     *
     * @param array{mode: string, app: string, account: ?string} $maker
     */
    private function host(array $maker, int $meeting): ?string
    {
        try {
            return $this->plugin->opener->serverToServerOf((string) $maker['account'], $maker['app'])->client()->within(self::SECONDS)->meeting($meeting)->hostId();
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            // The row says so when it is tried.
            return null;
        }
    }

    /**
     * A left-over error row may stand before a good one.
     *
     * @param ?array<string, string|null> $known
     * @param array<string, string|null> $row
     * @return array<string, string|null>
     */
    private static function better(?array $known, array $row): array
    {
        return $known === null || !ctype_digit((string) $known['zoom_id']) ? $row : $known;
    }
}
