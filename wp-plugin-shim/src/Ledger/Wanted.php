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

    public function agreesWith(MeetingRecord $row): bool
    {
        if (!$this->held) {
            return !$row->state->isLive();
        }
        return $row->state !== MeetingState::Cancelled && !$this->differsFrom($row);
    }

    /** Whether doctor, time or length are others than in the row. */
    public function differsFrom(MeetingRecord $row): bool
    {
        return $this->doctor !== $row->doctor || $this->minutes !== $row->minutes || $this->timezone !== $row->timezone
            || $this->start->getTimestamp() !== $row->start->getTimestamp();
    }
}
