<?php
/**
 * Plugin Name: KiviCare (stand-in)
 * Description: The interface of KiviCare's core as a telemed provider meets it, with the quirks that running the core showed. For tests only.
 * Version:     4.3.0
 * Text Domain: kivicare-clinic-management-system
 *
 * Written for these tests: it has KiviCare's names and behaviour and none of its code. What a test wants to be different
 * stands in the option kivicare_standin: see App\baseClasses\KCStandIn.
 */

declare(strict_types=1);

defined('ABSPATH') || exit;

define('KIVI_CARE_DIR', __DIR__ . '/');
define('KIVI_CARE_VERSION', (string) (((array) get_option('kivicare_standin', []))['version'] ?? '4.3.0'));
define('KIVI_CARE_PREFIX', 'kiviCare_');
define('KIVI_CARE_NAME', 'kivicare');

spl_autoload_register(static function (string $class): void {
    if (strncmp($class, 'App\\', 4) !== 0) {
        return;
    }
    $file = __DIR__ . '/app/' . str_replace('\\', '/', substr($class, 4)) . '.php';
    if ($class === 'App\\abstracts\\KCAbstractTelemedProvider') {
        App\baseClasses\KCStandIn::loadContract($file);
    } elseif (is_file($file)) {
        require $file;
    }
});
require_once __DIR__ . '/includes/functions.php';

register_activation_hook(__FILE__, static function (): void {
    App\baseClasses\KCInstaller::install();
});
App\baseClasses\KCApp::boot();

do_action('kivicare_loaded');
