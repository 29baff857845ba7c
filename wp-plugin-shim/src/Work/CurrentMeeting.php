<?php
/**
 * A visit's meeting for somebody who is on the way into it: what is not there yet is tried at once, what Zoom has lost meanwhile is
 * made anew, and the join link is the one that Zoom has now. Whatever Zoom does, the visit comes back as it is known.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Outages;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\VisitStore;
use Telemed\Moment;

defined('ABSPATH') || exit;

final class CurrentMeeting
{
    /** However often somebody clicks, Zoom is asked for one visit so often. */
    public const ASK_EVERY_SECONDS = 15;
    private const ASKED = 'telemed_asked_';
    private const ASK_SECONDS = 3.0;
    private const MAKE_SECONDS = 8.0;

    public function __construct(
        private readonly Ledger $ledger,
        private readonly OneVisit $oneVisit,
        private readonly VisitStore $store,
        private readonly Moments $moments,
        private readonly ZoomApps $apps,
        private readonly Outages $outages,
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
        return $row->isReady() ? $this->compared($row) : $this->tried($row);
    }

    /**
     * The same for a patient, of whom only so many wait for Zoom at a time.
     *
     * @return ?MeetingRecord null: too many wait already
     * @throws DatabaseException
     */
    public function forJoin(MeetingRecord $row): ?MeetingRecord
    {
        $isAsked = $row->isReady() ? $this->isCompared($row) : $this->isTried($row);
        return $isAsked ? $this->slots->within(fn(): MeetingRecord => $this->forStart($row)) : $row;
    }

    /**
     * Zoom says that it knows the meeting no more, and says so to the credentials that made it.
     *
     * @throws DatabaseException
     */
    public function recreated(MeetingRecord $lost): MeetingRecord
    {
        try {
            $at = $this->moments->now();
            $this->store->change($lost->id, static fn(\Telemed\Visit $now): ?\Telemed\Visit => self::isStill($lost, $now, $at)
                ? $now->observed($lost->generation, null, $at)
                : null, $at);
            return $this->oneVisit->tryNow($lost->id, self::MAKE_SECONDS) ?? $lost;
        } catch (Problem) {
            return $this->ledger->find($lost->id) ?? $lost;
        }
    }

    /** Another meeting may have taken the place of the one that is gone. */
    private static function isStill(MeetingRecord $known, \Telemed\Visit $now, Moment $at): bool
    {
        $numbers = array_column($now->rows($at)['meetings'], 'number', 'generation');
        return (string) ($numbers[$known->generation] ?? '') === (string) $known->meetingId;
    }

    private function tried(MeetingRecord $row): MeetingRecord
    {
        if (!$this->isTried($row)) {
            return $row;
        }
        try {
            return $this->oneVisit->tryNow($row->id, self::MAKE_SECONDS) ?? $row;
        } catch (Problem) {
            return $this->ledger->find($row->id) ?? $row;
        }
    }

    private function isTried(MeetingRecord $row): bool
    {
        $isFresh = $row->lastError === null && $row->tries === 0;
        return $row->state->isOpen() && ($isFresh || $row->updatedAt->getTimestamp() <= $this->moments->seconds() - self::ASK_EVERY_SECONDS);
    }

    /** @throws DatabaseException */
    private function isCompared(MeetingRecord $row): bool
    {
        // Until its tables are brought to this version nothing that is seen could be written down.
        return Schema::isCurrent() && $this->outages->triedAt() === null && get_transient(self::ASKED . $row->id) === false;
    }

    /** @throws DatabaseException */
    private function compared(MeetingRecord $row): MeetingRecord
    {
        if (!$this->isCompared($row)) {
            return $row;
        }
        set_transient(self::ASKED . $row->id, 1, self::ASK_EVERY_SECONDS);
        try {
            $meeting = $this->apps->forMeeting($row)->client->within(self::ASK_SECONDS)->meeting((int) $row->meetingId);
            $this->outages->answered($this->moments->now()->now());
            return $this->observed($row, $meeting);
        } catch (Problem) {
            return $row;
        } catch (\Telemed\TelemedException $failure) {
            $this->noteNetwork($failure);
            return $failure->isGone() ? $this->recreated($row) : $row;
        }
    }

    /** @throws DatabaseException */
    private function observed(MeetingRecord $row, \Telemed\Meeting $meeting): MeetingRecord
    {
        $at = $this->moments->now();
        $before = null;
        $now = $this->store->change($row->id, static function (\Telemed\Visit $visit) use ($row, $meeting, $at, &$before): \Telemed\Visit {
            $before = $visit->version();
            return $visit->observed($row->generation, $meeting, $at);
        }, $at);
        if ($now !== null && $now->version() === $before) {
            return $row;
        }
        $this->oneVisit->tellSoon($row->id);
        return $this->ledger->find($row->id) ?? $row;
    }

    /** @throws DatabaseException */
    private function noteNetwork(\Telemed\TelemedException $failure): void
    {
        if ($failure->isLost()) {
            $this->outages->lost($this->moments->now()->now());
        } elseif ($failure->isAnswer()) {
            $this->outages->answered($this->moments->now()->now());
        }
    }
}
