<?php
/**
 * The screen that asks what becomes of a doctor's upcoming visits, before Disconnect or after the doctor has left.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Clinic\Departure;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Departures\Departures;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class DepartureScreen
{
    public const ACTION = 'telemed_decide_departure';
    private const SECONDS = 20.0;
    private const MOST_LISTED = 50;

    public function __construct(private readonly Departures $departures, private readonly AppointmentSources $sources)
    {
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addPage']);
        add_action('admin_head', static fn() => remove_submenu_page(AdminPages::MEETINGS, AdminPages::DEPARTURE));
        add_filter('submenu_file', static fn($file) => ($GLOBALS['plugin_page'] ?? '') === AdminPages::DEPARTURE ? AdminPages::MEETINGS : $file);
        AdminPost::on(self::ACTION, 'read', [$this, 'decide']);
    }

    public function addPage(): void
    {
        $title = __('Upcoming visits', 'telemed-zoom');
        $hook = (string) add_submenu_page(AdminPages::MEETINGS, $title, $title, Capabilities::menu(), AdminPages::DEPARTURE, [$this, 'show']);
        add_action('load-' . $hook, static function (): void {
            nocache_headers();
            header('Cache-Control: no-store, private, max-age=0');
        });
    }

    public function show(): void
    {
        $id = $_GET['doctor'] ?? ''; // phpcs:ignore WordPress.Security.NonceVerification
        $doctor = is_string($id) && ctype_digit($id) ? (int) $id : 0;
        echo '<div class="wrap" id="telemed-departure"><h1>' . esc_html__('Upcoming visits', 'telemed-zoom') . '</h1>';
        try {
            if (!self::mayDecide($doctor)) {
                Notice::print('error', esc_html__('There is no such doctor, or their visits are not yours to decide about.', 'telemed-zoom'), 'telemed-no-departure');
            } else {
                $this->print($doctor);
            }
        } catch (DatabaseException $failure) {
            Notice::print('error', esc_html(ErrorText::of($failure)));
        }
        echo '</div>';
    }

    /** @param array<string, mixed> $fields */
    public function decide(array $fields): string
    {
        $doctor = AdminPost::number($fields, 'doctor');
        $choice = AdminPost::text($fields, 'choice');
        if (!self::mayDecide($doctor) || (ctype_digit($choice) && !Capabilities::isAdmin())) {
            AdminPost::forbid();
        }
        $why = self::why($doctor);
        try {
            $isDone = $this->departures->decide($why, $doctor, $choice, self::SECONDS);
            $open = $why === Departure::Left ? $this->departures->visits($why, $doctor) : [];
            if ($open !== []) {
                // Of visits made here nothing is open any more.
                Notice::flash('warning', __('Not decided yet:', 'telemed-zoom') . ' ' . self::elsewhere($open, $why, $this->sources));
                return AdminPages::departure($doctor);
            }
            Notice::flash($isDone ? 'success' : 'warning', $isDone ? self::done($why) : self::pending());
        } catch (\Telemed\TransportException $failure) {
            Notice::flash('warning', self::pending() . ' ' . ErrorText::of($failure));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', ErrorText::of($failure));
            return AdminPages::departure($doctor);
        }
        return match (true) {
            $why === Departure::Left => AdminPages::meetings(),
            $doctor === get_current_user_id() => AdminPages::profile(),
            default => AdminPages::profileOf($doctor),
        };
    }

    /** What is told when nothing is left to do. */
    public static function done(Departure $why): string
    {
        return $why === Departure::Disconnected
            ? __('Zoom is disconnected, and the grant at Zoom is revoked.', 'telemed-zoom')
            : __('It is decided, and nothing of the doctor is left to do at Zoom.', 'telemed-zoom');
    }

    public static function pending(): string
    {
        return __('Zoom could not be told everything yet. It is tried again by itself, for seven days at most; until then the grant serves for nothing else.', 'telemed-zoom');
    }

    /**
     * Who can take visits over.
     *
     * @param list<int> $except
     * @return array<int, string> names by user id
     */
    public static function heirs(array $except): array
    {
        $heirs = [];
        foreach (Doctors::all() as $user) {
            if (!in_array($user->ID, $except, true)) {
                $heirs[$user->ID] = $user->display_name;
            }
        }
        return $heirs;
    }

    /** @param list<MeetingRecord> $visits */
    public static function printVisits(array $visits, AppointmentSources $sources): void
    {
        echo '<ul class="ul-disc">';
        foreach (array_slice($visits, 0, self::MOST_LISTED) as $row) {
            printf('<li data-visit="%d" data-source="%s">%s</li>', (int) $row->id, esc_attr($row->source), esc_html(self::line($row, $sources)));
        }
        if (count($visits) > self::MOST_LISTED) {
            echo '<li>' . esc_html(self::more(count($visits))) . '</li>';
        }
        echo '</ul>';
    }

    /**
     * For mails.
     *
     * @param list<MeetingRecord> $visits
     */
    public static function listed(array $visits, AppointmentSources $sources): string
    {
        $lines = array_map(static fn(MeetingRecord $row): string => '- ' . self::line($row, $sources), array_slice($visits, 0, self::MOST_LISTED));
        return implode("\n", count($visits) > self::MOST_LISTED ? [...$lines, '- ' . self::more(count($visits))] : $lines);
    }

    /**
     * What is to be done about appointments that were not made on this site's own screens.
     *
     * @param list<MeetingRecord> $visits
     * @return string '' when there are none
     */
    public static function elsewhere(array $visits, Departure $why, AppointmentSources $sources): string
    {
        $theirs = array_values(array_filter($visits, static fn(MeetingRecord $row): bool => !Departures::isOwn($row)));
        if ($theirs === []) {
            return '';
        }
        $titles = implode(', ', array_unique(array_map(static fn(MeetingRecord $row): string => $sources->title($row->source), $theirs)));
        $text = $why === Departure::Left
            /* translators: 1: number of visits, 2: name of an appointment system */
            ? _n('%1$d visit is an appointment of %2$s, and stays booked there until somebody cancels or deletes it in %2$s: this page cannot. Do that there; its meeting at Zoom goes within minutes, and those concerned are told. Until then the patient has been told nothing and holds a link that does not open.', '%1$d visits are appointments of %2$s, and stay booked there until somebody cancels or deletes them in %2$s: this page cannot. Do that there; their meetings at Zoom go within minutes, and those concerned are told. Until then the patients have been told nothing and hold links that do not open.', count($theirs), 'telemed-zoom')
            /* translators: 1: number of visits, 2: name of an appointment system */
            : _n('%1$d visit is an appointment of %2$s: it can be moved or cancelled there only. Whatever is chosen here, it stays booked and waits for the next connection.', '%1$d visits are appointments of %2$s: they can be moved or cancelled there only. Whatever is chosen here, they stay booked and wait for the next connection.', count($theirs), 'telemed-zoom');
        return sprintf($text, count($theirs), $titles);
    }

    private static function line(MeetingRecord $row, AppointmentSources $sources): string
    {
        $when = (string) wp_date(get_option('date_format') . ', ' . get_option('time_format'), $row->start->getTimestamp(), wp_timezone());
        return Departures::isOwn($row) ? $when : $when . ' ' . sprintf(
            /* translators: 1: name of an appointment system, 2: number of an appointment */
            __('(%1$s, appointment %2$s)', 'telemed-zoom'),
            $sources->title($row->source),
            $row->appointment
        );
    }

    private static function more(int $visits): string
    {
        /* translators: %d: number of visits */
        return sprintf(__('and %d more', 'telemed-zoom'), $visits - self::MOST_LISTED);
    }

    private function print(int $doctor): void
    {
        $why = self::why($doctor);
        $visits = $this->departures->visits($why, $doctor);
        echo '<p>' . esc_html(sprintf($why === Departure::Disconnected
            /* translators: 1: name of a doctor, 2: number of visits */
            ? _n('%2$d upcoming visit of %1$s depends on this connection to Zoom.', '%2$d upcoming visits of %1$s depend on this connection to Zoom.', count($visits), 'telemed-zoom')
            /* translators: 1: name of a doctor, 2: number of visits */
            : _n('%1$s holds no video visits any more, and %2$d is to come.', '%1$s holds no video visits any more, and %2$d are to come.', count($visits), 'telemed-zoom'), Doctors::name($doctor), count($visits))) . '</p>';
        self::printVisits($visits, $this->sources);
        $elsewhere = self::elsewhere($visits, $why, $this->sources);
        $isOwn = array_filter($visits, [Departures::class, 'isOwn']) !== [];
        if ($elsewhere !== '') {
            echo '<p id="telemed-departure-elsewhere">' . esc_html($elsewhere) . '</p>';
        }
        if (!$isOwn && $why === Departure::Left) {
            return;
        }
        printf('<form method="post" action="%s" id="telemed-departure-form">', esc_url(AdminPost::url()));
        AdminPost::fields(self::ACTION, ['doctor' => $doctor]);
        $question = $isOwn && $elsewhere !== '' ? __('What becomes of those that were made on this site\'s own screens?', 'telemed-zoom') : __('What becomes of them?', 'telemed-zoom');
        echo '<h2>' . esc_html($question) . '</h2><fieldset><legend class="screen-reader-text">' . esc_html($question) . '</legend>';
        if ($why === Departure::Disconnected) {
            self::printChoice(Departures::WAIT, __('They stay booked. Their meetings are deleted at Zoom, and new ones are made when the doctor connects again. The visit links stay the same.', 'telemed-zoom'));
        }
        if ($isOwn && Capabilities::isAdmin()) {
            foreach (self::heirs([$doctor]) as $heir => $name) {
                /* translators: %s: name of a doctor */
                self::printChoice((string) $heir, sprintf(__('%s holds them. The visit links stay the same, and everybody is told.', 'telemed-zoom'), $name));
            }
        }
        if ($isOwn) {
            self::printChoice(Departures::CANCEL, __('They are cancelled, and everybody is told.', 'telemed-zoom'));
        }
        echo '</fieldset><p class="submit"><button type="submit" class="button button-primary">' . esc_html($why === Departure::Disconnected
            ? __('Do so, and disconnect', 'telemed-zoom')
            : __('Do so', 'telemed-zoom')) . '</button></p></form>';
    }

    private static function printChoice(string $value, string $label): void
    {
        printf('<p><label><input type="radio" name="choice" value="%s" required> %s</label></p>', esc_attr($value), esc_html($label));
    }

    private static function why(int $doctor): Departure
    {
        return Capabilities::isDoctor($doctor) ? Departure::Disconnected : Departure::Left;
    }

    /** Doctors disconnect themselves; administrators whom they may edit, and they decide about those who have left. */
    private static function mayDecide(int $doctor): bool
    {
        if ($doctor <= 0) {
            return false;
        }
        if (self::why($doctor) === Departure::Left) {
            return Capabilities::isAdmin();
        }
        return $doctor === get_current_user_id() || (Capabilities::isAdmin() && current_user_can('edit_user', $doctor));
    }
}
