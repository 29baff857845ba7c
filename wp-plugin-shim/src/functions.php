<?php
/**
 * The functions that other plugins may call.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

defined('ABSPATH') || exit;

/**
 * Video visits, for other plugins. Ask for it when the plugins are loaded, and whether it exists: function_exists('telemed_visits').
 *
 * @since 0.2.0
 * @api
 *
 * @return \TelemedZoom\Api What can be called; docs/adapters.md shows how.
 */
function telemed_visits(): TelemedZoom\Api
{
    return TelemedZoom\Api::instance();
}
