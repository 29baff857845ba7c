<?php
/**
 * Reads KiviCare's tables: over $wpdb what this request sees, its open transaction included; over the plugin's own
 * connection what stands committed. Nothing here waits for a lock: the request that waits for us may hold it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\HostTransaction;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class Appointments
{
    /** As this request sees it. */
    public static function find(int $id): ?Appointment
    {
        return self::findAll([$id])[$id] ?? null;
    }

    /**
     * As this request sees them, in one query.
     *
     * @param list<int> $ids
     * @return array<int, Appointment> by id
     */
    public static function findAll(array $ids): array
    {
        global $wpdb;
        if ($ids === []) {
            return [];
        }
        $marks = implode(', ', array_fill(0, count($ids), '%d'));
        // phpcs:ignore WordPress.DB.PreparedSQL
        return self::read((array) $wpdb->get_results($wpdb->prepare('SELECT * FROM `' . self::table('kc_appointments') . "` WHERE id IN ($marks)", $ids), ARRAY_A));
    }

    /**
     * As this request leaves it: its own changes, and what others have committed since its transaction began. That sees the rows as
     * they stood then, also one that it has just written, where somebody else had written the same: of two payments that are
     * reported at one moment the second would find the appointment pending. The row is the request's own by then; where it is
     * not, nobody is waited for.
     */
    public static function current(int $id): ?Appointment
    {
        global $wpdb;
        $suppressed = $wpdb->suppress_errors();
        [$row, $isRead] = HostTransaction::spare(static function () use ($wpdb, $id): array {
            // phpcs:ignore WordPress.DB.PreparedSQL
            $row = $wpdb->get_row($wpdb->prepare('SELECT * FROM `' . self::table('kc_appointments') . '` WHERE id = %d FOR UPDATE NOWAIT', $id), ARRAY_A);
            return [$row, $wpdb->last_error === ''];
        });
        $wpdb->suppress_errors($suppressed);
        if (!$isRead) {
            // Somebody else's transaction holds it, or the server is too old to know these words.
            return self::find($id);
        }
        return is_array($row) ? Appointment::fromRow($row) : null;
    }

    /**
     * @param list<int> $ids
     * @return array<int, Appointment> those that stand committed, by id
     * @throws \TelemedZoom\Site\DatabaseException
     */
    public static function committed(array $ids, Database $database): array
    {
        if ($ids === []) {
            return [];
        }
        $marks = implode(',', array_fill(0, count($ids), '?'));
        return self::read($database->rows('SELECT * FROM `' . self::table('kc_appointments') . "` WHERE id IN ($marks)", $ids));
    }

    /**
     * Live visits to come, of which nothing is wished, whose appointment is off or gone: the core cancels and deletes much without
     * a hook. The visits to come are read by the index of their ends, which the optimizer would not choose where all are the core's,
     * and of each the appointment by its number.
     *
     * @return array<int, string> appointments by visit, the soonest first
     * @throws \TelemedZoom\Site\DatabaseException
     */
    public static function contradicted(Database $database, VisitTables $tables, int $limit): array
    {
        $rows = $database->rows(
            "SELECT v.id, v.appointment FROM {$tables->visits()} v FORCE INDEX (end_utc)
             LEFT JOIN `" . self::table('kc_appointments') . '` a ON a.id = CAST(v.appointment AS UNSIGNED)
             WHERE v.source = ? AND v.end_utc >= ? AND v.is_off = 0 AND v.pending IS NULL AND (a.id IS NULL OR a.status NOT IN (?, ?, ?))
             ORDER BY v.end_utc, v.id LIMIT ?',
            [Source::NAME, Clock::sql(), ...Appointment::HELD, $limit]
        );
        return array_map('strval', array_column($rows, 'appointment', 'id'));
    }

    /**
     * Those that Google Meet has taken over: it has an event for them, and our row in the core's table has no link.
     *
     * @param list<int> $ids
     * @return array<int, true>
     * @throws \TelemedZoom\Site\DatabaseException
     */
    public static function onGoogleMeet(array $ids, Database $database): array
    {
        if ($ids === [] || !defined('KIVICARE_GOOGLE_MEET_ADDON_VERSION')) {
            return [];
        }
        $marks = implode(',', array_fill(0, count($ids), '?'));
        $rows = $database->rows(
            'SELECT meet.appointment_id AS id FROM `' . self::table('kc_appointment_google_meet_mappings') . '` meet LEFT JOIN `' . MappingTable::name() . "` zoom
             ON zoom.appointment_id = meet.appointment_id AND zoom.join_url <> '' WHERE meet.appointment_id IN ($marks) AND zoom.id IS NULL",
            $ids
        );
        return array_fill_keys(array_map('intval', array_column($rows, 'id')), true);
    }

    /** Whether one of its services is a video visit with this doctor in this clinic. */
    public static function isTelemed(Appointment $appointment): bool
    {
        global $wpdb;
        $services = self::table('kc_appointment_service_mapping');
        $doctors = self::table('kc_service_doctor_mapping');
        // phpcs:disable WordPress.DB.PreparedSQL
        return (bool) $wpdb->get_var($wpdb->prepare(
            "SELECT 1 FROM `$services` booked JOIN `$doctors` offered ON offered.service_id = booked.service_id
             WHERE booked.appointment_id = %d AND offered.doctor_id = %d AND offered.clinic_id = %d AND offered.telemed_service = 'yes' LIMIT 1",
            $appointment->id,
            $appointment->doctor,
            $appointment->clinic
        ));
        // phpcs:enable
    }

    /**
     * @param array<array<string, mixed>> $rows
     * @return array<int, Appointment> by id
     */
    private static function read(array $rows): array
    {
        $found = [];
        foreach ($rows as $row) {
            $appointment = Appointment::fromRow($row);
            if ($appointment !== null) {
                $found[$appointment->id] = $appointment;
            }
        }
        return $found;
    }

    public static function table(string $name): string
    {
        global $wpdb;
        return $wpdb->prefix . $name;
    }
}
