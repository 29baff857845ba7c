<?php
/**
 * Reads KiviCare's tables: over $wpdb what this request sees, its open transaction included; over the plugin's own
 * connection what stands committed. Nothing here waits for a lock: the request that waits for us may hold it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Site\Database;

defined('ABSPATH') || exit;

final class Appointments
{
    /** As this request sees it. */
    public static function find(int $id): ?Appointment
    {
        global $wpdb;
        // phpcs:ignore WordPress.DB.PreparedSQL
        $row = $wpdb->get_row($wpdb->prepare('SELECT * FROM `' . self::table('kc_appointments') . '` WHERE id = %d', $id), ARRAY_A);
        return is_array($row) ? Appointment::fromRow($row) : null;
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
        // phpcs:ignore WordPress.DB.PreparedSQL
        $row = $wpdb->get_row($wpdb->prepare('SELECT * FROM `' . self::table('kc_appointments') . '` WHERE id = %d FOR UPDATE NOWAIT', $id), ARRAY_A);
        $isRead = $wpdb->last_error === '';
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
        $found = [];
        foreach ($database->rows('SELECT * FROM `' . self::table('kc_appointments') . "` WHERE id IN ($marks)", $ids) as $row) {
            $appointment = Appointment::fromRow($row);
            if ($appointment !== null) {
                $found[$appointment->id] = $appointment;
            }
        }
        return $found;
    }

    /**
     * Those that Google Meet has taken over: it has an event for them, and our row in the core's table is gone.
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
             ON zoom.appointment_id = meet.appointment_id WHERE meet.appointment_id IN ($marks) AND zoom.id IS NULL",
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

    public static function table(string $name): string
    {
        global $wpdb;
        return $wpdb->prefix . $name;
    }
}
