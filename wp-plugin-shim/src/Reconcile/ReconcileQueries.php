<?php
/**
 * What the comparison with Zoom asks the ledger, host by host and in portions.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use TelemedZoom\Apps\HostOfMeetings;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class ReconcileQueries
{
    /** Orphans of visits that were so lately are still looked for. */
    private const PAST_DAYS = 2;

    public function __construct(private readonly Database $database)
    {
    }

    /** @return list<HostOfMeetings> every host at which meetings to come were made, or may have been */
    public function hosts(): array
    {
        $rows = $this->database->rows(
            'SELECT DISTINCT mode, app, zoom_account, connection, host_id, host_email FROM ' . Schema::meetings() . '
             WHERE end_utc >= ? AND host_id IS NOT NULL AND mode IS NOT NULL
             UNION SELECT DISTINCT mode, app, zoom_account, connection, host_id, host_email FROM ' . Schema::leftovers() . ' WHERE host_id IS NOT NULL
             ORDER BY host_id, app',
            [Clock::sql(-self::PAST_DAYS * DAY_IN_SECONDS)]
        );
        $hosts = [];
        foreach ($rows as $row) {
            $host = new HostOfMeetings((string) $row['mode'], (string) $row['app'], $row['zoom_account'], $row['connection'], (string) $row['host_id'], $row['host_email']);
            $hosts["$host->mode|$host->app|$host->zoomAccount|$host->connection|$host->hostId"] = $host;
        }
        return array_values($hosts);
    }

    /**
     * Rows of the host that are being made, through whatever app: no meeting of theirs is known.
     *
     * @return list<MeetingRecord>
     */
    public function withoutMeeting(HostOfMeetings $host): array
    {
        return $this->rows(
            'host_id = ? AND end_utc >= ? AND meeting_id IS NULL AND state IN (?, ?)',
            [$host->hostId, Clock::sql(-self::PAST_DAYS * DAY_IN_SECONDS), MeetingState::Attempting->value, MeetingState::Uncertain->value]
        );
    }

    /**
     * Meetings that may be in the making on this host for rows whose present meeting lies elsewhere.
     *
     * @return list<array{row: MeetingRecord, generation: int}>
     */
    public function successors(HostOfMeetings $host): array
    {
        $rows = $this->database->rows(
            'SELECT m.*, l.generation AS successor FROM ' . Schema::leftovers() . ' l JOIN ' . Schema::meetings() . ' m ON m.id = l.meeting
             WHERE l.host_id = ? AND l.meeting_id IS NULL AND m.state = ?',
            [$host->hostId, MeetingState::Moving->value]
        );
        return array_map(static fn(array $row): array => ['row' => MeetingRecord::fromRow($row), 'generation' => (int) $row['successor']], $rows);
    }

    /**
     * Rows that know one of these meetings, through whatever app it was made.
     *
     * @param list<int> $meetings
     * @return list<MeetingRecord>
     */
    public function ofMeetings(array $meetings): array
    {
        if ($meetings === []) {
            return [];
        }
        return $this->rows('meeting_id IN (' . implode(', ', array_fill(0, count($meetings), '?')) . ')', $meetings);
    }

    /**
     * Live rows to come of the host that know their meeting.
     *
     * @return list<MeetingRecord>
     */
    public function upcomingOfHost(HostOfMeetings $host, int $afterId, int $limit): array
    {
        return $this->rows(
            'host_id = ? AND end_utc >= ? AND app = ? AND id > ? AND meeting_id IS NOT NULL AND state IN ' . MeetingState::having() . ' ORDER BY id LIMIT ?',
            [$host->hostId, Clock::sql(), $host->app, $afterId, $limit]
        );
    }

    /**
     * @param list<int|string> $values
     * @return list<MeetingRecord>
     */
    private function rows(string $where, array $values): array
    {
        return array_map([MeetingRecord::class, 'fromRow'], $this->database->rows('SELECT * FROM ' . Schema::meetings() . " WHERE $where", $values));
    }
}
