<?php
/**
 * Tells administrators, on our screens and the dashboard, that the worker does not come by, and which line of a crontab mends it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Care\Heartbeat;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class HeartbeatNotice
{
    private const DASHBOARD = 'dashboard';

    public function __construct(private readonly Heartbeat $heartbeat)
    {
    }

    public function register(): void
    {
        add_action('admin_notices', [$this, 'show']);
    }

    public function show(): void
    {
        if (!Capabilities::isAdmin() || !(AdminPages::isOwn() || get_current_screen()?->id === self::DASHBOARD)) {
            return;
        }
        try {
            $since = $this->heartbeat->quietSince();
        } catch (DatabaseException) {
            // Told where it matters.
            return;
        }
        if ($since === null) {
            return;
        }
        echo '<div class="notice notice-error" id="telemed-heartbeat-notice"><p><strong>' . esc_html__('Telemed for Zoom:', 'telemed-zoom') . '</strong> ' .
            esc_html(sprintf(
                /* translators: %s: date and time */
                __('since %s visits wait for something to be done at Zoom, and nothing has run on this site.', 'telemed-zoom'),
                (string) wp_date(get_option('date_format') . ', ' . get_option('time_format'), $since->getTimestamp(), wp_timezone())
            )) . '</p><p>' .
            esc_html__('WordPress runs such work only while somebody visits the site, and not at all where DISABLE_WP_CRON is set. Give the server a system cron with this line:', 'telemed-zoom') . '</p><p>';
        SettingsPage::printCopyable('telemed-cron-line', Heartbeat::cronLine(), __('Line for the crontab', 'telemed-zoom'));
        echo '</p><p>' . esc_html__('Without WP-CLI, with one of these:', 'telemed-zoom') . '</p><p>';
        foreach (Heartbeat::cronLinesWithoutCli() as $number => $line) {
            /* translators: %d: 1 for the first, 2 for the second */
            SettingsPage::printCopyable('telemed-cron-line-' . ($number + 1), $line, sprintf(__('Line for the crontab without WP-CLI, %d', 'telemed-zoom'), $number + 1));
        }
        echo '</p></div>';
    }
}
