<?php
/**
 * Notices that a doctor has left: the user is deleted or removed from the site, or has lost the capability. WordPress' own form
 * for deleting users asks what becomes of the upcoming visits; where nobody was asked, administrators are told by mail and by a
 * notice.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Apps\AppOpener;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Departures\Departures;
use TelemedZoom\ErrorText;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Mail\Mail;
use TelemedZoom\Notices;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Site\Notice;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\LetsGo;
use TelemedZoom\Work\Answers;

defined('ABSPATH') || exit;

final class DoctorLeaves
{
    /** Of WordPress' form: the answers by user. */
    private const FIELD = 'telemed_visits';
    private const SECONDS = 8.0;

    /** @var array<int, string> names of users who are being deleted, as long as they are known */
    private array $names = [];

    public function __construct(
        private readonly Departures $departures,
        private readonly HandoverView $view,
        private readonly AppOpener $opener,
        private readonly LedgerQueries $queries,
        private readonly Extension $extension,
        private readonly Guard $guard,
        private readonly Site $site
    ) {
    }

    public function register(): void
    {
        add_action('delete_user_form', [$this, 'ask'], 10, 2);
        add_action('delete_user', [$this, 'remember']);
        add_action('deleted_user', [$this, 'deleted'], 10, 2);
        add_action('remove_user_from_blog', [$this, 'removed'], 10, 3);
        add_action('set_user_role', [$this, 'look']);
        add_action('remove_user_role', [$this, 'look']);
        add_action('telemed_doctor_connected', [$this->departures, 'connected']);
        add_action(Hooks::RUN, [$this, 'run'], 20);
        add_action(Hooks::RENEW, [$this, 'sweep'], 20);
        add_action('admin_notices', [$this, 'show']);
    }

    /**
     * @param \WP_User           $user  who deletes
     * @param list<int>|int|null $users who are deleted
     */
    public function ask(\WP_User $user, mixed $users): void
    {
        foreach (array_map('intval', (array) $users) as $doctor) {
            $visits = $this->visits($doctor);
            if ($visits === [] || $doctor === $user->ID) {
                continue;
            }
            $field = self::FIELD . "[$doctor]";
            $id = self::FIELD . '_' . $doctor;
            echo '<fieldset class="telemed-departure"><p><legend>' . esc_html(sprintf(
                /* translators: 1: name of a doctor, 2: number of visits */
                _n('%1$s has %2$d upcoming video visit:', '%1$s has %2$d upcoming video visits:', count($visits), 'telemed-zoom'),
                Doctors::name($doctor),
                count($visits)
            )) . '</legend></p>';
            $this->view->printVisits($visits, $id . '_visits');
            $elsewhere = $this->view->elsewhere($visits, LetsGo::Left);
            echo $elsewhere === '' ? '' : '<p>' . esc_html($elsewhere) . '</p>';
            if ($this->view->decidable($visits) === []) {
                echo '</fieldset>';
                continue;
            }
            printf('<p><label for="%s">%s</label> <select name="%s" id="%1$s">', esc_attr($id), esc_html__('What becomes of them?', 'telemed-zoom'), esc_attr($field));
            printf('<option value="">%s</option>', esc_html(self::later()));
            foreach (HandoverView::heirs(array_map('intval', (array) $users)) as $heir => $name) {
                /* translators: %s: name of a doctor */
                printf('<option value="%d">%s</option>', (int) $heir, esc_html(sprintf(__('%s holds them', 'telemed-zoom'), $name)));
            }
            printf('<option value="%s">%s</option></select></p></fieldset>', esc_attr(Answer::Cancel->value), esc_html__('Cancel them, and tell everybody', 'telemed-zoom'));
        }
    }

    public function remember(int $user): void
    {
        $this->names[$user] = Doctors::name($user);
    }

    /** @param ?int $reassign to whom WordPress gives what the user has written */
    public function deleted(int $user, mixed $reassign): void
    {
        $this->left($user, self::answer($user) ?? self::heir($reassign));
    }

    /** WordPress has switched to the blog, and the user is still a member of it. */
    public function removed(int $user, int $blog, mixed $reassign = 0): void
    {
        $this->remember($user);
        if (Capabilities::isDoctor($user)) {
            $this->left($user, self::heir($reassign));
        }
    }

    /** A user's roles have changed. */
    public function look(int $user): void
    {
        if (!Capabilities::isDoctor($user) && (get_user_option(Doctors::META_CONNECTED, $user) !== false || $this->visits($user) !== [])) {
            $this->left($user, null);
        }
    }

    /** What is left to do about grants that are to end. */
    public function run(): void
    {
        if (!$this->extension->isUsable() || !$this->guard->mayAct()) {
            return;
        }
        try {
            $this->departures->run();
        } catch (DatabaseException) {
            // The next run tries again.
            return;
        }
    }

    /** Who has left in a way that no hook tells of: a role was edited, a transaction was still open. */
    public function sweep(): void
    {
        if (!$this->extension->isUsable() || !$this->guard->mayAct()) {
            return;
        }
        try {
            $connected = array_filter(array_map([$this->site, 'userOf'], $this->opener->tokenStore()->subjects()));
            foreach (array_unique([...$connected, ...$this->queries->doctorsOfUpcoming()]) as $doctor) {
                if (!Capabilities::isDoctor($doctor) && (in_array($doctor, $connected, true) || $this->visits($doctor) !== [])) {
                    $this->left($doctor, null);
                }
            }
        } catch (DatabaseException) {
            return;
        }
    }

    public function show(): void
    {
        if (!Capabilities::isAdmin() || !(AdminPages::isOwn() || in_array(get_current_screen()?->id, ['dashboard', 'users'], true))) {
            return;
        }
        try {
            foreach ($this->departures->undecided() as $doctor) {
                Notice::print(
                    'warning',
                    esc_html(sprintf(
                        /* translators: %s: name of a doctor */
                        __('%s has left, and video visits of theirs are to come.', 'telemed-zoom'),
                        Doctors::name($doctor)
                    )) . ' <a href="' . esc_url(AdminPages::departure($doctor)) . '">' . esc_html__('Decide what becomes of them', 'telemed-zoom') . '</a>',
                    'telemed-departure-notice-' . $doctor
                );
            }
        } catch (DatabaseException) {
            return;
        }
    }

    private function left(int $doctor, ?string $choice): void
    {
        try {
            $isNew = $this->departures->noteLeft($doctor);
            if ($choice !== null && $this->extension->isUsable()) {
                [$answer, $heir] = HandoverView::choice($choice) ?? throw Answers::undecided();
                $this->departures->decide(Handover::ofLeft($doctor), $answer, $heir, self::SECONDS);
                // What is booked elsewhere nobody can choose here.
                $this->tell($doctor);
                return;
            }
            if ($isNew) {
                $this->tell($doctor);
            }
        } catch (Problem | \Telemed\TelemedException $failure) {
            // The user is gone all the same; the question stays open.
            $this->tell($doctor, ErrorText::of($failure));
        } catch (DatabaseException) {
            // The hourly look finds it.
            return;
        }
    }

    private function tell(int $doctor, string $failure = ''): void
    {
        $visits = $this->visits($doctor);
        if ($visits === []) {
            return;
        }
        $name = $this->names[$doctor] ?? Doctors::name($doctor);
        Mail::administrators(
            /* translators: %s: name of a doctor */
            sprintf(__('%s has left: decide about the video visits', 'telemed-zoom'), $name),
            sprintf(
                /* translators: 1: name of a doctor, 2: number of visits */
                _n('%1$s holds no video visits any more, and %2$d of theirs is to come.', '%1$s holds no video visits any more, and %2$d of theirs are to come.', count($visits), 'telemed-zoom'),
                $name,
                count($visits)
            ) . ($failure === '' ? '' : ' ' . __('What was chosen could not be done:', 'telemed-zoom') . ' ' . $failure) . "\n\n" . implode("\n\n", array_filter([
                $this->view->listed($visits),
                $this->view->elsewhere($visits, LetsGo::Left),
                $this->view->decidable($visits) === [] ? '' : __('Choose who takes over those that were made on this site\'s own screens, or cancel them:', 'telemed-zoom') .
                    ' ' . AdminPages::departure($doctor),
                self::inTheEnd(),
            ]))
        );
    }

    private static function later(): string
    {
        $days = Departures::decideDays();
        /* translators: %d: number of days */
        return $days === null ? __('Decide later', 'telemed-zoom') : sprintf(_n('Decide later, within %d day', 'Decide later, within %d days', $days, 'telemed-zoom'), $days);
    }

    /** What becomes of visits that nobody decides about; '' where that is not known now. */
    private static function inTheEnd(): string
    {
        $days = Departures::decideDays();
        return $days === null ? '' : sprintf(
            /* translators: %d: number of days */
            _n('After %d day the meetings in the doctor\'s own Zoom account are deleted, and the visits have none.', 'After %d days the meetings in the doctor\'s own Zoom account are deleted, and the visits have none.', $days, 'telemed-zoom'),
            $days
        );
    }

    /** @return list<MeetingRecord> */
    private function visits(int $doctor): array
    {
        try {
            return $this->departures->visits(Handover::ofLeft($doctor));
        } catch (DatabaseException) {
            return [];
        }
    }

    /** What WordPress' form says about this user; null when it was not sent or nothing was chosen. */
    private static function answer(int $user): ?string
    {
        $nonce = $_POST['_wpnonce'] ?? '';
        $answers = $_POST[self::FIELD] ?? null;
        if (!is_string($nonce) || !is_array($answers) || !current_user_can('delete_users') || wp_verify_nonce($nonce, 'delete-users') === false) {
            return null;
        }
        $answer = $answers[$user] ?? '';
        return is_string($answer) && $answer !== '' ? sanitize_text_field(wp_unslash($answer)) : null;
    }

    private static function heir(mixed $reassign): ?string
    {
        $heir = is_numeric($reassign) ? (int) $reassign : 0;
        return $heir > 0 && Capabilities::isDoctor($heir) ? (string) $heir : null;
    }
}
