<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** Thousands of visits, by the server's own sequences, and what tells whether a question to them is answered from an index. */
final class ManyVisits
{
    public function __construct(private readonly Tables $tables)
    {
    }

    /** The table that grows with the visits. */
    public function table(): string
    {
        return $this->tables->visits();
    }

    /** For the server's log: statements that name visits, or unwanted meetings as well. */
    public function areNamed(bool $alsoUnwanted = true): string
    {
        $named = array_map(
            static fn (string $table): string => "argument LIKE '%" . str_replace('_', '\\_', $table) . "%'",
            $alsoUnwanted ? array($this->tables->visits(), $this->tables->unwanted()) : array($this->tables->visits())
        );
        return '(' . implode(' OR ', $named) . ')';
    }

    /** Visits of a hundred doctors and nothing else, nine of ten over; few are not made, and some overlap. */
    public function fill(int $count): void
    {
        [$visits, $unwanted] = array($this->tables->visits(), $this->tables->unwanted());
        $this->tables->execute("TRUNCATE {$visits}");
        $this->tables->execute("TRUNCATE {$unwanted}");
        $isOver = $count > 2 ? "seq <= {$count} * 0.9" : '0';
        // Every seventh overlaps with the one before it of the same doctor.
        $start = "UTC_TIMESTAMP() + INTERVAL IF({$isOver}, -60000, 600) MINUTE + INTERVAL (CAST(seq AS SIGNED) * 5 - IF(seq % 7 = 0, 490, 0)) MINUTE";
        $this->tables->execute(
            "INSERT INTO {$visits} (source, appointment, doctor, start_utc, end_utc, minutes, timezone, topic, state, visit_key, event, wished_at, mode, app,
                zoom_account, connection, host_id, host_email, meeting_id, join_url, sent, last_error, next_try_at, created_at, updated_at)
             SELECT 'manual', CONCAT('a', seq), 1 + seq % 100, {$start}, {$start} + INTERVAL 25 MINUTE, 25, 'Europe/Berlin', 'Video visit',
                IF({$isOver} OR seq % 50, 'made', ELT(1 + seq DIV 50 % 4, 'due', 'attempting', 'uncertain', 'cancelled')), MD5(seq), IF(seq % 500 = 499, 'moved', NULL), UTC_TIMESTAMP(),
                IF(seq % 100 = 99, NULL, 's2s'), IF(seq % 100 = 99, NULL, 'app'), 'account', CONCAT('connection', seq % 100), IF(seq % 100 = 99, NULL, CONCAT('host', seq % 100)), NULL,
                IF(seq % 50, 90000000000 + seq, NULL), IF(seq % 50, 'https://zoom.us/j/1', NULL), NULL, NULL, NULL, UTC_TIMESTAMP(), UTC_TIMESTAMP() - INTERVAL 1 HOUR
             FROM seq_1_to_{$count}"
        );
        $this->tables->execute(
            "INSERT INTO {$unwanted} (meeting, generation, doctor, mode, app, zoom_account, connection, host_id, meeting_id, created_at, next_try_at)
             SELECT seq, 1, 1, 's2s', 'app', 'account', NULL, CONCAT('host', seq % 100), 80000000000 + seq, UTC_TIMESTAMP(), IF(seq % 2, NULL, UTC_TIMESTAMP() + INTERVAL 1 DAY)
             FROM seq_1_to_{$count} WHERE seq <= 200"
        );
        $this->tables->execute("ANALYZE TABLE {$visits}, {$unwanted}");
    }

    /** All of these are to come, and there is something to do for each. */
    public function makeDue(): void
    {
        $this->tables->execute(
            "UPDATE {$this->tables->visits()} SET state = IF(id % 2, 'due', 'changing'), event = NULL, start_utc = start_utc + INTERVAL 90 DAY, end_utc = end_utc + INTERVAL 90 DAY"
        );
        $this->tables->execute("ANALYZE TABLE {$this->tables->visits()}");
    }

    /** Visits of a source, made and seen committed, one an hour, nine of ten over; their appointments are numbered from 1. */
    public function addHourly(string $source, int $count): void
    {
        $over = intdiv($count * 9, 10);
        $this->tables->execute(
            "INSERT INTO {$this->tables->visits()} (source, appointment, doctor, start_utc, end_utc, minutes, timezone, topic, state, visit_key, wished_at, seen_at, created_at, updated_at)
             SELECT ?, seq, 1, UTC_TIMESTAMP() + INTERVAL CAST(seq AS SIGNED) - {$over} - 1 HOUR, UTC_TIMESTAMP() + INTERVAL CAST(seq AS SIGNED) - {$over} HOUR, 60, 'UTC', 'x', 'made', MD5(seq),
                UTC_TIMESTAMP() - INTERVAL 1 DAY, UTC_TIMESTAMP(), UTC_TIMESTAMP(), UTC_TIMESTAMP() FROM seq_1_to_{$count}",
            $source
        );
        $this->tables->execute("ANALYZE TABLE {$this->tables->visits()}");
    }

    /** Visits that are long over and for which no meeting was made. */
    public function addMissed(int $doctor, string $patientEmail, int $count): void
    {
        $this->tables->execute(
            "INSERT INTO {$this->tables->visits()} (source, appointment, doctor, patient_email, start_utc, end_utc, minutes, timezone, topic, state, created_at, updated_at)
             SELECT 'manual', CONCAT('old', seq), ?, ?, '2026-01-01', '2026-01-01', 25, 'UTC', 'Video visit', 'missed', '2026-01-01', '2026-01-01' FROM seq_1_to_{$count}",
            $doctor,
            $patientEmail
        );
    }
}
