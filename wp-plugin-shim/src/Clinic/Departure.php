<?php
/**
 * Why a doctor's grant at Zoom is to end.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

defined('ABSPATH') || exit;

enum Departure: string
{
    /** The doctor, or an administrator, clicked Disconnect. The doctor stays one. */
    case Disconnected = 'disconnected';
    /** The user was deleted, left the site or lost the capability. */
    case Left = 'left';
}
