<?php
/**
 * Whose appointments visits are. Other plugins' are reached through TelemedZoom\Api\RegisteredSource.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

defined('ABSPATH') || exit;

interface AppointmentSource
{
    /** Its name in the ledger: at most 32 characters. */
    public function name(): string;

    public function people(MeetingRecord $row): People;
}
