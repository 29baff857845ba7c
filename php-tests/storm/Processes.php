<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

/** PHP processes of a storm: started, watched, killed in the middle of their work and started again. */
final class Processes
{
    /** @var array<string, list<string>> what is run, by name */
    private array $commands = array();
    /** @var array<string, resource> what runs */
    private array $running = array();
    private int $kills = 0;

    /** @param array<string, string> $environment */
    public function __construct(private readonly array $environment, private readonly string $log)
    {
    }

    /** @param list<string> $command */
    public function start(string $name, array $command): void
    {
        $this->commands[$name] = $command;
        $output = array('file', $this->log, 'a');
        $process = proc_open($command, array(array('file', '/dev/null', 'r'), $output, $output), $pipes, null, $this->environment);
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
     * Those that still run.
     *
     * @return list<string>
     * @throws \RuntimeException when one has failed
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
            if (0 !== $status['exitcode']) {
                throw new \RuntimeException("{$name} ended with {$status['exitcode']}; see {$this->log}");
            }
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

    private function end(string $name): void
    {
        proc_terminate($this->running[$name], SIGKILL);
        proc_close($this->running[$name]);
        unset($this->running[$name]);
    }
}
