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
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class PersonalRows
{
    /** So many rows are changed by one statement: none holds its locks for long. */
    private const PORTION = 500;
    private const IS_WITH = '((? <> 0 AND patient = ?) OR (patient IS NULL AND patient_email = ?))';

    public function __construct(private readonly Database $database, private readonly Standing $standing)
    {
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
        return $this->standing->of(array_map([MeetingRecord::class, 'fromRow'], $this->database->rows(
            'SELECT * FROM ' . Schema::meetings() . ' WHERE ' . self::IS_WITH . ' ORDER BY id LIMIT ? OFFSET ?',
            [$user, $user, $email, $limit, $offset]
        )));
    }

    /**
     * What the person has done to visits, the oldest first.
     *
     * @return list<array{meeting: int, at: string, event: string, note: ?string}> at in UTC
     * @throws DatabaseException
     */
    public function linesBy(int $user, int $offset, int $limit): array
    {
        if ($user === 0) {
            return [];
        }
        return array_map(static fn(array $row): array => [
            'meeting' => (int) $row['meeting'],
            'at' => (string) $row['at'],
            'event' => (string) $row['event'],
            'note' => $row['note'] === null ? null : (string) $row['note'],
        ], $this->database->rows('SELECT * FROM ' . Schema::log() . ' WHERE actor = ? ORDER BY id LIMIT ? OFFSET ?', [$user, $limit, $offset]));
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
        foreach ($this->database->rows('SELECT id, end_utc FROM ' . Schema::meetings() . ' WHERE ' . self::IS_WITH, [$user, $user, $email]) as $row) {
            if ((string) $row['end_utc'] < Clock::sql()) {
                $over[] = (int) $row['id'];
            } else {
                $kept++;
            }
        }
        foreach (array_chunk($over, self::PORTION) as $ids) {
            $removed += $this->blankPatients($ids, ['visit_key', 'join_url', 'passcode']);
            $this->deleteLog($ids);
        }
        return ['removed' => $removed, 'kept' => $kept];
    }

    /**
     * The log names the person no more as the one who did something.
     *
     * @return int how many lines
     * @throws DatabaseException
     */
    public function forgetActor(int $user): int
    {
        $lines = $this->database->rows('SELECT id FROM ' . Schema::log() . ' WHERE actor = ?', [$user]);
        $changed = 0;
        foreach (array_chunk(array_map('intval', array_column($lines, 'id')), self::PORTION) as $ids) {
            $changed += $this->database->execute('UPDATE ' . Schema::log() . ' SET actor = 0 WHERE id IN (' . self::marks($ids) . ')', $ids);
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
        $rows = $this->database->rows('SELECT id FROM ' . Schema::meetings() . ' WHERE patient = ?', [$user]);
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
        return array_map('intval', array_column($this->database->rows('SELECT DISTINCT patient FROM ' . Schema::meetings() . ' WHERE patient IS NOT NULL'), 'patient'));
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
                'SELECT m.id FROM ' . Schema::meetings() . ' m WHERE m.id > ? AND m.end_utc < ? AND (m.patient IS NOT NULL OR m.patient_email IS NOT NULL
                 OR EXISTS (SELECT 1 FROM ' . Schema::log() . ' l WHERE l.meeting = m.id)) ORDER BY m.id LIMIT ' . self::PORTION,
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
            'UPDATE ' . Schema::meetings() . ' SET ' . implode(', ', $columns) . ', version = version + 1 WHERE id IN (' . self::marks($ids) . ')',
            $ids
        );
    }

    /** @param non-empty-list<int> $ids of visits */
    private function deleteLog(array $ids): void
    {
        $this->database->execute('DELETE FROM ' . Schema::log() . ' WHERE meeting IN (' . self::marks($ids) . ')', $ids);
    }

    /** @param non-empty-list<int> $ids */
    private static function marks(array $ids): string
    {
        return implode(', ', array_fill(0, count($ids), '?'));
    }
}
