<?php
/**
 * Brings visits from the tables of version 0.1.0 (schema 5) into those of today: in portions, each whole or not at all, while the site
 * goes on. What a visit's old row means is the extension's reading. Numbers, references and visit links stay as they are.
 *
 * The old tables are renamed first, so that no process of the old version writes into them. Until all is moved, whoever looks for a
 * visit brings that one along.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Migration;

use Telemed\Visit;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\AppointmentSystem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\SealedLinks;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class FromSchema5
{
    private const PORTION = 200;
    /** The lines of the log that the old version read back: who is, or was, told what. */
    private const ABOUT_MAILS = ['mailing', 'warning', 'mailed', 'told_by_source'];
    /** The server's errors that a row's own values cause: null, double, out of range, no date, cut off, no text, too long. */
    private const REFUSES_ROW = [1048, 1062, 1264, 1265, 1292, 1366, 1406];

    public function __construct(
        private readonly Database $database,
        private readonly Schema $schema,
        private readonly OldTables $old,
        private readonly VisitTables $tables,
        private readonly VisitStore $visits,
        private readonly SealedLinks $links,
        private readonly OldHandovers $handovers,
        private readonly AppointmentSources $sources,
        private readonly Moments $moments
    ) {
    }

    /** Whether there is anything left to move. */
    public function isUnderWay(): bool
    {
        return $this->old->isRenamed();
    }

    /**
     * Renames the old tables and makes those of today. DDL: never in a request that may hold a host's transaction. Begun once more after
     * it broke off, it goes on.
     *
     * @return bool false: there is nothing to move
     * @throws DatabaseException when the database does not let the tables be renamed or made
     */
    public function begin(): bool
    {
        if ($this->old->isUnrenamed()) {
            // A database that was restored from a backup of before has kept tables that the backup knows nothing of.
            $this->old->dropRenamed();
            $this->schema->drop($this->tables->visits(), $this->tables->outbox(), $this->tables->handovers());
        }
        if (!$this->old->rename()) {
            return false;
        }
        // New visits take numbers that no old one has, the very first as well.
        if (!$this->schema->create($this->old->lastId() + 1)) {
            throw new DatabaseException('the site\'s database did not let the plugin\'s tables be made');
        }
        $this->handovers->bring();
        return true;
    }

    /**
     * Moves what there is, as far as the time allows.
     *
     * @return array{moved: int, unreadable: list<int>, isDone: bool} numbers of rows that nobody of us has written: they stay where they are
     * @throws DatabaseException
     */
    public function run(float $seconds): array
    {
        $ends = microtime(true) + $seconds;
        $moved = $last = 0;
        $unreadable = [];
        do {
            $ids = array_map('intval', array_column($this->database->rows(
                "SELECT id FROM {$this->old->meetings()} WHERE id > ? ORDER BY id LIMIT " . self::PORTION,
                [$last]
            ), 'id'));
            if ($ids !== []) {
                $last = end($ids);
                $bad = $this->moveAsFarAsPossible($ids);
                $moved += count($ids) - count($bad);
                array_push($unreadable, ...$bad);
            }
        } while (count($ids) === self::PORTION && microtime(true) < $ends);
        $isDone = count($ids) < self::PORTION;
        if ($isDone && $unreadable === []) {
            $this->leaveNothing();
        }
        return ['moved' => $moved, 'unreadable' => $unreadable, 'isDone' => $isDone];
    }

    /**
     * Brings one visit along that somebody looks for.
     *
     * @param string           $where  a condition on the old table, with ? for each value: never with outside text in it
     * @param list<int|string> $values
     * @throws DatabaseException
     */
    public function bring(string $where, array $values): void
    {
        try {
            $this->moveAsFarAsPossible(array_map('intval', array_column($this->database->rows("SELECT id FROM {$this->old->meetings()} WHERE $where", $values), 'id')));
        } catch (DatabaseException $failure) {
            if ($failure->getCode() !== Database::NO_TABLE) {
                throw $failure;
            }
            // Another process has just moved the last of them.
        }
    }

    /**
     * One row that the database refuses must not keep the others of its portion.
     *
     * @param list<int> $ids
     * @return list<int> those that cannot be read, or written
     * @throws DatabaseException for what is not the row's own fault, such as a lost connection: it is tried again later
     */
    private function moveAsFarAsPossible(array $ids): array
    {
        try {
            return $this->move($ids);
        } catch (DatabaseException $failure) {
            if (count($ids) === 1) {
                return in_array($failure->getCode(), self::REFUSES_ROW, true) ? $ids : throw $failure;
            }
            return array_merge(...array_map(fn(int $id): array => $this->moveAsFarAsPossible([$id]), $ids));
        }
    }

    /**
     * What the log says of no visit comes along last; once, also where it breaks off before the old tables are gone.
     *
     * @throws DatabaseException
     */
    private function leaveNothing(): void
    {
        $this->database->atomically(fn() => $this->moveLog('0'));
        $this->handovers->wake();
        $this->old->drop();
    }

    /**
     * @param list<int> $ids
     * @return list<int> those that cannot be read
     * @throws DatabaseException
     */
    private function move(array $ids): array
    {
        if ($ids === []) {
            return [];
        }
        $list = implode(', ', $ids);
        // Before our transaction: it reads the host's tables.
        $mailsNoted = $this->mailsNoted($this->database->rows("SELECT id, source, appointment FROM {$this->old->meetings()} WHERE id IN ($list)"));
        return $this->database->atomically(function () use ($list, $mailsNoted): array {
            $at = $this->moments->now();
            // Who moves the same row at this moment has the lock, and afterwards it is not there any more.
            $rows = $this->database->rows("SELECT * FROM {$this->old->meetings()} WHERE id IN ($list) FOR UPDATE");
            $leftovers = self::grouped($this->database->rows("SELECT * FROM {$this->old->leftovers()} WHERE meeting IN ($list) ORDER BY id"));
            $mails = "'" . implode("', '", self::ABOUT_MAILS) . "'";
            $log = self::grouped($this->database->rows("SELECT * FROM {$this->old->log()} WHERE meeting IN ($list) AND event IN ($mails) ORDER BY id"));
            $visits = $moved = $unreadable = [];
            foreach ($rows as $row) {
                $id = (int) $row['id'];
                try {
                    $visit = Visit::fromSchema5($row, $leftovers[$id] ?? [], $log[$id] ?? [], $mailsNoted[$id] ?? 0, $at);
                } catch (\Telemed\ConfigurationException) {
                    $unreadable[] = $id;
                    continue;
                }
                $key = $row['visit_key'] === null ? ['link_hash' => null, 'link_key' => null] : $this->links->keyColumns((string) $row['visit_key']);
                $own = $key + ['patient' => $row['patient'], 'patient_email' => $row['patient_email']]
                    + ['created_at' => $row['created_at'], 'changed_at' => $row['updated_at']];
                $visits[] = ['rows' => $visit->rows($at), 'own' => $own];
                $moved[] = $id;
            }
            if ($moved !== []) {
                $this->visits->import($visits);
                $this->forget(implode(', ', $moved));
            }
            return $unreadable;
        });
    }

    /**
     * How many e-mails of its own the appointment system has noted for each: nobody is to hear of these again.
     *
     * @param list<array<string, mixed>> $rows
     * @return array<int, int> by id
     */
    private function mailsNoted(array $rows): array
    {
        $bySource = $noted = [];
        foreach ($rows as $row) {
            $bySource[$row['source']][$row['appointment']] = (int) $row['id'];
        }
        foreach ($bySource as $name => $ids) {
            $source = $this->sources->find((string) $name);
            if (!$source instanceof AppointmentSystem) {
                continue;
            }
            try {
                $mails = $source->mails(array_map('strval', array_keys($ids)), $this->database);
            } catch (DatabaseException) {
                // Rather told once more than not moved.
                continue;
            }
            foreach (array_intersect_key($mails ?? [], $ids) as $appointment => $ofOne) {
                $noted[$ids[$appointment]] = count($ofOne);
            }
        }
        return $noted;
    }

    /** @throws DatabaseException */
    private function forget(string $list): void
    {
        $this->moveLog($list);
        $this->database->execute("DELETE FROM {$this->old->leftovers()} WHERE meeting IN ($list)");
        $this->database->execute("DELETE FROM {$this->old->meetings()} WHERE id IN ($list)");
    }

    /** @throws DatabaseException */
    private function moveLog(string $list): void
    {
        $this->database->execute(
            "INSERT INTO {$this->tables->log()} (visit, at, actor, event, note, tracking_id)
             SELECT meeting, at, actor, event, note, tracking_id FROM {$this->old->log()} WHERE meeting IN ($list) ORDER BY id"
        );
        $this->database->execute("DELETE FROM {$this->old->log()} WHERE meeting IN ($list)");
    }

    /**
     * @param list<array<string, mixed>> $rows
     * @return array<int, list<array<string, mixed>>> by the meeting that they belong to
     */
    private static function grouped(array $rows): array
    {
        $grouped = [];
        foreach ($rows as $row) {
            $grouped[(int) $row['meeting']][] = $row;
        }
        return $grouped;
    }
}
