<?php
/**
 * Moments that the processes of a site tell each other: until when Zoom counts as unreachable, when the worker last ran. On the
 * plugin's own connection, for an option would wait in a host's transaction.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

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
        return $row === null ? 0 : (new \DateTimeImmutable((string) $row['at'], new \DateTimeZone('UTC')))->getTimestamp();
    }

    public function set(string $name, int $moment): void
    {
        $this->database->execute(
            'INSERT INTO ' . Schema::signals() . ' (name, at) VALUES (?, ?) ON DUPLICATE KEY UPDATE at = VALUES(at)',
            [$name, gmdate('Y-m-d H:i:s', $moment)]
        );
    }

    public function clear(string $name): void
    {
        $this->database->execute('DELETE FROM ' . Schema::signals() . ' WHERE name = ?', [$name]);
    }
}
