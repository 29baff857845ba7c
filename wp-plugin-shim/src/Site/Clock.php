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
        return (int) apply_filters('telemed_now', time());
    }

    /** As the database keeps it, in UTC. */
    public static function sql(int $offset = 0): string
    {
        return gmdate('Y-m-d H:i:s', self::now() + $offset);
    }
}
