<?php
/**
 * The screen of visits to come that keep the meetings of a former Zoom app: leave them until they are over, or move them now.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Apps\FormerMeetings;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Work\Worker;

defined('ABSPATH') || exit;

final class FormerMeetingsScreen
{
    public const ACTION_MOVE = 'telemed_move_former';
    public const ACTION_LEAVE = 'telemed_leave_former';
    private const PER_PAGE = 50;
    private const SECONDS = 20.0;

    public function __construct(
        private readonly FormerMeetings $former,
        private readonly Worker $worker,
        private readonly Guard $guard
    ) {
    }

    public function register(): void
    {
        add_action('admin_menu', [$this, 'addPage']);
        // Reached from the settings, and no entry of the menu.
        add_action('admin_head', static fn() => remove_submenu_page(AdminPages::MEETINGS, AdminPages::FORMER_MEETINGS));
        add_filter('submenu_file', static fn($file) => ($GLOBALS['plugin_page'] ?? '') === AdminPages::FORMER_MEETINGS ? AdminPages::SETTINGS : $file);
        AdminPost::on(self::ACTION_MOVE, Capabilities::ADMIN, [$this, 'move']);
        AdminPost::on(self::ACTION_LEAVE, Capabilities::ADMIN, [$this, 'leave']);
    }

    public static function url(): string
    {
        return admin_url('admin.php?page=' . AdminPages::FORMER_MEETINGS);
    }

    public function addPage(): void
    {
        $title = __('Meetings of a former Zoom app', 'telemed-zoom');
        $hook = (string) add_submenu_page(AdminPages::MEETINGS, $title, $title, Capabilities::ADMIN, AdminPages::FORMER_MEETINGS, [$this, 'show']);
        add_action('load-' . $hook, static function (): void {
            nocache_headers();
            header('Cache-Control: no-store, private, max-age=0');
        });
    }

    /** On the settings page, as long as there are any. */
    public static function printNotice(FormerMeetings $former): void
    {
        try {
            $visits = array_sum(array_column($former->lots(), 'visits'));
        } catch (DatabaseException) {
            return;
        }
        if ($visits > 0) {
            Notice::print('info', esc_html(sprintf(
                /* translators: %d: number of visits */
                _n(
                    '%d visit to come keeps the meeting that another Zoom app has made for it, and that app\'s credentials are kept with it.',
                    '%d visits to come keep the meetings that another Zoom app has made for them, and that app\'s credentials are kept with them.',
                    $visits,
                    'telemed-zoom'
                ),
                $visits
            )) . ' <a href="' . esc_url(self::url()) . '">' . esc_html__('Look at them, leave them or move them', 'telemed-zoom') . '</a>', 'telemed-former-notice');
        }
    }

    public function show(): void
    {
        echo '<div class="wrap" id="telemed-former"><h1>' . esc_html__('Meetings of a former Zoom app', 'telemed-zoom') . '</h1>';
        printf('<p><a href="%s">%s</a></p>', esc_url(AdminPages::settings()), esc_html__('Back to the settings', 'telemed-zoom'));
        try {
            $this->print();
        } catch (DatabaseException $failure) {
            Notice::print('error', esc_html(ErrorText::of($failure)));
        }
        echo '</div>';
    }

    /** @param array<string, mixed> $fields */
    public function move(array $fields): string
    {
        try {
            $this->guard->demand();
            $count = $this->former->moveAll(AdminPost::text($fields, 'app'));
            $this->worker->runDue(self::SECONDS);
            Notice::flash($count['staying'] === 0 ? 'success' : 'warning', sprintf(
                /* translators: 1: number of visits, 2: number of visits */
                __('Moved, or being moved: %1$d. Left with the former app: %2$d. Visit links stay the same, and each visit keeps its meeting until the new one is there.', 'telemed-zoom'),
                $count['moving'],
                $count['staying']
            ));
        } catch (Problem | DatabaseException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        }
        return self::url();
    }

    /** @param array<string, mixed> $fields */
    public function leave(array $fields): string
    {
        try {
            $this->former->leaveAll(AdminPost::text($fields, 'app'));
            Notice::flash('success', __('What has not been moved yet stays with the app that made it.', 'telemed-zoom'));
        } catch (DatabaseException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        }
        return self::url();
    }

    private function print(): void
    {
        $lots = $this->former->lots();
        if ($lots === []) {
            echo '<p id="telemed-former-none">' . esc_html__('None: the meetings of all visits to come were made by the Zoom app that is in use.', 'telemed-zoom') . '</p>';
            return;
        }
        echo '<p>' . esc_html__('These were made before the mode or the app was changed. They can be held, moved and cancelled as ever, through the credentials that made them: nothing needs to be done, unless those are to be given up before the visits are over. Moving makes each meeting anew with the app that is in use now, and deletes the old one only then. Visit links stay the same; whoever was given Zoom\'s own link by other means needs the new one.', 'telemed-zoom') . '</p>';
        echo '<table class="widefat striped telemed-table" id="telemed-former-lots"><thead><tr>';
        foreach ([__('Made by', 'telemed-zoom'), __('Visits to come', 'telemed-zoom'), __('What to do', 'telemed-zoom')] as $heading) {
            echo '<th scope="col">' . esc_html($heading) . '</th>';
        }
        echo '</tr></thead><tbody>';
        foreach ($lots as $lot) {
            $this->printLot($lot);
        }
        echo '</tbody></table>';
        $this->printVisits(array_sum(array_column($lots, 'visits')));
    }

    /** @param array{mode: string, app: string, visits: int, moves: bool, moving: int} $lot */
    private function printLot(array $lot): void
    {
        printf(
            '<tr data-app="%s"><td>%s</td><td>%s</td><td>',
            esc_attr($lot['app']),
            self::app($lot['mode'], $lot['app']), // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
            esc_html($lot['moving'] === 0 ? (string) $lot['visits'] : sprintf(
                /* translators: 1: number of visits, 2: number of visits */
                __('%1$d, of which %2$d are being moved', 'telemed-zoom'),
                $lot['visits'],
                $lot['moving']
            ))
        );
        $fields = ['app' => $lot['app']];
        if (!$lot['moves']) {
            echo '<strong>' . esc_html__('Left until over', 'telemed-zoom') . '</strong> ';
        } else {
            AdminPost::button(self::ACTION_LEAVE, __('Leave until over', 'telemed-zoom'), $fields, 'button telemed-leave');
        }
        AdminPost::button(
            self::ACTION_MOVE,
            __('Move now', 'telemed-zoom'),
            $fields,
            'button button-primary telemed-move',
            __('Make these meetings anew with the Zoom app that is in use now, and delete the old ones?', 'telemed-zoom')
        );
        echo '</td></tr>';
    }

    private function printVisits(int $total): void
    {
        $page = max(1, (int) ($_GET['paged'] ?? 1)); // phpcs:ignore WordPress.Security.NonceVerification
        echo '<h2>' . esc_html__('The visits', 'telemed-zoom') . '</h2><table class="widefat striped telemed-table" id="telemed-former-visits"><thead><tr>';
        foreach ([
            /* translators: %s: time zone */
            sprintf(__('Start (clinic, %s)', 'telemed-zoom'), wp_timezone()->getName()),
            __('Doctor', 'telemed-zoom'), __('Host at Zoom', 'telemed-zoom'), __('Made by', 'telemed-zoom'), __('State', 'telemed-zoom'),
        ] as $heading) {
            echo '<th scope="col">' . esc_html($heading) . '</th>';
        }
        echo '</tr></thead><tbody>';
        foreach ($this->former->page($page, self::PER_PAGE) as $row) {
            $reason = $row->state === MeetingState::Moving ? $row->lastError : $this->former->reasonToStay($row);
            printf(
                '<tr id="telemed-former-%1$d" data-state="%2$s" data-stays="%3$s"><td><a href="%4$s">%5$s</a></td><td>%6$s</td><td>%7$s</td><td>%8$s</td><td>%9$s%10$s</td></tr>',
                (int) $row->id,
                esc_attr($row->state->value),
                $row->state !== MeetingState::Moving && $reason !== null ? '1' : '0',
                esc_url(AdminPages::meeting($row->id)),
                MeetingHtml::moment($row->start), // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
                esc_html(Doctors::name($row->doctor)),
                esc_html($row->hostEmail ?? $row->hostId ?? '?'),
                self::app((string) $row->mode, (string) $row->app), // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
                esc_html($row->state->label()),
                $reason === null ? '' : '<p class="description">' . esc_html(($row->state === MeetingState::Moving ? '' : __('Cannot be moved:', 'telemed-zoom') . ' ') . $reason) . '</p>'
            );
        }
        echo '</tbody></table>';
        echo wp_kses_post((string) paginate_links([
            'base' => add_query_arg('paged', '%#%', self::url()),
            'format' => '',
            'current' => $page,
            'total' => (int) ceil($total / self::PER_PAGE),
        ]));
    }

    /** Escaped. */
    private static function app(string $mode, string $client): string
    {
        return esc_html($mode === Settings::MODE_OAUTH ? __('OAuth 2.0 app', 'telemed-zoom') : __('Server-to-Server app', 'telemed-zoom')) .
            ' <code>' . esc_html($client) . '</code>';
    }
}
