<?php
/**
 * One thing that the comparison with Zoom has found.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

defined('ABSPATH') || exit;

final class Finding
{
    /** There was no time for the settings of some meetings. */
    public const LEFT_OUT = 'left_out';

    /**
     * @param string  $action as Telemed\Reconciler names it, 'relink', 'unreachable' or self::LEFT_OUT
     * @param ?int    $row    the visit, where it concerns one
     * @param string  $note   which settings, or what went wrong
     * @param bool    $failed whether it could not be done, or the host not be compared
     */
    public function __construct(
        public readonly string $action,
        public readonly ?int $row,
        public readonly ?int $meeting,
        public readonly string $host,
        public readonly string $note,
        public readonly bool $failed = false
    ) {
    }

    /** Not so where a host or a meeting could not be compared. */
    public function isDifference(): bool
    {
        return !in_array($this->action, ['unreachable', self::LEFT_OUT], true);
    }

    public function text(): string
    {
        if ($this->action === self::LEFT_OUT) {
            return sprintf(
                /* translators: %s: number of meetings */
                __('There was no time to look at the settings of %s more meetings. The nightly comparison does, and so does: wp telemed reconcile', 'telemed-zoom'),
                number_format_i18n((int) $this->note)
            );
        }
        $what = match ($this->action) {
            'adopt' => __('A meeting that belongs to this visit is at Zoom and was not known: it is taken over.', 'telemed-zoom'),
            'delete' => __('A meeting of this site that no visit needs: it is deleted.', 'telemed-zoom'),
            'move' => __('The meeting was moved in Zoom: it is moved back to the visit\'s time.', 'telemed-zoom'),
            'recreate' => __('The meeting was deleted in Zoom: it is made anew.', 'telemed-zoom'),
            'relink' => __('The join link or passcode was changed in Zoom: the new one is taken over.', 'telemed-zoom'),
            'restore' => __('Settings were changed in Zoom: they are put back.', 'telemed-zoom'),
            default => __('This host could not be compared.', 'telemed-zoom'),
        };
        if ($this->failed && $this->isDifference()) {
            $what .= ' ' . __('That did not succeed:', 'telemed-zoom');
        }
        return trim($what . ' ' . $this->note);
    }
}
