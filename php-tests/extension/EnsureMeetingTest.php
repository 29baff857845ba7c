<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ConfigurationException;
use Telemed\MeetingRequest;
use Telemed\ScopeException;
use Telemed\TelemedException;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** One reference has at most one meeting, whatever fails. */
final class EnsureMeetingTest extends ExtensionTestCase
{
    public function testTwiceEnsuredIsOneMeeting(): void
    {
        $client = $this->serverApp()->client();
        $first = $client->ensureMeeting($this->booking());
        $second = $client->ensureMeeting($this->booking());
        $this->assertSame($first->id(), $second->id());
        $this->assertCount(1, $this->zoom->state()['meetings']);
    }

    public function testAMovedVisitMovesItsMeeting(): void
    {
        $client = $this->serverApp()->client();
        $first = $client->ensureMeeting($this->booking('2031-03-01T10:00:00Z'));
        $moved = $client->ensureMeeting($this->booking('2031-03-02T11:30:00Z'));
        $this->assertSame($first->id(), $moved->id());
        $this->assertSame('2031-03-02T11:30:00Z', $this->zoom->meeting($moved->id())['start_time']);
    }

    /**
     * @dataProvider lostAnswers
     * @param array<string, mixed> $fault
     */
    #[DataProvider('lostAnswers')]
    public function testAMeetingWhoseAnswerWasLostIsFoundAgain(array $fault): void
    {
        $client = $this->serverApp()->client();
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), $fault);
        try {
            $client->within(5.0)->createMeeting($this->booking());
            $this->fail('the answer was lost');
        } catch (TelemedException $lost) {
            $this->assertTrue($lost->maybeDelivered);
        }
        $meeting = $client->ensureMeeting($this->booking());
        $meetings = $this->zoom->state()['meetings'];
        $this->assertSame(array($meeting->id()), array_column($meetings, 'id'));
    }

    public function testAMeetingThatIsSoughtIsFoundOrNotAndNothingIsMade(): void
    {
        $client = $this->serverApp()->client();
        $this->assertNull($client->findMeeting($this->booking()));
        $this->assertCount(0, $this->zoom->state()['meetings']);
        $made = $client->createMeeting($this->booking());
        $this->assertSame($made->id(), $client->findMeeting($this->booking())?->id());
        $this->assertCount(1, $this->zoom->requests('POST', '/v2/users/'));
    }

    /** @return array<string, array{array<string, mixed>}> */
    public static function lostAnswers(): array
    {
        return array(
            'closed after the work' => array(array('kind' => 'close_after_work')),
            'cut off' => array(array('kind' => 'truncate', 'bytes' => 20)),
            'too late' => array(array('kind' => 'delay_after_work', 'ms' => 20000)),
            'a 502 after the work' => array(
                array('kind' => 'status', 'status' => 502, 'body' => '<html>', 'content_type' => 'text/html', 'after_work' => true),
            ),
        );
    }

    public function testAfterATimeOutNotFoundIsNotBelievedAtOnce(): void
    {
        $client = $this->serverApp()->client();
        $this->zoom->fault(
            array('method' => 'POST', 'path' => '/v2/users/'),
            array('kind' => 'delay', 'ms' => 20000, 'then' => array('kind' => 'close_before_work'))
        );
        try {
            $client->within(3.0)->createMeeting($this->booking());
            $this->fail('no answer came in time');
        } catch (TelemedException $lost) {
            $this->assertTrue($lost->maybeDelivered);
        }
        try {
            $client->ensureMeeting($this->booking());
            $this->fail('Zoom may still be at work');
        } catch (TelemedException $uncertain) {
            $this->assertTrue($uncertain->maybeDelivered);
            $this->assertTrue($uncertain->isRetryable());
            $this->assertInstanceOf(\DateTimeImmutable::class, $uncertain->retryAt, 'Zoom answers, and is believed from then on');
        }
        $this->assertNull($lost->retryAt, 'the network failed');
        $this->assertCount(1, $this->zoom->requests('POST', '/v2/users/'));
    }

    public function testAnAccountThatHidesDescriptionsIsServedByTime(): void
    {
        $this->zoom->seed(array('accounts' => array(array(
            'id' => FakeZoom::ACCOUNT,
            'name' => 'Example Clinic',
            'plan' => 'Business',
            'locked' => array('schedule_meeting' => array('hide_meeting_description' => array('enable' => true))),
        ))));
        $client = $this->serverApp()->client();
        $other = $client->createMeeting($this->booking('2031-03-01T10:00:00Z', 'site:visit:other'));
        $this->assertNull($other->marker());
        $mine = $client->createMeeting($this->booking());
        $this->assertSame($mine->id(), $client->ensureMeeting($this->booking(), array($other->id()))->id());
        $this->assertCount(2, $this->zoom->state()['meetings']);

        try {
            $client->ensureMeeting($this->booking());
            $this->fail('two meetings could be it');
        } catch (TelemedException $uncertain) {
            $this->assertTrue($uncertain->maybeDelivered);
            $this->assertFalse($uncertain->isRetryable());
        }
        $this->assertCount(2, $this->zoom->state()['meetings']);
    }

    public function testWithoutTheScopeToLookUpNothingIsCreated(): void
    {
        $this->zoom->answer(
            array('method' => 'GET', 'path' => '/v2/users/'),
            400,
            array('code' => 4711, 'message' => 'Invalid access token, does not contain scopes:[meeting:read:list_meetings:admin].')
        );
        try {
            $this->serverApp()->client()->ensureMeeting($this->booking());
            $this->fail('nothing can be looked up');
        } catch (ScopeException $missing) {
            $this->assertTrue($missing->maybeDelivered);
            $this->assertSame(array('meeting:read:list_meetings:admin'), $missing->missingScopes);
        }
        $this->assertSame(array(), $this->zoom->requests('POST', '/v2/'));
    }

    public function testARequestWithoutAReferenceIsRefusedBeforeAnyRequest(): void
    {
        $request = new MeetingRequest('Visit', new \DateTimeImmutable('+1 day'), 30, 'UTC', FakeZoom::DOCTOR1_EMAIL);
        try {
            $this->serverApp()->client()->ensureMeeting($request);
            $this->fail('a reference is needed');
        } catch (ConfigurationException $refusal) {
            $this->assertStringContainsString('reference', $refusal->getMessage());
        }
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testManyMeetingsComeInOrderAndOneFailureHarmsNoOther(): void
    {
        $requests = array();
        for ($number = 0; $number < 40; $number++) {
            $host = $number === 7 ? 'nobody@clinic.example' : FakeZoom::DOCTOR1_EMAIL;
            $requests[] = new MeetingRequest(
                "Visit {$number}",
                new \DateTimeImmutable("2031-03-01T10:00:00Z +{$number} hours"),
                30,
                'UTC',
                $host
            );
        }
        $results = $this->serverApp()->client()->createMeetings($requests);
        $this->assertCount(40, $results);
        foreach ($results as $number => $result) {
            if ($number === 7) {
                $this->assertInstanceOf(\Telemed\NotFoundException::class, $result);
                continue;
            }
            $this->assertSame("Visit {$number}", $result->topic());
            $this->assertSame("Visit {$number}", $this->zoom->meeting($result->id())['topic']);
        }
        $this->assertSame(array(), array_filter($this->zoom->requests('POST', '/v2/users/'), static fn ($r) => $r['status'] === 429));
    }

    public function testAListOfSomethingElseIsATypeError(): void
    {
        $this->expectException(\TypeError::class);
        $this->serverApp()->client()->createMeetings(array('not a request'));
    }

    private function booking(string $start = '2031-03-01T10:00:00Z', string $reference = 'site:visit:1'): MeetingRequest
    {
        return new MeetingRequest('Video visit', new \DateTimeImmutable($start), 30, 'UTC', FakeZoom::DOCTOR1_EMAIL, $reference);
    }
}
