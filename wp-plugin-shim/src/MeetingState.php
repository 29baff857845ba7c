<?php
/**
 * The states of a row of the ledger, and the only ways from one to another.
 *
 * planned      wanted, nothing sent to Zoom
 * attempting   the request is on its way
 * made         the meeting exists at Zoom
 * failed       Zoom did not make it, for certain
 * uncertain    no answer came: it may exist, and is never made a second time
 * cancelled    over, whatever there was at Zoom has been deleted
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

enum MeetingState: string
{
    case Planned = 'planned';
    case Attempting = 'attempting';
    case Made = 'made';
    case Failed = 'failed';
    case Uncertain = 'uncertain';
    case Cancelled = 'cancelled';

    /** Made to made is a change of the meeting. */
    public function canBecome(self $next): bool
    {
        return in_array($next, match ($this) {
            self::Planned => [self::Attempting, self::Cancelled],
            self::Attempting => [self::Made, self::Failed, self::Uncertain],
            self::Made => [self::Made, self::Cancelled],
            self::Failed, self::Uncertain => [self::Cancelled],
            self::Cancelled => [],
        }, true);
    }

    public function label(): string
    {
        return match ($this) {
            self::Planned => __('Planned', 'telemed-zoom'),
            self::Attempting => __('Being made', 'telemed-zoom'),
            self::Made => __('Ready', 'telemed-zoom'),
            self::Failed => __('Not made', 'telemed-zoom'),
            self::Uncertain => __('Uncertain', 'telemed-zoom'),
            self::Cancelled => __('Cancelled', 'telemed-zoom'),
        };
    }
}
