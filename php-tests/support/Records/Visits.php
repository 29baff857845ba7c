<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/**
 * Visits, each with the meeting at Zoom that serves it. What is read of one, texts all of them, or null:
 *
 * id, source, appointment, version; doctor, patient (a user's number), patient_email; start_utc, minutes, timezone, topic;
 * state; pending (what was wished and is not seen committed yet), was_seen ('1' once it was seen committed), visit_key, sequence;
 * mode, app, host_id, host_email, meeting_id, join_url; tries, due_at, problem.
 *
 * Without the site's key visit_key and join_url are null. @see \Telemed\Tests\Records::over()
 */
final class Visits
{
    private const OF_VISIT = array(
        'id', 'source', 'appointment', 'version', 'doctor', 'patient', 'patient_email', 'start_utc', 'minutes', 'timezone', 'topic',
        'pending', 'was_seen', 'sequence', 'link_key',
    );
    private const OF_MEETING = array('mode', 'app', 'host_email', 'due_at', 'problem', 'generation', 'join_url');
    private const LOCKED = 1205;

    public function __construct(private readonly Tables $tables)
    {
    }

    /** @return list<array<string, ?string>> in the order in which they were booked */
    public function all(): array
    {
        return $this->where('1 = 1');
    }

    /** @return ?array<string, ?string> */
    public function find(int $visit): ?array
    {
        return $this->where('v.id = ?', $visit)[0] ?? null;
    }

    /** @return ?array<string, ?string> */
    public function ofAppointment(string $source, int|string $appointment): ?array
    {
        return $this->where('v.source = ? AND v.appointment = ?', $source, (string) $appointment)[0] ?? null;
    }

    /** @return array<array-key, array<string, ?string>> by appointment */
    public function bySource(string $source): array
    {
        return array_column($this->where('v.source = ?', $source), null, 'appointment');
    }

    /** How many are in one of these states; of none named: how many there are. */
    public function count(string ...$states): int
    {
        $visits = array() === $states ? $this->all() : array_filter($this->all(), static fn (array $visit): bool => in_array($visit['state'], $states, true));
        return count($visits);
    }

    /** When each is looked at again by itself, by id; null for those that wait for nothing. @return array<int, ?int> Unix seconds */
    public function dueAt(): array
    {
        return array_map(
            static fn (?string $due): ?int => $due === null ? null : (int) strtotime("{$due} UTC"),
            array_column($this->tables->rows("SELECT id, due_at FROM {$this->tables->visits()} ORDER BY id"), 'due_at', 'id')
        );
    }

    /** Visits that were seen committed and for which something is still to be done at Zoom. */
    public function countToDo(): int
    {
        return $this->tables->number("SELECT COUNT(*) FROM {$this->tables->visits()} WHERE state IN ('due', 'attempting', 'updating') AND was_seen = 1");
    }

    /** Visits of a source for which anything is still to be done, or to be seen committed. */
    public function countUnsettled(string $source): int
    {
        return $this->tables->number(
            "SELECT COUNT(*) FROM {$this->tables->visits()} WHERE source = ? AND (state NOT IN ('made', 'cancelled') OR pending IS NOT NULL OR was_seen = 0)",
            $source
        );
    }

    /** Its version, null if there is no such visit, 'locked' if a transaction holds it. */
    public function versionAtOnce(int $visit): int|string|null
    {
        try {
            $rows = $this->tables->rows("SELECT version FROM {$this->tables->visits()} WHERE id = ? FOR UPDATE NOWAIT", $visit);
        } catch (\mysqli_sql_exception $failure) {
            return self::LOCKED === $failure->getCode() ? 'locked' : throw $failure;
        }
        return array() === $rows ? null : (int) $rows[0]['version'];
    }

    /** Whether two visits are at the same time and of one host, or of one doctor where it has none. */
    public function overlap(int $one, int $other): bool
    {
        [$first, $second] = array($this->timeAndHost($one), $this->timeAndHost($other));
        return $one !== $other && $second['start_utc'] < $first['end_utc'] && $second['end_utc'] > $first['start_utc']
            && ($first['host'] === null ? $first['doctor'] === $second['doctor'] : $first['host'] === $second['host']);
    }

    /** All that is kept of them and of their meetings, to compare. @return list<array<string, ?string>> */
    public function everything(): array
    {
        return array_merge(
            $this->tables->rows("SELECT * FROM {$this->tables->visits()} ORDER BY id"),
            $this->tables->rows("SELECT * FROM {$this->tables->meetings()} ORDER BY id")
        );
    }

    /** @return array<string, ?string> */
    private function timeAndHost(int $visit): array
    {
        $columns = 'v.start_utc, v.end_utc, v.doctor, COALESCE(m.host_at_zoom, m.host) AS host';
        return $this->tables->rows("SELECT {$columns} FROM {$this->visitsAndMeetings()} WHERE v.id = ?", $visit)[0];
    }

    private function visitsAndMeetings(): string
    {
        return "{$this->tables->visits()} v LEFT JOIN {$this->tables->meetings()} m ON m.visit = v.id AND m.role = 'serves'";
    }

    /** @return list<array<string, ?string>> */
    private function where(string $condition, int|string ...$values): array
    {
        $columns = array_merge(
            array_map(static fn (string $name): string => "v.{$name}", self::OF_VISIT),
            array_map(static fn (string $name): string => "m.{$name}", self::OF_MEETING)
        );
        $rows = $this->tables->rows(
            'SELECT ' . implode(', ', $columns) . ", v.state, COALESCE(m.host_at_zoom, m.host) AS host_id,
                m.number AS meeting_id, COALESCE(m.tries, 0) AS tries
             FROM {$this->visitsAndMeetings()} WHERE {$condition} ORDER BY v.id",
            ...$values
        );
        return array_map(
            function (array $row): array {
                $row['visit_key'] = $this->tables->opened($row['link_key'], 'visit link');
                $row['join_url'] = $this->tables->opened($row['join_url'], "visit {$row['id']}, meeting {$row['generation']}, join_url");
                $row['problem'] = ProblemText::of($row['problem']);
                unset($row['link_key'], $row['generation']);
                return $row;
            },
            $rows
        );
    }
}
