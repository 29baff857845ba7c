<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory\Support;

use Telemed\Tests\Extension\Support\ChildPhp;

/**
 * A PHP process of its own, watched or not, and how it ended.
 *
 * It runs without php.ini, so that it loads little: what watches it has to look at every block. It has the helpers of ChildPhp,
 * and writes one line of JSON with `report()`.
 */
final class Child
{
    /** Every block lies against an untouchable page: what is read or written outside ends by a signal, at once. */
    public const GUARDED = 'guarded';
    /** PHP's own allocator, as on a server; the only one that knows a memory limit. */
    public const PLAIN = 'plain';

    /** The exit status; null when it ended by a signal. */
    public ?int $status;
    /** The signal that ended it. */
    public ?int $signal;
    /** Whether it had to be ended, for it did not end by itself. */
    public bool $isLate = false;
    public string $output = '';
    public string $errors = '';
    /** What the script reported; null when it did not come so far. */
    public mixed $report = null;
    /** How many blocks had no untouchable page, of all processes of the child. */
    public int $unguarded = 0;
    public int $guarded = 0;

    /**
     * @param string $code PHP without the opening tag
     * @param array<string, string> $ini directives
     */
    public static function run(string $code, string $mode = self::GUARDED, array $ini = array(), int $seconds = 60): self
    {
        $file = tempnam(sys_get_temp_dir(), 'telemed');
        file_put_contents($file, ChildPhp::prelude() . $code);
        try {
            return self::file(array($file), $mode, $ini, $seconds);
        } finally {
            unlink($file);
        }
    }

    /**
     * @param list<string> $script a script and its arguments
     * @param array<string, string> $ini directives
     */
    public static function file(array $script, string $mode = self::GUARDED, array $ini = array(), int $seconds = 120): self
    {
        $environment = getenv();
        $report = null;
        if (self::GUARDED === $mode) {
            $report = tempnam(sys_get_temp_dir(), 'telemed');
            $environment = array('USE_ZEND_ALLOC' => '0', 'LD_PRELOAD' => self::guard(), 'GUARD_REPORT' => $report) + $environment;
        }
        try {
            $child = new self(array_merge(self::php($ini), $script), $environment, $seconds);
            foreach (null === $report ? array() : (array) file($report) as $line) {
                [$guarded, $unguarded] = array_map('intval', explode(' ', (string) $line));
                $child->guarded += $guarded;
                $child->unguarded += $unguarded;
            }
            return $child;
        } finally {
            if (null !== $report) {
                unlink($report);
            }
        }
    }

    /**
     * A script under valgrind's memcheck, which writes what it finds to the file $xml.
     *
     * @param list<string> $script a script and its arguments
     * @param array<string, string> $ini directives
     */
    public static function underValgrind(array $script, string $xml, array $ini = array()): self
    {
        $valgrind = array(
            'valgrind', '--tool=memcheck', '--leak-check=full', '--show-leak-kinds=definite', '--num-callers=60',
            '--child-silent-after-fork=yes', '--xml=yes', "--xml-file={$xml}",
        );
        // Valgrind cannot follow what PCRE compiles while it runs.
        $php = self::php($ini + array('pcre.jit' => '0'));
        return new self(array_merge($valgrind, $php, $script), array('USE_ZEND_ALLOC' => '0') + getenv(), 600);
    }

    /**
     * @param array<string, string> $ini
     * @return list<string>
     */
    private static function php(array $ini): array
    {
        $ini += array(
            'telemed.oauth_url' => (string) ini_get('telemed.oauth_url'),
            'telemed.api_url' => (string) ini_get('telemed.api_url'),
            'display_errors' => 'stderr',
            'log_errors' => '0',
            'error_reporting' => '-1',
            // The worst case for what traces hold on to.
            'zend.exception_ignore_args' => '0',
        );
        $command = array(PHP_BINARY, '-n', '-d', 'extension=' . ChildPhp::extension());
        foreach ($ini as $name => $value) {
            array_push($command, '-d', "{$name}={$value}");
        }
        return $command;
    }

    private static function guard(): string
    {
        $library = getenv('MEMORY_GUARD');
        if (! is_string($library) || ! is_file($library)) {
            throw new \RuntimeException('MEMORY_GUARD names no library: run scripts/test memory.');
        }
        return $library;
    }

    /**
     * @param list<string> $command
     * @param array<string, string> $environment
     */
    private function __construct(array $command, array $environment, int $seconds)
    {
        $errors = tmpfile();
        $pipes = array();
        $process = proc_open($command, array(array('file', '/dev/null', 'r'), array('pipe', 'w'), $errors), $pipes, null, $environment);
        if (false === $process) {
            throw new \RuntimeException("{$command[0]} could not be started.");
        }
        $this->output = $this->read($pipes[1], $process, microtime(true) + $seconds);
        $ended = $this->wait($process);
        $this->signal = $ended['signaled'] ? $ended['termsig'] : null;
        $this->status = $ended['signaled'] ? null : $ended['exitcode'];
        proc_close($process);
        rewind($errors);
        $this->errors = (string) stream_get_contents($errors);
        if (1 === preg_match('/^REPORT (.*)$/m', $this->output, $found)) {
            $this->report = json_decode($found[1], true, 512, JSON_THROW_ON_ERROR);
        }
    }

    /**
     * @param resource $pipe
     * @param resource $process
     */
    private function read($pipe, $process, float $end): string
    {
        stream_set_blocking($pipe, false);
        $output = '';
        while (! feof($pipe)) {
            $read = array($pipe);
            $write = $except = null;
            stream_select($read, $write, $except, 1);
            $output .= stream_get_contents($pipe);
            if (microtime(true) > $end) {
                $this->isLate = true;
                proc_terminate($process, SIGKILL);
                break;
            }
        }
        fclose($pipe);
        return $output;
    }

    /**
     * proc_close() tells an exit status and a signal by the same number.
     *
     * @param resource $process
     * @return array<string, mixed>
     */
    private function wait($process): array
    {
        while (true) {
            $status = proc_get_status($process);
            if (! $status['running']) {
                return $status;
            }
            usleep(2000);
        }
    }
}
