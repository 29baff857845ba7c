<?php
/**
 * Looks at the meeting of a visit that somebody is on the way into, as it is at Zoom, and writes down what is seen. How often, and what
 * else is done for them, the extension says.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use Telemed\Visit;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Permit;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Outages;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class MeetingLook
{
    /** What is done for somebody: nothing, the meeting is tried, or looked at. */
    public const AS_KNOWN = 'as_known';
    public const TRY = 'try';
    public const LOOK = 'look';
    private const LOOKED_AT = 'telemed_looked_at_';
    private const CALL_SECONDS = 3.0;

    public function __construct(
        private readonly VisitStore $store,
        private readonly ZoomApps $apps,
        private readonly Outages $outages,
        private readonly Moments $moments,
        private readonly Permit $permit
    ) {
    }

    /**
     * @return string self::AS_KNOWN, self::TRY or self::LOOK
     * @throws DatabaseException
     */
    public function entry(MeetingRecord $row): string
    {
        // Until its tables are brought to this version nothing that is seen could be written down.
        if (!$this->permit->isGiven() || !Schema::isCurrent()) {
            return self::AS_KNOWN;
        }
        $lookedAt = get_transient(self::LOOKED_AT . $row->id);
        return Visit::entry([
            'state' => $row->state->value,
            'is_ready' => $row->isReady(),
            'has_failed' => $row->lastError !== null || $row->tries > 0,
            'changed_at' => $row->updatedAt->format('Y-m-d H:i:s'),
            'looked_at' => is_string($lookedAt) ? $lookedAt : null,
            'is_outage' => $this->outages->triedAt() !== null,
        ], $this->moments->now());
    }

    /**
     * @return bool whether the visit is another by now
     * @throws DatabaseException
     */
    public function at(MeetingRecord $row): bool
    {
        $at = $this->moments->now();
        set_transient(self::LOOKED_AT . $row->id, $at->now(), MINUTE_IN_SECONDS);
        try {
            $meeting = $this->apps->forMeeting($row)->client->within(self::CALL_SECONDS)->meeting((int) $row->meetingId);
        } catch (Problem) {
            return false;
        } catch (\Telemed\TelemedException $failure) {
            $this->noteNetwork($failure);
            if (!$failure->isGone()) {
                return false;
            }
            $this->noteGone($row);
            return true;
        }
        $at = $this->moments->now();
        $this->outages->answered($at->now());
        $before = null;
        $now = $this->store->change($row->id, static function (Visit $visit) use ($row, $meeting, $at, &$before): Visit {
            $before = $visit->version();
            return $visit->observed($row->generation, $meeting, $at);
        }, $at);
        return $now === null || $now->version() !== $before;
    }

    /**
     * Zoom says that it knows the meeting no more, and says so to the credentials that made it.
     *
     * @throws DatabaseException
     */
    public function noteGone(MeetingRecord $row): void
    {
        $at = $this->moments->now();
        $this->store->change($row->id, static fn(Visit $now): Visit => $now->gone((int) $row->meetingId, $at), $at);
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
