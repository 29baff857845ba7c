<?php
/**
 * Questions to the ledger that change nothing: the list, what is due, what belongs to a host, a connection, an app. Each is
 * answered from an index.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class LedgerQueries
{
    public function __construct(private readonly Database $database)
    {
    }

    /**
     * A page of the list. What is cancelled is not upcoming.
     *
     * @param 'upcoming'|'past'|'all' $when
     * @return array{records: list<MeetingRecord>, total: int}
     * @throws DatabaseException
     */
    public function page(?int $doctor, string $when, int $page, int $perPage): array
    {
        [$where, $values] = self::filter($doctor, $when);
        $order = $when === 'upcoming' ? 'end_utc, id' : 'end_utc DESC, id DESC';
        return [
            'records' => $this->rows("$where ORDER BY $order LIMIT ? OFFSET ?", [...$values, $perPage, max(0, $page - 1) * $perPage]),
            'total' => $this->count($doctor, $when),
        ];
    }

    /**
     * @param 'upcoming'|'past'|'all' $when
     * @throws DatabaseException
     */
    public function count(?int $doctor, string $when): int
    {
        [$where, $values] = self::filter($doctor, $when);
        return $this->number('SELECT COUNT(*) AS n FROM ' . Schema::meetings() . " WHERE $where", $values);
    }

    /**
     * What can be done at Zoom now: the soonest visit first, creations before changes.
     *
     * @return list<int> ids
     * @throws DatabaseException
     */
    public function due(int $limit): array
    {
        // State by state, each in the order of its index: of ten thousand that are due, no more are read than are asked for.
        $parts = $values = [];
        foreach (MeetingState::openStates() as $state) {
            $parts[] = '(SELECT id, start_utc, ' . (int) $state->hasMeeting() . ' AS has_meeting FROM ' . Schema::meetings() . '
                WHERE state = ? AND (next_try_at IS NULL OR next_try_at <= ?) ORDER BY start_utc, id LIMIT ?)';
            array_push($values, $state->value, Clock::sql(), $limit);
        }
        $rows = $this->database->rows('SELECT id FROM (' . implode(' UNION ALL ', $parts) . ') due ORDER BY has_meeting, start_utc, id LIMIT ?', [...$values, $limit]);
        return array_map('intval', array_column($rows, 'id'));
    }

    /**
     * What was wished and not yet seen committed, the oldest first.
     *
     * @return list<MeetingRecord>
     */
    public function unsettled(int $limit): array
    {
        return $this->rows('event IS NOT NULL ORDER BY wished_at, id LIMIT ?', [$limit]);
    }

    /**
     * Live visits to come of any source, in portions.
     *
     * @return list<MeetingRecord>
     */
    public function upcomingAfter(int $id, int $limit): array
    {
        return $this->rows('id > ? AND end_utc >= ? AND state <> ? ORDER BY id LIMIT ?', [$id, Clock::sql(), MeetingState::Cancelled->value, $limit]);
    }

    /**
     * Visits not over that begin before a moment and have no meeting, after it failed or nothing was done about it for minutes.
     *
     * @param string $moment in UTC, as Clock::sql() has it
     * @return list<MeetingRecord>
     */
    public function unmadeBefore(string $moment, int $limit = 100): array
    {
        return $this->rows(
            'state IN (?, ?, ?) AND start_utc <= ? AND end_utc > ? AND event IS NULL AND (last_error IS NOT NULL OR updated_at <= ?) ORDER BY start_utc, id LIMIT ?',
            [
                MeetingState::Due->value, MeetingState::Attempting->value, MeetingState::Uncertain->value,
                $moment, Clock::sql(), Clock::sql(-5 * MINUTE_IN_SECONDS), $limit,
            ]
        );
    }

    /** When the oldest open row could have been tried; null when none is due. */
    public function dueSince(): ?\DateTimeImmutable
    {
        $row = $this->database->row(
            'SELECT MIN(COALESCE(next_try_at, updated_at)) AS since FROM ' . Schema::meetings() . ' WHERE state IN ' . MeetingState::open()
        );
        return isset($row['since']) ? new \DateTimeImmutable((string) $row['since'], new \DateTimeZone('UTC')) : null;
    }

    /**
     * Meetings that belong to other rows of this host: where an account hides descriptions, they are told apart by their ids.
     *
     * @return list<int>
     */
    public function meetingsOfHost(string $host, int $exceptRow = 0): array
    {
        $rows = $this->database->rows(
            'SELECT meeting_id FROM ' . Schema::meetings() . ' WHERE host_id = ? AND end_utc >= ? AND meeting_id IS NOT NULL AND id <> ?',
            [$host, Clock::sql(-DAY_IN_SECONDS), $exceptRow]
        );
        $leftovers = $this->database->rows('SELECT meeting_id FROM ' . Schema::leftovers() . ' WHERE host_id = ? AND meeting_id IS NOT NULL', [$host]);
        return array_map('intval', [...array_column($rows, 'meeting_id'), ...array_column($leftovers, 'meeting_id')]);
    }

    /** Whether another row has this meeting, or it is among the leftovers. */
    public function isTaken(int $meeting, int $exceptRow): bool
    {
        return $this->database->row('SELECT id FROM ' . Schema::meetings() . ' WHERE meeting_id = ? AND id <> ? LIMIT 1', [$meeting, $exceptRow]) !== null
            || $this->database->row('SELECT id FROM ' . Schema::leftovers() . ' WHERE meeting_id = ?', [$meeting]) !== null;
    }

    /** Whether any row or leftover was made with this app. */
    public function knowsApp(string $mode, string $app): bool
    {
        foreach ([Schema::meetings(), Schema::leftovers()] as $table) {
            if ($this->database->row("SELECT id FROM $table WHERE app = ? AND mode = ? LIMIT 1", [$app, $mode]) !== null) {
                return true;
            }
        }
        return false;
    }

    /** @return list<string> client ids of all apps that made, or tried to make, a meeting that a row knows */
    public function apps(): array
    {
        return array_column($this->database->rows('SELECT DISTINCT app FROM ' . Schema::meetings() . ' WHERE app IS NOT NULL'), 'app');
    }

    /**
     * Live visits to come whose meetings these apps made.
     *
     * @param list<string> $apps client ids
     * @return list<array{mode: string, app: string, visits: int, moving: int}> by app
     */
    public function countUpcomingByApp(array $apps): array
    {
        if ($apps === []) {
            return [];
        }
        [$where, $values] = self::upcomingOf($apps);
        $rows = $this->database->rows(
            'SELECT mode, app, COUNT(*) AS visits, SUM(state = ?) AS moving FROM ' . Schema::meetings() . " WHERE $where GROUP BY app, mode ORDER BY app, mode",
            [MeetingState::Moving->value, ...$values]
        );
        return array_map(static fn(array $row): array => [
            'mode' => (string) $row['mode'], 'app' => (string) $row['app'], 'visits' => (int) $row['visits'], 'moving' => (int) $row['moving'],
        ], $rows);
    }

    /**
     * The same visits, the soonest first.
     *
     * @param list<string> $apps client ids
     * @return list<MeetingRecord>
     */
    public function upcomingOfApps(array $apps, int $limit, int $offset): array
    {
        if ($apps === []) {
            return [];
        }
        [$where, $values] = self::upcomingOf($apps);
        return $this->rows("$where ORDER BY end_utc, id LIMIT ? OFFSET ?", [...$values, $limit, $offset]);
    }

    /**
     * The same visits in portions.
     *
     * @param ?MeetingRecord $after the last of the portion before
     * @return list<MeetingRecord>
     */
    public function upcomingOfAppAfter(string $app, ?MeetingRecord $after, int $limit): array
    {
        $from = $after?->end()->format('Y-m-d H:i:s') ?? Clock::sql();
        return $this->rows(
            'app = ? AND end_utc >= ? AND (end_utc > ? OR id > ?) AND state NOT IN (?, ?) ORDER BY end_utc, id LIMIT ?',
            [$app, $from, $from, $after?->id ?? 0, MeetingState::Cancelled->value, MeetingState::Missed->value, $limit]
        );
    }

    /** Meetings at Zoom that are still to come and were made through this connection. */
    public function countOfConnection(string $connection): int
    {
        return $this->number(
            'SELECT COUNT(*) AS n FROM ' . Schema::meetings() . ' WHERE connection = ? AND end_utc >= ? AND state IN ' . MeetingState::having(),
            [$connection, Clock::sql()]
        );
    }

    /**
     * Visits to come whose meetings need this connection to be changed or deleted.
     *
     * @return list<MeetingRecord>
     */
    public function upcomingOfConnection(string $connection, int $limit): array
    {
        return $this->rows(
            'connection = ? AND end_utc >= ? AND (state = ? OR state IN ' . MeetingState::having() . ') ORDER BY end_utc, id LIMIT ?',
            [$connection, Clock::sql(), MeetingState::Attempting->value, $limit]
        );
    }

    /**
     * Visits that have a meeting at Zoom, among the next ones.
     *
     * @return list<MeetingRecord>
     */
    public function upcomingAtZoom(int $limit): array
    {
        // Whether there is a meeting is looked at here: asked for it, MariaDB prefers an index that the order has no use for.
        return array_values(array_filter(
            $this->rows('end_utc >= ? ORDER BY end_utc, id LIMIT ?', [Clock::sql(), $limit]),
            static fn(MeetingRecord $row): bool => $row->isReady()
        ));
    }

    /**
     * Doctors of visits that are not over, also of cancelled ones.
     *
     * @return list<int>
     */
    public function doctorsOfUpcoming(): array
    {
        $rows = $this->database->rows('SELECT doctor FROM ' . Schema::meetings() . ' GROUP BY doctor HAVING MAX(end_utc) >= ?', [Clock::sql()]);
        return array_map('intval', array_column($rows, 'doctor'));
    }

    /**
     * Live visits to come of a doctor, the soonest first.
     *
     * @return list<MeetingRecord>
     */
    public function upcomingOfDoctor(int $doctor, int $limit = 1000): array
    {
        return $this->rows(
            'doctor = ? AND end_utc >= ? AND state NOT IN (?, ?) ORDER BY end_utc, id LIMIT ?',
            [$doctor, Clock::sql(), MeetingState::Cancelled->value, MeetingState::Missed->value, $limit]
        );
    }

    /**
     * Visits to come of a doctor that are off, if the appointment system says so: it was not seen yet.
     *
     * @return list<MeetingRecord>
     */
    public function unsettledOffOfDoctor(int $doctor, int $limit = 1000): array
    {
        return $this->rows(
            'doctor = ? AND end_utc >= ? AND state = ? AND event IS NOT NULL ORDER BY end_utc, id LIMIT ?',
            [$doctor, Clock::sql(), MeetingState::Cancelled->value, $limit]
        );
    }

    /**
     * @param list<string> $appointments
     * @return array<string, MeetingRecord> by appointment
     */
    public function ofAppointments(string $source, array $appointments): array
    {
        if ($appointments === []) {
            return [];
        }
        $marks = implode(', ', array_fill(0, count($appointments), '?'));
        $rows = $this->rows("source = ? AND appointment IN ($marks)", [$source, ...$appointments]);
        return array_combine(array_map(static fn(MeetingRecord $row): string => $row->appointment, $rows), $rows);
    }

    /**
     * @param list<int|string> $values
     * @return list<MeetingRecord>
     */
    private function rows(string $where, array $values): array
    {
        return array_map([MeetingRecord::class, 'fromRow'], $this->database->rows('SELECT * FROM ' . Schema::meetings() . " WHERE $where", $values));
    }

    /** @param list<int|string> $values */
    private function number(string $sql, array $values): int
    {
        return (int) ($this->database->row($sql, $values)['n'] ?? 0);
    }

    /**
     * @param list<string> $apps client ids, at least one
     * @return array{string, list<int|string>}
     */
    private static function upcomingOf(array $apps): array
    {
        $marks = implode(', ', array_fill(0, count($apps), '?'));
        return [
            "app IN ($marks) AND end_utc >= ? AND state NOT IN (?, ?)",
            [...$apps, Clock::sql(), MeetingState::Cancelled->value, MeetingState::Missed->value],
        ];
    }

    /** @return array{string, list<int|string>} */
    private static function filter(?int $doctor, string $when): array
    {
        [$conditions, $values] = match ($when) {
            // Within a function: else MariaDB reads all that is not cancelled from the index of states, which has no order.
            'upcoming' => [['end_utc >= ?', 'IF(state = ?, 0, 1)'], [Clock::sql(), MeetingState::Cancelled->value]],
            'past' => [['end_utc < ?'], [Clock::sql()]],
            default => [['1 = 1'], []],
        };
        if ($doctor !== null) {
            array_unshift($conditions, 'doctor = ?');
            array_unshift($values, $doctor);
        }
        return [implode(' AND ', $conditions), $values];
    }
}
