<?php

/** Loads the classes of this folder by name. */

declare(strict_types=1);

spl_autoload_register(
    static function (string $class): void {
        $prefix = 'Telemed\\Tests\\';
        if (str_starts_with($class, $prefix)) {
            $file = __DIR__ . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (is_file($file)) {
                require $file;
            }
        }
    }
);
