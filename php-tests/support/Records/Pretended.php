<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** What a test says has happened to visits without having it happen: time that passed, a process that died, a row that is gone. */
final class Pretended
{
    public function __construct(private readonly Tables $tables)
    {
    }

    /** For so long nobody has been at work on any visit. */
    public function leftAloneFor(int $seconds): void
    {
        $this->change('updated_at = updated_at - INTERVAL ? SECOND', array($seconds));
    }

    /** So many minutes pass, and nobody comes by: what was to be later by now is late by then. */
    public function nobodyCameFor(int $minutes): void
    {
        $columns = array(
            $this->tables->visits() => array('next_try_at', 'updated_at'),
            $this->tables->unwanted() => array('next_try_at', 'created_at'),
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
        $this->change('updated_at = UTC_TIMESTAMP() - INTERVAL ? SECOND', array($secondsAgo));
    }

    /** Each visit has failed nine times, the last time so long ago, and is due in an hour. */
    public function failedNineTimes(int $secondsAgo): void
    {
        $this->change(
            'tries = 9, next_try_at = UTC_TIMESTAMP() + INTERVAL 1 HOUR, updated_at = updated_at - INTERVAL ? SECOND, attempted_at = attempted_at - INTERVAL ? SECOND',
            array($secondsAgo, $secondsAgo)
        );
    }

    /** Each visit has failed nine times and is due. */
    public function failedNineTimesAndDue(): void
    {
        $this->change('tries = 9, next_try_at = NULL');
    }

    /** All visits are due. */
    public function due(): void
    {
        $this->change('next_try_at = NULL');
    }

    /** Its process was killed while it made the meeting, and noted no end. */
    public function killedWhileMaking(int $visit): void
    {
        $this->change('next_try_at = NULL, last_error = NULL', array(), $visit);
    }

    /** Only a person can tell whether it has a meeting. */
    public function uncertain(int $visit): void
    {
        $this->change("state = 'uncertain', next_try_at = NULL, meeting_id = NULL, join_url = NULL, sent = NULL", array(), $visit);
    }

    /** It cannot be told whether it has a meeting, for a reason, and it soon begins. */
    public function uncertainAndSoon(int $visit, int $startsIn, int $minutes): void
    {
        $this->change(
            "state = 'uncertain', start_utc = UTC_TIMESTAMP() + INTERVAL ? SECOND, end_utc = UTC_TIMESTAMP() + INTERVAL ? SECOND, last_error = 'x', updated_at = UTC_TIMESTAMP() - INTERVAL 1 HOUR",
            array($startsIn, $startsIn + $minutes * 60),
            $visit
        );
    }

    /** It began and ended so long ago. */
    public function over(int $visit, int $secondsAgo): void
    {
        $this->change('start_utc = UTC_TIMESTAMP() - INTERVAL ? SECOND, end_utc = UTC_TIMESTAMP() - INTERVAL ? SECOND, minutes = 0', array($secondsAgo, $secondsAgo), $visit);
    }

    /** The visits of a source are so many days later, or, where one is named, that of an appointment. */
    public function daysLater(int $days, string $source, ?string $appointment = null): void
    {
        $this->tables->execute(
            "UPDATE {$this->tables->visits()} SET start_utc = start_utc + INTERVAL ? DAY, end_utc = end_utc + INTERVAL ? DAY WHERE source = ? AND appointment = COALESCE(?, appointment)",
            $days,
            $days,
            $source,
            $appointment
        );
    }

    /** The request that booked it died before it saw the booking committed; unless it is made, nobody has tried to make it either. */
    public function neverSeen(string $source, int|string $appointment, bool $isMade = true): void
    {
        $this->tables->execute(
            "UPDATE {$this->tables->visits()} SET seen_at = NULL, told = NULL, event = 'booked'" . ($isMade ? '' : ", state = 'due', meeting_id = NULL")
                . ' WHERE source = ? AND appointment = ?',
            $source,
            (string) $appointment
        );
    }

    /** All visits were just booked with this source, whose transaction may be open. */
    public function bookedWith(string $source): void
    {
        $this->change("source = ?, event = 'booked', wished_at = UTC_TIMESTAMP()", array($source));
    }

    /** It was just moved in a transaction that may be open. */
    public function justMoved(int $visit): void
    {
        $this->change("event = 'moved', wished_at = UTC_TIMESTAMP()", array(), $visit);
    }

    public function patient(int $visit, int $user): void
    {
        $this->change('patient = ?', array($user), $visit);
    }

    public function joinUrl(int $visit, string $url): void
    {
        $this->change('join_url = ?', array($url), $visit);
    }

    /** Each visit is hosted by a Zoom user of its own, whom nobody knows. */
    public function hostsOfTheirOwn(): void
    {
        $this->change('host_id = CONCAT(host_id, id), host_email = CONCAT(id, "@clinic.example")');
    }

    /** The database knows no visits, as one from a backup. */
    public function forgotten(): void
    {
        $this->tables->execute("DELETE FROM {$this->tables->visits()}");
    }

    /**
     * A visit of this plugin's own screens in 24 hours, for an hour, whose meeting the clinic's account has made.
     *
     * @param array{id: string, email: string} $host
     * @return int its number
     */
    public function made(string $appointment, int $doctor, string $app, array $host, int $meeting, string $joinUrl): int
    {
        return $this->tables->insert(
            "INSERT INTO {$this->tables->visits()} (source, appointment, doctor, start_utc, end_utc, minutes, timezone, topic, state, mode, app, host_id,
                host_email, meeting_id, join_url, created_at, updated_at) VALUES ('manual', ?, ?, UTC_TIMESTAMP() + INTERVAL 1 DAY,
                UTC_TIMESTAMP() + INTERVAL 25 HOUR, 60, 'UTC', 'Video visit', 'made', 's2s', ?, ?, ?, ?, ?, UTC_TIMESTAMP(), UTC_TIMESTAMP())",
            $appointment,
            $doctor,
            $app,
            $host['id'],
            $host['email'],
            $meeting,
            $joinUrl
        );
    }

    /** @param list<int|string|null> $values */
    private function change(string $assignments, array $values = array(), ?int $visit = null): void
    {
        $this->tables->execute(
            "UPDATE {$this->tables->visits()} SET {$assignments}" . ($visit === null ? '' : ' WHERE id = ?'),
            ...$values,
            ...($visit === null ? array() : array($visit))
        );
    }
}
