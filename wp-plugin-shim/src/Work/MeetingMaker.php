<?php
/**
 * Brings one row's meeting at Zoom to what is wanted, and removes leftovers. The first try is a plain creation, after the row
 * says 'attempting'; every later try looks for the meeting first. Whatever goes wrong is written into the row.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Apps\RefusedGrants;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Backoff;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\Leftover;
use TelemedZoom\Ledger\Leftovers;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;

defined('ABSPATH') || exit;

final class MeetingMaker
{
    /** So long after its visit a meeting that nobody could find is not looked for any more. */
    private const SEEK_SECONDS = DAY_IN_SECONDS;

    public function __construct(
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly Leftovers $leftovers,
        private readonly ZoomApps $apps,
        private readonly Site $site,
        private readonly WriteBudget $budget,
        private readonly Breaker $breaker,
        private readonly MeetingLog $log,
        private readonly MeetingMover $mover,
        private readonly Database $database
    ) {
    }

    /** @throws DatabaseException */
    public function bring(MeetingRecord $row, float $seconds): MeetingRecord
    {
        try {
            return match ($row->state) {
                MeetingState::Due => $this->create($row, $seconds),
                MeetingState::Attempting => $this->ensure($row, $seconds),
                MeetingState::Changing => $this->change($row, $seconds),
                MeetingState::Moving => $this->followed($this->mover->move($row, $seconds), $seconds),
                default => $row,
            };
        } catch (Problem | \Telemed\TelemedException $failure) {
            if ($failure instanceof Problem && $failure->id === 'telemed_changed_meanwhile') {
                throw $failure;
            }
            return $this->followed($this->defer($this->ledger->demand($row->id), $failure), $seconds);
        }
    }

    /**
     * While the meeting that takes its place cannot be made, the old one, which people join, follows the visit.
     *
     * @throws Problem telemed_changed_meanwhile
     * @throws DatabaseException
     */
    private function followed(MeetingRecord $row, float $seconds): MeetingRecord
    {
        if ($row->state !== MeetingState::Moving || $row->stateOfItsMeeting() === MeetingState::Made || $this->breaker->isOutage()) {
            return $row;
        }
        try {
            $credentials = $this->apps->forMeeting($row);
        } catch (Problem | \Telemed\TelemedException) {
            // It is tried again together with the new one.
            return $row;
        }
        if ($this->budget->claim($credentials->countedHost(), $row->start) !== null) {
            return $row;
        }
        try {
            $meeting = $credentials->client->within($seconds)->updateMeeting((int) $row->meetingId, $row->visit()->request($credentials->host, $this->reference($row)));
        } catch (\Telemed\NotFoundException $failure) {
            // Nobody can join it any more: no new one is waited for, it is made as any is whose meeting Zoom has lost.
            $this->breaker->answered();
            $this->budget->giveBack($credentials->countedHost());
            return $this->ledger->lose($row, $failure->trackingId);
        } catch (\Telemed\TelemedException $failure) {
            $this->noteNetwork($failure, $credentials);
            if (!$failure->maybeDelivered) {
                $this->budget->giveBack($credentials->countedHost());
            }
            return $row;
        }
        $this->breaker->answered();
        // When it is tried again is the new meeting's affair.
        $known = array_diff_key(self::known($meeting, $credentials, $row->visit()), Ledger::TRY_NOW);
        return $this->ledger->settle($row, $row->state, $known, 'changed_at_zoom', 'changed_at_zoom');
    }

    /**
     * Takes over a meeting that bears the row's marker and that nobody has written down.
     *
     * @throws \Telemed\TelemedException|Problem|DatabaseException
     */
    public function adopt(MeetingRecord $row, int $meeting, Credentials $credentials): MeetingRecord
    {
        $found = $credentials->client->meeting($meeting, $row->visit()->request($credentials->host, $this->reference($row)));
        return $this->made($row, $found, $credentials, $row->visit());
    }

    /**
     * Join link and passcode are what Zoom has now: a host who changes the passcode there changes both.
     *
     * @param \Telemed\Meeting $meeting the row's own, as Zoom gave it
     * @throws Problem|DatabaseException
     */
    public function takeLink(MeetingRecord $row, \Telemed\Meeting $meeting): MeetingRecord
    {
        $now = [
            'join_url' => $meeting->joinUrl(),
            'passcode' => $meeting->passcode() ?? $row->passcode,
            'passcode_in_link' => (int) $meeting->passcodeInLink(),
        ];
        $known = ['join_url' => $row->joinUrl, 'passcode' => $row->passcode, 'passcode_in_link' => (int) $row->passcodeInLink];
        if ($now === $known) {
            return $row;
        }
        return $this->ledger->persistently($row, fn(MeetingRecord $row): MeetingRecord => $row->isReady() && $row->meetingId === $meeting->id()
            ? $this->ledger->settle($row, $row->state, $now, 'link_changed', 'link_changed')
            : $row);
    }

    /** Deletes a meeting that nobody wants, through what made it; looks for it first where its id never came. Already gone is done. */
    public function remove(MeetingRecord $row, Leftover $leftover, float $seconds): void
    {
        if ($leftover->meetingId === null && $row->end()->getTimestamp() < Clock::now() - self::SEEK_SECONDS) {
            $this->leftovers->remove($leftover);
            $this->log->write($row->id, 'not_found_out');
            return;
        }
        try {
            $credentials = $this->apps->forLeftover($leftover);
            $client = $credentials->client->within($seconds);
            $meeting = $leftover->meetingId ?? $this->seek($row, $leftover, $credentials, $client);
            $wasThere = $meeting !== null && $client->deleteMeeting($meeting);
            $this->leftovers->remove($leftover);
            $this->breaker->answered();
            $this->log->write($row->id, match (true) {
                $wasThere => 'deleted',
                $meeting === null => 'none_made',
                default => 'already_gone',
            }, $client->lastTrackingId());
        } catch (Problem | \Telemed\TelemedException $failure) {
            $this->noteNetwork($failure, null);
            RefusedGrants::note($failure, $leftover->doctor);
            $this->leftovers->defer($leftover, ErrorText::of($failure), Backoff::after($failure, $leftover->tries, null));
        }
    }

    /**
     * @return ?int the meeting that an attempt without an answer has made; null: it made none
     * @throws Problem|\Telemed\TelemedException where that cannot be told (yet)
     */
    private function seek(MeetingRecord $row, Leftover $leftover, Credentials $credentials, \Telemed\Client $client): ?int
    {
        $request = $row->visit()->request($credentials->host, $this->site->reference($row->source, $row->appointment, $leftover->generation));
        $known = $leftover->hostId === null ? [] : $this->queries->meetingsOfHost($leftover->hostId);
        $found = $client->findMeeting($request, $known, $leftover->attemptedAt);
        if ($found !== null && $found->marker() === null) {
            // Only alike, for the account hides descriptions: good enough to take, not to delete.
            throw new Problem(
                'telemed_uncertain_leftover',
                __('a meeting at this time exists in Zoom whose visit cannot be told, for the Zoom account hides descriptions', 'telemed-zoom'),
                __('If nobody needs it, delete it in Zoom.', 'telemed-zoom'),
                409
            );
        }
        return $found?->id();
    }

    private function create(MeetingRecord $row, float $seconds): MeetingRecord
    {
        $credentials = $this->apps->forDoctor($row->doctor);
        $request = $row->visit()->request($credentials->host, $this->reference($row));
        // Counted and written down as one: both are waited for at once.
        $next = $this->database->atomically(fn(): MeetingRecord|int => $this->budget->claimFor($credentials->countedHost(), $row)
            ?? $this->ledger->move($row, MeetingState::Attempting, ['attempted_at' => Clock::sql()] + $credentials->columns(), 'attempting'));
        if (is_int($next)) {
            return $this->postpone($row, $next, $this->budget->reason($credentials->countedHost(), $row));
        }
        $row = $next;
        try {
            $meeting = $credentials->client->within($seconds)->createMeeting($request);
        } catch (\Telemed\TelemedException $failure) {
            // What certainly made nothing leaves the row as if it had never been tried.
            if (!$failure->maybeDelivered) {
                $this->budget->giveBackFor($credentials->countedHost(), $row);
                $this->leftovers->forgetSought($row->id, $row->generation);
            }
            return $this->defer($row, $failure, $failure->maybeDelivered ? MeetingState::Attempting : MeetingState::Due, $credentials);
        }
        return $this->made($row, $meeting, $credentials, $row->visit());
    }

    private function ensure(MeetingRecord $row, float $seconds): MeetingRecord
    {
        $this->apps->demandDoctor($row->doctor);
        $credentials = $this->apps->forMeeting($row);
        $wait = $this->budget->claim($credentials->countedHost(), $row->start);
        if ($wait !== null) {
            return $this->postpone($row, $wait);
        }
        $request = $row->visit()->request($credentials->host, $this->reference($row));
        $known = $row->hostId === null ? [] : $this->queries->meetingsOfHost($row->hostId, $row->id);
        // A try of which no end was noted has lost its process; of the others the extension knows what it must wait for.
        $lost = $row->lastError === null ? $row->attemptedAt : null;
        try {
            $meeting = $credentials->client->within($seconds)->ensureMeeting($request, $known, $lost);
        } catch (\Telemed\TelemedException $failure) {
            $isToWait = $failure instanceof \Telemed\TransportException && $failure->retryAt !== null;
            if (!$failure->maybeDelivered || $isToWait) {
                $this->budget->giveBack($credentials->countedHost());
            }
            return $this->defer($row, $failure, self::isForAPerson($failure) ? MeetingState::Uncertain : MeetingState::Attempting, $credentials);
        }
        return $this->made($row, $meeting, $credentials, $row->visit());
    }

    /**
     * Whether only a person can tell if there is a meeting: nothing may be looked up, or what is there may be it or not. Whatever
     * else stands in the way of a look-up, a later one tells.
     */
    public static function isForAPerson(\Telemed\TelemedException $failure): bool
    {
        return $failure->maybeDelivered && ($failure instanceof \Telemed\ScopeException
            || ($failure instanceof \Telemed\ApiException && $failure->status === null && !$failure->isRetryable()));
    }

    private function change(MeetingRecord $row, float $seconds): MeetingRecord
    {
        $credentials = $this->apps->forMeeting($row);
        $wait = $this->budget->claimFor($credentials->countedHost(), $row);
        if ($wait !== null) {
            return $this->postpone($row, $wait, $this->budget->reason($credentials->countedHost(), $row));
        }
        $request = $row->visit()->request($credentials->host, $this->reference($row));
        try {
            $meeting = $credentials->client->within($seconds)->updateMeeting((int) $row->meetingId, $request);
        } catch (\Telemed\NotFoundException $failure) {
            // Zoom has lost it, and says so to the credentials that made it.
            $this->budget->giveBackFor($credentials->countedHost(), $row);
            return $this->create($this->ledger->lose($row, $failure->trackingId), $seconds);
        } catch (\Telemed\TelemedException $failure) {
            if (!$failure->maybeDelivered) {
                $this->budget->giveBackFor($credentials->countedHost(), $row);
            }
            return $this->defer($row, $failure, null, $credentials);
        }
        return $this->made($row, $meeting, $credentials, $row->visit());
    }

    /**
     * Writes down what Zoom has, also when something else was wished meanwhile.
     *
     * @param Visit $asked what Zoom was asked for
     */
    private function made(MeetingRecord $row, \Telemed\Meeting $meeting, Credentials $credentials, Visit $asked): MeetingRecord
    {
        $this->breaker->answered();
        $known = self::known($meeting, $credentials, $asked);
        return $this->ledger->persistently($row, function (MeetingRecord $now) use ($row, $known, $credentials): MeetingRecord {
            if ($now->generation !== $row->generation || !$now->state->isLive()) {
                // Wished away meanwhile: it is a leftover as soon as it is known.
                $this->leftovers->addMade($row, $row->generation, $credentials, $known);
                return $now;
            }
            $isAsWanted = $known['sent'] === $now->visit()->fingerprint();
            $next = $isAsWanted ? MeetingState::Made : MeetingState::Changing;
            $event = $row->state === MeetingState::Changing ? 'changed_at_zoom' : 'made';
            return $this->ledger->settle($now, $next, $known, $event, $event);
        });
    }

    /**
     * @param Visit $asked what Zoom was asked for; a meeting that has begun may stand at another time all the same
     * @return array<string, int|string|null> columns of a row
     */
    public static function known(\Telemed\Meeting $meeting, Credentials $credentials, Visit $asked): array
    {
        return [
            'sent' => $meeting->start() == $asked->start && $meeting->minutes() === $asked->minutes ? $asked->fingerprint() : null,
            'host_id' => $meeting->hostId() ?? $credentials->hostId,
            'host_email' => $meeting->hostEmail() ?? $credentials->hostEmail,
            'meeting_id' => $meeting->id(),
            'uuid' => $meeting->uuid(),
            'join_url' => $meeting->joinUrl(),
            'passcode' => $meeting->passcode(),
            'passcode_in_link' => (int) $meeting->passcodeInLink(),
            'overridden' => wp_json_encode($meeting->overridden()),
            'tracking_id' => $credentials->client->lastTrackingId(),
        ] + Ledger::TRY_NOW;
    }

    private function defer(MeetingRecord $row, Problem|\Telemed\TelemedException $failure, ?MeetingState $next = null, ?Credentials $credentials = null): MeetingRecord
    {
        $this->noteNetwork($failure, $credentials);
        RefusedGrants::note($failure, $row->doctor);
        $next ??= $row->state;
        return $this->ledger->persistently($row, function (MeetingRecord $now) use ($row, $failure, $next): MeetingRecord {
            if ($now->generation !== $row->generation || !$now->state->isOpen()) {
                return $now;
            }
            $state = $now->state->canBecome($next) ? $next : $now->state;
            $nextTry = Backoff::after($failure, $now->tries, $now->start);
            $changes = [
                'last_error' => ErrorText::of($failure),
                'tracking_id' => $failure instanceof \Telemed\TelemedException ? $failure->trackingId : null,
                'tries' => min($now->tries + 1, 60_000),
                'next_try_at' => gmdate('Y-m-d H:i:s', $nextTry),
            ] + ($state === MeetingState::Due ? Ledger::NO_MEETING : []);
            $event = $state === MeetingState::Uncertain ? 'uncertain' : 'failed';
            // People are told once, and not of what mends itself within minutes or stands in nobody's way.
            $isTooLate = $nextTry >= $now->start->getTimestamp();
            return (($now->lastError === null || $isTooLate) && $state !== MeetingState::Moving) || $state === MeetingState::Uncertain
                ? $this->ledger->settle($now, $state, $changes, $event, $event)
                : $this->ledger->move($now, $state, $changes, $event);
        });
    }

    /** The host's writes of the day are used up, or kept for visits before its end. */
    private function postpone(MeetingRecord $row, int $until, ?string $why = null): MeetingRecord
    {
        $changes = ['next_try_at' => gmdate('Y-m-d H:i:s', $until), 'last_error' => $why ?? WriteBudget::usedUp()];
        // What waits for another day is told on the screen; what cannot be done in time is told to all.
        return $until >= $row->start->getTimestamp()
            ? $this->ledger->settle($row, $row->state, $changes, 'postponed', 'failed')
            : $this->ledger->move($row, $row->state, $changes, 'postponed');
    }

    private function noteNetwork(Problem|\Telemed\TelemedException $failure, ?Credentials $credentials): void
    {
        if ($failure instanceof \Telemed\TransportException) {
            if ($failure->retryAt === null) {
                $this->breaker->lost();
            }
            return;
        }
        if ($failure instanceof \Telemed\ApiException && $failure->status !== null) {
            $this->breaker->answered();
        }
        if ($failure instanceof \Telemed\TelemedException && $credentials !== null) {
            $this->budget->noteRefusal($failure, $credentials->countedHost());
        }
    }

    private function reference(MeetingRecord $row): string
    {
        return $this->site->reference($row->source, $row->appointment, $row->generation);
    }
}
