<?php
/**
 * The grants of a doctor who disconnects or has left: whether they have something left to do, and how they end. The extension
 * decides when.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Departures;

use Telemed\Visit;
use TelemedZoom\Apps\Grants;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class EndingGrants
{
    public function __construct(
        private readonly Grants $grants,
        private readonly LedgerQueries $queries,
        private readonly VisitStore $store,
        private readonly Moments $moments,
        private readonly Site $site
    ) {
    }

    /**
     * What becomes of them now. What they are needed for is asked only where that matters: what cannot be read then must not keep a
     * grant for ever.
     *
     * @return string as \Telemed\Handover::grant() says
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function becomes(Handover $one): string
    {
        $doctor = $one->doctor();
        [$isHere, $isDoctor] = [Doctors::isHere($doctor), Capabilities::isDoctor($doctor)];
        [$facts, $at] = [$one->facts(), $this->moments->now()];
        $grant = static fn(bool $isNeeded): string => \Telemed\Handover::grant($facts, $isNeeded, $isHere, $isDoctor, $at);
        $ifNeeded = $grant(true);
        return $ifNeeded === 'kept' && !$this->isNeeded($doctor) ? $grant(false) : $ifNeeded;
    }

    /**
     * @param bool $whateverZoomSays ends them also where Zoom cannot be told
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function end(Handover $one, bool $whateverZoomSays): void
    {
        $this->grants->end($one->doctor(), $whateverZoomSays);
        $this->giveUp($this->site->subject($one->doctor()));
    }

    private function isNeeded(int $doctor): bool
    {
        if (Schema::isMoving()) {
            // Visits that need the grant may not be known here yet.
            return true;
        }
        $subject = $this->site->subject($doctor);
        $isUpcoming = $this->queries->upcomingOfConnection($subject, 1) !== [];
        return ($isUpcoming || $this->queries->unwantedOfConnection($subject) !== []) && $this->grants->areAlive($doctor);
    }

    /** Without the grant nothing can delete them: they remain at Zoom, and their logs say so. */
    private function giveUp(string $subject): void
    {
        foreach (array_unique(array_column($this->queries->unwantedOfConnection($subject), 'visit')) as $visit) {
            $at = $this->moments->now();
            $this->store->change($visit, static fn(Visit $now): Visit => $now->abandoned($subject), $at);
        }
    }
}
