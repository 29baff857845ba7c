<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use Telemed\ApiException;
use Telemed\Client;
use Telemed\Meeting;
use Telemed\MeetingRequest;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** A proxy or a cache on the way mixes answers up: nobody is led to another's meeting. */
final class MixedUpTest extends ExtensionTestCase
{
    public function testAnAnswerAboutAnotherMeetingLeadsNobodyThere(): void
    {
        $client = $this->serverClient();
        [$own, $other] = $this->meetingsOfTwoDoctors($client);
        $others = array('id' => $other->id(), 'host_id' => FakeZoom::DOCTOR2, 'start_url' => 'https://zoom.us/s/8?zak=of-another')
            + (array) $this->zoom->meeting($other->id());
        $visit = $this->visit(FakeZoom::DOCTOR1, '+2 days', 30, 'UTC', 'site1:1');
        $calls = array(
            'startUrl' => static fn () => $client->startUrl($own->id()),
            'meeting' => static fn () => $client->meeting($own->id()),
            'meeting, compared' => static fn () => $client->meeting($own->id(), $visit),
            'updateMeeting' => static fn () => $client->updateMeeting($own->id(), $visit),
            'ensureMeeting' => static fn () => $client->ensureMeeting($visit),
        );
        foreach ($calls as $name => $call) {
            $this->zoom->answer(array('method' => 'GET', 'path' => "/v2/meetings/{$own->id()}"), 200, $others);
            $refusal = $this->failure(ApiException::class, $call);
            $this->assertStringContainsString('another meeting', $refusal->getMessage(), $name);
            $this->assertTrue($refusal->isRetryable(), $name);
            foreach (array((string) $other->id(), 'zak', 'https:') as $part) {
                $this->assertStringNotContainsString($part, $refusal->getMessage() . $refusal->advice(), $name);
            }
        }
        $this->assertStringContainsString((string) $own->id(), $client->startUrl($own->id()));
    }

    public function testAnAnswerAboutAnotherUserIsRefused(): void
    {
        $client = $this->serverClient();
        $path = array('method' => 'GET', 'path' => '/v2/users/' . FakeZoom::DOCTOR1);
        $this->zoom->answer($path, 200, array('id' => FakeZoom::DOCTOR2, 'email' => FakeZoom::DOCTOR2_EMAIL));
        $refusal = $this->failure(ApiException::class, static fn () => $client->user(FakeZoom::DOCTOR1));
        $this->assertStringContainsString('another user', $refusal->getMessage());
        $this->assertSame(FakeZoom::DOCTOR1, $client->user(FakeZoom::DOCTOR1)->id());
        $this->assertSame(FakeZoom::DOCTOR1, $client->user(strtoupper(FakeZoom::DOCTOR1_EMAIL))->id());
    }

    public function testACreationIsBelievedForItsOwnVisitOnly(): void
    {
        $client = $this->serverClient();
        [, $other] = $this->meetingsOfTwoDoctors($client);
        $visit = $this->visit(FakeZoom::DOCTOR1, '+3 days 10:00 UTC', 30, 'UTC', 'site1:3');
        $theirs = $client->createMeeting($this->visit(FakeZoom::DOCTOR2, '+3 days 10:00 UTC', 30, 'UTC', 'site1:4'));
        $calls = array(
            static fn () => $client->createMeeting($visit),
            static function () use ($client, $visit): void {
                [$result] = $client->createMeetings(array($visit));
                throw $result;
            },
        );
        foreach ($calls as $call) {
            $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users'), 201, (array) $this->zoom->meeting($theirs->id()));
            $refusal = $this->failure(ApiException::class, $call);
            $this->assertTrue($refusal->maybeDelivered);
            $this->assertStringContainsString('another meeting', $refusal->getMessage());
        }
        $this->assertSame(FakeZoom::DOCTOR1, $client->ensureMeeting($visit)->hostId());
    }

    public function testAnothersListIsNotLookedThrough(): void
    {
        $server = $this->serverClient();
        $this->meetingsOfTwoDoctors($server);
        $visit = $this->visit(FakeZoom::DOCTOR1, '+1 day 10:00 UTC', 30, 'UTC', 'site1:1');
        $doctor = $this->connectedClient();
        $calls = array(
            'ensureMeeting' => static fn () => $server->ensureMeeting($visit),
            'meetings' => static fn () => $server->meetings(FakeZoom::DOCTOR1),
            'a connected doctor' => static fn () => $doctor->meetings(),
        );
        foreach ($calls as $name => $call) {
            $server->meetings(FakeZoom::DOCTOR2);
            $this->zoom->fault(array('method' => 'GET', 'path' => '/v2/users/'), array('kind' => 'swap'));
            $refusal = $this->failure(ApiException::class, $call);
            $this->assertStringContainsString('another host', $refusal->getMessage(), $name);
            $this->assertTrue($refusal->isRetryable(), $name);
        }
        $this->assertCount(1, $doctor->meetings());
        $this->assertSame(FakeZoom::DOCTOR1, $server->ensureMeeting($visit)->hostId());
        $this->assertCount(2, $this->zoom->state()['meetings'], 'nothing is made twice');
    }

    /** @return array{Meeting, Meeting} one of doctor 1 and one of doctor 2, at the same time */
    private function meetingsOfTwoDoctors(Client $client): array
    {
        $visit = fn (string $host, string $reference): MeetingRequest => $this->visit($host, '+1 day 10:00 UTC', 30, 'UTC', $reference);
        return array(
            $client->createMeeting($visit(FakeZoom::DOCTOR1, 'site1:1')),
            $client->createMeeting($visit(FakeZoom::DOCTOR2, 'site1:2')),
        );
    }
}
