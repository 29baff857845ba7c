<?php
/**
 * The states of a row of the ledger, and the only ways from one to another.
 *
 * due         wanted, no meeting is known at Zoom: never tried, or certainly not made (last_error and next_try_at tell more)
 * attempting  a creation is on its way or its answer was lost: the next try looks for the meeting first
 * made        the meeting exists and is as wanted
 * changing    the meeting exists, and something else is wanted by now
 * moving      the meeting exists and serves on, while another is being made with the credentials in force to take its place
 * uncertain   only a person can tell whether a meeting exists; never made a second time by itself
 * cancelled   the visit is off; what there was at Zoom is among the leftovers until it is deleted
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
    case Changing = 'changing';
    case Moving = 'moving';
    case Uncertain = 'uncertain';
    case Cancelled = 'cancelled';
    case Missed = 'missed';

    /** A way to itself is a change within the state. */
    public function canBecome(self $next): bool
    {
        return in_array($next, match ($this) {
            self::Due => [self::Due, self::Attempting, self::Cancelled, self::Missed],
            self::Attempting => [self::Attempting, self::Made, self::Changing, self::Due, self::Uncertain, self::Cancelled, self::Missed],
            self::Made => [self::Made, self::Changing, self::Moving, self::Due, self::Cancelled],
            self::Changing => [self::Changing, self::Made, self::Moving, self::Due, self::Cancelled],
            self::Moving => [self::Moving, self::Made, self::Changing, self::Due, self::Cancelled],
            self::Uncertain => [self::Uncertain, self::Made, self::Changing, self::Due, self::Cancelled, self::Missed],
            // Booked again, or a cancellation that was taken back with its transaction.
            self::Cancelled => [self::Cancelled, self::Due, self::Changing],
            self::Missed => [self::Missed, self::Due],
        }, true);
    }

    /** Whether the visit is to take place. */
    public function isLive(): bool
    {
        return $this !== self::Cancelled && $this !== self::Missed;
    }

    /** Whether a meeting at Zoom is known. */
    public function hasMeeting(): bool
    {
        return in_array($this, self::withMeeting(), true);
    }

    /** Whether there is something that the worker can do. */
    public function isOpen(): bool
    {
        return in_array($this, self::openStates(), true);
    }

    /**
     * For queries: SQL's list of the states in which there is something to do.
     */
    public static function open(): string
    {
        return self::sql(self::openStates());
    }

    /** For queries: SQL's list of the states in which a meeting at Zoom is known. */
    public static function having(): string
    {
        return self::sql(self::withMeeting());
    }

    public function label(): string
    {
        return match ($this) {
            self::Due => __('Due', 'telemed-zoom'),
            self::Attempting => __('Being made', 'telemed-zoom'),
            self::Made => __('Ready', 'telemed-zoom'),
            self::Changing => __('Being changed', 'telemed-zoom'),
            self::Moving => __('Ready, moving to another Zoom user or app', 'telemed-zoom'),
            self::Uncertain => __('Uncertain', 'telemed-zoom'),
            self::Cancelled => __('Cancelled', 'telemed-zoom'),
            self::Missed => __('Not made', 'telemed-zoom'),
        };
    }

    /** @return list<self> */
    public static function openStates(): array
    {
        return [self::Due, self::Attempting, self::Changing, self::Moving];
    }

    /** @return list<self> */
    private static function withMeeting(): array
    {
        return [self::Made, self::Changing, self::Moving];
    }

    /** @param list<self> $states */
    private static function sql(array $states): string
    {
        return "('" . implode("', '", array_column($states, 'value')) . "')";
    }
}
