<?php
/**
 * E-mails of connections that have ended or are about to. The doctor gets one that says since or until when, why, and which visits
 * it endangers; administrators get the same of the first, and one of all that end soon after, as when the key is lost. What was told
 * is kept until it is mended.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Mail\Mail;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Signals;

defined('ABSPATH') || exit;

final class ConnectionMails
{
    /** User option, kept per blog, while the connection is dead: what was told. */
    private const META_ENDED = 'telemed_connection_ended';
    private const MOST_LISTED = 25;
    /** When administrators were last told of a connection. */
    private const SIGNAL_TOLD = 'connections_told';
    private const GATHER_SECONDS = 10 * MINUTE_IN_SECONDS;
    private const LOCK = 'ended';

    private readonly Signals $signals;

    public function __construct(private readonly Database $database, private readonly LedgerQueries $queries)
    {
        $this->signals = new Signals($database);
    }

    public static function isTold(int $doctor): bool
    {
        return get_user_option(self::META_ENDED, $doctor) !== false;
    }

    /** Until when a connection goes on of which it is told that it ends soon, in Unix seconds; 0: it has ended. */
    public static function until(int $doctor): int
    {
        return (int) (self::told($doctor)['until'] ?? 0);
    }

    public static function forget(int $doctor): void
    {
        delete_user_option($doctor, self::META_ENDED);
    }

    /**
     * @param ?\DateTimeImmutable $since when it has ended, where that is known
     * @param ?\DateTimeImmutable $until when it ends; null: it has ended
     */
    public function tell(int $doctor, string $reason, ?\DateTimeImmutable $since, ?\DateTimeImmutable $until): void
    {
        try {
            if ($this->claim($doctor, $reason, $until)) {
                $this->mail($doctor, $since, $reason, $this->isAlone($doctor), $until);
            }
        } catch (DatabaseException) {
            return;
        }
    }

    /** The doctor has removed the app at Zoom. Nothing of the connection is left that could be told again. */
    public function deauthorized(int $doctor): void
    {
        self::forget($doctor);
        $this->mail($doctor, null, __('the app was removed from the Zoom account, and what this site knew of that account is deleted', 'telemed-zoom'), true);
    }

    /** Administrators learn of all connections that ended soon after the last they were told of. */
    public function tellGathered(): void
    {
        try {
            $told = $this->signals->get(self::SIGNAL_TOLD);
            if ($told === 0 || $told > Clock::now() - self::GATHER_SECONDS || !$this->database->lock(self::LOCK, 0.0)) {
                return;
            }
            try {
                $gathered = array_filter(self::ended(), static fn(int $doctor): bool => !empty(self::told($doctor)['gathered']));
                if ($gathered === []) {
                    $this->signals->clear(self::SIGNAL_TOLD);
                    return;
                }
                $this->mailGathered($gathered);
                $this->signals->set(self::SIGNAL_TOLD, Clock::now());
                foreach ($gathered as $doctor) {
                    update_user_option($doctor, self::META_ENDED, ['gathered' => false] + self::told($doctor));
                }
            } finally {
                $this->database->unlock(self::LOCK);
            }
        } catch (DatabaseException) {
            // The next run tells.
            return;
        }
    }

    /** @return list<int> doctors whose connection is dead or about to be, as far as anybody has looked */
    public static function ended(): array
    {
        global $wpdb;
        return array_map('intval', get_users([
            'blog_id' => 0,
            'meta_key' => $wpdb->get_blog_prefix() . self::META_ENDED, // phpcs:ignore WordPress.DB.SlowDBQuery
            'fields' => 'ID',
        ]));
    }

    /** @param array<int, int> $doctors */
    private function mailGathered(array $doctors): void
    {
        $lines = array_map(fn(int $doctor): string => sprintf(
            /* translators: 1: name of a doctor, 2: number of visits, 3: the reason */
            __('- %1$s, with %2$d upcoming visits: %3$s', 'telemed-zoom'),
            Doctors::name($doctor),
            count($this->queries->upcomingOfDoctor($doctor)),
            (string) (self::told($doctor)['reason'] ?? '')
        ), array_slice($doctors, 0, self::MOST_LISTED));
        if (count($doctors) > self::MOST_LISTED) {
            /* translators: %d: number of doctors */
            $lines[] = sprintf(__('and %d more', 'telemed-zoom'), count($doctors) - self::MOST_LISTED);
        }
        Mail::administrators(
            /* translators: %d: number of doctors */
            sprintf(_n('%d more doctor must connect Zoom again', '%d more doctors must connect Zoom again', count($doctors), 'telemed-zoom'), count($doctors)),
            __('The connections of these doctors to Zoom have ended or are about to:', 'telemed-zoom') . "\n\n" . implode("\n", $lines) . "\n\n" .
                __('Each can only connect again themselves, on their own profile, and has been told by e-mail:', 'telemed-zoom') . ' ' . AdminPages::profile()
        );
    }

    /** @return array{told?: int, reason?: string, until?: ?int, gathered?: bool} */
    private static function told(int $doctor): array
    {
        return (array) (get_user_option(self::META_ENDED, $doctor) ?: []);
    }

    /** Whether administrators are told of this one at once; else it is gathered. */
    private function isAlone(int $doctor): bool
    {
        if (!$this->database->lock(self::LOCK, 5.0)) {
            return true;
        }
        try {
            $isAlone = $this->signals->get(self::SIGNAL_TOLD) === 0;
            if ($isAlone) {
                $this->signals->set(self::SIGNAL_TOLD, Clock::now());
            } else {
                update_user_option($doctor, self::META_ENDED, ['gathered' => true] + self::told($doctor));
            }
            return $isAlone;
        } finally {
            $this->database->unlock(self::LOCK);
        }
    }

    private function mail(
        int $doctor,
        ?\DateTimeImmutable $since,
        string $reason,
        bool $toAdministrators,
        ?\DateTimeImmutable $until = null
    ): void {
        $user = get_userdata($doctor);
        if ($user === false) {
            return;
        }
        try {
            $upcoming = $this->queries->upcomingOfDoctor($doctor);
        } catch (DatabaseException) {
            $upcoming = [];
        }
        $zone = Doctors::timezone($doctor);
        $moment = $until ?? $since;
        $what = sprintf(
            $until === null
                /* translators: 1: name of a doctor, 2: since when, or nothing, 3: the reason */
                ? __('The connection of %1$s to Zoom has ended%2$s: %3$s', 'telemed-zoom')
                /* translators: 1: name of a doctor, 2: until when, 3: the reason */
                : __('The connection of %1$s to Zoom still works, but ends soon%2$s: %3$s', 'telemed-zoom'),
            $user->display_name,
            $moment === null ? '' : ' (' . self::moment($moment, $zone) . ')',
            rtrim($reason, '.') . '.'
        ) . "\n\n" . self::endangered($upcoming, $zone);
        Mail::send(
            $user->user_email,
            __('Connect Zoom again', 'telemed-zoom'),
            $what . "\n\n" . __('Log in, open your profile and click Authorize with Zoom; everything goes on then:', 'telemed-zoom') . ' ' . AdminPages::profile()
        );
        if (!$toAdministrators) {
            return;
        }
        Mail::administrators(
            /* translators: %s: name of a doctor */
            sprintf(__('%s must connect Zoom again', 'telemed-zoom'), $user->display_name),
            $what . "\n\n" . __('Only the doctor can do so, on their own profile, and has been told by e-mail:', 'telemed-zoom') . ' ' . AdminPages::profile(),
            [$user->user_email]
        );
    }

    /** Of requests at the same moment one tells. */
    private function claim(int $doctor, string $reason, ?\DateTimeImmutable $until): bool
    {
        $lock = 'ended:' . $doctor;
        if (!$this->database->lock($lock, 0.0)) {
            return false;
        }
        try {
            // Another process may have told since this one read its options.
            wp_cache_delete($doctor, 'user_meta');
            if (self::isTold($doctor)) {
                return false;
            }
            $told = ['told' => Clock::now(), 'reason' => $reason, 'until' => $until?->getTimestamp()];
            update_user_option($doctor, self::META_ENDED, $told);
            return true;
        } finally {
            $this->database->unlock($lock);
        }
    }

    /** @param list<MeetingRecord> $upcoming */
    private static function endangered(array $upcoming, \DateTimeZone $zone): string
    {
        if ($upcoming === []) {
            return __('No upcoming visit depends on it.', 'telemed-zoom');
        }
        $lines = [sprintf(
            /* translators: 1: number of visits, 2: time zone */
            _n('%1$d upcoming visit depends on it (times in %2$s):', '%1$d upcoming visits depend on it (times in %2$s):', count($upcoming), 'telemed-zoom'),
            count($upcoming),
            $zone->getName()
        )];
        foreach (array_slice($upcoming, 0, self::MOST_LISTED) as $row) {
            $lines[] = '- ' . self::moment($row->start, $zone);
        }
        if (count($upcoming) > self::MOST_LISTED) {
            /* translators: %d: number of visits */
            $lines[] = sprintf(__('and %d more', 'telemed-zoom'), count($upcoming) - self::MOST_LISTED);
        }
        return implode("\n", $lines);
    }

    private static function moment(\DateTimeImmutable $moment, \DateTimeZone $zone): string
    {
        return (string) wp_date(get_option('date_format') . ' ' . get_option('time_format'), $moment->getTimestamp(), $zone);
    }
}
