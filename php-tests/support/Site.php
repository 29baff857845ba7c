<?php

/**
 * A private WordPress site that scripts/lib/site.sh started: its people, its mails, its logs, its database, and PHP run
 * inside of it.
 */

declare(strict_types=1);

namespace Telemed\Tests;

final class Site
{
    /** @param array<string, mixed> $state what the script wrote to state.json */
    private function __construct(private readonly array $state)
    {
    }

    /** The site whose state file the environment names. */
    public static function fromEnvironment(string $variable = 'TELEMED_SITE_STATE'): self
    {
        $file = getenv($variable);
        if (! is_string($file) || ! is_file($file)) {
            throw new \RuntimeException("{$variable} names no state file of a site: run scripts/test wordpress.");
        }
        return new self(json_decode((string) file_get_contents($file), true, 512, JSON_THROW_ON_ERROR));
    }

    /** The same site, with what php() runs in the PHP of another: with the extension or without it. */
    public function inPhpOf(self $other): self
    {
        return new self(array('php_ini_scan_dir' => $other->state['php_ini_scan_dir']) + $this->state);
    }

    /** A blog of the site's network. */
    public function blog(string $path): self
    {
        return new self(array('url' => $this->state['url'] . $path) + $this->state);
    }

    /**
     * The same site, with what php() runs under other directives of php.ini.
     *
     * @param array<string, string> $directives
     */
    public function withDirectives(array $directives): self
    {
        return new self(array('directives' => $directives) + $this->state);
    }

    public function url(string $path = ''): string
    {
        return $this->state['url'] . $path;
    }

    /** The folder of WordPress. */
    public function wordpress(): string
    {
        return $this->state['wordpress'];
    }

    /** Where php-fpm listens. */
    public function fpmSocket(): string
    {
        preg_match('/^listen = (.+)$/m', (string) file_get_contents(dirname($this->state['log']) . '/fpm.conf'), $found);
        return $found[1];
    }

    /** Where this site's PHP finds its configuration. */
    public function scanDirectory(): string
    {
        return $this->state['php_ini_scan_dir'];
    }

    /** @return array{clock: string, disk: string, library: string} what a site of storms has. @see storm/clock.c, storm/disk.c */
    public function storm(): array
    {
        return $this->state['storm'] ?? throw new \RuntimeException('The clock of this site cannot be moved: it is none of storms.');
    }

    /** Where fake-zoom answers, without TLS. */
    public function zoomUrl(): string
    {
        return $this->state['fake_http'];
    }

    public function zoom(): FakeZoom
    {
        return new FakeZoom($this->zoomUrl());
    }

    /** Somebody who is not logged in. */
    public function visitor(): Browser
    {
        return new Browser($this->url());
    }

    /** A person of the site, logged in: admin, doctor1, doctor2, patient, and whom a suite has beside them. */
    public function browser(string $person): Browser
    {
        return $this->visitor()->login($this->state[$person]['login'] ?? $person, $this->password($person));
    }

    public function password(string $person): string
    {
        return $this->state[$person]['password'] ?? $this->state['patient']['password'];
    }

    /** The WordPress user id of a person. */
    public function userId(string $person): int
    {
        return (int) $this->value('SELECT ID FROM wp_users WHERE user_login = ?', $this->state[$person]['login'] ?? $person);
    }

    /**
     * Runs PHP inside WordPress, in a process of its own, as WP-CLI would; once no request is at work, whose end would meet it.
     *
     * @param string $code its return value comes back through JSON; $arguments are its $arguments
     * @param array<string, mixed> $arguments
     */
    public function php(string $code, array $arguments = array()): mixed
    {
        $this->awaitRequests();
        $script = '$arguments = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);'
            . '[$_SERVER["HTTP_HOST"], $_SERVER["REQUEST_URI"]] = explode("/", ' . var_export(substr($this->url('/'), strlen('http://')), true) . ', 2);'
            . '$_SERVER["REQUEST_URI"] = "/" . $_SERVER["REQUEST_URI"];'
            . 'require ' . var_export($this->state['wordpress'] . '/wp-load.php', true) . ';'
            . 'require_once ' . var_export(__DIR__ . '/autoload.php', true) . ';'
            . '$returned = (static function (array $arguments) {' . $code . "\n" . '})($arguments);'
            // WordPress and plugins may print; what follows the mark is ours.
            . 'echo "\n\0returned\0", json_encode($returned, JSON_THROW_ON_ERROR);';
        $command = array(PHP_BINARY);
        foreach (array('display_errors' => 'stderr') + $this->compiledOnce() + ($this->state['directives'] ?? array()) as $name => $value) {
            array_push($command, '-d', "{$name}={$value}");
        }
        $environment = array('PHP_INI_SCAN_DIR' => $this->state['php_ini_scan_dir']) + getenv();
        $process = proc_open(
            array_merge($command, array('-r', $script)),
            array(array('pipe', 'r'), array('pipe', 'w'), $errors = tmpfile()),
            $pipes,
            null,
            $environment
        );
        if (! is_resource($process)) {
            throw new \RuntimeException('PHP could not be started.');
        }
        fwrite($pipes[0], json_encode((object) $arguments, JSON_THROW_ON_ERROR));
        fclose($pipes[0]);
        $output = (string) stream_get_contents($pipes[1]);
        $status = proc_close($process);
        $parts = explode("\n\0returned\0", $output, 2);
        if (0 !== $status || 2 !== count($parts)) {
            rewind($errors);
            throw new \RuntimeException("PHP in WordPress ended with {$status}: " . stream_get_contents($errors) . $parts[0]);
        }
        return json_decode($parts[1], true, 512, JSON_THROW_ON_ERROR);
    }

    /**
     * A process has no memory of WordPress' five hundred files: compiling them again is most of what it does.
     *
     * @return array<string, string|int>
     */
    private function compiledOnce(): array
    {
        $folder = dirname($this->state['log']) . '/compiled';
        if (! is_dir($folder)) {
            mkdir($folder);
        }
        return array('opcache.enable_cli' => 1, 'opcache.file_cache' => $folder, 'opcache.file_cache_only' => 1);
    }

    /** The site as it was made: what the plugin stores is gone, the plugin is active, no mail lies there. */
    public function reset(): void
    {
        // What the test before has left at work would write into the new tables.
        $this->awaitRequests();
        $this->php(<<<'CODE'
            (new \TelemedZoom\Store\Schema(new \TelemedZoom\Store\VisitTables()))->drop();
            (new \TelemedZoom\Migration\OldTables())->drop();
            global $wpdb;
            $wpdb->query("DELETE FROM {$wpdb->options} WHERE option_name LIKE '%telemed\\_%'");
            $wpdb->query("DELETE FROM {$wpdb->usermeta} WHERE meta_key LIKE '%telemed\\_%'");
            wp_cache_flush();
            \TelemedZoom\Plugin::activateBlog();
            CODE);
        $this->awaitRequests();
        foreach ($this->mailFiles() as $file) {
            unlink($file);
        }
    }

    /**
     * The mails that WordPress sent, oldest first.
     *
     * @return list<array<string, mixed>> to, subject, message, headers, attachments
     */
    public function mails(): array
    {
        $this->awaitRequests();
        return array_map(
            static fn (string $file): array => json_decode((string) file_get_contents($file), true, 512, JSON_THROW_ON_ERROR),
            $this->mailFiles()
        );
    }

    /** The same site, looked at while requests are at work, and killed. */
    public function inStorm(): self
    {
        return new self(array('looked at in storm' => true) + $this->state);
    }

    /** Waits, for a minute at most, until no request goes on working after its answer: mails are sent then. */
    public function awaitRequests(): void
    {
        if (isset($this->state['looked at in storm'])) {
            return;
        }
        $server = preg_replace('~^(https?://[^/]+).*~', '$1/fpm-status?json', $this->url());
        for ($try = 0; $try < 3000; $try++) {
            $status = json_decode((string) file_get_contents($server), true, 512, JSON_THROW_ON_ERROR);
            if (0 === $status['active processes']) {
                return;
            }
            usleep(20_000);
        }
    }

    /**
     * Does something while the mail server gives no answer; afterwards it takes all that waits.
     *
     * @template T
     * @param callable(): T $work
     * @return T
     */
    public function withSlowMailServer(callable $work): mixed
    {
        $slow = $this->state['mail'] . '/slow';
        touch($slow);
        try {
            return $work();
        } finally {
            unlink($slow);
        }
    }

    /**
     * The mails that were sent, but for those that are known.
     *
     * @param array<string, mixed> $known by file name
     * @return iterable<string, array<string, mixed>> by file name, which begins with the moment, Unix seconds
     */
    public function mailsBut(array $known): iterable
    {
        foreach ($this->mailFiles() as $path) {
            if (! isset($known[basename($path)])) {
                yield basename($path) => json_decode((string) file_get_contents($path), true, 512, JSON_THROW_ON_ERROR);
            }
        }
    }

    /**
     * What PHP and WordPress complained about, without the deprecations in WordPress' own code: an old WordPress has many on
     * a new PHP.
     *
     * @return list<string>
     */
    public function complaints(): array
    {
        $lines = array();
        foreach (array('php.log', 'debug.log') as $name) {
            $file = $this->state['log'] . '/' . $name;
            $lines = array_merge($lines, is_file($file) ? file($file, FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) : array());
        }
        $own = preg_quote($this->state['wordpress'], '~');
        return array_values(preg_grep("~PHP Deprecated: .* in {$own}/wp-(admin|includes)/~", $lines, PREG_GREP_INVERT));
    }

    /** All that the site has logged. */
    public function logs(): string
    {
        $text = '';
        foreach (glob($this->state['log'] . '/*.log') ?: array() as $file) {
            $text .= file_get_contents($file);
        }
        return $text;
    }

    /** Where the web server writes a line for each request. */
    public function accessLog(): string
    {
        return $this->state['log'] . '/access.log';
    }

    /**
     * A connection to the site's database, as WordPress or as the server's own root, who may do everything; once no request is at
     * work, which may be about to write what is looked at.
     */
    public function database(bool $asRoot = false): \mysqli
    {
        $this->awaitRequests();
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        $db = $this->state['db'];
        [$user, $password] = $asRoot ? array('root', '') : array($db['user'], $db['password']);
        return new \mysqli('localhost', $user, $password, $db['name'], 0, $db['socket']);
    }

    /** Where the site's database server listens. */
    public function databaseSocket(): string
    {
        return $this->state['db']['socket'];
    }

    /** A connection to the database server as its administrator. */
    public function databaseServer(): \mysqli
    {
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        return new \mysqli('localhost', 'root', '', $this->state['db']['name'], 0, $this->state['db']['socket']);
    }

    /** The account that the site uses at the database server, as SQL writes it. */
    public function databaseAccount(): string
    {
        return "'{$this->state['db']['user']}'@'localhost'";
    }

    /** The first column of the first row; null when there is none. */
    public function value(string $sql, string ...$parameters): ?string
    {
        $database = $this->database();
        $statement = $database->prepare($sql);
        $statement->execute($parameters);
        $row = $statement->get_result()->fetch_row();
        $database->close();
        return null === $row || false === $row || null === $row[0] ? null : (string) $row[0];
    }

    /** Every value of every table as text, to look for what must not stand there. */
    public function databaseDump(): string
    {
        $database = $this->database();
        $dump = '';
        foreach ($database->query('SHOW TABLES')->fetch_all() as [$table]) {
            foreach ($database->query("SELECT * FROM `{$table}`")->fetch_all() as $row) {
                $dump .= $table . ': ' . implode(' | ', array_map('strval', $row)) . "\n";
            }
        }
        $database->close();
        return $dump;
    }

    /** The database as a backup has it. */
    public function backup(): string
    {
        $db = $this->state['db'];
        $command = array('mariadb-dump', '--no-defaults', '--no-tablespaces', "--socket={$db['socket']}", "--user={$db['user']}", "--password={$db['password']}", $db['name']);
        $process = proc_open($command, array(1 => array('pipe', 'w')), $pipes);
        $dump = (string) stream_get_contents($pipes[1]);
        if (0 !== proc_close($process)) {
            throw new \RuntimeException('The database could not be dumped.');
        }
        return $dump;
    }

    /** @return list<string> */
    private function mailFiles(): array
    {
        $files = glob($this->state['mail'] . '/*.json') ?: array();
        sort($files);
        return $files;
    }
}
