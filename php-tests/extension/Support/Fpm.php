<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension\Support;

/** A private php-fpm with the extension loaded in its master, for as long as the object lives. */
final class Fpm
{
    private string $directory;
    /** @var resource */
    private $process;

    /**
     * @param string $code what each request runs, without the opening tag; it has the helpers of ChildPhp and prints its answer
     * @param int $workers how many, all started at once
     * @param array<string, string> $pool more of the pool's directives
     * @param array<string, string> $ini php.ini directives
     * @param string $preload what opcache.preload runs in the master before the fork, without the opening tag
     */
    public function __construct(string $code, int $workers = 2, array $pool = array(), array $ini = array(), string $preload = '')
    {
        $this->directory = sys_get_temp_dir() . '/telemed-fpm-' . bin2hex(random_bytes(6));
        mkdir($this->directory, 0700);
        file_put_contents("{$this->directory}/request.php", ChildPhp::prelude() . $code);
        if ('' !== $preload) {
            // Without the helpers: what a preload declares stays declared in every request.
            file_put_contents("{$this->directory}/preload.php", "<?php\n{$preload}");
            $ini += array(
                'opcache.enable' => '1',
                'opcache.preload' => "{$this->directory}/preload.php",
                'opcache.preload_user' => posix_getpwuid(posix_geteuid())['name'],
            );
        }
        $user = posix_getpwuid(posix_geteuid())['name'];
        $group = posix_getgrgid(posix_getegid())['name'];
        $lines = array('[global]', "error_log = {$this->directory}/log", 'daemonize = no', 'process_control_timeout = 20', '[www]');
        $pool += array(
            'listen' => "{$this->directory}/socket",
            'user' => $user,
            'group' => $group,
            'pm' => 'static',
            'pm.max_children' => (string) $workers,
            'clear_env' => 'no',
            'catch_workers_output' => 'yes',
        );
        foreach ($pool as $name => $value) {
            $lines[] = "{$name} = {$value}";
        }
        file_put_contents("{$this->directory}/fpm.conf", implode("\n", $lines) . "\n");

        $command = array(self::binary(), '-R', '-F', '-y', "{$this->directory}/fpm.conf");
        $ini += array(
            'extension' => ChildPhp::extension(),
            'telemed.oauth_url' => (string) ini_get('telemed.oauth_url'),
            'telemed.api_url' => (string) ini_get('telemed.api_url'),
            'display_errors' => 'stderr',
        );
        foreach ($ini as $name => $value) {
            array_push($command, '-d', "{$name}={$value}");
        }
        $log = array('file', "{$this->directory}/log", 'a');
        $process = proc_open($command, array(0 => array('file', '/dev/null', 'r'), 1 => $log, 2 => $log), $pipes);
        if (false === $process) {
            throw new \RuntimeException('php-fpm could not be started.');
        }
        $this->process = $process;
        $this->until(fn (): bool => str_contains($this->log(), 'ready to handle connections'), 'php-fpm did not start');
    }

    public function __destruct()
    {
        proc_terminate($this->process, SIGTERM);
        proc_close($this->process);
        array_map('unlink', (array) glob("{$this->directory}/*"));
        rmdir($this->directory);
    }

    /** php-fpm of the version of PHP that runs the tests. */
    private static function binary(): string
    {
        $version = PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        foreach (array("/usr/sbin/php-fpm{$version}", dirname(PHP_BINARY, 2) . '/sbin/php-fpm') as $path) {
            if (is_executable($path)) {
                return $path;
            }
        }
        throw new \RuntimeException("There is no php-fpm of PHP {$version}: run scripts/setup.");
    }

    /** Waits for a request's answer: the page, null when the worker died. */
    public function get(string $query = ''): ?string
    {
        return $this->begin($query)->answer();
    }

    /** Sends a request and does not wait for its answer. */
    public function begin(string $query = ''): FpmRequest
    {
        return new FpmRequest("{$this->directory}/socket", "{$this->directory}/request.php", $query);
    }

    /** What the request reported with `report()`. */
    public function report(string $query = ''): mixed
    {
        return self::reported($this->get($query), $this->log());
    }

    /** The report in a page. */
    public static function reported(?string $page, string $log = ''): mixed
    {
        if (1 !== preg_match('/^REPORT (.*)$/m', (string) $page, $found)) {
            throw new \RuntimeException('The request reported nothing: ' . var_export($page, true) . "\n{$log}");
        }
        return json_decode($found[1], true, 512, JSON_THROW_ON_ERROR);
    }

    public function master(): int
    {
        return proc_get_status($this->process)['pid'];
    }

    /** @return list<int> the workers that live now */
    public function workers(): array
    {
        $pid = $this->master();
        $children = explode(' ', trim((string) @file_get_contents("/proc/{$pid}/task/{$pid}/children")));
        return array_map('intval', array_filter($children));
    }

    /** Starts all workers anew without dropping a request, as `service php-fpm reload` does. */
    public function reload(): void
    {
        $ready = substr_count($this->log(), 'ready to handle connections');
        posix_kill($this->master(), SIGUSR2);
        $this->until(
            fn (): bool => substr_count($this->log(), 'ready to handle connections') > $ready,
            'php-fpm did not reload'
        );
    }

    public function log(): string
    {
        return (string) file_get_contents("{$this->directory}/log");
    }

    /** Waits for a condition, for 20 seconds at most. */
    public function until(callable $condition, string $failure): void
    {
        for ($i = 0; ! $condition(); $i++) {
            if ($i >= 1000) {
                throw new \RuntimeException("{$failure}: {$this->log()}");
            }
            usleep(20000);
        }
    }
}
