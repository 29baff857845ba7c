<?php
/**
 * Answers to what becomes of the visits of a handover. An answer is written down and stands; as far as the time reaches its visits are
 * brought on at once, and the worker does the rest.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Extension;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Handovers;

defined('ABSPATH') || exit;

final class Answers
{
    public function __construct(
        private readonly Handovers $handovers,
        private readonly OneVisit $oneVisit,
        private readonly ZoomApps $apps,
        private readonly Extension $extension
    ) {
    }

    /**
     * @param ?int  $heir    with Answer::Doctor: who holds the visits
     * @param float $seconds at most, for requests to Zoom
     * @throws DatabaseException
     * @throws Problem|\Telemed\TelemedException when it cannot be carried out: nothing was changed
     */
    public function give(Handover $which, Answer $answer, ?int $heir, float $seconds): void
    {
        $end = microtime(true) + $seconds;
        if ($answer !== Answer::Stay) {
            $this->extension->demand();
        }
        if ($answer === Answer::Doctor) {
            $this->demandHeir($which, (int) $heir);
        }
        $this->bringOn($this->handovers->answer($which, $answer, $answer === Answer::Doctor ? $heir : null), $end);
    }

    /**
     * Brings visits on whose answer stands.
     *
     * @param list<int> $visits
     * @throws DatabaseException
     */
    public function bringOn(array $visits, float $end): void
    {
        foreach ($visits as $visit) {
            if (microtime(true) >= $end) {
                return;
            }
            try {
                $this->oneVisit->bringOn($visit, $end - microtime(true));
            } catch (Problem) {
                // It was forgotten meanwhile.
                continue;
            }
        }
    }

    /** @throws Problem when the handover takes no such answer, or that cannot be told without the extension */
    public function demandTaken(Handover $which, Answer $answer): void
    {
        $this->extension->demand();
        if (!\Telemed\Handover::takes($which->facts(), $answer->value)) {
            throw self::undecided();
        }
    }

    /** Whoever cannot hold visits cannot take them over. */
    private function demandHeir(Handover $which, int $heir): void
    {
        if ($heir === $which->doctor() || !Capabilities::isDoctor($heir)) {
            throw self::undecided();
        }
        $this->apps->makerFor($heir);
    }

    public static function undecided(): Problem
    {
        return new Problem('telemed_undecided', __('what becomes of the upcoming visits was not chosen', 'telemed-zoom'), __('Choose one of the answers.', 'telemed-zoom'));
    }
}
