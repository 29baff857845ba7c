<?php
/**
 * Visits to come whose meetings were made by an app that is not in force any more, after a switch of mode or app. They stay with
 * what made them until they are over, unless an administrator moves them.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class FormerMeetings
{
    private const PORTION = 200;

    /** @var array<int, ?string> by doctor */
    private array $hindrances = [];

    public function __construct(
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly ZoomApps $apps,
        private readonly Settings $settings,
        private readonly OwnAccounts $ownAccounts
    ) {
    }

    /**
     * @return list<array{mode: string, app: string, visits: int, moving: int}> by app; moving: so many of the visits
     * @throws DatabaseException
     */
    public function lots(): array
    {
        return $this->queries->countUpcomingByApp($this->formerApps());
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
     * Wishes that this app's meetings be made anew with the credentials in force. Those that cannot be stay as they are.
     *
     * @return array{moving: int, staying: int}
     * @throws DatabaseException
     */
    public function moveAll(string $app): array
    {
        $count = ['moving' => 0, 'staying' => 0];
        $this->each($app, function (MeetingRecord $row) use (&$count): void {
            $moves = $row->state === MeetingState::Moving || $this->reasonToStay($row) === null;
            if ($moves && $row->state !== MeetingState::Moving) {
                $moves = $this->wish($row, MeetingState::Moving, 'moving');
            }
            $count[$moves ? 'moving' : 'staying']++;
        });
        return $count;
    }

    /**
     * Takes the wish back, where it has not been carried out yet.
     *
     * @throws DatabaseException
     */
    public function leaveAll(string $app): void
    {
        $this->each($app, function (MeetingRecord $row): void {
            if ($row->state === MeetingState::Moving) {
                $this->wish($row, $row->stateOfItsMeeting(), 'move_stopped');
            }
        });
    }

    /** @param callable(MeetingRecord): void $work */
    private function each(string $app, callable $work): void
    {
        if (!in_array($app, $this->formerApps(), true)) {
            return;
        }
        $last = null;
        do {
            $rows = $this->queries->upcomingOfAppAfter($app, $last, self::PORTION);
            foreach ($rows as $row) {
                $last = $row;
                $work($row);
            }
        } while (count($rows) === self::PORTION);
    }

    private function wish(MeetingRecord $row, MeetingState $next, string $event): bool
    {
        try {
            $this->ledger->move($row, $next, Ledger::TRY_NOW, $event);
            return true;
        } catch (Problem) {
            // Somebody was there first: it stays, and is listed.
            return false;
        }
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
