<?php
/**
 * Visits made on this site's own screens and routes. What a person must mend first is refused; everything else is written down
 * and tried at once, for a few seconds, so that the person mostly sees the meeting made.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\Limits;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Patient;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;

defined('ABSPATH') || exit;

final class ManualVisits
{
    private const SECONDS = 8.0;

    public function __construct(
        private readonly Visits $visits,
        private readonly Ledger $ledger,
        private readonly OneVisit $oneVisit,
        private readonly AfterRequest $afterRequest,
        private readonly Extension $extension,
        private readonly ZoomApps $apps,
        private readonly Site $site,
        private readonly Limits $limits
    ) {
    }

    /**
     * The patient as somebody names them: by an e-mail address, or by a user's number where whoever is logged in may list users, or
     * where it is one of the doctor's own patients. Nothing tells which numbers and addresses belong to accounts.
     *
     * @throws Problem|DatabaseException
     */
    public function patient(int $doctor, string $text): ?Patient
    {
        $mayList = current_user_can('list_users');
        return Patient::from($text, $mayList, fn(int $user): bool => $mayList || $this->ledger->hasPatient($doctor, $user));
    }

    /**
     * @param ?string $appointment a name for the request, so that it makes one visit however often it is sent
     * @throws Problem|DatabaseException|\Telemed\TelemedException when nothing was written down
     */
    public function book(int $doctor, Visit $visit, ?Patient $patient = null, ?string $appointment = null): MeetingRecord
    {
        if (!Capabilities::isDoctor($doctor)) {
            throw new Problem('telemed_not_a_doctor', __('this user holds no video visits', 'telemed-zoom'), __('Give the user the role Telemed doctor first.', 'telemed-zoom'));
        }
        if ($appointment !== null && $this->ledger->findAppointment(ManualSource::NAME, $appointment) !== null) {
            throw new Problem('telemed_duplicate', __('this visit has been recorded before', 'telemed-zoom'), __('It is in the list of meetings.', 'telemed-zoom'), 409);
        }
        $appointment ??= wp_generate_uuid4();
        $visit->request($this->apps->makerFor($doctor)->namedHost(), $this->site->reference(ManualSource::NAME, $appointment));
        if ($patient === null || Capabilities::isAdmin()) {
            return $this->tried($this->visits->book(ManualSource::NAME, $appointment, $doctor, $visit, $patient));
        }
        $this->limits->book($doctor, $patient);
        try {
            $row = $this->visits->book(ManualSource::NAME, $appointment, $doctor, $visit, $patient);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            $this->limits->notBooked($doctor, $patient);
            throw $failure;
        }
        return $this->tried($row);
    }

    /**
     * What is null stays.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function change(int $id, ?\DateTimeInterface $start, ?int $minutes, ?string $timezone, ?string $topic, ?int $doctor = null): MeetingRecord
    {
        $row = $this->demandOwn($id);
        if (!$row->state->isLive()) {
            throw new Problem('telemed_wrong_state', __('this visit is off or over', 'telemed-zoom'), __('Make a new one.', 'telemed-zoom'), 409);
        }
        $visit = Visit::upcoming($start ?? $row->start, $minutes ?? $row->minutes, $timezone ?? $row->timezone, $topic ?? $row->topic);
        $visit->request(null, $this->site->reference($row->source, $row->appointment));
        if ($doctor !== null && $doctor !== $row->doctor) {
            $this->apps->makerFor($doctor);
        }
        return $this->tried($this->visits->reschedule($row, $visit, $doctor));
    }

    /** @throws Problem|DatabaseException */
    public function cancel(int $id): MeetingRecord
    {
        return $this->tried($this->visits->cancel($this->demandOwn($id)));
    }

    /** @throws Problem when it was booked elsewhere, where what stands would be put back at once, and without the extension */
    private function demandOwn(int $id): MeetingRecord
    {
        $row = $this->ledger->demand($id);
        if (!ManualSource::isNamed($row->source)) {
            throw new Problem(
                'telemed_booked_elsewhere',
                __('this visit was not booked on these screens, but in the clinic\'s appointment system', 'telemed-zoom'),
                __('Change or cancel the appointment there: its meeting follows.', 'telemed-zoom'),
                409
            );
        }
        $this->extension->demand();
        return $row;
    }

    private function tried(MeetingRecord $row): MeetingRecord
    {
        $now = $this->oneVisit->bringOn($row->id, self::SECONDS, $row->version) ?? $row;
        // Where it is still open the request's end goes on.
        if (!$now->state->isOpen()) {
            $this->afterRequest->isBroughtOn($row->id, $row->version);
        }
        return $now;
    }
}
