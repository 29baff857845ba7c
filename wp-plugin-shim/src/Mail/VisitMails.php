<?php
/**
 * Tells patient and doctor by mail what became of a visit, once for each change, and only of what stands committed. What is to be
 * told is taken down together with the change (MailClaims), so that no killed process keeps it from them.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Settings\Settings;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Guard;
use TelemedZoom\Work\Cron;

defined('ABSPATH') || exit;

final class VisitMails
{
    private const NEWS = ['booked', 'moved', 'reassigned', 'cancelled'];
    private const MADE = ['made', 'changed_at_zoom', 'moved_over'];
    /** To the doctor who does not hold the visit any more. */
    private const RELEASED = 'released';
    /** Who took a mail on and has not sent it by then is dead. */
    private const TAKE_OVER_SECONDS = 10 * MINUTE_IN_SECONDS;

    /** @var array<int, list<MailClaim>> what this process has taken on, by row */
    private array $claims = [];

    public function __construct(
        private readonly MailClaims $told,
        private readonly VisitMailer $mailer,
        private readonly AppointmentSources $sources,
        private readonly Ledger $ledger,
        private readonly Settings $settings,
        private readonly Guard $guard
    ) {
    }

    public function register(): void
    {
        add_action('telemed_row_settling', [$this, 'take'], 10, 3);
        add_action('telemed_row_settled', [$this, 'send']);
        add_action(Cron::HOOK_RUN, [$this, 'sendLate'], 20);
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
                in_array($event, self::MADE, true) => $this->link($now, $before),
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
        try {
            foreach ($claims as $claim) {
                $this->deliver($claim, $row);
            }
        } catch (DatabaseException) {
            return;
        }
    }

    /** What others took on and did not live to send. */
    public function sendLate(): void
    {
        if (!$this->guard->mayAct()) {
            return;
        }
        try {
            foreach ($this->told->takeOver(MailClaims::NEWS, self::TAKE_OVER_SECONDS) as $claim) {
                $row = $this->ledger->find($claim->meeting);
                // Something newer was told since, or will be.
                if ($row === null || $row->isOver() || ($claim->sequence !== $row->sequence && $claim->what !== self::RELEASED)) {
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
        if ($source === null || $row->isOver() || ($event === 'cancelled' && $before->seenAt === null)) {
            return [];
        }
        if ($source->mailsItself($event, $row)) {
            $this->told->take($row, $event, $row->doctor, MailClaims::TOLD_BY_SOURCE);
            return [];
        }
        $former = $this->told->lastToldDoctor($row);
        if ($event === 'cancelled') {
            return [$this->told->take($row, $event, $former ?? $row->doctor, MailClaims::NEWS)];
        }
        $claims = [$former === null || $former === $row->doctor ? null : $this->told->take($row, self::RELEASED, $former, MailClaims::NEWS)];
        // Where Zoom's own link is mailed and there is none yet, all are told as soon as it is made.
        if (!$this->settings->mailsZoomsLink() || $row->joinUrl !== null) {
            $claims[] = $this->told->take($row, $event, $row->doctor, MailClaims::NEWS);
        }
        return $claims;
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
        return [$this->told->take($row, 'link ' . $row->generation, $row->doctor, MailClaims::NEWS)];
    }

    private function deliver(MailClaim $claim, MeetingRecord $row): void
    {
        $event = $claim->what;
        if (str_starts_with($event, 'link ')) {
            $event = $this->told->lastToldDoctor($row, $claim) === null ? 'booked' : 'link';
        }
        if ($event !== self::RELEASED) {
            $this->mailer->toPatient($row, $event);
        }
        $this->mailer->toDoctor($row, $event === self::RELEASED ? 'cancelled' : $event, $claim->doctor);
        $this->told->done($claim);
    }
}
