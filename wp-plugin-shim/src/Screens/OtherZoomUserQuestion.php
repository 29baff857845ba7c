<?php
/**
 * The question on the doctor's profile page when they have logged in as another Zoom user than the one who holds their upcoming
 * visits, and its two answers. Nobody answers for another.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Connections\OtherZoomUser;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class OtherZoomUserQuestion
{
    public const ACTION_MOVE = 'telemed_move_to_zoom_user';
    public const ACTION_KEEP = 'telemed_keep_zoom_user';
    private const SECONDS = 20.0;

    public function __construct(private readonly OtherZoomUser $others)
    {
    }

    public function register(): void
    {
        AdminPost::on(self::ACTION_MOVE, Capabilities::HOST, [$this, 'move']);
        AdminPost::on(self::ACTION_KEEP, Capabilities::HOST, [$this, 'keep']);
    }

    /** Within WordPress' own form: the buttons' forms are printed by printForms(). */
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
            _n('%1$d upcoming visit of yours is held by %2$s. You have just logged in to Zoom as %3$s.', '%1$d upcoming visits of yours are held by %2$s. You have just logged in to Zoom as %3$s.', $question['upcoming'], 'telemed-zoom'),
            $question['upcoming'],
            $before,
            $new
        )) . '</p><p>' . esc_html__('If you move them, each gets a new meeting. The visit links stay the same, and a visit that can be joined already stays as it is.', 'telemed-zoom') . ' ' . esc_html($isHeld
            ? __('The old meetings are deleted at Zoom.', 'telemed-zoom')
            /* translators: %s: Zoom user */
            : sprintf(__('The old meetings cannot be deleted from here, because the connection of %s has ended. If you log in as that Zoom user instead, everything stays as it was.', 'telemed-zoom'), $before)) . '</p><p>';
        if ($doctor !== get_current_user_id()) {
            echo esc_html__('Only the doctor can answer, on their own profile page.', 'telemed-zoom') . '</p></div>';
            return;
        }
        /* translators: %s: Zoom user */
        self::printButton(self::ACTION_MOVE, sprintf(__('Move my upcoming visits to %s', 'telemed-zoom'), $new), 'button button-primary');
        if (!$isHeld) {
            echo '</p></div>';
            return;
        }
        echo ' ';
        /* translators: %s: Zoom user */
        self::printButton(self::ACTION_KEEP, sprintf(__('Keep %s', 'telemed-zoom'), $before), 'button');
        echo '</p><p class="description">' . esc_html(sprintf(
            /* translators: 1: date and time, 2: Zoom user */
            __('Without an answer until %1$s, %2$s stays connected.', 'telemed-zoom'),
            (string) wp_date(get_option('date_format') . ' ' . get_option('time_format'), $question['new']->until()?->getTimestamp(), Doctors::timezone($doctor)),
            $before
        )) . '</p></div>';
    }

    public function printForms(int $doctor): void
    {
        if ($doctor !== get_current_user_id()) {
            return;
        }
        foreach ([self::ACTION_MOVE, self::ACTION_KEEP] as $action) {
            printf('<form method="post" action="%s" id="%s">', esc_url(AdminPost::url()), esc_attr(self::formId($action)));
            AdminPost::fields($action, ['user' => $doctor]);
            echo '</form>';
        }
    }

    /** @param array<string, mixed> $fields */
    public function move(array $fields): string
    {
        $doctor = self::demandOwn($fields);
        try {
            $connection = $this->others->accept($doctor, self::SECONDS);
            update_user_option($doctor, Doctors::META_CONNECTED, time());
            Notice::flash('success', OtherZoomUser::told($connection) . ' ' . ($this->others->isMoving($doctor)
                ? __('Your upcoming visits are being moved; what is left follows by itself.', 'telemed-zoom')
                : __('Your upcoming visits have moved; their links are the same.', 'telemed-zoom')));
        } catch (Problem | \Telemed\AuthenticationException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        } catch (DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('warning', __('Not all could be done now, and it is tried again by itself:', 'telemed-zoom') . ' ' . ErrorText::of($failure));
        }
        return AdminPages::profile();
    }

    /** @param array<string, mixed> $fields */
    public function keep(array $fields): string
    {
        $doctor = self::demandOwn($fields);
        try {
            $this->others->decline($doctor);
            Notice::flash('success', __('Nothing has changed: you stay connected as before, and the other login is revoked at Zoom.', 'telemed-zoom'));
        } catch (\Telemed\TransportException) {
            Notice::flash('success', __('Nothing has changed: you stay connected as before. Zoom could not be told to revoke the other login; that is tried again by itself.', 'telemed-zoom'));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', ErrorText::of($failure));
        }
        return AdminPages::profile();
    }

    private function showMoving(int $doctor): void
    {
        if ($this->others->isMoving($doctor)) {
            echo '<p id="telemed-moving">' . esc_html__('Your upcoming visits are being moved from the Zoom user before; their links stay the same.', 'telemed-zoom') . '</p>';
        }
    }

    /** @param array<string, mixed> $fields */
    private static function demandOwn(array $fields): int
    {
        $doctor = AdminPost::number($fields, 'user');
        if ($doctor === 0 || $doctor !== get_current_user_id() || !Capabilities::isDoctor($doctor)) {
            AdminPost::forbid();
        }
        return $doctor;
    }

    private static function printButton(string $action, string $label, string $class): void
    {
        printf('<button type="submit" form="%s" class="%s">%s</button>', esc_attr(self::formId($action)), esc_attr($class), esc_html($label));
    }

    private static function formId(string $action): string
    {
        return str_replace('_', '-', $action) . '-form';
    }
}
