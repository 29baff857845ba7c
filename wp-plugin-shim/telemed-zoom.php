<?php
/**
 * Plugin Name:       Telemed for Zoom
 * Description:       Video visits on Zoom: each doctor's own Zoom account (OAuth 2.0) or the clinic's (Server-to-Server). Needs the PHP extension telemed.
 * Version:           0.2.0
 * Requires at least: 6.1
 * Requires PHP:      8.1
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       telemed-zoom
 * Update URI:        false
 *
 * This file only starts the plugin: autoloader, functions, Plugin::boot(). Everything else lives in src/, one class per concern.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

defined('ABSPATH') || exit;

// WordPress checks "Requires PHP" at activation only; a host may change its PHP afterwards.
if (PHP_VERSION_ID < 80100) {
    add_action('admin_notices', static function () {
        if (current_user_can('manage_options')) {
            echo '<div class="notice notice-error"><p>' .
                esc_html__('Telemed for Zoom is resting: it needs PHP 8.1 or newer.', 'telemed-zoom') . '</p></div>';
        }
    });
    return;
}

// PHP 8.1 cannot be told which arguments are secret, so there none stands in a trace.
if (PHP_VERSION_ID < 80200 && function_exists('ini_set')) {
    ini_set('zend.exception_ignore_args', '1'); // phpcs:ignore WordPress.PHP.IniSet
}

require_once __DIR__ . '/src/autoload.php';
require_once __DIR__ . '/src/functions.php';

TelemedZoom\Plugin::boot(__FILE__);
