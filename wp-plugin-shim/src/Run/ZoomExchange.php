<?php
/**
 * Asks of Zoom what a step asks for. It never throws because of Zoom.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Run;

use Telemed\Outcome;
use Telemed\Step;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class ZoomExchange implements Zoom
{
    /** Whoever has waited for a row for so long that no time is left says so by a time-out, which passes. */
    private const LEAST_SECONDS = 0.1;

    public function __construct(private readonly VisitStore $visits, private readonly World $world)
    {
    }

    /** @throws DatabaseException */
    public function carryOut(int $id, Step $step, float $seconds): Outcome
    {
        $maker = (array) $step->maker();
        $others = $step->wantsKnown() ? $this->visits->numbersOfOthers((string) $maker['host'], $id, (int) $step->generation()) : [];
        try {
            $client = $this->world->client($maker)->within(max(self::LEAST_SECONDS, min($seconds, (float) $step->mostSeconds())));
            return $step->carryOut($client, $others, $this->world->settings());
        } catch (\Telemed\TelemedException $failure) {
            return Outcome::hindered($failure->id(), $failure->isRetryable(), ['message' => $failure->getMessage(), 'advice' => $failure->advice()]);
        } catch (Problem $failure) {
            return Outcome::hindered($failure->id, $failure->passes(), ['message' => $failure->getMessage()]);
        }
    }
}
