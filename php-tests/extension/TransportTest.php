<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ConfigurationException;
use Telemed\TransportException;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** The network's failures, and what is known of the request after each. */
final class TransportTest extends ExtensionTestCase
{
    private const ON_CREATE = array('method' => 'POST', 'path' => '/v2/users');

    /** @dataProvider closings */
    #[DataProvider('closings')]
    public function testACreateWhoseConnectionClosesIsSentExactlyOnce(string $kind, int $made): void
    {
        $client = $this->serverClient();
        $this->zoom->fault(self::ON_CREATE, array('kind' => $kind), -1);
        $exception = $this->failure(TransportException::class, fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1)));
        $this->assertTrue($exception->maybeDelivered);
        $this->assertTrue($exception->isRetryable());
        $this->assertCount(1, $this->apiRequests('POST'), 'exactly one POST');
        $this->assertCount($made, $this->zoom->state()['meetings']);
    }

    /** @return array<string, array{string, int}> */
    public static function closings(): array
    {
        return array(
            'before the work' => array('close_before_work', 0),
            'after the work' => array('close_after_work', 1),
        );
    }

    public function testAReadWhoseConnectionClosesIsTriedAgain(): void
    {
        $client = $this->serverClient();
        $this->zoom->fault(array('method' => 'GET'), array('kind' => 'close_before_work'));
        $this->assertSame(FakeZoom::DOCTOR1, $client->user(FakeZoom::DOCTOR1)->id());
        $this->assertCount(2, $this->apiRequests('GET'));
    }

    public function testADeleteWhoseAnswerIsLostIsStillADelete(): void
    {
        $client = $this->serverClient();
        $meeting = $client->createMeeting($this->visit(FakeZoom::DOCTOR1));
        $this->zoom->fault(array('method' => 'DELETE', 'path' => '/v2/'), array('kind' => 'close_after_work'));
        $this->assertTrue($client->deleteMeeting($meeting->id()), 'it was there, and this call deleted it');
        $this->assertNull($this->zoom->meeting($meeting->id()));
    }

    public function testATimeBudgetHolds(): void
    {
        $client = $this->serverClient();
        $this->zoom->fault(self::ON_CREATE, array('kind' => 'delay', 'ms' => 20000), -1);
        $begun = microtime(true);
        $exception = $this->failure(
            TransportException::class,
            fn () => $client->within(2.0)->createMeeting($this->visit(FakeZoom::DOCTOR1))
        );
        $this->assertLessThan(15, microtime(true) - $begun);
        $this->assertTrue($exception->maybeDelivered);
        $this->assertTrue($exception->isRetryable());
        $this->assertCount(1, $this->apiRequests('POST'));
    }

    public function testATimeBudgetHoldsForAllTriesTogether(): void
    {
        $client = $this->serverClient();
        $this->zoom->fault(array('method' => 'GET'), array('kind' => 'delay', 'ms' => 2000, 'then' => array('kind' => 'status', 'status' => 503, 'body' => '')), -1);
        $begun = microtime(true);
        try {
            $client->within(3)->user(FakeZoom::DOCTOR1);
            $this->fail('no try succeeds');
        } catch (\Telemed\TelemedException) {
            // The answer of one try, or that the time was over in another.
        }
        $this->assertLessThan(6, microtime(true) - $begun);
    }

    /** @dataProvider noBudgets */
    #[DataProvider('noBudgets')]
    public function testABudgetIsAPositiveNumberOfSeconds(float $seconds): void
    {
        $client = $this->serverClient();
        $this->failure(ConfigurationException::class, static fn () => $client->within($seconds));
    }

    /** @return array<string, array{float}> */
    public static function noBudgets(): array
    {
        return array(
            'zero' => array(0.0),
            'negative' => array(-1.0),
            'infinite' => array(INF),
            'no number' => array(NAN),
        );
    }

    public function testADirectiveLimitsEachRequest(): void
    {
        $this->zoom->fault(self::ON_CREATE, array('kind' => 'delay', 'ms' => 20000), -1);
        $child = ChildPhp::run(
            '$client = server_app()->client();
             $client->user(FakeZoom::DOCTOR1);
             $request = new Telemed\MeetingRequest("Video visit", new DateTime("+1 day"), 30, "UTC", FakeZoom::DOCTOR1);
             $begun = microtime(true);
             report(outcome(fn () => $client->createMeeting($request)->id()) + ["seconds" => microtime(true) - $begun]);',
            array('telemed.timeout' => '2')
        );
        $this->assertSame(TransportException::class, $child->report['class'] ?? null, $child->errors . $child->output);
        $this->assertTrue($child->report['maybeDelivered']);
        $this->assertLessThan(15, $child->report['seconds']);
    }

    /**
     * @dataProvider unreachable
     */
    #[DataProvider('unreachable')]
    public function testAServerThatCannotBeReached(string $address, string $words): void
    {
        if ('' === $address) {
            // A port that was free a moment ago.
            $socket = stream_socket_server('tcp://127.0.0.1:0');
            $address = 'http://' . stream_socket_get_name($socket, false);
            fclose($socket);
        }
        $code = 'report(outcome(fn () => server_app()->client()->user(FakeZoom::DOCTOR1)->id()));';
        $child = ChildPhp::run($code, array('telemed.oauth_url' => $address, 'telemed.api_url' => $address));
        $this->assertSame(TransportException::class, $child->report['class'] ?? null, $child->errors . $child->output);
        $this->assertFalse($child->report['maybeDelivered'], 'nothing was sent');
        $this->assertTrue($child->report['retryable']);
        $this->assertStringContainsString($words, $child->report['message']);
        $this->assertNotSame('', $child->report['advice']);
    }

    /** @return array<string, array{string, string}> */
    public static function unreachable(): array
    {
        return array(
            'no such name' => array('https://zoom.invalid', 'name'),
            'refused' => array('', 'no connection'),
        );
    }

    public function testACreateOnADeadServerWasNotDelivered(): void
    {
        // The token comes from the fake, the meeting goes nowhere.
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $address = 'http://' . stream_socket_get_name($socket, false);
        fclose($socket);
        $this->zoom->settings(array('send_api_url' => false));
        $child = ChildPhp::run(
            '$request = new Telemed\MeetingRequest("Video visit", new DateTime("+1 day"), 30, "UTC", FakeZoom::DOCTOR1);
             report(outcome(fn () => server_app()->client()->createMeeting($request)->id()));',
            array('telemed.api_url' => $address)
        );
        $this->assertSame(TransportException::class, $child->report['class'] ?? null, $child->errors . $child->output);
        $this->assertFalse($child->report['maybeDelivered']);
    }

    public function testAPostOnAConnectionThatTheServerClosedMeanwhile(): void
    {
        // Each round the fake closes the idle connection with its answer to the read; the create needs a new one.
        $client = $this->serverClient();
        for ($i = 0; $i < 5; $i++) {
            $client->user(FakeZoom::DOCTOR1);
            $this->zoom->fault(array('method' => 'GET'), array('kind' => 'close_after_work'));
            $client->user(FakeZoom::DOCTOR1);
            $client->createMeeting($this->visit(FakeZoom::DOCTOR1));
        }
        $this->assertCount(5, $this->zoom->state()['meetings']);
        $this->assertCount(5, $this->apiRequests('POST'));
    }
}
