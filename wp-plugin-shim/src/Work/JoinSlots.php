<?php
/**
 * How many people who join may wait for Zoom at a time: however slow Zoom is, and however many click at nine o'clock, the site's
 * processes are not all theirs. Locks of the database, so that a killed process gives its place back.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Clinic\Settings;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class JoinSlots
{
    public function __construct(private readonly Database $database, private readonly Settings $settings)
    {
    }

    /**
     * @template T
     * @param callable(): T $work
     * @return T|null null: all places are taken
     * @throws DatabaseException
     */
    public function within(callable $work): mixed
    {
        $slot = $this->take();
        if ($slot === null) {
            return null;
        }
        try {
            return $work();
        } finally {
            if ($slot !== '') {
                $this->database->unlock($slot);
            }
        }
    }

    /** @return ?string '' where the database knows no locks: nobody is turned away for that */
    private function take(): ?string
    {
        try {
            for ($number = 1; $number <= $this->settings->joinsAtOnce(); $number++) {
                if ($this->database->lock("join:$number", 0.0)) {
                    return "join:$number";
                }
            }
            return null;
        } catch (DatabaseException $failure) {
            return $failure->getCode() === Database::NO_LOCKS ? '' : throw $failure;
        }
    }
}
