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
     * The rows as they are to be shown: one whose appointment is off or gone has no link, and is cancelled unless it is over; one
     * whose doctor is gone has no link either. One query to each appointment system.
     *
     * @param list<MeetingRecord> $rows
     * @return list<MeetingRecord> the same rows, for showing only
     * @throws DatabaseException
     */
    public function of(array $rows): array
    {
        $held = $this->held(array_filter($rows, static fn(MeetingRecord $row): bool => $row->state->isLive()));
        cache_users(array_unique(array_map(static fn(MeetingRecord $row): int => $row->doctor, $rows)));
        return array_map(static fn(MeetingRecord $row): MeetingRecord => match (true) {
            !($held[$row->id] ?? true) => $row->after(self::NO_LINK + ($row->isOver() ? ['meeting_id' => null] : ['state' => MeetingState::Cancelled->value])),
            !Doctors::isHere($row->doctor) => $row->after(self::NO_LINK),
            default => $row,
        }, $rows);
    }

    /** @throws DatabaseException */
    public function ofOne(MeetingRecord $row): MeetingRecord
    {
        return $this->of([$row])[0];
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
        $held = $this->held($rows);
        return array_values(array_filter($rows, static fn(MeetingRecord $row): bool => $held[$row->id] ?? $row->state->isLive()));
    }

    /**
     * @param array<MeetingRecord> $rows
     * @return array<int, bool> by row; without those of which only the ledger knows
     */
    private function held(array $rows): array
    {
        $bySource = $held = [];
        foreach ($rows as $row) {
            if ($row->source !== ManualSource::NAME) {
                $bySource[$row->source][] = $row;
            }
        }
        foreach ($bySource as $name => $portion) {
            // Null when its plugin is not active: what was made goes on.
            $source = $this->sources->find((string) $name);
            $standing = $source?->committed(array_map(static fn(MeetingRecord $row): string => $row->appointment, $portion), $this->database);
            foreach ($standing === null ? [] : $portion as $row) {
                $held[$row->id] = ($standing[$row->appointment] ?? null)?->held ?? false;
            }
        }
        return $held;
    }
}
