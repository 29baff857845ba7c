<?php
/** Wall time and the processor time of this process. */

declare(strict_types=1);

namespace Telemed\Bench;

final class Clock
{
    /** Seconds of processor time, user and system, since the process began. */
    public static function cpu(): float
    {
        $usage = getrusage();
        return $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'] + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e6;
    }

    /**
     * Runs the work and gives how long it took.
     *
     * @return array{wall: float, cpu: float} seconds
     */
    public static function measure(callable $work): array
    {
        $cpu = self::cpu();
        $start = hrtime(true);
        $work();
        $wall = (hrtime(true) - $start) / 1e9;
        return ['wall' => $wall, 'cpu' => self::cpu() - $cpu];
    }
}
