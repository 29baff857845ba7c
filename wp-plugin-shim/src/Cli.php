<?php
/**
 * Commands of WP-CLI: wp telemed run, wp telemed reconcile, wp telemed reseal.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Settings\KeyChange;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Work\Cron;

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
            \WP_CLI::add_command('telemed reseal', [$this, 'reseal']);
        }
    }

    /**
     * Carries out what is due at Zoom, and what the hour and the night do when it is their time. For a system cron, once a minute.
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
            Cron::catchUp();
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

    /**
     * Seals every stored secret and token anew under the first encryption key. After a TELEMED_KEY was added or put before another.
     *
     * @param list<string> $arguments
     * @param array<string, string> $options
     */
    public function reseal(array $arguments, array $options): void
    {
        try {
            $this->plugin->extension->demand();
            $unreadable = (new KeyChange($this->plugin->key, $this->plugin->extension, $this->plugin->settings, $this->plugin->formerApps, $this->plugin->apps))->reseal();
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            \WP_CLI::error(ErrorText::of($failure));
            return;
        }
        if ($unreadable > 0) {
            \WP_CLI::warning(sprintf('%d secrets are opened by no key: enter the client secret again, and let the doctors concerned authorize again. Nothing was deleted.', $unreadable));
            return;
        }
        \WP_CLI::success('Everything is sealed under the first key.');
    }
}
