<?php
/**
 * Commands of WP-CLI: wp telemed run, wp telemed reconcile, wp telemed reseal. What stands above each is its help, and what WP-CLI
 * holds the arguments against.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Reconcile\Finding;
use TelemedZoom\Reconcile\Tally;
use TelemedZoom\Screens\KeyChange;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\LinkSeals;

defined('ABSPATH') || exit;

/**
 * Video visits on Zoom: carries out what is due, compares with Zoom, seals secrets anew.
 *
 * Without --url only the main site of a network is meant.
 */
final class Cli
{
    private const FORMAT_TABLE = 'table';

    public function __construct(private readonly Parts $plugin)
    {
    }

    /** Static, or it would be a command as well. */
    public static function register(Parts $plugin): void
    {
        if (defined('WP_CLI') && WP_CLI) {
            \WP_CLI::add_command('telemed', new self($plugin));
        }
    }

    /**
     * Carries out what is due at Zoom.
     *
     * Does too what the hour and the night have to do, when it is their time.
     * Meant for a system cron, once a minute. Fails where the PHP extension is
     * not loaded: the PHP of the command line often has another configuration
     * than the web server's.
     *
     * ## OPTIONS
     *
     * [--seconds=<seconds>]
     * : After so many seconds no other visit is begun.
     * ---
     * default: 300
     * ---
     *
     * ## EXAMPLES
     *
     *     # In a crontab: silent while nothing is wrong.
     *     * * * * * wp telemed run --path=/path/to/wordpress --quiet
     *
     *     # Each site of a network.
     *     $ wp site list --field=url | xargs -n 1 -I {} wp telemed run --url={}
     *
     * @param list<string> $arguments
     * @param array<string, string> $options
     */
    public function run(array $arguments, array $options): void
    {
        $seconds = $options['seconds'] ?? '';
        if (!is_numeric($seconds) || !is_finite((float) $seconds) || (float) $seconds <= 0) {
            /* translators: %s: what was given */
            \WP_CLI::error(sprintf(__('--seconds wants a number above 0, not \'%s\'.', 'telemed-zoom'), $seconds));
        }
        $end = microtime(true) + (float) $seconds;
        try {
            $isCurrent = $this->plugin->migration->goOn((float) $seconds);
            $done = $isCurrent ? $this->plugin->worker->runDue($end - microtime(true)) : 0;
            Cron::catchUp();
            $this->demandExtension();
            if (!$isCurrent) {
                \WP_CLI::error(__('Visits of the version before are still to be moved into the tables of this one: run it again.', 'telemed-zoom'));
            }
            $this->plugin->guard->demand();
            $pause = $this->plugin->worker->pauseSeconds();
        } catch (DatabaseException $failure) {
            \WP_CLI::error(ErrorText::of($failure));
        } catch (Problem $rest) {
            // A copy that rests is as it should be, also every minute.
            \WP_CLI::warning(ErrorText::of($rest));
            return;
        }
        if ($pause > 0) {
            /* translators: %d: number of seconds */
            \WP_CLI::warning(sprintf(__('Zoom could not be reached, and is tried again in %d seconds.', 'telemed-zoom'), $pause));
        }
        /* translators: %d: number of visits */
        \WP_CLI::success(sprintf(_n('%d visit worked on.', '%d visits worked on.', $done, 'telemed-zoom'), $done));
    }

    /**
     * Compares this site's visits with Zoom and mends what differs.
     *
     * Finds meetings that were moved or deleted in Zoom, settings that were
     * changed there, and meetings of this site that no visit needs. It is done
     * every night by itself. Fails when a host could not be compared or a
     * difference not be treated.
     *
     * ## OPTIONS
     *
     * [--dry-run]
     * : Only tell what differs.
     *
     * [--format=<format>]
     * : How the differences are told.
     * ---
     * default: table
     * options:
     *   - table
     *   - csv
     *   - json
     *   - yaml
     *   - count
     * ---
     *
     * ## AVAILABLE FIELDS
     *
     * * host (the Zoom user)
     * * action (adopt, delete, move, recreate, relink, restore, or unreachable)
     * * visit, meeting (their ids, where there is one)
     * * done (yes or no)
     * * text
     *
     * ## EXAMPLES
     *
     *     $ wp telemed reconcile --dry-run
     *     $ wp telemed reconcile --format=json
     *
     * @param list<string> $arguments
     * @param array<string, mixed> $options
     */
    public function reconcile(array $arguments, array $options): void
    {
        $dryRun = \WP_CLI\Utils\get_flag_value($options, 'dry-run', false);
        if (!is_bool($dryRun)) {
            // Not guessed: --dry-run=false may mean either.
            \WP_CLI::error(__('--dry-run takes no value.', 'telemed-zoom'));
        }
        $format = $options['format'] ?? self::FORMAT_TABLE;
        $isTable = $format === self::FORMAT_TABLE;
        $isQuiet = (bool) \WP_CLI::get_config('quiet');
        $this->demandExtension();
        try {
            $this->plugin->guard->demand();
            $tally = new Tally();
            $findings = $this->plugin->reconcile->run($dryRun, $isTable && !$isQuiet ? self::progressBar() : null, tally: $tally);
        } catch (Problem | DatabaseException $failure) {
            \WP_CLI::error(ErrorText::of($failure));
        }
        $differences = array_filter($findings, static fn(Finding $finding): bool => $finding->isDifference());
        if (!$isTable || ($findings !== [] && !$isQuiet)) {
            \WP_CLI\Utils\format_items(
                $format,
                array_map(static fn(Finding $finding): array => self::fields($finding, $dryRun), $findings),
                ['host', 'action', 'visit', 'meeting', 'done', 'text']
            );
        }
        $this->failWhereUndone($findings);
        if ($tally->leftAlone !== []) {
            \WP_CLI::warning(sprintf(
                /* translators: %d: number of visits */
                _n(
                    '%d visit was not looked at, because it was changed within the last 15 minutes or is being changed.',
                    '%d visits were not looked at, because they were changed within the last 15 minutes or are being changed.',
                    count($tally->leftAlone),
                    'telemed-zoom'
                ),
                count($tally->leftAlone)
            ));
        }
        if ($isTable) {
            \WP_CLI::success(sprintf(
                $dryRun
                    /* translators: %d: number of differences */
                    ? _n('%d difference found, nothing changed.', '%d differences found, nothing changed.', count($differences), 'telemed-zoom')
                    /* translators: %d: number of differences */
                    : _n('%d difference treated.', '%d differences treated.', count($differences), 'telemed-zoom'),
                count($differences)
            ));
        }
    }

    /**
     * Seals every stored secret and token anew under the first encryption key.
     *
     * For after a TELEMED_KEY was added or put before another: once this has
     * succeeded, the key before may go. Fails when a secret is opened by no
     * key. Nothing is deleted, and nothing is asked of Zoom.
     *
     * ## EXAMPLES
     *
     *     $ wp telemed reseal
     *     Success: Everything is sealed under the first key.
     *
     * @param list<string> $arguments
     * @param array<string, string> $options
     */
    public function reseal(array $arguments, array $options): void
    {
        if ($arguments !== [] || $options !== []) {
            // WP-CLI looks only where a command has some.
            \WP_CLI::error(__('wp telemed reseal takes no arguments.', 'telemed-zoom'));
        }
        $this->demandExtension();
        try {
            $change = new KeyChange(
                $this->plugin->key,
                $this->plugin->extension,
                $this->plugin->settings,
                $this->plugin->registry,
                $this->plugin->opener,
                new LinkSeals($this->plugin->database, $this->plugin->tables, $this->plugin->links)
            );
            $unreadable = $change->reseal();
            $links = (int) $change->resealLinks();
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            \WP_CLI::error(ErrorText::of($failure));
        }
        if ($unreadable > 0) {
            \WP_CLI::error(sprintf(
                /* translators: %d: number of secrets */
                _n('%d secret is opened by no key: enter the client secret again, and let the doctor concerned authorize again. Nothing was deleted.', '%d secrets are opened by no key: enter the client secret again, and let the doctors concerned authorize again. Nothing was deleted.', $unreadable, 'telemed-zoom'),
                $unreadable
            ));
        }
        if ($links > 0) {
            \WP_CLI::warning(sprintf(
                /* translators: %d: number of links */
                _n(
                    '%d link of a visit is opened by no key. The visit links that people have go on, and join links are read from Zoom again; mails and screens name such a visit link no more.',
                    '%d links of visits are opened by no key. The visit links that people have go on, and join links are read from Zoom again; mails and screens name such visit links no more.',
                    $links,
                    'telemed-zoom'
                ),
                $links
            ));
        }
        \WP_CLI::success(__('Everything is sealed under the first key.', 'telemed-zoom'));
    }

    /** Nobody else is told of the PHP of the command line. */
    private function demandExtension(): void
    {
        $problem = $this->plugin->extension->problem();
        if ($problem !== null) {
            \WP_CLI::error($problem . ' ' . $this->plugin->extension->remedy());
        }
    }

    /** @return callable(int, int): void */
    private static function progressBar(): callable
    {
        $bar = null;
        return static function (int $done, int $all) use (&$bar): void {
            if ($bar === null) {
                $bar = \WP_CLI\Utils\make_progress_bar(__('Comparing hosts', 'telemed-zoom'), $all);
            } else {
                $bar->tick();
            }
            if ($done === $all) {
                $bar->finish();
            }
        };
    }

    /** @return array<string, string|int|null> */
    private static function fields(Finding $finding, bool $dryRun): array
    {
        return [
            'host' => $finding->host,
            'action' => $finding->action,
            'visit' => $finding->row,
            'meeting' => $finding->meeting,
            'done' => $dryRun || $finding->failed ? 'no' : 'yes',
            'text' => $finding->text(),
        ];
    }

    /** @param list<Finding> $findings */
    private function failWhereUndone(array $findings): void
    {
        $failed = array_filter($findings, static fn(Finding $finding): bool => $finding->failed);
        if ($failed !== []) {
            \WP_CLI::error(sprintf(
                /* translators: 1: number of that which could not be done, 2: number of what was found */
                __('%1$d of %2$d findings could not be treated: hosts that could not be compared, or differences that remain. Try again later; what remains is tried every night.', 'telemed-zoom'),
                count($failed),
                count($findings)
            ));
        }
    }
}
