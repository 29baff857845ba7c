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
    private const ROWS_AT_ONCE = 50;
    /** Of a meeting that is done nothing is decided any more, nor of a notice that has gone. */
    private const OPEN_NOTICES = "place IN ('waiting', 'sending')";

    private const TRIES = 3;
    /** Sequences count on from the minutes since this moment. */
    private const SEQUENCE_BEGINS = 1_735_689_600;

    /** @var array<int, array{number: mixed, columns: list<string>}> by generation, what no key opened when the visit was read last */
    private array $unreadable = [];
    /** @var array<string, ?string> keys of patients, by visit */
    private array $patients = [];

    /** @param ?\Closure(string, list<int|string>): void $bring brings a visit along from the table of the version before */
    public function __construct(
        private readonly Database $database,
        private readonly VisitTables $tables,
        private readonly Counters $counters,
        private readonly Outages $outages,
        private readonly SealedLinks $links,
        private readonly ?\Closure $bring = null
    ) {
    }

    /** @throws DatabaseException */
    public function find(int $id): ?Visit
    {
        return $this->read($id, '');
    }

    /**
     * A key of a visit's patient that tells them from others; null where nobody is known. Only of what was read here.
     */
    public function patientOf(Visit $visit): ?string
    {
        return $this->patients[self::name($visit)] ?? null;
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
            $row = ['created_at' => $at->now(), 'changed_at' => $at->now()] + $people + $this->links->newKey() + $changes['visit'];
            unset($row['id']);
            $id = $this->insert($this->tables->visits(), $row);
            $this->writeBeside($id, $changes, $at);
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
                $id = $this->insert($this->tables->visits(), $row);
                $this->insert($this->tables->log(), self::line($id, 'booked', $now));
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
        $columns = implode(', ', array_map(static fn(string $column): string => "$column = ?", array_keys($people)));
        $this->database->execute('UPDATE ' . $this->tables->visits() . " SET $columns WHERE id = ?", [...array_values($people), $id]);
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
        $rows = ['visits' => [], 'meetings' => [], 'outbox' => []];
        foreach ($visits as ['rows' => $one, 'own' => $own]) {
            $id = (int) $one['visit']['id'];
            $rows['visits'][] = $one['visit'] + $own;
            foreach ($one['meetings'] as $meeting) {
                unset($meeting['id']);
                $rows['meetings'][] = ['visit' => $id] + $this->links->sealed($id, $meeting);
            }
            foreach ($one['notices'] as $notice) {
                unset($notice['id']);
                $rows['outbox'][] = ['visit' => $id] + $notice;
            }
        }
        $this->insertAll($this->tables->visits(), $rows['visits']);
        $this->insertAll($this->tables->meetings(), $rows['meetings']);
        $this->insertAll($this->tables->outbox(), $rows['outbox']);
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
        for ($try = 1;; $try++) {
            try {
                return $this->database->atomically(fn(): ?Visit => $this->changed($id, $input, $at));
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
     * @param \Closure(Visit): ?Visit $input
     * @throws DatabaseException|NotToBeHad
     */
    private function changed(int $id, \Closure $input, Moment $at): ?Visit
    {
        $visit = $this->read($id, ' FOR UPDATE');
        $changed = $visit === null ? null : $input($visit);
        if ($changed === null) {
            return null;
        }
        $changes = $changed->changes($at);
        $this->write($id, $changes, $at);
        $this->announce($id, $changed->source(), $changed->appointment(), $changes, $changed->state());
        return $changes['forgets'] ? null : $changed;
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
     * Looks at a visit again then, if it has not changed since.
     *
     * @param ?string $until UTC; null: not by itself
     * @return bool false: it has
     * @throws DatabaseException
     */
    public function lookAgain(int $id, int $version, ?string $until): bool
    {
        return $this->database->execute('UPDATE ' . $this->tables->visits() . ' SET due_at = ? WHERE id = ? AND version = ?', [$until, $id, $version]) === 1;
    }

    /**
     * Visits that are due, the soonest first.
     *
     * @return list<int>
     * @throws DatabaseException
     */
    public function due(string $now, int $most): array
    {
        $sql = 'SELECT id FROM ' . $this->tables->visits() . ' WHERE due_at <= ? ORDER BY start_utc, id LIMIT ' . $most;
        return array_map('intval', array_column($this->database->rows($sql, [$now]), 'id'));
    }

    /**
     * Visits of which something is wished, or doubted, and was not seen committed yet, the oldest first.
     *
     * @return list<int>
     * @throws DatabaseException
     */
    public function pending(int $most): array
    {
        $sql = 'SELECT id FROM ' . $this->tables->visits() . ' WHERE pending IS NOT NULL ORDER BY pending_since, id LIMIT ' . $most;
        return array_map('intval', array_column($this->database->rows($sql), 'id'));
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
     * Whatever waits for its next try need not wait any longer: what stood in its way has been mended. What may still come of a creation
     * that was sent is remembered by the extension.
     *
     * @param ?int $doctor null: everybody's
     * @throws DatabaseException
     */
    public function wake(?int $doctor, string $now): void
    {
        $this->wakeWhere($doctor === null ? '1 = 1' : 'v.doctor = ?', $doctor === null ? [] : [$doctor], $now);
    }

    /**
     * The same of one visit.
     *
     * @throws DatabaseException
     */
    public function wakeOne(int $id, string $now): void
    {
        $this->wakeWhere('v.id = ?', [$id], $now);
    }

    /**
     * Which they are is looked up first: a statement over two tables would take its locks in another order than change() does.
     *
     * @param list<int> $values
     * @throws DatabaseException
     */
    private function wakeWhere(string $condition, array $values, string $now): void
    {
        $waits = "m.role <> 'done' AND m.is_uncertain = 0 AND m.due_at > ?";
        $rows = $this->database->rows(
            "SELECT DISTINCT v.id FROM {$this->tables->visits()} v JOIN {$this->tables->meetings()} m ON m.visit = v.id WHERE $condition AND $waits ORDER BY v.id",
            [...$values, $now]
        );
        foreach (array_chunk(array_map('intval', array_column($rows, 'id')), self::ROWS_AT_ONCE) as $ids) {
            $marks = implode(', ', array_fill(0, count($ids), '?'));
            $this->database->atomically(function () use ($ids, $marks, $waits, $now): void {
                $this->database->execute("UPDATE {$this->tables->visits()} SET due_at = ?, version = version + 1 WHERE id IN ($marks) ORDER BY id", [$now, ...$ids]);
                $this->database->execute("UPDATE {$this->tables->meetings()} m SET m.due_at = NULL, m.tries = 0 WHERE m.visit IN ($marks) AND $waits", [...$ids, $now]);
            });
        }
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
     * Notices that are due.
     *
     * @param ?int $visit of this visit alone; null: of all
     * @return list<array{visit: int, notice: int}>
     * @throws DatabaseException
     */
    public function dueNotices(string $now, int $most, ?int $visit = null): array
    {
        $of = $visit === null ? '' : " AND visit = $visit";
        $sql = 'SELECT visit, id FROM ' . $this->tables->outbox() . ' WHERE ' . self::OPEN_NOTICES . "$of AND due_at <= ? ORDER BY due_at, id LIMIT $most";
        return array_map(
            static fn(array $row): array => ['visit' => (int) $row['visit'], 'notice' => (int) $row['id']],
            $this->database->rows($sql, [$now])
        );
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

    /** @throws DatabaseException */
    private function read(int $id, string $lock): ?Visit
    {
        $row = $this->database->row('SELECT * FROM ' . $this->tables->visits() . " WHERE id = ?$lock", [$id]);
        if ($row === null) {
            return null;
        }
        $visit = $this->asRead($row, $id);
        $this->patients[self::name($visit)] = strtolower((string) ($row['patient_email'] ?? $row['patient'] ?? '')) ?: null;
        return $visit;
    }

    /**
     * @param array<string, mixed> $row
     * @throws DatabaseException
     */
    private function asRead(array $row, int $id): Visit
    {
        $meetings = $row['generation'] === 0 ? [] : $this->database->rows('SELECT * FROM ' . $this->tables->meetings() . " WHERE visit = ? AND role <> 'done'", [$id]);
        $notices = $this->database->rows('SELECT * FROM ' . $this->tables->outbox() . ' WHERE visit = ? AND ' . self::OPEN_NOTICES, [$id]);
        $this->unreadable = $opened = [];
        foreach ($meetings as $meeting) {
            $opened[] = $open = $this->links->opened($id, $meeting);
            $this->unreadable[(int) $meeting['generation']] = ['number' => $meeting['number'], 'columns' => SealedLinks::unreadable($meeting, $open)];
        }
        return Visit::fromRows($row, $opened, $notices);
    }

    /**
     * @param array<string, mixed> $changes
     * @throws DatabaseException|NotToBeHad
     */
    private function write(int $id, #[\SensitiveParameter] array $changes, Moment $at): void
    {
        if ($changes['forgets']) {
            $this->forget($id);
            return;
        }
        if ($changes['visit'] !== null) {
            $row = ['changed_at' => $at->now()] + $changes['visit'];
            unset($row['id']);
            $columns = implode(', ', array_map(static fn(string $column): string => "$column = ?", array_keys($row)));
            $this->database->execute('UPDATE ' . $this->tables->visits() . " SET $columns WHERE id = ?", [...array_values($row), $id]);
        }
        $this->writeBeside($id, $changes, $at);
        foreach ($changes['claims'] as $claim) {
            $this->counters->take($claim) || throw new NotToBeHad();
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

    /**
     * What hangs on a visit.
     *
     * @param array<string, mixed> $changes
     * @throws DatabaseException
     */
    private function writeBeside(int $id, #[\SensitiveParameter] array $changes, Moment $at): void
    {
        foreach ($changes['meetings'] as $meeting) {
            unset($meeting['id']);
            $meeting = ['visit' => $id] + $this->links->sealed($id, $meeting);
            $also = implode(', ', array_map(static fn(string $column): string => "$column = VALUES($column)", array_diff(array_keys($meeting), $this->keptOf($meeting))));
            $this->insert($this->tables->meetings(), $meeting, " ON DUPLICATE KEY UPDATE $also");
        }
        $new = [];
        foreach ($changes['notices'] as $notice) {
            $number = (int) $notice['id'];
            unset($notice['id']);
            if ($number === 0) {
                $new[] = ['visit' => $id] + $notice;
                continue;
            }
            $columns = implode(', ', array_map(static fn(string $column): string => "$column = ?", array_keys($notice)));
            $this->database->execute('UPDATE ' . $this->tables->outbox() . " SET $columns WHERE id = ?", [...array_values($notice), $number]);
        }
        $this->insertAll($this->tables->outbox(), $new);
        $tracking = array_filter(array_column($changes['meetings'], 'tracking_id'));
        // Whoever wants to find them there has nothing else.
        $left = array_column(array_filter($changes['meetings'], static fn(array $meeting): bool => $meeting['ended'] === 'left'), 'number');
        $lines = [];
        foreach ($changes['log'] as $event) {
            $lines[] = self::line($id, $event, $at->now(), end($tracking) ?: null, $event === 'left_at_zoom' ? array_shift($left) : null);
        }
        $this->insertAll($this->tables->log(), $lines);
    }

    /** @return array<string, int|string|null> */
    private static function line(int $id, string $event, string $now, ?string $tracking = null, int|string|null $note = null): array
    {
        return ['visit' => $id, 'at' => $now, 'actor' => get_current_user_id(), 'event' => $event, 'note' => $note, 'tracking_id' => $tracking];
    }

    private static function name(Visit $visit): string
    {
        return "{$visit->source()} {$visit->appointment()}";
    }

    /**
     * What a key could not open now is not overwritten with nothing, as long as it is the same meeting's.
     *
     * @param array<string, mixed> $meeting
     * @return list<string> columns
     */
    private function keptOf(#[\SensitiveParameter] array $meeting): array
    {
        $before = $this->unreadable[(int) $meeting['generation']] ?? null;
        $isSame = $before !== null && (string) $before['number'] === (string) $meeting['number'];
        return $isSame ? array_values(array_filter($before['columns'], static fn(string $column): bool => $meeting[$column] === null)) : [];
    }

    /** @throws DatabaseException */
    private function forget(int $id): void
    {
        foreach ([$this->tables->meetings(), $this->tables->outbox(), $this->tables->log()] as $table) {
            $this->database->execute("DELETE FROM $table WHERE visit = ?", [$id]);
        }
        $this->database->execute('DELETE FROM ' . $this->tables->visits() . ' WHERE id = ?', [$id]);
    }

    /**
     * @param list<array<string, mixed>> $rows all with the same columns
     * @throws DatabaseException
     */
    private function insertAll(string $table, #[\SensitiveParameter] array $rows): void
    {
        // Few lengths of lists, so that each statement is prepared once.
        foreach (array_chunk($rows, self::ROWS_AT_ONCE) as $chunk) {
            $columns = implode(', ', array_keys($chunk[0]));
            $marks = implode(', ', array_fill(0, count($chunk), '(' . implode(', ', array_fill(0, count($chunk[0]), '?')) . ')'));
            $this->database->execute("INSERT INTO $table ($columns) VALUES $marks", array_merge(...array_map('array_values', $chunk)));
        }
    }

    /**
     * @param array<string, mixed> $row
     * @return int the row's number
     * @throws DatabaseException
     */
    private function insert(string $table, #[\SensitiveParameter] array $row, string $also = ''): int
    {
        $columns = implode(', ', array_keys($row));
        $marks = implode(', ', array_fill(0, count($row), '?'));
        return $this->database->insert("INSERT INTO $table ($columns) VALUES ($marks)$also", array_values($row));
    }
}
