<?php
/**
 * After the network to Zoom has failed, nobody waits for it again for a minute: new bookings are due at once.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Site\Clock;

defined('ABSPATH') || exit;

final class Breaker
{
    private const SIGNAL = 'breaker';
    private const OPEN_SECONDS = 60;

    public function __construct(private readonly Signals $signals)
    {
    }

    public function isOpen(): bool
    {
        return $this->opensAt() > Clock::now();
    }

    /** When Zoom is tried again, Unix seconds. */
    public function opensAt(): int
    {
        return $this->signals->get(self::SIGNAL);
    }

    public function trip(): void
    {
        $this->signals->set(self::SIGNAL, Clock::now() + self::OPEN_SECONDS);
    }

    /** Zoom has answered. */
    public function reset(): void
    {
        if ($this->opensAt() !== 0) {
            $this->signals->clear(self::SIGNAL);
        }
    }
}
