<?php
/**
 * Questions that change nothing: the list, what belongs to a host, a connection, an app. Each is answered from an index.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Clinic\Mode;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class LedgerQueries
{
    /** Visits that have a meeting at Zoom. */
    private const HAS_MEETING = "v.state IN ('made', 'updating', 'moving')";
    /** Visits that take place, or are to. */
    private const IS_LIVE = "v.state NOT IN ('cancelled', 'missed')";

    public function __construct(
        private readonly Database $database,
        private readonly VisitTables $tables,
        private readonly VisitRecords $records
    ) {
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
        $order = $when === 'upcoming' ? 'v.end_utc, v.id' : 'v.end_utc DESC, v.id DESC';
        return [
            'records' => $this->records->page($where, $values, $order, $perPage, max(0, $page - 1) * $perPage),
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
        return $this->number("SELECT COUNT(*) AS n FROM {$this->tables->visits()} v WHERE $where", $values);
    }

    /**
     * Live visits to come of any source, in portions.
     *
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function upcomingAfter(int $id, int $limit): array
    {
        return $this->records->where('v.id > ? AND v.end_utc >= ? AND v.is_off = 0 ORDER BY v.id LIMIT ?', [$id, Clock::sql(), $limit]);
    }

    /**
     * The soonest live visits to come of one source of which nothing is wished. They are looked up in the index of their ends, which the
     * optimizer would not choose where all are of this source.
     *
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function upcomingOfSource(string $source, int $limit): array
    {
        $rows = $this->database->rows(
            "SELECT v.id FROM {$this->tables->visits()} v FORCE INDEX (end_utc)
             WHERE v.source = ? AND v.end_utc >= ? AND v.is_off = 0 AND v.pending IS NULL ORDER BY v.end_utc, v.id LIMIT ?",
            [$source, Clock::sql(), $limit]
        );
        return array_values($this->records->findAll(array_map('intval', array_column($rows, 'id'))));
    }

    /**
     * Since when the oldest of what is due waits; null when nothing is due.
     *
     * @throws DatabaseException
     */
    public function dueSince(): ?\DateTimeImmutable
    {
        $row = $this->database->row("SELECT MIN(due_at) AS since FROM {$this->tables->visits()} WHERE due_at IS NOT NULL");
        return isset($row['since']) ? new \DateTimeImmutable((string) $row['since'], new \DateTimeZone('UTC')) : null;
    }

    /**
     * Whether another visit has this meeting, or it must go.
     *
     * @throws DatabaseException
     */
    public function isTaken(int $meeting, int $exceptVisit): bool
    {
        return $this->database->row(
            "SELECT id FROM {$this->tables->meetings()} WHERE number = ? AND (role = 'unwanted' OR (role <> 'done' AND visit <> ?)) LIMIT 1",
            [$meeting, $exceptVisit]
        ) !== null;
    }

    /**
     * Whether any meeting was made with this app.
     *
     * @throws DatabaseException
     */
    public function knowsApp(Mode $mode, string $app): bool
    {
        return $this->database->row("SELECT id FROM {$this->tables->meetings()} WHERE app = ? AND mode = ? LIMIT 1", [$app, $mode->value]) !== null;
    }

    /**
     * @return list<string> client ids of all apps that made, or tried to make, a meeting that serves
     * @throws DatabaseException
     */
    public function apps(): array
    {
        return array_column($this->database->rows("SELECT DISTINCT app FROM {$this->tables->meetings()} WHERE app IS NOT NULL AND role = 'serves'"), 'app');
    }

    /**
     * Live visits to come whose meetings these apps made.
     *
     * @param list<string> $apps client ids
     * @return list<array{mode: Mode, app: string, visits: int, moving: int}> by app
     * @throws DatabaseException
     */
    public function countUpcomingByApp(array $apps): array
    {
        if ($apps === []) {
            return [];
        }
        [$where, $values] = self::upcomingOf($apps);
        $rows = $this->database->rows(
            "SELECT m.mode, m.app, COUNT(*) AS visits, SUM(v.state = 'moving') AS moving FROM {$this->records->from()} WHERE $where GROUP BY m.app, m.mode ORDER BY m.app, m.mode",
            $values
        );
        return array_map(static fn(array $row): array => [
            'mode' => Mode::from((string) $row['mode']), 'app' => (string) $row['app'], 'visits' => (int) $row['visits'], 'moving' => (int) $row['moving'],
        ], $rows);
    }

    /**
     * The same visits, the soonest first.
     *
     * @param list<string> $apps client ids
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function upcomingOfApps(array $apps, int $limit, int $offset): array
    {
        if ($apps === []) {
            return [];
        }
        [$where, $values] = self::upcomingOf($apps);
        return $this->records->where("$where ORDER BY v.end_utc, v.id LIMIT ? OFFSET ?", [...$values, $limit, $offset]);
    }

    /**
     * The same visits in portions.
     *
     * @param ?MeetingRecord $after the last of the portion before
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function upcomingOfAppAfter(string $app, ?MeetingRecord $after, int $limit): array
    {
        $from = $after?->end()->format('Y-m-d H:i:s') ?? Clock::sql();
        [$where, $values] = self::upcomingOf([$app]);
        return $this->records->where("$where AND (v.end_utc > ? OR (v.end_utc = ? AND v.id > ?)) ORDER BY v.end_utc, v.id LIMIT ?", [...$values, $from, $from, $after?->id ?? 0, $limit]);
    }

    /**
     * Meetings at Zoom that are still to come and were made through this connection.
     *
     * @throws DatabaseException
     */
    public function countOfConnection(string $connection): int
    {
        return $this->number(
            "SELECT COUNT(*) AS n FROM {$this->tables->meetings()} m JOIN {$this->tables->visits()} v ON v.id = m.visit
             WHERE m.subject = ? AND m.role = 'serves' AND v.end_utc >= ? AND " . self::HAS_MEETING,
            [$connection, Clock::sql()]
        );
    }

    /**
     * Visits to come whose meetings need this connection to be changed or deleted.
     *
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function upcomingOfConnection(string $connection, int $limit): array
    {
        return $this->records->where(
            "m.subject = ? AND v.end_utc >= ? AND (v.state = 'attempting' OR " . self::HAS_MEETING . ') ORDER BY v.end_utc, v.id LIMIT ?',
            [$connection, Clock::sql(), $limit]
        );
    }

    /**
     * Visits that have a meeting at Zoom, among the next ones.
     *
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function upcomingAtZoom(int $limit): array
    {
        return $this->records->where('v.end_utc >= ? AND ' . self::HAS_MEETING . ' ORDER BY v.end_utc, v.id LIMIT ?', [Clock::sql(), $limit]);
    }

    /**
     * How many meetings at Zoom must go.
     *
     * @throws DatabaseException
     */
    public function unwanted(): int
    {
        return $this->number("SELECT COUNT(*) AS n FROM {$this->tables->meetings()} WHERE role = 'unwanted'", []);
    }

    /**
     * Meetings that must go and need this connection for it.
     *
     * @return list<array{visit: int, generation: int, host: ?string, number: ?int}> host: the Zoom user's id; number: null where it is not
     *                                                                               known whether one was made
     * @throws DatabaseException
     */
    public function unwantedOfConnection(string $subject): array
    {
        return array_map(static fn(array $row): array => [
            'visit' => (int) $row['visit'],
            'generation' => (int) $row['generation'],
            'host' => $row['host_at_zoom'] ?? ($row['host'] === $subject ? null : $row['host']),
            'number' => $row['number'] === null ? null : (int) $row['number'],
        ], $this->database->rows("SELECT visit, generation, host, host_at_zoom, number FROM {$this->tables->meetings()} WHERE subject = ? AND role = 'unwanted' ORDER BY id", [$subject]));
    }

    /**
     * Doctors of visits that are not over, also of cancelled ones.
     *
     * @return list<int>
     * @throws DatabaseException
     */
    public function doctorsOfUpcoming(): array
    {
        $rows = $this->database->rows("SELECT doctor FROM {$this->tables->visits()} GROUP BY doctor HAVING MAX(end_utc) >= ?", [Clock::sql()]);
        return array_map('intval', array_column($rows, 'doctor'));
    }

    /**
     * Live visits to come of a doctor, the soonest first.
     *
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function upcomingOfDoctor(int $doctor, int $limit = 1000): array
    {
        return $this->records->where('v.doctor = ? AND v.end_utc >= ? AND ' . self::IS_LIVE . ' ORDER BY v.end_utc, v.id LIMIT ?', [$doctor, Clock::sql(), $limit]);
    }

    /**
     * Visits to come of a doctor that are off, if the appointment system says so: it was not seen yet.
     *
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function unconfirmedOffOfDoctor(int $doctor, int $limit = 1000): array
    {
        return $this->records->where(
            'v.doctor = ? AND v.end_utc >= ? AND v.is_off = 1 AND v.pending IS NOT NULL ORDER BY v.end_utc, v.id LIMIT ?',
            [$doctor, Clock::sql(), $limit]
        );
    }

    /**
     * @param list<string> $appointments
     * @return array<string, MeetingRecord> by appointment
     * @throws DatabaseException
     */
    public function ofAppointments(string $source, array $appointments): array
    {
        if ($appointments === []) {
            return [];
        }
        $marks = implode(', ', array_fill(0, count($appointments), '?'));
        $rows = $this->records->where("v.source = ? AND v.appointment IN ($marks)", [$source, ...$appointments]);
        return array_combine(array_map(static fn(MeetingRecord $row): string => $row->appointment, $rows), $rows);
    }

    /**
     * @param list<int|string> $values
     * @throws DatabaseException
     */
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
        return ["m.app IN ($marks) AND m.role = 'serves' AND v.end_utc >= ? AND " . self::IS_LIVE, [...$apps, Clock::sql()]];
    }

    /** @return array{string, list<int|string>} */
    private static function filter(?int $doctor, string $when): array
    {
        [$conditions, $values] = match ($when) {
            'upcoming' => [['v.end_utc >= ?', 'v.is_off = 0'], [Clock::sql()]],
            'past' => [['v.end_utc < ?'], [Clock::sql()]],
            default => [['1 = 1'], []],
        };
        if ($doctor !== null) {
            $conditions[] = 'v.doctor = ?';
            $values[] = $doctor;
        }
        return [implode(' AND ', $conditions), $values];
    }
}
