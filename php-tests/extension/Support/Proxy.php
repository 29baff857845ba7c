<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension\Support;

/** Runs a CONNECT proxy for as long as the object lives. */
final class Proxy
{
    public string $address;

    /** @var resource */
    private $process;
    private string $log;

    /**
     * @param string $credentials "user:password" that it demands
     * @param string $target "host:port" that it connects to, whatever is asked for
     */
    public function __construct(string $credentials = '', string $target = '')
    {
        $this->log = (string) tempnam(sys_get_temp_dir(), 'telemed');
        $process = proc_open(
            array(PHP_BINARY, '-n', __DIR__ . '/connect-proxy.php', $credentials, $target),
            array(0 => array('file', '/dev/null', 'r'), 1 => array('file', $this->log, 'w')),
            $pipes
        );
        if (false === $process) {
            throw new \RuntimeException('The proxy could not be started.');
        }
        $this->process = $process;
        for ($i = 0; $i < 1000; $i++) {
            $lines = $this->lines();
            if (array() !== $lines) {
                $this->address = $lines[0];
                return;
            }
            usleep(20000);
        }
        throw new \RuntimeException('The proxy did not start.');
    }

    public function __destruct()
    {
        proc_terminate($this->process);
        proc_close($this->process);
        unlink($this->log);
    }

    /** @return list<string> what it was asked for: method, target, credentials */
    public function requests(): array
    {
        return array_slice($this->lines(), 1);
    }

    /** @return list<string> */
    private function lines(): array
    {
        $text = (string) file_get_contents($this->log);
        // A line counts once it is whole.
        $end = strrpos($text, "\n");
        return false === $end ? array() : array_map('rtrim', explode("\n", substr($text, 0, $end)));
    }
}
