<?php
/**
 * The doctors of this site: users with the capability telemed_host, and what is kept about each.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

use TelemedZoom\Site\Capabilities;

defined('ABSPATH') || exit;

final class Doctors
{
    /** User options, kept per blog. */
    public const META_TIMEZONE = 'telemed_timezone';
    public const META_CONNECTED = 'telemed_connected';
    public const META_AUTHORIZING = 'telemed_authorizing';

    /** @return list<\WP_User> by name */
    public static function all(): array
    {
        return array_values(get_users(['capability' => Capabilities::HOST, 'orderby' => 'display_name']));
    }

    public static function name(int $doctor): string
    {
        $user = get_userdata($doctor);
        return $user === false
            ? sprintf(
                /* translators: %d: number of a user */
                __('former user %d', 'telemed-zoom'),
                $doctor
            )
            : $user->display_name;
    }

    /** Whether there is such a user on this site, whatever they may do. */
    public static function isHere(int $doctor): bool
    {
        return get_userdata($doctor) !== false && (!is_multisite() || is_user_member_of_blog($doctor) || is_super_admin($doctor));
    }

    /** What patients read; '' when who held the visit is gone. */
    public static function nameForPatients(int $doctor): string
    {
        return self::isHere($doctor) ? self::name($doctor) : '';
    }

    /** The doctor's own zone, else the site's. */
    public static function timezone(int $doctor): \DateTimeZone
    {
        $name = get_user_option(self::META_TIMEZONE, $doctor);
        return is_string($name) && self::isTimezone($name) ? new \DateTimeZone($name) : wp_timezone();
    }

    /** The zone that a new visit is offered with; '' when the site has only an offset, which knows no daylight saving. */
    public static function timezoneName(int $doctor): string
    {
        $name = self::timezone($doctor)->getName();
        return self::isTimezone($name) ? $name : '';
    }

    public static function isTimezone(string $name): bool
    {
        static $names = null;
        $names ??= array_flip(\DateTimeZone::listIdentifiers());
        return isset($names[$name]);
    }

    public static function setTimezone(int $doctor, string $name): void
    {
        if ($name === '') {
            delete_user_option($doctor, self::META_TIMEZONE);
        } elseif (self::isTimezone($name)) {
            update_user_option($doctor, self::META_TIMEZONE, $name);
        }
    }

    /** @return list<int> users who have connected at some time */
    public static function everConnected(): array
    {
        global $wpdb;
        return array_map('intval', get_users([
            'blog_id' => 0,
            'meta_key' => $wpdb->get_blog_prefix() . self::META_CONNECTED, // phpcs:ignore WordPress.DB.SlowDBQuery
            'fields' => 'ID',
        ]));
    }
}
