<?php
/**
 * The tables of schema 5 that give way: where they were, and where they are while they are emptied.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Migration;

defined('ABSPATH') || exit;

final class OldTables
{
    private const NAMES = ['meetings', 'leftovers', 'log'];

    /** @param string $prefix what the names of the tables began with */
    public function __construct(private readonly string $prefix)
    {
    }

    public function meetings(): string
    {
        return $this->renamed('meetings');
    }

    public function leftovers(): string
    {
        return $this->renamed('leftovers');
    }

    public function log(): string
    {
        return $this->renamed('log');
    }

    public function isRenamed(): bool
    {
        return self::exists($this->meetings());
    }

    /**
     * All at once: MySQL renames several tables as one.
     *
     * @return bool false: there are none
     */
    public function rename(): bool
    {
        if ($this->isRenamed()) {
            return true;
        }
        if (!self::exists($this->prefix . 'leftovers')) {
            return false;
        }
        global $wpdb;
        $pairs = implode(', ', array_map(fn(string $name): string => "`$this->prefix$name` TO `{$this->renamed($name)}`", self::NAMES));
        return $wpdb->query("RENAME TABLE $pairs") !== false; // phpcs:ignore WordPress.DB.PreparedSQL
    }

    public function lastId(): int
    {
        global $wpdb;
        return (int) $wpdb->get_var("SELECT MAX(id) FROM `{$this->meetings()}`"); // phpcs:ignore WordPress.DB.PreparedSQL
    }

    /** Once all is moved; and when the plugin is uninstalled. */
    public function drop(): void
    {
        global $wpdb;
        foreach (self::NAMES as $name) {
            $wpdb->query("DROP TABLE IF EXISTS `{$this->renamed($name)}`"); // phpcs:ignore WordPress.DB.PreparedSQL
        }
    }

    private function renamed(string $name): string
    {
        return "{$this->prefix}old_$name";
    }

    private static function exists(string $table): bool
    {
        global $wpdb;
        return $wpdb->get_var($wpdb->prepare('SHOW TABLES LIKE %s', $wpdb->esc_like($table))) === $table;
    }
}
