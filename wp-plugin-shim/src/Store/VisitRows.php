<?php
/**
 * The rows of a visit: its own, its meetings', its notices', its log's. Reads them as the extension takes them, and writes what it has
 * changed of them; what is written together is VisitStore's.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use Telemed\Moment;
use Telemed\Visit;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class VisitRows
{
    /** Of a notice that has gone nothing is decided any more, nor of a meeting that is done. */
    public const OPEN_NOTICES = "place IN ('waiting', 'sending')";
    private const ROWS_AT_ONCE = 50;

    /** @var array<int, array<int, array{number: mixed, columns: list<string>}>> by visit and generation, what no key opened when it was read last */
    private array $unreadable = [];
    /** @var array<string, ?string> keys of patients, by visit */
    private array $patients = [];

    public function __construct(private readonly Database $database, private readonly VisitTables $tables, private readonly SealedLinks $links)
    {
    }

    /**
     * A visit with its meetings that are not done, and its open notices.
     *
     * @param bool $isLocked whether nobody else may change it before the transaction under way is over
     * @throws DatabaseException
     */
    public function read(int $id, bool $isLocked): ?StoredVisit
    {
        // One statement: a database may be far away.
        $found = $this->database->joined(
            "SELECT v.*, m.*, n.* FROM {$this->tables->visits()} v
             LEFT JOIN {$this->tables->meetings()} m ON m.visit = v.id AND m.role <> 'done'
             LEFT JOIN {$this->tables->outbox()} n ON n.visit = v.id AND n." . self::OPEN_NOTICES . '
             WHERE v.id = ? ORDER BY m.id, n.id' . ($isLocked ? ' FOR UPDATE' : ''),
            [$id]
        );
        $row = $found['v'][0] ?? null;
        if ($row === null) {
            return null;
        }
        $this->unreadable[$id] = $opened = [];
        foreach ($found['m'] ?? [] as $meeting) {
            $opened[] = $open = $this->links->opened($id, $meeting);
            $this->unreadable[$id][(int) $meeting['generation']] = ['number' => $meeting['number'], 'columns' => SealedLinks::unreadable($meeting, $open)];
        }
        $visit = Visit::fromRows($row, $opened, $found['n'] ?? []);
        $this->patients[self::name($visit)] = strtolower((string) ($row['patient_email'] ?? $row['patient'] ?? '')) ?: null;
        return new StoredVisit($visit, $row, $found['m'] ?? []);
    }

    /** A key of a visit's patient that tells them from others; null where nobody is known. Only of what was read here. */
    public function patientOf(Visit $visit): ?string
    {
        return $this->patients[self::name($visit)] ?? null;
    }

    /**
     * A new visit's own row.
     *
     * @param array<string, int|string|null> $row
     * @return int its number
     * @throws DatabaseException with the code Database::DUPLICATE when the appointment has a visit
     */
    public function add(#[\SensitiveParameter] array $row): int
    {
        unset($row['id']);
        return $this->insert($this->tables->visits(), $row);
    }

    /**
     * Changes a visit's own row.
     *
     * @param array<string, int|string|null> $row
     * @param ?int $version if that is still its version; null: in any case
     * @return bool false: it is another
     * @throws DatabaseException
     */
    public function update(int $id, #[\SensitiveParameter] array $row, ?int $version = null): bool
    {
        unset($row['id']);
        $columns = implode(', ', array_map(static fn(string $column): string => "$column = ?", array_keys($row)));
        $isSame = $version === null ? '' : ' AND version = ?';
        $values = [...array_values($row), $id, ...($version === null ? [] : [$version])];
        return $this->database->execute("UPDATE {$this->tables->visits()} SET $columns WHERE id = ?$isSame", $values) === 1;
    }

    /**
     * Changes one of a visit's notices, and with it the visit's own row, if both are still as they were read: in one statement, for an
     * e-mail takes two such changes.
     *
     * @param array<string, int|string|null> $row    of the visit; empty: it stays
     * @param array<string, int|string|null> $notice
     * @param array<string, int|string|null> $before the notice as it was read
     * @return bool false: one of them is another
     * @throws DatabaseException
     */
    public function updateWithNotice(int $id, #[\SensitiveParameter] array $row, int $version, array $notice, array $before): bool
    {
        $number = (int) $notice['id'];
        unset($row['id'], $notice['id']);
        // Who changes the visit meanwhile is waited for, or waits: its row is locked also where it stays.
        $row += ['version' => $version];
        $set = [
            ...array_map(static fn(string $column): string => "v.$column = ?", array_keys($row)),
            ...array_map(static fn(string $column): string => "n.$column = ?", array_keys($notice)),
        ];
        return $this->database->execute(
            "UPDATE {$this->tables->visits()} v JOIN {$this->tables->outbox()} n ON n.visit = v.id SET " . implode(', ', $set) .
                ' WHERE v.id = ? AND v.version = ? AND n.id = ? AND n.place = ? AND n.due_at = ? AND n.tries = ?',
            [...array_values($row), ...array_values($notice), $id, $version, $number, $before['place'], $before['due_at'], $before['tries']]
        ) > 0;
    }

    /**
     * What hangs on a visit.
     *
     * @param array<string, mixed> $changes
     * @throws DatabaseException
     */
    public function writeMeetingsAndNotices(int $id, #[\SensitiveParameter] array $changes, Moment $at): void
    {
        foreach ($changes['meetings'] as $meeting) {
            unset($meeting['id']);
            $meeting = ['visit' => $id] + $this->links->sealed($id, $meeting);
            $also = implode(', ', array_map(static fn(string $column): string => "$column = VALUES($column)", array_diff(array_keys($meeting), $this->keptOf($id, $meeting))));
            $this->insert($this->tables->meetings(), $meeting, " ON DUPLICATE KEY UPDATE $also");
        }
        $new = [];
        foreach ($changes['notices'] as $notice) {
            $number = (int) $notice['id'];
            unset($notice['id']);
            if ($number === 0) {
                $new[] = ['visit' => $id] + $notice;
                continue;
            }
            $columns = implode(', ', array_map(static fn(string $column): string => "$column = ?", array_keys($notice)));
            $this->database->execute('UPDATE ' . $this->tables->outbox() . " SET $columns WHERE id = ?", [...array_values($notice), $number]);
        }
        $this->insertAll($this->tables->outbox(), $new);
        $tracking = array_filter(array_column($changes['meetings'], 'tracking_id'));
        // Whoever wants to find them there has nothing else.
        $left = array_column(array_filter($changes['meetings'], static fn(array $meeting): bool => $meeting['ended'] === 'left'), 'number');
        $lines = [];
        foreach ($changes['log'] as $event) {
            $lines[] = self::line($id, $event, $at->now(), end($tracking) ?: null, $event === 'left_at_zoom' ? array_shift($left) : null);
        }
        $this->insertAll($this->tables->log(), $lines);
    }

    /**
     * A line of the log.
     *
     * @param string $now UTC
     * @throws DatabaseException
     */
    public function log(int $id, string $event, string $now): void
    {
        $this->insert($this->tables->log(), self::line($id, $event, $now));
    }

    /**
     * Visits that come from elsewhere, whole and under their own numbers.
     *
     * @param list<array{rows: array<string, mixed>, own: array<string, int|string|null>}> $visits what Visit::rows() gives, and the
     *                                                                                       columns that are the plugin's own
     * @throws DatabaseException
     */
    public function import(#[\SensitiveParameter] array $visits): void
    {
        $rows = ['visits' => [], 'meetings' => [], 'outbox' => []];
        foreach ($visits as ['rows' => $one, 'own' => $own]) {
            $id = (int) $one['visit']['id'];
            $rows['visits'][] = $one['visit'] + $own;
            foreach ($one['meetings'] as $meeting) {
                unset($meeting['id']);
                $rows['meetings'][] = ['visit' => $id] + $this->links->sealed($id, $meeting);
            }
            foreach ($one['notices'] as $notice) {
                unset($notice['id']);
                $rows['outbox'][] = ['visit' => $id] + $notice;
            }
        }
        $this->insertAll($this->tables->visits(), $rows['visits']);
        $this->insertAll($this->tables->meetings(), $rows['meetings']);
        $this->insertAll($this->tables->outbox(), $rows['outbox']);
    }

    /** @throws DatabaseException */
    public function forget(int $id): void
    {
        foreach ([$this->tables->meetings(), $this->tables->outbox(), $this->tables->log()] as $table) {
            $this->database->execute("DELETE FROM $table WHERE visit = ?", [$id]);
        }
        $this->database->execute('DELETE FROM ' . $this->tables->visits() . ' WHERE id = ?', [$id]);
    }

    /**
     * What a key could not open now is not overwritten with nothing, as long as it is the same meeting's.
     *
     * @param array<string, mixed> $meeting
     * @return list<string> columns
     */
    private function keptOf(int $id, #[\SensitiveParameter] array $meeting): array
    {
        $before = $this->unreadable[$id][(int) $meeting['generation']] ?? null;
        $isSame = $before !== null && (string) $before['number'] === (string) $meeting['number'];
        return $isSame ? array_values(array_filter($before['columns'], static fn(string $column): bool => $meeting[$column] === null)) : [];
    }

    /** @return array<string, int|string|null> */
    private static function line(int $id, string $event, string $now, ?string $tracking = null, int|string|null $note = null): array
    {
        return ['visit' => $id, 'at' => $now, 'actor' => get_current_user_id(), 'event' => $event, 'note' => $note, 'tracking_id' => $tracking];
    }

    private static function name(Visit $visit): string
    {
        return "{$visit->source()} {$visit->appointment()}";
    }

    /**
     * @param list<array<string, mixed>> $rows all with the same columns
     * @throws DatabaseException
     */
    private function insertAll(string $table, #[\SensitiveParameter] array $rows): void
    {
        // Few lengths of lists, so that each statement is prepared once.
        foreach (array_chunk($rows, self::ROWS_AT_ONCE) as $chunk) {
            $columns = implode(', ', array_keys($chunk[0]));
            $marks = implode(', ', array_fill(0, count($chunk), '(' . implode(', ', array_fill(0, count($chunk[0]), '?')) . ')'));
            $this->database->execute("INSERT INTO $table ($columns) VALUES $marks", array_merge(...array_map('array_values', $chunk)));
        }
    }

    /**
     * @param array<string, mixed> $row
     * @return int the row's number
     * @throws DatabaseException
     */
    private function insert(string $table, #[\SensitiveParameter] array $row, string $also = ''): int
    {
        $columns = implode(', ', array_keys($row));
        $marks = implode(', ', array_fill(0, count($row), '?'));
        return $this->database->insert("INSERT INTO $table ($columns) VALUES ($marks)$also", array_values($row));
    }
}
