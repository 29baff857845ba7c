<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension\Support;

/**
 * Runs a script in a PHP process of its own: with other php.ini directives, or to see how a process ends.
 *
 * The script has the classes of this suite, and writes one line of JSON with `report()`.
 */
final class ChildPhp
{
    /** @var mixed what the script reported, null when it did not come so far */
    public $report;
    public int $status;
    public string $output;
    public string $errors;

    /**
     * @param string $code PHP without the opening tag
     * @param array<string, string> $ini directives
     * @param array<string, string> $environment added to ours
     * @param bool $withExtension false: a PHP that does not know telemed
     */
    public static function run(
        string $code,
        array $ini = array(),
        array $environment = array(),
        bool $withExtension = true
    ): self {
        $file = tempnam(sys_get_temp_dir(), 'telemed');
        file_put_contents($file, self::prelude() . $code);
        try {
            return new self(self::command($file, $ini, $withExtension), $environment + getenv());
        } finally {
            unlink($file);
        }
    }

    /** The extension's file that this process runs with. */
    public static function extension(): string
    {
        foreach (explode("\n", (string) file_get_contents('/proc/self/maps')) as $line) {
            if (1 === preg_match('~ (/.*telemed[^/]*\.so)$~', $line, $found)) {
                return $found[1];
            }
        }
        throw new \RuntimeException('The extension telemed is not mapped into this process.');
    }

    /** What comes before the code: the opening tag, the classes of this suite and some helpers. */
    public static function prelude(): string
    {
        $bootstrap = var_export(dirname(__DIR__) . '/bootstrap.php', true);
        return "<?php\ndeclare(strict_types=1);\n"
            . "use Telemed\\Tests\\FakeZoom;\nuse Telemed\\Tests\\Extension\\Support\\MemoryTokenStore;\n"
            . "if (extension_loaded('telemed')) { require {$bootstrap}; }\n"
            . "function report(mixed \$value): void { echo \"\\nREPORT \" . json_encode(\$value, JSON_THROW_ON_ERROR) . \"\\n\"; }\n"
            . self::helpers();
    }

    /** What most scripts need: an app of each kind, and an exception as an array. */
    private static function helpers(): string
    {
        return <<<'PHP'
            function vault(): Telemed\Vault
            {
                static $vault;
                return $vault ??= new Telemed\Vault([Telemed\Vault::generateKey()]);
            }
            function server_app(?Telemed\TokenStore $store = null): Telemed\ServerToServerApp
            {
                return new Telemed\ServerToServerApp(
                    FakeZoom::ACCOUNT,
                    FakeZoom::S2S_CLIENT_ID,
                    FakeZoom::S2S_CLIENT_SECRET,
                    $store ?? new MemoryTokenStore(),
                    vault()
                );
            }
            function oauth_app(?Telemed\TokenStore $store = null): Telemed\OAuthApp
            {
                return new Telemed\OAuthApp(
                    FakeZoom::CLIENT_ID,
                    FakeZoom::CLIENT_SECRET,
                    'https://clinic.example/callback',
                    $store ?? new MemoryTokenStore(),
                    vault()
                );
            }
            function outcome(callable $work): mixed
            {
                try {
                    return ['result' => $work()];
                } catch (Telemed\TelemedException $e) {
                    return [
                        'class' => get_class($e),
                        'message' => $e->getMessage(),
                        'advice' => $e->advice(),
                        'retryable' => $e->isRetryable(),
                        'maybeDelivered' => $e->maybeDelivered,
                    ];
                }
            }
            PHP . "\n";
    }

    /**
     * @param array<string, string> $ini
     * @return list<string>
     */
    private static function command(string $file, array $ini, bool $withExtension): array
    {
        $command = array(PHP_BINARY, '-d', 'display_errors=stderr', '-d', 'error_reporting=-1');
        if ($withExtension) {
            $ini += array(
                'extension' => self::extension(),
                'telemed.oauth_url' => (string) ini_get('telemed.oauth_url'),
                'telemed.api_url' => (string) ini_get('telemed.api_url'),
            );
        }
        foreach ($ini as $name => $value) {
            array_push($command, '-d', "{$name}={$value}");
        }
        $command[] = $file;
        return $command;
    }

    /**
     * @param list<string> $command
     * @param array<string, string> $environment
     */
    private function __construct(array $command, array $environment)
    {
        $errors = tmpfile();
        $process = proc_open(
            $command,
            array(0 => array('file', '/dev/null', 'r'), 1 => array('pipe', 'w'), 2 => $errors),
            $pipes,
            null,
            $environment
        );
        if (false === $process) {
            throw new \RuntimeException('PHP could not be started.');
        }
        $this->output = (string) stream_get_contents($pipes[1]);
        fclose($pipes[1]);
        $this->status = proc_close($process);
        rewind($errors);
        $this->errors = (string) stream_get_contents($errors);
        if (1 === preg_match('/^REPORT (.*)$/m', $this->output, $found)) {
            $this->report = json_decode($found[1], true, 512, JSON_THROW_ON_ERROR);
        }
    }
}
