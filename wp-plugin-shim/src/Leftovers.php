<?php
/**
 * Meetings at Zoom that nobody wants any more: of cancelled visits, of visits that went to another doctor, that were recreated or
 * moved to another app. Each is deleted through exactly the credentials that made it: another's "not found" proves nothing.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class Leftovers
{
    public function __construct(private readonly Database $database)
    {
    }

    /** Takes over what the row knows of its meeting, if it knows one. */
    public function add(MeetingRecord $record): void
    {
        if ($record->meetingId === null || $record->mode === null) {
            return;
        }
        $this->database->execute(
            'INSERT IGNORE INTO ' . Schema::leftovers() . ' (meeting, generation, doctor, mode, app, zoom_account, connection, host_id, host_email, meeting_id, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
            [
                $record->id, $record->generation, $record->doctor, $record->mode, $record->app, $record->zoomAccount, $record->connection,
                $record->hostId, $record->hostEmail, $record->meetingId, Clock::sql(),
            ]
        );
    }

    /**
     * A meeting that was made for a row which no longer wants it.
     *
     * @param array<string, int|string|null> $known columns of the meeting
     */
    public function addMade(MeetingRecord $record, Credentials $credentials, array $known): void
    {
        $this->database->execute(
            'INSERT IGNORE INTO ' . Schema::leftovers() . ' (meeting, generation, doctor, mode, app, zoom_account, connection, host_id, host_email, meeting_id, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
            [
                $record->id, $record->generation, $record->doctor, $credentials->mode, $credentials->app, $credentials->zoomAccount,
                $credentials->connection, $known['host_id'], $known['host_email'], $known['meeting_id'], Clock::sql(),
            ]
        );
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
            'SELECT DISTINCT meeting FROM ' . Schema::leftovers() . ' WHERE next_try_at IS NULL OR next_try_at <= ? ORDER BY next_try_at, id LIMIT ?',
            [Clock::sql(), $limit]
        );
        return array_map('intval', array_column($rows, 'meeting'));
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

    /**
     * @param list<int|string> $values
     * @return list<Leftover>
     */
    private function list(string $where, array $values): array
    {
        return array_map([Leftover::class, 'fromRow'], $this->database->rows('SELECT * FROM ' . Schema::leftovers() . " WHERE $where", $values));
    }
}
