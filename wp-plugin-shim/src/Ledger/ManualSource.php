<?php
/**
 * Visits that are made on this site's own screens and routes: the row of the ledger is the appointment.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Store\Answer;

defined('ABSPATH') || exit;

final class ManualSource implements AppointmentSource
{
    public const NAME = 'manual';

    /** Whether a visit of this source was made on this site's own screens, so that no appointment system says otherwise. */
    public static function isNamed(string $source): bool
    {
        return $source === self::NAME;
    }

    public function name(): string
    {
        return self::NAME;
    }

    public function people(MeetingRecord $row): People
    {
        $doctor = get_userdata($row->doctor);
        [$name, $email] = Patient::nameAndEmail($row->patient, $row->patientEmail);
        return new People(Doctors::nameForPatients($row->doctor), $doctor === false ? null : $doctor->user_email, $name, $email);
    }

    public function can(string $appointment): array
    {
        return [Answer::Doctor, Answer::Cancel];
    }
}
