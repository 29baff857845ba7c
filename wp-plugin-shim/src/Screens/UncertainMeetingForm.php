<?php
/**
 * On the screen of an uncertain meeting: look what Zoom has near its time, and name the one that is the visit's.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Work\OneVisit;
use TelemedZoom\Work\UncertainMeetings;

defined('ABSPATH') || exit;

final class UncertainMeetingForm
{
    public const ACTION_ADOPT = 'telemed_adopt_meeting';
    /** Looks in Zoom, and changes nothing. */
    public const LOOK = 'look';
    private const SECONDS = 8.0;

    public function __construct(
        private readonly UncertainMeetings $uncertain,
        private readonly Ledger $ledger,
        private readonly OneVisit $oneVisit
    ) {
    }

    public function register(): void
    {
        AdminPost::on(self::ACTION_ADOPT, 'read', [$this, 'adopt']);
    }

    /** @param array<string, mixed> $fields */
    public function adopt(array $fields): string
    {
        $id = AdminPost::number($fields, 'meeting');
        try {
            if (!Capabilities::mayManage($this->ledger->demand($id)->doctor)) {
                AdminPost::forbid();
            }
            $row = $this->uncertain->adopt($id, AdminPost::text($fields, 'zoom_meeting'));
            $row = $row->state === MeetingState::Made ? $row : $this->oneVisit->bringOn($id, self::SECONDS) ?? $row;
            Notice::flash('success', __('The meeting is the visit\'s from now on.', 'telemed-zoom') . ($row->lastError === null ? '' : ' ' . $row->lastError));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        }
        return AdminPages::meeting($id);
    }

    public function print(MeetingRecord $row): void
    {
        echo '<h2>' . esc_html__('Is it in Zoom?', 'telemed-zoom') . '</h2><p>' .
            esc_html__('Zoom was asked to make this meeting, and whether it did could not be found out. If there is one, name it; if there is none, have one made.', 'telemed-zoom') . '</p>';
        if (isset($_GET[self::LOOK])) { // phpcs:ignore WordPress.Security.NonceVerification
            $this->printFound($row);
        } else {
            printf(
                '<p><a class="button" id="telemed-look" href="%s">%s</a></p>',
                esc_url(add_query_arg(self::LOOK, '1', AdminPages::meeting($row->id))),
                esc_html__('Look what Zoom has near this time', 'telemed-zoom')
            );
        }
        printf('<form method="post" action="%s" id="telemed-adopt-form"><p>', esc_url(AdminPost::url()));
        AdminPost::fields(self::ACTION_ADOPT, ['meeting' => $row->id]);
        printf(
            '<label for="telemed-adopt-number">%s</label> <input type="text" inputmode="numeric" name="zoom_meeting" id="telemed-adopt-number" value="" size="16" autocomplete="off" required> <button type="submit" class="button">%s</button></p></form>',
            esc_html__('Meeting number in Zoom', 'telemed-zoom'),
            esc_html__('This is the meeting', 'telemed-zoom')
        );
    }

    /** Numbers and times only: what else the host has in Zoom is nobody's business here. */
    private function printFound(MeetingRecord $row): void
    {
        try {
            $found = $this->uncertain->near($row);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::print('error', esc_html(__('Zoom could not be asked:', 'telemed-zoom') . ' ' . ErrorText::of($failure)), 'telemed-look-failed');
            return;
        }
        if ($found === []) {
            echo '<p id="telemed-found-none">' . esc_html__('Zoom shows no meeting of this host within twelve hours that is not another visit\'s.', 'telemed-zoom') . '</p>';
            return;
        }
        echo '<table class="widefat striped telemed-table" id="telemed-found"><thead><tr>';
        foreach ([__('Number', 'telemed-zoom'), __('Start', 'telemed-zoom'), __('Minutes', 'telemed-zoom'), __('What to do', 'telemed-zoom')] as $heading) {
            echo '<th scope="col">' . esc_html($heading) . '</th>';
        }
        echo '</tr></thead><tbody>';
        foreach ($found as $meeting) {
            $start = $meeting->start();
            printf(
                '<tr data-meeting="%1$d"><td>%1$d</td><td>%2$s</td><td>%3$d</td><td>',
                (int) $meeting->id(),
                $start === null ? '' : MeetingHtml::moment($start), // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
                (int) $meeting->minutes()
            );
            if ($start?->getTimestamp() === $row->start->getTimestamp()) {
                AdminPost::button(self::ACTION_ADOPT, __('This is the meeting', 'telemed-zoom'), ['meeting' => $row->id, 'zoom_meeting' => $meeting->id()], 'button telemed-adopt');
            } else {
                echo esc_html__('at another time', 'telemed-zoom');
            }
            echo '</td></tr>';
        }
        echo '</tbody></table>';
    }
}
