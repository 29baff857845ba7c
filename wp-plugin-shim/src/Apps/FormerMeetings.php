<?php
/**
 * Visits to come whose meetings were made by an app that is not in force any more, after a switch of mode or app. They stay with
 * what made them until they are over, unless an administrator moves them. That answer stands until none of them is left.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Store\Handovers;
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
     * @return list<array{mode: string, app: string, visits: int, moves: bool, moving: int}> by app; moves: whether that was the answer;
     *                                                                                     moving: so many of the visits
     * @throws DatabaseException
     */
    public function lots(): array
    {
        $answers = $this->handovers->ofApps();
        return array_map(function (array $lot) use ($answers): array {
            $moves = ($answers[$lot['app']] ?? null) === Handovers::MOVE;
            return ['moves' => $moves, 'moving' => $moves ? $this->count($lot['app'])['moving'] : 0] + $lot;
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
     * This app's meetings are made anew with the credentials in force. Those that cannot be stay as they are, as long as they cannot.
     *
     * @return array{moving: int, staying: int}
     * @throws DatabaseException
     */
    public function moveAll(string $app): array
    {
        $count = $this->count($app);
        $this->answer($app, Handovers::MOVE);
        return $count;
    }

    /**
     * What has not been carried out yet is not carried out.
     *
     * @throws DatabaseException
     */
    public function leaveAll(string $app): void
    {
        $this->answer($app, Handovers::STAY);
    }

    /** An answer ends with the last visit that it is about. */
    public function tidy(): void
    {
        if (Schema::isMoving()) {
            return;
        }
        try {
            $former = array_column($this->queries->countUpcomingByApp($this->formerApps()), 'app');
            foreach (array_diff(array_map('strval', array_keys($this->handovers->ofApps())), $former) as $app) {
                $this->handovers->forgetApp($app);
            }
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

    private function answer(string $app, string $answer): void
    {
        if (in_array($app, $this->formerApps(), true)) {
            $this->handovers->answerForApp($app, $answer);
        }
    }

    /**
     * What becomes of an app's visits if they are to move.
     *
     * @return array{moving: int, staying: int}
     */
    private function count(string $app): array
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
            $this->apps->forDoctor($doctor);
            return null;
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            return ErrorText::of($failure);
        }
    }

    /** @return list<string> client ids */
    private function formerApps(): array
    {
        $mode = $this->settings->mode();
        if ($mode === '') {
            // Nothing has taken their place yet.
            return [];
        }
        $inForce = [$this->settings->text($mode . '_client_id'), ...($mode === Settings::MODE_S2S ? $this->ownAccounts->clients() : [])];
        return array_values(array_diff($this->queries->apps(), $inForce));
    }
}
