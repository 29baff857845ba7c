<?php
/**
 * Which Zoom user hosts for which doctor (Server-to-Server mode). Proposed from the e-mail, in force once an administrator
 * confirms it, and unmoved by a later change of e-mail: a doctor who could change the map could hold another's visits.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

use TelemedZoom\Site\Listeners;

defined('ABSPATH') || exit;

final class HostMap
{
    /** User option, kept per blog. */
    public const META = 'telemed_zoom_host';

    /** Who hears that a doctor has a host, by the doctor's number. */
    public readonly Listeners $confirmed;

    public function __construct()
    {
        $this->confirmed = new Listeners();
    }

    public function of(int $doctor): ?Host
    {
        $stored = get_user_option(self::META, $doctor);
        return is_array($stored) && !empty($stored['id']) ? Host::fromArray($stored) : null;
    }

    public function confirm(int $doctor, Host $host): void
    {
        update_user_option($doctor, self::META, $host->toArray());
        $this->confirmed->tell($doctor);
    }

    public function remove(int $doctor): void
    {
        delete_user_option($doctor, self::META);
    }

    /**
     * Other doctors with the same host: Zoom runs one meeting of a host at a time.
     *
     * @param ?list<\WP_User> $doctors all doctors, where the caller has them
     * @return list<int>
     */
    public function othersWith(string $zoomUser, int $doctor, ?array $doctors = null): array
    {
        $others = [];
        foreach ($doctors ?? Doctors::all() as $user) {
            if ($user->ID !== $doctor && $this->of($user->ID)?->id === $zoomUser) {
                $others[] = $user->ID;
            }
        }
        return $others;
    }

    /**
     * Doctors whose e-mail on this site is another than when their host was confirmed.
     *
     * @return list<\WP_User>
     */
    public function changedEmails(): array
    {
        return array_values(array_filter(Doctors::all(), function (\WP_User $user): bool {
            $host = $this->of($user->ID);
            return $host !== null && strcasecmp($host->siteEmail, $user->user_email) !== 0;
        }));
    }

    /**
     * The Zoom user with exactly this doctor's e-mail.
     *
     * @param list<\Telemed\User> $zoomUsers
     */
    public static function proposal(\WP_User $doctor, array $zoomUsers): ?\Telemed\User
    {
        foreach ($zoomUsers as $zoomUser) {
            if ($zoomUser->email() !== null && strcasecmp($zoomUser->email(), $doctor->user_email) === 0) {
                return $zoomUser;
            }
        }
        return null;
    }
}
