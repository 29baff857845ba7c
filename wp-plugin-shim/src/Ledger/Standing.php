<?php
/**
 * Whether visits take place as their appointment systems have it at this moment. The ledger may not have heard yet: some
 * cancel and delete without telling.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class Standing
{
    private const NO_LINK = ['visit_key' => null, 'join_url' => null, 'passcode' => null];

    public function __construct(private readonly AppointmentSources $sources, private readonly Database $database)
    {
    }

    /**
     * The rows as they are to be shown: at the time that their appointments have; one whose appointment is off or gone has no link, and is
     * cancelled unless it is over; one whose doctor is gone has no link either. One query to each appointment system.
     *
     * @param list<MeetingRecord> $rows
     * @return list<MeetingRecord> the same rows, for showing only
     * @throws DatabaseException
     */
    public function shown(array $rows): array
    {
        $standing = $this->standing(array_filter($rows, static fn(MeetingRecord $row): bool => $row->state->isLive()));
        $rows = array_map(static fn(MeetingRecord $row): MeetingRecord => self::at($row, $standing[$row->id] ?? null), $rows);
        cache_users(array_unique(array_map(static fn(MeetingRecord $row): int => $row->doctor, $rows)));
        return array_map(static fn(MeetingRecord $row): MeetingRecord => match (true) {
            self::isOff($row, $standing) => $row->after(self::NO_LINK + ($row->isOver() ? ['meeting_id' => null] : ['state' => MeetingState::Cancelled->value])),
            !Doctors::isHere($row->doctor) => $row->after(self::NO_LINK),
            default => $row,
        }, $rows);
    }

    /** @throws DatabaseException */
    public function shownOne(MeetingRecord $row): MeetingRecord
    {
        return $this->shown([$row])[0];
    }

    /**
     * Those that take place, also where a cancellation was wished that is not carried out there.
     *
     * @param list<MeetingRecord> $rows
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function takingPlace(array $rows): array
    {
        $standing = $this->standing($rows);
        return array_values(array_filter(
            $rows,
            static fn(MeetingRecord $row): bool => array_key_exists($row->id, $standing) ? !self::isOff($row, $standing) : $row->state->isLive()
        ));
    }

    /** @param array<int, ?Wanted> $standing */
    private static function isOff(MeetingRecord $row, array $standing): bool
    {
        return array_key_exists($row->id, $standing) && !($standing[$row->id]?->held ?? false);
    }

    /** Of a move the ledger may not have heard yet either. */
    private static function at(MeetingRecord $row, ?Wanted $wanted): MeetingRecord
    {
        return $wanted === null || !$wanted->held ? $row : $row->after([
            'start_utc' => gmdate('Y-m-d H:i:s', $wanted->start->getTimestamp()),
            'minutes' => $wanted->minutes,
            'timezone' => $wanted->timezone,
        ]);
    }

    /**
     * @param array<MeetingRecord> $rows
     * @return array<int, ?Wanted> by row, null where there is no such appointment; without those of which only the ledger knows
     */
    private function standing(array $rows): array
    {
        $bySource = $found = [];
        foreach ($rows as $row) {
            $bySource[$row->source][] = $row;
        }
        foreach ($bySource as $name => $portion) {
            $source = $this->sources->find((string) $name);
            if (!$source instanceof AppointmentSystem) {
                // This site's own; or its plugin is not active, and what was made goes on, as where it cannot be asked.
                continue;
            }
            $standing = $source->committed(array_map(static fn(MeetingRecord $row): string => $row->appointment, $portion), $this->database);
            foreach ($standing === null ? [] : $portion as $row) {
                $found[$row->id] = $standing[$row->appointment] ?? null;
            }
        }
        return $found;
    }
}
