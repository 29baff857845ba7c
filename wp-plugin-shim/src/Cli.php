<?php
/**
 * Commands of WP-CLI: wp telemed run, wp telemed reconcile.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class Cli
{
    private const RUN_SECONDS = 300.0;

    public function __construct(private readonly Plugin $plugin)
    {
    }

    public function register(): void
    {
        if (defined('WP_CLI') && WP_CLI) {
            \WP_CLI::add_command('telemed run', [$this, 'run']);
            \WP_CLI::add_command('telemed reconcile', [$this, 'reconcile']);
        }
    }

    /**
     * Carries out what is due at Zoom. For a system cron, once a minute.
     *
     * ## OPTIONS
     *
     * [--seconds=<seconds>]
     * : How long it may take. Default: 300.
     *
     * @param list<string> $arguments
     * @param array<string, string> $options
     */
    public function run(array $arguments, array $options): void
    {
        try {
            $done = $this->plugin->worker->runDue((float) ($options['seconds'] ?? self::RUN_SECONDS));
        } catch (DatabaseException $failure) {
            \WP_CLI::error(ErrorText::of($failure));
            return;
        }
        \WP_CLI::success(sprintf('%d visits worked on.', $done));
    }

    /**
     * Compares this site's visits with Zoom and mends what differs.
     *
     * ## OPTIONS
     *
     * [--dry-run]
     * : Only tells what it would do.
     *
     * @param list<string> $arguments
     * @param array<string, mixed> $options
     */
    public function reconcile(array $arguments, array $options): void
    {
        $bar = null;
        try {
            $findings = $this->plugin->reconcile->run(isset($options['dry-run']), static function (int $done, int $all) use (&$bar): void {
                $bar ??= \WP_CLI\Utils\make_progress_bar('Comparing hosts', $all);
                $bar->tick();
                if ($done === $all) {
                    $bar->finish();
                }
            });
        } catch (DatabaseException $failure) {
            \WP_CLI::error(ErrorText::of($failure));
            return;
        }
        foreach ($findings as $finding) {
            \WP_CLI::log(sprintf('%s: %s', $finding->host, $finding->text()));
        }
        \WP_CLI::success(sprintf(isset($options['dry-run']) ? '%d differences found, nothing changed.' : '%d differences treated.', count($findings)));
    }
}
