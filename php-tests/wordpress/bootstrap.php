<?php

/**
 * Prepares the tests of the plugin in a real WordPress. They run outside of it and speak to it as browsers do.
 *
 * @see scripts/test
 */

declare(strict_types=1);

foreach (array('TELEMED_SITE_STATE', 'TELEMED_BARE_SITE_STATE') as $name) {
    if (! is_file((string) getenv($name))) {
        fwrite(STDERR, "{$name} names no state file of a site: run scripts/test wordpress.\n");
        exit(1);
    }
}

require_once dirname(__DIR__) . '/support/autoload.php';

spl_autoload_register(
    static function (string $class): void {
        foreach (array('Telemed\\Tests\\WordPress\\' => __DIR__, 'Telemed\\Tests\\Adapter\\' => dirname(__DIR__) . '/adapter') as $prefix => $folder) {
            $file = $folder . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (str_starts_with($class, $prefix) && is_file($file)) {
                require $file;
            }
        }
    }
);
