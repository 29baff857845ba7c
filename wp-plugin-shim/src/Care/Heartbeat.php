<?php
/**
 * Whether the worker comes by: a site that nobody visits never runs WP-Cron, and what is due at Zoom waits without a word.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use TelemedZoom\Clinic\Guard;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\PublicAddress;
use TelemedZoom\Store\Signals;
use TelemedZoom\Work\Worker;

defined('ABSPATH') || exit;

final class Heartbeat
{
    private const QUIET_SECONDS = 15 * MINUTE_IN_SECONDS;

    public function __construct(
        private readonly LedgerQueries $queries,
        private readonly Signals $signals,
        private readonly Guard $guard,
        private readonly Extension $extension
    ) {
    }

    /**
     * Since when something waits and nothing has run; null while all is well, also where nothing may or can run and another notice
     * says why.
     *
     * @throws DatabaseException
     */
    public function quietSince(): ?\DateTimeImmutable
    {
        if (!$this->guard->mayAct() || !$this->extension->isUsable()) {
            return null;
        }
        $due = $this->queries->dueSince();
        if ($due === null) {
            return null;
        }
        $since = max($due->getTimestamp(), $this->signals->get(Worker::SIGNAL_RAN));
        return $since <= Clock::now() - self::QUIET_SECONDS ? new \DateTimeImmutable('@' . $since) : null;
    }

    /** The line of a crontab that runs the worker through WP-CLI every minute. */
    public static function cronLine(): string
    {
        $url = is_multisite() ? ' --url=' . escapeshellarg(untrailingslashit(PublicAddress::home())) : '';
        return self::line('wp telemed run --path=' . escapeshellarg(untrailingslashit(ABSPATH)) . $url . ' --quiet');
    }

    /**
     * The same without WP-CLI: whatever WordPress has to do is done.
     *
     * @return list<string> one of them is enough
     */
    public static function cronLinesWithoutCli(): array
    {
        $url = escapeshellarg(PublicAddress::of(site_url('wp-cron.php?doing_wp_cron')));
        return [self::line("curl -fsS -o /dev/null $url"), self::line("wget -q -O /dev/null $url")];
    }

    /** In a crontab a percent sign ends the line. */
    private static function line(string $command): string
    {
        return '* * * * * ' . str_replace('%', '\%', $command);
    }
}
