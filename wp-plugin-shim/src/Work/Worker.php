<?php
/**
 * Carries out what the ledger wants: one row at a time under its lock, or all that is due, the soonest visit first. Never throws
 * because of Zoom: the row says what went wrong and when it is tried again.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Clinic\Guard;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\Leftovers;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Signals;
use TelemedZoom\Visits\Committed;

defined('ABSPATH') || exit;

final class Worker
{
    public const SIGNAL_RAN = 'worker_ran';
    private const BATCH = 50;
    /** Against what stands in appointment systems, each minute. */
    private const MOST_LOOKED_AT = 200;
    /** A visit that is looked at by another process is not waited for. */
    private const NO_WAIT = 0.0;
    private const PATIENCE = 5.0;
    /** One meeting's exchange with Zoom takes at most this long. */
    private const MOST_SECONDS = 20.0;
    /** With less none is begun. */
    public const LEAST_SECONDS = 2.0;

    public function __construct(
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly Leftovers $leftovers,
        private readonly Committed $committed,
        private readonly MeetingMaker $maker,
        private readonly Breaker $breaker,
        private readonly WriteBudget $budget,
        private readonly Signals $signals,
        private readonly Extension $extension,
        private readonly Guard $guard
    ) {
    }

    /**
     * Carries out one row now, if its appointment stands committed.
     *
     * @param float $seconds     at most, name resolution excepted
     * @param ?int  $wishVersion the row's version after a wish of this very request, whose transaction is over: what stands
     *                           committed is then final
     * @param bool  $isAwaited   whether somebody waits for the meeting, so that Zoom is tried sooner in an outage
     * @throws Problem when there is no such row
     * @throws DatabaseException
     */
    public function settle(int $id, float $seconds, ?int $wishVersion = null, bool $isAwaited = false): ?MeetingRecord
    {
        try {
            return $this->ledger->exclusively(
                $id,
                fn(MeetingRecord $row): ?MeetingRecord => $this->carryOut($row, $seconds, $row->version === $wishVersion, $isAwaited),
                self::PATIENCE
            );
        } catch (Problem $failure) {
            if (in_array($failure->id, ['telemed_busy', 'telemed_changed_meanwhile'], true)) {
                // Whoever works on it goes on.
                return $this->ledger->find($id);
            }
            throw $failure;
        }
    }

    /**
     * The same for somebody who waits for the meeting: however long the row was to wait for its next try.
     *
     * @throws Problem when there is no such row
     * @throws DatabaseException
     */
    public function tryNow(int $id, float $seconds): ?MeetingRecord
    {
        $this->ledger->wakeRow($id);
        return $this->settle($id, $seconds, isAwaited: true);
    }

    /**
     * What is due, until nothing is or the time is over.
     *
     * @return int how many rows were worked on
     * @throws DatabaseException
     */
    public function runDue(float $seconds): int
    {
        if (!$this->guard->mayAct()) {
            return 0;
        }
        $end = microtime(true) + $seconds;
        if ($this->extension->isUsable()) {
            // A command line whose PHP lacks the extension is no sign of life: administrators must hear that nothing runs.
            $this->signals->set(self::SIGNAL_RAN, Clock::now());
        }
        do_action('telemed_worker_runs');
        $this->committed->settleOld(self::MOST_LOOKED_AT);
        $this->committed->doubt(self::MOST_LOOKED_AT);
        $done = 0;
        foreach ([$this->queries->due(...), $this->leftovers->due(...)] as $due) {
            // What was tried and stays due must not hide the rest, and what is done need not be read over.
            $stuck = [];
            while ($this->hasTime($end)) {
                $ids = $due(self::BATCH + count($stuck));
                $new = array_values(array_diff($ids, $stuck));
                if ($new === []) {
                    break;
                }
                foreach ($new as $id) {
                    if (!$this->hasTime($end)) {
                        break 3;
                    }
                    $done += (int) $this->tryOne($id, min($end - microtime(true), self::MOST_SECONDS));
                }
                $stuck = [...array_intersect($stuck, $ids), ...$new];
            }
        }
        return $done;
    }

    /** Whoever is given less time than Zoom may need learns nothing from its silence. */
    private function hasTime(float $end): bool
    {
        return microtime(true) < $end - self::LEAST_SECONDS && $this->mayAct() && $this->breaker->pauseSeconds() === 0;
    }

    /** Once a day: everything to come is held against what stands committed; links of visits long over and counts of past days go. */
    public function sweep(float $seconds, int $blankDays): void
    {
        if (!$this->guard->mayAct()) {
            return;
        }
        $this->ledger->blank($blankDays);
        $this->committed->sweep(microtime(true) + $seconds);
        $this->budget->tidy();
    }

    /**
     * For how many seconds nothing is asked of Zoom, which could not be reached; 0 when it is asked.
     *
     * @throws DatabaseException
     */
    public function pauseSeconds(): int
    {
        return $this->breaker->pauseSeconds();
    }

    private function mayAct(): bool
    {
        return $this->extension->isUsable() && $this->guard->mayAct();
    }

    /** One row that is broken must not keep the others waiting. */
    private function tryOne(int $id, float $seconds): bool
    {
        try {
            return $this->ledger->exclusively($id, fn(MeetingRecord $row): bool => $this->carryOut($row, $seconds, false, false) !== null, self::NO_WAIT);
        } catch (Problem) {
            return false;
        }
    }

    private function carryOut(MeetingRecord $row, float $seconds, bool $isFinal, bool $isAwaited): ?MeetingRecord
    {
        try {
            return $this->confirmAndBring($row, $seconds, $isFinal, $isAwaited);
        } finally {
            $this->breaker->giveBack();
        }
    }

    private function confirmAndBring(MeetingRecord $row, float $seconds, bool $isFinal, bool $isAwaited): ?MeetingRecord
    {
        $row = $this->committed->confirm($row, $isFinal);
        if ($row === null || $row->event !== null) {
            // Gone, or not to be acted on yet.
            return $row;
        }
        if ($row->isOver() && $row->state->isOpen()) {
            return $this->end($row);
        }
        $due = $row->nextTryAt === null || $row->nextTryAt->getTimestamp() <= Clock::now();
        if ($row->state->isOpen() && $due && $this->mayAct() && $this->breaker->lets($isAwaited)) {
            $row = $this->maker->bring($row, $seconds);
        }
        foreach ($this->leftovers->of($row->id) as $leftover) {
            $isDue = $leftover->nextTryAt === null || $leftover->nextTryAt->getTimestamp() <= Clock::now();
            // The new meeting first, then the old one goes; what is off needs none. What is sought for a row that is moving is its own.
            $isInUse = $row->state === MeetingState::Attempting || ($row->state === MeetingState::Moving && $leftover->meetingId === null);
            if ($isDue && !$isInUse && $this->mayAct() && $this->breaker->lets()) {
                $this->maker->remove($row, $leftover, $seconds);
            }
        }
        return $row;
    }

    private function end(MeetingRecord $row): MeetingRecord
    {
        if ($row->state->hasMeeting()) {
            return $this->ledger->move($row, MeetingState::Made, ['next_try_at' => null]);
        }
        return $this->ledger->settle($row, MeetingState::Missed, ['next_try_at' => null], 'missed', 'missed');
    }
}
