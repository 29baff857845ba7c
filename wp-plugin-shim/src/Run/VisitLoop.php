<?php
/**
 * Brings a visit to what stands, one step after the other: the extension says what comes next, here it is done and told what came of
 * it. One process at a time works on a visit.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Run;

use Telemed\Moment;
use Telemed\Step;
use Telemed\Visit;
use TelemedZoom\Problem;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Counters;
use TelemedZoom\Store\Outages;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class VisitLoop
{
    /** Nothing needs more turns. */
    private const MOST_TURNS = 40;
    /** With less no exchange is begun: whoever has less time than Zoom may need learns nothing from its silence. */
    public const LEAST_SECONDS = 2.0;

    public function __construct(
        private readonly Database $database,
        private readonly VisitStore $visits,
        private readonly Counters $counters,
        private readonly Outages $outages,
        private readonly World $world,
        private readonly Zoom $zoom,
        private readonly Moments $moments
    ) {
    }

    /**
     * @param float $seconds    at most
     * @param ?int  $ownVersion the visit's version after the last wish of this very request, whose transaction is over: if nothing was
     *                          wished since, what stands is final
     * @param bool  $isAwaited  whether somebody waits for the meeting, so that Zoom is tried sooner in an outage
     * @param float $patience   so long another process is waited for
     * @return bool false: another process is at work on it, or there is no such visit
     * @throws DatabaseException
     */
    public function bringOn(int $id, float $seconds, ?int $ownVersion = null, bool $isAwaited = false, float $patience = 0.0): bool
    {
        $ends = microtime(true) + $seconds;
        $lock = "visit $id";
        if (!$this->database->lock($lock, $patience)) {
            return false;
        }
        try {
            $visit = $this->confirmed($id, $ownVersion);
            for ($turn = 0; $visit !== null && $turn < self::MOST_TURNS; $turn++) {
                [$visit, $isAtRest] = $this->turn($id, $visit, $isAwaited, $ends);
                if ($isAtRest) {
                    return true;
                }
            }
            return $visit !== null;
        } finally {
            $this->database->unlock($lock);
        }
    }

    /**
     * The same for one of many: a visit that is broken must not keep the others waiting.
     *
     * @throws DatabaseException
     */
    public function tryToBringOn(int $id, float $seconds): bool
    {
        try {
            return $this->bringOn($id, $seconds);
        } catch (Problem | \Telemed\TelemedException) {
            return false;
        }
    }

    /**
     * @return array{?Visit, bool} the visit as it is then, and whether nothing is left to do now
     * @throws DatabaseException
     */
    private function turn(int $id, Visit $visit, bool $isAwaited, float $ends): array
    {
        $at = $this->moments->now();
        $step = $this->next($visit, $isAwaited, $at);
        if ($step->isExchange() && microtime(true) > $ends - self::LEAST_SECONDS) {
            return [$visit, true];
        }
        $version = $visit->version();
        if (!$step->isExchange() && $step->kind() !== 'note') {
            // Nothing is to be written but when it is looked at again.
            return $this->visits->rest($id, $version, $step->until()) ? [$visit, true] : [$this->visits->find($id), false];
        }
        $begun = $this->visits->changeRead($id, $visit, static fn(Visit $now): ?Visit => $now->begun($step, $at), $at);
        if ($begun === null) {
            return [$this->visits->find($id), false];
        }
        if ($step->isExchange()) {
            $outcome = $this->zoom->carryOut($id, $step, $ends - microtime(true));
            $then = $this->moments->now();
            $after = static fn(Visit $now): Visit => $now->after($step, $outcome, $then);
            // Whatever was wished meanwhile, what came of it is written down.
            return [$this->visits->changeRead($id, $begun, $after, $then) ?? $this->visits->change($id, $after, $then), false];
        }
        return [$begun, false];
    }

    /**
     * For how many seconds nothing is asked of Zoom but for somebody who waits; 0 when it is asked.
     *
     * @throws DatabaseException
     */
    public function pauseSeconds(): int
    {
        $tried = $this->outages->triedAt();
        return $tried === null ? 0 : max(0, (int) strtotime("$tried UTC") + Step::trySeconds() - $this->moments->seconds());
    }

    /** A step may have to know counters, and then those of another host. An outage matters only where something is to be asked of Zoom. */
    private function next(Visit $visit, bool $isAwaited, Moment $at): Step
    {
        $facts = $this->world->facts($visit) + ['outage' => null, 'is_awaited' => $isAwaited, 'used' => []];
        $step = $visit->next($facts, $at);
        if (!$step->isExchange() && $step->asks() === []) {
            return $step;
        }
        $facts = $this->counters->usedInOutage($step->asks(), $at->day()) + $facts;
        while (($asks = ($step = $visit->next($facts, $at))->asks()) !== []) {
            $facts['used'] += $this->counters->used($asks, $at->day());
        }
        return $step;
    }

    /**
     * The visit as its appointment system says. Between the question and the answer it may have become another; then it is asked again.
     *
     * @return ?Visit null: there is no such visit any more
     * @throws DatabaseException
     */
    private function confirmed(int $id, ?int $ownVersion): ?Visit
    {
        for ($turn = 0; $turn < self::MOST_TURNS; $turn++) {
            $visit = $this->visits->find($id);
            if ($visit === null) {
                return null;
            }
            $standing = $this->world->standing($visit);
            if ($standing === false) {
                return $visit;
            }
            $version = $visit->version();
            $isFinal = $version === $ownVersion;
            $isAnother = false;
            $at = $this->moments->now();
            $changes = $visit->confirm($standing, $isFinal, $at)->changes($at);
            if ($changes['visit'] === null && $changes['notices'] === []) {
                // It says what is known: nothing is to be written.
                return $visit;
            }
            $confirmed = $this->visits->change($id, static function (Visit $now) use ($version, $standing, $isFinal, $at, &$isAnother): ?Visit {
                $isAnother = $now->version() !== $version;
                return $isAnother ? null : $now->confirm($standing, $isFinal, $at);
            }, $at);
            if (!$isAnother) {
                return $confirmed;
            }
        }
        return null;
    }
}
