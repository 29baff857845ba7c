<?php
/**
 * The states of a visit, as screens name them. The extension derives them; nothing here leads from one to another.
 *
 * due         wanted, no meeting is known at Zoom: never tried, or certainly not made (last_error and next_try_at tell more)
 * attempting  a creation is on its way or its answer was lost: the next try looks for the meeting first
 * made        the meeting exists and is as wanted
 * updating    the meeting exists, and something else is wanted by now
 * moving      the meeting exists and serves on, while another is being made with the credentials in force to take its place
 * uncertain   only a person can tell whether a meeting exists; never made a second time by itself
 * cancelled   the visit is off; what there was at Zoom must go
 * missed      the visit is over and no meeting was made
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

defined('ABSPATH') || exit;

enum MeetingState: string
{
    case Due = 'due';
    case Attempting = 'attempting';
    case Made = 'made';
    case Updating = 'updating';
    case Moving = 'moving';
    case Uncertain = 'uncertain';
    case Cancelled = 'cancelled';
    case Missed = 'missed';

    /** Whether the visit is to take place. */
    public function isLive(): bool
    {
        return $this !== self::Cancelled && $this !== self::Missed;
    }

    /** Whether a meeting at Zoom is known. */
    public function hasMeeting(): bool
    {
        return in_array($this, [self::Made, self::Updating, self::Moving], true);
    }

    /** Whether there is something that the worker can do. */
    public function isOpen(): bool
    {
        return in_array($this, [self::Due, self::Attempting, self::Updating, self::Moving], true);
    }

    public function label(): string
    {
        return match ($this) {
            self::Due => __('Due', 'telemed-zoom'),
            self::Attempting => __('Being made', 'telemed-zoom'),
            self::Made => __('Ready', 'telemed-zoom'),
            self::Updating => __('Being changed', 'telemed-zoom'),
            self::Moving => __('Ready, moving to another Zoom user or app', 'telemed-zoom'),
            self::Uncertain => __('Uncertain', 'telemed-zoom'),
            self::Cancelled => __('Cancelled', 'telemed-zoom'),
            self::Missed => __('Not made', 'telemed-zoom'),
        };
    }
}
