<?php
/**
 * Start: a click-through on the clinic's site that sends the hosting doctor to a fresh start URL. The URL logs in as the
 * host, so it is fetched at the click, never stored and never cached. Changes nothing here, hence a GET without a nonce,
 * which also survives the way through wp-login.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Edge;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\PlainPage;
use TelemedZoom\Site\PublicAddress;
use TelemedZoom\Work\CurrentMeeting;
use TelemedZoom\Work\Visits;

defined('ABSPATH') || exit;

final class StartLink
{
    public const PARAMETER = 'telemed_start';

    public function __construct(
        private readonly Visits $visits,
        private readonly Ledger $ledger,
        private readonly Standing $standing,
        private readonly Settings $settings,
        private readonly CurrentMeeting $current
    ) {
    }

    public function register(): void
    {
        add_action('template_redirect', fn() => Edge::page($this->handle(...)), 0);
    }

    public static function url(int $id): string
    {
        return add_query_arg(self::PARAMETER, $id, PublicAddress::home());
    }

    /** At the address that this request came to, where the doctor is logged in; for this site's own pages. */
    public static function here(int $id): string
    {
        return add_query_arg(self::PARAMETER, $id, home_url('/'));
    }

    /** Its hosting doctor, and administrators if the clinic allows it. */
    public function mayStart(MeetingRecord $record): bool
    {
        if (get_current_user_id() === $record->doctor) {
            return Capabilities::isDoctor();
        }
        return Capabilities::isAdmin() && $this->settings->adminsMayStart();
    }

    public function handle(): void
    {
        $id = $_GET[self::PARAMETER] ?? null; // phpcs:ignore WordPress.Security.NonceVerification
        if ($id === null) {
            return;
        }
        defined('DONOTCACHEPAGE') || define('DONOTCACHEPAGE', true);
        PlainPage::headers();
        // A prefetch or a link scanner must not fetch a start URL.
        if (PlainPage::isOnlyAsked()) {
            exit;
        }
        if (!PlainPage::isGoneTo()) {
            self::page(
                __('Open this page in a window of its own', 'telemed-zoom'),
                '<p>' . esc_html__('A visit is started neither within another page nor by a script.', 'telemed-zoom') . '</p>',
                403
            );
        }
        $id = is_string($id) && ctype_digit($id) ? (int) $id : 0;
        if (!is_user_logged_in()) {
            wp_safe_redirect(wp_login_url(self::here($id)));
            exit;
        }
        $this->lead($id);
    }

    private function lead(int $id): never
    {
        try {
            $record = $this->ledger->find($id);
            $record = $record === null ? null : $this->standing->shownOne($record);
            $isOn = $record !== null && $record->state->isLive() && Doctors::isHere($record->doctor);
            if ($isOn && PlainPage::isLedFromElsewhere() && $this->mayStart($record)) {
                $this->ask($record);
            }
            if ($isOn && !$record->isReady() && $this->mayStart($record) && $this->isTime($record)) {
                $record = $this->current->forStart($record);
            }
        } catch (DatabaseException $failure) {
            self::page(__('The visit cannot be looked up', 'telemed-zoom'), '<p>' . esc_html(ErrorText::of($failure)) . '</p>', 503);
        }
        // Somebody else's visit looks like none.
        if ($record === null || !$this->mayStart($record)) {
            self::page(
                __('This is not yours to start', 'telemed-zoom'),
                '<p>' . esc_html__('There is no such visit, or it belongs to another doctor. You may be logged in as the wrong user.', 'telemed-zoom') . '</p>',
                403
            );
        }
        if (!Doctors::isHere($record->doctor)) {
            self::page(
                __('Who was to hold this visit has left', 'telemed-zoom'),
                '<p id="telemed-start-gone">' . esc_html__('Its patient cannot join it either. Decide what becomes of it first:', 'telemed-zoom') . ' <a href="' . esc_url(AdminPages::departure($record->doctor)) . '">' .
                    esc_html__('Upcoming visits', 'telemed-zoom') . '</a></p>',
                200
            );
        }
        if (!$record->isReady()) {
            self::page(
                __('There is no meeting to start', 'telemed-zoom'),
                '<p id="telemed-start-none">' . esc_html(sprintf(
                    /* translators: %s: state of a meeting */
                    __('This visit is: %s.', 'telemed-zoom'),
                    $record->state->label()
                )) . '</p>' . ($record->lastError === null ? '' : '<p>' . esc_html($record->lastError) . '</p>'),
                200
            );
        }
        try {
            $url = $this->freshUrl($record);
            if (!ZoomLink::isGood($url)) {
                throw new Problem('telemed_bad_link', __('Zoom gave a start link that leads elsewhere or is too long', 'telemed-zoom'), '', 502);
            }
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            $this->fallback($record, $failure);
        }
        // Not wp_redirect: its filters, which loggers use, would see the URL.
        status_header(302);
        header('Location: ' . $url);
        exit;
    }

    /** Somebody else's page must not start a visit by itself: the doctor clicks once more, here. */
    private function ask(MeetingRecord $record): never
    {
        self::page(
            __('Start your video visit', 'telemed-zoom'),
            '<p>' . esc_html((string) wp_date(get_option('date_format') . ', ' . get_option('time_format'), $record->start->getTimestamp(), wp_timezone())) . '</p>' .
                sprintf('<p><a class="button" id="telemed-start" href="%s">%s</a></p>', esc_url(self::here($record->id)), esc_html__('Start', 'telemed-zoom')),
            200
        );
    }

    /** Whether patients can join by now. */
    public function isTime(MeetingRecord $record): bool
    {
        return $record->joinsFrom($this->settings->joinMinutesBefore()) <= Clock::now() && !$record->isOver();
    }

    /** @throws Problem|DatabaseException|\Telemed\TelemedException */
    private function freshUrl(MeetingRecord $record): string
    {
        try {
            return $this->visits->startUrl($record);
        } catch (\Telemed\NotFoundException $failure) {
            // Deleted in Zoom, perhaps just now: the visit is to take place all the same.
            $anew = $this->current->recreated($record);
            if (!$anew->isReady()) {
                throw $failure;
            }
            return $this->visits->startUrl($anew);
        }
    }

    /** When no start URL can be had, Zoom itself still starts the meeting. */
    private function fallback(MeetingRecord $record, \Throwable $failure): never
    {
        $host = $record->hostEmail ?? $record->hostId ?? __('the Zoom user that hosts it', 'telemed-zoom');
        $html = '<div id="telemed-start-fallback"><p>' . esc_html__('Zoom gave no start link just now. You can start the visit in Zoom itself:', 'telemed-zoom') . '</p><ol><li>' .
            esc_html__('Open Zoom (the app, or zoom.us in the browser).', 'telemed-zoom') . '</li><li>' .
            sprintf(
                /* translators: %s: e-mail of a Zoom user */
                esc_html__('Sign in as %s.', 'telemed-zoom'),
                '<strong>' . esc_html($host) . '</strong>'
            ) . '</li><li>' .
            sprintf(
                /* translators: %s: number of a meeting */
                esc_html__('Start meeting %s.', 'telemed-zoom'),
                '<strong>' . esc_html($record->meetingNumber()) . '</strong>'
            ) . '</li></ol><p>' . esc_html__('Why:', 'telemed-zoom') . ' ' . esc_html(ErrorText::of($failure)) . '</p>';
        if ($record->mode === Mode::OAuth && get_current_user_id() === $record->doctor) {
            $html .= '<p><a href="' . esc_url(AdminPages::profile()) . '">' . esc_html__('Look at your connection to Zoom, and reconnect there', 'telemed-zoom') . '</a></p>';
        } elseif ($record->mode === Mode::ServerToServer) {
            $html .= '<p>' . esc_html__('If this lasts, an administrator opens Telemed, Settings and clicks Check.', 'telemed-zoom') . '</p>';
        }
        self::page(__('Start the visit in Zoom', 'telemed-zoom'), $html . '</div>', 200);
    }

    private static function page(string $title, string $html, int $status): never
    {
        PlainPage::send(
            $status,
            $title,
            wp_kses_post($html) . '<p><a href="' . esc_url(AdminPages::meetings()) . '">' . esc_html__('Back to the meetings', 'telemed-zoom') . '</a></p>',
            'start'
        );
    }
}
