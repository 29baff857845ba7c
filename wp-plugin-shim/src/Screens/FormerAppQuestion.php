<?php
/**
 * What becomes of visits to come that keep the meetings of a former Zoom app: they are left until they are over, or moved now.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Apps\FormerMeetings;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Work\Answers;

defined('ABSPATH') || exit;

final class FormerAppQuestion implements HandoverQuestion
{
    private const FORM = 'telemed-app-form-';
    private const PER_PAGE = 50;
    private const SECONDS = 20.0;

    public function __construct(
        private readonly FormerMeetings $former,
        private readonly Answers $answers,
        private readonly Guard $guard,
        private readonly HandoverView $view
    ) {
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
            )) . ' <a href="' . esc_url(AdminPages::formerApps()) . '">' . esc_html__('Look at them, leave them or move them', 'telemed-zoom') . '</a>', 'telemed-former-notice');
        }
    }

    /** @throws DatabaseException */
    public function print(): void
    {
        echo '<h1>' . esc_html__('Meetings of a former Zoom app', 'telemed-zoom') . '</h1>';
        printf('<p><a href="%s">%s</a></p>', esc_url(AdminPages::settings()), esc_html__('Back to the settings', 'telemed-zoom'));
        $lots = $this->former->lots();
        if ($lots === []) {
            echo '<p id="telemed-former-none">' . esc_html__('None: the meetings of all visits to come were made by the Zoom app that is in use.', 'telemed-zoom') . '</p>';
            return;
        }
        echo '<p>' . esc_html__('These were made before the mode or the app was changed. They can be held, moved and cancelled as ever, through the credentials that made them: nothing needs to be done, unless those are to be given up before the visits are over. Moving makes each meeting anew with the app that is in use now, and deletes the old one only then. Visit links stay the same; whoever was given Zoom\'s own link by other means needs the new one.', 'telemed-zoom') . '</p>';
        echo '<table class="widefat striped telemed-table" id="telemed-former-lots"><thead><tr>';
        foreach ([__('Made by', 'telemed-zoom'), __('Visits to come', 'telemed-zoom'), __('What becomes of them?', 'telemed-zoom')] as $heading) {
            echo '<th scope="col">' . esc_html($heading) . '</th>';
        }
        echo '</tr></thead><tbody>';
        foreach ($lots as $number => $lot) {
            self::printLot($lot, self::FORM . $number);
        }
        echo '</tbody></table>';
        $this->printVisits(array_sum(array_column($lots, 'visits')));
    }

    public function mayAnswer(string $which, ?Answer $answer): bool
    {
        return Capabilities::isAdmin();
    }

    public function answer(string $which, ?Answer $answer, ?int $heir): string
    {
        try {
            if ($answer === Answer::Move) {
                $this->move($which);
            } elseif ($answer === Answer::Stay) {
                $this->give($which, Answer::Stay);
                Notice::flash('success', __('What has not been moved yet stays with the app that made it.', 'telemed-zoom'));
            } else {
                throw Answers::undecided();
            }
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        }
        return AdminPages::formerApps();
    }

    private function move(string $app): void
    {
        $this->guard->demand();
        $count = $this->former->count($app);
        $this->give($app, Answer::Move);
        Notice::flash($count['staying'] === 0 ? 'success' : 'warning', sprintf(
            /* translators: 1: number of visits, 2: number of visits */
            __('Moved, or being moved: %1$d. Left with the former app: %2$d. Visit links stay the same, and each visit keeps its meeting until the new one is there.', 'telemed-zoom'),
            $count['moving'],
            $count['staying']
        ));
    }

    private function give(string $app, Answer $answer): void
    {
        $handover = $this->former->handoverOf($app);
        if ($handover !== null) {
            $this->answers->give($handover, $answer, null, self::SECONDS);
        }
    }

    /** @param array{mode: string, app: string, visits: int, handover: Handover, moving: int} $lot */
    private static function printLot(array $lot, string $formId): void
    {
        printf(
            '<tr data-app="%s"><td>%s</td><td>%s</td><td>',
            esc_attr($lot['app']),
            HandoverView::app($lot['mode'], $lot['app']), // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
            esc_html($lot['moving'] === 0 ? (string) $lot['visits'] : sprintf(
                /* translators: 1: number of visits, 2: number of visits */
                __('%1$d, of which %2$d are being moved', 'telemed-zoom'),
                $lot['visits'],
                $lot['moving']
            ))
        );
        if ($lot['handover']->answer() !== Answer::Move) {
            echo '<strong>' . esc_html__('Left until over', 'telemed-zoom') . '</strong>';
        }
        HandoverView::printStanding($lot['handover']);
        $choices = [
            Answer::Stay->value => __('Leave until over.', 'telemed-zoom'),
            Answer::Move->value => __('Move now: make these meetings anew with the Zoom app that is in use now, and delete the old ones.', 'telemed-zoom'),
        ];
        HandoverView::printForm($formId, 'app', $lot['app'], static fn() => HandoverView::printChoices($formId, __('What becomes of them?', 'telemed-zoom'), $choices, __('Do so', 'telemed-zoom')));
        echo '</td></tr>';
    }

    private function printVisits(int $total): void
    {
        $page = max(1, (int) ($_GET['paged'] ?? 1)); // phpcs:ignore WordPress.Security.NonceVerification
        echo '<h2>' . esc_html__('The visits', 'telemed-zoom') . '</h2>';
        $this->view->printVisits($this->former->page($page, self::PER_PAGE), 'telemed-former-visits', $this->former->reasonToStay(...));
        echo wp_kses_post((string) paginate_links([
            'base' => add_query_arg('paged', '%#%', AdminPages::formerApps()),
            'format' => '',
            'current' => $page,
            'total' => (int) ceil($total / self::PER_PAGE),
        ]));
    }
}
