<?php
/**
 * Meetings at Zoom that nobody wants any more: of cancelled visits, of visits that went to another doctor, that were recreated or
 * moved to another app. Where it is not known whether one was made, it is looked for first. Each is deleted through exactly the credentials that made it: another's "not found" proves nothing.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class Leftovers
{
    /** Before that Zoom may still be at work, and 'not found' proves nothing. */
    private const SETTLE_SECONDS = 61;

    public function __construct(private readonly Database $database)
    {
    }

    /** Takes over what the row knows of its meeting; of one whose answer has not come, what is needed to look for it. */
    public function add(MeetingRecord $record): void
    {
        $mayExist = in_array($record->state, [MeetingState::Attempting, MeetingState::Uncertain], true);
        if ($record->mode === null || ($record->meetingId === null && !$mayExist)) {
            return;
        }
        $this->insert($record, $record->generation, [
            'mode' => $record->mode, 'app' => $record->app, 'zoom_account' => $record->zoomAccount, 'connection' => $record->connection,
            'host_id' => $record->hostId, 'host_email' => $record->hostEmail, 'meeting_id' => $record->meetingId,
            // Of a try whose end was noted the extension knows what it must wait for.
            'attempted_at' => $record->meetingId === null && $record->lastError === null ? $record->attemptedAt?->format('Y-m-d H:i:s') : null,
            'next_try_at' => $record->meetingId === null ? $record->attemptedAt?->modify(sprintf('+%d seconds', self::SETTLE_SECONDS))->format('Y-m-d H:i:s') : null,
        ]);
    }

    /**
     * A meeting that was made for a row which no longer wants it.
     *
     * @param array<string, int|string|null> $known columns of the meeting
     */
    public function addMade(MeetingRecord $record, int $generation, Credentials $credentials, array $known): void
    {
        $this->forgetSought($record->id, $generation);
        $this->insert($record, $generation, array_intersect_key($known, ['host_id' => 1, 'host_email' => 1, 'meeting_id' => 1]) + $credentials->columns());
    }

    /** Before one is made: it is sought, and deleted, unless somebody comes back to take it over. */
    public function addSought(MeetingRecord $record, int $generation, Credentials $credentials): void
    {
        $this->insert($record, $generation, ['attempted_at' => Clock::sql(), 'next_try_at' => Clock::sql(self::SETTLE_SECONDS)] + $credentials->columns());
    }

    /** It certainly was not made, or has become a row's. */
    public function forgetSought(int $meeting, int $generation): void
    {
        $this->database->execute(
            'DELETE FROM ' . Schema::leftovers() . ' WHERE meeting = ? AND generation = ? AND meeting_id IS NULL',
            [$meeting, $generation]
        );
    }

    /** The attempt's end was seen: the extension knows what it must wait for. */
    public function noteEnd(int $meeting, int $generation): void
    {
        $this->database->execute('UPDATE ' . Schema::leftovers() . ' SET attempted_at = NULL WHERE meeting = ? AND generation = ?', [$meeting, $generation]);
    }

    /**
     * Those of a row.
     *
     * @return list<Leftover>
     */
    public function of(int $meeting): array
    {
        return $this->list('meeting = ? ORDER BY id', [$meeting]);
    }

    /**
     * Those that only this connection can delete.
     *
     * @return list<Leftover>
     */
    public function ofConnection(string $connection): array
    {
        return $this->list('connection = ? ORDER BY id', [$connection]);
    }

    /**
     * Rows of the ledger that have one whose time has come.
     *
     * @return list<int> ids of rows
     */
    public function due(int $limit): array
    {
        $rows = $this->database->rows(
            'SELECT DISTINCT l.meeting FROM ' . Schema::leftovers() . ' l JOIN ' . Schema::meetings() . ' m ON m.id = l.meeting
             WHERE (l.next_try_at IS NULL OR l.next_try_at <= ?) AND NOT (m.state = ? AND l.meeting_id IS NULL) ORDER BY l.next_try_at, l.id LIMIT ?',
            [Clock::sql(), MeetingState::Moving->value, $limit]
        );
        return array_map('intval', array_column($rows, 'meeting'));
    }

    /** When the oldest could have been tried; null when there is none. One that a row still uses is its row's. */
    public function dueSince(): ?\DateTimeImmutable
    {
        $row = $this->database->row(
            'SELECT MIN(COALESCE(l.next_try_at, l.created_at)) AS since FROM ' . Schema::leftovers() . ' l JOIN ' . Schema::meetings() . ' m ON m.id = l.meeting
             WHERE m.state NOT IN (?, ?)',
            [MeetingState::Attempting->value, MeetingState::Moving->value]
        );
        return isset($row['since']) ? new \DateTimeImmutable((string) $row['since'], new \DateTimeZone('UTC')) : null;
    }

    public function defer(Leftover $leftover, string $error, int $nextTry): void
    {
        $this->database->execute(
            'UPDATE ' . Schema::leftovers() . ' SET tries = tries + 1, last_error = ?, next_try_at = ? WHERE id = ?',
            [mb_substr($error, 0, 2000), gmdate('Y-m-d H:i:s', $nextTry), $leftover->id]
        );
    }

    public function remove(Leftover $leftover): void
    {
        $this->database->execute('DELETE FROM ' . Schema::leftovers() . ' WHERE id = ?', [$leftover->id]);
    }

    /** A copy of a site forgets those of the other. */
    public function forgetAll(): void
    {
        $this->database->execute('DELETE FROM ' . Schema::leftovers());
    }

    public function count(): int
    {
        return (int) ($this->database->row('SELECT COUNT(*) AS n FROM ' . Schema::leftovers())['n'] ?? 0);
    }

    /** @param array<string, int|string|null> $columns what made it, and what is known of it */
    private function insert(MeetingRecord $record, int $generation, array $columns): void
    {
        $columns += ['meeting' => $record->id, 'generation' => $generation, 'doctor' => $record->doctor, 'created_at' => Clock::sql()];
        $this->database->execute(
            'INSERT IGNORE INTO ' . Schema::leftovers() . ' (' . implode(', ', array_keys($columns)) . ') VALUES (' .
                implode(', ', array_fill(0, count($columns), '?')) . ')',
            array_values($columns)
        );
    }

    /**
     * @param list<int|string> $values
     * @return list<Leftover>
     */
    private function list(string $where, array $values): array
    {
        return array_map([Leftover::class, 'fromRow'], $this->database->rows('SELECT * FROM ' . Schema::leftovers() . " WHERE $where", $values));
    }
}
