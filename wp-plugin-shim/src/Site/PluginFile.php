<?php
/**
 * The plugin's main file, by which WordPress knows it, and its version.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class PluginFile
{
    public const VERSION = '0.2.0';

    private static string $path = '';

    public static function set(string $path): void
    {
        self::$path = $path;
    }

    public static function path(): string
    {
        return self::$path;
    }
}
