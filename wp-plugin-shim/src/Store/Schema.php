<?php
/**
 * The plugin's tables: sealed token records, and those of visits. Made on activation, and by an administrator or cron after an update;
 * never in a request that may hold a host's transaction, which DDL would commit.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

defined('ABSPATH') || exit;

final class Schema
{
    public const OPTION = 'telemed_schema';
    private const VERSION = 6;
    /** While visits of version 5 are being moved; as a number it is the version. */
    private const MOVING = '6 from 5';

    public function __construct(private readonly VisitTables $tables)
    {
    }

    /** Whether the tables are those of this version, as far as this request knows. */
    public static function isCurrent(): bool
    {
        return (int) get_option(self::OPTION) >= self::VERSION;
    }

    /** Whether there are visits in the tables of the version before, too. */
    public static function isMoving(): bool
    {
        return get_option(self::OPTION) === self::MOVING;
    }

    public static function tokens(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'telemed_tokens';
    }

    public static function signals(): string
    {
        return (new VisitTables())->signals();
    }

    /**
     * Makes what is not there.
     *
     * @param int $firstVisit the number that the first visit gets
     * @return bool false: the database has not let all of them be made
     */
    public function create(int $firstVisit = 1): bool
    {
        global $wpdb;
        require_once ABSPATH . 'wp-admin/includes/upgrade.php';
        $options = 'ENGINE=InnoDB ' . $wpdb->get_charset_collate();
        $tokens = self::tokens();
        // Sealed text is compared byte by byte, hence a blob.
        dbDelta(["CREATE TABLE $tokens (
  id char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  record_key varbinary(1024) NOT NULL,
  sealed longblob NOT NULL,
  updated_at datetime NOT NULL,
  PRIMARY KEY  (id)
) $options;", ...$this->tables->statements($options, $firstVisit)]);
        foreach ($this->all() as $table) {
            if ($wpdb->get_var($wpdb->prepare('SHOW TABLES LIKE %s', $wpdb->esc_like($table))) === null) {
                return false;
            }
        }
        return true;
    }

    /** Those of this version are there. */
    public function note(bool $isMoving): void
    {
        update_option(self::OPTION, $isMoving ? self::MOVING : self::VERSION);
    }

    /** @param string ...$tables none: all */
    public function drop(string ...$tables): void
    {
        global $wpdb;
        foreach ($tables ?: $this->all() as $table) {
            $wpdb->query("DROP TABLE IF EXISTS `$table`"); // phpcs:ignore WordPress.DB.PreparedSQL
        }
    }

    /** @return list<string> */
    public function all(): array
    {
        return [self::tokens(), ...$this->tables->all()];
    }
}
