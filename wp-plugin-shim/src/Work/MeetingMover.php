<?php
/**
 * Moves one visit's meeting to the credentials in force: another is made there first, then it takes the old one's place, and only
 * then the old one goes. Until then the old one is joined and started as ever. What is being made stands among the leftovers as
 * one to be sought, so that a process that dies in between leaves neither an orphan nor a second one.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\Leftover;
use TelemedZoom\Ledger\Leftovers;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;

defined('ABSPATH') || exit;

final class MeetingMover
{
    public function __construct(
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly Leftovers $leftovers,
        private readonly ZoomApps $apps,
        private readonly Site $site,
        private readonly WriteBudget $budget,
        private readonly Breaker $breaker,
        private readonly Database $database,
        private readonly Settings $settings
    ) {
    }

    /**
     * @throws Problem|\Telemed\TelemedException what is tried again later
     * @throws DatabaseException
     */
    public function move(MeetingRecord $row, float $seconds): MeetingRecord
    {
        if ($row->joinsFrom($this->settings->joinMinutesBefore()) <= Clock::now()) {
            // People may be in it by now.
            return $this->stay($row);
        }
        try {
            $credentials = $this->apps->forDoctor($row->doctor);
        } catch (Problem) {
            // The doctor cannot host there.
            return $this->stay($row);
        }
        if ($credentials->mode === $row->mode && $credentials->app === $row->app && $credentials->hostId === $row->hostId) {
            return $this->stay($row);
        }
        $sought = $this->sought($row, $credentials);
        $generation = $sought?->generation ?? $this->ledger->nextGeneration($row);
        $request = $row->visit()->request($credentials->host, $this->site->reference($row->source, $row->appointment, $generation));
        $next = $this->database->atomically(function () use ($row, $generation, $credentials, $sought): MeetingRecord|int {
            $wait = $this->budget->claim($credentials->countedHost(), $row->start);
            if ($wait !== null || $sought !== null) {
                return $wait ?? $row;
            }
            // Before it is sent: whoever dies in between has left word.
            $this->leftovers->addSought($row, $generation, $credentials);
            return $this->ledger->move($row, $row->state, [], 'move_attempting');
        });
        if (is_int($next)) {
            return $this->ledger->move($row, $row->state, ['next_try_at' => gmdate('Y-m-d H:i:s', $next), 'last_error' => WriteBudget::usedUp()], 'postponed');
        }
        $row = $next;
        $client = $credentials->client->within($seconds);
        try {
            $meeting = $sought === null
                ? $client->createMeeting($request)
                : $client->ensureMeeting($request, $this->queries->meetingsOfHost((string) $sought->hostId), $sought->attemptedAt);
        } catch (\Telemed\TelemedException $failure) {
            return $this->failed($row, $generation, $failure, $credentials, $sought !== null);
        }
        return $this->take($row, $generation, $meeting, $credentials);
    }

    /** What an earlier try with the same credentials may have made. */
    private function sought(MeetingRecord $row, Credentials $credentials): ?Leftover
    {
        foreach ($this->leftovers->of($row->id) as $leftover) {
            if ($leftover->meetingId === null && $leftover->generation > $row->generation && $leftover->isOf($credentials)) {
                return $leftover;
            }
        }
        return null;
    }

    /** The new meeting takes the old one's place, also when another time was wished meanwhile. */
    private function take(MeetingRecord $row, int $generation, \Telemed\Meeting $meeting, Credentials $credentials): MeetingRecord
    {
        $this->breaker->answered();
        $known = MeetingMaker::known($meeting, $credentials, $row->visit());
        return $this->ledger->persistently($row, function (MeetingRecord $now) use ($row, $generation, $known, $credentials): MeetingRecord {
            if ($now->state !== MeetingState::Moving || $now->generation !== $row->generation) {
                $this->leftovers->addMade($now, $generation, $credentials, $known);
                return $now;
            }
            $next = $known['sent'] === $now->visit()->fingerprint() ? MeetingState::Made : MeetingState::Changing;
            $changes = ['generation' => $generation] + $known + $credentials->columns();
            return $this->ledger->settle($now, $next, $changes, 'moved_over', 'moved_over', function () use ($now, $generation): void {
                $this->leftovers->add($now);
                $this->leftovers->forgetSought($now->id, $generation);
            });
        });
    }

    /** @throws \Telemed\TelemedException when it is tried again later */
    private function failed(MeetingRecord $row, int $generation, \Telemed\TelemedException $failure, Credentials $credentials, bool $wasSought): MeetingRecord
    {
        $this->budget->noteRefusal($failure, $credentials->countedHost());
        if (!$failure->maybeDelivered || ($failure instanceof \Telemed\TransportException && $failure->retryAt !== null)) {
            $this->budget->giveBack($credentials->countedHost());
        }
        if ($failure->maybeDelivered) {
            if ($wasSought && MeetingMaker::isForAPerson($failure)) {
                // The visit keeps the meeting that it has.
                return $this->stay($row);
            }
        } elseif (!$wasSought) {
            $this->leftovers->forgetSought($row->id, $generation);
        }
        if (!$wasSought) {
            $this->leftovers->noteEnd($row->id, $generation);
        }
        throw $failure;
    }

    private function stay(MeetingRecord $row): MeetingRecord
    {
        return $this->ledger->move($row, $row->stateOfItsMeeting(), Ledger::TRY_NOW, 'move_stopped');
    }
}
