<?php
/**
 * What screens, routes and appointment systems ask for: book, reschedule, reassign, cancel, recreate. It is written down at once, and
 * carried out when the request is over: no booking waits for Zoom or fails because of it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use Telemed\Moment;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\Limits;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Patient;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class Visits
{
    public function __construct(
        private readonly VisitStore $store,
        private readonly Ledger $ledger,
        private readonly Moments $moments,
        private readonly AfterRequest $afterRequest,
        private readonly Extension $extension,
        private readonly ZoomApps $apps,
        private readonly MeetingLog $log,
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
        $people = $patient === null ? [] : ['patient' => $patient->user, 'patient_email' => $patient->email];
        // What this site's own screens ask for is new.
        $row = ManualSource::isNamed($source) ? null : $this->ledger->findAppointment($source, $appointment);
        if ($row === null) {
            try {
                return $this->add($source, $appointment, $doctor, $visit, $people);
            } catch (DatabaseException $failure) {
                if ($failure->getCode() !== Database::DUPLICATE) {
                    throw $failure;
                }
                // Booked twice at the same moment.
                $row = $this->ledger->findAppointment($source, $appointment) ?? throw $failure;
            }
        }
        $slot = self::slot($visit, $row);
        $isOff = !$row->state->isLive();
        $now = $this->wish($row, static fn(\Telemed\Visit $now, Moment $at): \Telemed\Visit => $now->book($doctor, $slot, $at));
        if ($isOff && $people !== []) {
            $this->store->setPeople($row->id, $people);
        }
        return $now;
    }

    /**
     * Another time, length, zone or topic, and with it another doctor. What is off stays off.
     *
     * @param ?int $doctor null: the same
     * @throws Problem|DatabaseException
     */
    public function reschedule(MeetingRecord $row, Visit $visit, ?int $doctor = null): MeetingRecord
    {
        $slot = self::slot($visit, $row);
        return $this->wish($row, static function (\Telemed\Visit $now, Moment $at) use ($slot, $doctor): \Telemed\Visit {
            $now = $now->reschedule($slot, $at);
            return $doctor === null ? $now : $now->reassign($doctor, $at);
        });
    }

    /**
     * Another doctor. What is off stays off.
     *
     * @throws Problem|DatabaseException
     */
    public function reassign(MeetingRecord $row, int $doctor): MeetingRecord
    {
        return $this->wish($row, static fn(\Telemed\Visit $now, Moment $at): \Telemed\Visit => $now->reassign($doctor, $at));
    }

    /**
     * The visit is off. Cancelling twice is no error.
     *
     * @throws Problem|DatabaseException
     */
    public function cancel(MeetingRecord $row): MeetingRecord
    {
        return $this->wish($row, static fn(\Telemed\Visit $now, Moment $at): \Telemed\Visit => $now->cancel($at));
    }

    /**
     * A new meeting for the same visit; the old one goes. The visit link stays.
     *
     * @throws Problem|DatabaseException
     */
    public function recreate(MeetingRecord $row): MeetingRecord
    {
        // No appointment says later that it was asked for.
        $this->extension->demand();
        return $this->wish($row, static fn(\Telemed\Visit $now, Moment $at): \Telemed\Visit => $now->recreate($at));
    }

    /**
     * The same because somebody has clicked: not again and again.
     *
     * @throws Problem|DatabaseException
     */
    public function recreateByClick(MeetingRecord $row): MeetingRecord
    {
        $this->extension->demand();
        $this->limits->recreate($row);
        return $this->recreate($row);
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
     * @param array<string, int|string|null> $people
     * @throws Problem|DatabaseException
     */
    private function add(string $source, string $appointment, int $doctor, Visit $visit, #[\SensitiveParameter] array $people): MeetingRecord
    {
        $slot = self::slot($visit);
        if (!$this->extension->isUsable()) {
            return $this->ledger->demand($this->store->bookWithoutExtension($source, $appointment, $doctor, $slot, $people));
        }
        $at = $this->moments->now();
        $new = \Telemed\Visit::booked($source, $appointment, $doctor, $slot, $at);
        // What is made on this site's own screens is committed as soon as it is written.
        $new = ManualSource::isNamed($source) ? $new->settled($at) : $new;
        $row = $this->ledger->of($this->store->add($new, $people, $at));
        $this->afterRequest->bringOnLater($row->id, $new->version());
        return $row;
    }

    /**
     * @param \Closure(\Telemed\Visit, Moment): \Telemed\Visit $input
     * @throws Problem when there is no such visit any more
     * @throws DatabaseException
     */
    private function wish(MeetingRecord $row, \Closure $input): MeetingRecord
    {
        if (!$this->extension->isUsable() && !ManualSource::isNamed($row->source)) {
            // Its appointment says what is wanted, and is looked at as soon as the extension is back.
            $this->store->queue->lookAgain($row->id, $row->version, Clock::sql());
            return $row;
        }
        $this->extension->demand();
        $at = $this->moments->now();
        $isOwn = ManualSource::isNamed($row->source);
        $changed = $this->store->change($row->id, static function (\Telemed\Visit $now) use ($input, $isOwn, $at): ?\Telemed\Visit {
            $wished = $input($now, $at);
            if ($wished->version() === $now->version()) {
                return null;
            }
            return $isOwn ? $wished->settled($at) : $wished;
        }, $at);
        if ($changed !== null) {
            $this->afterRequest->bringOnLater($row->id, $changed->version());
        }
        return $this->ledger->demand($row->id);
    }

    /**
     * Appointment systems know no topic; a new neutral one would be a change for nothing.
     *
     * @return array<string, int|string> as the extension takes it
     */
    private static function slot(Visit $visit, ?MeetingRecord $row = null): array
    {
        $slot = $visit->slot();
        return $row !== null && !ManualSource::isNamed($row->source) ? ['topic' => $row->topic] + $slot : $slot;
    }
}
