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
    public const RESTORE = 'restore';
    private const UNREACHABLE = 'unreachable';

    /**
     * @param string  $action as Telemed\Comparison names it, self::UNREACHABLE or self::LEFT_OUT
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

    /** @param array<string, mixed> $found as Telemed\Comparison gives it */
    public static function of(array $found, ComparedHost $host): self
    {
        $row = $found['visit'] === null ? null : (int) $found['visit'];
        return new self($found['action'], $row, (int) $found['meeting'], $host->name(), implode(', ', $found['settings']));
    }

    public static function unreachable(ComparedHost $host, string $why): self
    {
        return new self(self::UNREACHABLE, null, null, $host->name(), $why, true);
    }

    public function butFailed(string $why): self
    {
        return new self($this->action, $this->row, $this->meeting, $this->host, $why, true);
    }

    /** Not so where a host or a meeting could not be compared. */
    public function isDifference(): bool
    {
        return !in_array($this->action, [self::UNREACHABLE, self::LEFT_OUT], true);
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
            self::RESTORE => __('Settings were changed in Zoom: they are put back.', 'telemed-zoom'),
            default => __('This host could not be compared.', 'telemed-zoom'),
        };
        if ($this->failed && $this->isDifference()) {
            $what .= ' ' . __('That did not succeed:', 'telemed-zoom');
        }
        return trim($what . ' ' . $this->note);
    }
}
