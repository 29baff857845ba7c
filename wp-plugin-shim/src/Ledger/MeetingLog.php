<?php
/**
 * What was done to each visit: what, when, by whom, and Zoom's tracking id. No personal data, no link, no passcode.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class MeetingLog
{
    private const NOTE_LENGTH = 191;

    public function __construct(private readonly Database $database, private readonly VisitTables $tables)
    {
    }

    /**
     * @param ?string $note nothing that names a person
     * @return int the line's number
     */
    public function write(int $visit, string $event, ?string $trackingId = null, ?string $note = null): int
    {
        return $this->database->insert(
            'INSERT INTO ' . $this->tables->log() . ' (visit, at, actor, event, note, tracking_id) VALUES (?, ?, ?, ?, ?, ?)',
            [$visit, Clock::sql(), get_current_user_id(), $event, $note === null ? null : mb_substr($note, 0, self::NOTE_LENGTH), $trackingId]
        );
    }

    /**
     * @return list<array{id: int, at: \DateTimeImmutable, actor: int, event: string, note: ?string, trackingId: ?string}> oldest first
     */
    public function of(int $visit): array
    {
        if (!Schema::isCurrent()) {
            // What the version before has written is moved with the visit.
            return [];
        }
        $utc = new \DateTimeZone('UTC');
        return array_map(static fn(array $row): array => [
            'id' => (int) $row['id'],
            'at' => new \DateTimeImmutable((string) $row['at'], $utc),
            'actor' => (int) $row['actor'],
            'event' => (string) $row['event'],
            'note' => $row['note'] === null ? null : (string) $row['note'],
            'trackingId' => $row['tracking_id'] === null ? null : (string) $row['tracking_id'],
        ], $this->database->rows('SELECT * FROM ' . $this->tables->log() . ' WHERE visit = ? ORDER BY id', [$visit]));
    }
}
