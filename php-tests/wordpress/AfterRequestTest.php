<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;

/** A server that cannot let the browser go before the work is done, as mod_php: the work is done by a request of its own, at once. */
final class AfterRequestTest extends ClinicTestCase
{
    private const BOOK = <<<'CODE'
        $_SERVER['HTTP_HOST'] = getenv('TELEMED_TEST_HOST');
        require getenv('TELEMED_TEST_WORDPRESS') . '/wp-load.php';
        if (isset($_GET['busy'])) {
            // This very request, or another, has called WP-Cron for the minute's run.
            set_transient('doing_cron', sprintf('%.22F', microtime(true)));
        }
        $plugin = \TelemedZoom\Plugin::instance();
        $plugin->visits->book('manual', 'a', get_user_by('login', 'doctor1')->ID, \TelemedZoom\Ledger\Visit::upcoming(new \DateTimeImmutable('+3 days'), 25, 'Europe/Berlin', ''));
        echo \Telemed\Tests\Records\InPlugin::ofAppointment('manual', 'a')->state->value;
        CODE;

    /** @var resource */
    private $server;
    private string $folder;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
        $this->folder = sys_get_temp_dir() . '/telemed-' . bin2hex(random_bytes(6));
        mkdir($this->folder);
        file_put_contents("{$this->folder}/index.php", "<?php\nrequire '" . dirname(__DIR__) . "/support/autoload.php';\n" . self::BOOK);
    }

    protected function tearDown(): void
    {
        if (is_resource($this->server)) {
            posix_kill(proc_get_status($this->server)['pid'], SIGTERM);
            proc_close($this->server);
        }
        unlink("{$this->folder}/index.php");
        rmdir($this->folder);
    }

    /** @dataProvider crons */
    #[DataProvider('crons')]
    public function testTheWorkOfARequestIsDoneAtOnceByAnother(string $query): void
    {
        $answer = file_get_contents($this->serve() . $query);
        $this->assertSame('due', $answer, 'nobody waited for Zoom');
        // Nobody visits the site meanwhile.
        for ($tries = 0; $tries < 200 && 1 !== $this->records()->visits->count('made'); $tries++) {
            usleep(100_000);
        }
        $this->assertCount(1, $this->meetings());
    }

    /** @return array<string, array{string}> */
    public static function crons(): array
    {
        return array('WP-Cron is idle' => array('/'), 'WP-Cron has been called just now' => array('/?busy=1'));
    }

    /** @return string the address of PHP's own server, which ends a request only when all is done */
    private function serve(): string
    {
        $free = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($free, false);
        fclose($free);
        $this->server = proc_open(
            array(PHP_BINARY, '-d', 'display_errors=stderr', '-S', $address, '-t', $this->folder),
            array(array('file', '/dev/null', 'r'), array('file', '/dev/null', 'w'), array('file', '/dev/null', 'w')),
            $pipes,
            null,
            array(
                'PHP_INI_SCAN_DIR' => $this->site->scanDirectory(),
                'TELEMED_TEST_WORDPRESS' => $this->site->wordpress(),
                'TELEMED_TEST_HOST' => substr($this->site->url(), strlen('http://')),
            ) + getenv()
        );
        for ($tries = 0; $tries < 100 && false === ($socket = @stream_socket_client("tcp://{$address}", $code, $message, 1.0)); $tries++) {
            usleep(50_000);
        }
        $this->assertNotFalse($socket);
        fclose($socket);
        return "http://{$address}";
    }
}
