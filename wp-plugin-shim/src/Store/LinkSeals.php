<?php
/**
 * Seals the links of all visits anew, once another key seals: in portions, each of which stands; begun once more, it goes on.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Problem;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class LinkSeals
{
    private const PORTION = 200;

    public function __construct(private readonly Database $database, private readonly VisitTables $tables, private readonly SealedLinks $links)
    {
    }

    /**
     * @return ?int how many no key opens: what visit links end with, join links, passcodes; null: the time is over before the end
     * @throws DatabaseException|Problem
     */
    public function reseal(float $seconds = INF): ?int
    {
        $ends = microtime(true) + $seconds;
        $unreadable = 0;
        foreach ([
            $this->resealAll($this->tables->visits(), 'id', ['link_key'], $ends),
            $this->resealAll($this->tables->meetings(), 'id, visit, generation', ['join_url', 'passcode'], $ends),
        ] as $ofTable) {
            if ($ofTable === null) {
                return null;
            }
            $unreadable += $ofTable;
        }
        return $unreadable;
    }

    /**
     * @param string $names what the columns' context is made of
     * @param non-empty-list<string> $columns
     * @throws DatabaseException|Problem
     */
    private function resealAll(string $table, string $names, array $columns, float $ends): ?int
    {
        $beginning = $this->links->beginning();
        $isBefore = implode(' OR ', array_map(static fn(string $column): string => "BINARY LEFT($column, " . strlen($beginning) . ') <> ?', $columns));
        $sql = "SELECT $names, " . implode(', ', $columns) . " FROM $table WHERE id > ? AND ($isBefore) ORDER BY id LIMIT " . self::PORTION;
        $last = $unreadable = 0;
        do {
            if (microtime(true) > $ends) {
                return null;
            }
            $rows = $this->database->rows($sql, [$last, ...array_fill(0, count($columns), $beginning)]);
            $unreadable += $this->database->atomically(fn(): int => array_sum(array_map(fn(array $row): int => $this->resealOne($table, $row, $columns), $rows)));
            $last = $rows === [] ? $last : (int) end($rows)['id'];
        } while (count($rows) === self::PORTION);
        return $unreadable;
    }

    /**
     * @param array<string, mixed> $row
     * @param list<string> $columns
     * @return int how many no key opens
     * @throws DatabaseException|Problem
     */
    private function resealOne(string $table, array $row, array $columns): int
    {
        $unreadable = 0;
        foreach (array_filter($columns, static fn(string $column): bool => $row[$column] !== null) as $column) {
            $sealed = $this->links->resealed($row, $column);
            if ($sealed === null) {
                $unreadable++;
                continue;
            }
            // What somebody has written since is sealed under the new key.
            $this->database->execute("UPDATE $table SET $column = ? WHERE id = ? AND $column = ?", [$sealed, $row['id'], $row[$column]]);
        }
        return $unreadable;
    }
}
