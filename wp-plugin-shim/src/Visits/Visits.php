<?php
/**
 * What screens, routes and appointment systems ask for: book, move, cancel, make anew. It is written down, and the worker carries
 * it out: no booking waits for Zoom or fails because of it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Visits;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\Leftovers;
use TelemedZoom\Ledger\Limits;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Ledger\Patient;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\SealedLinks;

defined('ABSPATH') || exit;

final class Visits
{
    /** What people know of a visit that does not take place. @see Ledger::told() */
    private const OFF = 'off';
    /** They have been told both at one moment, and nobody knows in which order they read it. */
    private const BOTH = 'both';

    public function __construct(
        private readonly Ledger $ledger,
        private readonly Leftovers $leftovers,
        private readonly Database $database,
        private readonly MeetingLog $log,
        private readonly ZoomApps $apps,
        private readonly Limits $limits
    ) {
    }

    /**
     * A visit is wanted. Asked for again, it is brought to what is wanted now; after a cancellation it takes place again, with
     * the same visit link.
     *
     * @param string $appointment its name within the source
     * @throws Problem|DatabaseException
     */
    public function book(string $source, string $appointment, int $doctor, Visit $visit, ?Patient $patient = null): MeetingRecord
    {
        $row = $this->ledger->findAppointment($source, $appointment);
        if ($row === null) {
            try {
                return $this->ledger->plan($source, $appointment, $doctor, $visit, $patient, $source === ManualSource::NAME);
            } catch (Problem $failure) {
                // Booked twice at the same moment.
                $row = $this->ledger->findAppointment($source, $appointment) ?? throw $failure;
            }
        }
        if ($row->state->isLive()) {
            return $this->move($row, $visit, $doctor);
        }
        return $this->wish($row, fn(MeetingRecord $row): MeetingRecord => $row->state->isLive() ? $row : $this->ledger->move(
            $row,
            MeetingState::Due,
            ['doctor' => $doctor, 'generation' => $this->ledger->nextGeneration($row), 'visit_key' => $row->visitKey ?? SealedLinks::randomKey()]
                + ($patient === null ? [] : ['patient' => $patient->user, 'patient_email' => $patient->email])
                + $visit->columns() + self::news($row, 'booked') + Ledger::NO_MEETING + Ledger::TRY_NOW,
            'booked'
        ));
    }

    /**
     * Another time, length, zone, topic or doctor; null stays as it is. What is off stays off.
     *
     * @throws Problem|DatabaseException
     */
    public function move(MeetingRecord $row, ?Visit $visit, ?int $doctor = null): MeetingRecord
    {
        return $this->wish($row, function (MeetingRecord $row) use ($visit, $doctor): MeetingRecord {
            $wanted = $visit === null ? [] : $visit->columns();
            if ($visit !== null && $row->source !== ManualSource::NAME) {
                // Appointment systems know no topic; a new neutral one would be a change for nothing.
                $wanted['topic'] = $row->topic;
            }
            $isOther = $doctor !== null && $doctor !== $row->doctor;
            if (!$isOther && ($visit === null || array_diff_assoc($wanted, self::columns($row)) === [])) {
                return $row;
            }
            if ($isOther) {
                return $this->release($row, ['doctor' => $doctor] + $wanted, 'reassigned');
            }
            $state = match ($row->state) {
                MeetingState::Made => MeetingState::Changing,
                // A visit that was missed and is moved ahead takes place.
                MeetingState::Missed => MeetingState::Due,
                default => $row->state,
            };
            $changes = $wanted + self::news($row, 'moved') + Ledger::TRY_NOW;
            if ($row->state === MeetingState::Missed) {
                $changes += ['generation' => $this->ledger->nextGeneration($row)] + Ledger::NO_MEETING;
            }
            return $this->ledger->move($row, $state, $changes, 'moved');
        });
    }

    /**
     * The visit is off. Cancelling twice is no error.
     *
     * @throws Problem|DatabaseException
     */
    public function cancel(MeetingRecord $row): MeetingRecord
    {
        return $this->wish($row, fn(MeetingRecord $row): MeetingRecord => !$row->state->isLive() ? $row : $this->database->atomically(function () use ($row): MeetingRecord {
            $this->leftovers->add($row);
            return $this->ledger->move(
                $row,
                MeetingState::Cancelled,
                self::news($row, 'cancelled') + ['join_url' => null, 'passcode' => null, 'meeting_id' => null] + Ledger::TRY_NOW,
                'cancelled'
            );
        }));
    }

    /**
     * A new meeting for the same visit; the old one goes. The visit link stays.
     *
     * @throws Problem|DatabaseException
     */
    public function renew(MeetingRecord $row): MeetingRecord
    {
        return $this->wish($row, fn(MeetingRecord $row): MeetingRecord => $row->state->isLive() || $row->state === MeetingState::Missed
            ? $this->release($row, [], 'renewed')
            : $row);
    }

    /**
     * The same because somebody has clicked: not again and again.
     *
     * @throws Problem|DatabaseException
     */
    public function renewByClick(MeetingRecord $row): MeetingRecord
    {
        $this->limits->renew($row);
        return $this->renew($row);
    }

    /**
     * People have been told that the visit is off, and it takes place: they are told so when it is seen committed.
     *
     * @throws Problem|DatabaseException
     */
    public function tellAgain(MeetingRecord $row): MeetingRecord
    {
        return $this->wish($row, fn(MeetingRecord $row): MeetingRecord => $row->state->isLive()
            ? $this->ledger->move($row, $row->state, ['told' => self::OFF] + self::news($row, 'booked'), 'booked')
            : $row);
    }

    /**
     * People have just been told that the visit takes place, and it is off: when it is seen committed they are told what stands.
     *
     * @throws Problem|DatabaseException
     */
    public function tellOff(MeetingRecord $row): MeetingRecord
    {
        return $this->wish($row, fn(MeetingRecord $row): MeetingRecord => $row->state === MeetingState::Cancelled
            ? $this->ledger->move(
                $row,
                $row->state,
                ['told' => self::BOTH, 'event' => 'cancelled', 'sequence' => $row->sequence + 1, 'wished_at' => Clock::sql()],
                'cancelled'
            )
            : $row);
    }

    /**
     * A fresh start URL. It logs in as the host: it goes to the browser at once and nowhere else.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function startUrl(MeetingRecord $row): string
    {
        if (!$row->isReady()) {
            throw new Problem('telemed_wrong_state', __('there is no meeting at Zoom to start', 'telemed-zoom'), '', 409);
        }
        $client = $this->apps->forMeeting($row)->client;
        $url = $client->startUrl((int) $row->meetingId);
        $this->log->write($row->id, 'started', $client->lastTrackingId());
        return $url;
    }

    /**
     * Lets go of the row's meeting and wants a new one.
     *
     * @param array<string, int|string|null> $changes
     */
    private function release(MeetingRecord $row, array $changes, string $event): MeetingRecord
    {
        if ($row->state === MeetingState::Cancelled) {
            return $this->ledger->move($row, $row->state, $changes, $event);
        }
        return $this->database->atomically(function () use ($row, $changes, $event): MeetingRecord {
            $this->leftovers->add($row);
            return $this->ledger->move(
                $row,
                MeetingState::Due,
                $changes + ['generation' => $this->ledger->nextGeneration($row)] + self::news($row, $event) + Ledger::NO_MEETING + Ledger::TRY_NOW,
                $event
            );
        });
    }

    /** @param callable(MeetingRecord): MeetingRecord $work */
    private function wish(MeetingRecord $row, callable $work): MeetingRecord
    {
        $now = $this->ledger->persistently($row, $work);
        return $now->version === $row->version ? $now : $this->settledAtOnce($now);
    }

    /** What is made on this site's own screens is committed as soon as it is written. */
    private function settledAtOnce(MeetingRecord $row): MeetingRecord
    {
        return $row->source === ManualSource::NAME ? self::settled($this->ledger, $row) : $row;
    }

    /**
     * The appointment was seen committed as the row has it: people are told what they do not know.
     *
     * @param ?MeetingRecord $wished the row as it was before it was corrected: what it wished last has been rolled back
     */
    public static function settled(Ledger $ledger, MeetingRecord $row, ?MeetingRecord $wished = null): MeetingRecord
    {
        if ($row->event === null && $row->seenAt !== null) {
            return $row;
        }
        $is = $row->state === MeetingState::Cancelled ? self::OFF : Ledger::told($row->doctor, $row->visit());
        $changes = ['event' => null, 'seen_at' => Clock::sql(), 'told' => $is];
        $news = $row->event === null ? null : self::unknown($row, $is, $wished);
        return $news === null ? $ledger->move($row, $row->state, $changes) : $ledger->settle($row, $row->state, $changes, '', $news);
    }

    /** Not simply the last wish: that may have been rolled back, or have hidden another. What stands counts, against what was told. */
    private static function unknown(MeetingRecord $row, string $is, ?MeetingRecord $wished): ?string
    {
        return match (true) {
            $row->told === null && $row->seenAt !== null => $row->event,
            // There and back again since: an appointment system may have told of the one and not of the other.
            $row->told === $is => match ([($wished ?? $row)->event, $is === self::OFF]) {
                ['renewed', false] => 'renewed',
                ['booked', false] => 'booked',
                ['cancelled', true] => $wished === null ? 'cancelled' : null,
                default => null,
            },
            $is === self::OFF => $row->told === null ? null : 'cancelled',
            $row->told === null, $row->told === self::OFF, $row->told === self::BOTH => 'booked',
            default => str_starts_with($row->told, $row->doctor . ':') ? 'moved' : 'reassigned',
        };
    }

    /**
     * @return array<string, int|string|null>
     */
    private static function news(MeetingRecord $row, string $event): array
    {
        $news = match (true) {
            // Of what is off and is changed nothing is told but that it is off.
            $row->state === MeetingState::Cancelled && $event !== 'booked' => $row->event,
            // A booking that nobody was told of yet, moved, is still a booking.
            $row->event === 'booked' && $event !== 'cancelled' => 'booked',
            default => $event,
        };
        return ['event' => $news, 'sequence' => $row->sequence + 1, 'wished_at' => Clock::sql()];
    }

    /** @return array<string, int|string> */
    private static function columns(MeetingRecord $row): array
    {
        return $row->visit()->columns();
    }
}
