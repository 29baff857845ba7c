<?php
/**
 * A visit's meeting for somebody who is on the way into it: what is not there yet is tried at once, what Zoom has lost meanwhile is
 * made anew, and the join link is the one that Zoom has now. Whatever Zoom does, the row comes back as it is known.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;

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
        private readonly Worker $worker,
        private readonly MeetingMaker $maker,
        private readonly ZoomApps $apps,
        private readonly Breaker $breaker,
        private readonly JoinSlots $slots
    ) {
    }

    /** @throws DatabaseException */
    public function of(MeetingRecord $row): MeetingRecord
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
        $isAsked = $row->isReady() ? $this->isCompared($row) : self::isTried($row);
        return $isAsked ? $this->slots->within(fn(): MeetingRecord => $this->of($row)) : $row;
    }

    /**
     * Zoom says that it knows the meeting no more, and says so to the credentials that made it.
     *
     * @throws DatabaseException
     */
    public function madeAnew(MeetingRecord $lost, ?string $trackingId): MeetingRecord
    {
        try {
            $this->ledger->exclusively($lost->id, fn(MeetingRecord $row): MeetingRecord => $row->isReady() && $row->meetingId === $lost->meetingId
                ? $this->ledger->lose($row, $trackingId)
                : $row);
            return $this->worker->tryNow($lost->id, self::MAKE_SECONDS) ?? $lost;
        } catch (Problem) {
            return $this->ledger->find($lost->id) ?? $lost;
        }
    }

    private function tried(MeetingRecord $row): MeetingRecord
    {
        if (!self::isTried($row)) {
            return $row;
        }
        try {
            return $this->worker->tryNow($row->id, self::MAKE_SECONDS) ?? $row;
        } catch (Problem) {
            return $this->ledger->find($row->id) ?? $row;
        }
    }

    private static function isTried(MeetingRecord $row): bool
    {
        $isFresh = $row->lastError === null && $row->tries === 0;
        return $row->state->isOpen() && ($isFresh || $row->updatedAt->getTimestamp() <= Clock::now() - self::ASK_EVERY_SECONDS);
    }

    private function isCompared(MeetingRecord $row): bool
    {
        return !$this->breaker->isOutage() && get_transient(self::ASKED . $row->id) === false;
    }

    private function compared(MeetingRecord $row): MeetingRecord
    {
        if (!$this->isCompared($row)) {
            return $row;
        }
        set_transient(self::ASKED . $row->id, 1, self::ASK_EVERY_SECONDS);
        try {
            $meeting = $this->apps->forMeeting($row)->client->within(self::ASK_SECONDS)->meeting((int) $row->meetingId);
            $this->breaker->answered();
            return $this->maker->takeLink($row, $meeting);
        } catch (\Telemed\NotFoundException $failure) {
            return $this->madeAnew($row, $failure->trackingId);
        } catch (\Telemed\TransportException) {
            $this->breaker->lost();
            return $row;
        } catch (Problem | \Telemed\TelemedException) {
            return $row;
        }
    }
}
