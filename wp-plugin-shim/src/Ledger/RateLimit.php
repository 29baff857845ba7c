<?php
/**
 * So many of something within so many seconds, counted over all processes of the site: each takes a place, which is free again after
 * that time. Whether one is free the extension says. What is counted is known here by a keyed hash only.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use Telemed\Limit;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class RateLimit
{
    private const PREFIX = 'limit:';
    /** Others may take the place that was seen free. */
    private const TRIES = 20;

    public function __construct(private readonly Database $database, private readonly Site $site)
    {
    }

    public function register(): void
    {
        add_action(Hooks::NIGHTLY, [$this, 'tidy']);
    }

    /**
     * @param string $what    is counted: each has places of its own
     * @param int    $most    places; none below 1 counts as no limit
     * @param int    $seconds until a place is free again
     * @return ?int null: a place is taken, or none is needed; else when to ask again, Unix seconds
     * @throws DatabaseException
     */
    public function claim(string $what, int $most, int $seconds): ?int
    {
        $prefix = $this->prefix($what);
        for ($try = 0; $try < self::TRIES; $try++) {
            $now = Clock::now();
            $places = $this->database->rows('SELECT name, at FROM ' . Schema::signals() . ' WHERE name >= ? AND name < ? ORDER BY at, name', [$prefix, $prefix . '~']);
            ['place' => $place, 'until' => $until] = Limit::place(array_column($places, 'at'), $most, $seconds, new \DateTimeImmutable("@$now"));
            if ($place === 'none_needed') {
                return null;
            }
            if ($place === 'none') {
                return (int) strtotime("$until UTC");
            }
            // Whoever sees the same takes the same place: one of them gets it, and the other looks again.
            $isOurs = $place === 'again'
                ? $this->database->execute(
                    'UPDATE ' . Schema::signals() . ' SET at = ? WHERE name = ? AND at = ?',
                    [gmdate('Y-m-d H:i:s', $now), (string) $places[0]['name'], (string) $places[0]['at']]
                ) === 1
                : $this->database->execute(
                    'INSERT IGNORE INTO ' . Schema::signals() . ' (name, at) VALUES (?, ?)',
                    [self::firstFree($prefix, array_column($places, 'name')), gmdate('Y-m-d H:i:s', $now)]
                ) === 1;
            if ($isOurs) {
                return null;
            }
        }
        return Clock::now() + 1;
    }

    /** A place that was taken for something that has not happened after all. */
    public function giveBack(string $what): void
    {
        $prefix = $this->prefix($what);
        $this->database->execute('DELETE FROM ' . Schema::signals() . ' WHERE name >= ? AND name < ? ORDER BY at DESC LIMIT 1', [$prefix, $prefix . '~']);
    }

    /** Forgets what nothing counts any more. */
    public function tidy(): void
    {
        try {
            $this->database->execute('DELETE FROM ' . Schema::signals() . ' WHERE name >= ? AND name < ? AND at < ?', [self::PREFIX, self::PREFIX . '~', Clock::sql(-DAY_IN_SECONDS)]);
        } catch (DatabaseException) {
            return;
        }
    }

    /** @param list<string> $names */
    private static function firstFree(string $prefix, array $names): string
    {
        $number = 1;
        while (in_array($prefix . $number, $names, true)) {
            $number++;
        }
        return $prefix . $number;
    }

    private function prefix(string $what): string
    {
        return self::PREFIX . substr(hash_hmac('sha256', $what, $this->site->secret()), 0, 32) . ':';
    }
}
