<?php
/**
 * Of which meetings a comparison looks at the settings. Zoom's lists do not show them, so that each meeting must be asked for: on
 * demand all are, while there is time; by night those of the coming week, and of the others each once a week.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use TelemedZoom\Site\Clock;

defined('ABSPATH') || exit;

final class SettingsLook
{
    private const NIGHTS = 7;
    private int $leftOut = 0;

    private function __construct(private readonly bool $isNightly, private readonly float $end)
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

    public function wants(IntendedMeeting $meeting): bool
    {
        if ($this->isNightly) {
            $today = intdiv(Clock::now(), DAY_IN_SECONDS);
            return $meeting->start->getTimestamp() <= Clock::now() + self::NIGHTS * DAY_IN_SECONDS || ($meeting->visit + $today) % self::NIGHTS === 0;
        }
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
