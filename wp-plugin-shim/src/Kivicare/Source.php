<?php
/**
 * KiviCare's appointments as visits see them, and what its core has mailed of them.
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
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class Source implements AppointmentSystem
{
    public const NAME = 'kivicare';
    private const MAILING = 'mailing';
    /** No visit is ever in this state: whoever got such a mail may have read of any. */
    private const NO_STATE = 0xFFFFFFFF;

    public function __construct(private readonly VisitTables $tables)
    {
    }

    public function name(): string
    {
        return self::NAME;
    }

    /** Its screens and mails would know nothing of it. */
    public function can(string $appointment): array
    {
        return [];
    }

    public function title(): string
    {
        return 'KiviCare';
    }

    public function contradicted(Database $database, int $limit): array
    {
        return Appointments::contradicted($database, $this->tables, $limit);
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

    /** A move is mailed by nobody in the core; a booking or cancellation by some of its ways only, which are noted as they happen. */
    public function mails(array $appointments, Database $database): array
    {
        $noted = MappingTable::mailsCommitted(array_map('intval', $appointments), $database);
        $doctors = self::hasOld($noted) ? $this->doctors(array_map('strval', $appointments), $database) : [];
        $mails = [];
        foreach ($noted as $appointment => $notes) {
            $mails[$appointment] = array_map(static fn(string $note): array => self::read($note, $doctors[$appointment] ?? 0), $notes);
        }
        return $mails;
    }

    /**
     * How many of them are reckoned with already.
     *
     * @throws \TelemedZoom\Site\DatabaseException
     */
    public function mailsHeard(int $visit, Database $database): int
    {
        return (int) ($database->row('SELECT mails_heard FROM ' . $this->tables->visits() . ' WHERE id = ?', [$visit])['mails_heard'] ?? 0);
    }

    /**
     * The note of mails of the core's.
     *
     * @param 'booked'|'cancelled' $event what they tell
     * @param int                  $sequence of the visit when they were queued: which state of it they tell
     * @param int                  $doctor who got one, beside the patient
     */
    public static function mailed(string $event, int $sequence, int $doctor): string
    {
        return "$event $sequence $doctor";
    }

    /** The note that such mails are about to be queued: should the request die, nobody knows whether they were. */
    public static function mailing(int $sequence, int $doctor): string
    {
        return self::MAILING . " $sequence $doctor";
    }

    /**
     * @param int $doctor where the note names none
     * @return array{is_off: bool, doctor: int, sequence: int}
     */
    private static function read(string $note, int $doctor): array
    {
        [$event, $sequence, $named] = explode(' ', $note) + ['', '0', (string) $doctor];
        return [
            'is_off' => $event === 'cancelled',
            'doctor' => (int) $named,
            'sequence' => $event === self::MAILING ? self::NO_STATE : (int) $sequence,
        ];
    }

    /**
     * Version 0.1.0 named no doctor.
     *
     * @param array<int, list<string>> $noted
     */
    private static function hasOld(array $noted): bool
    {
        return array_filter(array_merge(...array_values($noted)), static fn(string $note): bool => substr_count($note, ' ') < 2) !== [];
    }

    /**
     * Who holds the visits.
     *
     * @param list<string> $appointments
     * @return array<int, int> by appointment
     * @throws \TelemedZoom\Site\DatabaseException
     */
    private function doctors(array $appointments, Database $database): array
    {
        $marks = implode(', ', array_fill(0, count($appointments), '?'));
        $sql = 'SELECT appointment, doctor FROM ' . $this->tables->visits() . " WHERE source = ? AND appointment IN ($marks)";
        return array_map('intval', array_column($database->rows($sql, [self::NAME, ...$appointments]), 'doctor', 'appointment'));
    }
}
