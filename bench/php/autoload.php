<?php
/** Loads the classes of the bench. */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Telemed\\Bench\\')) {
        require __DIR__ . '/' . substr($class, strlen('Telemed\\Bench\\')) . '.php';
    }
});
