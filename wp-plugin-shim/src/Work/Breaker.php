<?php
/**
 * Knows an outage of Zoom when there is one, so that nobody waits for it: new bookings are due at once.
 *
 * One answer that is lost says nothing about the next. Several in a row are an outage, which ends with the first answer: until then
 * Zoom is tried by one at a time, once a minute, and sooner by somebody who waits for a meeting.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Signals;

defined('ABSPATH') || exit;

final class Breaker
{
    /** So many exchanges in a row that could not reach Zoom are an outage. */
    public const MOST_LOST = 3;
    public const TRY_EVERY_SECONDS = 60;
    public const TRY_EVERY_SECONDS_AWAITED = 5;
    /** Signal: there is an outage; its moment is when Zoom was last tried. The names of the others begin with it, too. */
    private const OUTAGE = 'breaker';
    private const LOST = 'breaker_lost_';

    /** Whether it is this process's turn to try Zoom, and it has not done so yet. */
    private bool $hasTurn = false;

    public function __construct(private readonly Signals $signals)
    {
    }

    /**
     * Whether an exchange may begin now. In an outage this takes the turn: give it back where nothing was asked.
     *
     * @param bool $isAwaited whether somebody waits for what is made
     * @throws DatabaseException
     */
    public function lets(bool $isAwaited = false): bool
    {
        if (!$this->hasTurn && $this->isOutage()) {
            $pause = $isAwaited ? self::TRY_EVERY_SECONDS_AWAITED : self::TRY_EVERY_SECONDS;
            return $this->hasTurn = $this->signals->advance(self::OUTAGE, Clock::now() - $pause, Clock::now());
        }
        return true;
    }

    /** @throws DatabaseException */
    public function isOutage(): bool
    {
        return $this->signals->get(self::OUTAGE) !== 0;
    }

    /**
     * For how many seconds nothing is asked of Zoom but for somebody who waits; 0 when lets() would let.
     *
     * @throws DatabaseException
     */
    public function pauseSeconds(): int
    {
        $tried = $this->signals->get(self::OUTAGE);
        return $tried === 0 || $this->hasTurn ? 0 : max(0, $tried + self::TRY_EVERY_SECONDS - Clock::now());
    }

    /**
     * Zoom could not be reached, or its answer was lost.
     *
     * @throws DatabaseException
     */
    public function lost(): void
    {
        $this->hasTurn = false;
        $isOutage = $this->isOutage();
        for ($number = 1; !$isOutage && $number <= self::MOST_LOST; $number++) {
            if ($this->signals->setFirst(self::LOST . $number, Clock::now())) {
                $isOutage = $number === self::MOST_LOST;
                break;
            }
        }
        if ($isOutage) {
            $this->signals->set(self::OUTAGE, Clock::now());
        }
    }

    /**
     * Zoom has answered, whatever it said.
     *
     * @throws DatabaseException
     */
    public function answered(): void
    {
        $this->hasTurn = false;
        if ($this->signals->startingWith(self::OUTAGE) !== []) {
            $this->signals->clearStartingWith(self::OUTAGE);
        }
    }

    /**
     * Whoever was let has asked Zoom nothing after all: the next may.
     *
     * @throws DatabaseException
     */
    public function giveBack(): void
    {
        if ($this->hasTurn) {
            $this->hasTurn = false;
            $this->signals->advance(self::OUTAGE, Clock::now(), Clock::now() - self::TRY_EVERY_SECONDS);
        }
    }
}
