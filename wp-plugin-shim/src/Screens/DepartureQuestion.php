<?php
/**
 * What becomes of a doctor's upcoming visits, asked before Disconnect or after the doctor has left.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Departures\Departures;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\LetsGo;
use TelemedZoom\Work\Answers;

defined('ABSPATH') || exit;

final class DepartureQuestion implements HandoverQuestion
{
    private const FORM = 'telemed-departure-form';
    private const SECONDS = 20.0;

    public function __construct(private readonly Departures $departures, private readonly HandoverView $view)
    {
    }

    /** @throws DatabaseException */
    public function print(int $doctor): void
    {
        echo '<h1>' . esc_html__('Upcoming visits', 'telemed-zoom') . '</h1>';
        if (!self::mayDecide($doctor)) {
            Notice::print('error', esc_html__('There is no such doctor, or their visits are not yours to decide about.', 'telemed-zoom'), 'telemed-no-departure');
            return;
        }
        $handover = $this->departures->handoverOf($doctor);
        $isLeft = $handover->letsGo === LetsGo::Left;
        $visits = $this->departures->visits($handover);
        echo '<p>' . esc_html(sprintf($isLeft
            /* translators: 1: name of a doctor, 2: number of visits */
            ? _n('%1$s holds no video visits any more, and %2$d is to come.', '%1$s holds no video visits any more, and %2$d are to come.', count($visits), 'telemed-zoom')
            /* translators: 1: name of a doctor, 2: number of visits */
            : _n('%2$d upcoming visit of %1$s depends on this connection to Zoom.', '%2$d upcoming visits of %1$s depend on this connection to Zoom.', count($visits), 'telemed-zoom'), Doctors::name($doctor), count($visits))) . '</p>';
        HandoverView::printStanding($handover, self::until($handover));
        $this->view->printVisits($visits, 'telemed-departure-visits');
        $elsewhere = $this->view->elsewhere($visits, $handover->letsGo);
        $isDecidable = $this->view->decidable($visits) !== [];
        if ($elsewhere !== '') {
            echo '<p id="telemed-departure-elsewhere">' . esc_html($elsewhere) . '</p>';
        }
        if (!$isDecidable && $isLeft) {
            return;
        }
        $question = $isDecidable && $elsewhere !== '' ? __('What becomes of those that were made on this site\'s own screens?', 'telemed-zoom') : __('What becomes of them?', 'telemed-zoom');
        echo '<h2>' . esc_html($question) . '</h2>';
        $choices = self::choices($handover, $isDecidable);
        $submit = $isLeft ? __('Do so', 'telemed-zoom') : __('Do so, and disconnect', 'telemed-zoom');
        HandoverView::printForm(self::FORM, 'doctor', $doctor, static fn() => HandoverView::printChoices(self::FORM, $question, $choices, $submit));
    }

    public function mayAnswer(string $which, ?Answer $answer): bool
    {
        // A doctor burdens no colleague.
        return ctype_digit($which) && self::mayDecide((int) $which) && ($answer !== Answer::Doctor || Capabilities::isAdmin());
    }

    public function answer(string $which, ?Answer $answer, ?int $heir): string
    {
        $doctor = (int) $which;
        $hasLeft = !Capabilities::isDoctor($doctor);
        try {
            $handover = $this->departures->handoverOf($doctor);
            $isDone = $this->departures->decide($handover, $answer ?? throw Answers::undecided(), $heir, self::SECONDS);
            $open = $hasLeft ? $this->departures->visits($handover) : [];
            if ($open !== []) {
                // Of visits made here nothing is open any more.
                Notice::flash('warning', __('Not decided yet:', 'telemed-zoom') . ' ' . $this->view->elsewhere($open, $handover->letsGo));
                return AdminPages::departure($doctor);
            }
            Notice::flash($isDone ? 'success' : 'warning', $isDone ? self::done($handover->letsGo) : self::pending());
        } catch (\Telemed\TransportException $failure) {
            Notice::flash('warning', self::pending() . ' ' . ErrorText::of($failure));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            Notice::flash('error', ErrorText::of($failure));
            return AdminPages::departure($doctor);
        }
        return match (true) {
            $hasLeft => AdminPages::meetings(),
            $doctor === get_current_user_id() => AdminPages::profile(),
            default => AdminPages::profileOf($doctor),
        };
    }

    /** What is told when nothing is left to do. */
    public static function done(LetsGo $why): string
    {
        return $why === LetsGo::Disconnected
            ? __('Zoom is disconnected, and the grant at Zoom is revoked.', 'telemed-zoom')
            : __('It is decided, and nothing of the doctor is left to do at Zoom.', 'telemed-zoom');
    }

    public static function pending(): string
    {
        $days = (int) Departures::keepDays();
        return sprintf(
            /* translators: %d: number of days */
            _n('Zoom could not be told everything yet. It is tried again by itself, for %d day at most; until then the grant serves for nothing else.', 'Zoom could not be told everything yet. It is tried again by itself, for %d days at most; until then the grant serves for nothing else.', $days, 'telemed-zoom'),
            $days
        );
    }

    /** @return array<array-key, string> */
    private static function choices(Handover $handover, bool $isDecidable): array
    {
        $choices = [];
        if ($handover->letsGo === LetsGo::Disconnected) {
            $choices[Answer::Wait->value] = __('They stay booked. Their meetings are deleted at Zoom, and new ones are made when the doctor connects again. The visit links stay the same.', 'telemed-zoom');
        }
        if ($isDecidable && Capabilities::isAdmin()) {
            foreach (HandoverView::heirs([$handover->doctor()]) as $heir => $name) {
                /* translators: %s: name of a doctor */
                $choices[$heir] = sprintf(__('%s holds them. The visit links stay the same, and everybody is told.', 'telemed-zoom'), $name);
            }
        }
        return $isDecidable ? $choices + [Answer::Cancel->value => __('They are cancelled, and everybody is told.', 'telemed-zoom')] : $choices;
    }

    /** What happens when, without anybody's doing. */
    private static function until(Handover $handover): string
    {
        [$decideDays, $keepDays] = [Departures::decideDays(), Departures::keepDays()];
        if (!$handover->isNoted() || $decideDays === null || $keepDays === null) {
            return '';
        }
        $after = static fn(int $days): string => HandoverView::moment($handover->since() + $days * DAY_IN_SECONDS);
        return $handover->letsGo === LetsGo::Left
            /* translators: %s: date and time */
            ? sprintf(__('What is not decided by %s loses its meetings in the doctor\'s own Zoom account.', 'telemed-zoom'), $after($decideDays))
            /* translators: %s: date and time */
            : sprintf(__('The grant at Zoom ends on %s at the latest.', 'telemed-zoom'), $after($keepDays));
    }

    /** Doctors disconnect themselves; administrators whom they may edit, and they decide about those who have left. */
    private static function mayDecide(int $doctor): bool
    {
        if ($doctor <= 0) {
            return false;
        }
        if (!Capabilities::isDoctor($doctor)) {
            return Capabilities::isAdmin();
        }
        return $doctor === get_current_user_id() || (Capabilities::isAdmin() && current_user_can('edit_user', $doctor));
    }
}
