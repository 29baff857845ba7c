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
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class VisitStore
{
    private const TRIES = 3;
    /** Sequences count on from the minutes since this moment. */
    private const SEQUENCE_BEGINS = 1_735_689_600;

    public readonly VisitQueue $queue;
    private readonly VisitRows $rows;

    /** @param ?\Closure(string, list<int|string>): void $bring brings a visit along from the table of the version before */
    public function __construct(
        private readonly Database $database,
        private readonly VisitTables $tables,
        private readonly Counters $counters,
        private readonly Outages $outages,
        private readonly SealedLinks $links,
        private readonly ?\Closure $bring = null
    ) {
        $this->queue = new VisitQueue($database, $tables);
        $this->rows = new VisitRows($database, $tables, $links);
    }

    /** @throws DatabaseException */
    public function find(int $id): ?Visit
    {
        return $this->rows->read($id, false);
    }

    /** A key of a visit's patient that tells them from others; null where nobody is known. Only of what was read here. */
    public function patientOf(Visit $visit): ?string
    {
        return $this->rows->patientOf($visit);
    }

    /**
     * The visit of an appointment.
     *
     * @throws DatabaseException
     */
    public function idOf(string $source, string $appointment): ?int
    {
        if ($this->bring !== null) {
            ($this->bring)('source = ? AND appointment = ?', [$source, $appointment]);
        }
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
        return $this->database->atomically(function () use ($visit, $changes, $people, $at): int {
            $id = $this->rows->add(['created_at' => $at->now(), 'changed_at' => $at->now()] + $people + $this->links->newKey() + $changes['visit']);
            $this->rows->writeMeetingsAndNotices($id, $changes, $at);
            $this->announce($id, $visit->source(), $visit->appointment(), $changes, $visit->state());
            return $id;
        });
    }

    /**
     * Writes down a booking while the extension is absent: what Visit::booked() would give, and due at once, for when the extension is
     * back it looks up what stands. So a booking of an appointment that has a visit changes nothing.
     *
     * @param array<string, int|string> $slot as the extension takes it
     * @param array<string, int|string|null> $people the columns of the patient
     * @return int the visit's number
     * @throws DatabaseException
     * @throws Problem when there is no key for its link
     */
    public function bookWithoutExtension(string $source, string $appointment, int $doctor, array $slot, #[\SensitiveParameter] array $people): int
    {
        $id = $this->idOf($source, $appointment);
        if ($id !== null) {
            return $id;
        }
        if (in_array('', [$source, $appointment], true) || str_contains($source . $appointment, ':')) {
            throw new \InvalidArgumentException('The name of an appointment, or of its system, is empty or holds a colon.');
        }
        $now = Clock::sql();
        $row = [
            'version' => 1, 'source' => $source, 'appointment' => $appointment, 'doctor' => $doctor,
            'start_utc' => $slot['start_utc'], 'minutes' => $slot['minutes'], 'timezone' => $slot['timezone'], 'topic' => $slot['topic'],
            'end_utc' => (new \DateTimeImmutable("{$slot['start_utc']} UTC"))->modify("+{$slot['minutes']} minutes")->format('Y-m-d H:i:s'),
            'takes_place' => 1, 'is_off' => 0, 'state' => 'due', 'pending' => 'book', 'pending_since' => $now, 'wished_at' => $now, 'was_seen' => 0,
            'told' => '[]', 'mails_heard' => 0, 'alarms' => '[]', 'unmailed' => '[]',
            'sequence' => max(1, intdiv(Clock::now() - self::SEQUENCE_BEGINS, MINUTE_IN_SECONDS)), 'generation' => 0, 'is_missed' => 0,
            'due_at' => $now, 'created_at' => $now, 'changed_at' => $now,
        ] + $people + $this->links->newKey();
        try {
            return $this->database->atomically(function () use ($row, $now): int {
                $id = $this->rows->add($row);
                $this->rows->log($id, 'booked', $now);
                $this->announce($id, $row['source'], $row['appointment'], ['forgets' => false, 'log' => ['booked']], $row['state']);
                return $id;
            });
        } catch (DatabaseException $failure) {
            // Booked twice at the same moment.
            return ($failure->getCode() === Database::DUPLICATE ? $this->idOf($source, $appointment) : null) ?? throw $failure;
        }
    }

    /**
     * Whom a visit is with.
     *
     * @param array<string, int|string|null> $people the columns of the patient
     * @throws DatabaseException
     */
    public function setPeople(int $id, #[\SensitiveParameter] array $people): void
    {
        $this->rows->update($id, $people);
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
        $this->rows->import($visits);
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
        return $this->whole(function () use ($id, $input, $at): ?Visit {
            $visit = $this->rows->read($id, true);
            $changed = $visit === null ? null : $input($visit);
            return $changed === null ? null : $this->write($id, $changed, $changed->changes($at), $at);
        });
    }

    /**
     * Changes a visit that was read before, if it is still the same version. One that holds changes already is read again: they are
     * written, and must not be written twice.
     *
     * @param \Closure(Visit): ?Visit $input null: nothing is to be changed after all
     * @return ?Visit null as of change(), and where it is another version by now
     * @throws DatabaseException
     */
    public function changeRead(int $id, Visit $read, \Closure $input, Moment $at): ?Visit
    {
        $version = $read->version();
        $before = $read->changes($at);
        $changed = $before['visit'] === null && $before['notices'] === [] ? $input($read) : null;
        $changes = $changed?->changes($at);
        if ($changed === null || $changes['visit'] === null || $changes['notices'] !== []) {
            // What is on its way to somebody counts as no other version.
            return $this->change($id, static fn(Visit $now): ?Visit => $now->version() === $version ? $input($now) : null, $at);
        }
        return $this->whole(fn(): ?Visit => $this->write($id, $changed, $changes, $at, $version));
    }

    /**
     * @param \Closure(): ?Visit $work
     * @throws DatabaseException
     */
    private function whole(\Closure $work): ?Visit
    {
        for ($try = 1;; $try++) {
            try {
                return $this->database->atomically($work);
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
     * Whoever listens may wait for others, as for a lock in the host's tables: nobody is called within a transaction of ours.
     *
     * @param array<string, mixed> $changes
     */
    private function announce(int $id, string $source, string $appointment, array $changes, string $state): void
    {
        $which = ['id' => $id, 'source' => $source, 'appointment' => $appointment];
        if ($changes['forgets']) {
            /**
             * Fires when a visit was forgotten: its booking was rolled back, so that it has never been.
             *
             * @since 0.2.0
             * @api
             *
             * @param array $visit {
             *     Which one it was.
             *
             *     @type int    $id          Its number on this site.
             *     @type string $source      The name of its appointment system.
             *     @type string $appointment Its appointment there.
             * }
             */
            $this->database->afterCommit(static fn() => do_action('telemed_visit_forgotten', $which));
        } elseif ($changes['log'] !== []) {
            $which += ['events' => $changes['log'], 'state' => $state];
            /**
             * Fires when something has happened to a visit and stands in the plugin's tables.
             *
             * Whether the appointment stands is another question: what was wished in a transaction may be rolled back, until the event
             * 'confirmed'.
             *
             * @since 0.2.0
             * @api
             *
             * @param array $visit {
             *     Which one it is, and what has happened.
             *
             *     @type int      $id          Its number on this site.
             *     @type string   $source      The name of its appointment system.
             *     @type string   $appointment Its appointment there.
             *     @type string[] $events      What has happened, as in the log of the visit.
             *     @type string   $state       What it is by now: see docs/adapters.md.
             * }
             */
            $this->database->afterCommit(static fn() => do_action('telemed_visit_changed', $which));
        }
    }

    /**
     * Removes what gave access to visits that were over by then.
     *
     * @param string $moment UTC
     * @throws DatabaseException
     */
    public function blank(string $moment): void
    {
        $this->database->execute(
            "UPDATE {$this->tables->visits()} SET link_hash = NULL, link_key = NULL, version = version + 1 WHERE end_utc < ? AND link_hash IS NOT NULL",
            [$moment]
        );
        $this->database->execute(
            "UPDATE {$this->tables->meetings()} m JOIN {$this->tables->visits()} v ON v.id = m.visit SET m.join_url = NULL, m.passcode = NULL
             WHERE v.end_utc < ? AND (m.join_url IS NOT NULL OR m.passcode IS NOT NULL)",
            [$moment]
        );
        // No marker is used again for a visit that nobody can join any more.
        $this->database->execute("DELETE m FROM {$this->tables->meetings()} m JOIN {$this->tables->visits()} v ON v.id = m.visit WHERE v.end_utc < ? AND m.role = 'done'", [$moment]);
    }

    /**
     * Who hosted through a connection is no business of this site any more; the meetings keep their numbers.
     *
     * @throws DatabaseException
     */
    public function forgetHostEmail(string $subject): void
    {
        $this->database->execute("UPDATE {$this->tables->meetings()} SET host_email = NULL WHERE subject = ?", [$subject]);
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

    /**
     * @param array<string, mixed> $changes
     * @param ?int $version if that is still its version; null: in any case
     * @return ?Visit null: it is forgotten
     * @throws DatabaseException|NotToBeHad
     */
    private function write(int $id, Visit $changed, #[\SensitiveParameter] array $changes, Moment $at, ?int $version = null): ?Visit
    {
        $this->announce($id, $changed->source(), $changed->appointment(), $changes, $changed->state());
        if ($changes['forgets']) {
            $this->rows->forget($id);
            return null;
        }
        if ($changes['visit'] !== null) {
            $this->rows->update($id, ['changed_at' => $at->now()] + $changes['visit'], $version) || throw new NotToBeHad();
        }
        $this->rows->writeMeetingsAndNotices($id, $changes, $at);
        $this->writeForAll($changes, $at);
        return $changed;
    }

    /**
     * What a change claims of what all visits share, and what it tells all processes.
     *
     * @param array<string, mixed> $changes
     * @throws DatabaseException|NotToBeHad
     */
    private function writeForAll(array $changes, Moment $at): void
    {
        foreach ($changes['claims'] as $claim) {
            $this->counters->claim($claim) || throw new NotToBeHad();
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
                'answered' => $this->outages->answered($now),
                'lost' => $this->outages->lost($now),
                'blocked' => $this->counters->block($signal['key'], $at->day(), $signal['until']),
            };
        }
    }
}
