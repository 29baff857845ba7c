<?php
/**
 * The page behind the visit link, for patient and doctor alike: when, with whom, and, within the join window, the way into the
 * visit. Works without JavaScript and on a telephone. Knows no log-in: whoever holds the link is the patient; the doctor who
 * hosts is led to Start.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Edge;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\PlainPage;
use TelemedZoom\Work\CurrentMeeting;

defined('ABSPATH') || exit;

final class VisitPage
{
    public const JOIN = 'join';
    private const KEY = '/\A[0-9a-f]{32}\z/';
    /** The link is good for a day after the visit. */
    private const EXPIRES_AFTER_SECONDS = DAY_IN_SECONDS;
    /** Until a page that waits for the meeting looks again. */
    private const LOOK_AGAIN_SECONDS = 20;
    /** The same while others wait for Zoom. */
    private const CROWDED_SECONDS = 5;
    /** Events of the log after which it is not as it was booked; 'moved' is what version 0.1.0 wrote. */
    private const CHANGES = ['rescheduled', 'reassigned', 'moved'];

    public function __construct(
        private readonly Ledger $ledger,
        private readonly CurrentMeeting $current,
        private readonly AppointmentSources $sources,
        private readonly Standing $standing,
        private readonly MeetingLog $log,
        private readonly Settings $settings,
        private readonly StartLink $startLink
    ) {
    }

    public function register(): void
    {
        add_action('template_redirect', fn() => Edge::page($this->handle(...)), 0);
    }

    public function handle(): void
    {
        $key = $_GET[VisitLink::PARAMETER] ?? null; // phpcs:ignore WordPress.Security.NonceVerification
        if ($key === null) {
            return;
        }
        defined('DONOTCACHEPAGE') || define('DONOTCACHEPAGE', true);
        PlainPage::headers();
        if (PlainPage::isOnlyAsked()) {
            exit;
        }
        try {
            $row = is_string($key) && preg_match(self::KEY, $key) === 1 ? $this->ledger->findVisit($key) : null;
            // Whoever has cancelled or moved it, and however.
            $row = $row === null ? null : $this->standing->shownOne($row);
            if ($row === null || $row->end()->getTimestamp() + self::EXPIRES_AFTER_SECONDS < Clock::now()) {
                $this->unknown();
            }
            $this->show($row, isset($_GET[self::JOIN])); // phpcs:ignore WordPress.Security.NonceVerification
        } catch (DatabaseException) {
            $this->page(503, __('This page cannot be shown just now', 'telemed-zoom'), self::paragraph(__('Please try again in a minute.', 'telemed-zoom')), 'unavailable', 20);
        }
    }

    private function show(MeetingRecord $row, bool $joins): never
    {
        if ($this->startLink->mayStart($row) && get_current_user_id() === $row->doctor) {
            $this->showToDoctor($row);
        }
        $now = Clock::now();
        $opens = $row->joinsFrom($this->settings->joinMinutesBefore());
        match (true) {
            $row->state === MeetingState::Cancelled => $this->visit($row, 'cancelled', __('This visit has been cancelled', 'telemed-zoom'), __('There is nothing to join. If you expected a visit, please ask the clinic.', 'telemed-zoom')),
            $row->isOver() => $this->visit($row, 'over', __('This visit is over', 'telemed-zoom'), __('If you need another appointment, please ask the clinic.', 'telemed-zoom')),
            !Doctors::isHere($row->doctor) => $this->visit($row, 'doctor-gone', __('This visit cannot be joined', 'telemed-zoom'), __('Who was to hold it is no longer with this clinic. Please ask the clinic what becomes of your visit. Keep this link: should another doctor take over, it leads there.', 'telemed-zoom')),
            $now < $opens => $this->visit($row, 'early', __('Your video visit', 'telemed-zoom'), sprintf(
                /* translators: %d: number of minutes */
                _n('You can join from this page from %d minute before it begins. Keep this link: it stays the same, also if the visit is moved.', 'You can join from this page from %d minutes before it begins. Keep this link: it stays the same, also if the visit is moved.', $this->settings->joinMinutesBefore(), 'telemed-zoom'),
                $this->settings->joinMinutesBefore()
            ), '', min(max($opens - $now + 1, 20), 300)),
            $joins => $this->join($row),
            default => $this->open($row),
        };
    }

    /** Within the window: the button, and the passcode where the link does not carry it. */
    private function open(MeetingRecord $row): never
    {
        $html = sprintf(
            '<p><a class="button" id="telemed-join" href="%s" rel="noreferrer">%s</a></p>',
            esc_url(add_query_arg(self::JOIN, '1', VisitLink::here($row))),
            esc_html__('Join the visit', 'telemed-zoom')
        ) . self::paragraph(__('The visit opens in Zoom. You need no Zoom account. Please wait there until you are let in.', 'telemed-zoom')) . $this->passcode($row);
        $this->visit($row, 'open', __('Your video visit can begin', 'telemed-zoom'), '', $html);
    }

    /** Leads to Zoom's link as it is now; if there is no meeting yet, or no more, it is made at once. */
    private function join(MeetingRecord $row): never
    {
        $current = $this->current->forJoin($row);
        if ($current === null) {
            $this->visit($row, 'waiting', __('The video room opens in a moment', 'telemed-zoom'), __('Many people are joining just now. Please stay on this page: it goes on by itself in a few seconds.', 'telemed-zoom'), '', self::CROWDED_SECONDS);
        }
        $row = $current === $row ? $row : $this->standing->shownOne($current);
        if ($row->isReady() && ZoomLink::isGood($row->joinUrl)) {
            if ($row->passcodeInLink === false && $row->passcode !== null && !isset($_GET['go'])) { // phpcs:ignore WordPress.Security.NonceVerification
                $this->visit($row, 'passcode', __('Your video visit can begin', 'telemed-zoom'), '', $this->passcode($row) . sprintf(
                    '<p><a class="button" id="telemed-join" href="%s" rel="noreferrer">%s</a></p>',
                    esc_url(add_query_arg([self::JOIN => '1', 'go' => '1'], VisitLink::here($row))),
                    esc_html__('Continue to Zoom', 'telemed-zoom')
                ));
            }
            // Not wp_redirect: its filters, which loggers use, would see the link.
            status_header(302);
            header('Location: ' . $row->joinUrl);
            exit;
        }
        $this->visit($row, 'waiting', __('The video room is not ready yet', 'telemed-zoom'), __('We have just tried to open it and keep trying. Please stay on this page: it looks again by itself. If it lasts, call the clinic.', 'telemed-zoom'), sprintf(
            '<p><a class="button" id="telemed-join" href="%s" rel="noreferrer">%s</a></p>',
            esc_url(add_query_arg(self::JOIN, '1', VisitLink::here($row))),
            esc_html__('Try again', 'telemed-zoom')
        ), self::LOOK_AGAIN_SECONDS);
    }

    private function showToDoctor(MeetingRecord $row): never
    {
        if (!$row->isOver() && ($row->isReady() || ($row->state->isLive() && $this->startLink->isTime($row)))) {
            wp_safe_redirect(StartLink::here($row->id));
            exit;
        }
        $this->visit($row, 'doctor', __('Your video visit', 'telemed-zoom'), sprintf(
            /* translators: %s: state of a meeting */
            __('This visit is: %s.', 'telemed-zoom'),
            $row->state->label()
        ) . ' ' . $row->lastError, sprintf('<p><a href="%s">%s</a></p>', esc_url(AdminPages::meetings()), esc_html__('To the list of meetings', 'telemed-zoom')));
    }

    private function passcode(MeetingRecord $row): string
    {
        if ($row->passcodeInLink !== false || $row->passcode === null) {
            return '';
        }
        return '<p id="telemed-passcode">' . sprintf(
            /* translators: %s: passcode */
            esc_html__('Zoom asks for this passcode: %s', 'telemed-zoom'),
            '<strong>' . esc_html($row->passcode) . '</strong>'
        ) . '</p>';
    }

    /** @param int $reload seconds until the page looks again by itself; 0: never */
    private function visit(MeetingRecord $row, string $what, string $title, string $text, string $html = '', int $reload = 0): never
    {
        $with = $this->sources->find($row->source)?->people($row)->doctorName ?? Doctors::nameForPatients($row->doctor);
        $zone = wp_timezone();
        $when = (string) wp_date(get_option('date_format') . ', ' . get_option('time_format'), $row->start->getTimestamp(), $zone);
        $facts = '<dl>' .
            self::fact(__('When', 'telemed-zoom'), sprintf(
                '<time id="telemed-when" datetime="%s" data-offset="%d">%s</time> <span class="zone">%s</span>',
                esc_attr($row->start->format('Y-m-d\TH:i:s\Z')),
                intdiv($zone->getOffset($row->start), 60),
                esc_html($when),
                esc_html(sprintf(
                    /* translators: %s: time zone */
                    __('clinic\'s time, %s', 'telemed-zoom'),
                    $zone->getName()
                ))
            ) . '<span id="telemed-your-time" hidden></span>') .
            self::fact(__('How long', 'telemed-zoom'), esc_html(sprintf(
                /* translators: %d: number of minutes */
                _n('%d minute', '%d minutes', $row->minutes, 'telemed-zoom'),
                $row->minutes
            ))) .
            ($with === '' ? '' : self::fact(__('With', 'telemed-zoom'), esc_html($with))) . '</dl>';
        $changed = $row->state->isLive() && !$row->isOver() && array_intersect(array_column($this->log->of($row->id), 'event'), self::CHANGES) !== []
            ? '<p id="telemed-changed">' . esc_html__('This visit has been moved or changed since it was booked. What stands here is what counts.', 'telemed-zoom') . '</p>'
            : '';
        $login = is_user_logged_in() || !$row->state->isLive() ? '' : sprintf(
            '<p class="doctor"><a id="telemed-doctor-login" href="%s">%s</a></p>',
            esc_url(wp_login_url(VisitLink::here($row))),
            esc_html__('Are you the doctor? Log in to start the visit.', 'telemed-zoom')
        );
        $this->page(200, $title, $facts . $changed . ($text === '' ? '' : self::paragraph($text)) . $html . $login, $what, $reload);
    }

    private function unknown(): never
    {
        $this->page(
            404,
            __('This link leads to no visit', 'telemed-zoom'),
            self::paragraph(__('It may be mistyped, or the visit was long ago. Please open the newest message from the clinic, or ask the clinic for the link.', 'telemed-zoom')),
            'unknown'
        );
    }

    private static function fact(string $name, string $html): string
    {
        return '<dt>' . esc_html($name) . '</dt><dd>' . $html . '</dd>';
    }

    private static function paragraph(string $text): string
    {
        return '<p>' . esc_html(trim($text)) . '</p>';
    }

    private function page(int $status, string $title, string $html, string $what, int $reload = 0): never
    {
        PlainPage::send($status, $title, $html, $what, $reload);
    }
}
