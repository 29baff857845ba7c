<?php
/**
 * The moment of each input.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Run;

use Telemed\Moment;

defined('ABSPATH') || exit;

interface Moments
{
    public function now(): Moment;

    /** Unix seconds. */
    public function seconds(): int;
}
