<?php
/**
 * When something that failed is tried again: soon at first, then more rarely, and never so late that the visit begins meanwhile.
 * While it should be running, people are waiting: it is tried every minute.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;

defined('ABSPATH') || exit;

final class Backoff
{
    /** What mends itself: network, 5xx, limits. */
    private const FIRST_SECONDS = 60;
    private const LONGEST_SECONDS = HOUR_IN_SECONDS;
    /** What a person must mend: whoever does wakes the rows. */
    private const FIRST_SECONDS_PERSON = 5 * MINUTE_IN_SECONDS;
    private const LONGEST_SECONDS_PERSON = 6 * HOUR_IN_SECONDS;
    private const SHORTEST_SECONDS = 30;
    private const BEGUN_SECONDS = 60;

    /**
     * @param int                 $tries so many have failed before
     * @param ?\DateTimeImmutable $start of the visit
     * @return int Unix seconds
     */
    public static function after(Problem|\Telemed\TelemedException $failure, int $tries, ?\DateTimeImmutable $start): int
    {
        $now = Clock::now();
        if ($failure instanceof \Telemed\TransportException && $failure->retryAt !== null) {
            // The extension's own patience, a minute at most.
            return max($failure->retryAt->getTimestamp(), $now + 1);
        }
        $named = $failure instanceof \Telemed\RateLimitException ? $failure->retryAt?->getTimestamp() : null;
        $mendsItself = $failure instanceof \Telemed\TelemedException && $failure->isRetryable();
        [$first, $longest] = match (true) {
            // Whoever says 'in a second' each time is asked ever more rarely.
            $named !== null => [1, self::LONGEST_SECONDS],
            $mendsItself => [self::FIRST_SECONDS, self::LONGEST_SECONDS],
            default => [self::FIRST_SECONDS_PERSON, self::LONGEST_SECONDS_PERSON],
        };
        $wait = min($first * 2 ** min($tries, 16), $longest);
        if ($start !== null) {
            $left = $start->getTimestamp() - $now;
            $wait = min($wait, $left > 0 ? max(self::SHORTEST_SECONDS, intdiv($left, 10)) : self::BEGUN_SECONDS);
        }
        if ($named !== null) {
            return max($named, $now + $wait);
        }
        // Many rows that failed together do not come back together.
        return $now + (int) ($wait * wp_rand(80, 120) / 100);
    }
}
