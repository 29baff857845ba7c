<?php
/**
 * Brings visits from the tables of version 0.1.0 (schema 5) into those of today: in portions, each whole or not at all, while the site
 * goes on. Numbers, references and visit links stay as they are.
 *
 * The old tables are renamed first, so that no process of the old version writes into them. Until all is moved, whoever looks for a
 * visit brings that one along.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Migration;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class FromSchema5
{
    private const PORTION = 200;
    /** The server's errors that a row's own values cause: null, double, out of range, no date, cut off, no text, too long. */
    private const REFUSES_ROW = [1048, 1062, 1264, 1265, 1292, 1366, 1406];

    public function __construct(
        private readonly Database $database,
        private readonly Schema $schema,
        private readonly OldTables $old,
        private readonly VisitTables $tables,
        private readonly OldVisits $visits,
        private readonly OldLog $log,
        private readonly OldHandovers $handovers
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
            return $this->visits->move($ids);
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
        $this->database->atomically(fn() => $this->log->move('0'));
        $this->handovers->wake();
        $this->old->drop();
    }
}
