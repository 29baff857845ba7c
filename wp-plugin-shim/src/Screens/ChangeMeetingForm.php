<?php
/**
 * On the screen of a meeting that was booked here: another time, length, zone, topic or doctor. The visit link stays.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Work\ManualVisits;

defined('ABSPATH') || exit;

final class ChangeMeetingForm
{
    public const ACTION = 'telemed_change_meeting';
    /** What was entered waits this long for its second try. */
    private const KEEP_SECONDS = 300;
    private const FIELDS = ['doctor', 'date', 'time', 'timezone', 'minutes', 'topic'];

    public function __construct(
        private readonly ManualVisits $manual,
        private readonly Ledger $ledger,
        private readonly Overlaps $overlaps
    ) {
    }

    public function register(): void
    {
        AdminPost::on(self::ACTION, 'read', [$this, 'change']);
    }

    /** @param array<string, mixed> $fields */
    public function change(array $fields): string
    {
        $id = AdminPost::number($fields, 'meeting');
        try {
            $row = $this->ledger->demand($id);
            $doctor = AdminPost::number($fields, 'doctor') ?: $row->doctor;
            if (!Capabilities::mayManage($row->doctor) || !Capabilities::mayManage($doctor)) {
                AdminPost::forbid();
            }
            $zone = AdminPost::text($fields, 'timezone');
            $start = Visit::wallTime(AdminPost::text($fields, 'date'), AdminPost::text($fields, 'time'), $zone);
            $row = $this->manual->change($id, $start, AdminPost::number($fields, 'minutes'), $zone, AdminPost::text($fields, 'topic'), $doctor);
            Notice::flash('success', __('The visit is changed. Its link stays the same, and patient and doctor are told.', 'telemed-zoom'));
            if ($row->lastError !== null) {
                Notice::flash('warning', __('The meeting at Zoom does not follow yet, and does as soon as that can be:', 'telemed-zoom') . ' ' . $row->lastError);
            }
            $this->overlaps->flash($row);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('The visit was not changed:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
            $entered = array_map(static fn(string $name): string => AdminPost::text($fields, $name), array_combine(self::FIELDS, self::FIELDS));
            set_transient(self::transient($id), $entered, self::KEEP_SECONDS);
        }
        return AdminPages::meeting($id);
    }

    public function print(MeetingRecord $row): void
    {
        if (!ManualSource::isNamed($row->source) || !$row->state->isLive() || $row->isOver()) {
            return;
        }
        $entered = get_transient(self::transient($row->id));
        delete_transient(self::transient($row->id));
        $isAgain = is_array($entered);
        $start = $row->start->setTimezone(new \DateTimeZone($row->timezone));
        $shown = ($isAgain ? $entered : []) + [
            'doctor' => $row->doctor, 'date' => $start->format('Y-m-d'), 'time' => $start->format('H:i'),
            'timezone' => $row->timezone, 'minutes' => $row->minutes, 'topic' => $row->topic,
        ];
        printf(
            '<details id="telemed-change"%s><summary>%s</summary><form method="post" action="%s" id="telemed-change-form">',
            $isAgain ? ' open' : '',
            esc_html__('Change time, length or doctor', 'telemed-zoom'),
            esc_url(AdminPost::url())
        );
        AdminPost::fields(self::ACTION, ['meeting' => $row->id]);
        echo '<table class="form-table" role="presentation">';
        if (Capabilities::isAdmin()) {
            self::row('doctor', __('Doctor', 'telemed-zoom'), static fn() => self::printDoctors($row->doctor, (int) $shown['doctor'] ?: $row->doctor));
        }
        self::row('date', __('Date', 'telemed-zoom'), static fn() => printf('<input type="date" name="date" id="date" required value="%s">', esc_attr($shown['date'])));
        self::row('time', __('Time', 'telemed-zoom'), static fn() => printf('<input type="time" name="time" id="time" required value="%s">', esc_attr($shown['time'])));
        self::row('timezone', __('Time zone', 'telemed-zoom'), static fn() => TimezoneField::print('timezone', $shown['timezone'], __('Choose a zone', 'telemed-zoom'), true));
        self::row('minutes', __('Minutes', 'telemed-zoom'), static fn() => printf('<input type="number" class="small-text" name="minutes" id="minutes" min="1" max="1440" required value="%s">', esc_attr((string) $shown['minutes'])));
        self::row('topic', __('Topic', 'telemed-zoom'), static fn() => printf('<input type="text" class="regular-text" name="topic" id="topic" maxlength="200" value="%s">', esc_attr($shown['topic'])));
        echo '</table>';
        submit_button(__('Change the visit', 'telemed-zoom'), 'primary', 'submit', true);
        echo '</form></details>';
    }

    /** Who has left and holds the visit still is offered, too: it must not be given to another by itself. */
    private static function printDoctors(int $present, int $selected): void
    {
        $names = [$present => Doctors::name($present)] + array_column(array_map(static fn(\WP_User $doctor): array => [$doctor->ID, $doctor->display_name], Doctors::all()), 1, 0);
        echo '<select name="doctor" id="doctor">';
        foreach ($names as $id => $name) {
            printf('<option value="%d"%s>%s</option>', (int) $id, selected($selected, $id, false), esc_html($name));
        }
        echo '</select>';
    }

    private static function row(string $id, string $label, callable $print): void
    {
        printf('<tr><th scope="row"><label for="%s">%s</label></th><td>', esc_attr($id), esc_html($label));
        $print();
        echo '</td></tr>';
    }

    private static function transient(int $meeting): string
    {
        return 'telemed_change_' . get_current_user_id() . '_' . $meeting;
    }
}
