<?php
/**
 * What becomes of the visits of a handover.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

defined('ABSPATH') || exit;

enum Answer: string
{
    /** They stay with what made their meetings until they are over. */
    case Stay = 'stay';
    /** Each gets another meeting from what is in force now. */
    case Move = 'move';
    /** Another doctor holds them. */
    case Doctor = 'doctor';
    /** They are off. */
    case Cancel = 'cancel';
    /** They stay booked, without meetings, and wait for the next connection. */
    case Wait = 'wait';
}
