<?php
/**
 * One meeting's own screen: what is wanted and what is known, what stands in the way, what a person can do about it, and the log.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Care\LogText;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Work\OneVisit;
use TelemedZoom\Work\Visits;

defined('ABSPATH') || exit;

final class MeetingScreen
{
    private const SECONDS = 8.0;

    public function __construct(
        private readonly Ledger $ledger,
        private readonly Overlaps $overlaps,
        private readonly MeetingLog $log,
        private readonly Visits $visits,
        private readonly OneVisit $oneVisit,
        private readonly AppointmentSources $sources,
        private readonly Standing $standing,
        private readonly Settings $settings,
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
        AdminPost::on(MeetingHtml::ACTION_TRY, 'read', [$this, 'tryNow']);
        AdminPost::on(MeetingHtml::ACTION_RECREATE, 'read', [$this, 'recreate']);
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

    /**
     * Does not wait for the next try.
     *
     * @param array<string, mixed> $fields
     */
    public function tryNow(array $fields): string
    {
        return $this->act($fields, function (MeetingRecord $row): MeetingRecord {
            $this->oneVisit->wake($row->id);
            return $row;
        }, false);
    }

    /**
     * A person has looked: there is no meeting.
     *
     * @param array<string, mixed> $fields
     */
    public function recreate(array $fields): string
    {
        return $this->act($fields, function (MeetingRecord $row): MeetingRecord {
            if ($row->state !== MeetingState::Uncertain) {
                throw new Problem('telemed_wrong_state', __('this meeting is not uncertain any more', 'telemed-zoom'), __('Look at its state below.', 'telemed-zoom'), 409);
            }
            return $this->visits->recreateByClick($row);
        });
    }

    /**
     * @param array<string, mixed> $fields
     * @param callable(MeetingRecord): MeetingRecord $wish
     * @param bool $isWish whether something is wished: else the last wish is another request's, whose transaction may be open
     */
    private function act(array $fields, callable $wish, bool $isWish = true): string
    {
        $id = AdminPost::number($fields, 'meeting');
        try {
            $row = $this->ledger->demand($id);
            if (!Capabilities::mayManage($row->doctor)) {
                AdminPost::forbid();
            }
            $row = $wish($row);
            $row = $this->oneVisit->bringOn($id, self::SECONDS, $isWish ? $row->version : null, true) ?? $row;
            if ($row->isReady() && $row->state === MeetingState::Made) {
                Notice::flash('success', __('The meeting is ready.', 'telemed-zoom'));
            } else {
                Notice::flash('warning', __('The meeting is not ready yet:', 'telemed-zoom') . ' ' . ($row->lastError ?? $row->state->label()));
            }
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        }
        return AdminPages::meeting($id);
    }

    private function print(MeetingRecord $row): void
    {
        $people = $this->sources->find($row->source)?->people($row);
        self::printOverlap($this->overlaps->of([$row])[$row->id] ?? [], $row);
        echo '<table class="form-table telemed-facts" role="presentation">';
        self::fact(__('Doctor', 'telemed-zoom'), esc_html(Doctors::name($row->doctor)));
        self::fact(__('Patient', 'telemed-zoom'), esc_html(trim($people?->patientName . ' ' . $people?->patientEmail) ?: __('not known here', 'telemed-zoom')));
        self::fact(__('Wanted', 'telemed-zoom'), MeetingHtml::moment($row->start) . '<br>' . esc_html(sprintf(
            /* translators: 1: number of minutes, 2: time zone */
            __('%1$d minutes, shown by Zoom in %2$s', 'telemed-zoom'),
            $row->minutes,
            $row->timezone
        )) . '<br><span class="description">' . esc_html($row->topic) . '</span>');
        self::fact(__('State', 'telemed-zoom'), self::state($row));
        self::fact(__('At Zoom', 'telemed-zoom'), esc_html($row->meetingId === null ? __('no meeting is known', 'telemed-zoom') : sprintf(
            /* translators: 1: number of a meeting, 2: a Zoom user */
            __('Meeting %1$s, host %2$s', 'telemed-zoom'),
            $row->meetingNumber(),
            $row->hostEmail ?? $row->hostId ?? '?'
        )));
        if ($row->trackingId !== null) {
            self::fact(__('Tracking ID of Zoom', 'telemed-zoom'), '<code>' . esc_html($row->trackingId) . '</code>');
        }
        if ($row->visitKey !== null && $row->state->isLive()) {
            self::fact(__('Invitation', 'telemed-zoom'), MeetingHtml::invitation($row, $this->settings->mailsZoomsLink()));
        }
        echo '</table>';
        if ($row->state === MeetingState::Uncertain && !$row->isOver()) {
            $this->uncertain->print($row);
        }
        $this->printButtons($row);
        $this->change->print($row);
        $this->printLog($row);
    }

    /** @param list<int> $others rows */
    private static function printOverlap(array $others, MeetingRecord $row): void
    {
        if ($others === [] || !$row->state->isLive() || $row->isOver()) {
            return;
        }
        $links = implode(', ', array_map(static fn(int $id): string => sprintf('<a href="%s">%d</a>', esc_url(AdminPages::meeting($id)), $id), $others));
        Notice::print('warning', esc_html__('This visit overlaps with others of the same host. Zoom runs one meeting of a host at a time:', 'telemed-zoom') . ' ' . $links, 'telemed-overlap');
    }

    private static function state(MeetingRecord $row): string
    {
        $html = sprintf('<span class="telemed-state telemed-state-%s" id="telemed-state">%s</span>', esc_attr($row->state->value), esc_html($row->state->label()));
        if ($row->lastError !== null && $row->lastError !== '') {
            $html .= '<p class="telemed-error">' . esc_html($row->lastError) . '</p>';
        }
        return $html . MeetingHtml::nextTry($row);
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

    private static function fact(string $label, string $html): void
    {
        printf('<tr><th scope="row">%s</th><td>%s</td></tr>', esc_html($label), $html); // phpcs:ignore WordPress.Security.EscapeOutput -- escaped by the caller
    }
}
