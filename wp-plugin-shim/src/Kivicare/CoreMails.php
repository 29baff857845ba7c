<?php
/**
 * Notes which e-mails the core sends by itself: what each told, committed with it. The extension reckons with them; what the core does
 * not mail, we do.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Work\AfterRequest;

defined('ABSPATH') || exit;

final class CoreMails
{
    public const BOOKED = 'booked';
    private const CANCELLED = 'cancelled';
    /** The core's listener runs at 10; what the appointment says is wished before. */
    private const EVENTS = [
        'kc_after_create_appointment' => self::BOOKED,
        'kc_appointment_payment_completed' => self::BOOKED,
        'kc_appointment_cancelled' => self::CANCELLED,
    ];
    /** A version that no visit ever has. */
    private const NOTHING_WISHED = 0;

    /** @var array<int, true> appointments whose visits this request has changed */
    private array $changed = [];
    /**
     * @var array<int, array{MeetingRecord, string, ?int}> by appointment: the visit of which the core is mailing, the note of that,
     *                                                          and which one it is where no transaction is open: others see it then
     */
    private array $mailing = [];

    public function __construct(
        private readonly Ledger $ledger,
        private readonly Source $source,
        private readonly VisitStore $store,
        private readonly Database $database,
        private readonly AfterRequest $afterRequest
    ) {
    }

    public function register(): void
    {
        foreach (self::EVENTS as $hook => $event) {
            add_action($hook, fn(mixed $id) => $this->isMailing((int) $id, $event), 6);
            add_action($hook, fn(mixed $id) => $this->hasMailed((int) $id, $event), 20);
        }
        add_action('telemed_visit_changed', function (array $what): void {
            if ($what['source'] === Source::NAME) {
                $this->changed[(int) $what['appointment']] = true;
            }
        });
    }

    /**
     * The core is about to queue e-mails: a booking's only where there is a link. They tell the visit as it is now, whatever becomes of
     * it meanwhile, and the request may die before it can say that they are queued.
     */
    private function isMailing(int $id, string $event): void
    {
        Bookings::quietly(function () use ($id, $event): void {
            unset($this->mailing[$id]);
            $row = $this->ledger->findAppointment(Source::NAME, (string) $id);
            if ($row === null) {
                return;
            }
            $mailing = Source::mailing($row->sequence, $row->doctor);
            if (MappingTable::noteMail($id, $mailing, needsLink: $event === self::BOOKED)) {
                $committed = MappingTable::mailsCommitted([$id], $this->database)[$id] ?? [];
                $this->mailing[$id] = [$row, $mailing, array_key_last(array_intersect($committed, [$mailing]))];
            }
        });
    }

    /** It has queued them. */
    private function hasMailed(int $id, string $event): void
    {
        Bookings::quietly(function () use ($id, $event): void {
            $row = $this->mailing[$id][0] ?? null;
            if ($row === null) {
                return;
            }
            // Of an appointment that somebody has deleted meanwhile, the core may have mailed nothing: that stays unclear.
            if (Appointments::find($id) !== null && !$this->noteMailed($id, $event)) {
                return;
            }
            if (!isset($this->changed[$id])) {
                // What stands was wished by somebody else, who may have looked already.
                $this->store->queue->lookAgain($row->id, $row->version, Clock::sql());
                $this->afterRequest->bringOnLater($row->id, self::NOTHING_WISHED);
            }
        });
    }

    /** @return bool false: it cannot have mailed anything */
    private function noteMailed(int $id, string $event): bool
    {
        [$row, $mailing, $index] = $this->mailing[$id];
        $mail = Source::mailed($event, $row->sequence, $row->doctor);
        if (!MappingTable::noteMail($id, $mail, $mailing, $event === self::BOOKED)) {
            return false;
        }
        if ($index !== null && $this->source->mailsHeard($row->id, $this->database) > $index) {
            // Somebody has looked meanwhile, and perhaps mailed before the core did.
            MappingTable::noteMail($id, $mail);
        }
        return true;
    }
}
