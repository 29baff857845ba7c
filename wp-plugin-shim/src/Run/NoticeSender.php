<?php
/**
 * Sends what waits in the outbox. The extension says whether a notice is still true and what it is about; here it is put into words and
 * handed to the site's mailer, and the extension is told what became of it. What staff have to hear of several visits goes as one mail.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Run;

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
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class NoticeSender
{
    /** Log events. The notes name what it was about and the doctor's user number, never an address. */
    public const LOG_MAILED = 'mailed';
    public const LOG_WAITS = 'mail_waits';
    private const MOST_AT_ONCE = 200;
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
     * @param ?int $visit of this visit alone; null: of all
     * @throws DatabaseException
     */
    public function run(float $seconds, ?int $visit = null): void
    {
        $ends = microtime(true) + $seconds;
        $seen = [];
        // A copy of the site holds the same addresses.
        while ($this->guard->mayAct() && microtime(true) < $ends) {
            $due = $this->visits->queue->dueNotices($this->moments->now()->now(), self::MOST_AT_ONCE, $visit);
            // What was tried and stays due must not be tried for ever.
            $due = array_filter($due, static fn(array $one): bool => !isset($seen[$one['notice']]));
            if ($due === []) {
                return;
            }
            $seen += array_fill_keys(array_column($due, 'notice'), true);
            $staff = [];
            foreach ($due as $notice) {
                if (microtime(true) >= $ends) {
                    break;
                }
                // Each when its turn comes: an e-mail takes seconds, and meanwhile the next may have become untrue.
                $taken = $this->begin($notice);
                if ($taken === null) {
                    continue;
                }
                if (self::isForStaff($taken['says'])) {
                    $staff[$taken['says']['about']][(string) $taken['says']['doctor']][] = $taken;
                    continue;
                }
                $sent = $this->toOne($taken);
                $this->end([$taken], $sent);
                if (is_int($sent) && $this->waiting->holdBack($taken['notice'])) {
                    $this->log->write($taken['visit'], self::LOG_WAITS);
                }
            }
            foreach ($staff as $about => $recipients) {
                foreach ($recipients as $doctor => $gathered) {
                    $this->end($gathered, $this->toStaff((string) $about, $doctor === '' ? null : (int) $doctor, array_column($gathered, 'record')));
                }
            }
        }
    }

    /**
     * Takes a notice on, if it is still true.
     *
     * @param array{visit: int, notice: int} $due
     * @return ?array{visit: int, notice: int, says: array<string, ?string>, record: MeetingRecord}
     * @throws DatabaseException
     */
    private function begin(array $due): ?array
    {
        $at = $this->moments->now();
        try {
            $visit = $this->visits->change($due['visit'], static fn(Visit $now): Visit => $now->send($due['notice'], $at), $at);
            $says = $visit?->says($due['notice']);
            $record = $says === null ? null : $this->records->find($due['visit']);
        } catch (\Telemed\TelemedException) {
            // A row that nobody of us has written must not silence the others.
            return null;
        }
        if ($record === null) {
            return null;
        }
        $taken = $due + ['says' => $says, 'record' => $record];
        if ($record->version !== $visit->version()) {
            // Something was wished since, and may be rolled back.
            $this->end([$taken], $this->moments->seconds() + 1);
            return null;
        }
        return $taken;
    }

    /**
     * @param non-empty-list<array{visit: int, notice: int, says: array<string, ?string>, record: MeetingRecord}> $taken
     * @param bool|int|null $sent as VisitMailer says
     * @throws DatabaseException
     */
    private function end(array $taken, bool|int|null $sent): void
    {
        [$fate, $until] = match (true) {
            $sent === true => ['sent', null],
            $sent === false => ['refused', null],
            $sent === null => ['no_recipient', null],
            default => ['held_back', new \DateTimeImmutable("@$sent")],
        };
        foreach ($taken as ['visit' => $visit, 'notice' => $notice, 'says' => $says]) {
            $at = $this->moments->now();
            $this->visits->change($visit, static fn(Visit $now): Visit => $now->delivered($notice, $fate, $until, $at), $at);
            if ($sent === true) {
                $this->log->write($visit, self::LOG_MAILED, null, "{$says['about']}, {$says['recipient']}" . ($says['doctor'] === null ? '' : " {$says['doctor']}"));
            }
        }
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
