<?php
/**
 * Carries out what is due: one visit now, or all that are, the soonest visit first; then what waits to be told. Never throws because
 * of Zoom: the visit says what went wrong and when it is tried again.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\AppointmentSystem;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Mail\Outbox;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Run\NoticeSender;
use TelemedZoom\Run\VisitLoop;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Listeners;
use TelemedZoom\Store\Counters;
use TelemedZoom\Store\Signals;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class Worker
{
    public const SIGNAL_RAN = 'worker_ran';
    private const BATCH = 50;
    /** Against what stands in appointment systems, each minute. */
    private const MOST_LOOKED_AT = 200;
    private const PORTION = 200;
    private const PATIENCE = 5.0;
    /** One visit's exchanges with Zoom take at most this long. */
    private const MOST_SECONDS = 20.0;
    /** With less none is begun. */
    public const LEAST_SECONDS = 2.0;
    /** So much of a run is kept for e-mails. */
    private const MAIL_SECONDS = 30.0;

    /** Who has something to do first in each run. */
    public readonly Listeners $begins;

    public function __construct(
        private readonly VisitLoop $loop,
        private readonly VisitStore $store,
        private readonly NoticeSender $sender,
        private readonly Outbox $outbox,
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly Counters $counters,
        private readonly AppointmentSources $sources,
        private readonly Overlaps $overlaps,
        private readonly Database $database,
        private readonly Signals $signals,
        private readonly Moments $moments,
        private readonly Extension $extension,
        private readonly Guard $guard
    ) {
        $this->begins = new Listeners();
    }

    /**
     * Carries out one visit now, if its appointment stands committed.
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
        if (!$this->mayAct()) {
            return $this->ledger->demand($id);
        }
        // Whoever works on it at this moment goes on.
        $this->loop->bringOn($id, $seconds, $wishVersion, $isAwaited, self::PATIENCE);
        $row = $this->ledger->find($id);
        if ($wishVersion !== null) {
            $this->lookForOverlaps($row);
        }
        $this->tellSoon($id);
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

    /** What waits to be told of the visit is sent when the answer is with the browser. */
    public function tellSoon(int $visit): void
    {
        $this->outbox->put(fn() => $this->tell([$visit], self::MAIL_SECONDS));
    }

    /**
     * Sends what waits to be told of these visits.
     *
     * @param list<int> $visits
     */
    public function tell(array $visits, float $seconds): void
    {
        $end = microtime(true) + $seconds;
        foreach ($this->mayAct() ? $visits : [] as $visit) {
            try {
                $this->sender->run($end - microtime(true), $visit);
            } catch (DatabaseException | Problem | \Telemed\TelemedException) {
                // They wait, and the next run sends them.
                continue;
            }
        }
    }

    /**
     * What is due, until nothing is or the time is over.
     *
     * @return int how many visits were worked on
     * @throws DatabaseException
     */
    public function runDue(float $seconds): int
    {
        if (!$this->mayAct()) {
            // A command line whose PHP lacks the extension is no sign of life: administrators must hear that nothing runs.
            return 0;
        }
        $end = microtime(true) + $seconds;
        $this->signals->set(self::SIGNAL_RAN, Clock::now());
        $this->begins->tell();
        foreach ($this->store->queue->pending(self::MOST_LOOKED_AT) as $id) {
            $this->confirm($id, $end);
        }
        foreach ($this->sources->systems() as $source) {
            // What was cancelled or deleted without a hook: one query to each appointment system.
            foreach (array_keys($source->contradicted($this->database, self::MOST_LOOKED_AT)) as $id) {
                $this->confirm($id, $end);
            }
        }
        $done = 0;
        // What was tried and stays due must not hide the rest.
        $tried = [];
        $last = $end - min(self::MAIL_SECONDS, $seconds / 5);
        while (microtime(true) < $last - self::LEAST_SECONDS) {
            $new = array_values(array_diff($this->store->queue->due(Clock::sql(), self::BATCH + count($tried)), array_keys($tried)));
            foreach ($new as $id) {
                $tried[$id] = true;
                $left = $last - microtime(true);
                if ($left > self::LEAST_SECONDS) {
                    $done += (int) $this->tryOne($id, min($left, self::MOST_SECONDS));
                }
            }
            if ($new === []) {
                break;
            }
        }
        // After it is known which visits are late: that is told in place of what was gathered before.
        $this->sender->run(max(self::LEAST_SECONDS, min(self::MAIL_SECONDS, $end - microtime(true))));
        return $done;
    }

    /**
     * Once a day: everything to come is held against what stands committed, whether or not a hook has told of a change; links of visits
     * long over and counts of past days go.
     *
     * @throws DatabaseException
     */
    public function sweep(float $seconds, int $blankDays): void
    {
        if (!$this->mayAct()) {
            return;
        }
        $this->store->blank(Clock::sql(-$blankDays * DAY_IN_SECONDS));
        $end = microtime(true) + $seconds;
        $last = 0;
        do {
            $rows = $this->queries->upcomingAfter($last, self::PORTION);
            $bySource = [];
            foreach ($rows as $row) {
                $bySource[$row->source][$row->appointment] = $row;
                $last = $row->id;
            }
            foreach ($bySource as $name => $portion) {
                $this->sweepPortion((string) $name, $portion, $end);
            }
        } while (count($rows) === self::PORTION && microtime(true) < $end);
        $this->counters->tidy(Clock::sql());
    }

    /** @param array<array-key, MeetingRecord> $rows by appointment */
    private function sweepPortion(string $name, array $rows, float $end): void
    {
        $source = $this->sources->find($name);
        if (!$source instanceof AppointmentSystem) {
            return;
        }
        $standing = $source->committed(array_map('strval', array_keys($rows)), $this->database);
        foreach ($standing === null ? [] : $rows as $appointment => $row) {
            $wanted = $standing[$appointment] ?? null;
            if ($wanted === null || !$wanted->agreesWith($row)) {
                $this->confirm($row->id, $end);
            }
        }
    }

    /**
     * For how many seconds nothing is asked of Zoom, which could not be reached; 0 when it is asked.
     *
     * @throws DatabaseException
     */
    public function pauseSeconds(): int
    {
        return $this->loop->pauseSeconds();
    }

    private function mayAct(): bool
    {
        return $this->extension->isUsable() && $this->guard->mayAct();
    }

    /** One visit that is broken must not keep the others waiting. */
    private function tryOne(int $id, float $seconds): bool
    {
        try {
            return $this->loop->bringOn($id, $seconds);
        } catch (Problem | \Telemed\TelemedException) {
            return false;
        }
    }

    /** Zoom is asked later, for the soonest visit first. What was wished and is seen to stand may be overlapping. */
    private function confirm(int $id, float $end): void
    {
        if (microtime(true) < $end - self::LEAST_SECONDS && $this->tryOne($id, 0.0)) {
            $this->lookForOverlaps($this->ledger->find($id));
        }
    }

    /** Staff are told of visits of one host at the same time. Our own screens say it to who books. */
    private function lookForOverlaps(?MeetingRecord $row): void
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
