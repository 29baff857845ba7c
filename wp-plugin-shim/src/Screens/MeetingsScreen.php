<?php
/**
 * The screen Telemed, Meetings: the list.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\ErrorText;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class MeetingsScreen
{
    /** @param \Closure(): MeetingsTable $table can be made on the screen only */
    public function __construct(private readonly \Closure $table, private readonly ConnectReminder $reminder)
    {
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addMenu']);
    }

    public function addMenu(): void
    {
        $capability = Capabilities::menu();
        add_menu_page(
            __('Telemed meetings', 'telemed-zoom'),
            __('Telemed', 'telemed-zoom'),
            $capability,
            AdminPages::MEETINGS,
            [$this, 'show'],
            'dashicons-video-alt2',
            58
        );
        add_submenu_page(AdminPages::MEETINGS, __('Telemed meetings', 'telemed-zoom'), __('Meetings', 'telemed-zoom'), $capability, AdminPages::MEETINGS, [$this, 'show']);
    }

    public function show(): void
    {
        $table = ($this->table)();
        echo '<div class="wrap" id="telemed-meetings"><h1 class="wp-heading-inline">' . esc_html__('Meetings', 'telemed-zoom') . '</h1>';
        printf(
            '<a href="%s" class="page-title-action">%s</a><hr class="wp-header-end">',
            esc_url(AdminPages::newMeeting()),
            esc_html__('New meeting', 'telemed-zoom')
        );
        $this->reminder->print();
        try {
            $table->prepare_items();
            $table->views();
            $table->display();
            ReconcileScreen::print();
        } catch (DatabaseException $failure) {
            Notice::print('error', esc_html(ErrorText::of($failure)));
        }
        echo '</div>';
    }
}
