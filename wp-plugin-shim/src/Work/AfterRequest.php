<?php
/**
 * Carries out this request's wishes, and what else need not be waited for, when it is over: the host's transaction has ended, and
 * where the server allows it the answer is with the browser already. Elsewhere the worker is called by a request of its own.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Site\Answer;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;

defined('ABSPATH') || exit;

final class AfterRequest
{
    private const SECONDS = 20.0;
    private const AT_ONCE = 'at once';
    private const WISHES = ['booked', 'moved', 'reassigned', 'renewed', 'cancelled'];

    /** @var array<int, int> version of the last wish by row */
    private array $wishes = [];

    /** @var list<\Closure(): void> */
    private array $tasks = [];

    public function __construct(private readonly Worker $worker)
    {
    }

    public function register(): void
    {
        add_action('telemed_row_changed', function (MeetingRecord $now, ?MeetingRecord $before, string $event): void {
            if (in_array($event, self::WISHES, true)) {
                $this->settleLater($now);
            } elseif ($now->event === null && !$now->state->isOpen()) {
                // Carried out already.
                unset($this->wishes[$now->id]);
            }
        }, 10, 3);
        add_action('shutdown', [$this, 'run'], 100);
    }

    /** The row's wish is carried out when the request is over. */
    public function settleLater(MeetingRecord $row): void
    {
        $this->wishes[$row->id] = $row->version;
    }

    /**
     * Done after the answer, where the server allows that. Else, and where it fails, the worker must find it to do: it is written
     * down before.
     *
     * @param \Closure(): void $task
     */
    public function later(\Closure $task): void
    {
        $this->tasks[] = $task;
    }

    public function run(): void
    {
        if ($this->wishes === [] && $this->tasks === []) {
            return;
        }
        if (!Answer::send()) {
            // With an argument of its own: beside the regular run of the next minute WordPress drops an event that is the same.
            wp_schedule_single_event(time(), Hooks::RUN, [self::AT_ONCE]);
            self::callCron();
            return;
        }
        foreach ($this->tasks as $task) {
            try {
                $task();
            } catch (Problem | DatabaseException | \Telemed\TelemedException) {
                // The worker comes by.
                continue;
            }
        }
        $this->tasks = [];
        $end = microtime(true) + self::SECONDS;
        foreach ($this->wishes as $id => $version) {
            $left = $end - microtime(true);
            if ($left <= Worker::LEAST_SECONDS) {
                break;
            }
            try {
                $this->worker->settle($id, $left, $version);
            } catch (Problem | DatabaseException) {
                // The worker comes by.
                continue;
            }
        }
        $this->wishes = [];
    }

    /**
     * A request that has called WP-Cron for the minute's run, as most do on a quiet site, holds its lock by now, and that run may have
     * looked before the wish was written. The next run takes over from it, as after WordPress' own time-out.
     */
    private static function callCron(): void
    {
        if (!spawn_cron()) {
            delete_transient('doing_cron');
            spawn_cron();
        }
    }
}
