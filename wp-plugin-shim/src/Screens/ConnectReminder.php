<?php
/**
 * Reminds doctors above the list of meetings that their Zoom account is not connected.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Connections\ConnectionMails;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class ConnectReminder
{
    public function __construct(
        private readonly Settings $settings,
        private readonly ZoomApps $apps,
        private readonly LedgerQueries $queries
    ) {
    }

    /** The profile page is where a doctor would not look. */
    public function print(): void
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
}
