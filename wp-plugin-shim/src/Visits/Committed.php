<?php
/**
 * Holds rows against what their appointment systems say. Those call us inside an open transaction and may roll back: a wish is
 * acted on only once the appointment was seen committed, and a contradiction to it is believed only a quarter of an hour after the
 * wish, unless the transaction is known to be over. A contradiction where nothing was wished is doubted first, and believed at the
 * second look, a minute later.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Visits;

use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\Leftovers;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Ledger\Wanted;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;

defined('ABSPATH') || exit;

final class Committed
{
    /** No request holds its transaction open so long. */
    public const BELIEVE_AFTER_SECONDS = 15 * MINUTE_IN_SECONDS;
    /** In place of an event: the appointment was changed behind our back, perhaps just now, and its hook is still to come. */
    private const DOUBTED = 'doubted';
    /** Less than a minute, for the run of the next one must believe it. */
    private const DOUBT_SECONDS = 45;
    private const PORTION = 200;

    public function __construct(
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly Leftovers $leftovers,
        private readonly AppointmentSources $sources,
        private readonly Database $database,
        private readonly Visits $visits
    ) {
    }

    /**
     * The row as it stands committed; with an event still set when it must not be acted on yet; null when it has never been.
     *
     * @param bool $isFinal the transaction of the row's last wish is over
     */
    public function confirm(MeetingRecord $row, bool $isFinal): ?MeetingRecord
    {
        $source = $this->sources->find($row->source);
        if ($source === null) {
            // Its plugin is not active. What was made stays as it is; what was wished waits.
            return $row;
        }
        $wanted = $source->committed([$row->appointment], $this->database)[$row->appointment] ?? null;
        return $this->compare($row, $wanted, $isFinal);
    }

    /** Wishes that nobody has come back to. */
    public function settleOld(int $limit): void
    {
        foreach ($this->queries->unsettled($limit) as $row) {
            try {
                $this->ledger->exclusively($row->id, fn(MeetingRecord $row): ?MeetingRecord => $this->confirm($row, false), 0.0);
            } catch (Problem) {
                continue;
            }
        }
    }

    /** What was cancelled or deleted without a hook: one query to each appointment system. */
    public function doubt(int $limit): void
    {
        foreach ($this->sources->systems() as $source) {
            foreach (array_keys($source->contradicted($this->database, $limit)) as $id) {
                try {
                    $this->ledger->exclusively($id, fn(MeetingRecord $row): ?MeetingRecord => $this->confirm($row, false), 0.0);
                } catch (Problem) {
                    continue;
                }
            }
        }
    }

    /** Everything that is to come, whether or not a hook has told of a change. */
    public function sweep(float $end): void
    {
        $last = 0;
        do {
            $rows = $this->queries->upcomingAfter($last, self::PORTION);
            $bySource = [];
            foreach ($rows as $row) {
                $bySource[$row->source][] = $row;
                $last = $row->id;
            }
            foreach ($bySource as $name => $portion) {
                $this->sweepPortion((string) $name, $portion);
            }
        } while (count($rows) === self::PORTION && microtime(true) < $end);
    }

    /** @param list<MeetingRecord> $rows */
    private function sweepPortion(string $name, array $rows): void
    {
        $source = $this->sources->find($name);
        if ($source === null || $name === ManualSource::NAME) {
            return;
        }
        $standing = $source->committed(array_map(static fn(MeetingRecord $row): string => $row->appointment, $rows), $this->database);
        foreach ($rows as $row) {
            $wanted = $standing[$row->appointment] ?? null;
            if ($wanted === null || !$wanted->agreesWith($row)) {
                try {
                    $this->ledger->exclusively($row->id, fn(MeetingRecord $row): ?MeetingRecord => $this->confirm($row, false), 0.0);
                } catch (Problem) {
                    continue;
                }
            }
        }
    }

    private function compare(MeetingRecord $row, ?Wanted $wanted, bool $isFinal): ?MeetingRecord
    {
        $agrees = $wanted === null ? self::isKnownToBeOff($row) : $wanted->agreesWith($row);
        if ($agrees) {
            return Visits::settled($this->ledger, $row);
        }
        if ($row->event === null && !$isFinal) {
            return $this->ledger->move($row, $row->state, ['event' => self::DOUBTED, 'wished_at' => Clock::sql()]);
        }
        $patience = $row->event === self::DOUBTED ? self::DOUBT_SECONDS : self::BELIEVE_AFTER_SECONDS;
        if (!$isFinal && $row->wishedAt->getTimestamp() > Clock::now() - $patience) {
            return $row;
        }
        if ($wanted === null && $row->seenAt === null && $row->told === null) {
            $this->ledger->forget($row);
            return null;
        }
        if ($wanted === null || !$wanted->held) {
            return Visits::settled($this->ledger, $this->visits->cancel($row), $row);
        }
        return Visits::settled($this->ledger, $this->correct($row, $wanted), $row);
    }

    /** Of a visit that is off there need be no appointment; one that was never seen is forgotten, when that can be told. */
    private static function isKnownToBeOff(MeetingRecord $row): bool
    {
        return !$row->state->isLive() && ($row->seenAt !== null || $row->told !== null);
    }

    private function correct(MeetingRecord $row, Wanted $wanted): MeetingRecord
    {
        $visit = Visit::wanted($wanted->start, $wanted->minutes, $wanted->timezone, $row->topic);
        $taken = $this->takeBack($row, $wanted);
        if ($taken !== null) {
            return $this->visits->move($taken, $visit, $wanted->doctor);
        }
        return $this->visits->book($row->source, $row->appointment, $wanted->doctor, $visit);
    }

    /** A cancellation or change of doctor that was rolled back: its meeting still stands, if nobody has deleted it yet. */
    private function takeBack(MeetingRecord $row, Wanted $wanted): ?MeetingRecord
    {
        if ($row->meetingId !== null || !in_array($row->state, [MeetingState::Cancelled, MeetingState::Due], true)) {
            return null;
        }
        foreach ($this->leftovers->of($row->id) as $leftover) {
            if ($leftover->doctor !== $wanted->doctor || $leftover->meetingId === null) {
                continue;
            }
            return $this->database->atomically(function () use ($row, $leftover): MeetingRecord {
                $this->leftovers->remove($leftover);
                if ($row->state === MeetingState::Due) {
                    $row = $this->ledger->move($row, MeetingState::Cancelled);
                }
                return $this->ledger->move($row, MeetingState::Changing, [
                    'doctor' => $leftover->doctor, 'generation' => $leftover->generation, 'mode' => $leftover->mode, 'app' => $leftover->app,
                    'zoom_account' => $leftover->zoomAccount, 'connection' => $leftover->connection, 'host_id' => $leftover->hostId,
                    'host_email' => $leftover->hostEmail, 'meeting_id' => $leftover->meetingId, 'sent' => null,
                ] + Ledger::TRY_NOW, 'taken_back');
            });
        }
        return null;
    }
}
