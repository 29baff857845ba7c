<?php
/**
 * Which doctors' grants are to end, and since when. Written on the plugin's own connection, so that neither a host's rollback nor
 * the deletion of the user takes them along.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

use TelemedZoom\Site\Clock;
use TelemedZoom\Store\Signals;

defined('ABSPATH') || exit;

final class DepartureMarks
{
    public function __construct(private readonly Signals $signals)
    {
    }

    /**
     * A mark that stands keeps its moment: the days that a grant is kept at most count from the first.
     *
     * @return bool whether it is new
     */
    public function set(Departure $why, int $doctor): bool
    {
        return $this->signals->setFirst(self::name($why, $doctor), Clock::now());
    }

    /** Unix seconds; null when there is no such mark. */
    public function since(Departure $why, int $doctor): ?int
    {
        return $this->signals->get(self::name($why, $doctor)) ?: null;
    }

    public function clear(Departure $why, int $doctor): void
    {
        $this->signals->clear(self::name($why, $doctor));
    }

    /** @return array<int, int> Unix seconds by doctor, the longest first */
    public function all(Departure $why): array
    {
        $found = [];
        foreach ($this->signals->startingWith($why->value . ':') as $name => $moment) {
            $found[(int) substr($name, strlen($why->value) + 1)] = $moment;
        }
        asort($found);
        return $found;
    }

    private static function name(Departure $why, int $doctor): string
    {
        return $why->value . ':' . $doctor;
    }
}
