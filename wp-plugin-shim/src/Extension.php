<?php
/**
 * Whether the PHP extension is there and new enough, and what is said when it is not.
 *
 * A PHP upgrade on the server takes the extension away. What was made keeps showing and join links keep working; the
 * administrators get a notice for as long as it lasts and one e-mail.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Mail\Mail;

defined('ABSPATH') || exit;

final class Extension
{
    public const MINIMUM = '0.1.0';
    /** The problem that was mailed, so that it is mailed once; made at activation, for a missing option costs a query. */
    public const OPTION_MAILED = 'telemed_extension_mailed';

    private readonly ?string $version;

    /** @param string|false|null $version for tests; null asks PHP, false is "not loaded" */
    public function __construct(string|false|null $version = null)
    {
        $found = $version ?? phpversion('telemed');
        $this->version = $found === false ? null : $found;
    }

    public function register(): void
    {
        add_action('init', [$this, 'watch'], 30);
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

    /** Mails once when the extension goes, and is ready to mail again once it was back. */
    public function watch(): void
    {
        // The command line often runs another PHP than the web server.
        if (PHP_SAPI === 'cli' || wp_installing()) {
            return;
        }
        $this->tellAdministrators();
    }

    public function tellAdministrators(): void
    {
        $problem = $this->problem();
        $mailed = (string) get_option(self::OPTION_MAILED, '');
        if ($problem === null) {
            if ($mailed !== '') {
                update_option(self::OPTION_MAILED, '');
            }
            return;
        }
        if ($mailed === '' && $this->claimMail($problem)) {
            Mail::administrators(
                __('Video visits are interrupted', 'telemed-zoom'),
                $problem . "\n\n" . $this->remedy() . "\n\n" .
                __('Visits that were made before keep showing, and the patients\' join links keep working. Doctors can start them in Zoom itself.', 'telemed-zoom')
            );
        }
    }

    /** Of requests at the same moment one mails. */
    private function claimMail(string $problem): bool
    {
        global $wpdb;
        $claimed = $wpdb->query($wpdb->prepare(
            "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND option_value = ''",
            $problem,
            self::OPTION_MAILED
        ));
        wp_cache_delete('alloptions', 'options');
        wp_cache_delete(self::OPTION_MAILED, 'options');
        return $claimed === 1;
    }
}
