<?php
/**
 * Holds visits against what stands committed in their appointment systems: what was wished and is not confirmed, what a system has done
 * without telling, and by night everything to come. Zoom is not asked here.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\AppointmentSystem;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Run\VisitLoop;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class AppointmentWatch
{
    /** Each minute. */
    private const MOST_LOOKED_AT = 200;
    private const PORTION = 200;

    public function __construct(
        private readonly VisitLoop $loop,
        private readonly VisitStore $store,
        private readonly LedgerQueries $queries,
        private readonly AppointmentSources $sources,
        private readonly Database $database,
        private readonly OverlapWatch $overlaps
    ) {
    }

    /**
     * What was wished and is not confirmed, and what was cancelled or deleted without a hook: one query to each appointment system.
     *
     * @param float $end a moment of microtime()
     * @throws DatabaseException
     */
    public function lookAtNews(float $end): void
    {
        foreach ($this->store->queue->pending(self::MOST_LOOKED_AT) as $id) {
            $this->confirm($id, $end);
        }
        foreach ($this->sources->systems() as $source) {
            foreach (array_keys($source->contradicted($this->database, self::MOST_LOOKED_AT)) as $id) {
                $this->confirm($id, $end);
            }
        }
    }

    /**
     * Everything to come, whether or not a hook has told of a change.
     *
     * @param float $end a moment of microtime()
     * @throws DatabaseException
     */
    public function lookAtAll(float $end): void
    {
        $last = 0;
        do {
            $rows = $this->queries->upcomingAfter($last, self::PORTION);
            $bySource = [];
            foreach ($rows as $row) {
                $bySource[$row->source][$row->appointment] = $row;
                $last = $row->id;
            }
            foreach ($bySource as $name => $portion) {
                $this->lookAtPortion((string) $name, $portion, $end);
            }
        } while (count($rows) === self::PORTION && microtime(true) < $end);
    }

    /** @param array<array-key, MeetingRecord> $rows by appointment */
    private function lookAtPortion(string $name, array $rows, float $end): void
    {
        $source = $this->sources->find($name);
        if (!$source instanceof AppointmentSystem) {
            return;
        }
        $standing = $source->committed(array_map('strval', array_keys($rows)), $this->database);
        foreach ($standing === null ? [] : $rows as $appointment => $row) {
            if (($standing[$appointment] ?? null)?->contradicts($row) !== false) {
                $this->confirm($row->id, $end);
            }
        }
    }

    /** What was wished and is seen to stand may be overlapping. */
    private function confirm(int $id, float $end): void
    {
        if (microtime(true) < $end - VisitLoop::LEAST_SECONDS && $this->loop->tryToBringOn($id, 0.0)) {
            $this->overlaps->look($id);
        }
    }
}
