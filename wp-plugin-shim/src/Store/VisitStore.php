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
    private readonly VisitEvents $events;
    /** @var array{int, int, ?string}|null the visit that was read or written last: its number, its version and when it is looked at */
    private ?array $dueAt = null;

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
        $this->events = new VisitEvents($database);
    }

    /** @throws DatabaseException */
    public function find(int $id): ?Visit
    {
        return $this->read($id)?->visit;
    }

    /** @throws DatabaseException */
    public function read(int $id): ?StoredVisit
    {
        $found = $this->rows->read($id, false);
        $this->dueAt = $found === null ? null : [$id, $found->visit->version(), $found->row['due_at']];
        return $found;
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
     * @throws DatabaseException with the code Database::DUPLICATE when the appointment has a visit
     */
    public function add(Visit $visit, #[\SensitiveParameter] array $people, Moment $at): StoredVisit
    {
        $changes = $visit->changes($at);
        $row = ['created_at' => $at->now(), 'changed_at' => $at->now()] + $people + ['patient' => null, 'patient_email' => null] + $this->links->newKey() + $changes['visit'];
        return $this->database->atomically(function () use ($visit, $changes, $row, $at): StoredVisit {
            $id = $this->rows->add($row);
            $this->rows->writeMeetingsAndNotices($id, $changes, $at);
            $this->events->tell($id, $visit->source(), $visit->appointment(), $changes, $visit->state());
            return new StoredVisit($visit, ['id' => $id] + $row, array_map(fn(array $meeting): array => $this->links->sealed($id, $meeting), $changes['meetings']));
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
                $this->events->tell($id, $row['source'], $row['appointment'], ['forgets' => false, 'log' => ['booked']], $row['state']);
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
            $visit = $this->rows->read($id, true)?->visit;
            $changed = $visit === null ? null : $input($visit);
            return $changed === null ? null : $this->write($id, $changed, $changed->changes($at), $at);
        });
    }

    /**
     * Changes a visit that was read or written before, if it is still the same version, without reading it again.
     *
     * @param \Closure(Visit): ?Visit $input null: nothing is to be changed after all
     * @return ?Visit null as of change(), and where it is another version by now
     * @throws DatabaseException
     */
    public function changeRead(int $id, Visit $read, \Closure $input, Moment $at): ?Visit
    {
        $version = $read->version();
        $asItIs = fn(): ?Visit => $this->change($id, static fn(Visit $now): ?Visit => $now->version() === $version ? $input($now) : null, $at);
        if (!self::isEmpty($read->changes($at))) {
            // They are written already, and must not be written twice.
            return $asItIs();
        }
        $changed = $input($read);
        $changes = $changed?->changes($at);
        return match (true) {
            $changes === null, self::isEmpty($changes) => $changed,
            self::isOfOneNotice($changes) => $this->writeNotice($id, $read, $changed, $changes, $at),
            // What is on its way to somebody counts as no other version.
            $changes['visit'] === null, $changes['notices'] !== [] => $asItIs(),
            default => $this->whole(fn(): ?Visit => $this->write($id, $changed, $changes, $at, $version)),
        };
    }

    /**
     * What is written down of a visit that rests: only when it is looked at again.
     *
     * @param ?string $until UTC; null: not by itself
     * @return bool false: it has changed since
     * @throws DatabaseException
     */
    public function rest(int $id, int $version, ?string $until): bool
    {
        // Who changes it later brings it on.
        return $this->dueAt === [$id, $version, $until] || $this->queue->lookAgain($id, $version, $until);
    }

    /**
     * @param array<string, mixed> $changes of one notice, and of the visit's own row
     * @throws DatabaseException
     */
    private function writeNotice(int $id, Visit $read, Visit $changed, #[\SensitiveParameter] array $changes, Moment $at): ?Visit
    {
        $notice = $changes['notices'][0];
        $before = array_column($read->rows($at)['notices'], null, 'id')[$notice['id']];
        $row = $changes['visit'] === null ? [] : ['changed_at' => $at->now()] + $changes['visit'];
        try {
            return $this->rows->updateWithNotice($id, $row, $read->version(), $notice, $before) ? $this->written($id, $changed, $changes) : null;
        } catch (DatabaseException $failure) {
            return $failure->getCode() === Database::DEADLOCK ? null : throw $failure;
        }
    }

    /** @param array<string, mixed> $changes */
    private static function isEmpty(array $changes): bool
    {
        return !$changes['forgets'] && $changes['visit'] === null && $changes['notices'] === [];
    }

    /** @param array<string, mixed> $changes */
    private static function isOfOneNotice(array $changes): bool
    {
        $others = [...$changes['meetings'], ...$changes['log'], ...$changes['claims'], ...$changes['releases'], ...$changes['signals']];
        return !$changes['forgets'] && $changes['turn'] === null && $others === [] && count($changes['notices']) === 1 && (int) $changes['notices'][0]['id'] !== 0;
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
        $this->events->tell($id, $changed->source(), $changed->appointment(), $changes, $changed->state());
        if ($changes['forgets']) {
            $this->rows->forget($id);
            return null;
        }
        if ($changes['visit'] !== null) {
            $this->rows->update($id, ['changed_at' => $at->now()] + $changes['visit'], $version) || throw new NotToBeHad();
        }
        $this->rows->writeMeetingsAndNotices($id, $changes, $at);
        $this->writeForAll($changes, $at);
        return $this->written($id, $changed, $changes);
    }

    /**
     * Whoever goes on with it need not read it again.
     *
     * @param array<string, mixed> $changes
     */
    private function written(int $id, Visit $changed, #[\SensitiveParameter] array $changes): Visit
    {
        if (array_key_exists('due_at', $changes['visit'] ?? [])) {
            $this->dueAt = [$id, $changed->version(), $changes['visit']['due_at']];
        }
        return $changed->written() ?? $changed;
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
