<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** Thousands of visits, by the server's own sequences, and what tells whether a question to them is answered from an index. */
final class ManyVisits
{
    private const VISIT = 'version, source, appointment, doctor, start_utc, minutes, timezone, topic, end_utc, takes_place, is_off, state,
        pending, pending_since, wished_at, was_seen, told, mails_heard, alarms, unmailed, sequence, generation, is_missed, due_at, link_hash,
        link_key, changed_at, created_at';
    private const MEETING = 'visit, generation, reference, role, ended, doctor, mode, app, account, subject, host, number, host_at_zoom,
        has_start_utc, has_minutes, has_timezone, has_topic, sent_at, sent_start_utc, sent_minutes, sent_timezone, sent_topic, is_uncertain,
        due_at, passcode_in_link, overridden, has_ended, is_going, to_restore, tries';
    /** Of a meeting: the passcode is in the link, nothing is overridden, nothing is under way or to be restored, nothing has failed. */
    private const PLAIN = "1, '[]', 1, 0, '[]', 0";

    public function __construct(private readonly Tables $tables)
    {
    }

    /** The table that grows with the visits. */
    public function table(): string
    {
        return $this->tables->visits();
    }

    /** @return list<string> all that grow with the visits */
    public function tables(): array
    {
        return array($this->tables->visits(), $this->tables->meetings());
    }

    /** For the server's log: statements that name visits, or their meetings as well, the unwanted ones among them. */
    public function areNamed(bool $alsoUnwanted = true): string
    {
        $named = array_map(
            static fn (string $table): string => "argument LIKE '%" . str_replace('_', '\\_', $table) . "%'",
            $alsoUnwanted ? $this->tables() : array($this->tables->visits())
        );
        return '(' . implode(' OR ', $named) . ')';
    }

    /** Visits of a hundred doctors and nothing else, nine of ten over; few are not made, and some overlap. */
    public function fill(int $count): void
    {
        [$visits, $meetings] = $this->tables();
        foreach (array($visits, $meetings, $this->tables->outbox()) as $table) {
            $this->tables->execute("TRUNCATE {$table}");
        }
        $isOver = $count > 2 ? "seq <= {$count} * 0.9" : '0';
        // Every seventh overlaps with the one before it of the same doctor.
        $start = "UTC_TIMESTAMP() + INTERVAL IF({$isOver}, -60000, 600) MINUTE
            + INTERVAL (CAST(seq AS SIGNED) * 5 - IF(seq % 7 = 0, 490, 0)) MINUTE";
        // Of one doctor nobody knows a host; of one who has one a few are not made yet.
        $state = "CASE WHEN seq % 100 = 99 THEN IF({$isOver}, 'missed', 'due') WHEN {$isOver} OR seq % 50 THEN 'made'
            ELSE ELT(1 + seq DIV 50 % 4, 'due', 'attempting', 'uncertain', 'cancelled') END";
        $this->tables->execute(
            "INSERT INTO {$visits} (id, " . self::VISIT . ")
             SELECT seq, 1, 'manual', CONCAT('a', seq), 1 + seq % 100, start, 25, 'Europe/Berlin', 'Video visit', start + INTERVAL 25 MINUTE,
                state <> 'cancelled', state = 'cancelled', state,
                IF(seq % 500 = 498, 'reschedule', NULL), IF(seq % 500 = 498, UTC_TIMESTAMP(), NULL), UTC_TIMESTAMP(), 1,
                '[]', 0, '[]', '[]', 1, IF(seq <= 200, 2, 1), state = 'missed',
                CASE WHEN seq % 500 = 498 THEN UTC_TIMESTAMP() + INTERVAL 15 MINUTE
                    WHEN seq <= 200 THEN IF(seq % 2, UTC_TIMESTAMP(), UTC_TIMESTAMP() + INTERVAL 1 DAY)
                    WHEN state IN ('due', 'attempting') THEN UTC_TIMESTAMP() WHEN state = 'uncertain' THEN start - INTERVAL 1 HOUR END,
                SHA2(seq, 256), {$this->key()}, UTC_TIMESTAMP() - INTERVAL 1 HOUR, UTC_TIMESTAMP()
             FROM (SELECT seq, {$start} AS start, {$state} AS state FROM seq_1_to_{$count}) AS planned"
        );
        // What is off has none that serves; what is due was never tried, but where nobody can host it.
        $isKnown = "v.state = 'made'";
        $wasSent = "v.state IN ('attempting', 'uncertain')";
        $hasMaker = 'v.id % 100 <> 99';
        // Of each doctor half through the clinic's account and half through a connection of their own.
        $isDoctors = '(v.id DIV 100 % 2 = 1)';
        $this->tables->execute(
            "INSERT INTO {$meetings} (" . self::MEETING . ")
             SELECT v.id, v.generation, CONCAT('site:manual:', v.appointment),
                IF(v.state = 'missed', 'done', 'serves'), IF(v.state = 'missed', 'none_made', NULL), v.doctor,
                IF({$hasMaker}, IF({$isDoctors}, 'oauth', 's2s'), NULL), IF({$hasMaker}, 'app', NULL), IF({$hasMaker} AND NOT {$isDoctors}, 'account', NULL),
                IF({$hasMaker} AND {$isDoctors}, CONCAT('connection', v.id % 100), NULL), IF({$hasMaker}, CONCAT('host', v.id % 100), NULL),
                IF({$isKnown}, 90000000000 + v.id, NULL), IF({$isKnown}, CONCAT('host', v.id % 100), NULL),
                IF({$isKnown}, v.start_utc, NULL), IF({$isKnown}, v.minutes, NULL), IF({$isKnown}, v.timezone, NULL), IF({$isKnown}, v.topic, NULL),
                IF({$wasSent}, UTC_TIMESTAMP(), NULL), IF({$wasSent}, v.start_utc, NULL), IF({$wasSent}, v.minutes, NULL),
                IF({$wasSent}, v.timezone, NULL), IF({$wasSent}, v.topic, NULL), v.state = 'uncertain', NULL, " . self::PLAIN . "
             FROM {$visits} v WHERE v.state <> 'cancelled' AND NOT (v.state = 'due' AND {$hasMaker})"
        );
        $this->tables->execute(
            "INSERT INTO {$meetings} (" . self::MEETING . ")
             SELECT v.id, 1, CONCAT('site:manual:', v.appointment), 'unwanted', NULL, 1, 's2s', 'app', 'account', NULL, CONCAT('host', v.id % 100),
                80000000000 + v.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0,
                IF(v.id % 2, NULL, UTC_TIMESTAMP() + INTERVAL 1 DAY), " . self::PLAIN . "
             FROM {$visits} v WHERE v.id <= 200"
        );
        $this->tables->alignHosts();
        $this->analyze();
    }

    /** All of these are to come, and there is something to do for each. */
    public function makeDue(): void
    {
        [$visits, $meetings] = $this->tables();
        $this->tables->execute("DELETE FROM {$meetings} WHERE visit % 2 = 1");
        $this->tables->execute("DELETE FROM {$meetings} WHERE role <> 'serves' OR number IS NULL");
        $this->tables->execute(
            "UPDATE {$visits} v LEFT JOIN {$meetings} m ON m.visit = v.id SET v.state = IF(m.id IS NULL, 'due', 'updating'),
                v.takes_place = 1, v.is_off = 0, v.is_missed = 0, v.pending = NULL, v.pending_since = NULL,
                v.start_utc = v.start_utc + INTERVAL 90 DAY, v.end_utc = v.end_utc + INTERVAL 90 DAY, v.due_at = UTC_TIMESTAMP()"
        );
        $this->tables->alignHosts();
        $this->analyze();
    }

    /** Visits of a source, made and seen committed, one an hour, nine of ten over; their appointments are numbered from 1. */
    public function addHourly(string $source, int $count): void
    {
        [$visits, $meetings] = $this->tables();
        $over = intdiv($count * 9, 10);
        $this->tables->execute(
            "INSERT INTO {$visits} (" . self::VISIT . ")
             SELECT 1, ?, seq, 1, UTC_TIMESTAMP() + INTERVAL CAST(seq AS SIGNED) - {$over} - 1 HOUR, 60, 'UTC', 'x',
                UTC_TIMESTAMP() + INTERVAL CAST(seq AS SIGNED) - {$over} HOUR, 1, 0, 'made', NULL, NULL, UTC_TIMESTAMP() - INTERVAL 1 DAY, 1,
                '[]', 0, '[]', '[]', 1, 1, 0, NULL, SHA2(CONCAT(?, seq), 256), {$this->key()}, UTC_TIMESTAMP(), UTC_TIMESTAMP()
             FROM seq_1_to_{$count}",
            $source,
            $source
        );
        $this->tables->execute(
            "INSERT INTO {$meetings} (" . self::MEETING . ")
             SELECT v.id, 1, CONCAT('site:', v.source, ':', v.appointment), 'serves', NULL, v.doctor, 's2s', 'app', 'account', NULL, 'host',
                90000000000 + v.id, 'host', v.start_utc, v.minutes, v.timezone, v.topic, NULL, NULL, NULL, NULL, NULL, 0, NULL, " . self::PLAIN . "
             FROM {$visits} v WHERE v.source = ?",
            $source
        );
        $this->analyze();
    }

    /** Visits that are long over and for which no meeting was made. */
    public function addMissed(int $doctor, string $patientEmail, int $count): void
    {
        $this->tables->execute(
            "INSERT INTO {$this->tables->visits()} (" . self::VISIT . ", patient_email)
             SELECT 1, 'manual', CONCAT('old', seq), ?, '2026-01-01', 25, 'UTC', 'Video visit', '2026-01-01 00:25', 1, 0, 'missed', NULL, NULL,
                '2026-01-01', 1, '[]', 0, '[]', '[]', 1, 0, 1, NULL, NULL, NULL, '2026-01-01', '2026-01-01', ? FROM seq_1_to_{$count}",
            $doctor,
            $patientEmail
        );
    }

    /** As SQL: what all their links are sealed from, so that screens show some; none of them leads anywhere. */
    private function key(): string
    {
        return $this->tables->hasVault() ? "'{$this->tables->sealed(str_repeat('0', 32), 'visit link')}'" : 'NULL';
    }

    private function analyze(): void
    {
        $this->tables->execute('ANALYZE TABLE ' . implode(', ', $this->tables()));
    }
}
