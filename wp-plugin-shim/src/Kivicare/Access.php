<?php
/**
 * Who somebody is to an appointment. KiviCare's core asks nobody whose appointment it is, so we do, before any link is shown.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Site\Capabilities;

defined('ABSPATH') || exit;

enum Access
{
    case Administrator;
    /** Clinic administrator or receptionist of the appointment's clinic. */
    case Staff;
    case Doctor;
    case Patient;
    case Stranger;

    public static function of(Appointment $appointment, int $user): self
    {
        $data = $user > 0 ? get_userdata($user) : false;
        $roles = $data === false ? [] : $data->roles;
        return match (true) {
            $data === false => self::Stranger,
            $user === $appointment->doctor => self::Doctor,
            $user === $appointment->patient => self::Patient,
            Capabilities::isAdmin($user) => self::Administrator,
            in_array('kiviCare_clinic_admin', $roles, true) && self::leads($user, $appointment->clinic) => self::Staff,
            in_array('kiviCare_receptionist', $roles, true) && self::receives($user, $appointment->clinic) => self::Staff,
            default => self::Stranger,
        };
    }

    private static function leads(int $user, int $clinic): bool
    {
        return self::exists('kc_clinics', 'clinic_admin_id', $user, 'id', $clinic);
    }

    private static function receives(int $user, int $clinic): bool
    {
        return self::exists('kc_receptionist_clinic_mappings', 'receptionist_id', $user, 'clinic_id', $clinic);
    }

    /** Asked once in a request, not for each line of a list. */
    private static function exists(string $table, string $who, int $user, string $where, int $clinic): bool
    {
        global $wpdb;
        static $known = [];
        $table = Appointments::table($table);
        // phpcs:ignore WordPress.DB.PreparedSQL
        return $known["$table $user $clinic"] ??= (bool) $wpdb->get_var($wpdb->prepare("SELECT 1 FROM `$table` WHERE `$who` = %d AND `$where` = %d LIMIT 1", $user, $clinic));
    }
}
