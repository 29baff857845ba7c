<?php
/**
 * No connection dies silently: whoever comes across a dead one, or one that ends soon, the doctor and the administrators get one
 * e-mail that says since or until when, why, and which visits it endangers, and a notice until it is mended. The same for a client
 * secret that no key opens.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Apps\RefusedGrants;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Mail\Mail;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Site\Notice;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\Signals;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class ConnectionWatch
{
    /** User option, kept per blog, while the connection is dead: what was told. */
    public const META_ENDED = 'telemed_connection_ended';
    /** While the client secret cannot be opened. */
    public const OPTION_SECRET = 'telemed_secret_mailed';
    private const MOST_LISTED = 25;
    /** When administrators were last told of a connection. Of those that end soon after, as when the key is lost, they get one mail. */
    private const SIGNAL_TOLD = 'connections_told';
    private const GATHER_SECONDS = 10 * MINUTE_IN_SECONDS;
    private const LOCK = 'ended';

    private readonly Signals $signals;

    public function __construct(
        private readonly ZoomApps $apps,
        private readonly Settings $settings,
        private readonly Extension $extension,
        private readonly Guard $guard,
        private readonly Database $database,
        private readonly LedgerQueries $queries,
        private readonly VisitStore $store,
        private readonly Handovers $handovers
    ) {
        $this->signals = new Signals($database);
    }

    public function register(): void
    {
        add_action('telemed_connection_seen', [$this, 'see'], 10, 2);
        add_action(RefusedGrants::HOOK, [$this, 'look']);
        add_action('telemed_doctor_connected', [$this, 'mended']);
        add_action(Hooks::RUN, [$this, 'watchSecret'], 5);
        add_action(Hooks::RUN, [$this, 'tellGathered'], 20);
        // Whatever a person has mended, what waited for it need not wait longer.
        add_action('update_option_' . Settings::OPTION, function (): void {
            $this->wake(null);
        });
        add_action('update_option_' . EncryptionKey::OPTION_KNOWN, function (): void {
            $this->wake(null);
        });
        add_action('admin_notices', [$this, 'show']);
    }

    /** What is stored of a doctor's connection was looked at. */
    public function see(int $doctor, ?\Telemed\Connection $connection): void
    {
        if (!$this->guard->mayAct()) {
            return;
        }
        $isTold = get_user_option(self::META_ENDED, $doctor) !== false;
        $isAlive = $connection === null || $connection->status() === 'connected';
        if ($isAlive && $connection?->until() === null) {
            if ($isTold) {
                $this->mended($doctor);
            }
            return;
        }
        if (!$isTold) {
            $this->tell($doctor, $isAlive ? null : $connection->since(), (string) $connection->reason(), $connection->until());
        }
    }

    /** Zoom has just refused a doctor's connection. */
    public function look(int $doctor): void
    {
        try {
            $this->apps->connection($doctor);
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            // Not in this mode, or not readable now: the next look tells.
            return;
        }
    }

    public function mended(int $doctor): void
    {
        delete_user_option($doctor, self::META_ENDED);
        $this->wake($doctor);
    }

    /** @param ?int $doctor null: everybody's */
    public function wake(?int $doctor): void
    {
        try {
            $this->store->queue->wake($doctor, Clock::sql());
            $this->handovers->wake($doctor);
        } catch (DatabaseException) {
            // They are tried at their own time.
            return;
        }
    }

    /** Says once that the client secret must be entered again, and is ready to say so again once it was. */
    public function watchSecret(): void
    {
        if (!$this->extension->isUsable() || !$this->guard->mayAct()) {
            return;
        }
        $isTold = get_option(self::OPTION_SECRET) !== false;
        if ($this->settings->secretIsReadable()) {
            if ($isTold) {
                delete_option(self::OPTION_SECRET);
                $this->wake(null);
            }
            return;
        }
        if ($isTold || !add_option(self::OPTION_SECRET, Clock::now())) {
            return;
        }
        Mail::administrators(
            __('Enter the client secret of the Zoom app again', 'telemed-zoom'),
            __('The stored client secret cannot be opened any more, because the site\'s encryption key has changed or was lost. Until it is entered again, no video visit can be made, moved, cancelled or started from the site. Nothing was deleted, and join links that exist keep working.', 'telemed-zoom') .
                "\n\n" . __('Enter it here:', 'telemed-zoom') . ' ' . AdminPages::settings()
        );
    }

    public function show(): void
    {
        $own = get_user_option(self::META_ENDED, get_current_user_id());
        if ($own !== false && Capabilities::isDoctor() && $this->settings->doctorsConnect()) {
            $until = (int) (((array) $own)['until'] ?? 0);
            Notice::print(
                'error',
                ($until > Clock::now() ? self::endsAt($until) : esc_html__('Your connection to Zoom has ended, so no new video visit of yours can be made, and none that was made through it can be started from here.', 'telemed-zoom')) .
                    ' <a href="' . esc_url(AdminPages::profile()) . '">' . esc_html__('Authorize with Zoom again', 'telemed-zoom') . '</a>',
                'telemed-connection-notice'
            );
        }
        if (!Capabilities::isAdmin() || !AdminPages::isOwn() || !$this->settings->doctorsConnect()) {
            return;
        }
        $names = array_map([Doctors::class, 'name'], self::ended());
        if ($names !== []) {
            Notice::print(
                'error',
                sprintf(
                    /* translators: %s: names of doctors */
                    esc_html__('The connection to Zoom of these doctors has ended or is about to; each authorizes again on their own profile: %s', 'telemed-zoom'),
                    '<strong>' . esc_html(implode(', ', $names)) . '</strong>'
                ),
                'telemed-connections-notice'
            );
        }
    }

    private static function endsAt(int $until): string
    {
        return esc_html(sprintf(
            /* translators: %s: time of day */
            __('Your connection to Zoom ends at %s: Zoom\'s answer to its renewal was lost. From then on no new video visit of yours can be made, and none that was made through it can be started from here.', 'telemed-zoom'),
            (string) wp_date(get_option('time_format'), $until, Doctors::timezone(get_current_user_id()))
        ));
    }

    /** @return list<int> doctors whose connection is dead or about to be, as far as anybody has looked */
    private static function ended(): array
    {
        global $wpdb;
        return array_map('intval', get_users([
            'blog_id' => 0,
            'meta_key' => $wpdb->get_blog_prefix() . self::META_ENDED, // phpcs:ignore WordPress.DB.SlowDBQuery
            'fields' => 'ID',
        ]));
    }

    /** The doctor has removed the app at Zoom. Nothing of the connection is left that could be told again. */
    public function deauthorized(int $doctor): void
    {
        delete_user_option($doctor, self::META_ENDED);
        $this->mail($doctor, null, __('the app was removed from the Zoom account, and what this site knew of that account is deleted', 'telemed-zoom'), true);
    }

    /** Administrators learn of all connections that ended soon after the last they were told of. */
    public function tellGathered(): void
    {
        try {
            $told = $this->signals->get(self::SIGNAL_TOLD);
            if ($told === 0 || $told > Clock::now() - self::GATHER_SECONDS || !$this->guard->mayAct() || !$this->database->lock(self::LOCK, 0.0)) {
                return;
            }
            try {
                $gathered = array_filter(self::ended(), static fn(int $doctor): bool => !empty(((array) get_user_option(self::META_ENDED, $doctor))['gathered']));
                if ($gathered === []) {
                    $this->signals->clear(self::SIGNAL_TOLD);
                    return;
                }
                $this->mailGathered($gathered);
                $this->signals->set(self::SIGNAL_TOLD, Clock::now());
                foreach ($gathered as $doctor) {
                    update_user_option($doctor, self::META_ENDED, array_diff_key((array) get_user_option(self::META_ENDED, $doctor), ['gathered' => 0]));
                }
            } finally {
                $this->database->unlock(self::LOCK);
            }
        } catch (DatabaseException) {
            // The next run tells.
            return;
        }
    }

    /** @param array<int, int> $doctors */
    private function mailGathered(array $doctors): void
    {
        $lines = array_map(fn(int $doctor): string => sprintf(
            /* translators: 1: name of a doctor, 2: number of visits, 3: the reason */
            __('- %1$s, with %2$d upcoming visits: %3$s', 'telemed-zoom'),
            Doctors::name($doctor),
            count($this->queries->upcomingOfDoctor($doctor)),
            (string) (((array) get_user_option(self::META_ENDED, $doctor))['reason'] ?? '')
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
                update_user_option($doctor, self::META_ENDED, ['gathered' => true] + (array) get_user_option(self::META_ENDED, $doctor));
            }
            return $isAlone;
        } finally {
            $this->database->unlock(self::LOCK);
        }
    }

    private function tell(int $doctor, ?\DateTimeImmutable $since, string $reason, ?\DateTimeImmutable $until = null): void
    {
        try {
            if ($this->claim($doctor, $reason, $until)) {
                $this->mail($doctor, $since, $reason, $this->isAlone($doctor), $until);
            }
        } catch (DatabaseException) {
            return;
        }
    }

    private function mail(int $doctor, ?\DateTimeImmutable $since, string $reason, bool $toAdministrators, ?\DateTimeImmutable $until = null): void
    {
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
            if (get_user_option(self::META_ENDED, $doctor) !== false) {
                return false;
            }
            update_user_option($doctor, self::META_ENDED, ['told' => Clock::now(), 'reason' => $reason, 'until' => $until?->getTimestamp()]);
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
