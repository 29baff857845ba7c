<?php
/**
 * Uninstalling: revokes at Zoom what can be revoked and deletes all of the plugin's data. Meetings at Zoom stay.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

defined('WP_UNINSTALL_PLUGIN') || exit;

if (PHP_VERSION_ID < 80100) {
    return;
}

require_once __DIR__ . '/src/autoload.php';

(new TelemedZoom\Care\Uninstall())->run();
