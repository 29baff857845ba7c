<?php
/**
 * Zoom lets each host create and change a hundred meetings per UTC day. Counted over all processes of the site; ten are kept for
 * visits that begin before the day ends. Others may use the same host: when Zoom says that the day is used up, it is.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\Schema;

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
        if ($this->take($key, $most)) {
            return null;
        }
        // Perhaps the day has no row yet.
        $this->begin($key);
        if ($this->take($key, $most)) {
            return null;
        }
        $row = $this->row($key);
        $until = isset($row['blocked_until']) ? (int) strtotime($row['blocked_until'] . ' UTC') : 0;
        return max($until > Clock::now() ? $until : $midnight, Clock::now() + 1);
    }

    /**
     * The write that was claimed last for this host made certainly nothing: an outage must not use up the day. It goes back to the
     * day it was taken from, which may be over.
     */
    public function giveBack(string $host): void
    {
        $key = self::key($host);
        $day = $this->taken[$key] ?? null;
        if ($day !== null) {
            unset($this->taken[$key]);
            $this->database->execute('UPDATE ' . Schema::writes() . ' SET writes = writes - 1 WHERE host = ? AND day = ? AND writes > 0', [$key, $day]);
        }
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
