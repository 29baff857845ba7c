<?php
/**
 * Zoom lets each host create and change a hundred meetings per UTC day. Counted over all processes of the site; ten are kept for
 * visits that begin before the day ends. Others may use the same host: when Zoom says that the day is used up, it is.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Ledger\Limits;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class WriteBudget
{
    public const PER_DAY = 100;
    public const KEPT_FOR_TODAY = 10;
    private const KEEP_DAYS = 3;
    /** A new day begins so much late, for this server's clock may be ahead of Zoom's. The extension reckons likewise. */
    private const LATE_SECONDS = 10;

    /** @var array<string, string> on which day this process took its last write, by key of the host */
    private array $taken = [];

    public function __construct(private readonly Database $database)
    {
    }

    /**
     * Takes one write.
     *
     * @param \DateTimeImmutable $start of the visit
     * @return ?int null when it may go; else when to ask again, Unix seconds
     */
    public function claim(string $host, \DateTimeImmutable $start): ?int
    {
        $midnight = self::nextDay();
        $most = $start->getTimestamp() < $midnight ? self::PER_DAY : self::PER_DAY - self::KEPT_FOR_TODAY;
        $key = self::key($host);
        if ($this->takeOrBegin($key, $most)) {
            return null;
        }
        $row = $this->row($key);
        $until = isset($row['blocked_until']) ? (int) strtotime($row['blocked_until'] . ' UTC') : 0;
        return max($until > Clock::now() ? $until : $midnight, Clock::now() + 1);
    }

    /**
     * The same for a visit: of the host's day its patient gets a share, and twice that for visits that begin before the day ends, so
     * that nobody takes the day from all others. Who is due first is the soonest visit.
     *
     * @return ?int as of claim()
     */
    public function claimFor(string $host, MeetingRecord $row): ?int
    {
        $share = self::share($host, $row);
        if ($share === null) {
            return $this->claim($host, $row->start);
        }
        if (!$this->takeOrBegin($share, self::mostOf($row))) {
            return max(self::nextDay(), Clock::now() + 1);
        }
        $wait = $this->claim($host, $row->start);
        if ($wait !== null) {
            $this->release($share);
        }
        return $wait;
    }

    /** giveBack() of claimFor(). */
    public function giveBackFor(string $host, MeetingRecord $row): void
    {
        $this->giveBack($host);
        $share = self::share($host, $row);
        if ($share !== null) {
            $this->release($share);
        }
    }

    /** What a row says that waits after claimFor(). */
    public function reason(string $host, MeetingRecord $row): string
    {
        $share = self::share($host, $row);
        return $share !== null && (int) ($this->row($share)['writes'] ?? 0) >= self::mostOf($row)
            ? __('Of the 100 meetings that Zoom lets a host make and change a day, the visits of one patient may take only a part, and this patient\'s is used up today. It goes on at 00:00 UTC.', 'telemed-zoom')
            : self::usedUp();
    }

    private static function mostOf(MeetingRecord $row): int
    {
        return Limits::writesOfPatient() * ($row->start->getTimestamp() < self::nextDay() ? 2 : 1);
    }

    /** @return ?string key of the patient's share; null where none is known, or there is no limit */
    private static function share(string $host, MeetingRecord $row): ?string
    {
        $patient = $row->patientEmail === null ? $row->patient : strtolower($row->patientEmail);
        return $patient === null || Limits::writesOfPatient() < 1 ? null : self::key("$host\0$patient");
    }

    /**
     * The write that was claimed last for this host made certainly nothing: an outage must not use up the day. It goes back to the
     * day it was taken from, which may be over.
     */
    public function giveBack(string $host): void
    {
        $this->release(self::key($host));
    }

    private function release(string $key): void
    {
        $day = $this->taken[$key] ?? null;
        if ($day !== null) {
            unset($this->taken[$key]);
            $this->database->execute('UPDATE ' . Schema::writes() . ' SET writes = writes - 1 WHERE host = ? AND day = ? AND writes > 0', [$key, $day]);
        }
    }

    private function takeOrBegin(string $key, int $most): bool
    {
        if ($this->take($key, $most)) {
            return true;
        }
        // Perhaps the day has no row yet.
        $this->begin($key);
        return $this->take($key, $most);
    }

    /** One statement asks and takes, so that no two processes take the last one. */
    private function take(string $key, int $most): bool
    {
        $today = self::today();
        $isTaken = $this->database->execute(
            'UPDATE ' . Schema::writes() . ' SET writes = writes + 1 WHERE host = ? AND day = ? AND writes < ? AND (blocked_until IS NULL OR blocked_until <= ?)',
            [$key, $today, $most, Clock::sql()]
        ) === 1;
        if ($isTaken) {
            $this->taken[$key] = $today;
        }
        return $isTaken;
    }

    private function begin(string $key): void
    {
        $this->database->execute('INSERT IGNORE INTO ' . Schema::writes() . ' (host, day) VALUES (?, ?)', [$key, self::today()]);
    }

    /** Zoom has refused: for longer than a minute is for the day. */
    public function noteRefusal(\Telemed\TelemedException $failure, string $host): void
    {
        if ($failure instanceof \Telemed\RateLimitException && $failure->retryAt !== null && $failure->retryAt->getTimestamp() > Clock::now() + MINUTE_IN_SECONDS) {
            $this->block($host, $failure->retryAt->getTimestamp());
        }
    }

    /** Zoom has refused for the day. */
    public function block(string $host, int $until): void
    {
        $this->database->execute(
            'INSERT INTO ' . Schema::writes() . ' (host, day, blocked_until) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE blocked_until = VALUES(blocked_until)',
            [self::key($host), self::today(), gmdate('Y-m-d H:i:s', $until)]
        );
    }

    /** What a row says that waits for the next day. */
    public static function usedUp(): string
    {
        return __('Zoom lets each host make and change 100 meetings a day, and today\'s are used up or kept for today\'s visits. It goes on at 00:00 UTC.', 'telemed-zoom');
    }

    /** Writes of this site for the host on the running UTC day. */
    public function used(string $host): int
    {
        return (int) ($this->row(self::key($host))['writes'] ?? 0);
    }

    /** Until when Zoom refuses this host's writes, Unix seconds; null when it does not. */
    public function blockedUntil(string $host): ?int
    {
        $row = $this->row(self::key($host));
        $until = isset($row['blocked_until']) ? (int) strtotime($row['blocked_until'] . ' UTC') : 0;
        return $until > Clock::now() ? $until : null;
    }

    /** Forgets days that are over. */
    public function tidy(): void
    {
        $this->database->execute('DELETE FROM ' . Schema::writes() . ' WHERE day < ?', [gmdate('Y-m-d', Clock::now() - self::KEEP_DAYS * DAY_IN_SECONDS)]);
    }

    /** When the next day of Zoom's counters begins, some seconds after 00:00 UTC; Unix seconds. */
    public static function nextDay(): int
    {
        return (intdiv(Clock::now() - self::LATE_SECONDS, DAY_IN_SECONDS) + 1) * DAY_IN_SECONDS + self::LATE_SECONDS;
    }

    /** @return ?array<string, mixed> */
    private function row(string $key): ?array
    {
        return $this->database->row('SELECT * FROM ' . Schema::writes() . ' WHERE host = ? AND day = ?', [$key, self::today()]);
    }

    private static function today(): string
    {
        return gmdate('Y-m-d', Clock::now() - self::LATE_SECONDS);
    }

    private static function key(string $host): string
    {
        return sha1($host);
    }
}
