<?php
/**
 * The tables of schema 5 that give way: where they were, and where they are while they are emptied.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Migration;

use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class OldTables
{
    private const NAMES = ['meetings', 'leftovers', 'log'];
    /** No other version has a table of this name. */
    private const OLD_ONLY = 'leftovers';
    /** What only the old table of meetings has, and what only the one of today. */
    private const OLD_COLUMN = 'state';
    private const NEW_COLUMN = 'role';

    /** @param string $family what the names of the tables began with, after the blog's prefix */
    public function __construct(private readonly string $family = 'telemed_')
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

    /** Where meetings were before they are renamed. */
    public function formerMeetings(): string
    {
        return $this->former('meetings');
    }

    public function isRenamed(): bool
    {
        return self::exists($this->meetings());
    }

    /** Whether there are any, under either name. */
    public function areThere(): bool
    {
        return $this->isRenamed() || $this->isUnrenamed();
    }

    /** Whether they bear their first names: all three are renamed at once. */
    public function isUnrenamed(): bool
    {
        return self::exists($this->former(self::OLD_ONLY)) && $this->isOld();
    }

    /** What a move that broke off has left, where a backup of before has come back since. */
    public function dropRenamed(): void
    {
        global $wpdb;
        foreach (array_map($this->renamed(...), self::NAMES) as $table) {
            $wpdb->query("DROP TABLE IF EXISTS `$table`"); // phpcs:ignore WordPress.DB.PreparedSQL
        }
    }

    /**
     * All at once: MySQL renames several tables as one.
     *
     * @return bool false: there are none
     * @throws DatabaseException when the database refuses
     */
    public function rename(): bool
    {
        if ($this->isRenamed() || !$this->areThere()) {
            return $this->isRenamed();
        }
        global $wpdb;
        $pairs = implode(', ', array_map(fn(string $name): string => "`{$this->former($name)}` TO `{$this->renamed($name)}`", self::NAMES));
        // phpcs:ignore WordPress.DB.PreparedSQL
        if ($wpdb->query("RENAME TABLE $pairs") === false) {
            throw new DatabaseException('the site\'s database did not let the plugin\'s tables be renamed');
        }
        return true;
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
        foreach ($this->all() as $table) {
            $wpdb->query("DROP TABLE IF EXISTS `$table`"); // phpcs:ignore WordPress.DB.PreparedSQL
        }
    }

    /**
     * Under all names that are theirs alone.
     *
     * @return list<string>
     */
    public function all(): array
    {
        return [...array_map($this->renamed(...), self::NAMES), $this->former(self::OLD_ONLY)];
    }

    private function isOld(): bool
    {
        return $this->has(self::OLD_COLUMN) && !$this->has(self::NEW_COLUMN);
    }

    private function has(string $column): bool
    {
        global $wpdb;
        // phpcs:ignore WordPress.DB.PreparedSQL
        return $wpdb->get_var($wpdb->prepare("SHOW COLUMNS FROM `{$this->former('meetings')}` LIKE %s", $column)) !== null;
    }

    private function former(string $name): string
    {
        global $wpdb;
        return "$wpdb->prefix$this->family$name";
    }

    private function renamed(string $name): string
    {
        return $this->former("old_$name");
    }

    private static function exists(string $table): bool
    {
        global $wpdb;
        $found = $wpdb->get_var($wpdb->prepare('SHOW TABLES LIKE %s', $wpdb->esc_like($table)));
        // Some servers keep names in lower case.
        return $found !== null && strcasecmp($found, $table) === 0;
    }
}
