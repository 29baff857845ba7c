<?php
/**
 * Reads visits, and writes what has changed of them: whole or not at all, in one short transaction on the plugin's own connection.
 * What is written is the extension's decision.
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

final class VisitStore
{
    private const ROWS_AT_ONCE = 50;
    /** Of a meeting that is done nothing is decided any more, nor of a notice that has gone. */
    private const OPEN_NOTICES = "place IN ('waiting', 'sending')";

    private const TRIES = 3;

    /** @var array<int, array{number: mixed, columns: list<string>}> by generation, what no key opened when the visit was read last */
    private array $unreadable = [];
    /** @var array<string, ?string> keys of patients, by visit */
    private array $patients = [];

    public function __construct(
        private readonly Database $database,
        private readonly VisitTables $tables,
        private readonly Counters $counters,
        private readonly Outages $outages,
        private readonly SealedLinks $links
    ) {
    }

    /** @throws DatabaseException */
    public function find(int $id): ?Visit
    {
        return $this->read($id, '');
    }

    /**
     * A key of a visit's patient that tells them from others; null where nobody is known. Only of what was read here.
     */
    public function patientOf(Visit $visit): ?string
    {
        return $this->patients[self::name($visit)] ?? null;
    }

    /**
     * The visit of an appointment.
     *
     * @throws DatabaseException
     */
    public function idOf(string $source, string $appointment): ?int
    {
        $row = $this->database->row('SELECT id FROM ' . $this->tables->visits() . ' WHERE source = ? AND appointment = ?', [$source, $appointment]);
        return $row === null ? null : (int) $row['id'];
    }

    /**
     * Writes a new visit.
     *
     * @param array<string, int|string|null> $people the columns of the patient
     * @return int its number
     * @throws DatabaseException with the code Database::DUPLICATE when the appointment has a visit
     */
    public function add(Visit $visit, #[\SensitiveParameter] array $people, Moment $at): int
    {
        $changes = $visit->changes($at);
        return $this->database->atomically(function () use ($changes, $people, $at): int {
            $row = ['created_at' => $at->now()] + $people + $this->links->newKey() + $changes['visit'];
            unset($row['id']);
            $id = $this->insert($this->tables->visits(), $row);
            $this->writeBeside($id, $changes, $at);
            return $id;
        });
    }

    /**
     * Writes visits that come from elsewhere, whole and under their own numbers; part of the transaction under way.
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

    /**
     * Changes a visit as it is by then.
     *
     * @param \Closure(Visit): ?Visit $input null: nothing is to be changed after all
     * @return ?Visit null: there is no such visit any more, nothing was to be changed, or what the change claims is not to be had
     * @throws DatabaseException
     */
    public function change(int $id, \Closure $input, Moment $at): ?Visit
    {
        for ($try = 1;; $try++) {
            try {
                return $this->database->atomically(fn(): ?Visit => $this->changed($id, $input, $at));
            } catch (NotToBeHad) {
                return null;
            } catch (DatabaseException $failure) {
                // What came of an exchange must not be lost because two ended at one moment: the server has taken all of it back.
                if ($failure->getCode() !== Database::DEADLOCK || $try === self::TRIES) {
                    throw $failure;
                }
            }
        }
    }

    /**
     * @param \Closure(Visit): ?Visit $input
     * @throws DatabaseException|NotToBeHad
     */
    private function changed(int $id, \Closure $input, Moment $at): ?Visit
    {
        $visit = $this->read($id, ' FOR UPDATE');
        $changed = $visit === null ? null : $input($visit);
        if ($changed === null) {
            return null;
        }
        $changes = $changed->changes($at);
        $this->write($id, $changes, $at);
        return $changes['forgets'] ? null : $changed;
    }

    /**
     * Looks at a visit again then, if it has not changed since.
     *
     * @param ?string $until UTC; null: not by itself
     * @throws DatabaseException
     */
    public function lookAgain(int $id, int $version, ?string $until): void
    {
        $this->database->execute('UPDATE ' . $this->tables->visits() . ' SET due_at = ? WHERE id = ? AND version = ?', [$until, $id, $version]);
    }

    /**
     * Visits that are due, the soonest first.
     *
     * @return list<int>
     * @throws DatabaseException
     */
    public function due(string $now, int $most): array
    {
        $sql = 'SELECT id FROM ' . $this->tables->visits() . ' WHERE due_at <= ? ORDER BY start_utc, id LIMIT ' . $most;
        return array_map('intval', array_column($this->database->rows($sql, [$now]), 'id'));
    }

    /**
     * Notices that are due.
     *
     * @param ?int $visit of this visit alone; null: of all
     * @return list<array{visit: int, notice: int}>
     * @throws DatabaseException
     */
    public function dueNotices(string $now, int $most, ?int $visit = null): array
    {
        $of = $visit === null ? '' : " AND visit = $visit";
        $sql = 'SELECT visit, id FROM ' . $this->tables->outbox() . ' WHERE ' . self::OPEN_NOTICES . "$of AND due_at <= ? ORDER BY due_at, id LIMIT $most";
        return array_map(
            static fn(array $row): array => ['visit' => (int) $row['visit'], 'notice' => (int) $row['id']],
            $this->database->rows($sql, [$now])
        );
    }

    /**
     * Numbers of a host's meetings that may be at Zoom, but for one: what is there need not be that one. The site that this one is a
     * copy of has left its own there.
     *
     * @return list<int>
     * @throws DatabaseException
     */
    public function numbersOfOthers(string $host, int $visit, int $generation): array
    {
        $sql = 'SELECT number FROM ' . $this->tables->meetings() .
            " WHERE host = ? AND (role <> 'done' OR ended = 'left') AND number IS NOT NULL AND NOT (visit = ? AND generation = ?)";
        return array_map('intval', array_column($this->database->rows($sql, [$host, $visit, $generation]), 'number'));
    }

    /** @throws DatabaseException */
    private function read(int $id, string $lock): ?Visit
    {
        $row = $this->database->row('SELECT * FROM ' . $this->tables->visits() . " WHERE id = ?$lock", [$id]);
        if ($row === null) {
            return null;
        }
        $visit = $this->asRead($row, $id);
        $this->patients[self::name($visit)] = strtolower((string) ($row['patient_email'] ?? $row['patient'] ?? '')) ?: null;
        return $visit;
    }

    /**
     * @param array<string, mixed> $row
     * @throws DatabaseException
     */
    private function asRead(array $row, int $id): Visit
    {
        $meetings = $row['generation'] === 0 ? [] : $this->database->rows('SELECT * FROM ' . $this->tables->meetings() . " WHERE visit = ? AND role <> 'done'", [$id]);
        $notices = $this->database->rows('SELECT * FROM ' . $this->tables->outbox() . ' WHERE visit = ? AND ' . self::OPEN_NOTICES, [$id]);
        $this->unreadable = $opened = [];
        foreach ($meetings as $meeting) {
            $opened[] = $open = $this->links->opened($id, $meeting);
            $this->unreadable[(int) $meeting['generation']] = ['number' => $meeting['number'], 'columns' => SealedLinks::unreadable($meeting, $open)];
        }
        return Visit::fromRows($row, $opened, $notices);
    }

    /**
     * @param array<string, mixed> $changes
     * @throws DatabaseException|NotToBeHad
     */
    private function write(int $id, #[\SensitiveParameter] array $changes, Moment $at): void
    {
        if ($changes['forgets']) {
            $this->forget($id);
            return;
        }
        if ($changes['visit'] !== null) {
            $row = $changes['visit'];
            unset($row['id']);
            $columns = implode(', ', array_map(static fn(string $column): string => "$column = ?", array_keys($row)));
            $this->database->execute('UPDATE ' . $this->tables->visits() . " SET $columns WHERE id = ?", [...array_values($row), $id]);
        }
        $this->writeBeside($id, $changes, $at);
        foreach ($changes['claims'] as $claim) {
            $this->counters->take($claim) || throw new NotToBeHad();
        }
        $now = $at->now();
        if ($changes['turn'] !== null) {
            $this->outages->takeTurn($changes['turn'], $now) || throw new NotToBeHad();
        }
        foreach ($changes['releases'] as $claim) {
            $this->counters->giveBack($claim);
        }
        foreach ($changes['signals'] as $signal) {
            match ($signal['signal']) {
                'answered' => $this->outages->answered(),
                'lost' => $this->outages->lost($now),
                'blocked' => $this->counters->block($signal['key'], $at->day(), $signal['until']),
            };
        }
    }

    /**
     * What hangs on a visit.
     *
     * @param array<string, mixed> $changes
     * @throws DatabaseException
     */
    private function writeBeside(int $id, #[\SensitiveParameter] array $changes, Moment $at): void
    {
        foreach ($changes['meetings'] as $meeting) {
            unset($meeting['id']);
            $meeting = ['visit' => $id] + $this->links->sealed($id, $meeting);
            $also = implode(', ', array_map(static fn(string $column): string => "$column = VALUES($column)", array_diff(array_keys($meeting), $this->keptOf($meeting))));
            $this->insert($this->tables->meetings(), $meeting, " ON DUPLICATE KEY UPDATE $also");
        }
        foreach ($changes['notices'] as $notice) {
            $number = (int) $notice['id'];
            unset($notice['id']);
            if ($number === 0) {
                $this->insert($this->tables->outbox(), ['visit' => $id] + $notice);
                continue;
            }
            $columns = implode(', ', array_map(static fn(string $column): string => "$column = ?", array_keys($notice)));
            $this->database->execute('UPDATE ' . $this->tables->outbox() . " SET $columns WHERE id = ?", [...array_values($notice), $number]);
        }
        foreach ($changes['log'] as $event) {
            $this->insert($this->tables->log(), ['visit' => $id, 'at' => $at->now(), 'actor' => get_current_user_id(), 'event' => $event]);
        }
    }

    private static function name(Visit $visit): string
    {
        return "{$visit->source()} {$visit->appointment()}";
    }

    /**
     * What a key could not open now is not overwritten with nothing, as long as it is the same meeting's.
     *
     * @param array<string, mixed> $meeting
     * @return list<string> columns
     */
    private function keptOf(#[\SensitiveParameter] array $meeting): array
    {
        $before = $this->unreadable[(int) $meeting['generation']] ?? null;
        $isSame = $before !== null && (string) $before['number'] === (string) $meeting['number'];
        return $isSame ? array_values(array_filter($before['columns'], static fn(string $column): bool => $meeting[$column] === null)) : [];
    }

    /** @throws DatabaseException */
    private function forget(int $id): void
    {
        foreach ([$this->tables->meetings(), $this->tables->outbox(), $this->tables->log()] as $table) {
            $this->database->execute("DELETE FROM $table WHERE visit = ?", [$id]);
        }
        $this->database->execute('DELETE FROM ' . $this->tables->visits() . ' WHERE id = ?', [$id]);
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
