<?php

/**
 * Real PHP processes that do the same thing at the same moment, round after round.
 *
 * Each process is started once and is then idle at a barrier: the parent holds a file lock that all of them ask for, so that
 * letting go of it releases them together.
 *
 * @see storm-worker.php what each process runs
 */

declare(strict_types=1);

namespace Telemed\Tests;

final class Storm
{
    /** Nobody may take longer than this; who does, hangs. Seconds. */
    private const LIMIT = 120;

    /** @var list<resource> */
    private array $processes = array();
    /** @var list<resource> */
    private array $inputs = array();
    /** @var list<resource> */
    private array $outputs = array();
    /** @var list<string> what was read of each process and is no whole line yet */
    private array $unread = array();
    /** @var array<int, true> the processes that are at work */
    private array $busy = array();
    private string $barrierFile;
    /** @var resource */
    private $barrier;
    /** @var resource what they all write to stderr */
    private $errors;

    /**
     * @param int $count how many processes
     * @param string $work a PHP file that returns a function from a job (array) to what shall be reported (anything that JSON can say)
     * @param list<string> $options of the PHP command, such as "-d", "extension=…"
     * @param array<string, string> $environment added to ours
     */
    public function __construct(int $count, string $work, array $options = array(), array $environment = array())
    {
        $this->barrierFile = (string) tempnam(sys_get_temp_dir(), 'telemed-storm');
        $this->barrier = fopen($this->barrierFile, 'r');
        $this->errors = tmpfile();
        $command = array_merge(
            array(PHP_BINARY, '-d', 'display_errors=stderr', '-d', 'error_reporting=-1'),
            $options,
            array(__DIR__ . '/storm-worker.php', $this->barrierFile, $work)
        );
        for ($i = 0; $i < $count; $i++) {
            $process = proc_open(
                $command,
                array(0 => array('pipe', 'r'), 1 => array('pipe', 'w'), 2 => $this->errors),
                $pipes,
                null,
                $environment + getenv()
            );
            if (false === $process) {
                throw new \RuntimeException('A process of the storm could not be started.');
            }
            stream_set_blocking($pipes[1], false);
            $this->processes[] = $process;
            $this->inputs[] = $pipes[0];
            $this->outputs[] = $pipes[1];
            $this->unread[] = '';
        }
    }

    public function __destruct()
    {
        foreach ($this->processes as $i => $process) {
            if (isset($this->busy[$i])) {
                proc_terminate($process, 9);
            }
            fclose($this->inputs[$i]);
            fclose($this->outputs[$i]);
            proc_close($process);
        }
        unlink($this->barrierFile);
    }

    /**
     * Gives a job to each process, the same or one each, and waits until all are done.
     *
     * @param array<string, mixed> $job
     * @return list<array<string, mixed>> for each: "result", or "class", "message", "advice" of what was thrown
     */
    public function round(array $job): array
    {
        return $this->roundOf(array_fill(0, count($this->processes), $job));
    }

    /**
     * @param list<array<string, mixed>> $jobs one for each of the first processes; the others stay idle
     * @return array<int, array<string, mixed>>
     */
    public function roundOf(array $jobs): array
    {
        $this->begin($jobs);
        return $this->finish();
    }

    /**
     * Lets processes begin together and returns at once.
     *
     * @param array<int, array<string, mixed>> $jobs by number of the process
     */
    public function begin(array $jobs): void
    {
        flock($this->barrier, LOCK_EX);
        foreach ($jobs as $i => $job) {
            fwrite($this->inputs[$i], json_encode($job, JSON_THROW_ON_ERROR) . "\n");
            $this->busy[$i] = true;
        }
        foreach ($this->lines(array_keys($jobs)) as $i => $line) {
            if ('READY' !== $line) {
                throw new \RuntimeException("Process {$i} of the storm is not ready: {$line} {$this->errors()}");
            }
        }
        flock($this->barrier, LOCK_UN);
    }

    /** @return array<int, array<string, mixed>> the reports of all that are at work, as of round() */
    public function finish(): array
    {
        $reports = array_map(
            static fn (string $line): array => json_decode($line, true, 512, JSON_THROW_ON_ERROR),
            $this->lines(array_keys($this->busy))
        );
        $this->busy = array();
        ksort($reports);
        return $reports;
    }

    public function pid(int $i): int
    {
        return proc_get_status($this->processes[$i])['pid'];
    }

    /** Ends a process as the kernel does when memory runs out. It takes no further part. */
    public function kill(int $i): void
    {
        posix_kill($this->pid($i), SIGKILL);
        unset($this->busy[$i]);
    }

    /** What the processes wrote to stderr. */
    public function errors(): string
    {
        rewind($this->errors);
        return (string) stream_get_contents($this->errors);
    }

    /**
     * One line of each of these processes.
     *
     * @param list<int> $wanted
     * @return array<int, string>
     */
    private function lines(array $wanted): array
    {
        $lines = array();
        $waiting = array_fill_keys($wanted, true);
        $end = microtime(true) + self::LIMIT;
        while (array() !== $waiting) {
            $read = array_intersect_key($this->outputs, $waiting);
            $none = null;
            if (microtime(true) > $end || false === stream_select($read, $none, $none, 1)) {
                throw new \RuntimeException(count($waiting) . " processes of the storm hang. {$this->errors()}");
            }
            foreach (array_keys($read) as $i) {
                $this->unread[$i] .= (string) fread($this->outputs[$i], 65536);
                $parts = explode("\n", $this->unread[$i], 2);
                if (2 === count($parts)) {
                    [$lines[$i], $this->unread[$i]] = $parts;
                    unset($waiting[$i]);
                } elseif (feof($this->outputs[$i])) {
                    throw new \RuntimeException("Process {$i} of the storm has ended: {$this->unread[$i]} {$this->errors()}");
                }
            }
        }
        return $lines;
    }
}
