<?php

/**
 * Prepares the tests of what the extension does to memory.
 *
 * @see scripts/test
 */

declare(strict_types=1);

require dirname(__DIR__) . '/extension/bootstrap.php';

spl_autoload_register(
    static function (string $class): void {
        $prefix = 'Telemed\\Tests\\Memory\\';
        if (str_starts_with($class, $prefix)) {
            $file = __DIR__ . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (is_file($file)) {
                require $file;
            }
        }
    }
);
