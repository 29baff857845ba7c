<?php
/**
 * What runs by itself: the worker every minute that WP-Cron runs, and the night's work once a day.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Clinic\Settings;
use TelemedZoom\Migration\Upgrade;
use TelemedZoom\Reconcile\Reconcile;
use TelemedZoom\Reconcile\SettingsLook;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Work\Worker;

defined('ABSPATH') || exit;

final class Cron
{
    private const SCHEDULE = 'telemed_minute';
    private const RUN_SECONDS = 50.0;
    private const SWEEP_SECONDS = 120.0;

    /**
     * @param \Closure(): Worker    $worker    made only when it runs
     * @param \Closure(): Reconcile $reconcile the same
     */
    public function __construct(
        private readonly \Closure $worker,
        private readonly \Closure $reconcile,
        private readonly Settings $settings,
        private readonly Upgrade $upgrade
    ) {
    }

    public function register(): void
    {
        add_filter('cron_schedules', [self::class, 'addSchedule']); // phpcs:ignore WordPress.WP.CronInterval
        add_action(Hooks::RUN, [$this, 'run']);
        add_action(Hooks::NIGHTLY, [$this, 'sweep'], 20);
        add_action('admin_init', [self::class, 'schedule']);
    }

    /** Also after somebody has emptied the list of events. */
    public static function schedule(): void
    {
        if (wp_next_scheduled(Hooks::RUN) === false) {
            wp_schedule_event(time(), self::SCHEDULE, Hooks::RUN);
        }
        if (wp_next_scheduled(Hooks::RENEW) === false) {
            wp_schedule_event(time() + HOUR_IN_SECONDS, 'hourly', Hooks::RENEW);
        }
        if (wp_next_scheduled(Hooks::NIGHTLY) === false) {
            wp_schedule_event(time() + HOUR_IN_SECONDS, 'daily', Hooks::NIGHTLY);
        }
    }

    /**
     * For sites whose WP-Cron never runs, after the worker: what else the minute does, and what the hour and the night do when it
     * is their time.
     */
    public static function catchUp(): void
    {
        self::schedule();
        do_action(Hooks::RUN);
        foreach ([Hooks::RENEW => 'hourly', Hooks::NIGHTLY => 'daily'] as $hook => $schedule) {
            $due = wp_next_scheduled($hook);
            if ($due !== false && $due <= time()) {
                // In WP-Cron's order: who comes next finds it rescheduled.
                wp_reschedule_event($due, $schedule, $hook);
                wp_unschedule_event($due, $hook);
                do_action($hook);
            }
        }
    }

    public static function unschedule(): void
    {
        // Whatever its arguments.
        wp_unschedule_hook(Hooks::RUN);
        wp_clear_scheduled_hook(Hooks::NIGHTLY);
        wp_clear_scheduled_hook(Hooks::RENEW);
    }

    /**
     * @param array<string, array<string, mixed>> $schedules
     * @return array<string, array<string, mixed>>
     */
    public static function addSchedule(array $schedules): array
    {
        return $schedules + [self::SCHEDULE => ['interval' => MINUTE_IN_SECONDS, 'display' => __('Every minute (Telemed)', 'telemed-zoom')]];
    }

    public function run(): void
    {
        $end = microtime(true) + self::RUN_SECONDS;
        if (!$this->upgrade->goOn(self::RUN_SECONDS)) {
            return;
        }
        try {
            ($this->worker)()->runDue($end - microtime(true));
        } catch (DatabaseException | Problem | \Telemed\TelemedException) {
            // The next run tries again; the notice on quiet workers tells if none can.
            return;
        }
    }

    public function sweep(): void
    {
        if (!$this->upgrade->goOn(self::RUN_SECONDS)) {
            return;
        }
        try {
            ($this->worker)()->sweep(self::SWEEP_SECONDS, $this->settings->blankDays());
            ($this->reconcile)()->run(dryRun: false, settings: SettingsLook::byNight(), everywhere: false);
        } catch (DatabaseException | Problem | \Telemed\TelemedException) {
            return;
        }
    }
}
