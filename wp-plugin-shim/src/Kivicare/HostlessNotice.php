<?php
/**
 * Tells administrators of KiviCare's doctors who hold no video visits because they have no Zoom host, such as one who is new:
 * KiviCare offers none of their video services and does not say why.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Parts;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class HostlessNotice
{
    private const SCREENS = ['dashboard', 'users', 'plugins'];

    public function __construct(private readonly Parts $plugin)
    {
    }

    public function register(): void
    {
        add_action('admin_notices', [$this, 'show']);
    }

    public function show(): void
    {
        $isShown = AdminPages::isOwn() || in_array(get_current_screen()?->id, self::SCREENS, true);
        if (!$isShown || !Capabilities::isAdmin() || !$this->plugin->settings->hostsAreMapped() || !$this->plugin->settings->isComplete()) {
            return;
        }
        $doctors = ClinicAccountSetup::without($this->plugin);
        if ($doctors === []) {
            return;
        }
        Notice::print('warning', sprintf(
            /* translators: %s: names of doctors */
            esc_html__('KiviCare offers no video visits with these doctors, for they have no Zoom host yet: %s.', 'telemed-zoom'),
            '<strong>' . esc_html(implode(', ', array_map(static fn(\WP_User $doctor): string => $doctor->display_name, $doctors))) . '</strong>'
        ) . ' <a href="' . esc_url(AdminPages::doctors()) . '">' . esc_html__('Choose their hosts', 'telemed-zoom') . '</a>', 'telemed-kivicare-hostless');
    }
}
