<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Client;
use Telemed\Comparison;
use Telemed\ConfigurationException;
use Telemed\Handover;
use Telemed\Limit;
use Telemed\Moment;
use Telemed\Outcome;
use Telemed\Step;
use Telemed\Visit;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** The life of a visit through PHP, against Zoom in both modes; the rules themselves are tested in Rust. */
final class VisitTest extends ExtensionTestCase
{
    private const SITE = 'site1';
    /** The columns of a visit's row that are for queries alone. */
    private const FOR_QUERIES = array('end_utc', 'is_off', 'state', 'host', 'due_at');

    private const LEFT = array('lets_go' => 'left', 'doctor' => 5, 'since' => '2026-12-01 09:00:00', 'answer' => null, 'to_doctor' => null);

    /** @var array<string, ?string> */
    private array $row = array();
    /** @var array<string, array<string, ?string>> by generation */
    private array $meetings = array();
    /** @var array<int, array<string, ?string>> */
    private array $notices = array();
    /** @var list<string> */
    private array $log = array();

    /** @return array<string, array{0: string}> */
    public static function modes(): array
    {
        return array('OAuth 2.0' => array('oauth'), 'Server-to-Server OAuth' => array('s2s'));
    }

    /** @dataProvider modes */
    #[DataProvider('modes')]
    public function testAVisitIsBookedMovedAndCancelledAtZoom(string $mode): void
    {
        $client = 'oauth' === $mode ? $this->connectedClient() : $this->serverClient();
        $this->write(Visit::booked('kivicare', '7', 5, $this->slot('+1 week'), $this->moment()));
        $this->assertSame('rest', $this->stored()->next($this->facts($mode), $this->moment())->kind(), 'it is not confirmed');
        $this->write($this->stored()->confirm($this->stored()->ownStanding(), false, $this->moment()));

        $this->assertSame(array('create'), $this->bringOn($client, $mode));
        $this->assertSame('made', $this->stored()->state());
        $meeting = $client->meeting((int) $this->meetings[1]['number']);
        $this->assertSame($this->row['start_utc'], $meeting->start()->format('Y-m-d H:i:s'));
        $this->assertSame($meeting->joinUrl(), $this->meetings[1]['join_url']);
        $this->assertMatchesRegularExpression('/^site1:kivicare:7:1:[0-9a-f]{12}$/', (string) $this->meetings[1]['reference']);

        $this->write($this->stored()->reschedule($this->slot('+2 weeks'), $this->moment())->settled($this->moment()));
        $this->assertSame(array('update'), $this->bringOn($client, $mode));
        $this->assertSame($this->row['start_utc'], $client->meeting($meeting->id())->start()->format('Y-m-d H:i:s'));

        $this->write($this->stored()->cancel($this->moment())->settled($this->moment()));
        $this->assertSame(array('delete'), $this->bringOn($client, $mode));
        $this->assertSame('cancelled', $this->stored()->state());
        $this->assertSame(array(), $client->meetings('s2s' === $mode ? FakeZoom::DOCTOR1 : null));
        $this->assertContains('deleted', $this->log);
    }

    public function testALostAnswerLeadsToOneMeeting(): void
    {
        $client = $this->serverClient();
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_after_work'));
        $this->book();
        $this->assertSame(array('create'), $this->bringOn($client, 's2s'));
        $this->assertSame('attempting', $this->stored()->state());
        $problem = json_decode((string) $this->meetings[1]['problem'], true);
        $this->assertSame('connection_broke', $problem['id']);
        $this->assertTrue($problem['passes']);
        $this->assertSame(array('lost'), $this->signals);

        $later = $this->moment('+2 hours');
        $this->assertSame(array('ensure'), $this->bringOn($client, 's2s', $later));
        $this->assertSame('made', $this->stored()->state());
        $this->assertCount(1, $client->meetings(FakeZoom::DOCTOR1));
    }

    public function testNobodyIsAskedWhereNobodyCanHost(): void
    {
        $this->book();
        $facts = array('problem' => array('id' => 'no_host', 'passes' => false, 'parameters' => array('doctor' => 'Dr. Day')));
        $step = $this->stored()->next($facts, $this->moment());
        $this->assertSame('note', $step->kind());
        $this->write($this->stored()->begun($step, $this->moment()));
        $problem = array('id' => 'no_host', 'parameters' => array('doctor' => 'Dr. Day'), 'passes' => false);
        $this->assertSame($problem, json_decode((string) $this->meetings[1]['problem'], true));
        $this->assertSame('rest', $this->stored()->next($facts, $this->moment())->kind());
        $this->assertSame('note', $this->stored()->woken()->next($facts, $this->moment())->kind());
    }

    public function testWhatPhpHasToKnowOfExchangesIsAsked(): void
    {
        $this->book();
        $this->assertNull($this->stored()->next($this->facts('s2s'), $this->moment())->mostSeconds(), 'counters are asked for first');
        $this->assertGreaterThan(0, $this->step('s2s', $this->moment())->mostSeconds());
        $this->assertGreaterThan(0, Step::trySeconds());
        $this->assertGreaterThan(1, Step::mostLost());
        $policies = Moment::defaultPolicies();
        $this->assertGreaterThan(0, $policies['writes_of_patient']);
        $this->assertNotNull(new Moment(new \DateTimeImmutable('now'), self::SITE, $policies));
    }

    public function testWhoseWritesAreUsedUpHearsOfHowMany(): void
    {
        $this->book();
        $facts = $this->facts('s2s');
        $used = array_fill_keys($this->stored()->next($facts, $this->moment())->asks(), array('writes' => 1000, 'blocked_until' => null));
        $this->write($this->stored()->begun($this->stored()->next(array('used' => $used) + $facts, $this->moment()), $this->moment()));
        $problem = json_decode((string) $this->meetings[1]['problem'], true);
        $this->assertSame('writes_used_up', $problem['id']);
        $this->assertGreaterThan(1, (int) $problem['parameters']['per_day']);
    }

    public function testAStepOfAnotherVersionIsRefused(): void
    {
        $this->book();
        $step = $this->step('s2s', $this->moment());
        $this->assertSame('create', $step->kind());
        $this->write($this->stored()->reschedule($this->slot('+3 weeks'), $this->moment())->settled($this->moment()));
        $this->assertNull($this->stored()->begun($step, $this->moment()));
    }

    public function testPeopleAreToldOnce(): void
    {
        $this->book();
        $told = array();
        $this->assertSame(array_keys($this->notices), $this->stored()->dueNotices($this->moment()));
        foreach (array_keys($this->notices) as $id) {
            $taken = $this->stored()->send($id, $this->moment());
            $this->assertSame($taken->says($id), $taken->written()?->says($id));
            $this->assertSame(array(), $taken->written()?->changes($this->moment())['notices']);
            $told[] = $taken->says($id)['recipient'] . ' ' . $taken->says($id)['about'];
            $this->write($taken);
            $this->assertNull($this->stored()->send($id, $this->moment())->says($id), 'whoever took it on is sending it');
            $this->write($this->stored()->delivered($id, 'sent', null, $this->moment()));
        }
        sort($told);
        $this->assertSame(array('doctor booked', 'patient booked'), $told);
        $this->assertSame(array(), $this->stored()->dueNotices($this->moment()));
        $this->assertNull($this->stored()->cancel($this->moment())->settled($this->moment())->written(), 'what is to be told of it has no number yet');
        $open = array_filter($this->notices, static fn (array $one): bool => 'sent' !== $one['place']);
        $this->assertSame(array(), $open);
    }

    public function testTheLinkShowsWhatStands(): void
    {
        $client = $this->serverClient();
        $this->book('+10 minutes');
        $this->bringOn($client, 's2s');
        $stands = $this->stored()->ownStanding();
        $door = $this->stored()->link($stands, $this->moment());
        $this->assertSame('open', $door['door']);
        $this->assertStringContainsString('/j/', $door['join_url']);
        $early = $this->stored()->link($stands, new Moment(new \DateTimeImmutable(), self::SITE, array('join_minutes_before' => 5)));
        $this->assertSame(array('door', 'opens'), array_keys($early));
        $this->assertSame(array('door' => 'cancelled'), $this->stored()->link(array('takes_place' => false) + $stands, $this->moment()));
        $this->assertSame(array('door' => 'cancelled'), $this->stored()->link(null, $this->moment()));
    }

    public function testWhatHinderedIsWrittenDown(): void
    {
        $this->book();
        $at = $this->moment();
        $step = $this->step('s2s', $at);
        $this->write($this->stored()->begun($step, $at));
        $outcome = Outcome::hindered('app_missing', false, array('app' => 'an app'));
        $this->assertSame(array('hindered', 'app_missing'), array($outcome->name(), $outcome->problem()));
        $after = $this->stored()->after($step, $outcome, $at);
        $this->assertCount(2, $after->changes($at)['releases'], 'the host\'s write and the patient\'s are given back');
        $this->write($after);
        $this->assertStringContainsString('app_missing', (string) $this->meetings[1]['problem']);
    }

    public function testChanceCanBeGiven(): void
    {
        $this->book();
        $at = new Moment(new \DateTimeImmutable(), self::SITE, array(), 7, 'given');
        $this->write($this->stored()->begun($this->step('s2s', $at), $at));
        $this->assertSame('site1:kivicare:7:1:given', $this->meetings[1]['reference']);
    }

    /** @return array<string, array{0: \Closure(self): mixed}> */
    public static function wrongThings(): array
    {
        return array(
            'a source with a colon' => array(static fn (self $test) => Visit::booked('a:b', '7', 5, $test->slot('+1 day'), $test->moment())),
            'a slot without minutes' => array(static fn (self $test) => Visit::booked('a', '7', 5, array_diff_key($test->slot('+1 day'), array('minutes' => 1)), $test->moment())),
            'a negative doctor' => array(static fn (self $test) => Visit::booked('a', '7', -5, $test->slot('+1 day'), $test->moment())),
            'a moment with a zone' => array(static fn (self $test) => Visit::booked('a', '7', 5, array('start_utc' => '2026-12-01T09:00:00Z') + $test->slot('+1 day'), $test->moment())),
            'a row without columns' => array(static fn () => Visit::fromRows(array(), array(), array())),
            'a key that is not UTF-8' => array(static fn () => Visit::fromRows(array("\xff" => '1'), array(), array())),
            'a text that is not UTF-8' => array(static fn (self $test) => Visit::booked('a', '7', 5, array('topic' => "\xff") + $test->slot('+1 day'), $test->moment())),
            'a list that is no list of rows' => array(static fn () => Visit::fromRows(array(), array('x'), array())),
            'an unknown policy' => array(static fn () => new Moment(new \DateTimeImmutable(), 'site1', array('unheard_of' => 1))),
            'a site with a colon' => array(static fn () => new Moment(new \DateTimeImmutable(), 'site:1')),
            'a meeting without a number' => array(static fn (self $test) => $test->booked()->withMeeting(array('mode' => 's2s'), $test->moment())),
            'an empty nonce' => array(static fn () => new Moment(new \DateTimeImmutable(), 'site1', array(), 1, '')),
            'facts without a maker' => array(static fn (self $test) => $test->booked()->next(array(), $test->moment())),
            'an unknown answer' => array(static fn (self $test) => Handover::grant(array('answer' => 'perhaps') + self::LEFT, true, true, false, $test->moment())),
            'a doctor who is not named' => array(static fn (self $test) => Handover::grant(array('answer' => 'doctor') + self::LEFT, true, true, false, $test->moment())),
            'what lets go without its name' => array(static fn (self $test) => Handover::grant(array('lets_go' => 'app') + self::LEFT, true, true, false, $test->moment())),
            'an answer that nobody knows' => array(static fn () => Handover::takes(self::LEFT, 'perhaps')),
            'an unknown question' => array(static fn () => Handover::ofZoomUser(array('question' => 'why'))),
            'an unknown fate' => array(static fn (self $test) => $test->booked()->delivered(1, 'eaten', null, $test->moment())),
            'a wait without an end' => array(static fn (self $test) => $test->booked()->delivered(1, 'held_back', null, $test->moment())),
        );
    }

    /** @dataProvider wrongThings */
    #[DataProvider('wrongThings')]
    public function testWhatHasNotTheRightFormIsRefused(\Closure $do): void
    {
        try {
            $do($this);
            $this->fail('it was taken');
        } catch (ConfigurationException $refused) {
            $this->assertSame('visit_invalid', $refused->id());
        }
    }

    public function testWhatIsSeenAtZoomIsWrittenDown(): void
    {
        $client = $this->serverClient();
        $this->book();
        $this->bringOn($client, 's2s');
        $meeting = $client->meeting((int) $this->meetings[1]['number']);
        $same = $this->stored()->observed(1, $meeting, $this->moment());
        $this->assertNull($same->changes($this->moment())['visit'], 'it is as it was');
        // Keys of PHP's arrays may be any bytes.
        $this->write($this->stored()->observed(1, $meeting, $this->moment(), false, array("\xff" => 'auto_recording')));
        $this->assertSame('["auto_recording"]', $this->meetings[1]['to_restore']);
        $this->assertSame('restore', $this->step('s2s', $this->moment())->kind());
        $this->write($this->stored()->observed(1, null, $this->moment()));
        $this->assertSame('due', $this->stored()->state());
    }

    public function testAMeetingThatAnotherPluginMadeIsBroughtToWhatIsWanted(): void
    {
        $client = $this->connectedClient();
        $theirs = $client->createMeeting(new \Telemed\MeetingRequest('Consultation', new \DateTimeImmutable('+3 days'), 45, 'Europe/Berlin'));
        $this->book();
        $meeting = array('number' => $theirs->id(), 'uuid' => $theirs->uuid(), 'join_url' => $theirs->joinUrl(), 'passcode' => $theirs->passcode()) + $this->facts('oauth')['maker'];
        $this->write($this->stored()->withMeeting($meeting, $this->moment()));
        $this->assertSame(array('updating', 'updating'), array($this->stored()->state(), $this->row['state']));
        $this->assertSame(array('update'), $this->bringOn($client, 'oauth'));
        $this->assertSame('made', $this->row['state']);
        $this->assertSame($this->row['start_utc'], $client->meeting($theirs->id())->start()->format('Y-m-d H:i:s'));

        // Its doctor's grant ends before it could be deleted.
        $this->write($this->stored()->cancel($this->moment())->settled($this->moment()));
        $this->assertNull($this->stored()->abandoned('another')->changes($this->moment())['visit']);
        $this->write($this->stored()->abandoned('7'));
        $this->assertSame(array('done', 'left'), array($this->meetings[1]['role'], $this->meetings[1]['ended']));
        $this->assertSame('nothing', $this->step('oauth', $this->moment())->kind());
    }

    public function testWhatIsAnsweredForADoctorWhoHasLeftIsCarriedOutWhereItCanBe(): void
    {
        $this->book();
        $this->bringOn($this->connectedClient(), 'oauth');
        $left = array('since' => gmdate('Y-m-d H:i:s'), 'answer' => 'cancel') + self::LEFT;
        $next = fn (array $can, string $when): Step => $this->stored()->next(
            array('problem' => array('id' => 'no_doctor', 'passes' => false), 'handovers' => array($left), 'can' => $can),
            $this->moment($when)
        );
        $undecided = $next(array(), 'now');
        $this->assertSame(array('rest', gmdate('Y-m-d H:i:s', strtotime("{$left['since']} UTC") + Handover::decideSeconds())), array($undecided->kind(), $undecided->until()));
        $this->assertSame('note', $next(array(), '+' . (Handover::decideSeconds() + 1) . ' seconds')->kind(), 'the meeting goes while that can be done');
        $step = $next(array('cancel'), 'now');
        $this->assertSame('note', $step->kind());
        $this->write($this->stored()->begun($step, $this->moment()));
        $this->assertSame('cancelled', $this->stored()->state());

        $grant = fn (bool $isNeeded, bool $isHere, int $after): string => Handover::grant($left, $isNeeded, $isHere, false, $this->moment("+{$after} seconds"));
        $this->assertSame(
            array('ends', 'kept', 'kept', 'ends_anyway'),
            array($grant(false, false, 0), $grant(false, true, 0), $grant(true, false, 0), $grant(true, true, Handover::keepSeconds() + 1))
        );
        $this->assertSame('stays', Handover::grant($left, false, true, true, $this->moment()));
        $this->assertSame(array(true, false), array(Handover::isOver($left, false), Handover::isOver($left, true)));
        $taken = array_filter(array('stay', 'move', 'doctor', 'cancel', 'wait'), static fn (string $answer): bool => Handover::takes($left, $answer));
        $this->assertSame(array('doctor', 'cancel'), array_values($taken));
        $this->expectException(ConfigurationException::class);
        $next(array('wait'), 'now');
    }

    public function testWhatAComparisonFindsIsToldToTheVisit(): void
    {
        $client = $this->serverClient();
        $this->book();
        $this->bringOn($client, 's2s');
        $number = (int) $this->meetings[1]['number'];
        $orphan = $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+3 days', 30, 'UTC', self::SITE . ':kivicare:404'))->id();
        $client->updateMeeting($number, $this->visit(FakeZoom::DOCTOR1, '+3 days'));
        $at = $this->moment('+20 minutes');
        $comparison = new Comparison($this->facts('s2s')['maker'], $at);
        $this->assertFalse($comparison->beginsAgain('transport'));
        $comparison->page(array($this->intended()), $client->meetingPage(FakeZoom::DOCTOR1)->meetings());
        $this->assertTrue($comparison->hasStrays());
        $comparison->bereft(array($this->intended()));
        $comparison->withoutNumber(array());
        $this->assertSame(array(), $comparison->rest(array($this->intended()), false), 'it is moved first');
        [$move, $delete] = $comparison->findings();
        $this->assertSame(array('move', '1', '1', (string) $number, array()), array($move['action'], $move['visit'], $move['generation'], $move['meeting'], $move['settings']));
        $this->assertSame(array('delete', null, (string) $orphan), array($delete['action'], $delete['visit'], $delete['meeting']));

        $this->assertTrue($comparison->isOrphan(array(), $client->meeting($orphan), $at));
        $this->assertFalse($comparison->isOrphan(array(array('number' => $orphan) + $this->intended()), $client->meeting($orphan), $at));
        $this->assertSame(array($number), Comparison::looksUp($move, $this->intended()));
        $seen = $client->meeting($number);
        $this->assertNull($this->stored()->compared($comparison, $move, array('version' => 1) + $this->intended(), $seen, $at), 'another version');
        $this->assertTrue($comparison->isBusy(array('changed_at' => gmdate('Y-m-d H:i:s', strtotime('+20 minutes'))) + $this->intended()));
        $this->write($this->stored()->compared($comparison, $move, $this->intended(), $seen, $at), $at);
        $this->assertSame(array('update'), $this->bringOn($client, 's2s'));
        $this->assertSame($this->row['start_utc'], $client->meeting($number)->start()->format('Y-m-d H:i:s'));

        $again = new Comparison($this->facts('s2s')['maker'], $at);
        $again->page(array($this->intended()), array($client->meeting($number)));
        $this->assertSame(array(0), $again->rest(array($this->intended()), true));
        $open = new \Telemed\MeetingRequest('Video visit', $client->meeting($number)->start(), 30, 'Europe/Berlin', null, null, array('waiting_room' => false));
        $client->updateMeeting($number, $open);
        $again->settings($this->intended(), $client->meeting($number, $this->visit(FakeZoom::DOCTOR1)));
        $this->assertSame(array('restore', array('waiting_room')), array($again->findings()[0]['action'], $again->findings()[0]['settings']));
    }

    public function testAMeetingThatAPersonNamesIsTriedOnTheVisit(): void
    {
        $client = $this->serverClient();
        $this->book();
        $this->bringOn($client, 's2s');
        $number = (int) $this->meetings[1]['number'];
        $meeting = $client->meeting($number);
        $this->assertSame('not_sought', $this->stored()->fit($meeting, false));
        $this->assertNull($this->stored()->gone($number + 1, $this->moment())->changes($this->moment())['visit'], 'another has taken its place');
        $this->meetings[1] = array('is_uncertain' => '1', 'number' => null) + $this->meetings[1];
        $this->assertSame(array('fits', 'another_visit'), array($this->stored()->fit($meeting, false), $this->stored()->fit($meeting, true)));
        $this->assertSame('another_host', $this->stored()->fit($client->createMeeting($this->visit(FakeZoom::DOCTOR2)), false));
        $this->meetings[1]['number'] = (string) $number;
        $this->write($this->stored()->gone($number, $this->moment()));
        $this->assertSame('done', $this->meetings[1]['role']);
    }

    public function testWhatIsDoneForWhoComesAndHowMuchIsTooMuchAndWhatContradicts(): void
    {
        $at = $this->moment('2026-12-01 09:00:20');
        $known = array('state' => 'made', 'is_ready' => true, 'has_failed' => false, 'changed_at' => '2026-12-01 08:00:00', 'is_outage' => false);
        $entries = array_map(
            static fn (array $facts): string => Visit::entry($facts + $known + array('looked_at' => null), $at),
            array(array(), array('looked_at' => '2026-12-01 09:00:10'), array('is_outage' => true), array('state' => 'due', 'is_ready' => false))
        );
        $this->assertSame(array('look', 'as_known', 'as_known', 'try'), $entries);

        $this->assertSame(array('mails_of_doctor', 'mails_to_address', 'visits_of_patient', 'recreations'), array_keys(Limit::defaults()));
        $place = static fn (int $most, string $now): array => array_values(Limit::place(array('2026-12-01 09:00:00', '2026-12-01 09:00:30'), $most, 60, new \DateTimeImmutable("{$now} UTC")));
        $this->assertSame(array('none', '2026-12-01 09:01:00'), $place(2, '2026-12-01 09:00:40'));
        $this->assertSame(array('again', null), $place(2, '2026-12-01 09:01:00'));
        $this->assertSame(array('another', null), $place(3, '2026-12-01 09:00:40'));
        $this->assertSame(array('none_needed', null), $place(-1, '2026-12-01 09:00:40'));

        $own = $this->booked()->ownStanding();
        $this->assertSame(array(false, true), array(Visit::isContradicted($own, $own), Visit::isContradicted($own, array('doctor' => 6) + $own)));
        $this->expectException(ConfigurationException::class);
        Limit::place(array('yesterday'), 1, 60, new \DateTimeImmutable());
    }

    public function testAChangeToAnotherZoomUserIsCarriedOutStepByStep(): void
    {
        $facts = array('question' => 'open', 'is_held' => true, 'is_told' => false, 'is_connected' => true, 'is_letting_go' => false, 'is_needed' => false);
        $this->assertSame('rest', Handover::ofZoomUser($facts));
        $this->assertSame('decline', Handover::ofZoomUser(array('is_held' => false) + $facts));
        $facts['question'] = 'accepted';
        $this->assertSame('accept', Handover::ofZoomUser($facts));
        $facts = array('is_held' => false, 'is_told' => true) + $facts;
        $this->assertSame('let_go', Handover::ofZoomUser($facts));
        $facts = array('question' => null, 'is_letting_go' => true) + $facts;
        $this->assertSame('end', Handover::ofZoomUser($facts));
        $this->assertSame('rest', Handover::ofZoomUser(array('is_needed' => true) + $facts));
        $this->assertSame('forget', Handover::ofZoomUser(array('is_connected' => false) + $facts));
    }

    public function testNoDumpShowsALink(): void
    {
        $client = $this->serverClient();
        $this->book();
        $this->bringOn($client, 's2s');
        $dump = print_r($this->stored(), true) . var_export($this->stored(), true) . json_encode($this->stored());
        $this->assertStringNotContainsString('zoom.us', $dump);
        $this->expectException(\Exception::class);
        serialize($this->stored());
    }

    /** @var list<string> of the last change that had any */
    private array $signals = array();

    public function booked(): Visit
    {
        return Visit::booked('kivicare', '7', 5, $this->slot('+1 week'), $this->moment());
    }

    private function book(string $when = '+1 week'): void
    {
        $this->write(Visit::booked('kivicare', '7', 5, $this->slot($when), $this->moment())->settled($this->moment()));
    }

    public function moment(string $when = 'now'): Moment
    {
        return new Moment(new \DateTimeImmutable($when), self::SITE);
    }

    /** @return array<string, mixed> */
    public function slot(string $when): array
    {
        $start = (new \DateTimeImmutable($when))->setTimezone(new \DateTimeZone('UTC'));
        return array('start_utc' => $start->format('Y-m-d H:i:s'), 'minutes' => 30, 'timezone' => 'Europe/Berlin', 'topic' => 'Video visit');
    }

    /** @return array<string, mixed> */
    private function facts(string $mode): array
    {
        return array(
            'maker' => array(
                'mode' => $mode,
                'app' => 's2s' === $mode ? FakeZoom::S2S_CLIENT_ID : FakeZoom::CLIENT_ID,
                'account' => 's2s' === $mode ? FakeZoom::ACCOUNT : null,
                'subject' => 's2s' === $mode ? null : '7',
                'host' => FakeZoom::DOCTOR1,
            ),
            'patient' => 'anna@example.org',
        );
    }

    /** @return array<string, mixed> the row of the meeting as a comparison reads it, with nobody at work on it */
    private function intended(): array
    {
        return array('visit' => 1, 'state' => 'made', 'changed_at' => gmdate('Y-m-d H:i:s', time() - 3600)) + $this->meetings[1] + $this->row;
    }

    /** What comes next, when nothing is used up. */
    private function step(string $mode, Moment $at): Step
    {
        $facts = $this->facts($mode);
        $step = $this->stored()->next($facts, $at);
        if (array() !== $step->asks()) {
            $facts['used'] = array_fill_keys($step->asks(), array('writes' => 0, 'blocked_until' => null));
            $step = $this->stored()->next($facts, $at);
        }
        return $step;
    }

    /** @return list<string> the exchanges */
    private function bringOn(Client $client, string $mode, ?Moment $at = null): array
    {
        $at ??= $this->moment();
        $exchanges = array();
        for ($turn = 0; $turn < 10; $turn++) {
            $step = $this->step($mode, $at);
            $begun = $this->stored()->begun($step, $at);
            $this->assertNotNull($begun);
            $this->write($begun, $at);
            if (in_array($step->kind(), array('rest', 'nothing'), true)) {
                return $exchanges;
            }
            if (! $step->isExchange()) {
                continue;
            }
            $exchanges[] = $step->kind();
            $this->assertEquals($this->facts($mode)['maker'], $step->maker());
            $this->write($this->stored()->after($step, $step->carryOut($client), $at), $at);
        }
        $this->fail('it does not come to an end: ' . implode(', ', $exchanges));
    }

    private function stored(): Visit
    {
        $open = static fn (array $meeting): bool => 'done' !== $meeting['role'];
        $waits = static fn (array $notice): bool => in_array($notice['place'], array('waiting', 'sending'), true);
        return Visit::fromRows(
            array_diff_key($this->row, array_flip(self::FOR_QUERIES)),
            array_values(array_filter($this->meetings, $open)),
            array_values(array_filter($this->notices, $waits))
        );
    }

    private function write(?Visit $visit, ?Moment $at = null): void
    {
        $this->assertNotNull($visit);
        $changes = $visit->changes($at ?? $this->moment());
        $this->assertFalse($changes['forgets']);
        $this->row = ($changes['visit'] ?? array()) + $this->row;
        $this->row['id'] = '1';
        foreach ($changes['meetings'] as $meeting) {
            $this->meetings[$meeting['generation']] = $meeting;
        }
        foreach ($changes['notices'] as $notice) {
            $id = '0' === $notice['id'] ? count($this->notices) + 1 : (int) $notice['id'];
            $this->notices[$id] = array('id' => (string) $id) + $notice;
        }
        $this->log = array_merge($this->log, $changes['log']);
        if (array() !== $changes['signals']) {
            $this->signals = array_column($changes['signals'], 'signal');
        }
    }
}
