<?php
/**
 * Tells patient and doctor by mail what became of a visit, once for each change, and only of what stands committed. What is to be
 * told is taken down together with the change (MailClaims), so that no killed process keeps it from them.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Backoff;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Visits\Visits;

defined('ABSPATH') || exit;

final class VisitMails
{
    private const NEWS = ['booked', 'moved', 'reassigned', 'cancelled'];
    private const MADE = ['made', 'changed_at_zoom', 'moved_over', 'link_changed'];
    /** The row has let go of its meeting, and a new one is being made. */
    private const WITHOUT = ['renewed', 'lost'];
    /** To the doctor who does not hold the visit any more. */
    private const RELEASED = 'released';
    /** Who took a mail on and has not sent it by then is dead. News that wait for Zoom's own link wait no longer either. */
    private const TAKE_OVER_SECONDS = 10 * MINUTE_IN_SECONDS;
    /** A mail that the site's mailer refuses is repeated so often, after minutes at first, after hours in the end. */
    private const MOST_TRIES = 20;
    /** So often, or so near the visit, and staff are told as well. */
    private const TELL_STAFF_TRIES = 3;
    private const TELL_STAFF_SECONDS = 2 * HOUR_IN_SECONDS;
    /** After an alarm. */
    private const READY = 'ready';
    private const PATIENT = 'patient';
    private const DOCTOR = 'doctor';

    /** @var array<int, list<MailClaim>> what this process has taken on, by row */
    private array $claims = [];

    public function __construct(
        private readonly MailClaims $told,
        private readonly VisitMailer $mailer,
        private readonly Outbox $outbox,
        private readonly AppointmentSources $sources,
        private readonly Ledger $ledger,
        private readonly Visits $visits,
        private readonly Settings $settings,
        private readonly Guard $guard
    ) {
    }

    public function register(): void
    {
        add_action('telemed_row_settling', [$this, 'take'], 10, 3);
        add_action('telemed_row_settled', [$this, 'send']);
        add_action(Hooks::RUN, [$this, 'sendLate'], 20);
    }

    /** No mail is worth a booking: a database that fails here fails elsewhere too, and is told of there. */
    public function take(MeetingRecord $now, MeetingRecord $before, string $event): void
    {
        // A copy of the site holds the same addresses.
        if (!$this->guard->mayAct()) {
            return;
        }
        try {
            $this->claims[$now->id] = array_values(array_filter(match (true) {
                in_array($event, self::NEWS, true) => $this->news($now, $before, $event),
                in_array($event, self::MADE, true) => $this->link($now, $before) ?: $this->allClear($now, $before),
                in_array($event, self::WITHOUT, true) => $this->withoutLink($now),
                default => [],
            }));
        } catch (DatabaseException) {
            return;
        }
    }

    public function send(MeetingRecord $row): void
    {
        $claims = $this->claims[$row->id] ?? [];
        unset($this->claims[$row->id]);
        if ($claims !== []) {
            $this->outbox->put(fn() => $this->deliverAll($claims, $row));
        }
    }

    /** @param non-empty-list<MailClaim> $claims */
    private function deliverAll(array $claims, MeetingRecord $row): void
    {
        try {
            foreach ($claims as $claim) {
                $this->deliver($claim, $row);
            }
        } catch (DatabaseException) {
            // They stay taken, and another process takes them over.
            return;
        }
    }

    /** What others took on and did not live to send, what was refused, and what Zoom's own link did not come for. */
    public function sendLate(): void
    {
        if (!$this->guard->mayAct()) {
            return;
        }
        try {
            foreach ($this->told->takeOver(MailClaims::NEWS, self::TAKE_OVER_SECONDS) as $claim) {
                $row = $this->ledger->find($claim->meeting);
                if ($row !== null && $row->event !== null && !$row->isOver()) {
                    // What was wished since may be told soon, or may be rolled back: it is looked at again when that is known.
                    continue;
                }
                if ($row === null || !$this->isStill($claim, $row)) {
                    $this->told->drop($claim);
                } else {
                    $this->deliver($claim, $row);
                }
            }
        } catch (DatabaseException) {
            return;
        }
    }

    /** @return list<?MailClaim> */
    private function news(MeetingRecord $row, MeetingRecord $before, string $event): array
    {
        $source = $this->sources->find($row->source);
        if ($source === null || $row->isOver() || ($event === 'cancelled' && $before->seenAt === null && $before->told === null)) {
            return [];
        }
        if ($source->mailsItself($event, $row)) {
            $this->told->take($row, $event, $row->doctor, MailClaims::TOLD_BY_SOURCE);
            return [];
        }
        // A row that has just been written down has no past.
        $former = $before === $row ? null : $this->told->lastToldDoctor($row);
        if ($event === 'cancelled') {
            return [$this->told->take($row, $event, $former ?? $row->doctor, MailClaims::NEWS)];
        }
        $claims = [$former === null || $former === $row->doctor ? null : $this->told->take($row, self::RELEASED, $former, MailClaims::NEWS)];
        $claim = $this->told->take($row, $event, $row->doctor, MailClaims::NEWS);
        // Where Zoom's own link is mailed and there is none yet, it is told together with it, if it comes soon.
        return $this->settings->mailsZoomsLink() && $row->joinUrl === null ? $claims : [...$claims, $claim];
    }

    /**
     * Where the clinic mails Zoom's own link, all who may have the old one get the new one.
     *
     * @return list<?MailClaim>
     */
    private function link(MeetingRecord $row, MeetingRecord $before): array
    {
        if (!$this->settings->mailsZoomsLink() || $row->joinUrl === null || $row->joinUrl === $before->joinUrl || $row->isOver()) {
            return [];
        }
        if ($row->event !== null) {
            // The time wished meanwhile may be rolled back: the link is told late, when that is known.
            $this->told->take($row, 'link ' . $row->version, $row->doctor, MailClaims::NEWS);
            return [];
        }
        $waiting = $this->told->waiting($row);
        $latest = array_pop($waiting);
        array_map([$this->told, 'drop'], $waiting);
        return [$latest ?? $this->told->take($row, 'link ' . $row->version, $row->doctor, MailClaims::NEWS)];
    }

    /**
     * A patient who was alarmed need not call the clinic any more.
     *
     * @return list<?MailClaim>
     */
    private function allClear(MeetingRecord $row, MeetingRecord $before): array
    {
        return TroubleMails::hasBeenLate($row, $before, $this->told)
            ? [$this->told->take($row, self::READY . ' to ' . self::PATIENT, $row->doctor, MailClaims::NEWS)]
            : [];
    }

    /**
     * Those who have Zoom's own link hold a dead one: if the new one does not come soon, they get the visit link.
     *
     * @return list<?MailClaim> none to be sent now
     */
    private function withoutLink(MeetingRecord $row): array
    {
        if ($this->settings->mailsZoomsLink() && $row->joinUrl === null && !$row->isOver() && $this->told->lastToldDoctor($row) !== null) {
            $this->told->take($row, 'link ' . $row->version, $row->doctor, MailClaims::NEWS);
        }
        return [];
    }

    /** Whether there is still something to tell of what stands committed. */
    private function isStill(MailClaim $claim, MeetingRecord $row): bool
    {
        [$event] = self::parts($claim->what);
        return match (true) {
            $row->isOver() => $event === 'missed',
            // Who holds the visit again has been told so.
            $event === self::RELEASED => $claim->doctor !== $row->doctor,
            $event === TroubleMails::LATE => !$row->state->hasMeeting() && $row->state->isLive(),
            $event === self::READY => $row->state->hasMeeting(),
            // Whatever else became of the visit, or was taken back.
            str_starts_with($event, 'link ') => $row->state->isLive(),
            // Not by the row's sequence: a wish that was rolled back has raised it and was told to nobody.
            default => ($event === 'cancelled') !== $row->state->isLive() && !$this->told->isOutdated($claim),
        };
    }

    private function deliver(MailClaim $claim, MeetingRecord $row): void
    {
        [$event, $only] = self::parts($claim->what);
        if (str_starts_with($event, 'link ')) {
            $event = $this->told->lastToldDoctor($row, $claim) === null ? 'booked' : 'link';
        }
        $isUrgent = self::isUrgent($claim, $row);
        $open = [];
        if ($event !== self::RELEASED && $only !== self::DOCTOR) {
            $open[self::PATIENT] = $this->mailer->toPatient($row, $event, $isUrgent);
        }
        if ($only !== self::PATIENT) {
            $open[self::DOCTOR] = $this->mailer->toDoctor($row, $event === self::RELEASED ? 'cancelled' : $event, $claim->doctor, $isUrgent);
        }
        $open = array_filter($open, static fn(bool|int $answer): bool => $answer !== true);
        foreach ($open as $recipient => $answer) {
            is_int($answer)
                ? $this->told->wait($claim, "$event to $recipient", $answer, self::TAKE_OVER_SECONDS)
                : $this->refused($claim, $row, "$event to $recipient");
        }
        if ($open === [] || $only === null) {
            $this->told->done($claim);
        }
        if ($row->state->isLive() && $event !== self::RELEASED) {
            $this->cancelledMeanwhile($row);
        }
    }

    /**
     * A mail that the visit is off, an appointment system's own or another process's, may have gone while ours, that it takes place, was
     * on its way: nobody knows in which order they are read.
     */
    private function cancelledMeanwhile(MeetingRecord $mailed): void
    {
        $now = $this->ledger->find($mailed->id);
        // What is not settled yet may have been mailed by the appointment system. What is just being told arrives after ours.
        if ($now === null || $now->state !== MeetingState::Cancelled || ($now->event === null && !$this->told->isToldOff($now))) {
            return;
        }
        try {
            $this->visits->tellOff($now);
        } catch (Problem) {
            // Somebody books it again.
            return;
        }
    }

    private function refused(MailClaim $claim, MeetingRecord $row, string $what): void
    {
        if ($claim->refused + 1 >= self::MOST_TRIES) {
            $this->told->giveUp($claim);
            return;
        }
        $next = Backoff::after(new Problem('telemed_mail_refused', ''), $claim->refused, $row->start);
        $this->told->repeat($claim, $what, $next, self::TAKE_OVER_SECONDS);
        if (self::isUrgent($claim, $row)) {
            do_action('telemed_mail_refused', $row);
        }
    }

    /** Whether a try that fails now is one too many. */
    private static function isUrgent(MailClaim $claim, MeetingRecord $row): bool
    {
        return $claim->refused + 1 >= self::TELL_STAFF_TRIES || $row->start->getTimestamp() <= Clock::now() + self::TELL_STAFF_SECONDS;
    }

    /** @return array{string, ?string} the event, and the one recipient who has not got the mail; null: all */
    private static function parts(string $what): array
    {
        return preg_match('/^(.+) to (patient|doctor)$/', $what, $found) === 1 ? [$found[1], $found[2]] : [$what, null];
    }
}
