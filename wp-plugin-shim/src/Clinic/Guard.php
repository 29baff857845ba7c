<?php
/**
 * Whether this site may act at Zoom: a copy of its database elsewhere would rotate every doctor's token and change the meetings
 * of the site that it was copied from. The fingerprint of the site that was set up lies in an option; where it does not fit,
 * or the environment is not production and nobody has allowed that, everything rests until an administrator answers. Where nothing
 * was ever set up there is nothing to ask: whoever sets it up there says by that which site it is.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\KnownSite;

defined('ABSPATH') || exit;

final class Guard
{
    public const OPTION = KnownSite::OPTION;
    /** Beside the database, so that a database brought to another installation shows. */
    private const INSTALL_FILE = 'telemed-install-id.txt';
    private const PRODUCTION = 'production';

    /** What lies in the file, once it was read: many ask in one request. */
    private static ?string $installId = null;

    public function register(): void
    {
        add_action('admin_init', [$this, 'rememberFirst']);
        add_action('update_option_' . Settings::OPTION, [$this, 'noteMode'], 10, 2);
        add_action('add_option_' . Settings::OPTION, fn(string $option, #[\SensitiveParameter] mixed $value) => $this->noteMode([], $value), 10, 2);
    }

    public function mayAct(): bool
    {
        return $this->doubt() === null;
    }

    /** @throws Problem when nothing is done at Zoom from here */
    public function demand(): void
    {
        $doubt = $this->doubt();
        if ($doubt !== null) {
            throw new Problem('telemed_copy', $doubt, __('An administrator opens the dashboard of this site and answers whether the site has moved or is a copy.', 'telemed-zoom'), 409);
        }
    }

    /** Why everything rests, in one sentence; null when it does not. */
    public function doubt(): ?string
    {
        if ($this->isRestingCopy()) {
            return self::mismatch() ?? __('this site is a copy, and nobody has chosen yet how it uses Zoom', 'telemed-zoom');
        }
        $mismatch = self::mismatch();
        return $mismatch !== null && self::isSetUp(get_option(Settings::OPTION)) ? $mismatch : null;
    }

    /** In what the site differs from the one that was set up; null: in nothing. */
    private static function mismatch(): ?string
    {
        $known = KnownSite::stored();
        if ($known !== null && $known['address'] !== KnownSite::address()) {
            return sprintf(
                /* translators: 1: address of the site as it was set up, 2: its address now */
                __('video visits were set up at %1$s, and this site answers at %2$s: nothing is done at Zoom from here', 'telemed-zoom'),
                $known['address'],
                KnownSite::address()
            );
        }
        if ($known !== null && $known['database'] !== DB_NAME) {
            return __('video visits were set up with another database: nothing is done at Zoom from here', 'telemed-zoom');
        }
        // Another web server of the same site may not have the file; one that has another's is another installation.
        $install = self::installId();
        if ($known !== null && $known['install'] !== '' && $install !== '' && $known['install'] !== $install) {
            return __('video visits were set up in another installation of WordPress: nothing is done at Zoom from here', 'telemed-zoom');
        }
        $environment = wp_get_environment_type();
        if ($environment !== self::PRODUCTION && $environment !== ($known['environment'] ?? '')) {
            return sprintf(
                /* translators: %s: staging, development or local */
                __('this site says that it is no production site (%s): nothing is done at Zoom from here', 'telemed-zoom'),
                $environment
            );
        }
        return null;
    }

    /** Whether somebody has answered that this is a copy, and not yet chosen how that uses Zoom. */
    public function isRestingCopy(): bool
    {
        return KnownSite::stored()['resting'] ?? false;
    }

    /** When an administrator comes by after an update; else it was remembered at activation. */
    public function rememberFirst(): void
    {
        if (get_option(self::OPTION) === false && Capabilities::isAdmin()) {
            $this->remember('');
        }
    }

    /** The site is this one from now on, whatever it was. */
    public function remember(?string $environment = null, bool $resting = false): void
    {
        update_option(self::OPTION, [
            'address' => KnownSite::address(),
            'url' => KnownSite::presentUrl(),
            'site_url' => untrailingslashit((string) get_option('siteurl')),
            'database' => DB_NAME,
            'install' => self::installId() ?: self::newInstallId(),
            'environment' => $environment ?? wp_get_environment_type(),
            'resting' => $resting,
        ]);
    }

    /**
     * Whether there is, or may be, anything at Zoom that a copy could harm: a mode, or credentials.
     *
     * @param mixed $settings as the option holds them
     */
    private static function isSetUp(#[\SensitiveParameter] mixed $settings): bool
    {
        $entered = array_filter(array_intersect_key(is_array($settings) ? $settings : [], array_flip(['mode', ...Settings::CREDENTIALS])));
        /**
         * Filters whether there is, or may be, anything at Zoom that a copy of this site could harm.
         *
         * For an appointment system that has credentials for Zoom of its own.
         *
         * @since 0.1.0
         * @api
         *
         * @param bool $is_set_up Whether this plugin itself has.
         */
        return (bool) apply_filters('telemed_is_set_up', $entered !== []);
    }

    /**
     * Whoever sets it up for the first time says by that which site it is. Choosing the mode again ends a copy's rest.
     *
     * @param mixed $before
     * @param mixed $after
     */
    public function noteMode(#[\SensitiveParameter] mixed $before, #[\SensitiveParameter] mixed $after): void
    {
        $known = KnownSite::stored();
        if (!($known['resting'] ?? false) && !self::isSetUp($before) && self::isSetUp($after)) {
            $this->remember();
            return;
        }
        if ($known !== null && $known['resting'] && is_array($after) && ($after['mode'] ?? '') !== '') {
            update_option(self::OPTION, ['resting' => false] + $known);
        }
    }

    /** '' where there is none. */
    private static function installId(): string
    {
        if (self::$installId === null) {
            $file = self::installFile();
            $id = is_readable($file) ? trim((string) file_get_contents($file, false, null, 0, 64)) : '';
            self::$installId = preg_match('/^[0-9a-f]{32}$/', $id) === 1 ? $id : '';
        }
        return self::$installId;
    }

    /** '' where nothing can be written. */
    private static function newInstallId(): string
    {
        $id = bin2hex(random_bytes(16));
        $file = self::installFile();
        self::$installId = null;
        return wp_is_writable(dirname($file)) && file_put_contents($file, $id . "\n", LOCK_EX) !== false ? $id : '';
    }

    /** The plugin leaves nothing beside the database either. */
    public static function removeFile(): void
    {
        self::$installId = null;
        if (is_file(self::installFile())) {
            wp_delete_file(self::installFile());
        }
    }

    private static function installFile(): string
    {
        return WP_CONTENT_DIR . '/' . self::INSTALL_FILE;
    }
}
