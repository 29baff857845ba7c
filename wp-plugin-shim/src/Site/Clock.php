<?php
/**
 * The time by which the ledger decides. Tests move it with the filter telemed_now.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class Clock
{
    /** Unix seconds. */
    public static function now(): int
    {
        /**
         * Filters the time by which the plugin decides.
         *
         * @since 0.1.0
         * @internal For tests.
         *
         * @param int $now Unix seconds.
         */
        return (int) apply_filters('telemed_now', time());
    }

    /** As the database keeps it, in UTC. */
    public static function sql(int $offset = 0): string
    {
        return gmdate('Y-m-d H:i:s', self::now() + $offset);
    }
}
