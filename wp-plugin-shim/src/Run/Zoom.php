<?php
/**
 * Who is asked what a step asks of Zoom.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Run;

use Telemed\Outcome;
use Telemed\Step;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

interface Zoom
{
    /**
     * Never throws because of Zoom.
     *
     * @param int   $id      the visit's number
     * @param float $seconds at most
     * @throws DatabaseException
     */
    public function carryOut(int $id, Step $step, float $seconds): Outcome;
}
