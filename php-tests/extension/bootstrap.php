<?php

/**
 * Prepares the tests of the extension against fake-zoom.
 *
 * @see scripts/test
 */

declare(strict_types=1);

if (! extension_loaded('telemed')) {
    fwrite(STDERR, "The extension telemed is not loaded: run scripts/test extension.\n");
    exit(1);
}
foreach (array('FAKE_ZOOM_HTTP', 'FAKE_ZOOM_HTTPS', 'FAKE_ZOOM_CA') as $name) {
    if (! getenv($name)) {
        fwrite(STDERR, "{$name} is not set: run scripts/test extension.\n");
        exit(1);
    }
}

require_once dirname(__DIR__) . '/support/autoload.php';

spl_autoload_register(
    static function (string $class): void {
        $prefix = 'Telemed\\Tests\\Extension\\';
        if (0 === strpos($class, $prefix)) {
            $file = __DIR__ . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (is_file($file)) {
                require $file;
            }
        }
    }
);
