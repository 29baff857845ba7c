<?php
/**
 * Counts the writes of a host's day, and of each patient's share of it, over all processes of the site. What may be taken is the
 * extension's decision; here one statement asks and takes, so that no two processes take the last one.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class Counters
{
    private const KEEP_DAYS = 3;

    public function __construct(private readonly Database $database, private readonly VisitTables $tables)
    {
    }

    /**
     * Takes a write; part of the transaction under way.
     *
     * @param array{key: string, day: string, below: int} $claim
     * @return bool false: it cannot be had any more
     * @throws DatabaseException
     */
    public function claim(array $claim): bool
    {
        if ($this->tryToClaim($claim)) {
            return true;
        }
        // Perhaps the day has no row yet.
        $this->database->execute('INSERT INTO ' . $this->tables->writes() . ' (host, day) VALUES (?, ?) ON DUPLICATE KEY UPDATE writes = writes', [$claim['key'], $claim['day']]);
        return $this->tryToClaim($claim);
    }

    /**
     * Gives a write back to the day it was taken from.
     *
     * @param array{key: string, day: string, below: int} $claim
     * @throws DatabaseException
     */
    public function giveBack(array $claim): void
    {
        $this->database->execute(
            'UPDATE ' . $this->tables->writes() . ' SET writes = writes - 1 WHERE host = ? AND day = ? AND writes > 0',
            [$claim['key'], $claim['day']]
        );
    }

    /**
     * Zoom refuses all writes of a host until then.
     *
     * @param string $until UTC, as the database has it
     * @throws DatabaseException
     */
    public function block(string $key, string $day, string $until): void
    {
        $this->database->execute(
            'INSERT INTO ' . $this->tables->writes() . ' (host, day, blocked_until) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE blocked_until = VALUES(blocked_until)',
            [$key, $day, $until]
        );
    }

    /**
     * What is used up of these counters.
     *
     * @param list<string> $keys
     * @return array<string, array{writes: int, blocked_until: ?string}> by key, each of them
     * @throws DatabaseException
     */
    public function used(array $keys, string $day): array
    {
        $used = array_fill_keys($keys, ['writes' => 0, 'blocked_until' => null]);
        if ($keys === []) {
            return $used;
        }
        $marks = implode(', ', array_fill(0, count($keys), '?'));
        $sql = 'SELECT host, writes, blocked_until FROM ' . $this->tables->writes() . " WHERE day = ? AND host IN ($marks)";
        foreach ($this->database->rows($sql, [$day, ...$keys]) as $row) {
            $used[$row['host']] = ['writes' => (int) $row['writes'], 'blocked_until' => $row['blocked_until']];
        }
        return $used;
    }

    /**
     * The same, and when Zoom was last tried in the outage that there is, as Outages says: whoever asks for one mostly needs the other,
     * and the database may be far away.
     *
     * @param list<string> $keys
     * @return array{used: array<string, array{writes: int, blocked_until: ?string}>, outage: ?string}
     * @throws DatabaseException
     */
    public function usedInOutage(array $keys, string $day): array
    {
        $used = array_fill_keys($keys, ['writes' => 0, 'blocked_until' => null]);
        $marks = implode(', ', array_fill(0, count($keys), '?'));
        $counted = $keys === [] ? '' : " UNION ALL SELECT host, writes, blocked_until FROM {$this->tables->writes()} WHERE day = ? AND host IN ($marks)";
        $outage = null;
        $sql = "SELECT name AS host, NULL AS writes, at AS blocked_until FROM {$this->tables->signals()} WHERE name = ?$counted";
        foreach ($this->database->rows($sql, [Outages::OUTAGE, ...($keys === [] ? [] : [$day, ...$keys])]) as $row) {
            if ($row['writes'] === null) {
                $outage = $row['blocked_until'];
            } else {
                $used[$row['host']] = ['writes' => (int) $row['writes'], 'blocked_until' => $row['blocked_until']];
            }
        }
        return ['used' => $used, 'outage' => $outage];
    }

    /**
     * Forgets days that are over.
     *
     * @param string $now UTC
     * @throws DatabaseException
     */
    public function tidy(string $now): void
    {
        $this->database->execute('DELETE FROM ' . $this->tables->writes() . ' WHERE day < DATE(?) - INTERVAL ' . self::KEEP_DAYS . ' DAY', [$now]);
    }

    /** @param array{key: string, day: string, below: int} $claim */
    private function tryToClaim(array $claim): bool
    {
        return $this->database->execute(
            'UPDATE ' . $this->tables->writes() . ' SET writes = writes + 1 WHERE host = ? AND day = ? AND writes < ?',
            [$claim['key'], $claim['day'], $claim['below']]
        ) === 1;
    }
}
