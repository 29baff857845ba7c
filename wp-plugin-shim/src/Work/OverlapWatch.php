<?php
/**
 * Staff are told of visits of one host at the same time. Our own screens say it to who books, so only visits of appointment systems are
 * looked at.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\AppointmentSystem;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class OverlapWatch
{
    public function __construct(
        private readonly Overlaps $overlaps,
        private readonly AppointmentSources $sources,
        private readonly Ledger $ledger,
        private readonly VisitStore $store,
        private readonly Moments $moments
    ) {
    }

    /** @throws DatabaseException */
    public function look(int $id): void
    {
        $this->lookAt($this->ledger->find($id));
    }

    /** @throws DatabaseException */
    public function lookAt(?MeetingRecord $row): void
    {
        if ($row === null || !$row->state->isLive() || $row->event !== null || $row->isOver() || !$this->sources->find($row->source) instanceof AppointmentSystem) {
            return;
        }
        if ($this->overlaps->of([$row]) === []) {
            return;
        }
        $at = $this->moments->now();
        $this->store->change($row->id, static fn(\Telemed\Visit $now): \Telemed\Visit => $now->overlaps(true, $at), $at);
    }
}
