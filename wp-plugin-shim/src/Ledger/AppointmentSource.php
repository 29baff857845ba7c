<?php
/**
 * An appointment system whose video visits the ledger holds. Registered with the filter telemed_appointment_sources.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

interface AppointmentSource
{
    /** Its name in the ledger: at most 32 characters. */
    public function name(): string;

    /**
     * What stands committed, read without locks and not through $wpdb, whose transaction may be open.
     *
     * @param list<string> $appointments
     * @return array<int|string, Wanted> by appointment, whose digits PHP turns into a number; one that does not exist is left out
     * @throws DatabaseException
     */
    public function committed(array $appointments, Database $database): array;

    public function people(MeetingRecord $row): People;

    /** Whether this user may see the visit: its patient, its doctor, staff in charge. */
    public function mayView(MeetingRecord $row, int $user): bool;

    /** Whether the system itself tells people of this event: 'booked', 'moved', 'reassigned' or 'cancelled'. */
    public function mailsItself(string $event, MeetingRecord $row): bool;
}
