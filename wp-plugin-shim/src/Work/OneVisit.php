<?php
/**
 * Brings one visit on, for whoever has wished something or waits for the meeting, and tells people what there is to tell of it. Never throws
 * because of Zoom: the visit says what went wrong and when it is tried again.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Clinic\Permit;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Mail\Outbox;
use TelemedZoom\Problem;
use TelemedZoom\Run\NoticeSender;
use TelemedZoom\Run\VisitLoop;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\StoredVisit;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class OneVisit
{
    /** So long another process that works on it is waited for. */
    private const PATIENCE = 5.0;
    private const MAIL_SECONDS = 30.0;

    public function __construct(
        private readonly VisitLoop $loop,
        private readonly VisitStore $store,
        private readonly Ledger $ledger,
        private readonly NoticeSender $sender,
        private readonly Outbox $outbox,
        private readonly OverlapWatch $overlaps,
        private readonly Permit $permit
    ) {
    }

    /**
     * Brings it on now, if its appointment stands committed.
     *
     * @param float $seconds     at most, name resolution excepted
     * @param ?int  $wishVersion the visit's version after a wish of this very request, whose transaction is over: what stands
     *                           committed is then final
     * @param bool  $isAwaited   whether somebody waits for the meeting, so that Zoom is tried sooner in an outage
     * @return ?MeetingRecord null: it was forgotten
     * @throws Problem when there is no such visit
     * @throws DatabaseException
     */
    public function bringOn(int $id, float $seconds, ?int $wishVersion = null, bool $isAwaited = false): ?MeetingRecord
    {
        if (!$this->permit->isGiven()) {
            return $this->ledger->demand($id);
        }
        // Whoever works on it at this moment goes on.
        $this->loop->bringOn($id, $seconds, $wishVersion, $isAwaited, self::PATIENCE);
        $read = $this->store->read($id);
        $row = $read === null ? null : $this->ledger->of($read);
        if ($wishVersion !== null) {
            $this->overlaps->lookAt($row);
        }
        $this->tellSoon($id, $read);
        return $row;
    }

    /**
     * As bringOn(), for somebody who waits for the meeting: however long the visit was to wait for its next try.
     *
     * @throws Problem when there is no such visit
     * @throws DatabaseException
     */
    public function tryNow(int $id, float $seconds): ?MeetingRecord
    {
        $this->wake($id);
        return $this->bringOn($id, $seconds, isAwaited: true);
    }

    /**
     * The visit need not wait for its next try.
     *
     * @throws DatabaseException
     */
    public function wake(int $id): void
    {
        $this->store->queue->wakeOne($id, Clock::sql());
    }

    /**
     * What waits to be told of it is sent when the answer is with the browser.
     *
     * @param ?StoredVisit $read as of tell()
     */
    public function tellSoon(int $id, ?StoredVisit $read = null): void
    {
        $this->outbox->put(fn() => $this->tell($id, self::MAIL_SECONDS, $read));
    }

    /**
     * Sends what waits to be told of it.
     *
     * @param ?StoredVisit $read as it was read just now; null: it is read
     */
    public function tell(int $id, float $seconds, ?StoredVisit $read = null): void
    {
        if (!$this->permit->isGiven()) {
            return;
        }
        try {
            $this->sender->runOne($id, $seconds, $read);
        } catch (DatabaseException | Problem | \Telemed\TelemedException) {
            // It waits, and the next run sends it.
            return;
        }
    }
}
