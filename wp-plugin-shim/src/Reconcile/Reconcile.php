<?php
/**
 * Holds what is wanted against what Zoom has, host by host, through the credentials that made the meetings: orphans that bear this
 * site's marker, meetings that were moved or deleted in Zoom, settings that were changed. The clinic's appointments are the truth.
 * What is found is told to the extension, which decides what comes of it; here only orphans, which are no visit's, are deleted.
 *
 * Nightly and on demand; a dry run only tells.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Work\OneVisit;

defined('ABSPATH') || exit;

final class Reconcile
{
    private const PORTION = 300;
    private const CALL_SECONDS = 30.0;
    /** After so many hosts in a row without a connection to Zoom, the others are not tried. */
    private const GIVE_UP_AFTER = 2;
    /** What the extension says where Zoom no longer knows the place in a list; so often a list is begun again. */
    private const LAPSED = 'list_place_lapsed';
    private const MOST_RESTARTS = 2;

    public function __construct(
        private readonly ReconcileQueries $queries,
        private readonly ZoomApps $apps,
        private readonly VisitStore $store,
        private readonly OneVisit $oneVisit,
        private readonly Moments $moments,
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
     * @throws DatabaseException|Problem
     */
    public function run(bool $dryRun, ?callable $progress = null, ?SettingsLook $look = null, bool $everywhere = true, ?Tally $tally = null): array
    {
        if (!Schema::isCurrent() || Schema::isMoving()) {
            // A meeting of a visit that is not known yet would be one that nobody needs.
            throw new Problem('telemed_updating', __('visits of the version before are still being moved into the tables of this one', 'telemed-zoom'), __('Try again in some minutes.', 'telemed-zoom'), 503);
        }
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
                $unreached = $failure instanceof \Telemed\TelemedException && $failure->isLost() ? $unreached + 1 : 0;
                $outage = ErrorText::of($failure);
                // A Zoom user who is gone, or credentials that are, and of whom no visit knows any more, have left nothing to look at.
                if ($host->isNeeded || !($failure instanceof Problem || $failure->isGone())) {
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
     * @param list<ComparedHost> $already
     * @return list<ComparedHost>
     */
    private function presentHosts(array $already): array
    {
        $known = array_fill_keys(array_map(static fn(ComparedHost $host): string => $host->key(), $already), true);
        $hosts = [];
        foreach (Doctors::all() as $doctor) {
            try {
                $credentials = $this->apps->forDoctor($doctor->ID);
            } catch (Problem | \Telemed\TelemedException) {
                // Nobody hosts for this doctor.
                continue;
            }
            $host = ComparedHost::present($credentials);
            if ($credentials->maker->hostAtZoom() !== null && !isset($known[$host->key()])) {
                $known[$host->key()] = true;
                $hosts[] = $host;
            }
        }
        return $hosts;
    }

    /**
     * @return list<Finding>
     * @throws Problem|\Telemed\TelemedException
     * @throws DatabaseException
     */
    private function compare(ComparedHost $host, bool $dryRun, SettingsLook $look, Tally $tally): array
    {
        $credentials = $host->credentials($this->apps);
        $client = $credentials->client->within(self::CALL_SECONDS);
        $reconciler = $this->reconciler();
        $asWanted = static fn(IntendedMeeting $meeting): array => $meeting->wanted($host);
        $actions = $seen = $strays = [];
        $token = null;
        $restarts = 0;
        do {
            try {
                $page = $client->meetingPage($credentials->maker->namedHost(), $token);
            } catch (\Telemed\TelemedException $failure) {
                if ($failure->id() !== self::LAPSED || ++$restarts > self::MOST_RESTARTS) {
                    throw $failure;
                }
                [$reconciler, $actions, $seen, $strays] = [$this->reconciler(), [], [], []];
                $page = $client->meetingPage($credentials->maker->namedHost(), null);
            }
            $found = array_column(array_map(static fn(\Telemed\Meeting $meeting): array => [$meeting->id(), $meeting], $page->meetings()), 1, 0);
            $known = $this->queries->ofNumbers(array_keys($found));
            $isKnown = array_flip(array_map(static fn(IntendedMeeting $meeting): int => (int) $meeting->number, $known));
            $ofPage = $reconciler->page(array_map($asWanted, $known), array_values(array_intersect_key($found, $isKnown)));
            array_push($actions, ...self::withMeetings([...$ofPage, ...$this->compareLinks($known, $found, $host)], $known));
            $seen += $isKnown;
            // Whose they are is told by markers, once it is known which visits have lost their meeting.
            array_push($strays, ...array_filter(array_diff_key($found, $isKnown), static fn(\Telemed\Meeting $meeting): bool => $meeting->marker() !== null));
            $token = $page->next();
        } while ($token !== null);
        // After the list: what was begun meanwhile is known by then.
        $bereft = $unknown = $this->queries->withoutNumber();
        foreach ($strays === [] ? [] : $this->portions($host) as $portion) {
            array_push($bereft, ...array_filter($portion, static fn(IntendedMeeting $meeting): bool => !isset($seen[$meeting->number])));
        }
        $ofStrays = [...$reconciler->page(array_map($asWanted, $bereft), $strays), ...$reconciler->rest(array_map($asWanted, $unknown))];
        array_push($actions, ...self::withMeetings($ofStrays, $bereft));
        $findings = [];
        $tally->hosts++;
        foreach ($this->portions($host) as $portion) {
            array_walk($portion, static fn(IntendedMeeting $meeting) => $tally->note($meeting, $meeting->isBusy($host)));
            array_push($actions, ...self::withMeetings($reconciler->rest(array_map($asWanted, $portion)), $portion));
            $others = array_filter(array_column($actions, 0), static fn(array $action): bool => $action['action'] !== 'relink');
            $treated = array_fill_keys(array_filter(array_column($others, 'reference')), true);
            foreach ($findings === [] ? $portion : [] as $meeting) {
                if (isset($treated[$meeting->reference])) {
                    continue;
                }
                try {
                    array_push($actions, ...self::withMeetings($this->compareSettings($meeting, $credentials, $host, $look), [$meeting]));
                } catch (Problem | \Telemed\TelemedException $failure) {
                    // What the lists have told stands all the same.
                    $findings[] = self::unreachable($host, ErrorText::of($failure));
                    break;
                }
            }
        }

        foreach ($actions as [$action, $meeting]) {
            // What has no meeting yet is the worker's.
            if ($action['action'] !== 'create') {
                $finding = $this->treat($action, $meeting, $credentials, $host, $dryRun);
                if ($finding !== null) {
                    $findings[] = $finding;
                }
            }
        }
        return $findings;
    }

    /**
     * @param list<array{action: string, reference: ?string, meeting: ?int, settings: list<string>}> $actions
     * @param list<IntendedMeeting> $meetings among which are all that the actions name
     * @return list<array{array{action: string, reference: ?string, meeting: ?int, settings: list<string>}, ?IntendedMeeting}>
     */
    private static function withMeetings(array $actions, array $meetings): array
    {
        $byReference = [];
        foreach ($meetings as $meeting) {
            $byReference[$meeting->reference] = $meeting;
        }
        return array_map(static fn(array $action): array => [$action, $byReference[(string) $action['reference']] ?? null], $actions);
    }

    /**
     * @return \Generator<list<IntendedMeeting>> the host's meetings that serve visits to come
     * @throws DatabaseException
     */
    private function portions(ComparedHost $host): \Generator
    {
        $last = 0;
        do {
            $portion = $this->queries->upcomingOfHost($host, $last, self::PORTION);
            yield $portion;
            $last = $portion === [] ? $last : $portion[count($portion) - 1]->visit;
        } while (count($portion) === self::PORTION);
    }

    /**
     * A host who changes the passcode in Zoom changes the join link.
     *
     * @param list<IntendedMeeting> $known
     * @param array<int, \Telemed\Meeting> $found by number
     * @return list<array{action: string, reference: ?string, meeting: ?int, settings: list<string>}>
     */
    private function compareLinks(array $known, array $found, ComparedHost $host): array
    {
        $actions = [];
        foreach ($known as $meeting) {
            $link = (string) $found[(int) $meeting->number]->joinUrl();
            // Some lists leave the passcode out.
            $isOther = str_contains($link, 'pwd=') && $link !== $meeting->joinUrl;
            if ($isOther && !$meeting->isBusy($host) && !$meeting->isOver()) {
                $actions[] = ['action' => 'relink', 'reference' => $meeting->reference, 'meeting' => $meeting->number, 'settings' => []];
            }
        }
        return $actions;
    }

    /**
     * @return list<array{action: string, reference: ?string, meeting: ?int, settings: list<string>}>
     * @throws Problem|\Telemed\TelemedException
     */
    private function compareSettings(IntendedMeeting $meeting, Credentials $credentials, ComparedHost $host, SettingsLook $look): array
    {
        if ($meeting->isBusy($host) || !$look->wants($meeting)) {
            return [];
        }
        $found = $this->find((int) $meeting->number, $meeting, $credentials);
        return array_values(array_filter(
            $found === null ? [] : $this->reconcilerOnce($meeting, $host, $found),
            static fn(array $action): bool => $action['action'] === 'restore'
        ));
    }

    /**
     * @param array{action: string, reference: ?string, meeting: ?int, settings: list<string>} $action
     * @throws DatabaseException
     */
    private function treat(array $action, ?IntendedMeeting $meeting, Credentials $credentials, ComparedHost $host, bool $dryRun): ?Finding
    {
        $finding = new Finding($action['action'], $meeting?->visit, $action['meeting'], $host->name(), implode(', ', $action['settings']));
        if ($dryRun) {
            return $finding;
        }
        try {
            $isDone = $action['action'] === 'delete'
                ? $this->deleteOrphan((int) $action['meeting'], $credentials, $host)
                : $meeting !== null && $this->tell($action, $meeting, $credentials, $host);
            return $isDone ? $finding : null;
        } catch (Problem | \Telemed\TelemedException $failure) {
            return new Finding($action['action'], $meeting?->visit, $action['meeting'], $host->name(), ErrorText::of($failure), true);
        }
    }

    /**
     * Lists leave out whether it is in progress, and it may have been taken meanwhile: read it once more, then act.
     *
     * @throws Problem|\Telemed\TelemedException
     * @throws DatabaseException
     */
    private function deleteOrphan(int $number, Credentials $credentials, ComparedHost $host): bool
    {
        $client = $credentials->client->within(self::CALL_SECONDS);
        try {
            $found = $client->meeting($number);
        } catch (\Telemed\TelemedException $failure) {
            return $failure->isGone() ? false : throw $failure;
        }
        $meetings = [...$this->queries->ofNumbers([$number]), ...$this->queries->withoutNumber()];
        $wanted = array_map(static fn(IntendedMeeting $meeting): array => $meeting->wanted($host), $meetings);
        if (!in_array('delete', array_column($this->reconciler()->page($wanted, [$found]), 'action'), true)) {
            return false;
        }
        $client->deleteMeeting($number);
        $this->log->write(0, 'orphan_deleted', $client->lastTrackingId(), (string) $number);
        return true;
    }

    /**
     * Tells what was found, after a second look at it alone, if the visit is still as it was when the meeting was asked for.
     *
     * @param array{action: string, reference: ?string, meeting: ?int, settings: list<string>} $action
     * @return bool whether anything comes of it
     * @throws Problem|\Telemed\TelemedException
     * @throws DatabaseException
     */
    private function tell(array $action, IntendedMeeting $meeting, Credentials $credentials, ComparedHost $host): bool
    {
        $meeting = $this->queries->find($meeting->visit, $meeting->generation);
        if ($meeting === null || $meeting->isBusy($host)) {
            return false;
        }
        $found = $meeting->number === null ? null : $this->find($meeting->number, $meeting, $credentials);
        if ($action['action'] === 'adopt') {
            // One that is known and there is the visit's, whatever else bears its marker.
            $found = $found === null ? $this->find((int) $action['meeting'], $meeting, $credentials) : null;
        }
        $isNone = $found === null && $meeting->number === null;
        $actions = array_column($isNone ? [] : $this->reconcilerOnce($meeting, $host, $found), null, 'action');
        return match ($action['action']) {
            'relink' => $found !== null && $this->observed($meeting, $found),
            'adopt' => $found !== null && isset($actions['adopt']) && $this->observed($meeting, $found, $meeting->number !== null),
            'move' => isset($actions['move']) && ($this->observed($meeting, $found) || $this->isTriedAgain($meeting)),
            'recreate' => isset($actions['recreate']) && $this->observed($meeting, null),
            'restore' => isset($actions['restore']) && $this->restored($meeting, $found, $actions['restore']['settings']),
            default => false,
        };
    }

    /**
     * @param ?list<string> $overridden the settings that were changed; null: as the meeting says
     * @return bool false: nothing comes of it, or the visit is another by now
     * @throws DatabaseException
     */
    private function observed(IntendedMeeting $meeting, ?\Telemed\Meeting $found, bool $isInItsPlace = false, ?array $overridden = null): bool
    {
        $at = $this->moments->now();
        $observed = static fn(\Telemed\Visit $now): ?\Telemed\Visit => $now->version() === $meeting->version
            ? $now->observed($meeting->generation, $found, $at, $isInItsPlace, $overridden)
            : null;
        $visit = $this->store->change($meeting->visit, $observed, $at);
        return $visit !== null && $visit->version() !== $meeting->version;
    }

    /**
     * The extension knows already that Zoom has it otherwise than wanted.
     *
     * @throws DatabaseException
     */
    private function isTriedAgain(IntendedMeeting $meeting): bool
    {
        $now = $this->moments->now();
        $this->store->queue->wakeOne($meeting->visit, $now->now());
        return $this->store->find($meeting->visit)?->state() === 'updating';
    }

    /**
     * Puts the private settings back at once; what the account does not let go is noted, so that it is not tried every night.
     *
     * @param list<string> $settings
     * @throws Problem they are as they were, or nobody knows
     * @throws DatabaseException
     */
    private function restored(IntendedMeeting $meeting, ?\Telemed\Meeting $found, array $settings): bool
    {
        if (!$this->observed($meeting, $found, overridden: $settings)) {
            return false;
        }
        $problem = $this->oneVisit->tryNow($meeting->visit, self::CALL_SECONDS)?->lastError;
        $then = $this->queries->find($meeting->visit, $meeting->generation);
        if ($problem !== null && $then !== null && $then->toRestore !== []) {
            throw new Problem('telemed_not_restored', $problem);
        }
        return true;
    }

    /**
     * The meeting of this number as it is at Zoom, with its settings compared; null when Zoom has lost it.
     *
     * @throws Problem|\Telemed\TelemedException
     */
    private function find(int $number, IntendedMeeting $meeting, Credentials $credentials): ?\Telemed\Meeting
    {
        try {
            return $credentials->client->within(self::CALL_SECONDS)->meeting($number, $meeting->request($credentials->maker->namedHost()));
        } catch (\Telemed\TelemedException $failure) {
            return $failure->isGone() ? null : throw $failure;
        }
    }

    private static function unreachable(ComparedHost $host, string $why): Finding
    {
        return new Finding('unreachable', null, null, $host->name(), $why, true);
    }

    private function reconciler(): \Telemed\Reconciler
    {
        return new \Telemed\Reconciler($this->site->id(), new \DateTimeImmutable('@' . $this->moments->seconds()));
    }

    /**
     * What is to be done of one meeting alone.
     *
     * @param ?\Telemed\Meeting $found null: it is gone
     * @return list<array{action: string, reference: ?string, meeting: ?int, settings: list<string>}>
     */
    private function reconcilerOnce(IntendedMeeting $meeting, ComparedHost $host, ?\Telemed\Meeting $found): array
    {
        $reconciler = $this->reconciler();
        $wanted = [$meeting->wanted($host)];
        return [...$reconciler->page($wanted, $found === null ? [] : [$found]), ...$reconciler->rest($wanted)];
    }
}
