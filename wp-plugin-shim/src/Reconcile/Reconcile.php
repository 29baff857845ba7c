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

namespace TelemedZoom\Reconcile;

use TelemedZoom\Apps\HostOfMeetings;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Work\MeetingMaker;
use TelemedZoom\Work\WriteBudget;

defined('ABSPATH') || exit;

final class Reconcile
{
    /** Somebody may still be at work on what changed so lately. */
    private const BUSY_SECONDS = 15 * MINUTE_IN_SECONDS;
    private const PORTION = 300;
    private const CALL_SECONDS = 30.0;
    /** After so many hosts in a row without a connection to Zoom, the others are not tried. */
    private const GIVE_UP_AFTER = 2;
    /** Zoom's code for a place in a list that it does not know any longer, after 15 minutes; so often a list is begun again. */
    private const LAPSED = 300;
    private const MOST_RESTARTS = 2;

    public function __construct(
        private readonly Ledger $ledger,
        private readonly ReconcileQueries $queries,
        private readonly ZoomApps $apps,
        private readonly MeetingMaker $maker,
        private readonly WriteBudget $budget,
        private readonly MeetingLog $log,
        private readonly Site $site
    ) {
    }

    /**
     * @param ?callable(int, int): void $progress is told how many hosts are done, of how many; first 0
     * @param ?SettingsLook $look of which meetings the settings are looked at; null: of all
     * @param bool $everywhere also at hosts that no visit knows of: only for somebody who has seen what that would delete
     * @param ?Tally $tally is told what was looked at
     * @return list<Finding> what was found, and done unless it is a dry run
     * @throws DatabaseException
     */
    public function run(bool $dryRun, ?callable $progress = null, ?SettingsLook $look = null, bool $everywhere = true, ?Tally $tally = null): array
    {
        $look ??= SettingsLook::atAll();
        $tally ??= new Tally();
        $findings = [];
        $known = $this->queries->hosts();
        $hosts = $everywhere ? [...$known, ...$this->presentHosts($known)] : $known;
        $unreached = 0;
        $outage = '';
        if ($progress !== null && $hosts !== []) {
            $progress(0, count($hosts));
        }
        foreach ($hosts as $number => $host) {
            try {
                if ($unreached < self::GIVE_UP_AFTER) {
                    array_push($findings, ...$this->compare($host, $dryRun, $look, $tally));
                    $unreached = 0;
                } else {
                    $findings[] = self::unreachable($host, $outage);
                }
            } catch (Problem | \Telemed\TelemedException $failure) {
                $unreached = $failure instanceof \Telemed\TransportException ? $unreached + 1 : 0;
                $outage = ErrorText::of($failure);
                // A doctor's Zoom user who is gone, and of whom no visit knows, has left nothing to look at.
                if ($number < count($known) || !$failure instanceof \Telemed\NotFoundException) {
                    $findings[] = self::unreachable($host, $outage);
                }
            }
            if ($progress !== null) {
                $progress($number + 1, count($hosts));
            }
        }
        if ($look->leftOut() > 0) {
            $findings[] = new Finding(Finding::LEFT_OUT, null, null, '', (string) $look->leftOut());
        }
        return $findings;
    }

    /**
     * Who hosts for a doctor now, and is not among those already: a database that was restored from a backup does not know where
     * meetings were made since.
     *
     * @param list<HostOfMeetings> $already
     * @return list<HostOfMeetings>
     */
    private function presentHosts(array $already): array
    {
        $known = $hosts = [];
        foreach ($already as $host) {
            $known["$host->app|$host->connection|$host->hostId"] = true;
        }
        foreach (Doctors::all() as $doctor) {
            try {
                $credentials = $this->apps->forDoctor($doctor->ID);
            } catch (Problem | \Telemed\TelemedException) {
                // Nobody hosts for this doctor.
                continue;
            }
            $name = "$credentials->app|$credentials->connection|$credentials->hostId";
            if ($credentials->hostId !== null && !isset($known[$name])) {
                $known[$name] = true;
                $hosts[] = HostOfMeetings::with($credentials);
            }
        }
        return $hosts;
    }

    /**
     * @return list<Finding>
     * @throws Problem|\Telemed\TelemedException
     */
    private function compare(HostOfMeetings $host, bool $dryRun, SettingsLook $look, Tally $tally): array
    {
        $credentials = $this->apps->forHost($host);
        $client = $credentials->client->within(self::CALL_SECONDS);
        $reconciler = $this->reconciler();
        $asVisit = fn(MeetingRecord $row): array => $this->asVisit($row, $host);
        $unknown = array_map($asVisit, $this->queries->withoutMeeting($host));
        $actions = $seen = $strays = [];
        $token = null;
        $restarts = 0;
        do {
            try {
                $page = $client->meetingPage($credentials->host, $token);
            } catch (\Telemed\ApiException $failure) {
                if ($token === null || $failure->zoomCode !== self::LAPSED || ++$restarts > self::MOST_RESTARTS) {
                    throw $failure;
                }
                // Zoom no longer knows the place in the list: from the beginning.
                [$reconciler, $actions, $seen, $strays] = [$this->reconciler(), [], [], []];
                $page = $client->meetingPage($credentials->host, null);
            }
            $found = array_column(array_map(static fn(\Telemed\Meeting $meeting): array => [$meeting->id(), $meeting], $page->meetings()), 1, 0);
            $known = $this->queries->ofMeetings(array_keys($found));
            $isKnown = array_flip(array_map(static fn(MeetingRecord $row): int => (int) $row->meetingId, $known));
            array_push($actions, ...$reconciler->page(array_map($asVisit, $known), array_values(array_intersect_key($found, $isKnown))));
            $seen += $isKnown;
            array_push($actions, ...$this->compareLinks($known, $found, $asVisit));
            // Whose they are is told by markers, once it is known which visits have lost their meeting.
            array_push($strays, ...array_filter(array_diff_key($found, $isKnown), static fn(\Telemed\Meeting $meeting): bool => $meeting->marker() !== null));
            $token = $page->next();
        } while ($token !== null);
        $bereft = $unknown;
        foreach ($strays === [] ? [] : $this->portions($host) as $portion) {
            array_push($bereft, ...array_map($asVisit, array_filter($portion, static fn(MeetingRecord $row): bool => !isset($seen[$row->meetingId]))));
        }
        $successors = array_map(fn(array $found): array => $this->asSuccessor($found['row'], $found['generation'], $host), $this->queries->successors($host));
        array_push($actions, ...$reconciler->page([...$bereft, ...$successors], $strays), ...$reconciler->rest($unknown));
        $findings = [];
        $tally->hosts++;
        foreach ($this->portions($host) as $portion) {
            array_walk($portion, static fn(MeetingRecord $row) => $tally->note($row, $asVisit($row)['busy']));
            array_push($actions, ...$reconciler->rest(array_map($asVisit, $portion)));
            $others = array_filter($actions, static fn(array $action): bool => $action['action'] !== 'relink');
            $treated = array_fill_keys(array_filter(array_column($others, 'reference')), true);
            foreach ($findings === [] ? $portion : [] as $row) {
                $visit = $asVisit($row);
                if (isset($treated[$visit['reference']])) {
                    continue;
                }
                try {
                    array_push($actions, ...$this->compareSettings($row, $visit, $credentials, $look));
                } catch (Problem | \Telemed\TelemedException $failure) {
                    // What the lists have told stands all the same.
                    $findings[] = self::unreachable($host, ErrorText::of($failure));
                    break;
                }
            }
        }

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

    /** @return \Generator<list<MeetingRecord>> the host's visits to come that know their meeting */
    private function portions(HostOfMeetings $host): \Generator
    {
        $last = 0;
        do {
            $portion = $this->queries->upcomingOfHost($host, $last, self::PORTION);
            yield $portion;
            $last = $portion === [] ? $last : $portion[count($portion) - 1]->id;
        } while (count($portion) === self::PORTION);
    }

    /** @param array{action: string, reference: ?string, meeting: ?int, settings: list<string>} $action */
    private function treat(array $action, Credentials $credentials, HostOfMeetings $host, bool $dryRun): ?Finding
    {
        $row = $this->rowOf($action['reference']);
        $finding = new Finding($action['action'], $row?->id, $action['meeting'], self::nameOf($host), implode(', ', $action['settings']));
        if ($dryRun) {
            return $finding;
        }
        try {
            if ($action['action'] === 'delete') {
                return $this->deleteOrphan((int) $action['meeting'], $credentials, $host) ? $finding : null;
            }
            return $row !== null && $this->ledger->exclusively($row->id, fn(MeetingRecord $row): bool => $this->mend($row, $action, $credentials, $host), 0.0) ? $finding : null;
        } catch (Problem | \Telemed\TelemedException $failure) {
            return new Finding($action['action'], $row?->id, $action['meeting'], $finding->host, ErrorText::of($failure), true);
        }
    }

    /**
     * A host who changes the passcode in Zoom changes the join link.
     *
     * @param list<MeetingRecord> $known
     * @param array<int, \Telemed\Meeting> $found by id
     * @param \Closure(MeetingRecord): array<string, mixed> $asVisit
     * @return list<array{action: string, reference: ?string, meeting: ?int, settings: list<string>}>
     */
    private function compareLinks(array $known, array $found, \Closure $asVisit): array
    {
        $actions = [];
        foreach ($known as $row) {
            $link = (string) $found[(int) $row->meetingId]->joinUrl();
            // Some lists leave the passcode out.
            $isOther = str_contains($link, 'pwd=') && $link !== $row->joinUrl;
            $visit = $asVisit($row);
            if ($isOther && $row->isReady() && !$visit['busy']) {
                $actions[] = ['action' => 'relink', 'reference' => $visit['reference'], 'meeting' => $row->meetingId, 'settings' => []];
            }
        }
        return $actions;
    }

    /**
     * @param array<string, mixed> $visit
     * @return list<array{action: string, reference: ?string, meeting: ?int, settings: list<string>}>
     */
    private function compareSettings(MeetingRecord $row, array $visit, Credentials $credentials, SettingsLook $look): array
    {
        if ($visit['busy'] || !$look->wants($row)) {
            return [];
        }
        $found = $this->find($row, $credentials);
        return array_values(array_filter(
            $found === null ? [] : $this->reconcilerOnce([$visit], [$found]),
            static fn(array $action): bool => $action['action'] === 'restore'
        ));
    }

    /** Lists leave out whether it is in progress, and it may have been taken meanwhile: read it once more, then act. */
    private function deleteOrphan(int $meeting, Credentials $credentials, HostOfMeetings $host): bool
    {
        $client = $credentials->client->within(self::CALL_SECONDS);
        try {
            $found = $client->meeting($meeting);
        } catch (\Telemed\NotFoundException) {
            return false;
        }
        $rows = [...$this->queries->ofMeetings([$meeting]), ...$this->queries->withoutMeeting($host)];
        $wanted = array_map(fn(MeetingRecord $row): array => $this->asVisit($row, $host), $rows);
        if (!in_array('delete', array_column($this->reconciler()->page($wanted, [$found]), 'action'), true)) {
            return false;
        }
        $client->deleteMeeting($meeting);
        $this->log->write(0, 'orphan_deleted', $client->lastTrackingId(), (string) $meeting);
        return true;
    }

    /** @param array{action: string, reference: ?string, meeting: ?int, settings: list<string>} $action */
    private function mend(MeetingRecord $row, array $action, Credentials $credentials, HostOfMeetings $host): bool
    {
        $visit = $this->asVisit($row, $host);
        if ($visit['busy'] || $visit['reference'] !== $action['reference']) {
            return false;
        }
        $found = $row->isReady() ? $this->find($row, $credentials) : null;
        if ($action['action'] === 'adopt') {
            if ($found !== null || !($row->isReady() || in_array($row->state, [MeetingState::Attempting, MeetingState::Uncertain], true))) {
                return false;
            }
            $this->maker->adopt($row, (int) $action['meeting'], $credentials);
            return true;
        }
        if ($action['action'] === 'relink') {
            return $found !== null && $this->maker->takeLink($row, $found)->version !== $row->version;
        }
        $actions = $row->isReady() ? array_column($this->reconcilerOnce([$visit], $found === null ? [] : [$found]), null, 'action') : [];
        if (!isset($actions[$action['action']])) {
            return false;
        }
        match ($action['action']) {
            'move' => $this->ledger->move($row, MeetingState::Changing, Ledger::TRY_NOW, 'drifted'),
            'recreate' => $this->ledger->lose($row, null),
            'restore' => $this->restore($row, $credentials),
            default => null,
        };
        return true;
    }

    /** The row's meeting as it is at Zoom, with its settings compared; null when Zoom has lost it. */
    private function find(MeetingRecord $row, Credentials $credentials): ?\Telemed\Meeting
    {
        try {
            return $credentials->client->within(self::CALL_SECONDS)->meeting((int) $row->meetingId, $this->request($row, $credentials));
        } catch (\Telemed\NotFoundException) {
            return null;
        }
    }

    private function request(MeetingRecord $row, Credentials $credentials): \Telemed\MeetingRequest
    {
        return $row->visit()->request($credentials->host, $this->site->reference($row->source, $row->appointment, $row->generation));
    }

    /**
     * Puts the private settings back; what the account does not let go is noted, so that it is not tried every night.
     *
     * @throws Problem|\Telemed\TelemedException they are as they were, or nobody knows
     */
    private function restore(MeetingRecord $row, Credentials $credentials): void
    {
        $counted = (string) $row->hostId;
        if ($this->budget->claim($counted, $row->start) !== null) {
            throw new Problem('telemed_writes_used_up', WriteBudget::usedUp());
        }
        $client = $credentials->client->within(self::CALL_SECONDS);
        try {
            $meeting = $client->updateMeeting((int) $row->meetingId, $this->request($row, $credentials), true);
        } catch (\Telemed\TelemedException $failure) {
            $this->budget->noteRefusal($failure, $counted);
            if (!$failure->maybeDelivered) {
                $this->budget->giveBack($counted);
            }
            throw $failure;
        }
        $this->ledger->move($row, $row->state, [
            'overridden' => wp_json_encode($meeting->overridden()),
            'tracking_id' => $client->lastTrackingId(),
        ], 'settings_restored');
    }

    /** @return array<string, mixed> as Telemed\Reconciler takes it; what other credentials made is theirs, and only protected */
    private function asVisit(MeetingRecord $row, HostOfMeetings $host): array
    {
        return [
            'reference' => $this->site->reference($row->source, $row->appointment, $row->generation),
            'meeting' => $row->meetingId,
            'host' => $row->hostId,
            'start' => $row->state->isLive() ? $row->start : null,
            'minutes' => $row->minutes,
            'overridden' => $row->overridden,
            'busy' => !$host->made($row) || $row->event !== null || $row->state === MeetingState::Moving || $row->updatedAt->getTimestamp() > Clock::now() - self::BUSY_SECONDS,
        ];
    }

    /**
     * The meeting that is being made to take the place of the row's own.
     *
     * @return array<string, mixed>
     */
    private function asSuccessor(MeetingRecord $row, int $generation, HostOfMeetings $host): array
    {
        $reference = $this->site->reference($row->source, $row->appointment, $generation);
        return ['reference' => $reference, 'meeting' => null, 'host' => null, 'busy' => true] + $this->asVisit($row, $host);
    }

    private function rowOf(?string $reference): ?MeetingRecord
    {
        $parts = $reference === null ? [] : explode(':', $reference);
        if (count($parts) < 3) {
            return null;
        }
        return $this->ledger->findAppointment($parts[1], $parts[2]);
    }

    private static function unreachable(HostOfMeetings $host, string $why): Finding
    {
        return new Finding('unreachable', null, null, self::nameOf($host), $why, true);
    }

    private static function nameOf(HostOfMeetings $host): string
    {
        return $host->hostEmail ?? $host->hostId;
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
