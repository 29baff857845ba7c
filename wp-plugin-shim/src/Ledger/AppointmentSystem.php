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
     * Live visits to come of which nothing is wished and whose appointment is off or gone, as it stands committed: one query,
     * however many there are.
     *
     * @return array<int, string> appointments by row of the ledger, the soonest first
     * @throws DatabaseException
     */
    public function contradicted(Database $database, int $limit): array;
}
