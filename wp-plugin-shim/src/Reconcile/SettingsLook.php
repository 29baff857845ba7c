<?php
/**
 * Of which meetings a comparison looks at the settings. Zoom's lists do not show them, so that each meeting must be asked for: on
 * demand all are, while there is time; by night those that the extension names.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

defined('ABSPATH') || exit;

final class SettingsLook
{
    private int $leftOut = 0;

    private function __construct(public readonly bool $isNightly, private readonly float $end)
    {
    }

    public static function byNight(): self
    {
        return new self(true, INF);
    }

    /** @param float $seconds INF for all, however long it takes */
    public static function atAll(float $seconds = INF): self
    {
        return new self(false, microtime(true) + $seconds);
    }

    /** Whether there is time for one more; it counts as left out if there is none. */
    public function hasTime(): bool
    {
        if (microtime(true) < $this->end) {
            return true;
        }
        $this->leftOut++;
        return false;
    }

    /** How many meetings were not looked at for want of time. */
    public function leftOut(): int
    {
        return $this->leftOut;
    }
}
