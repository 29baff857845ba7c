<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Site;

/** The database server of a storm's site: killed as a machine's end would and started again, or kept from writing; strict about transactions or not. */
final class DatabaseServer
{
    private const START_SECONDS = 120;
    private const ISOLATION = 'innodb_snapshot_isolation';

    private bool $isolates = false;

    public function __construct(private readonly Site $site)
    {
    }

    /** Whether it refuses a transaction to change what others have changed since it looked, as MariaDB does by default since 11.6.2. */
    public function isolate(bool $isolates): void
    {
        $this->isolates = $isolates;
        $server = $this->site->databaseServer();
        $server->query('SET GLOBAL ' . self::ISOLATION . ' = ' . (int) $isolates);
        $server->close();
    }

    /** Kills it, leaves it away for a while, starts it again as it was started, and waits until it answers. */
    public function crash(int $awayMs): void
    {
        $pid = (int) file_get_contents(dirname($this->site->databaseSocket()) . '/mysql.pid');
        $started = self::startedAt($pid);
        $command = explode("\0", rtrim((string) file_get_contents("/proc/{$pid}/cmdline"), "\0"));
        if (null === $started || ! str_contains($command[0], 'mariadbd')) {
            throw new \RuntimeException("Process {$pid} is not the site's database server.");
        }
        // What was set is lost with it; of several the last counts.
        $command[] = '--' . self::ISOLATION . '=' . (int) $this->isolates;
        posix_kill($pid, SIGKILL);
        while (self::startedAt($pid) === $started) {
            usleep(1_000);
        }
        usleep($awayMs * 1000);
        $log = dirname($this->site->wordpress()) . '/log/mariadb.log';
        // In a session of its own, as scripts/lib/common.sh starts it: it outlives the storm. It does not live by the storm's clock.
        $new = (int) exec(
            'env -u LD_PRELOAD setsid ' . implode(' ', array_map(escapeshellarg(...), $command)) . ' </dev/null >>' . escapeshellarg($log) . ' 2>&1 & echo $!'
        );
        $this->note("{$pid} {$started}", $new . ' ' . self::startedAt($new));
        $this->await($new, $log);
    }

    /** What a database does whose disk is full: it answers what is read, and refuses what is written. */
    public function refuseWrites(bool $refuses): void
    {
        $server = $this->site->databaseServer();
        $server->query('SET GLOBAL read_only = ' . (int) $refuses);
        $server->close();
    }

    /** Whoever stops the site knows its processes from the file pids: each with when it started. */
    private function note(string $former, string $new): void
    {
        $file = dirname($this->site->wordpress()) . '/pids';
        $lines = str_replace("{$former}\n", "{$new}\n", (string) file_get_contents($file), $replaced);
        if (1 !== $replaced || file_put_contents($file, $lines) !== strlen($lines)) {
            throw new \RuntimeException("The new database server could not be noted in {$file}.");
        }
    }

    private function await(int $pid, string $log): void
    {
        for ($end = microtime(true) + self::START_SECONDS; ; usleep(20_000)) {
            try {
                $this->site->databaseServer()->close();
                return;
            } catch (\mysqli_sql_exception $failure) {
                if (null === self::startedAt($pid) || microtime(true) > $end) {
                    throw new \RuntimeException("The database server does not come back; see {$log}", 0, $failure);
                }
            }
        }
    }

    /** When a process started, in the kernel's own count; null when it has ended. @see started_at in scripts/lib/common.sh */
    private static function startedAt(int $pid): ?string
    {
        // The name, in parentheses, may hold blanks; Z is a process that has ended and was not yet asked how.
        $fields = explode(' ', ltrim((string) strrchr((string) @file_get_contents("/proc/{$pid}/stat"), ')'), ') '));
        return count($fields) < 20 || 'Z' === $fields[0] ? null : $fields[19];
    }
}
