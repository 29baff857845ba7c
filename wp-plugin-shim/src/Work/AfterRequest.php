<?php
/**
 * Carries out this request's wishes, and what else need not be waited for, when it is over: the host's transaction has ended, and
 * where the server allows it the answer is with the browser already. Elsewhere the worker is called by a request of its own.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Problem;
use TelemedZoom\Run\VisitLoop;
use TelemedZoom\Site\Answer;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;

defined('ABSPATH') || exit;

final class AfterRequest
{
    private const SECONDS = 20.0;
    private const MAIL_SECONDS = 10.0;
    private const AT_ONCE = 'at once';

    /** @var array<int, array<int, int>> by blog and visit: the version after this request's last wish that is not carried out */
    private array $visits = [];
    /** @var list<array{int, \Closure(): void}> with the blog */
    private array $tasks = [];

    public function __construct(private readonly OneVisit $oneVisit)
    {
    }

    public function register(): void
    {
        add_action('shutdown', [$this, 'run'], 100);
    }

    /** The visit's wish is carried out when the request is over. */
    public function bringOnLater(int $visit, int $version): void
    {
        $this->visits[get_current_blog_id()][$visit] = $version;
    }

    /** This request has carried it out, and nothing was wished since. */
    public function isBroughtOn(int $visit, int $version): void
    {
        if (($this->visits[get_current_blog_id()][$visit] ?? null) === $version) {
            unset($this->visits[get_current_blog_id()][$visit]);
        }
    }

    /**
     * Done after the answer, where the server allows that. Else, and where it fails, the worker must find it to do: it is written
     * down before.
     *
     * @param \Closure(): void $task
     */
    public function later(\Closure $task): void
    {
        $this->tasks[] = [get_current_blog_id(), $task];
    }

    public function run(): void
    {
        if ($this->visits === [] && $this->tasks === []) {
            return;
        }
        $isSent = Answer::send();
        [$tasks, $visits] = [$this->tasks, $this->visits];
        $this->tasks = $this->visits = [];
        // E-mails first: what goes to Zoom may take long. Where the browser cannot be let go it waits, as for any mail of WordPress'.
        foreach ($visits as $blog => $ofBlog) {
            self::on($blog, function () use ($ofBlog): void {
                $end = microtime(true) + self::MAIL_SECONDS;
                foreach (array_keys($ofBlog) as $visit) {
                    $this->oneVisit->tell($visit, $end - microtime(true));
                }
            });
        }
        if (!$isSent) {
            // With an argument of its own: beside the regular run of the next minute WordPress drops an event that is the same.
            wp_schedule_single_event(time(), Hooks::RUN, [self::AT_ONCE]);
            self::callCron();
            return;
        }
        $end = microtime(true) + self::SECONDS;
        foreach ($tasks as [$blog, $task]) {
            self::on($blog, $task);
        }
        foreach ($visits as $blog => $ofBlog) {
            foreach ($ofBlog as $visit => $version) {
                $left = $end - microtime(true);
                if ($left <= VisitLoop::LEAST_SECONDS) {
                    break 2;
                }
                self::on($blog, function () use ($visit, $left, $version): void {
                    $this->oneVisit->bringOn($visit, $left, $version);
                    $this->oneVisit->tell($visit, self::MAIL_SECONDS);
                });
            }
        }
    }

    /** @param callable(): mixed $work */
    private static function on(int $blog, callable $work): void
    {
        $isElsewhere = is_multisite() && $blog !== get_current_blog_id();
        if ($isElsewhere) {
            switch_to_blog($blog);
        }
        try {
            $work();
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            // The worker comes by.
            return;
        } finally {
            if ($isElsewhere) {
                restore_current_blog();
            }
        }
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
