<?php
/**
 * The plugin's place beside KiviCare 4: what the core looks for when it asks whether there is a telemed add-on. Where the
 * core is absent nothing here runs; where the commercial add-on is active ours stands down; where a core update has changed
 * the classes that ours extend, no provider is registered, and what was made goes on.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Mail\Mail;
use TelemedZoom\Parts;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Notice;
use TelemedZoom\Site\PluginFile;

defined('ABSPATH') || exit;

final class Presence
{
    /** The oldest and the newest core that this version was tried with. */
    private const OLDEST_KNOWN = '4.0.4';
    public const NEWEST_KNOWN = '4.3.0';
    /** The generation of the commercial add-on whose place we take; the core refuses anything below 4.0.0. */
    private const STANDS_FOR = '4.3.0';
    private const COMMERCIAL = 'kivicare-telemed-addon/kivicare-telemed-addon.php';
    private const MODEL = 'KCTApp\models\KCTAppointmentZoomMapping';
    /** The mismatch that was mailed, so that it is mailed once. */
    private const OPTION_MAILED = 'telemed_kivicare_mailed';

    private ?string $mismatch = null;

    public function __construct(private readonly Parts $plugin)
    {
    }

    /** Whether we take the add-on's place in this request. */
    public static function isOurs(): bool
    {
        return defined('KIVICARE_TELEMED_DIR') && KIVICARE_TELEMED_DIR === self::folder();
    }

    public function register(): void
    {
        // For a core that is activated in this very request, too.
        (new MappingTable())->register();
        if (did_action('plugins_loaded')) {
            $this->begin();
        } else {
            add_action('plugins_loaded', [$this, 'begin'], 5);
        }
    }

    public function begin(): void
    {
        if (!Core::isThere()) {
            if (defined('KIVI_CARE_VERSION')) {
                add_action('admin_notices', [$this, 'showTooOld']);
            }
            return;
        }
        if (version_compare((string) KIVI_CARE_VERSION, self::NEWEST_KNOWN, '>')) {
            add_action('admin_notices', [$this, 'showNewer']);
        }
        if (self::isCommercialAddonActive()) {
            add_action('admin_notices', [$this, 'showStandDown']);
            return;
        }
        define('KIVICARE_TELEMED_VERSION', self::STANDS_FOR);
        defined('KIVICARE_TELEMED_PREFIX') || define('KIVICARE_TELEMED_PREFIX', 'kiviCare_');
        define('KIVICARE_TELEMED_DIR', self::folder());
        define('KIVICARE_TELEMED_BASE_PATH', plugin_dir_url(PluginFile::path()));
        (new Services($this->plugin))->register();
        // On init, for the core's class loader and translations are ready by then, and its factory runs at 10.
        add_action('init', [$this, 'takePlace'], 1);
    }

    /** Registers what extends the core's classes, if it still fits them. */
    public function takePlace(): void
    {
        $this->mismatch = Contract::problem();
        if ($this->mismatch !== null) {
            add_action('admin_notices', [$this, 'showMismatch']);
            $this->mailOnce();
            return;
        }
        if (is_admin()) {
            update_option(self::OPTION_MAILED, '');
        }
        spl_autoload_register(static function (string $class): void {
            if ($class === self::MODEL) {
                require __DIR__ . '/core/KCTAppointmentZoomMapping.php';
            }
        });
        add_filter('kc_telemed_providers', [self::class, 'addProvider']);
        add_action('kivicare_register_modules', [self::class, 'addController']);
    }

    /**
     * @param array<string, array<string, string>> $providers
     * @return array<string, array<string, string>>
     */
    public static function addProvider(array $providers): array
    {
        $providers[Core::PROVIDER] = [
            'class' => Provider::class,
            'settings_key' => CoreSettings::OPTION,
            'name' => 'Zoom',
            'description' => __('Video visits on Zoom by Telemed for Zoom', 'telemed-zoom'),
        ];
        return $providers;
    }

    /** @param object $registry the core's KCModuleRegistry */
    public static function addController(object $registry): void
    {
        $registry->registerModuleController('system', 'zoom_telemed', ZoomTelemedController::class);
    }

    public function showStandDown(): void
    {
        if (Capabilities::isAdmin()) {
            Notice::print(
                'warning',
                esc_html__('The KiviCare Telemed add-on is active, so Telemed for Zoom leaves KiviCare\'s video visits to it. To move in, deactivate that add-on; its settings stay and can be taken over.', 'telemed-zoom'),
                'telemed-kivicare-stand-down'
            );
        }
    }

    public function showMismatch(): void
    {
        if (Capabilities::isAdmin()) {
            Notice::print('error', esc_html($this->mismatchText()), 'telemed-kivicare-mismatch');
        }
    }

    /** KiviCare 3 and older ask for their add-ons in another way. */
    public function showTooOld(): void
    {
        if (Capabilities::isAdmin()) {
            Notice::print('error', esc_html(sprintf(
                /* translators: 1: version of KiviCare, 2: version of this plugin, 3 and 4: versions of KiviCare */
                __('KiviCare %1$s is too old for Telemed for Zoom %2$s, which works with KiviCare %3$s to %4$s: no video visit of KiviCare is held through it. Update KiviCare. Visits that are booked under Telemed itself are not concerned.', 'telemed-zoom'),
                (string) KIVI_CARE_VERSION,
                PluginFile::VERSION,
                self::OLDEST_KNOWN,
                self::NEWEST_KNOWN
            )), 'telemed-kivicare-too-old');
        }
    }

    /** A core that is newer than what was tried, on the screens where one looks for such news. */
    public function showNewer(): void
    {
        $isShown = AdminPages::isOwn() || in_array(get_current_screen()?->id, ['dashboard', 'plugins'], true);
        // What does not fit has a notice of its own.
        if ($this->mismatch === null && $isShown && Capabilities::isAdmin()) {
            Notice::print('warning', esc_html(sprintf(
                /* translators: 1: version of KiviCare, 2: version of this plugin, 3: version of KiviCare */
                __('KiviCare %1$s is newer than the newest that Telemed for Zoom %2$s was tried with, %3$s. Its classes fit and video visits go on. Book, move and cancel one to see, and look for an update of Telemed for Zoom.', 'telemed-zoom'),
                (string) KIVI_CARE_VERSION,
                PluginFile::VERSION,
                self::NEWEST_KNOWN
            )), 'telemed-kivicare-newer');
        }
    }

    private function mismatchText(): string
    {
        return sprintf(
            /* translators: 1: version of KiviCare, 2: version of this plugin, 3: what changed */
            __('KiviCare %1$s does not fit Telemed for Zoom %2$s: %3$s. No new video visits can be booked in KiviCare until Telemed for Zoom is updated or KiviCare goes back to its former version. Visits that were booked before go on: their links work, and moves and cancellations reach Zoom.', 'telemed-zoom'),
            (string) KIVI_CARE_VERSION,
            PluginFile::VERSION,
            (string) $this->mismatch
        );
    }

    private function mailOnce(): void
    {
        global $wpdb;
        if (wp_installing() || get_option(self::OPTION_MAILED) === $this->mismatch) {
            return;
        }
        // Of requests at the same moment one mails.
        $claimed = $wpdb->query($wpdb->prepare(
            "INSERT INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'yes')
             ON DUPLICATE KEY UPDATE option_value = VALUES(option_value)",
            self::OPTION_MAILED,
            (string) $this->mismatch
        ));
        wp_cache_delete('alloptions', 'options');
        wp_cache_delete('notoptions', 'options');
        wp_cache_delete(self::OPTION_MAILED, 'options');
        if ($claimed > 0) {
            Mail::administrators(__('Video visits cannot be booked after an update of KiviCare', 'telemed-zoom'), $this->mismatchText());
        }
    }

    private static function isCommercialAddonActive(): bool
    {
        $active = (array) get_option('active_plugins', []);
        if (is_multisite()) {
            $active = array_merge($active, array_keys((array) get_site_option('active_sitewide_plugins', [])));
        }
        return defined('KIVICARE_TELEMED_VERSION') || defined('KIVI_CARE_TELEMED_VERSION') || in_array(self::COMMERCIAL, $active, true);
    }

    private static function folder(): string
    {
        return plugin_dir_path(PluginFile::path());
    }
}
