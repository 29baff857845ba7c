<?php
/**
 * A source with screens of its own, on which appointments are cancelled and deleted without a word to us.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

interface AppointmentSystem extends AppointmentSource
{
    /** Its name for people. */
    public function title(): string;

    /**
     * What stands committed, read without locks and not through $wpdb, whose transaction may be open.
     *
     * @param list<string> $appointments
     * @return ?array<int|string, Wanted> by appointment, whose digits PHP turns into a number; one that does not exist is left out; null:
     *                                    it cannot be asked now
     * @throws DatabaseException
     */
    public function committed(array $appointments, Database $database): ?array;

    /**
     * Live visits to come of which nothing is wished and whose appointment is off or gone, as it stands committed: one query,
     * however many there are.
     *
     * @return array<int, string> appointments by row of the ledger, the soonest first
     * @throws DatabaseException
     */
    public function contradicted(Database $database, int $limit): array;

    /**
     * The e-mails that it has sent by itself, to the patient and to the doctor, as they are noted committed: the oldest first, and none
     * ever goes as long as its visit is to come, not even with the appointment.
     *
     * @param list<string> $appointments
     * @return ?array<int|string, list<array{is_off: bool, doctor: int, sequence: int}>> by appointment: whether it says that the visit is
     *                     off, who held it, and the visit's sequence then; one without is left out; null: it cannot be asked now
     * @throws DatabaseException
     */
    public function mails(array $appointments, Database $database): ?array;
}
