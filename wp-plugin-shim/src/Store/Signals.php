<?php
/**
 * Moments that the processes of a site tell each other: that Zoom counts as unreachable, when the worker last ran, when a
 * doctor removed the app at Zoom. On the plugin's own connection, for an option would wait in a host's transaction.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Site\Database;

defined('ABSPATH') || exit;

final class Signals
{
    public function __construct(private readonly Database $database)
    {
    }

    /** Unix seconds; 0 when it was never set. */
    public function get(string $name): int
    {
        $row = $this->database->row('SELECT at FROM ' . Schema::signals() . ' WHERE name = ?', [$name]);
        return $row === null ? 0 : self::seconds($row);
    }

    /** @return array<string, int> Unix seconds by name */
    public function startingWith(string $prefix): array
    {
        $rows = $this->database->rows(
            'SELECT name, at FROM ' . Schema::signals() . ' WHERE name >= ? AND name < ?',
            [$prefix, $prefix . '~']
        );
        return array_combine(array_column($rows, 'name'), array_map([self::class, 'seconds'], $rows));
    }

    public function set(string $name, int $moment): void
    {
        $this->database->execute(
            'INSERT INTO ' . Schema::signals() . ' (name, at) VALUES (?, ?) ON DUPLICATE KEY UPDATE at = VALUES(at)',
            [$name, gmdate('Y-m-d H:i:s', $moment)]
        );
    }

    /** @return bool false: somebody else was faster */
    public function clear(string $name): bool
    {
        return 1 === $this->database->execute('DELETE FROM ' . Schema::signals() . ' WHERE name = ?', [$name]);
    }

    /** @param array<string, mixed> $row */
    private static function seconds(array $row): int
    {
        return (new \DateTimeImmutable((string) $row['at'], new \DateTimeZone('UTC')))->getTimestamp();
    }
}
