<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ConfigurationException;
use Telemed\MeetingRequest;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** What Zoom gets, and what of it comes back. */
final class MeetingTest extends ExtensionTestCase
{
    public function testAMeetingIsPrivateUnlessAskedOtherwise(): void
    {
        $meeting = $this->serverClient()->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'Europe/Berlin', 'site1:42'));
        $made = $this->zoom->meeting($meeting->id());
        $private = array(
            'waiting_room' => true,
            'join_before_host' => false,
            'auto_recording' => 'none',
            'auto_start_meeting_summary' => false,
            'auto_start_ai_companion_questions' => false,
            'support_participants_receive_summary' => false,
            'allow_participants_to_transcribe_meetings_with_my_notes' => false,
            'email_notification' => false,
            'alternative_hosts_email_notification' => false,
            'registrants_confirmation_email' => false,
            'registrants_email_notification' => false,
            'meeting_authentication' => false,
            'use_pmi' => false,
        );
        foreach ($private as $name => $value) {
            $this->assertSame($value, $made['settings'][$name], $name);
        }
        $this->assertSame('Video visit', $made['topic']);
        $this->assertSame(2, $made['type']);
        $this->assertSame($meeting->passcode(), $made['password']);
        $this->assertMatchesRegularExpression('/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[@_*-])[A-Za-z0-9@_*-]{10}$/', $meeting->passcode());
        $this->assertSame(array(), $meeting->overridden());
        $this->assertSame($made['agenda'], $meeting->marker(), 'the agenda holds the marker and nothing else');
        $this->assertMatchesRegularExpression('/^\[telemed:1:[0-9a-f]{16}:[0-9a-f]{32}\]$/', $meeting->marker());
        $this->assertStringNotContainsString('42', str_replace($meeting->marker(), '', $made['agenda']));
    }

    public function testTheMarkerFollowsFromTheReferenceAlone(): void
    {
        $client = $this->serverClient();
        $marker = fn (?string $reference) => $client
            ->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'UTC', $reference))
            ->marker();
        $first = $marker('site1:42');
        $this->assertSame($first, $marker('site1:42'));
        $this->assertNotSame($first, $marker('site1:43'));
        $this->assertNull($marker(null));
        $listed = array_map(static fn ($meeting) => $meeting->marker(), $client->meetings(FakeZoom::DOCTOR1));
        $this->assertSame(array($first => 2), array_intersect_key(array_count_values(array_filter($listed)), array($first => 2)));
    }

    public function testEveryFieldIsRead(): void
    {
        $start = new \DateTimeImmutable('2031-06-01 10:00:00', new \DateTimeZone('America/New_York'));
        $request = new MeetingRequest('Video visit ü', $start, 25, 'America/New_York', FakeZoom::DOCTOR2, 's:1');
        $meeting = $this->serverClient()->createMeeting($request);
        $this->assertIsInt($meeting->id());
        $this->assertNotNull($meeting->uuid());
        $this->assertSame('Video visit ü', $meeting->topic());
        $this->assertSame('2031-06-01T14:00:00+00:00', $meeting->start()->format(DATE_ATOM));
        $this->assertSame('UTC', $meeting->start()->getTimezone()->getName());
        $this->assertSame(25, $meeting->minutes());
        $this->assertSame('America/New_York', $meeting->timezone());
        $this->assertSame(FakeZoom::DOCTOR2, $meeting->hostId());
        $this->assertSame(FakeZoom::DOCTOR2_EMAIL, $meeting->hostEmail());
        $this->assertSame('waiting', $meeting->status());
        $this->assertStringContainsString('/j/' . $meeting->id(), $meeting->joinUrl());
        $this->assertStringNotContainsString('zak', $meeting->joinUrl());
    }

    /** @dataProvider instants */
    #[DataProvider('instants')]
    public function testOneInstantInOneInstantOut(\DateTimeInterface $start, string $zone, string $utc): void
    {
        $request = new MeetingRequest('Video visit', $start, 30, $zone, FakeZoom::DOCTOR1);
        $meeting = $this->serverClient()->createMeeting($request);
        $this->assertSame($utc, $meeting->start()->format('Y-m-d\TH:i:s\Z'));
        $this->assertSame($utc, $this->zoom->meeting($meeting->id())['start_time']);
        $this->assertSame($zone, $this->zoom->meeting($meeting->id())['timezone']);
        $sent = json_decode($this->apiRequests('POST')[0]['body'], true);
        $this->assertSame($utc, $sent['start_time'], 'UTC with Z goes over the wire');
    }

    /** @return array<string, array{\DateTimeInterface, string, string}> */
    public static function instants(): array
    {
        $zone = static fn (string $name) => new \DateTimeZone($name);
        return array(
            'Berlin in winter' => array(new \DateTimeImmutable('2031-01-15 09:00', $zone('Europe/Berlin')), 'Europe/Berlin', '2031-01-15T08:00:00Z'),
            'Berlin in summer' => array(new \DateTime('2031-07-15 09:00', $zone('Europe/Berlin')), 'Europe/Berlin', '2031-07-15T07:00:00Z'),
            'half an hour' => array(new \DateTimeImmutable('2031-01-15 09:00', $zone('Asia/Kolkata')), 'Asia/Kolkata', '2031-01-15T03:30:00Z'),
            'three quarters' => array(new \DateTime('2031-01-15 09:00', $zone('Asia/Kathmandu')), 'Asia/Kathmandu', '2031-01-15T03:15:00Z'),
            'yesterday in UTC' => array(new \DateTimeImmutable('2031-01-15 09:00', $zone('Pacific/Kiritimati')), 'Pacific/Kiritimati', '2031-01-14T19:00:00Z'),
            'the first 2:30 of the night' => array(new \DateTimeImmutable('2031-10-26T02:30:00+02:00'), 'Europe/Berlin', '2031-10-26T00:30:00Z'),
            'the second 2:30 of the night' => array(new \DateTimeImmutable('2031-10-26T02:30:00+01:00'), 'Europe/Berlin', '2031-10-26T01:30:00Z'),
            'fractions are cut off' => array(new \DateTimeImmutable('2031-01-15T09:00:00.987654Z'), 'UTC', '2031-01-15T09:00:00Z'),
            'a subclass' => array(new class ('2031-01-15T09:00:00Z') extends \DateTimeImmutable {
            }, 'UTC', '2031-01-15T09:00:00Z'),
            'after 2038' => array(new \DateTimeImmutable('2039-01-15T09:00:00Z'), 'UTC', '2039-01-15T09:00:00Z'),
        );
    }

    public function testWhatADateThrowsGoesOnAsItIs(): void
    {
        $date = new class () extends \DateTimeImmutable {
            public function getTimestamp(): int
            {
                throw new \LogicException('no time');
            }
        };
        $this->expectException(\LogicException::class);
        new MeetingRequest('Video visit', $date, 30, 'UTC');
    }

    /** @dataProvider badRequests */
    #[DataProvider('badRequests')]
    public function testABadRequestIsRefusedWhenItIsMade(array $changes): void
    {
        $good = array(
            'topic' => 'Video visit',
            'start' => new \DateTimeImmutable('+1 day'),
            'minutes' => 30,
            'timezone' => 'Europe/Berlin',
        );
        new MeetingRequest(...$good);
        $exception = $this->failure(
            ConfigurationException::class,
            static fn () => new MeetingRequest(...array_merge($good, $changes))
        );
        $this->assertFalse($exception->isRetryable());
        $this->assertFalse($exception->maybeDelivered);
    }

    /** @return array<string, array{array<string, mixed>}> */
    public static function badRequests(): array
    {
        $endless = array();
        $endless['breakout_room'] = &$endless;
        return array(
            'topic of 201 characters' => array(array('topic' => str_repeat('ü', 201))),
            'empty topic' => array(array('topic' => ' ')),
            'topic with a line break' => array(array('topic' => "a\nb")),
            'no minutes' => array(array('minutes' => 0)),
            'negative minutes' => array(array('minutes' => -30)),
            'more than a day' => array(array('minutes' => 1441)),
            'huge minutes' => array(array('minutes' => PHP_INT_MAX)),
            'offset' => array(array('timezone' => '+05:30')),
            'abbreviation' => array(array('timezone' => 'EST')),
            'another planet' => array(array('timezone' => 'Mars/Phobos')),
            'no zone' => array(array('timezone' => '')),
            'NUL in the zone' => array(array('timezone' => "UTC\0")),
            'a path as zone' => array(array('timezone' => '../../etc/passwd')),
            'empty host' => array(array('host' => '')),
            'host with a slash' => array(array('host' => 'a/../b')),
            'reference of 201 characters' => array(array('reference' => str_repeat('x', 201))),
            'empty reference' => array(array('reference' => '')),
            'unknown setting' => array(array('settings' => array('wating_room' => true))),
            'setting of the wrong type' => array(array('settings' => array('waiting_room' => 'yes'))),
            'list as settings' => array(array('settings' => array('waiting_room'))),
            'object in the settings' => array(array('settings' => array('breakout_room' => new \stdClass()))),
            'bytes in the settings' => array(array('settings' => array('contact_name' => "\xff"))),
            'infinite number' => array(array('settings' => array('jbh_time' => INF))),
            'settings without end' => array(array('settings' => $endless)),
        );
    }

    public function testTheLongestTopicAndTheExtremesOfDuration(): void
    {
        $client = $this->serverClient();
        $topic = str_repeat('ü', 200);
        $this->assertSame($topic, $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day', 1, 'UTC', null, array(), $topic))->topic());
        $this->assertSame(1440, $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day', 1440))->minutes());
    }

    public function testAZoneIsSpelledAsTheDatabaseSpellsIt(): void
    {
        $meeting = $this->serverClient()->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'europe/berlin'));
        $this->assertSame('Europe/Berlin', $meeting->timezone());
    }

    public function testAStartInThePastIsRefusedBeforeAnyRequest(): void
    {
        $client = $this->serverClient();
        $late = $this->visit(FakeZoom::DOCTOR1, '-1 hour');
        $this->failure(ConfigurationException::class, static fn () => $client->createMeeting($late));
        $this->failure(ConfigurationException::class, static fn () => $client->updateMeeting(93412345678, $late));
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testSettingsThatAreNamedGoToZoom(): void
    {
        $client = $this->serverClient();
        $settings = array(
            'waiting_room' => false,
            'mute_upon_entry' => true,
            'jbh_time' => 5,
            'breakout_room' => array('enable' => true, 'rooms' => array(array('name' => 'A', 'participants' => array()))),
        );
        $meeting = $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'UTC', null, $settings));
        $sent = json_decode($this->apiRequests('POST')[0]['body'], true)['settings'];
        foreach ($settings as $name => $value) {
            $this->assertSame($value, $sent[$name], $name);
        }
        $this->assertFalse($sent['join_before_host'], 'the private defaults stay');

        $this->zoom->forgetRequests();
        $client->updateMeeting($meeting->id(), $this->visit(null, '+2 days', 30, 'UTC', null, array('mute_upon_entry' => false)));
        $patch = json_decode($this->apiRequests('PATCH')[0]['body'], true);
        $this->assertSame(array('mute_upon_entry' => false), $patch['settings'], 'an update sends only what is named');
        $this->assertArrayNotHasKey('password', $patch);
        $this->assertArrayNotHasKey('agenda', $patch);
        $this->assertFalse($this->zoom->meeting($meeting->id())['settings']['waiting_room'], 'the rest stays as it was');
    }

    public function testASettingThatIsNewerThanThisVersionGoesToZoomWhenItIsSaidSo(): void
    {
        $client = $this->serverClient();
        $settings = array('mute_upon_entry' => true, 'unlisted' => array('listen_to_patients' => false));
        $meeting = $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'UTC', null, $settings));
        $sent = json_decode($this->apiRequests('POST')[0]['body'], true)['settings'];
        $this->assertFalse($sent['listen_to_patients']);
        $this->assertTrue($sent['mute_upon_entry']);
        $this->assertArrayNotHasKey('unlisted', $sent);
        $this->assertSame(array(), $meeting->overridden(), 'Zoom does not know it, so says nothing of it');

        $echo = array('id' => $meeting->id(), 'start_time' => $meeting->start()->format('Y-m-d\TH:i:s\Z'), 'duration' => 30, 'settings' => array('listen_to_patients' => true));
        $this->zoom->answer(array('method' => 'GET', 'path' => '/v2/meetings/'), 200, $echo);
        $request = $this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'UTC', null, $settings);
        $this->assertSame(array('listen_to_patients'), $client->meeting($meeting->id(), $request)->overridden());

        foreach (array(array('listen_to_patients' => false), array('unlisted' => array('waiting_room' => false)), array('unlisted' => array('listen' => 0))) as $bad) {
            $this->failure(ConfigurationException::class, fn () => $this->visit(null, '+1 day', 30, 'UTC', null, $bad));
        }
    }

    public function testNotesThatAnAccountForcesAreToldAndOnesThatItDoesNotTellOfAreNot(): void
    {
        $client = $this->serverClient();
        $this->zoom->settings(array('echo_my_notes' => false));
        $silent = $client->createMeeting($this->visit(FakeZoom::DOCTOR1));
        $this->assertSame(array(), $silent->overridden());
        $this->assertFalse($this->zoom->meeting($silent->id())['settings']['allow_participants_to_transcribe_meetings_with_my_notes']);

        $this->zoom->settings(array('echo_my_notes' => true));
        $this->zoom->seed(array('accounts' => array(array(
            'id' => FakeZoom::ACCOUNT, 'name' => 'Example Clinic', 'plan' => 'Business', 'locked' => array('in_meeting' => array(
                'allow_participants_to_transcribe_meetings_with_my_notes' => true,
                'meeting_summary_with_ai_companion' => array('support_participants_receive_summary' => true),
            )),
        ))));
        $forced = $client->createMeeting($this->visit(FakeZoom::DOCTOR1));
        $this->assertSame(array('allow_participants_to_transcribe_meetings_with_my_notes', 'support_participants_receive_summary'), $forced->overridden());
    }

    public function testAnInvalidMeetingIdIsRefusedBeforeAnyRequest(): void
    {
        $client = $this->serverClient();
        foreach (array(0, -1, PHP_INT_MIN) as $id) {
            $this->failure(ConfigurationException::class, static fn () => $client->meeting($id));
            $this->failure(ConfigurationException::class, static fn () => $client->deleteMeeting($id));
            $this->failure(ConfigurationException::class, static fn () => $client->startUrl($id));
            $visit = $this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'UTC', 'site1:1');
            $this->failure(ConfigurationException::class, static fn () => $client->updateMeeting($id, $visit));
            $this->failure(ConfigurationException::class, static fn () => $client->ensureMeeting($visit, array($id)));
            $this->failure(ConfigurationException::class, static fn () => $client->findMeeting($visit, array(93412345678, $id)));
        }
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testA200WithAWholeAnswerMeansDone(): void
    {
        $client = $this->serverClient();
        $start = (new \DateTimeImmutable('+1 day'))->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d\TH:i:s\Z');
        $request = $this->visit(FakeZoom::DOCTOR1, $start);
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/'), 200, array('id' => 93412345678, 'start_time' => $start, 'duration' => 30));
        $this->assertSame(93412345678, $client->createMeeting($request)->id());

        $id = $client->createMeeting($request)->id();
        $done = array('kind' => 'status', 'status' => 200, 'content_type' => 'application/json', 'after_work' => true);
        $this->zoom->fault(array('method' => 'PATCH', 'path' => '/v2/'), $done + array('body' => '{}'));
        $this->assertSame(45, $client->updateMeeting($id, $this->visit(FakeZoom::DOCTOR1, $start, 45))->minutes());
        $this->zoom->fault(array('method' => 'DELETE', 'path' => '/v2/'), $done + array('body' => ''));
        $this->assertTrue($client->deleteMeeting($id));
        $this->assertNull($this->zoom->meeting($id));

        // What a gateway puts in the place of an answer says nothing.
        $id = $client->createMeeting($request)->id();
        $page = array('kind' => 'status', 'status' => 200, 'body' => '<html>log in</html>');
        $this->zoom->fault(array('method' => 'DELETE', 'path' => '/v2/'), $page);
        $this->assertTrue($this->failure(\Telemed\TransportException::class, static fn () => $client->deleteMeeting($id))->maybeDelivered);
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/'), $page);
        $this->assertTrue($this->failure(\Telemed\TransportException::class, static fn () => $client->createMeeting($request))->maybeDelivered);
    }

    public function testAListWhosePlaceHasLapsedBeginsAgainAFewTimes(): void
    {
        $client = $this->serverClient();
        $meeting = $client->createMeeting($this->visit(FakeZoom::DOCTOR1));
        $list = array('method' => 'GET', 'path' => '/v2/users/');
        $this->zoom->answer($list, 200, array('next_page_token' => 'lapsed', 'meetings' => array(array('id' => 1))));
        $ids = array_map(static fn ($found) => $found->id(), $client->meetings(FakeZoom::DOCTOR1));
        $this->assertSame(array($meeting->id()), $ids, 'what was read before is read anew');

        $this->zoom->forgetRequests();
        // Each first page names a place that Zoom does not know.
        foreach (array(0, 0, 0) as $skip) {
            $this->zoom->fault($list, array('kind' => 'status', 'status' => 200, 'body' => '{"next_page_token":"lapsed"}', 'content_type' => 'application/json'), 1, $skip);
            $this->zoom->fault($list, array('kind' => 'status', 'status' => 400, 'body' => '{"code":300,"message":"The next page token is either invalid or has expired."}', 'content_type' => 'application/json'), 1, $skip);
        }
        $refused = $this->failure(\Telemed\ApiException::class, static fn () => $client->meetings(FakeZoom::DOCTOR1));
        $this->assertSame(300, $refused->zoomCode);
        $this->assertCount(6, $this->apiRequests('GET'));
    }

    public function testNeitherLinkIsPassedOnIfItLeadsElsewhere(): void
    {
        $client = $this->serverClient();
        $meeting = $client->createMeeting($this->visit(FakeZoom::DOCTOR1));
        $body = array(
            'id' => $meeting->id(),
            'join_url' => 'https://zoom.us.evil.example/j/1',
            'start_url' => 'http://us02web.zoom.us/s/1?zak=x',
        );
        $this->zoom->answer(array('method' => 'GET', 'path' => '/v2/meetings'), 200, $body, array(), 2);
        $this->assertNull($client->meeting($meeting->id())->joinUrl());
        $this->failure(\Telemed\ApiException::class, static fn () => $client->startUrl($meeting->id()));
    }

    /** @dataProvider wrongTypes */
    #[DataProvider('wrongTypes')]
    public function testAWrongTypeIsATypeError(array $arguments): void
    {
        $this->expectException(\TypeError::class);
        new MeetingRequest(...$arguments);
    }

    /** @return array<string, array{list<mixed>}> */
    public static function wrongTypes(): array
    {
        $start = new \DateTimeImmutable('+1 day');
        return array(
            'topic' => array(array(5, $start, 30, 'UTC')),
            'start as text' => array(array('Video visit', '2031-01-01', 30, 'UTC')),
            'start as other object' => array(array('Video visit', new \stdClass(), 30, 'UTC')),
            'minutes as text' => array(array('Video visit', $start, '30', 'UTC')),
            'minutes as float' => array(array('Video visit', $start, 30.0, 'UTC')),
            'settings' => array(array('Video visit', $start, 30, 'UTC', null, null, 'none')),
            'settings null' => array(array('Video visit', $start, 30, 'UTC', null, null, null)),
            'topic in Latin-1' => array(array("\xfc", $start, 30, 'UTC')),
        );
    }
}
