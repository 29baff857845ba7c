<?php
/**
 * What an appointment system says of one appointment, as it stands committed.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

defined('ABSPATH') || exit;

final class Wanted
{
    /**
     * @param bool               $held     whether a video visit shall take place (false: cancelled, or not confirmed yet)
     * @param int                $doctor   WordPress user
     * @param \DateTimeImmutable $start    in UTC
     * @param string             $timezone IANA name, for display
     */
    public function __construct(
        public readonly bool $held,
        public readonly int $doctor,
        public readonly \DateTimeImmutable $start,
        public readonly int $minutes,
        public readonly string $timezone
    ) {
    }

    /** Whether the row says otherwise. */
    public function contradicts(MeetingRecord $row): bool
    {
        return \Telemed\Visit::isContradicted([
            'takes_place' => $row->state !== MeetingState::Cancelled,
            'doctor' => $row->doctor,
            'start_utc' => $row->start->format('Y-m-d H:i:s'),
            'minutes' => $row->minutes,
            'timezone' => $row->timezone,
        ], $this->columns());
    }

    /** @return array<string, bool|int|string> as the extension takes what stands */
    public function columns(): array
    {
        return [
            'takes_place' => $this->held,
            'doctor' => $this->doctor,
            'start_utc' => $this->start->format('Y-m-d H:i:s'),
            'minutes' => $this->minutes,
            'timezone' => $this->timezone,
        ];
    }
}
