<?php
/**
 * The screen Telemed, New meeting.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\ErrorText;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Work\ManualVisits;

defined('ABSPATH') || exit;

final class NewMeetingScreen
{
    public const ACTION = 'telemed_create_meeting';
    /** What was entered waits this long for its second try. */
    private const KEEP_SECONDS = 300;
    private const FIELDS = ['doctor', 'date', 'time', 'timezone', 'minutes', 'topic', 'patient'];

    public function __construct(private readonly ManualVisits $manual, private readonly Overlaps $overlaps, private readonly Extension $extension)
    {
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addMenu']);
        AdminPost::on(self::ACTION, 'read', [$this, 'create']);
    }

    public function addMenu(): void
    {
        add_submenu_page(
            AdminPages::MEETINGS,
            __('New meeting', 'telemed-zoom'),
            __('New meeting', 'telemed-zoom'),
            Capabilities::menu(),
            AdminPages::NEW_MEETING,
            [$this, 'show']
        );
    }

    public function show(): void
    {
        $entered = get_transient(self::transient());
        delete_transient(self::transient());
        $entered = is_array($entered) ? $entered : [];
        $doctor = (int) ($entered['doctor'] ?? get_current_user_id());
        $zone = $entered['timezone'] ?? Doctors::timezoneName($doctor);
        $soon = new \DateTimeImmutable('+1 hour', Doctors::timezone($doctor));

        echo '<div class="wrap" id="telemed-new-meeting"><h1>' . esc_html__('New meeting', 'telemed-zoom') . '</h1>';
        printf('<form method="post" action="%s" id="telemed-meeting-form">', esc_url(AdminPost::url()));
        // The request's own name: sent twice by a double click, it makes one meeting.
        AdminPost::fields(self::ACTION, ['request' => wp_generate_uuid4()]);
        echo '<table class="form-table" role="presentation">';
        $this->row('doctor', __('Doctor', 'telemed-zoom'), fn() => self::printDoctors($doctor));
        $this->row('date', __('Date', 'telemed-zoom'), static fn() => printf(
            '<input type="date" name="date" id="date" required value="%s">',
            esc_attr($entered['date'] ?? $soon->format('Y-m-d'))
        ));
        $this->row('time', __('Time', 'telemed-zoom'), static fn() => printf(
            '<input type="time" name="time" id="time" required value="%s">',
            esc_attr($entered['time'] ?? $soon->format('H:00'))
        ));
        $this->row('timezone', __('Time zone', 'telemed-zoom'), static function () use ($zone): void {
            TimezoneField::print('timezone', $zone, __('Choose a zone', 'telemed-zoom'), true);
            echo '<p class="description">' . esc_html__('Date and time are meant in this zone, and Zoom shows them in it.', 'telemed-zoom') . '</p>';
        });
        $this->row('minutes', __('Minutes', 'telemed-zoom'), static fn() => printf(
            '<input type="number" class="small-text" name="minutes" id="minutes" min="1" max="1440" required value="%s">',
            esc_attr($entered['minutes'] ?? (string) Visit::DEFAULT_MINUTES)
        ));
        $this->row('topic', __('Topic', 'telemed-zoom'), static function () use ($entered): void {
            printf(
                '<input type="text" class="regular-text" name="topic" id="topic" maxlength="200" value="%s" aria-describedby="topic-description">',
                esc_attr($entered['topic'] ?? Visit::neutralTopic())
            );
            echo '<p class="description" id="topic-description">' . esc_html__('Zoom stores the topic and shows it to everyone invited, in calendars and in reports. Write no patient\'s name, no service and no diagnosis.', 'telemed-zoom') . '</p>';
        });
        $this->row('patient', __('Patient (optional)', 'telemed-zoom'), static function () use ($entered): void {
            printf(
                '<input type="text" class="regular-text" name="patient" id="patient" autocomplete="off" value="%s" aria-describedby="patient-description">',
                esc_attr($entered['patient'] ?? '')
            );
            echo '<p class="description" id="patient-description">' . esc_html__('E-mail or user number: the visit link is mailed there. It stays on this site and is not sent to Zoom.', 'telemed-zoom') . '</p>';
        });
        echo '</table>';
        submit_button(__('Make the meeting', 'telemed-zoom'), 'primary', 'submit', true, $this->extension->isUsable() ? null : ['disabled' => 'disabled']);
        echo '</form></div>';
    }

    /** @param array<string, mixed> $fields */
    public function create(array $fields): string
    {
        $doctor = AdminPost::number($fields, 'doctor');
        if (!Capabilities::mayManage($doctor)) {
            AdminPost::forbid();
        }
        $entered = [];
        foreach (self::FIELDS as $name) {
            $entered[$name] = AdminPost::text($fields, $name);
        }
        $request = AdminPost::text($fields, 'request');
        try {
            $visit = Visit::upcoming(
                Visit::wallTime($entered['date'], $entered['time'], $entered['timezone']),
                (int) $entered['minutes'],
                $entered['timezone'],
                $entered['topic']
            );
            $row = $this->manual->book($doctor, $visit, $this->manual->patient($doctor, $entered['patient']), wp_is_uuid($request) ? $request : null);
            if ($row->isReady()) {
                Notice::flash('success', __('The meeting is made.', 'telemed-zoom'));
            } else {
                Notice::flash('warning', __('The visit is booked. Its meeting is not there yet, and is made as soon as that can be:', 'telemed-zoom') . ' ' . $row->lastError);
            }
            $this->overlaps->flash($row);
            return AdminPages::meetings();
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', __('The meeting was not made:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
            if ($failure instanceof Problem && $failure->id === 'telemed_duplicate') {
                return AdminPages::meetings();
            }
            set_transient(self::transient(), $entered, self::KEEP_SECONDS);
            return AdminPages::newMeeting();
        }
    }

    private static function printDoctors(int $selected): void
    {
        $doctors = Capabilities::isAdmin() ? Doctors::all() : [wp_get_current_user()];
        echo '<select name="doctor" id="doctor">';
        foreach ($doctors as $doctor) {
            printf('<option value="%d"%s>%s</option>', (int) $doctor->ID, selected($selected, $doctor->ID, false), esc_html($doctor->display_name));
        }
        echo '</select>';
    }

    private function row(string $id, string $label, callable $print): void
    {
        printf('<tr><th scope="row"><label for="%s">%s</label></th><td>', esc_attr($id), esc_html($label));
        $print();
        echo '</td></tr>';
    }

    private static function transient(): string
    {
        return 'telemed_new_meeting_' . get_current_user_id();
    }
}
