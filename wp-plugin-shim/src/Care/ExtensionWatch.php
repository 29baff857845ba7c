<?php
/**
 * Tells the administrators when a PHP upgrade on the server has taken the extension away: one e-mail. What was made keeps showing, and
 * join links keep working.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use TelemedZoom\Extension;
use TelemedZoom\Mail\Mail;

defined('ABSPATH') || exit;

final class ExtensionWatch
{
    /** The problem that was mailed, so that it is mailed once; made at activation, for a missing option costs a query. */
    public const OPTION_MAILED = 'telemed_extension_mailed';

    public function __construct(private readonly Extension $extension)
    {
    }

    public function register(): void
    {
        add_action('init', [$this, 'watch'], 30);
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
        $problem = $this->extension->problem();
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
                $problem . "\n\n" . $this->extension->remedy() . "\n\n" .
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
