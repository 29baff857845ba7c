<?php
/**
 * KiviCare's core as far as everything here depends on it: whether it is there, and what it calls us.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

defined('ABSPATH') || exit;

final class Core
{
    /** The oldest core with providers; older ones speak in filters and are another interface. */
    public const LEAST = '4.0.0';
    /** Our provider of video visits, in the core's words. */
    public const PROVIDER = 'zoom';

    /** Before plugins_loaded is over, the core may not be loaded yet. */
    public static function isThere(): bool
    {
        return defined('KIVI_CARE_VERSION') && defined('KIVI_CARE_NAME')
            && version_compare((string) KIVI_CARE_VERSION, self::LEAST, '>=');
    }
}
