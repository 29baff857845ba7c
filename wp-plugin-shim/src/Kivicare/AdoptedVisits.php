<?php
/**
 * The visits that the commercial add-on made: each upcoming one becomes a row of the ledger with the meeting that it has, so
 * that its patient's link goes on; the stored start links, which log in as the doctor, go.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Parts;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\SealedLinks;

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
     * Written as one that is to be changed: the worker then sees whether the meeting is there, sets its time from the
     * appointment, and takes the names of services out of its topic.
     *
     * @param array<string, string|null> $row
     * @param array{mode: string, app: string, account: ?string} $maker
     */
    private function adoptOne(Appointment $appointment, array $row, array $maker): void
    {
        $isOAuth = $maker['mode'] === Settings::MODE_OAUTH;
        $patient = get_userdata($appointment->patient);
        $now = Clock::sql();
        $values = [
            'source' => Source::NAME,
            'appointment' => (string) $appointment->id,
            'doctor' => $appointment->doctor,
            'patient' => $patient === false ? null : $patient->ID,
            'patient_email' => $patient === false ? null : $patient->user_email,
        ] + Visit::wanted($appointment->start, $appointment->minutes, $appointment->timezone)->columns() + [
            'state' => MeetingState::Changing->value,
            'visit_key' => SealedLinks::randomKey(),
            'mode' => $maker['mode'],
            'app' => $maker['app'],
            'zoom_account' => $maker['account'],
            'connection' => $isOAuth ? $this->plugin->site->subject($appointment->doctor) : null,
            'host_id' => $isOAuth ? null : $this->host($maker, (int) $row['zoom_id']),
            'meeting_id' => (int) $row['zoom_id'],
            'uuid' => (string) $row['zoom_uuid'] ?: null,
            'join_url' => (string) $row['join_url'] ?: null,
            'passcode' => (string) $row['password'] ?: null,
            'seen_at' => $now,
            'wished_at' => $now,
            'created_at' => $now,
            'updated_at' => $now,
        ];
        $id = $this->plugin->database->insert(
            'INSERT INTO ' . Schema::meetings() . ' (' . implode(', ', array_keys($values)) . ') VALUES (' . implode(', ', array_fill(0, count($values), '?')) . ')',
            array_values($values)
        );
        $record = $this->ledger->demand($id);
        MappingTable::write($appointment->id, VisitLink::url($record), (string) $row['zoom_id'], (string) $row['zoom_uuid']);
        $this->plugin->afterRequest->settleLater($record);
    }

    /**
     * In Server-to-Server mode a host must be named, and the add-on kept none.
     *
     * @param array{mode: string, app: string, account: ?string} $maker
     */
    private function host(array $maker, int $meeting): ?string
    {
        try {
            return $this->plugin->apps->serverToServerOf((string) $maker['account'], $maker['app'])->client()->within(self::SECONDS)->meeting($meeting)->hostId();
        } catch (Problem | \Telemed\TelemedException) {
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
