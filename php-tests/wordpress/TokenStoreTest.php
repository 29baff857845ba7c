<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\StoreException;
use Telemed\Tests\FakeZoom;

/**
 * The tokens in the site's database: beside a host's transaction, with a database that refuses, under a persistent object
 * cache.
 *
 * @see TokenStormTest many processes at once
 * @see NetworkTest several blogs
 */
final class TokenStoreTest extends ClinicTestCase
{
    /** PHP in WordPress: the doctor's app and subject. */
    private const APP = '$plugin = \TelemedZoom\Plugin::instance(); $app = $plugin->opener->oauth(); $subject = $plugin->site->subject($arguments["doctor"]);';
    /** A call at Zoom; or what it threw, and the words that people read. */
    private const CALL = self::APP . 'try {
            return array("user" => $app->client($subject)->user()->id());
        } catch (\Telemed\TelemedException $failure) {
            return array("class" => get_class($failure), "retryable" => $failure->isRetryable(), "text" => \TelemedZoom\ErrorText::of($failure));
        }';

    private ?int $doctor = null;

    protected function tearDown(): void
    {
        $this->anyNumberOfConnections();
        $this->site->awaitRequests();
        if (is_file($this->dropIn())) {
            unlink($this->dropIn());
            array_map('unlink', glob($this->site->wordpress() . '/wp-content/object-cache/*') ?: array());
            rmdir($this->site->wordpress() . '/wp-content/object-cache');
        }
        parent::tearDown();
    }

    public function testAHostsTransactionThatIsRolledBackLosesNoToken(): void
    {
        $this->doctorWhoseTokenHasEnded();
        $this->assertSame(
            array('user' => FakeZoom::DOCTOR1, 'option' => false),
            $this->php('global $wpdb;
                $wpdb->query("START TRANSACTION");
                $wpdb->query("INSERT INTO {$wpdb->options} (option_name, option_value) VALUES (\'host_appointment\', \'1\')");
                $answer = (static function (array $arguments): array { ' . self::CALL . ' })($arguments);
                $wpdb->query("ROLLBACK");
                return $answer + array("option" => get_option("host_appointment"));')
        );
        $this->assertSame($this->grant()['refresh_token'], $this->stored()['refresh_token'], 'what is stored is the newest');
        $this->assertSame(array('user' => FakeZoom::DOCTOR1), $this->php(self::CALL), 'another process goes on with it');
        $this->assertSame(1, $this->grant()['refreshed']);
        $this->assertCount(1, $this->refreshes());
    }

    public function testWithoutAFreeConnectionACallFailsCleanlyAndPagesStayAlive(): void
    {
        $this->doctorWhoseTokenHasEnded();
        // All that may act are logged in before.
        $people = array('admin' => $this->browser('admin'), 'doctor1' => $this->browser('doctor1'));
        // WordPress has one connection, so none is left for the plugin.
        $this->oneConnection();
        $read = $this->php('try { ' . self::APP . ' } catch (\TelemedZoom\Site\DatabaseException $failure) { return \TelemedZoom\ErrorText::of($failure); }');
        $this->assertStringContainsString('allows another connection', $read, 'the app itself cannot be read');
        $known = 'new \Telemed\OAuthApp("client", "secret", "https://clinic.example/", $plugin->opener->tokenStore(), $plugin->key->vault())';
        $answer = $this->php(str_replace('$plugin->opener->oauth()', $known, self::CALL));
        $this->assertSame(StoreException::class, $answer['class']);
        $this->assertTrue($answer['retryable']);
        $this->assertStringContainsString('allows another connection', $answer['text']);
        foreach (array('telemed-meetings', 'telemed-doctors', 'telemed-settings') as $screen) {
            $this->freed();
            $page = $people['admin']->screen($screen);
            $this->assertSame(200, $page->status, $screen);
            $this->assertStringContainsString('</html>', $page->body, $screen);
        }
        $this->freed();
        $profile = $people['doctor1']->get('/wp-admin/profile.php');
        $this->assertSame(200, $profile->status);
        $this->assertStringContainsString('</html>', $profile->body);
        $this->freed();
        $this->assertSame(200, $this->site->visitor()->get('/')->status);
        $this->assertSame(array(), $this->zoom->requests());

        $this->anyNumberOfConnections();
        $this->assertSame(array('user' => FakeZoom::DOCTOR1), $this->php(self::CALL), 'nothing was lost');
        $this->assertCount(1, $this->refreshes());
    }

    /** @dataProvider refusalsToLock */
    #[DataProvider('refusalsToLock')]
    public function testADatabaseThatCannotLockRefreshesNothingAndSaysSo(string $refusal): void
    {
        $this->doctorWhoseTokenHasEnded();
        $held = $this->holdTheLock();
        if ('an error' === $refusal) {
            $server = $this->site->databaseServer();
            $server->query("ALTER USER {$this->site->databaseAccount()} WITH MAX_STATEMENT_TIME 2");
        }
        try {
            $answer = 'an error' === $refusal ? $this->php(self::CALL) : $this->callWhoseLockIsKilled();
        } finally {
            $this->site->databaseServer()->query("ALTER USER {$this->site->databaseAccount()} WITH MAX_STATEMENT_TIME 0");
            $held->close();
        }
        $this->assertSame(StoreException::class, $answer['class']);
        $this->assertStringContainsString('GET_LOCK', $answer['text']);
        $this->assertStringContainsString('ask your host', $answer['text']);
        $this->assertSame(array(), $this->zoom->requests());

        $this->assertSame(array('user' => FakeZoom::DOCTOR1), $this->php(self::CALL), 'once it locks again, all is well');
        $this->assertCount(1, $this->refreshes());
    }

    /** @return array<string, array{string}> */
    public static function refusalsToLock(): array
    {
        return array('the function gives NULL' => array('null'), 'the function ends in an error' => array('an error'));
    }

    public function testUnderAPersistentObjectCacheEachProcessSeesWhatOthersWrote(): void
    {
        copy(dirname(__DIR__) . '/support/object-cache.php', $this->dropIn());
        $this->assertTrue($this->php('return (bool) wp_using_ext_object_cache();'));
        $this->site->reset();
        $this->forgetBrowsers();
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);

        // The web server's process refreshes, this one's goes on with that.
        $this->zoom->forgetAccessTokens();
        $this->zoom->forgetRequests();
        $this->make('doctor1', 'doctor1');
        $this->assertCount(1, $this->refreshes());
        $this->assertSame(array('user' => FakeZoom::DOCTOR1), $this->php(self::CALL));
        $this->assertCount(1, $this->refreshes());
        $this->assertSame($this->grant()['refresh_token'], $this->stored()['refresh_token']);

        // What a process of the command line writes, the web server's sees: the site's id, a signal, a setting.
        $this->assertSame($this->php('return (new \TelemedZoom\Site\Site())->id();'), $this->php('return (new \TelemedZoom\Site\Site())->id();'));
        $this->php('for ($lost = 0; $lost < 3; $lost++) { \TelemedZoom\Plugin::instance()->outages->lost(gmdate("Y-m-d H:i:s")); }');
        $this->assertSame('due', $this->booked(array('start' => self::start(31)))['state'], 'Zoom counts as unreachable');
        $this->forgetOutage();
        $this->php('$options = get_option("telemed_settings"); update_option("telemed_settings", array("mode" => "s2s") + $options);');
        $settings = $this->browser('admin')->screen('telemed-settings');
        $this->assertTrue($settings->element('telemed-mode-s2s')->hasAttribute('checked'));
        $this->php('$options = get_option("telemed_settings"); update_option("telemed_settings", array("mode" => "oauth") + $options);');

        // Disconnected in the browser: no other process goes on with the old token.
        $doctor = $this->browser('doctor1');
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $question = $doctor->submit($doctor->get('/wp-admin/profile.php')->form('telemed-disconnect-form'));
        $doctor->submit($question->form('telemed-departure-form'), array('choice' => 'wait'));
        $this->assertSame('none', $this->doctorsScreen('doctor1', 'status'));
        $this->assertSame(\Telemed\AuthenticationException::class, $this->php(self::CALL)['class']);
    }

    /** The doctor is connected, the access token has ended, and no request is in the log. */
    private function doctorWhoseTokenHasEnded(): void
    {
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->php(
            self::APP . '$grant = $arguments["grant"]; $past = new DateTimeImmutable("-1 minute");'
            . 'return $app->import($subject, $grant["access_token"], $grant["refresh_token"], $past, $grant["scope"], null)->status();',
            array('grant' => $this->grant())
        );
        $this->zoom->forgetAccessTokens();
        $this->zoom->forgetRequests();
    }

    /** @param array<string, mixed> $arguments the doctor is always among them */
    private function php(string $code, array $arguments = array()): mixed
    {
        return $this->site->php($code, $arguments + array('doctor' => $this->doctor ??= $this->site->userId('doctor1')));
    }

    /** @return array<string, mixed> the connection's record, opened */
    private function stored(): array
    {
        return $this->php('$plugin = \TelemedZoom\Plugin::instance(); $store = $plugin->opener->tokenStore();
            $key = array_values(preg_grep("/^connection:/", $store->keys()))[0];
            return json_decode($plugin->key->vault()->open($store->load($key), $key), true);');
    }

    /** @return array<string, mixed> the doctor's living grant at Zoom */
    private function grant(): array
    {
        return $this->zoom->state()['grants'][0];
    }

    /** @return list<array<string, mixed>> */
    private function refreshes(): array
    {
        return $this->zoom->requests('POST', '/oauth/token');
    }

    private function dropIn(): string
    {
        return $this->site->wordpress() . '/wp-content/object-cache.php';
    }

    /** Another client has the lock of the doctor's record, for as long as the connection lives. */
    private function holdTheLock(): \mysqli
    {
        $name = $this->php('$plugin = \TelemedZoom\Plugin::instance();
            $key = array_values(preg_grep("/^connection:/", $plugin->opener->tokenStore()->keys()))[0];
            return $plugin->database->lockName("token:" . $key);');
        $connection = $this->site->databaseServer();
        $this->assertSame('1', $connection->query("SELECT GET_LOCK('{$name}', 0)")->fetch_row()[0]);
        return $connection;
    }

    /** @return array<string, mixed> what a call ends with, whose wait for the lock is ended by the server's administrator */
    private function callWhoseLockIsKilled(): array
    {
        $script = sprintf('require %s; echo json_encode(\Telemed\Tests\Site::fromEnvironment()->php(json_decode(stream_get_contents(STDIN)), array("doctor" => %d)));', var_export(dirname(__DIR__) . '/support/autoload.php', true), $this->site->userId('doctor1'));
        $process = proc_open(array(PHP_BINARY, '-r', $script), array(array('pipe', 'r'), array('pipe', 'w')), $pipes);
        fwrite($pipes[0], json_encode(self::CALL));
        fclose($pipes[0]);
        $server = $this->site->databaseServer();
        $waiting = "SELECT id FROM information_schema.processlist WHERE state = 'User lock' AND user <> 'root'";
        for ($i = 0; null === ($row = $server->query($waiting)->fetch_row()); $i++) {
            $this->assertLessThan(2000, $i, 'nobody asks for the lock');
            usleep(10000);
        }
        $server->query("KILL QUERY {$row[0]}");
        $answer = (string) stream_get_contents($pipes[1]);
        proc_close($process);
        return json_decode($answer, true, 512, JSON_THROW_ON_ERROR);
    }

    private function oneConnection(): void
    {
        $this->site->databaseServer()->query("ALTER USER {$this->site->databaseAccount()} WITH MAX_USER_CONNECTIONS 1");
        $this->freed();
    }

    private function anyNumberOfConnections(): void
    {
        $this->site->databaseServer()->query("ALTER USER {$this->site->databaseAccount()} WITH MAX_USER_CONNECTIONS 0");
    }

    /** The server has noticed that the last request's connection is gone. */
    private function freed(): void
    {
        $server = $this->site->databaseServer();
        for ($i = 0; '0' !== (string) $server->query("SELECT COUNT(*) FROM information_schema.processlist WHERE user <> 'root'")->fetch_row()[0]; $i++) {
            $this->assertLessThan(2000, $i, 'a request keeps its connection');
            usleep(10000);
        }
    }
}
