<?php
/**
 * Whether the PHP extension is there and new enough, and what is said when it is not.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;


defined('ABSPATH') || exit;

final class Extension
{
    public const MINIMUM = '0.2.0';

    private readonly ?string $version;

    /** @param string|false|null $version for tests; null asks PHP, false is "not loaded" */
    public function __construct(string|false|null $version = null)
    {
        $found = $version ?? phpversion('telemed');
        $this->version = $found === false ? null : $found;
    }

    public function version(): ?string
    {
        return $this->version;
    }

    public function isUsable(): bool
    {
        return $this->version !== null && version_compare($this->version, self::MINIMUM, '>=');
    }

    /** What is wrong, in one sentence; null when all is well. */
    public function problem(): ?string
    {
        if ($this->isUsable()) {
            return null;
        }
        if ($this->version === null) {
            return sprintf(
                /* translators: %s: PHP version */
                __('The PHP extension telemed is not loaded in this PHP (%s), so no video visit can be made, moved, cancelled or started from here.', 'telemed-zoom'),
                PHP_VERSION
            );
        }
        return sprintf(
            /* translators: 1: version found, 2: version needed */
            __('The PHP extension telemed is too old: version %1$s is loaded, version %2$s or newer is needed, so no video visit can be made, moved, cancelled or started from here.', 'telemed-zoom'),
            $this->version,
            self::MINIMUM
        );
    }

    /** What to install, for the person who looks after the server. */
    public function remedy(): string
    {
        return sprintf(
            /* translators: 1: version needed, 2: PHP version such as 8.2, 3: server interface such as fpm-fcgi */
            __('Install telemed.so %1$s or newer, built for PHP %2$s (%3$s), into PHP\'s extension directory %4$s, add "extension=telemed" to PHP\'s configuration and restart PHP. After an upgrade of PHP the extension has to be installed again for the new version.', 'telemed-zoom'),
            self::MINIMUM,
            PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION . (PHP_ZTS ? ' ZTS' : ''),
            PHP_SAPI,
            (string) ini_get('extension_dir')
        );
    }

    /** @throws Problem when it cannot be used */
    public function demand(): void
    {
        $problem = $this->problem();
        if ($problem !== null) {
            throw new Problem('telemed_extension_missing', $problem, __('An administrator of this site has been told what to install.', 'telemed-zoom'), 503);
        }
    }
}
