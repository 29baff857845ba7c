<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

/** PHP processes of a storm: started, watched, killed in the middle of their work and started again. */
final class Processes
{
    /** What a process ends with that has done its work. WordPress without its database ends with 0. */
    public const DONE = 3;
    /** The variable that names the file of its signs of life. */
    private const SIGNS = 'STORM_SIGNS';

    /** @var array<string, list<string>> what is run, by name */
    private array $commands = array();
    /** @var array<string, resource> what runs */
    private array $running = array();
    private int $kills = 0;
    private int $failures = 0;

    /**
     * @param array<string, string>    $environment
     * @param string                   $folder  for the log and the signs of life
     * @param \Closure(float): bool    $excuses whether something befell the machine since a moment, of which a process may fail
     */
    public function __construct(private readonly array $environment, private readonly string $folder, private readonly \Closure $excuses)
    {
    }

    /** To be called by each process before each thing it does: what it fails of came later. */
    public static function sign(): void
    {
        file_put_contents((string) getenv(self::SIGNS), '.');
    }

    /** @param list<string> $command */
    public function start(string $name, array $command): void
    {
        $this->commands[$name] = $command;
        $output = array('file', $this->log(), 'a');
        file_put_contents($this->signs($name), '.');
        $environment = array(self::SIGNS => $this->signs($name)) + $this->environment;
        $process = proc_open($command, array(array('file', '/dev/null', 'r'), $output, $output), $pipes, null, $environment);
        if (! is_resource($process)) {
            throw new \RuntimeException("{$name} could not be started.");
        }
        $this->running[$name] = $process;
    }

    /** Kills it as a crash or a machine's end would, and starts it again. */
    public function kill(string $name): void
    {
        if (! isset($this->running[$name])) {
            return;
        }
        $this->end($name);
        $this->kills++;
        $this->start($name, $this->commands[$name]);
    }

    /**
     * Those that still run. Who has failed of what befell the machine is started again.
     *
     * @return list<string>
     * @throws \RuntimeException when one has failed without excuse
     */
    public function running(string $prefix): array
    {
        $names = array();
        foreach ($this->running as $name => $process) {
            if (! str_starts_with($name, $prefix)) {
                continue;
            }
            $status = proc_get_status($process);
            if ($status['running']) {
                $names[] = $name;
                continue;
            }
            unset($this->running[$name]);
            proc_close($process);
            if (self::DONE === $status['exitcode']) {
                continue;
            }
            clearstatcache();
            if (! ($this->excuses)((float) filemtime($this->signs($name)))) {
                throw new \RuntimeException("{$name} ended with {$status['exitcode']}; see {$this->log()}");
            }
            $this->failures++;
            $this->start($name, $this->commands[$name]);
            $names[] = $name;
        }
        return $names;
    }

    public function stopAll(): void
    {
        foreach (array_keys($this->running) as $name) {
            $this->end($name);
        }
    }

    public function kills(): int
    {
        return $this->kills;
    }

    /** How many have failed with an excuse. */
    public function failures(): int
    {
        return $this->failures;
    }

    public function log(): string
    {
        return "{$this->folder}/processes.log";
    }

    private function signs(string $name): string
    {
        return "{$this->folder}/" . strtr($name, ' ', '-') . '.signs';
    }

    private function end(string $name): void
    {
        proc_terminate($this->running[$name], SIGKILL);
        proc_close($this->running[$name]);
        unset($this->running[$name]);
    }
}
