<?php
/**
 * The plugin's own pages of wp-admin: what they are called there, and their addresses at the host that this request came to.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;


defined('ABSPATH') || exit;

final class AdminPages
{
    public const MEETINGS = 'telemed-meetings';
    public const MEETING = 'telemed-meeting';
    public const NEW_MEETING = 'telemed-new-meeting';
    public const DOCTORS = 'telemed-doctors';
    public const HANDOVER = 'telemed-handover';
    public const KIVICARE = 'telemed-kivicare';
    public const SETTINGS = 'telemed-settings';
    /** The plugin's part of a doctor's profile. */
    public const PROFILE_ANCHOR = 'telemed-zoom';

    /** Whether the current page is one of them. */
    public static function isOwn(): bool
    {
        $screen = function_exists('get_current_screen') ? get_current_screen() : null;
        return $screen !== null && str_contains($screen->id, 'telemed-');
    }

    /** Whether this is a doctor's profile page, on which what came of a click stands beside the buttons and not far above them. */
    public static function isDoctorsProfile(): bool
    {
        return in_array($GLOBALS['pagenow'] ?? '', ['profile.php', 'user-edit.php'], true) && Capabilities::isDoctor((int) ($GLOBALS['user_id'] ?? 0));
    }

    /** @param string $when 'past' or 'all'; else what is to come */
    public static function meetings(string $when = ''): string
    {
        return !in_array($when, ['past', 'all'], true) ? self::page(self::MEETINGS) : add_query_arg('when', $when, self::page(self::MEETINGS));
    }

    public static function meeting(int $id): string
    {
        return self::page(self::MEETING) . '&id=' . $id;
    }

    public static function newMeeting(): string
    {
        return self::page(self::NEW_MEETING);
    }

    public static function doctors(): string
    {
        return self::page(self::DOCTORS);
    }

    /** What becomes of a doctor's visits. */
    public static function departure(int $doctor): string
    {
        return self::page(self::HANDOVER) . '&doctor=' . $doctor;
    }

    /** What becomes of visits whose meetings former Zoom apps have made. */
    public static function formerApps(): string
    {
        return self::page(self::HANDOVER);
    }

    public static function settings(): string
    {
        return self::page(self::SETTINGS);
    }

    /** The profile of who looks at it. */
    public static function profile(): string
    {
        return admin_url('profile.php') . '#' . self::PROFILE_ANCHOR;
    }

    public static function profileOf(int $user): string
    {
        return add_query_arg('user_id', $user, admin_url('user-edit.php')) . '#' . self::PROFILE_ANCHOR;
    }

    private static function page(string $name): string
    {
        return admin_url('admin.php?page=' . $name);
    }
}
