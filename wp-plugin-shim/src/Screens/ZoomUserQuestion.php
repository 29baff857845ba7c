<?php
/**
 * The question on the doctor's profile page when they have logged in as another Zoom user than the one who holds their upcoming
 * visits, and its two answers. Nobody answers for another.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Connections\OtherZoomUser;
use TelemedZoom\Connections\ZoomUserChange;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Store\Answer;
use TelemedZoom\Work\Answers;

defined('ABSPATH') || exit;

final class ZoomUserQuestion implements HandoverQuestion
{
    private const FORM = 'telemed-zoom-user-form';
    private const SECONDS = 20.0;

    public function __construct(
        private readonly OtherZoomUser $others,
        private readonly ZoomUserChange $change,
        private readonly HandoverView $view
    ) {
    }

    /** Within WordPress' own form: what is chosen belongs to the form that printForm() prints. */
    public function show(int $doctor): void
    {
        try {
            $question = $this->others->question($doctor);
            if ($question === null) {
                $this->showMoving($doctor);
                return;
            }
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            return;
        }
        [$before, $new] = [$question['before'], OtherZoomUser::name($question['new'])];
        $isHeld = $question['new']->status() === 'held';
        echo '<div id="telemed-other-zoom-user" class="notice notice-warning inline"><p>' . esc_html(sprintf(
            /* translators: 1: number of visits, 2: Zoom user, 3: another Zoom user */
            _n('%1$d upcoming visit of yours is held by %2$s. You have just logged in to Zoom as %3$s.', '%1$d upcoming visits of yours are held by %2$s. You have just logged in to Zoom as %3$s.', count($question['visits']), 'telemed-zoom'),
            count($question['visits']),
            $before,
            $new
        )) . '</p><p>' . esc_html__('If you move them, each gets a new meeting. The visit links stay the same, and a visit that can be joined already stays as it is.', 'telemed-zoom') . ' ' . esc_html($isHeld
            ? __('The old meetings are deleted at Zoom.', 'telemed-zoom')
            /* translators: %s: Zoom user */
            : sprintf(__('The old meetings cannot be deleted from here, because the connection of %s has ended. If you log in as that Zoom user instead, everything stays as it was.', 'telemed-zoom'), $before)) . '</p>';
        HandoverView::printStanding($question['handover'], !$isHeld ? '' : sprintf(
            /* translators: 1: date and time, 2: Zoom user */
            __('Without an answer until %1$s, %2$s stays connected.', 'telemed-zoom'),
            (string) wp_date(get_option('date_format') . ' ' . get_option('time_format'), $question['new']->until()?->getTimestamp(), Doctors::timezone($doctor)),
            $before
        ));
        $this->view->printVisits($question['visits'], 'telemed-other-zoom-user-visits');
        if ($doctor === get_current_user_id()) {
            HandoverView::printChoices(self::FORM, __('What becomes of them?', 'telemed-zoom'), self::choices($isHeld, $new, $before), __('Do so', 'telemed-zoom'));
        } else {
            echo '<p>' . esc_html__('Only the doctor can answer, on their own profile page.', 'telemed-zoom') . '</p>';
        }
        echo '</div>';
    }

    public function printForm(int $doctor): void
    {
        if ($doctor === get_current_user_id()) {
            HandoverView::printForm(self::FORM, 'zoom_user', $doctor);
        }
    }

    public function mayAnswer(string $which, ?Answer $answer): bool
    {
        return (int) $which === get_current_user_id() && Capabilities::isDoctor();
    }

    public function answer(string $which, ?Answer $answer, ?int $heir): string
    {
        match ($answer) {
            Answer::Move => $this->move((int) $which),
            Answer::Stay => $this->keep((int) $which),
            default => Notice::flash('error', ErrorText::of(Answers::undecided())),
        };
        return AdminPages::profile();
    }

    private function move(int $doctor): void
    {
        try {
            $connection = $this->others->accept($doctor, self::SECONDS);
            update_user_option($doctor, Doctors::META_CONNECTED, time());
            Notice::flash('success', OtherZoomUser::told($connection) . ' ' . ($this->change->isMoving($doctor)
                ? __('Your upcoming visits are being moved; what is left follows by itself.', 'telemed-zoom')
                : __('Your upcoming visits have moved; their links are the same.', 'telemed-zoom')));
        } catch (Problem | \Telemed\AuthenticationException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        } catch (DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('warning', __('Not all could be done now, and it is tried again by itself:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
        }
    }

    private function keep(int $doctor): void
    {
        try {
            $this->change->decline($doctor);
            Notice::flash('success', __('Nothing has changed: you stay connected as before, and the other login is revoked at Zoom.', 'telemed-zoom'));
        } catch (\Telemed\TransportException) {
            Notice::flash('success', __('Nothing has changed: you stay connected as before. Zoom could not be told to revoke the other login; that is tried again by itself.', 'telemed-zoom'));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        }
    }

    private function showMoving(int $doctor): void
    {
        if ($this->change->isMoving($doctor)) {
            echo '<p id="telemed-moving">' . esc_html__('Your upcoming visits are being moved from the Zoom user before; their links stay the same.', 'telemed-zoom') . '</p>';
            HandoverView::printStanding($this->change->handover($doctor));
        }
    }

    /** @return array<string, string> */
    private static function choices(bool $isHeld, string $new, string $before): array
    {
        /* translators: %s: Zoom user */
        $choices = [Answer::Move->value => sprintf(__('Move my upcoming visits to %s', 'telemed-zoom'), $new)];
        /* translators: %s: Zoom user */
        return $isHeld ? $choices + [Answer::Stay->value => sprintf(__('Keep %s', 'telemed-zoom'), $before)] : $choices;
    }
}
