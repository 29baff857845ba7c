<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Page;
use Telemed\Tests\Records;

/** PHP that cannot let the browser go before it ends, as Apache's module, and PHP without a browser: neither makes a booking wait. */
final class OtherServersTest extends KivicareTestCase
{
    private const ZOOM_THINKS_MS = 4_000;

    /** @var ?resource PHP's own server, which has no fastcgi_finish_request */
    private $server = null;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    protected function tearDown(): void
    {
        if (null !== $this->server) {
            proc_terminate($this->server, SIGKILL);
            proc_close($this->server);
        }
        parent::tearDown();
    }

    /** @return array<string, array{int}> */
    public static function nextRuns(): array
    {
        return array('long ago' => array(-300), 'in a moment' => array(50), 'nowhere in sight' => array(3000));
    }

    /**
     * The cron's next run is no reason for a visit to wait.
     *
     * @dataProvider nextRuns
     */
    #[DataProvider('nextRuns')]
    public function testABookingIsAnsweredBeforeZoomIsAskedAndARequestOfItsOwnMakesTheMeeting(int $seconds): void
    {
        $this->site->php(
            'wp_unschedule_hook("telemed_run"); wp_schedule_event(time() + $arguments["seconds"], "telemed_minute", "telemed_run"); delete_transient("doing_cron");',
            array('seconds' => $seconds)
        );
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'delay', 'ms' => self::ZOOM_THINKS_MS));
        $server = $this->startServer();
        $page = $this->bookAt($server, $this->booking());
        $this->assertSame(201, $page->status, $page->body);
        $id = (int) $page->json()['data']['id'];
        $this->assertNotSame('made', $this->stateAtOnce($id), 'the answer did not wait for Zoom');
        $this->assertStringContainsString('telemed_visit=', (string) $this->mapping($id)['join_url']);
        $this->waitUntilMade($id);
        $this->onlyMeeting();
        // The next one, too, once that request is over.
        for ($try = 0; null !== $this->site->value("SELECT option_value FROM wp_options WHERE option_name = '_transient_doing_cron'"); $try++) {
            $this->assertLessThan(600, $try, 'that request does not end');
            usleep(100_000);
        }
        $id = (int) $this->bookAt($server, $this->booking(array('appointmentStartTime' => '15:00')))->json()['data']['id'];
        $this->waitUntilMade($id);
        $this->assertCount(2, $this->meetings());
    }

    public function testABookingOnTheCommandLineIsCarriedOutBeforeTheCommandEnds(): void
    {
        $id = $this->site->php(
            'wp_set_current_user(get_user_by("login", "receptionist")->ID);
            $request = new WP_REST_Request("POST", "/kivicare/v1/appointments");
            $request->set_body_params($arguments["booking"]);
            return rest_do_request($request)->get_data()["data"]["id"];',
            array('booking' => $this->booking())
        );
        $this->assertSame('made', $this->ledgerRow((int) $id)['state']);
        $this->onlyMeeting();
    }

    private function startServer(): string
    {
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $address = (string) stream_socket_get_name($socket, false);
        fclose($socket);
        $log = array('file', '/dev/null', 'a');
        $this->server = proc_open(
            array(PHP_BINARY, '-S', $address, '-t', $this->site->wordpress()),
            array(array('file', '/dev/null', 'r'), $log, $log),
            $pipes,
            null,
            array('PHP_INI_SCAN_DIR' => $this->site->scanDirectory()) + getenv()
        );
        for ($attempt = 0; $attempt < 100; $attempt++) {
            $connection = @stream_socket_client("tcp://{$address}");
            if (false !== $connection) {
                fclose($connection);
                return "http://{$address}";
            }
            usleep(50_000);
        }
        $this->fail('PHP has not started its server.');
    }

    /**
     * A booking by the receptionist, whose cookies are those of the site: they know no ports.
     *
     * @param array<string, mixed> $booking
     */
    private function bookAt(string $server, array $booking): Page
    {
        $browser = $this->browser('receptionist');
        $nonce = $browser->get('/wp-admin/admin-ajax.php?action=rest-nonce')->body;
        return $browser->request(
            'POST',
            "{$server}/index.php?rest_route=/kivicare/v1/appointments",
            json_encode($booking, JSON_THROW_ON_ERROR),
            array('Content-Type' => 'application/json', 'X-WP-Nonce' => $nonce),
            false
        );
    }

    /** Without waiting for the request that makes the meeting, as all else that looks at the site does. */
    private function stateAtOnce(int $id): string
    {
        $database = $this->site->databaseServer();
        $visit = Records::over($database)->visits->ofAppointment('kivicare', $id);
        $database->close();
        return (string) ($visit['state'] ?? '');
    }

    /** Without any help: nobody runs the worker here. */
    private function waitUntilMade(int $id): void
    {
        for ($attempt = 0; $attempt < 150; $attempt++) {
            if ('made' === $this->ledgerRow($id)['state']) {
                return;
            }
            usleep(100_000);
        }
        $this->fail('nobody has made the meeting: ' . json_encode($this->ledgerRow($id)));
    }
}
