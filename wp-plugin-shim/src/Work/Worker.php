<?php
/**
 * Carries out what is due, the soonest visit first; then what waits to be told. Never throws because of Zoom: the visit says what went
 * wrong and when it is tried again.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Clinic\Permit;
use TelemedZoom\Run\NoticeSender;
use TelemedZoom\Run\VisitLoop;
use TelemedZoom\Site\Clock;
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
    /** One visit's exchanges with Zoom take at most this long. */
    private const MOST_SECONDS = 20.0;
    /** So much of a run is kept for e-mails. */
    private const MAIL_SECONDS = 30.0;

    /** Who has something to do first in each run. */
    public readonly Listeners $begins;

    public function __construct(
        private readonly VisitLoop $loop,
        private readonly AppointmentWatch $appointments,
        private readonly VisitStore $store,
        private readonly NoticeSender $sender,
        private readonly Counters $counters,
        private readonly Signals $signals,
        private readonly Permit $permit
    ) {
        $this->begins = new Listeners();
    }

    /**
     * What is due, until nothing is or the time is over.
     *
     * @return int how many visits were worked on
     * @throws DatabaseException
     */
    public function runDue(float $seconds): int
    {
        if (!$this->permit->isGiven()) {
            // A command line whose PHP lacks the extension is no sign of life: administrators must hear that nothing runs.
            return 0;
        }
        $end = microtime(true) + $seconds;
        $this->signals->set(self::SIGNAL_RAN, Clock::now());
        $this->begins->tell();
        $this->appointments->lookAtNews($end);
        $done = 0;
        // What was tried and stays due must not hide the rest.
        $tried = [];
        $last = $end - min(self::MAIL_SECONDS, $seconds / 5);
        while (microtime(true) < $last - VisitLoop::LEAST_SECONDS) {
            $new = array_values(array_diff($this->store->queue->due(Clock::sql(), self::BATCH + count($tried)), array_keys($tried)));
            foreach ($new as $id) {
                $tried[$id] = true;
                $left = $last - microtime(true);
                if ($left > VisitLoop::LEAST_SECONDS) {
                    $done += (int) $this->loop->tryToBringOn($id, min($left, self::MOST_SECONDS));
                }
            }
            if ($new === []) {
                break;
            }
        }
        // After it is known which visits are late: that is told in place of what was gathered before.
        $this->sender->run(max(VisitLoop::LEAST_SECONDS, min(self::MAIL_SECONDS, $end - microtime(true))));
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
        if (!$this->permit->isGiven()) {
            return;
        }
        $this->store->blank(Clock::sql(-$blankDays * DAY_IN_SECONDS));
        $this->appointments->lookAtAll(microtime(true) + $seconds);
        $this->counters->tidy(Clock::sql());
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
}
