<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** What a test says has happened to visits without having it happen: time that passed, a process that died, a row that is gone. */
final class Pretended
{
    /** Nothing is known of its meeting at Zoom, of which a creation was sent. */
    private const MAY_EXIST = 'm.number = NULL, m.uuid = NULL, m.host_at_zoom = NULL, m.host_email = NULL,
        m.join_url = NULL, m.passcode = NULL, m.passcode_in_link = 0,
        m.has_start_utc = NULL, m.has_minutes = NULL, m.has_timezone = NULL, m.has_topic = NULL, m.overridden = "[]", m.to_restore = "[]",
        m.sent_start_utc = COALESCE(m.sent_start_utc, v.start_utc), m.sent_minutes = COALESCE(m.sent_minutes, v.minutes),
        m.sent_timezone = COALESCE(m.sent_timezone, v.timezone), m.sent_topic = COALESCE(m.sent_topic, v.topic),
        m.sent_at = COALESCE(m.sent_at, UTC_TIMESTAMP()), m.has_ended = 1';
    /** So long what was wished may still be rolled back. */
    private const BELIEVED_AFTER = 'INTERVAL 15 MINUTE';

    public function __construct(private readonly Tables $tables)
    {
    }

    /** For so long nobody has been at work on any visit. */
    public function leftAloneFor(int $seconds): void
    {
        $this->change('v.changed_at = v.changed_at - INTERVAL ? SECOND', array($seconds));
    }

    /** So many minutes pass, and nobody comes by: what was to be later by now is late by then. */
    public function nobodyCameFor(int $minutes): void
    {
        $columns = array(
            $this->tables->visits() => array('due_at', 'changed_at'),
            $this->tables->meetings() => array('due_at'),
            $this->tables->outbox() => array('due_at'),
            $this->tables->signals() => array('at'),
        );
        foreach ($columns as $table => $names) {
            foreach ($names as $name) {
                $this->tables->execute("UPDATE {$table} SET {$name} = LEAST({$name}, UTC_TIMESTAMP()) - INTERVAL ? MINUTE", $minutes);
            }
        }
    }

    /** The last try of each visit, and of Zoom in an outage, was so long ago. */
    public function lastTried(int $secondsAgo): void
    {
        $this->tables->execute("UPDATE {$this->tables->signals()} SET at = UTC_TIMESTAMP() - INTERVAL ? SECOND WHERE name = 'breaker'", $secondsAgo);
        $this->change('v.changed_at = UTC_TIMESTAMP() - INTERVAL ? SECOND', array($secondsAgo));
    }

    /** Each visit has failed nine times, the last time so long ago, and is due in an hour. */
    public function failedNineTimes(int $secondsAgo): void
    {
        $this->change(
            'm.tries = 9, m.due_at = UTC_TIMESTAMP() + INTERVAL 1 HOUR, v.due_at = UTC_TIMESTAMP() + INTERVAL 1 HOUR,
            v.changed_at = v.changed_at - INTERVAL ? SECOND, m.sent_at = m.sent_at - INTERVAL ? SECOND',
            array($secondsAgo, $secondsAgo)
        );
    }

    /** Each visit has failed nine times and is due. */
    public function failedNineTimesAndDue(): void
    {
        $this->change('m.tries = 9, m.due_at = NULL, v.due_at = UTC_TIMESTAMP()');
    }

    /** All visits are due for which something is still to be done. */
    public function due(): void
    {
        $this->change('m.due_at = NULL, v.due_at = IF(v.due_at IS NULL, NULL, UTC_TIMESTAMP())');
    }

    /** Its process was killed while it made the meeting, and noted no end. */
    public function killedWhileMaking(int $visit): void
    {
        $this->change('m.due_at = NULL, m.problem = NULL, m.has_ended = 0, v.due_at = UTC_TIMESTAMP()', array(), $visit);
    }

    /** Only a person can tell whether it has a meeting. */
    public function uncertain(int $visit): void
    {
        $this->change(
            self::MAY_EXIST . ", m.is_uncertain = 1, m.due_at = NULL, v.state = 'uncertain', v.due_at = v.start_utc - INTERVAL 1 HOUR",
            array(),
            $visit
        );
    }

    /** It cannot be told whether it has a meeting, for a reason, and it soon begins. */
    public function uncertainAndSoon(int $visit, int $startsIn, int $minutes): void
    {
        $this->uncertain($visit);
        $this->change(
            'v.start_utc = UTC_TIMESTAMP() + INTERVAL ? SECOND, v.end_utc = UTC_TIMESTAMP() + INTERVAL ? SECOND, v.minutes = ?,
            v.due_at = UTC_TIMESTAMP(), v.changed_at = UTC_TIMESTAMP() - INTERVAL 1 HOUR,
            m.problem = \'{"id":"pretended","parameters":{"message":"x"},"passes":false}\'',
            array($startsIn, $startsIn + $minutes * 60, $minutes),
            $visit
        );
    }

    /** It began and ended so long ago. */
    public function over(int $visit, int $secondsAgo): void
    {
        $this->change(
            'v.start_utc = UTC_TIMESTAMP() - INTERVAL ? SECOND, v.end_utc = UTC_TIMESTAMP() - INTERVAL ? SECOND, v.minutes = 0,
            m.has_start_utc = IF(m.has_start_utc IS NULL, NULL, UTC_TIMESTAMP() - INTERVAL ? SECOND),
            m.has_minutes = IF(m.has_minutes IS NULL, NULL, 0)',
            array($secondsAgo, $secondsAgo, $secondsAgo),
            $visit
        );
    }

    /** The visits of a source, or that of one appointment, are so many days later; so they are at Zoom, and so people were told. */
    public function daysLater(int $days, string $source, ?string $appointment = null): void
    {
        $rows = $this->tables->rows(
            "SELECT id, told FROM {$this->tables->visits()} WHERE source = ? AND appointment = COALESCE(?, appointment)",
            $source,
            $appointment
        );
        foreach ($rows as $visit) {
            $told = json_decode((string) $visit['told'], true, 16, JSON_THROW_ON_ERROR);
            foreach ($told as &$what) {
                if (isset($what[1]['on'])) {
                    $what[1]['on']['start'] += $days * 86400;
                }
            }
            $this->change(
                'v.start_utc = v.start_utc + INTERVAL ? DAY, v.end_utc = v.end_utc + INTERVAL ? DAY,
                m.has_start_utc = m.has_start_utc + INTERVAL ? DAY, v.told = ?',
                array($days, $days, $days, json_encode($told, JSON_THROW_ON_ERROR)),
                (int) $visit['id']
            );
        }
    }

    /** The request that booked it died before it saw the booking committed; unless it is made, nobody has tried to make it either. */
    public function neverSeen(string $source, int|string $appointment, bool $isMade = true): void
    {
        $ids = $this->tables->rows("SELECT id FROM {$this->tables->visits()} WHERE source = ? AND appointment = ?", $source, (string) $appointment);
        foreach ($ids as $visit) {
            $id = (int) $visit['id'];
            // Nobody is told of what may be rolled back, and what the source itself has told is heard with the next look.
            $this->change(
                'v.was_seen = 0, v.pending = "book", v.pending_since = v.wished_at, v.told = "[]", v.mails_heard = 0, v.alarms = "[]",
                v.unmailed = "[]", v.due_at = v.wished_at + ' . self::BELIEVED_AFTER,
                array(),
                $id
            );
            $this->tables->execute("DELETE FROM {$this->tables->outbox()} WHERE visit = ?", $id);
            if (! $isMade) {
                $this->tables->execute("DELETE FROM {$this->tables->meetings()} WHERE visit = ?", $id);
                $this->change("v.state = 'due', v.generation = 0", array(), $id);
            }
        }
    }

    /** All visits were just booked with this source, whose transaction may be open; a worker comes by at once all the same. */
    public function bookedWith(string $source): void
    {
        $this->change(
            "v.source = ?, v.pending = 'book', v.pending_since = UTC_TIMESTAMP(), v.wished_at = UTC_TIMESTAMP(), v.due_at = UTC_TIMESTAMP()",
            array($source)
        );
    }

    /** It was just moved in a transaction that may be open. */
    public function justMoved(int $visit): void
    {
        $this->change(
            "v.pending = 'reschedule', v.pending_since = UTC_TIMESTAMP(), v.wished_at = UTC_TIMESTAMP(),
            v.due_at = UTC_TIMESTAMP() + " . self::BELIEVED_AFTER,
            array(),
            $visit
        );
    }

    public function patient(int $visit, int $user): void
    {
        $this->change('v.patient = ?', array($user), $visit);
    }

    public function joinUrl(int $visit, string $url): void
    {
        $generation = $this->tables->number("SELECT generation FROM {$this->tables->meetings()} WHERE visit = ? AND role = 'serves'", $visit);
        $this->change('m.join_url = ?', array($this->tables->sealed($url, "visit {$visit}, meeting {$generation}, join_url")), $visit);
    }

    /** Each visit is hosted by a Zoom user of its own, whom nobody knows. */
    public function hostsOfTheirOwn(): void
    {
        $this->change('m.host = CONCAT(m.host, v.id), m.host_at_zoom = CONCAT(m.host_at_zoom, v.id), m.host_email = CONCAT(v.id, "@clinic.example")');
        $this->tables->alignHosts();
    }

    /** The database knows no visits, as one from a backup. */
    public function forgotten(): void
    {
        foreach (array($this->tables->visits(), $this->tables->meetings(), $this->tables->outbox()) as $table) {
            $this->tables->execute("DELETE FROM {$table}");
        }
    }

    /**
     * A visit of this plugin's own screens in 24 hours, for an hour, whose meeting the clinic's account has made.
     *
     * @param array{id: string, email: string} $host
     * @return int its number
     */
    public function made(string $appointment, int $doctor, string $app, array $host, int $meeting, string $joinUrl): int
    {
        $visit = $this->tables->insert(
            "INSERT INTO {$this->tables->visits()} (version, source, appointment, doctor, start_utc, minutes, timezone, topic, end_utc,
                takes_place, is_off, state, wished_at, was_seen, told, mails_heard, alarms, unmailed, sequence, generation, is_missed, changed_at, created_at)
             VALUES (1, 'manual', ?, ?, UTC_TIMESTAMP() + INTERVAL 1 DAY, 60, 'UTC', 'Video visit', UTC_TIMESTAMP() + INTERVAL 25 HOUR, 1, 0, 'made',
                UTC_TIMESTAMP(), 1, '[]', 0, '[]', '[]', 1, 1, 0, UTC_TIMESTAMP(), UTC_TIMESTAMP())",
            $appointment,
            $doctor
        );
        $this->tables->execute(
            "INSERT INTO {$this->tables->meetings()} (visit, generation, reference, role, doctor, mode, app, host, number, host_at_zoom, host_email,
                join_url, passcode_in_link, has_start_utc, has_minutes, has_timezone, has_topic, overridden, has_ended, is_going, is_uncertain, to_restore, tries)
             SELECT v.id, 1, CONCAT(s.option_value, ':manual:', v.appointment), 'serves', v.doctor, 's2s', ?, ?, ?, ?, ?, ?, 1,
                v.start_utc, v.minutes, v.timezone, v.topic, '[]', 0, 0, 0, '[]', 0
             FROM {$this->tables->visits()} v JOIN {$this->tables->options()} s ON s.option_name = 'telemed_site_id' WHERE v.id = ?",
            $app,
            $host['id'],
            $meeting,
            $host['id'],
            $host['email'],
            $this->tables->sealed($joinUrl, "visit {$visit}, meeting 1, join_url"),
            $visit
        );
        $this->tables->alignHosts();
        return $visit;
    }

    /**
     * @param string $assignments to columns of the visit (v) and of the meeting that serves it (m), where there is one
     * @param list<int|string|null> $values
     */
    private function change(string $assignments, array $values = array(), ?int $visit = null): void
    {
        $this->tables->execute(
            "UPDATE {$this->tables->visits()} v LEFT JOIN {$this->tables->meetings()} m ON m.visit = v.id AND m.role = 'serves' SET {$assignments}"
                . ($visit === null ? '' : ' WHERE v.id = ?'),
            ...$values,
            ...($visit === null ? array() : array($visit))
        );
    }
}
