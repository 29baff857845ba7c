<?php
/**
 * An appointment system whose video visits the ledger holds. Registered with the filter telemed_appointment_sources.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Store\Answer;

defined('ABSPATH') || exit;

interface AppointmentSource
{
    /** Its name in the ledger: at most 32 characters. */
    public function name(): string;

    public function people(MeetingRecord $row): People;

    /**
     * What this site can do by itself with an appointment whose doctor leaves: Answer::Doctor, Answer::Cancel. What it cannot is to be
     * done in the appointment system, and people are told so.
     *
     * @return list<Answer>
     */
    public function can(string $appointment): array;

    /** Whether this user may see the visit: its patient, its doctor, staff in charge. */
    public function mayView(MeetingRecord $row, int $user): bool;
}
