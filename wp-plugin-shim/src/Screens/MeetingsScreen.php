<?php
/**
 * The screen Telemed, Meetings: the list and its actions.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Connections\ConnectionMails;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Mail\WaitingMails;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Work\ManualVisits;

defined('ABSPATH') || exit;

final class MeetingsScreen
{

    public function __construct(
        private readonly ManualVisits $manual,
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly Overlaps $overlaps,
        private readonly Standing $standing,
        private readonly WaitingMails $waiting,
        private readonly Settings $settings,
        private readonly ZoomApps $apps,
        private readonly StartLink $startLink
    ) {
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addMenu']);
        AdminPost::on(MeetingHtml::ACTION_CANCEL, 'read', [$this, 'cancel']);
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
        $table = new MeetingsTable($this->queries, $this->overlaps, $this->standing, $this->waiting, $this->startLink, $this->settings);
        echo '<div class="wrap" id="telemed-meetings"><h1 class="wp-heading-inline">' . esc_html__('Meetings', 'telemed-zoom') . '</h1>';
        printf(
            '<a href="%s" class="page-title-action">%s</a><hr class="wp-header-end">',
            esc_url(AdminPages::newMeeting()),
            esc_html__('New meeting', 'telemed-zoom')
        );
        $this->remindToConnect();
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

    /** The profile page is where a doctor would not look. */
    private function remindToConnect(): void
    {
        $isTold = ConnectionMails::isTold(get_current_user_id());
        if (!$this->settings->doctorsConnect() || !Capabilities::isDoctor() || Capabilities::isAdmin() || $isTold) {
            return;
        }
        try {
            $connection = $this->apps->connection(get_current_user_id());
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            return;
        }
        if ($connection?->status() !== 'connected') {
            Notice::print(
                'warning',
                esc_html__('Your Zoom account is not connected, so no new visit of yours can be made, and none that was made through it can be started.', 'telemed-zoom') .
                    ($this->hasVisitsOfFormerApp() ? ' ' . esc_html__('Visits that the clinic\'s former Zoom app has made can be started all the same.', 'telemed-zoom') : '') .
                    ' <a href="' . esc_url(AdminPages::profile()) . '">' . esc_html__('Connect it on your profile', 'telemed-zoom') . '</a>',
                'telemed-connect-notice'
            );
        }
    }

    private function hasVisitsOfFormerApp(): bool
    {
        try {
            $rows = $this->queries->upcomingOfDoctor(get_current_user_id());
        } catch (DatabaseException) {
            return false;
        }
        $app = $this->settings->text('oauth_client_id');
        return array_filter($rows, static fn(MeetingRecord $row): bool => $row->isReady() && ($row->mode !== Mode::OAuth || $row->app !== $app)) !== [];
    }

    /** @param array<string, mixed> $fields */
    public function cancel(array $fields): string
    {
        $id = AdminPost::number($fields, 'meeting');
        try {
            if (!Capabilities::mayManage($this->ledger->demand($id)->doctor)) {
                AdminPost::forbid();
            }
            $this->manual->cancel($id);
            Notice::flash('success', __('The meeting is cancelled.', 'telemed-zoom'));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('The meeting was not cancelled:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
        }
        return AdminPages::meetings(AdminPost::text($fields, 'when'));
    }
}
