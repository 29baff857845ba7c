<?php
/**
 * What the plugin's tables know of one person, and how it is forgotten: whom a visit is with, its links, its log. A patient who is
 * a user of this site is found by the user's number alone; an e-mail finds those who are none, for addresses change hands.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Ledger\VisitRecords;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class PersonalRows
{
    /** So many rows are changed by one statement: none holds its locks for long. */
    private const PORTION = 500;
    private const IS_TOLD = "place NOT IN ('waiting', 'sending')";
    private const IS_WITH = '((? <> 0 AND v.patient = ?) OR (v.patient IS NULL AND v.patient_email = ?))';

    public function __construct(
        private readonly Database $database,
        private readonly VisitTables $tables,
        private readonly VisitRecords $records,
        private readonly Standing $standing
    ) {
    }

    /**
     * Visits with this person as the patient, the oldest first, as their appointments stand.
     *
     * @param int $user 0: no user of this site
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function visitsWith(int $user, string $email, int $offset, int $limit): array
    {
        return $this->standing->shown($this->records->where(self::IS_WITH . ' ORDER BY v.id LIMIT ? OFFSET ?', [$user, $user, $email, $limit, $offset]));
    }

    /**
     * What the person has done to visits, the oldest first.
     *
     * @return list<array{visit: int, at: string, event: string, note: ?string}> at in UTC
     * @throws DatabaseException
     */
    public function linesBy(int $user, int $offset, int $limit): array
    {
        if ($user === 0) {
            return [];
        }
        return array_map(static fn(array $row): array => [
            'visit' => (int) $row['visit'],
            'at' => (string) $row['at'],
            'event' => (string) $row['event'],
            'note' => $row['note'] === null ? null : (string) $row['note'],
        ], $this->database->rows('SELECT * FROM ' . $this->tables->log() . ' WHERE actor = ? ORDER BY id LIMIT ? OFFSET ?', [$user, $limit, $offset]));
    }

    /**
     * Forgets the person in visits that are over: their links and their log go with it.
     *
     * @return array{removed: int, kept: int} kept: visits that are still to take place
     * @throws DatabaseException
     */
    public function forget(int $user, string $email): array
    {
        $kept = $removed = 0;
        $over = [];
        foreach ($this->database->rows('SELECT id, end_utc FROM ' . $this->tables->visits() . ' v WHERE ' . self::IS_WITH, [$user, $user, $email]) as $row) {
            if ((string) $row['end_utc'] < Clock::sql()) {
                $over[] = (int) $row['id'];
            } else {
                $kept++;
            }
        }
        foreach (array_chunk($over, self::PORTION) as $ids) {
            $removed += $this->blankPatients($ids, ['link_hash', 'link_key']);
            $this->database->execute("UPDATE {$this->tables->meetings()} SET join_url = NULL, passcode = NULL WHERE visit IN (" . self::marks($ids) . ')', $ids);
            $this->deleteLog($ids);
        }
        return ['removed' => $removed, 'kept' => $kept];
    }

    /**
     * The log and handovers name the person no more as the one who did or answered something.
     *
     * @return int how many rows
     * @throws DatabaseException
     */
    public function forgetActor(int $user): int
    {
        $lines = $this->database->rows('SELECT id FROM ' . $this->tables->log() . ' WHERE actor = ?', [$user]);
        $changed = $this->database->execute("UPDATE {$this->tables->handovers()} SET answered_by = NULL WHERE answered_by = ?", [$user]);
        foreach (array_chunk(array_map('intval', array_column($lines, 'id')), self::PORTION) as $ids) {
            $changed += $this->database->execute('UPDATE ' . $this->tables->log() . ' SET actor = 0 WHERE id IN (' . self::marks($ids) . ')', $ids);
        }
        return $changed;
    }

    /**
     * A user is gone: visits know their number and address no more, also those still to take place.
     *
     * @throws DatabaseException
     */
    public function forgetUser(int $user): void
    {
        $rows = $this->database->rows('SELECT id FROM ' . $this->tables->visits() . ' WHERE patient = ?', [$user]);
        foreach (array_chunk(array_map('intval', array_column($rows, 'id')), self::PORTION) as $ids) {
            $this->blankPatients($ids);
        }
    }

    /**
     * Numbers of patients in the ledger, to look for users who are gone.
     *
     * @return list<int>
     * @throws DatabaseException
     */
    public function patients(): array
    {
        return array_map('intval', array_column($this->database->rows('SELECT DISTINCT patient FROM ' . $this->tables->visits() . ' WHERE patient IS NOT NULL'), 'patient'));
    }

    /**
     * Forgets the patients of visits that are over for so many days, and the log of these visits.
     *
     * @throws DatabaseException
     */
    public function expire(int $days): void
    {
        $last = 0;
        do {
            $rows = $this->database->rows(
                "SELECT v.id FROM {$this->tables->visits()} v WHERE v.id > ? AND v.end_utc < ? AND (v.patient IS NOT NULL OR v.patient_email IS NOT NULL
                 OR EXISTS (SELECT 1 FROM {$this->tables->log()} l WHERE l.visit = v.id) OR EXISTS (SELECT 1 FROM {$this->tables->outbox()} o WHERE o.visit = v.id AND o." . self::IS_TOLD . "))
                 ORDER BY v.id LIMIT " . self::PORTION,
                [$last, Clock::sql(-$days * DAY_IN_SECONDS)]
            );
            $ids = array_map('intval', array_column($rows, 'id'));
            if ($ids !== []) {
                $this->blankPatients($ids);
                $this->deleteLog($ids);
                $last = end($ids);
            }
        } while (count($ids) === self::PORTION);
    }

    /**
     * @param non-empty-list<int> $ids
     * @param list<string>        $also columns that are emptied with them
     */
    private function blankPatients(array $ids, array $also = []): int
    {
        $columns = array_map(static fn(string $column): string => "$column = NULL", ['patient', 'patient_email', ...$also]);
        return $this->database->execute(
            'UPDATE ' . $this->tables->visits() . ' SET ' . implode(', ', $columns) . ' WHERE id IN (' . self::marks($ids) . ')',
            $ids
        );
    }

    /**
     * With what was told of them by mail.
     *
     * @param non-empty-list<int> $ids of visits that are over
     */
    private function deleteLog(array $ids): void
    {
        $marks = self::marks($ids);
        $this->database->execute("DELETE FROM {$this->tables->log()} WHERE visit IN ($marks)", $ids);
        $this->database->execute("DELETE FROM {$this->tables->outbox()} WHERE visit IN ($marks) AND " . self::IS_TOLD, $ids);
    }

    /** @param non-empty-list<int> $ids */
    private static function marks(array $ids): string
    {
        return implode(', ', array_fill(0, count($ids), '?'));
    }
}
