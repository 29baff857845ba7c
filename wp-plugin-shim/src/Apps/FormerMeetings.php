<?php
/**
 * Visits to come whose meetings were made by an app that is not in force any more, after a switch of mode or app. They stay with
 * what made them until they are over, unless an administrator moves them. That answer stands until none of them is left.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\LetsGo;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class FormerMeetings
{
    private const PORTION = 200;

    /** @var array<int, ?string> by doctor */
    private array $hindrances = [];

    public function __construct(
        private readonly LedgerQueries $queries,
        private readonly Handovers $handovers,
        private readonly ZoomApps $apps,
        private readonly Settings $settings,
        private readonly OwnAccounts $ownAccounts
    ) {
    }

    public function register(): void
    {
        // What is in force again lets go of nothing, and is not to do so unasked when another takes its place once more.
        add_action('update_option_' . Settings::OPTION, [$this, 'tidy'], 20, 0);
        add_action(Hooks::NIGHTLY, [$this, 'lookAgain']);
    }

    /**
     * @return list<array{mode: Mode, app: string, visits: int, handover: Handover, moving: int}> by app; moving: so many of the visits
     * @throws DatabaseException
     */
    public function lots(): array
    {
        $handovers = $this->byApp();
        return array_map(function (array $lot) use ($handovers): array {
            $handover = $handovers[$lot['app']] ?? Handover::ofApp($lot['app']);
            return ['handover' => $handover, 'moving' => $handover->answer() === Answer::Move ? $this->count($lot['app'])['moving'] : 0] + $lot;
        }, $this->queries->countUpcomingByApp($this->formerApps()));
    }

    /**
     * @return list<MeetingRecord> the soonest first
     * @throws DatabaseException
     */
    public function page(int $page, int $perPage): array
    {
        return $this->queries->upcomingOfApps($this->formerApps(), $perPage, max(0, $page - 1) * $perPage);
    }

    /** Why this visit's meeting cannot be moved, in one sentence; null when it can. */
    public function reasonToStay(MeetingRecord $row): ?string
    {
        if (!$row->isReady() || $row->event !== null) {
            return __('It is being changed or made, or a person must look at it first.', 'telemed-zoom');
        }
        if ($row->joinsFrom($this->settings->joinMinutesBefore()) <= Clock::now()) {
            return __('It can be joined already: people may be in it.', 'telemed-zoom');
        }
        if (!array_key_exists($row->doctor, $this->hindrances)) {
            $this->hindrances[$row->doctor] = $this->hindrance($row->doctor);
        }
        return $this->hindrances[$row->doctor];
    }

    /**
     * The handover of an app, as it stands.
     *
     * @return ?Handover null: the app is in force, or has made nothing
     * @throws DatabaseException
     */
    public function handoverOf(string $app): ?Handover
    {
        return in_array($app, $this->formerApps(), true) ? $this->byApp()[$app] ?? Handover::ofApp($app) : null;
    }

    /** Who lets go is noted, and until when: an answer ends with the last visit that it is about. */
    public function tidy(): void
    {
        if (Schema::isMoving()) {
            return;
        }
        try {
            $former = array_column($this->queries->countUpcomingByApp($this->formerApps()), 'app');
            foreach (array_diff_key($this->byApp(), array_flip($former)) as $one) {
                $this->handovers->forget($one);
            }
            array_walk($former, fn(string $app): bool => $this->handovers->note(Handover::ofApp($app)));
        } catch (DatabaseException) {
            // The night tries again.
            return;
        }
    }

    /** By night: whoever could not hold meetings may be able to by now, in ways that nobody has told of. */
    public function lookAgain(): void
    {
        $this->tidy();
        try {
            $this->handovers->wake(null);
        } catch (DatabaseException) {
            return;
        }
    }

    /**
     * @return array<array-key, Handover> by client id
     * @throws DatabaseException
     */
    private function byApp(): array
    {
        $all = $this->handovers->of(LetsGo::App);
        return array_combine(array_map(static fn(Handover $one): string => $one->app(), $all), $all);
    }

    /**
     * What becomes of an app's visits if they are to move.
     *
     * @return array{moving: int, staying: int}
     * @throws DatabaseException
     */
    public function count(string $app): array
    {
        $count = ['moving' => 0, 'staying' => 0];
        if (!in_array($app, $this->formerApps(), true)) {
            return $count;
        }
        $last = null;
        do {
            $rows = $this->queries->upcomingOfAppAfter($app, $last, self::PORTION);
            foreach ($rows as $row) {
                $last = $row;
                $count[$row->state === MeetingState::Moving || $this->reasonToStay($row) === null ? 'moving' : 'staying']++;
            }
        } while (count($rows) === self::PORTION);
        return $count;
    }

    private function hindrance(int $doctor): ?string
    {
        try {
            $this->apps->makerFor($doctor);
            return null;
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            return ErrorText::of($failure);
        }
    }

    /** @return list<string> client ids */
    private function formerApps(): array
    {
        $mode = $this->settings->mode();
        if ($mode === null) {
            // Nothing has taken their place yet.
            return [];
        }
        $inForce = [$this->settings->clientId(), ...($mode->hostsAreMapped() ? $this->ownAccounts->clients() : [])];
        return array_values(array_diff($this->queries->apps(), $inForce));
    }
}
