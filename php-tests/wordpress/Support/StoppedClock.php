<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress\Support;

/**
 * The time of day of a process of PHP and of the extension in it, which stands until it is told; nobody sleeps there.
 *
 * @see stopped-clock.c
 */
final class StoppedClock
{
    private const FILE = 'REPLAY_CLOCK';
    private const PRELOAD = 'LD_PRELOAD';

    /** @var resource */
    private $file;

    private function __construct(string $path)
    {
        $this->file = fopen($path, 'c');
    }

    /** The clock of this process, which was started within inForce(). */
    public static function ofThisProcess(): self
    {
        return new self((string) getenv(self::FILE));
    }

    /**
     * Every process that is started meanwhile lives by such a clock.
     *
     * @template T
     * @param callable(): T $work
     * @return T
     */
    public static function inForce(string $folder, callable $work): mixed
    {
        $library = "{$folder}/stopped-clock.so";
        $command = array('gcc', '-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror', '-o', $library, __DIR__ . '/stopped-clock.c');
        exec(implode(' ', array_map('escapeshellarg', $command)) . ' 2>&1', $said, $status);
        if (0 !== $status) {
            throw new \RuntimeException("The clock cannot be made:\n" . implode("\n", $said));
        }
        file_put_contents("{$folder}/clock", pack('q', 0));
        putenv(self::FILE . "={$folder}/clock");
        putenv(self::PRELOAD . "={$library}");
        try {
            return $work();
        } finally {
            putenv(self::PRELOAD);
            putenv(self::FILE);
        }
    }

    /** @param int $micros microseconds since 1970 */
    public function set(int $micros): void
    {
        // In place: the process has the file mapped.
        fseek($this->file, 0);
        fwrite($this->file, pack('q', $micros));
        fflush($this->file);
    }
}
