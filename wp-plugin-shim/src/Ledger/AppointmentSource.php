<?php
/**
 * Whose appointments visits are. Other plugins' are reached through TelemedZoom\Api\RegisteredSource.
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
}
