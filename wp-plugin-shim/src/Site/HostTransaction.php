<?php
/**
 * Statements of ours on the host's connection, $wpdb, where a transaction of the host's may be under way: none costs it that.
 *
 * MariaDB refuses, by default since 11.6.2 (innodb_snapshot_isolation), to lock a row that somebody else has changed since the
 * transaction first looked (error 1020), and takes the whole transaction back. The host would go on without it: a cancellation of
 * which the patient was told would not stand. So our statements go without that check, as on every other server, and only ours.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class HostTransaction
{
    private const VARIABLE = 'innodb_snapshot_isolation';

    /** Whether the host's connection is checked so; null: not asked yet. */
    private static ?bool $isChecked = null;

    /**
     * @template T
     * @param callable(): T $statement over $wpdb, which locks rows that are there: UPDATE, DELETE, SELECT FOR UPDATE
     * @return T
     */
    public static function spare(callable $statement): mixed
    {
        global $wpdb;
        // MySQL and older servers know no such variable, and answer without a row.
        self::$isChecked ??= strtoupper((string) $wpdb->get_var("SHOW SESSION VARIABLES LIKE '" . self::VARIABLE . "'", 1)) === 'ON';
        if (!self::$isChecked) {
            return $statement();
        }
        $wpdb->query('SET SESSION ' . self::VARIABLE . ' = OFF');
        try {
            return $statement();
        } finally {
            $wpdb->query('SET SESSION ' . self::VARIABLE . ' = ON');
        }
    }
}
