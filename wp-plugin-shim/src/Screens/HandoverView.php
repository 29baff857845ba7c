<?php
/**
 * How a handover is shown, whoever lets go: since when and until when, who has answered what, the visits, and the answers that can be
 * given.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\AdminPost;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\LetsGo;

defined('ABSPATH') || exit;

final class HandoverView
{
    /** Where answers are sent: HandoverScreen. */
    public const ACTION = 'telemed_answer_handover';
    private const MOST_LISTED = 50;

    public function __construct(private readonly AppointmentSources $sources)
    {
    }

    /** @return ?array{Answer, ?int} what was chosen: an answer, or the user id of the doctor who takes over; null: neither */
    public static function choice(string $choice): ?array
    {
        $answer = ctype_digit($choice) ? Answer::Doctor : Answer::tryFrom($choice);
        return $answer === null ? null : [$answer, $answer === Answer::Doctor ? (int) $choice : null];
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

    /**
     * Since when, who has answered what, until when.
     *
     * @param ?Handover $one   null: nothing is noted
     * @param string    $until a sentence
     */
    public static function printStanding(?Handover $one, string $until = ''): void
    {
        $told = array_filter([
            /* translators: %s: date and time */
            $one?->isNoted() ? sprintf(__('Since %s.', 'telemed-zoom'), self::moment($one->since())) : '',
            $one === null ? '' : self::answered($one),
            $until,
        ]);
        if ($told !== []) {
            $answer = $one?->answer()?->value ?? '';
            printf('<p class="description telemed-standing" data-answer="%s">%s</p>', esc_attr($answer), esc_html(implode(' ', $told)));
        }
    }

    /**
     * @param list<MeetingRecord>                $visits
     * @param ?\Closure(MeetingRecord): ?string $staysBecause why a visit cannot be let go of, in one sentence
     */
    public function printVisits(array $visits, string $id, ?\Closure $staysBecause = null): void
    {
        echo '<table class="widefat striped telemed-table" id="' . esc_attr($id) . '"><thead><tr>';
        foreach ([
            /* translators: %s: time zone */
            sprintf(__('Start (clinic, %s)', 'telemed-zoom'), wp_timezone()->getName()),
            __('Doctor', 'telemed-zoom'), __('Host at Zoom', 'telemed-zoom'), __('Made by', 'telemed-zoom'), __('State', 'telemed-zoom'),
        ] as $heading) {
            echo '<th scope="col">' . esc_html($heading) . '</th>';
        }
        echo '</tr></thead><tbody>';
        foreach (array_slice($visits, 0, self::MOST_LISTED) as $row) {
            $this->printVisit($row, $staysBecause === null ? null : $staysBecause($row));
        }
        if (count($visits) > self::MOST_LISTED) {
            echo '<tr><td colspan="5">' . esc_html(self::more(count($visits))) . '</td></tr>';
        }
        echo '</tbody></table>';
    }

    /**
     * The answers that can be given.
     *
     * @param string                   $formId  of the form that printForm() prints around them, or, where they stand within WordPress' own
     *                                          form, after that
     * @param array<array-key, string> $choices what each means, by its value
     */
    public static function printChoices(string $formId, string $question, array $choices, string $submit): void
    {
        printf('<fieldset><legend class="screen-reader-text">%s</legend>', esc_html($question));
        foreach ($choices as $value => $label) {
            printf(
                '<p><label><input type="radio" name="choice" value="%s" form="%s" required> %s</label></p>',
                esc_attr((string) $value),
                esc_attr($formId),
                esc_html($label)
            );
        }
        printf('</fieldset><p><button type="submit" form="%s" class="button button-primary">%s</button></p>', esc_attr($formId), esc_html($submit));
    }

    /**
     * @param 'doctor'|'app'|'zoom_user' $who          who lets go,
     * @param int|string                 $which        of them
     * @param ?\Closure(): void          $printChoices null: they stand elsewhere
     */
    public static function printForm(string $formId, string $who, int|string $which, ?\Closure $printChoices = null): void
    {
        printf('<form method="post" action="%s" id="%s">', esc_url(AdminPost::url()), esc_attr($formId));
        AdminPost::fields(self::ACTION, ['who' => $who, 'which' => $which]);
        if ($printChoices !== null) {
            $printChoices();
        }
        echo '</form>';
    }

    /**
     * Visits that can be given to another doctor, or cancelled, here.
     *
     * @param list<MeetingRecord> $visits
     * @return list<MeetingRecord>
     */
    public function decidable(array $visits): array
    {
        return array_values(array_filter($visits, $this->isDecidable(...)));
    }

    /**
     * For mails.
     *
     * @param list<MeetingRecord> $visits
     */
    public function listed(array $visits): string
    {
        $lines = array_map(function (MeetingRecord $row): string {
            $where = $this->where($row);
            return '- ' . self::moment($row->start->getTimestamp()) . ($where === '' ? '' : " $where");
        }, array_slice($visits, 0, self::MOST_LISTED));
        return implode("\n", count($visits) > self::MOST_LISTED ? [...$lines, '- ' . self::more(count($visits))] : $lines);
    }

    /**
     * What is to be done about appointments that were not made on this site's own screens.
     *
     * @param list<MeetingRecord> $visits
     * @return string '' when there are none
     */
    public function elsewhere(array $visits, LetsGo $why): string
    {
        $theirs = array_values(array_filter($visits, fn(MeetingRecord $row): bool => !$this->isDecidable($row)));
        if ($theirs === []) {
            return '';
        }
        $titles = implode(', ', array_unique(array_map(fn(MeetingRecord $row): string => $this->sources->title($row->source), $theirs)));
        $text = $why === LetsGo::Left
            /* translators: 1: number of visits, 2: name of an appointment system */
            ? _n('%1$d visit is an appointment of %2$s, and stays booked there until somebody cancels or deletes it in %2$s: this page cannot. Do that there; its meeting at Zoom goes within minutes, and those concerned are told. Until then the patient has been told nothing and holds a link that does not open.', '%1$d visits are appointments of %2$s, and stay booked there until somebody cancels or deletes them in %2$s: this page cannot. Do that there; their meetings at Zoom go within minutes, and those concerned are told. Until then the patients have been told nothing and hold links that do not open.', count($theirs), 'telemed-zoom')
            /* translators: 1: number of visits, 2: name of an appointment system */
            : _n('%1$d visit is an appointment of %2$s: it can be moved or cancelled there only. Whatever is chosen here, it stays booked and waits for the next connection.', '%1$d visits are appointments of %2$s: they can be moved or cancelled there only. Whatever is chosen here, they stay booked and wait for the next connection.', count($theirs), 'telemed-zoom');
        return sprintf($text, count($theirs), $titles);
    }

    /** An app, for people; escaped. */
    public static function app(Mode $mode, string $client): string
    {
        return esc_html($mode === Mode::OAuth ? __('OAuth 2.0 app', 'telemed-zoom') : __('Server-to-Server app', 'telemed-zoom')) .
            ' <code>' . esc_html($client) . '</code>';
    }

    /** At the clinic. */
    public static function moment(int $moment): string
    {
        return (string) wp_date(get_option('date_format') . ', ' . get_option('time_format'), $moment, wp_timezone());
    }

    private function printVisit(MeetingRecord $row, ?string $stays): void
    {
        $isMoving = $row->state === MeetingState::Moving;
        $remarks = array_filter([
            $this->where($row),
            $isMoving ? (string) $row->lastError : '',
            $isMoving || $stays === null ? '' : __('Cannot be moved:', 'telemed-zoom') . ' ' . $stays,
        ]);
        printf(
            '<tr data-visit="%1$d" data-source="%2$s" data-state="%3$s" data-stays="%4$s">' .
                '<td><a href="%5$s">%6$s</a></td><td>%7$s</td><td>%8$s</td><td>%9$s</td><td>%10$s%11$s</td></tr>',
            (int) $row->id,
            esc_attr($row->source),
            esc_attr($row->state->value),
            !$isMoving && $stays !== null ? '1' : '0',
            esc_url(AdminPages::meeting($row->id)),
            MeetingHtml::moment($row->start), // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
            esc_html(Doctors::name($row->doctor)),
            esc_html($row->hostEmail ?? $row->hostId ?? '?'),
            $row->mode === null || $row->app === null ? '' : self::app($row->mode, $row->app), // phpcs:ignore WordPress.Security.EscapeOutput -- escaped there
            esc_html($row->state->label()),
            implode('', array_map(static fn(string $remark): string => '<p class="description">' . esc_html($remark) . '</p>', $remarks))
        );
    }

    private function isDecidable(MeetingRecord $row): bool
    {
        return $this->sources->can($row->source, $row->appointment) !== [];
    }

    /** Where the appointment is found that can be moved or cancelled there only; '' for others. */
    private function where(MeetingRecord $row): string
    {
        return $this->isDecidable($row) ? '' : sprintf(
            /* translators: 1: name of an appointment system, 2: number of an appointment */
            __('(%1$s, appointment %2$s)', 'telemed-zoom'),
            $this->sources->title($row->source),
            $row->appointment
        );
    }

    private static function answered(Handover $one): string
    {
        $answer = match ($one->answer()) {
            null => null,
            Answer::Stay => __('left until over', 'telemed-zoom'),
            Answer::Move => __('move them', 'telemed-zoom'),
            /* translators: %s: name of a doctor */
            Answer::Doctor => sprintf(__('%s holds them', 'telemed-zoom'), Doctors::name((int) $one->heir())),
            Answer::Cancel => __('cancel them', 'telemed-zoom'),
            Answer::Wait => __('they wait for the next connection', 'telemed-zoom'),
        };
        return match (true) {
            $answer === null => '',
            /* translators: %s: an answer */
            $one->answeredBy() === 0 => sprintf(__('Answered: %s.', 'telemed-zoom'), $answer),
            /* translators: 1: name of a user, 2: an answer */
            default => sprintf(__('%1$s has answered: %2$s.', 'telemed-zoom'), Doctors::name($one->answeredBy()), $answer),
        };
    }

    private static function more(int $visits): string
    {
        /* translators: %d: number of visits */
        return sprintf(__('and %d more', 'telemed-zoom'), $visits - self::MOST_LISTED);
    }
}
