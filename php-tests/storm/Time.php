<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Site;

/** The one clock of a storm's site, its processes, its extension and fake-zoom, which can be moved ahead. @see clock.c */
final class Time
{
    private int $ahead = 0;
    private readonly string $file;

    /** From now on every process that is started here lives by this clock; php-fpm does since it was started. */
    public function __construct(Site $site, private readonly FakeZoom $zoom)
    {
        ['clock' => $this->file, 'library' => $library] = $site->storm();
        $this->set(0);
        putenv("LD_PRELOAD={$library}");
        putenv("STORM_CLOCK={$this->file}");
    }

    /** Unix seconds. */
    public function now(): int
    {
        return time() + $this->ahead;
    }

    public function pass(int $seconds): void
    {
        $this->set($this->ahead + $seconds);
        $this->zoom->advance($seconds);
    }

    public function passUntil(int $moment): void
    {
        $this->pass(max(0, $moment - $this->now()));
    }

    private function set(int $ahead): void
    {
        $this->ahead = $ahead;
        // In place: processes have the file mapped.
        $file = fopen($this->file, 'c');
        fwrite($file, pack('q', $ahead));
        fclose($file);
    }
}
