<?php
/**
 * Holds what is wanted against what Zoom has, host by host, through the credentials that made the meetings: orphans that bear this
 * site's marker, meetings that were moved or deleted in Zoom, settings that were changed. The clinic's appointments are the truth.
 *
 * Nightly and on demand; a dry run only tells.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class Reconcile
{
    /** Somebody may still be at work on what changed so lately. */
    private const BUSY_SECONDS = 15 * MINUTE_IN_SECONDS;
    private const PORTION = 300;
    private const SETTLE_SECONDS = 20.0;
    private const CALL_SECONDS = 30.0;

    public function __construct(
        private readonly Ledger $ledger,
        private readonly ReconcileQueries $queries,
        private readonly ZoomApps $apps,
        private readonly Worker $worker,
        private readonly WriteBudget $budget,
        private readonly MeetingLog $log,
        private readonly Site $site
    ) {
    }

    /**
     * @param ?callable(int, int): void $progress is told how many hosts are done, of how many
     * @return list<Finding> what was found, and done unless it is a dry run
     * @throws DatabaseException
     */
    public function run(bool $dryRun, ?callable $progress = null): array
    {
        $findings = [];
        $hosts = $this->queries->hosts();
        foreach ($hosts as $number => $host) {
            try {
                array_push($findings, ...$this->compare($host, $dryRun));
            } catch (Problem | \Telemed\TelemedException $failure) {
                $findings[] = new Finding('unreachable', null, null, (string) ($host->hostEmail ?? $host->hostId), ErrorText::of($failure));
            }
            if ($progress !== null) {
                $progress($number + 1, count($hosts));
            }
        }
        return $findings;
    }

    /**
     * @return list<Finding>
     * @throws Problem|\Telemed\TelemedException
     */
    private function compare(HostOfMeetings $host, bool $dryRun): array
    {
        $credentials = $this->apps->forHost($host);
        $client = $credentials->client->within(self::CALL_SECONDS);
        $reconciler = $this->reconciler();
        $unknown = $this->queries->withoutMeeting($host);
        $actions = [];
        $token = null;
        do {
            $page = $client->meetingPage($credentials->host, $token);
            $found = $page->meetings();
            $known = $this->queries->ofMeetings($host, array_map(static fn(\Telemed\Meeting $meeting): int => $meeting->id(), $found));
            array_push($actions, ...$reconciler->page(array_map([$this, 'asVisit'], [...$known, ...$unknown]), $found));
            $token = $page->next();
        } while ($token !== null);
        $last = 0;
        do {
            $portion = $this->queries->upcomingOfHost($host, $last, self::PORTION);
            $last = $portion === [] ? $last : $portion[count($portion) - 1]->id;
            array_push($actions, ...$reconciler->rest(array_map([$this, 'asVisit'], $portion)));
        } while (count($portion) === self::PORTION);

        $findings = [];
        foreach ($actions as $action) {
            // What has no meeting yet is the worker's.
            if ($action['action'] !== 'create') {
                $finding = $this->treat($action, $credentials, $host, $dryRun);
                if ($finding !== null) {
                    $findings[] = $finding;
                }
            }
        }
        return $findings;
    }

    /**
     * @param array{action: string, reference: ?string, meeting: ?int, settings: list<string>} $action
     */
    private function treat(array $action, Credentials $credentials, HostOfMeetings $host, bool $dryRun): ?Finding
    {
        $row = $this->rowOf($action['reference']);
        $finding = new Finding($action['action'], $row?->id, $action['meeting'], (string) ($host->hostEmail ?? $host->hostId), implode(', ', $action['settings']));
        if ($dryRun) {
            return $finding;
        }
        try {
            return match ($action['action']) {
                'delete' => $this->deleteOrphan((int) $action['meeting'], $credentials, $row),
                'adopt' => $row !== null && $this->worker->settle($row->id, self::SETTLE_SECONDS) !== null,
                default => $row !== null && $this->ledger->exclusively(
                    $row->id,
                    fn(MeetingRecord $row): bool => $this->mend($row, $action['action'], $credentials),
                    0.0
                ),
            } ? $finding : null;
        } catch (Problem | \Telemed\TelemedException $failure) {
            return new Finding($action['action'], $row?->id, $action['meeting'], $finding->host, ErrorText::of($failure));
        }
    }

    /** Lists leave out whether it is in progress, and it may have been taken meanwhile: read it once more, then act. */
    private function deleteOrphan(int $meeting, Credentials $credentials, ?MeetingRecord $row): bool
    {
        $client = $credentials->client->within(self::CALL_SECONDS);
        try {
            $found = $client->meeting($meeting);
        } catch (\Telemed\NotFoundException) {
            return false;
        }
        $wanted = $row === null ? [] : [$this->asVisit($row)];
        if (!in_array('delete', array_column([...$this->reconcilerOnce($wanted, [$found])], 'action'), true)) {
            return false;
        }
        $client->deleteMeeting($meeting);
        $this->log->write($row?->id ?? 0, 'orphan_deleted', $client->lastTrackingId(), (string) $meeting);
        return true;
    }

    private function mend(MeetingRecord $row, string $action, Credentials $credentials): bool
    {
        if (!$row->isReady() || $this->isBusy($row)) {
            return false;
        }
        try {
            $found = [$credentials->client->within(self::CALL_SECONDS)->meeting((int) $row->meetingId)];
        } catch (\Telemed\NotFoundException) {
            $found = [];
        }
        $actions = array_column($this->reconcilerOnce([$this->asVisit($row)], $found), null, 'action');
        if (!isset($actions[$action])) {
            return false;
        }
        match ($action) {
            'move' => $this->ledger->move($row, MeetingState::Changing, Ledger::TRY_NOW, 'drifted'),
            'recreate' => $this->ledger->move($row, MeetingState::Due, ['generation' => $row->generation + 1] + Ledger::NO_MEETING + Ledger::TRY_NOW, 'lost_at_zoom'),
            'restore' => $this->restore($row, $credentials),
            default => null,
        };
        return true;
    }

    /** Puts the private settings back; what the account does not let go is noted, so that it is not tried every night. */
    private function restore(MeetingRecord $row, Credentials $credentials): void
    {
        if ($this->budget->claim((string) $row->hostId, $row->start) !== null) {
            return;
        }
        $request = $row->visit()->request($credentials->host, $this->site->reference($row->source, $row->appointment, $row->generation));
        $client = $credentials->client->within(self::CALL_SECONDS);
        $meeting = $client->updateMeeting((int) $row->meetingId, $request, true);
        $this->ledger->move($row, $row->state, [
            'overridden' => wp_json_encode($meeting->overridden()),
            'tracking_id' => $client->lastTrackingId(),
        ], 'settings_restored');
    }

    /** @return array<string, mixed> as Telemed\Reconciler takes it */
    private function asVisit(MeetingRecord $row): array
    {
        return [
            'reference' => $this->site->reference($row->source, $row->appointment, $row->generation),
            'meeting' => $row->meetingId,
            'host' => $row->hostId,
            'start' => $row->state->isLive() ? $row->start : null,
            'minutes' => $row->minutes,
            'overridden' => $row->overridden,
            'busy' => $this->isBusy($row),
        ];
    }

    private function isBusy(MeetingRecord $row): bool
    {
        return $row->event !== null || $row->updatedAt->getTimestamp() > Clock::now() - self::BUSY_SECONDS;
    }

    private function rowOf(?string $reference): ?MeetingRecord
    {
        $parts = $reference === null ? [] : explode(':', $reference);
        if (count($parts) < 3) {
            return null;
        }
        $appointment = $parts[2];
        return $this->ledger->findAppointment($parts[1], $appointment);
    }

    private function reconciler(): \Telemed\Reconciler
    {
        return new \Telemed\Reconciler($this->site->id(), new \DateTimeImmutable('@' . Clock::now()));
    }

    /**
     * @param list<array<string, mixed>> $wanted
     * @param list<\Telemed\Meeting> $found
     * @return list<array{action: string, reference: ?string, meeting: ?int, settings: list<string>}>
     */
    private function reconcilerOnce(array $wanted, array $found): array
    {
        $reconciler = $this->reconciler();
        return [...$reconciler->page($wanted, $found), ...$reconciler->rest($wanted)];
    }
}
