<?php
/**
 * Sends what waits in the outbox. The extension says whether a notice is still true and what it is about; here it is put into words and
 * handed to the site's mailer, and the extension is told what became of it. What staff have to hear of several visits goes as one mail.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Run;

use Telemed\Moment;
use Telemed\Visit;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\VisitRecords;
use TelemedZoom\Mail\Mail;
use TelemedZoom\Mail\VisitMailer;
use TelemedZoom\Mail\VisitMailText;
use TelemedZoom\Mail\WaitingMails;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\StoredVisit;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class NoticeSender
{
    /** Log events. The notes name what it was about and the doctor's user number, never an address. */
    public const LOG_MAILED = 'mailed';
    public const LOG_WAITS = 'mail_waits';
    private const MOST_AT_ONCE = 200;
    /** Nobody is told so much of one visit. */
    private const MOST_TURNS = 40;
    /** The words of VisitMailText for what news are about. */
    private const NEWS = [
        'booked' => 'booked', 'rescheduled' => 'moved', 'reassigned' => 'reassigned', 'released' => 'cancelled', 'cancelled' => 'cancelled', 'new_link' => 'link',
    ];

    public function __construct(
        private readonly VisitStore $visits,
        private readonly VisitRecords $records,
        private readonly VisitMailer $mailer,
        private readonly WaitingMails $waiting,
        private readonly MeetingLog $log,
        private readonly Moments $moments,
        private readonly Guard $guard
    ) {
    }

    /**
     * What is due, as far as the time allows.
     *
     * @throws DatabaseException
     */
    public function run(float $seconds): void
    {
        $ends = microtime(true) + $seconds;
        $seen = [];
        while (microtime(true) < $ends) {
            // What was tried and stays due must not be tried for ever.
            $visits = array_diff($this->dueVisits(), $seen);
            if ($visits === []) {
                return;
            }
            $seen = [...$seen, ...$visits];
            $forStaff = [];
            foreach ($visits as $visit) {
                $forStaff = [...$forStaff, ...$this->ofVisit($visit, $ends)];
            }
            $this->tellStaff($forStaff);
        }
    }

    /**
     * The same of one visit.
     *
     * @param ?StoredVisit $read as it was read just now; null: it is read
     * @throws DatabaseException
     */
    public function runOne(int $visit, float $seconds, ?StoredVisit $read = null): void
    {
        $this->tellStaff($this->ofVisit($visit, microtime(true) + $seconds, $read));
    }

    /**
     * @return list<int> the one with the oldest notice first
     * @throws DatabaseException
     */
    private function dueVisits(): array
    {
        return array_values(array_unique(array_column($this->visits->queue->dueNotices($this->moments->now()->now(), self::MOST_AT_ONCE), 'visit')));
    }

    /**
     * Sends what is due of a visit, but for what staff hear of it.
     *
     * @return list<array{visit: int, notice: int, says: array<string, ?string>, record: MeetingRecord}> what was taken on for staff
     * @throws DatabaseException
     */
    private function ofVisit(int $id, float $ends, ?StoredVisit $read = null): array
    {
        [$tried, $forStaff, $visit, $record] = [[], [], null, null];
        try {
            // A copy of the site holds the same addresses.
            for ($turn = 0; $turn < self::MOST_TURNS && microtime(true) < $ends && $this->guard->mayAct(); $turn++) {
                if ($visit === null || $record === null) {
                    // At first, and where somebody has changed it meanwhile: an e-mail takes seconds.
                    $read ??= $this->visits->read($id);
                    if ($read === null) {
                        break;
                    }
                    [$visit, $record, $read] = [$read->visit, $this->records->of($read), null];
                }
                $at = $this->moments->now();
                $notice = array_values(array_diff($visit->dueNotices($at), $tried))[0] ?? null;
                if ($notice === null) {
                    break;
                }
                // Asked before: appointment systems are not waited for with the visit's row in hand.
                $isReached = $this->isReached($visit, $notice, $record, $at);
                $visit = $this->visits->changeRead($id, $visit, static fn(Visit $now): Visit => self::taken($now, $notice, $isReached, $at), $at);
                if ($visit === null) {
                    continue;
                }
                $tried[] = $notice;
                $says = $visit->says($notice);
                $taken = ['visit' => $id, 'notice' => $notice, 'says' => $says ?? [], 'record' => $record];
                if ($says !== null && self::isForStaff($says)) {
                    $forStaff[] = $taken;
                } elseif ($says !== null) {
                    $visit = $this->end($taken, $this->toOne($taken), $visit);
                }
            }
        } catch (\Telemed\TelemedException) {
            // A row that nobody of us has written must not silence the others.
        }
        return $forStaff;
    }

    /** Whether anybody is there to get a notice, as far as that can be said now. */
    private function isReached(Visit $visit, int $notice, MeetingRecord $record, Moment $at): bool
    {
        $row = array_column($visit->rows($at)['notices'], null, 'id')[$notice];
        return self::isForStaff($row) || $this->mailer->reaches($record, (string) $row['recipient'], (int) $row['doctor']);
    }

    /** Takes a notice on, if it is still true; where nobody is there to get it, that is its end. */
    private static function taken(Visit $now, int $notice, bool $isReached, Moment $at): Visit
    {
        $sent = $now->send($notice, $at);
        return $isReached || $sent->says($notice) === null ? $sent : $sent->delivered($notice, 'no_recipient', null, $at);
    }

    /**
     * @param list<array{visit: int, notice: int, says: array<string, ?string>, record: MeetingRecord}> $taken
     * @throws DatabaseException
     */
    private function tellStaff(array $taken): void
    {
        $mails = [];
        foreach ($taken as $one) {
            $mails[(string) $one['says']['about']][(string) $one['says']['doctor']][] = $one;
        }
        foreach ($mails as $about => $recipients) {
            foreach ($recipients as $doctor => $gathered) {
                $sent = $this->toStaff((string) $about, $doctor === '' ? null : (int) $doctor, array_column($gathered, 'record'));
                foreach ($gathered as $one) {
                    $this->end($one, $sent);
                }
            }
        }
    }

    /**
     * @param array{visit: int, notice: int, says: array<string, ?string>, record: MeetingRecord} $taken
     * @param bool|int|null $sent  as VisitMailer says
     * @param ?Visit        $visit as it was when the notice was taken on
     * @return ?Visit as it is now; null: another, which must be read again
     * @throws DatabaseException
     */
    private function end(array $taken, bool|int|null $sent, ?Visit $visit = null): ?Visit
    {
        ['visit' => $id, 'notice' => $notice, 'says' => $says] = $taken;
        [$fate, $until] = match (true) {
            $sent === true => ['sent', null],
            $sent === false => ['refused', null],
            $sent === null => ['no_recipient', null],
            default => ['held_back', new \DateTimeImmutable("@$sent")],
        };
        $at = $this->moments->now();
        $delivered = static fn(Visit $now): Visit => $now->delivered($notice, $fate, $until, $at);
        $visit = $visit === null ? null : $this->visits->changeRead($id, $visit, $delivered, $at);
        if ($visit === null) {
            $this->visits->change($id, $delivered, $at);
        }
        if ($sent === true) {
            $this->log->write($id, self::LOG_MAILED, null, "{$says['about']}, {$says['recipient']}" . ($says['doctor'] === null ? '' : " {$says['doctor']}"));
        } elseif (is_int($sent) && $this->waiting->holdBack($notice)) {
            $this->log->write($id, self::LOG_WAITS);
        }
        // What is to be told now because of that has its number in the table alone.
        return $visit?->written();
    }

    /** @param array{says: array<string, ?string>, record: MeetingRecord} $taken */
    private function toOne(array $taken): bool|int|null
    {
        ['says' => $says, 'record' => $record] = $taken;
        $about = (string) $says['about'];
        // Then it goes without its calendar rather than later.
        $isUrgent = $says['is_urgent'] === '1';
        return $says['recipient'] === 'patient'
            ? $this->mailer->toPatient($record, self::NEWS[$about] ?? $about, $isUrgent)
            : $this->mailer->toDoctor($record, self::NEWS[$about], (int) $says['doctor'], $isUrgent);
    }

    /**
     * @param ?int $doctor null: the administrators
     * @param non-empty-list<MeetingRecord> $records
     */
    private function toStaff(string $about, ?int $doctor, array $records): ?bool
    {
        $subject = VisitMailText::troubleSubject($about, count($records));
        $body = VisitMailText::trouble($about, $records);
        if ($doctor === null) {
            return Mail::administrators($subject, $body);
        }
        $user = get_userdata($doctor);
        // Who is one of the administrators has it from there.
        return $user === false || Capabilities::isAdmin($doctor) ? null : $this->mailer->send($records[0], $user->user_email, $subject, $body);
    }

    /**
     * Administrators; and doctors of what is no news.
     *
     * @param array<string, ?string> $says
     */
    private static function isForStaff(array $says): bool
    {
        return $says['recipient'] === 'staff' || ($says['recipient'] === 'doctor' && !isset(self::NEWS[(string) $says['about']]));
    }
}
