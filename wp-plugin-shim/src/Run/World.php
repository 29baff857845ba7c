<?php
/**
 * What the loop has to know of the world around a visit.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Run;

use Telemed\Client;
use Telemed\Visit;

defined('ABSPATH') || exit;

interface World
{
    /**
     * What the appointment system says of the visit now, as \Telemed\Visit::confirm() takes it. Never called within a transaction of
     * ours: it reads the host's tables.
     *
     * @return array<string, mixed>|false|null null: there is no such appointment; false: the system cannot be asked now
     */
    public function standing(Visit $visit): array|false|null;

    /**
     * Who would host the visit now, or why nobody can, whoever lets go of meetings, and the patient's key: as \Telemed\Visit::next()
     * takes them.
     *
     * @return array<string, mixed>
     */
    public function facts(Visit $visit): array;

    /**
     * The client that acts through a maker.
     *
     * @param array<string, ?string> $maker
     * @throws \Telemed\TelemedException|\TelemedZoom\Problem
     */
    public function client(array $maker): Client;

    /** @return array<string, mixed> the clinic's meeting settings */
    public function settings(): array;
}
