<?php
/**
 * Who is a doctor: the capability telemed_host, given at activation to administrators, to the role Telemed doctor, and to
 * KiviCare's doctor role whenever that exists.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class Capabilities
{
    /** Holds meetings of their own. */
    public const HOST = 'telemed_host';
    /** Sees and changes everybody's. */
    public const ADMIN = 'manage_options';
    public const ROLE = 'telemed_doctor';
    public const KIVICARE_ROLE = 'kiviCare_doctor';

    public function register(): void
    {
        // KiviCare may be installed later, and its updates write its roles anew.
        add_action('init', [$this, 'grantToKivicare'], 20);
    }

    public function grant(): void
    {
        add_role(self::ROLE, __('Telemed doctor', 'telemed-zoom'), ['read' => true, self::HOST => true]);
        get_role('administrator')?->add_cap(self::HOST);
        $this->grantToKivicare();
    }

    public function grantToKivicare(): void
    {
        $role = get_role(self::KIVICARE_ROLE);
        // A capability set to false was denied on purpose.
        if ($role !== null && !array_key_exists(self::HOST, $role->capabilities)) {
            $role->add_cap(self::HOST);
        }
    }

    public function revoke(): void
    {
        remove_role(self::ROLE);
        foreach (array_keys(wp_roles()->roles) as $name) {
            get_role($name)?->remove_cap(self::HOST);
        }
    }

    public static function isAdmin(?int $user = null): bool
    {
        return $user === null ? current_user_can(self::ADMIN) : user_can($user, self::ADMIN);
    }

    public static function isDoctor(?int $user = null): bool
    {
        return $user === null ? current_user_can(self::HOST) : user_can($user, self::HOST);
    }

    /** Administrators see every meeting, a doctor their own, others none. */
    public static function mayManage(int $doctor): bool
    {
        return self::isAdmin() || (self::isDoctor() && get_current_user_id() === $doctor);
    }

    /** The capability of menu entries that both administrators and doctors see. */
    public static function menu(): string
    {
        return self::isAdmin() ? self::ADMIN : self::HOST;
    }
}
