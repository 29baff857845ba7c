<?php
/**
 * KiviCare's appointments as the ledger sees them.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Ledger\AppointmentSystem;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Patient;
use TelemedZoom\Ledger\People;
use TelemedZoom\Ledger\Wanted;
use TelemedZoom\Site\Database;

defined('ABSPATH') || exit;

final class Source implements AppointmentSystem
{
    public const NAME = 'kivicare';
    /** Beside a mapping row: what the core has queued its mails of. @see self::mailed() */
    public const NOTE_MAILED = 'mailed';

    public function register(): void
    {
        add_filter('telemed_appointment_sources', function (array $sources): array {
            $sources[self::NAME] = $this;
            return $sources;
        });
    }

    public function name(): string
    {
        return self::NAME;
    }

    public function title(): string
    {
        return 'KiviCare';
    }

    public function contradicted(Database $database, int $limit): array
    {
        return Appointments::contradicted($database, $limit);
    }

    public function committed(array $appointments, Database $database): array
    {
        $ids = array_map('intval', $appointments);
        $elsewhere = Appointments::onGoogleMeet($ids, $database);
        return array_map(
            static fn(Appointment $appointment): Wanted => new Wanted(
                $appointment->isHeld() && !isset($elsewhere[$appointment->id]),
                $appointment->doctor,
                $appointment->start,
                $appointment->minutes,
                $appointment->timezone
            ),
            Appointments::committed($ids, $database)
        );
    }

    public function people(MeetingRecord $row): People
    {
        $appointment = Appointments::find((int) $row->appointment);
        $doctor = get_userdata($row->doctor);
        [$name, $email] = Patient::nameAndEmail($appointment?->patient ?? $row->patient, $row->patientEmail);
        return new People(
            Doctors::nameForPatients($row->doctor),
            $doctor === false ? null : $doctor->user_email,
            $name,
            $email,
            // The frame in which the visit was booked: the patient's, if they booked it themselves.
            $row->timezone
        );
    }

    public function mayView(MeetingRecord $row, int $user): bool
    {
        $appointment = Appointments::find((int) $row->appointment);
        return $appointment !== null && Access::of($appointment, $user) !== Access::Stranger;
    }

    /** A move is mailed by nobody in the core; a booking or cancellation by some of its ways only, which are noted as they happen. */
    public function mailsItself(string $event, MeetingRecord $row): bool
    {
        return in_array($event, ['booked', 'cancelled'], true)
            && MappingTable::noted((int) $row->appointment, self::NOTE_MAILED) === self::mailed($event, $row);
    }

    /** The note of a mail about what happened to a visit. */
    public static function mailed(string $event, MeetingRecord $row): string
    {
        return "$event $row->sequence";
    }
}
