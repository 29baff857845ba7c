<?php
/**
 * One meeting's own screen: what is wanted and what is known, what a person can do about it, and the log.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Care\LogText;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class MeetingScreen
{
    public function __construct(
        private readonly Ledger $ledger,
        private readonly Standing $standing,
        private readonly MeetingLog $log,
        private readonly MeetingFacts $facts,
        private readonly UncertainMeetingForm $uncertain,
        private readonly ChangeMeetingForm $change
    ) {
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addPage']);
        // Known to WordPress, with its title and capability, but no entry of the menu.
        add_action('admin_head', static fn() => remove_submenu_page(AdminPages::MEETINGS, AdminPages::MEETING));
        add_filter('submenu_file', static fn($file) => ($GLOBALS['plugin_page'] ?? '') === AdminPages::MEETING ? AdminPages::MEETINGS : $file);
    }

    public function addPage(): void
    {
        $title = __('Meeting', 'telemed-zoom');
        $hook = (string) add_submenu_page(AdminPages::MEETINGS, $title, $title, Capabilities::menu(), AdminPages::MEETING, [$this, 'show']);
        add_action('load-' . $hook, static function (): void {
            nocache_headers();
            header('Cache-Control: no-store, private, max-age=0');
        });
    }

    public function show(): void
    {
        $id = $_GET['id'] ?? ''; // phpcs:ignore WordPress.Security.NonceVerification
        echo '<div class="wrap" id="telemed-meeting"><h1>' . esc_html__('Meeting', 'telemed-zoom') . '</h1>';
        printf('<p><a href="%s">%s</a></p>', esc_url(AdminPages::meetings()), esc_html__('Back to the meetings', 'telemed-zoom'));
        try {
            $row = is_string($id) && ctype_digit($id) ? $this->ledger->find((int) $id) : null;
            // Somebody else's looks like none.
            if ($row === null || !Capabilities::mayManage($row->doctor)) {
                Notice::print('error', esc_html__('There is no such meeting, or it belongs to another doctor.', 'telemed-zoom'), 'telemed-no-meeting');
            } else {
                $this->print($this->standing->shownOne($row));
            }
        } catch (DatabaseException $failure) {
            Notice::print('error', esc_html(ErrorText::of($failure)));
        }
        echo '</div>';
    }

    private function print(MeetingRecord $row): void
    {
        $this->facts->print($row);
        if ($row->state === MeetingState::Uncertain && !$row->isOver()) {
            $this->uncertain->print($row);
        }
        $this->printButtons($row);
        $this->change->print($row);
        $this->printLog($row);
    }

    private function printButtons(MeetingRecord $row): void
    {
        if ($row->isOver()) {
            return;
        }
        echo '<p id="telemed-meeting-buttons">';
        $fields = ['meeting' => $row->id];
        if ($row->state->isOpen()) {
            AdminPost::button(MeetingHtml::ACTION_TRY, __('Try now', 'telemed-zoom'), $fields, 'button button-primary telemed-try');
        }
        if ($row->state === MeetingState::Uncertain) {
            AdminPost::button(
                MeetingHtml::ACTION_RECREATE,
                __('There is no such meeting at Zoom: make one', 'telemed-zoom'),
                $fields,
                'button button-primary telemed-recreate',
                __('Have you looked at Zoom? If there is one after all, the host has two meetings.', 'telemed-zoom')
            );
        }
        if ($row->state->isLive() && ManualSource::isNamed($row->source)) {
            AdminPost::button(
                MeetingHtml::ACTION_CANCEL,
                __('Cancel', 'telemed-zoom'),
                $fields,
                'button button-link-delete telemed-cancel',
                __('Cancel this meeting? Its join link will stop working.', 'telemed-zoom')
            );
        }
        echo '</p>';
    }

    private function printLog(MeetingRecord $row): void
    {
        echo '<h2>' . esc_html__('Log', 'telemed-zoom') . '</h2><table class="widefat striped telemed-table" id="telemed-log"><thead><tr>';
        /* translators: %s: time zone */
        foreach ([sprintf(__('When (%s)', 'telemed-zoom'), wp_timezone()->getName()), __('What', 'telemed-zoom'), __('Who', 'telemed-zoom'), __('Tracking ID of Zoom', 'telemed-zoom')] as $heading) {
            echo '<th scope="col">' . esc_html($heading) . '</th>';
        }
        echo '</tr></thead><tbody>';
        foreach ($this->log->of($row->id) as $line) {
            printf(
                '<tr data-event="%s"><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>',
                esc_attr($line['event']),
                MeetingHtml::moment($line['at'], 'H:i:s'), // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
                esc_html(LogText::of($line['event'], $line['note'])),
                esc_html($line['actor'] === 0 ? __('the site itself', 'telemed-zoom') : Doctors::name($line['actor'])),
                $line['trackingId'] === null ? '' : '<code>' . esc_html($line['trackingId']) . '</code>'
            );
        }
        echo '</tbody></table>';
    }
}
