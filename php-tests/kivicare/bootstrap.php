<?php

/**
 * Prepares the tests of the plugin beside KiviCare: a stand-in with the core's interface and quirks, driven over HTTP as the
 * core's screens do.
 *
 * @see scripts/test
 */

declare(strict_types=1);

require_once dirname(__DIR__) . '/wordpress/bootstrap.php';

spl_autoload_register(
    static function (string $class): void {
        $prefix = 'Telemed\\Tests\\Kivicare\\';
        if (str_starts_with($class, $prefix)) {
            $file = __DIR__ . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (is_file($file)) {
                require $file;
            }
        }
    }
);
