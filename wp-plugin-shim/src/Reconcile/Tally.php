<?php
/**
 * What a comparison with Zoom has looked at and what it has left alone: 'nothing differs' is true only of the one.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

defined('ABSPATH') || exit;

final class Tally
{
    /** Hosts whose meetings were compared. */
    public int $hosts = 0;
    /** Visits to come that were compared. */
    public int $visits = 0;
    /** @var list<int> visits that somebody may be at work on, because they were changed lately or are being changed */
    public array $leftAlone = [];

    public function note(IntendedMeeting $meeting, bool $isBusy): void
    {
        if ($isBusy) {
            $this->leftAlone[] = $meeting->visit;
        } else {
            $this->visits++;
        }
    }
}
