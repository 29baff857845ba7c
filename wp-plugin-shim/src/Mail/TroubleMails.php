<?php
/**
 * Tells staff, and where it is late the patient, of visits that have no meeting at Zoom, and staff of those that overlap with
 * others of their host. Where many fail together, as in an outage, each of the staff gets one mail of them all; what mends itself
 * within minutes is not told. Who was alarmed is told when the meeting is there after all.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Clinic\Guard;
use TelemedZoom\Ledger\Backoff;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Visits\Overlaps;

defined('ABSPATH') || exit;

final class TroubleMails
{
    private const FAILED = 'failed';
    public const LATE = 'late';
    /** The meeting of a visit that was late is there. */
    private const READY = 'ready';
    /** A mail about the visit was refused. */
    private const UNMAILED = 'unmailed';
    /** Zoom runs one meeting of a host at a time. */
    private const OVERLAPS = 'overlaps';
    private const MOST_TRIES = 20;
    private const EVENTS = [self::FAILED, 'uncertain', 'missed'];
    private const PLANNED = ['booked', 'moved', 'reassigned'];
    private const MADE = ['made', 'changed_at_zoom'];
    private const TO_PATIENTS = [self::LATE, 'missed'];
    /** A visit that begins so soon and has no meeting is everybody's concern, when it is not just one try that failed: */
    private const LATE_SECONDS = HOUR_IN_SECONDS;
    /** so many have, */
    private const LATE_TRIES = 3;
    /** or nothing was done about it for so long, */
    private const IDLE_SECONDS = 5 * MINUTE_IN_SECONDS;
    /** or people are about to join. */
    private const SOON_SECONDS = 15 * MINUTE_IN_SECONDS;
    /** Failures long before their visits are gathered for so long. */
    private const GATHER_SECONDS = 5 * MINUTE_IN_SECONDS;

    /** @var array<int, MailClaim> what this process has taken on, by row */
    private array $claims = [];

    public function __construct(
        private readonly MailClaims $told,
        private readonly VisitMailer $mailer,
        private readonly Outbox $outbox,
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly Overlaps $overlaps,
        private readonly Guard $guard
    ) {
    }

    public function register(): void
    {
        add_action('telemed_row_settling', [$this, 'take'], 10, 3);
        add_action('telemed_row_settled', [$this, 'send']);
        add_action('telemed_mail_refused', [$this, 'mailRefused']);
        add_action(Hooks::RUN, [$this, 'sendGathered'], 20);
    }

    /** Patient or doctor cannot be mailed: told once. */
    public function mailRefused(MeetingRecord $row): void
    {
        $claim = $this->told->take($row, self::UNMAILED, $row->doctor, MailClaims::TROUBLE);
        if ($claim !== null) {
            $this->tell([[$claim, $row]]);
        }
    }

    public function take(MeetingRecord $now, MeetingRecord $before, string $event): void
    {
        if (!in_array($event, [...self::EVENTS, ...self::PLANNED, ...self::MADE], true) || !$this->guard->mayAct()) {
            return;
        }
        try {
            if (in_array($event, self::PLANNED, true)) {
                $this->takeOverlap($now);
                return;
            }
            if (in_array($event, self::MADE, true)) {
                // Staff are told of all together; the patient at once, by VisitMails.
                if (self::hasBeenLate($now, $before, $this->told)) {
                    $this->told->take($now, self::READY, $now->doctor, MailClaims::TROUBLE);
                }
                return;
            }
            $claim = $this->told->take($now, $event === self::FAILED && self::isLate($now) ? self::LATE : $event, $now->doctor, MailClaims::TROUBLE);
            if ($claim !== null && $claim->what !== self::FAILED) {
                $this->claims[$now->id] = $claim;
            }
        } catch (DatabaseException) {
            return;
        }
    }

    /** Whether people were alarmed by what the row has overcome now. */
    public static function hasBeenLate(MeetingRecord $now, MeetingRecord $before, MailClaims $told): bool
    {
        // What is made as soon as it is booked, which is most, is not looked up.
        $isNew = $now->createdAt->getTimestamp() > Clock::now() - MINUTE_IN_SECONDS;
        return !$before->state->hasMeeting() && $now->state->hasMeeting() && !$now->isOver() && !$isNew && $told->wasTold($now, self::LATE);
    }

    /** Our own screen says it to who books; an appointment system's screen cannot. It is gathered. */
    private function takeOverlap(MeetingRecord $row): void
    {
        if ($row->source !== ManualSource::NAME && $this->overlaps->of([$row]) !== []) {
            $this->told->take($row, self::OVERLAPS, $row->doctor, MailClaims::TROUBLE);
        }
    }

    public function send(MeetingRecord $row): void
    {
        $claim = $this->claims[$row->id] ?? null;
        unset($this->claims[$row->id]);
        if ($claim !== null) {
            $this->outbox->put(function () use ($claim, $row): void {
                try {
                    $this->tell([[$claim, $row]]);
                } catch (DatabaseException) {
                    // It stays taken, and another process takes it over.
                    return;
                }
            });
        }
    }

    /** What has failed since, what failed long before its visit and still does, and what others did not live to send. */
    public function sendGathered(): void
    {
        if (!$this->guard->mayAct()) {
            return;
        }
        try {
            $gathered = [];
            foreach (array_filter($this->queries->unmadeBefore(Clock::sql(self::LATE_SECONDS)), self::isLate(...)) as $row) {
                $claim = $this->told->take($row, self::LATE, $row->doctor, MailClaims::TROUBLE);
                if ($claim !== null) {
                    $gathered[] = [$claim, $row];
                }
            }
            foreach ($this->told->takeOver(MailClaims::TROUBLE, self::GATHER_SECONDS) as $claim) {
                $row = $this->ledger->find($claim->meeting);
                if ($row === null || !$this->isStill($claim->what, $row)) {
                    $this->told->drop($claim);
                } else {
                    $gathered[] = [$claim, $row];
                }
            }
            $this->tell($gathered);
        } catch (DatabaseException) {
            return;
        }
    }

    /** @param list<array{MailClaim, MeetingRecord}> $gathered */
    private function tell(array $gathered): void
    {
        $byEvent = [];
        foreach ($gathered as [$claim, $row]) {
            $byEvent[$claim->what]['claims'][] = $claim;
            $byEvent[$claim->what]['rows'][] = $row;
        }
        foreach ($byEvent as $event => ['claims' => $claims, 'rows' => $rows]) {
            $areTold = Mail::administrators(VisitMailText::troubleSubject($event, count($rows)), VisitMailText::trouble($event, $rows));
            foreach ($event === 'uncertain' ? [] : self::byDoctor($rows) as $doctor => $own) {
                $user = get_userdata($doctor);
                if ($user !== false && !Capabilities::isAdmin($doctor)) {
                    $this->mailer->send($own[0], $user->user_email, VisitMailText::troubleSubject($event, count($own)), VisitMailText::trouble($event, $own));
                }
            }
            foreach (in_array($event, self::TO_PATIENTS, true) ? $rows : [] as $number => $row) {
                // When only the administrators are still to be told, the patient is not told again.
                if ($claims[$number]->refused === 0 && !$this->mailer->toPatient($row, $event)) {
                    $this->told->repeat($claims[$number], $event . ' to patient', Clock::now(), 0);
                }
            }
            foreach ($claims as $number => $claim) {
                $this->end($claim, $rows[$number], $areTold);
            }
        }
    }

    private function end(MailClaim $claim, MeetingRecord $row, bool $areTold): void
    {
        if ($areTold) {
            $this->told->done($claim);
        } elseif ($claim->refused + 1 >= self::MOST_TRIES) {
            $this->told->giveUp($claim);
        } else {
            $next = Backoff::after(new Problem('telemed_mail_refused', ''), $claim->refused, $row->start);
            $this->told->repeat($claim, $claim->what, $next, self::GATHER_SECONDS);
        }
    }

    /**
     * @param list<MeetingRecord> $rows
     * @return array<int, non-empty-list<MeetingRecord>>
     */
    private static function byDoctor(array $rows): array
    {
        $doctors = [];
        foreach ($rows as $row) {
            $doctors[$row->doctor][] = $row;
        }
        return $doctors;
    }

    /** Whether there is still something to tell. */
    private function isStill(string $event, MeetingRecord $row): bool
    {
        return match ($event) {
            // What is late by now is told as that.
            self::FAILED => $row->state->isOpen() && $row->lastError !== null && !self::isLate($row),
            self::UNMAILED => !$row->isOver(),
            self::OVERLAPS => $row->state->isLive() && !$row->isOver() && $this->overlaps->of([$row]) !== [],
            self::LATE => !$row->state->hasMeeting() && $row->state->isLive() && !$row->isOver(),
            self::READY => $row->state->hasMeeting() && !$row->isOver(),
            default => $row->state->value === $event,
        };
    }

    private static function isLate(MeetingRecord $row): bool
    {
        $starts = $row->start->getTimestamp();
        if ($row->state->hasMeeting()) {
            return false;
        }
        // Also what is far off, but not tried again before it begins: the host's writes of the day are used up.
        if ($starts <= ($row->nextTryAt?->getTimestamp() ?? 0)) {
            return true;
        }
        return $starts <= Clock::now() + self::LATE_SECONDS && (
            $row->tries >= self::LATE_TRIES
            || $row->updatedAt->getTimestamp() <= Clock::now() - self::IDLE_SECONDS
            || $starts <= Clock::now() + self::SOON_SECONDS
        );
    }
}
