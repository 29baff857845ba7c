<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/**
 * Visits, each with the meeting at Zoom that serves it. What is read of one, texts all of them, or null:
 *
 * id, source, appointment, version; doctor, patient (a user's number), patient_email; start_utc, minutes, timezone, topic;
 * state; pending (what was wished and is not seen committed yet), was_seen ('1' once it was seen committed), visit_key, sequence;
 * mode, app, host_id, host_email, meeting_id, join_url; tries, due_at, problem.
 */
final class Visits
{
    private const COLUMNS = 'id, source, appointment, version, doctor, patient, patient_email, start_utc, minutes, timezone, topic, state, event AS pending,'
        . ' seen_at IS NOT NULL AS was_seen, visit_key, sequence, mode, app, host_id, host_email, meeting_id, join_url, tries, next_try_at AS due_at, last_error AS problem';
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
        return $this->where('id = ?', $visit)[0] ?? null;
    }

    /** @return ?array<string, ?string> */
    public function ofAppointment(string $source, int|string $appointment): ?array
    {
        return $this->where('source = ? AND appointment = ?', $source, (string) $appointment)[0] ?? null;
    }

    /** @return array<array-key, array<string, ?string>> by appointment */
    public function bySource(string $source): array
    {
        return array_column($this->where('source = ?', $source), null, 'appointment');
    }

    /** How many are in one of these states; of none named: how many there are. */
    public function count(string ...$states): int
    {
        $visits = array() === $states ? $this->all() : array_filter($this->all(), static fn (array $visit): bool => in_array($visit['state'], $states, true));
        return count($visits);
    }

    /** When each is due, by id; null for those that wait for nothing. @return array<int, ?int> Unix seconds */
    public function dueAt(): array
    {
        return array_map(
            static fn (?string $due): ?int => $due === null ? null : (int) strtotime("{$due} UTC"),
            array_column($this->all(), 'due_at', 'id')
        );
    }

    /** Visits that were seen committed and for which something is still to be done at Zoom. */
    public function countToDo(): int
    {
        return $this->tables->number("SELECT COUNT(*) FROM {$this->tables->visits()} WHERE state IN ('due', 'attempting', 'changing') AND seen_at IS NOT NULL");
    }

    /** Visits of a source for which anything is still to be done, or to be seen committed. */
    public function countUnsettled(string $source): int
    {
        return $this->tables->number(
            "SELECT COUNT(*) FROM {$this->tables->visits()} WHERE source = ? AND (state NOT IN ('made', 'cancelled') OR event IS NOT NULL OR seen_at IS NULL)",
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
        return 1 === $this->tables->number(
            "SELECT COUNT(*) FROM {$this->tables->visits()} a JOIN {$this->tables->visits()} b ON b.start_utc < a.end_utc AND b.end_utc > a.start_utc AND b.id <> a.id
             AND (b.host_id = a.host_id OR (a.host_id IS NULL AND b.doctor = a.doctor)) WHERE a.id = ? AND b.id = ?",
            $one,
            $other
        );
    }

    /** All that is kept of them, to compare. @return list<array<string, ?string>> */
    public function everything(): array
    {
        return $this->tables->rows("SELECT * FROM {$this->tables->visits()} ORDER BY id");
    }

    /** @return list<array<string, ?string>> */
    private function where(string $condition, int|string ...$values): array
    {
        return $this->tables->rows('SELECT ' . self::COLUMNS . " FROM {$this->tables->visits()} WHERE {$condition} ORDER BY id", ...$values);
    }
}
