<?php
/**
 * A visit's meeting for somebody who is on the way into it: what is not there yet is tried at once, what Zoom has lost meanwhile is
 * made anew, and the join link is the one that Zoom has now. Whatever Zoom does, the visit comes back as it is known.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class CurrentMeeting
{
    private const MAKE_SECONDS = 8.0;

    public function __construct(
        private readonly Ledger $ledger,
        private readonly OneVisit $oneVisit,
        private readonly MeetingLook $look,
        private readonly JoinSlots $slots
    ) {
    }

    /**
     * For the doctor who starts it.
     *
     * @throws DatabaseException
     */
    public function forStart(MeetingRecord $row): MeetingRecord
    {
        return $this->after($this->look->entry($row), $row);
    }

    /**
     * The same for a patient, of whom only so many wait for Zoom at a time.
     *
     * @return ?MeetingRecord null: too many wait already
     * @throws DatabaseException
     */
    public function forJoin(MeetingRecord $row): ?MeetingRecord
    {
        $entry = $this->look->entry($row);
        return $entry === MeetingLook::AS_KNOWN ? $row : $this->slots->within(fn(): MeetingRecord => $this->after($entry, $row));
    }

    /**
     * Zoom says that it knows the meeting no more, and says so to the credentials that made it.
     *
     * @throws DatabaseException
     */
    public function recreated(MeetingRecord $lost): MeetingRecord
    {
        try {
            $this->look->noteGone($lost);
        } catch (Problem) {
            return $lost;
        }
        return $this->tried($lost);
    }

    /** @throws DatabaseException */
    private function after(string $entry, MeetingRecord $row): MeetingRecord
    {
        return match ($entry) {
            MeetingLook::TRY => $this->tried($row),
            MeetingLook::LOOK => $this->looked($row),
            default => $row,
        };
    }

    /** @throws DatabaseException */
    private function tried(MeetingRecord $row): MeetingRecord
    {
        try {
            return $this->oneVisit->tryNow($row->id, self::MAKE_SECONDS) ?? $row;
        } catch (Problem) {
            return $this->ledger->find($row->id) ?? $row;
        }
    }

    /** @throws DatabaseException */
    private function looked(MeetingRecord $row): MeetingRecord
    {
        try {
            if (!$this->look->at($row)) {
                return $row;
            }
        } catch (Problem) {
            return $row;
        }
        $now = $this->ledger->find($row->id) ?? $row;
        if (!$now->isReady()) {
            // Zoom has lost it.
            return $this->tried($now);
        }
        $this->oneVisit->tellSoon($row->id);
        return $now;
    }
}
