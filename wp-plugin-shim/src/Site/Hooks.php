<?php
/**
 * What WP-Cron runs: actions that whoever has something to do then hooks.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class Hooks
{
    /** Each minute. */
    public const RUN = 'telemed_run';
    /** Each hour: connections are renewed. */
    public const RENEW = 'telemed_renew';
    public const NIGHTLY = 'telemed_nightly';
}
