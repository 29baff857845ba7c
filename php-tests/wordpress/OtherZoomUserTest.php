<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** A doctor authorizes as another Zoom user than before, or as another doctor's: nothing changes hands unasked, nobody is disconnected. */
final class OtherZoomUserTest extends ClinicTestCase
{
    private const FORM = 'telemed-zoom-user-form';
    private const MOVE = array('choice' => 'move');
    private const KEEP = array('choice' => 'stay');

    protected function setUp(): void
    {
        parent::setUp();
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
    }

    public function testWithUpcomingVisitsTheDoctorIsAskedAndNothingChangesUntilThen(): void
    {
        $visits = $this->threeVisits();
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        $this->assertStringContainsString('/wp-admin/profile.php', $page->url);
        $question = $page->text('telemed-other-zoom-user');
        foreach (array('3 upcoming visits', FakeZoom::DOCTOR1_EMAIL, FakeZoom::DOCTOR2_EMAIL) as $said) {
            $this->assertStringContainsString($said, $question);
        }
        $this->assertStringContainsString(FakeZoom::DOCTOR1_EMAIL, $page->text('telemed-connected'));
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR1, true);
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
        $new = $this->make('doctor1', 'doctor1', array('start' => self::start(40)));
        $this->assertSame(FakeZoom::DOCTOR1, $this->hostOf($new));
        $this->runWorker(60);
        $this->assertNotNull($this->profile('doctor1')->element('telemed-other-zoom-user'), 'the question stays');
    }

    public function testMovedVisitsHaveTheSameLinksAndNothingIsLeftAtTheZoomUserBefore(): void
    {
        $visits = $this->threeVisits();
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        $this->zoom->forgetRequests();
        $page = $this->browser('doctor1')->submit($page->form(self::FORM), self::MOVE);
        $this->assertStringContainsString('have moved', implode(' ', $page->notices()));
        $this->assertNull($page->element('telemed-other-zoom-user'));
        $this->assertStringContainsString(FakeZoom::DOCTOR2_EMAIL, $page->text('telemed-connected'));
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR2, false);
        $this->assertEverythingIsAt(FakeZoom::DOCTOR2);
        $this->assertCount(3, $this->zoom->requests('DELETE', '/v2/meetings/'));
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
        // One by one: no visit waits for its meeting longer than that takes.
        $this->assertSame(array('POST', 'DELETE', 'POST', 'DELETE', 'POST', 'DELETE'), $this->writes());
        $start = $this->browser('doctor1')->rest('GET', 'telemed/v1/visits/' . $visits[0]['id']);
        $this->assertSame('made', $start->json()['state']);
    }

    public function testKeptTheOtherLoginIsRevokedAndNothingElse(): void
    {
        $visits = $this->threeVisits();
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        $this->zoom->forgetRequests();
        $page = $this->browser('doctor1')->submit($page->form(self::FORM), self::KEEP);
        $this->assertStringContainsString('Nothing has changed', implode(' ', $page->notices()));
        $this->assertNull($page->element('telemed-other-zoom-user'));
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR1, true);
        $this->assertEverythingIsAt(FakeZoom::DOCTOR1);
        $this->assertSame(array(), $this->writes());
        $this->make('doctor1', 'doctor1', array('start' => self::start(40)));
        // The other Zoom user is free for its owner.
        $this->connect('doctor2', FakeZoom::DOCTOR2);
    }

    public function testWithoutUpcomingVisitsTheNewZoomUserIsConnectedAtOnce(): void
    {
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        $this->assertStringContainsString('connected as ' . FakeZoom::DOCTOR2_EMAIL, implode(' ', $page->notices()));
        $this->assertNull($page->element('telemed-other-zoom-user'));
        $this->assertNull($page->element('telemed-moving'));
        $this->assertEverythingIsAt(FakeZoom::DOCTOR2);
        $this->assertSame(FakeZoom::DOCTOR2, $this->hostOf($this->make('doctor1', 'doctor1')));
    }

    /** @dataProvider deaths */
    #[DataProvider('deaths')]
    public function testAProcessThatIsKilledWhileVisitsMoveIsFollowedByTheWorker(string $hook, int $times): void
    {
        $visits = $this->threeVisits();
        $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        if ($hook === 'nothing but the answer') {
            $this->site->php(
                '$plugin = \TelemedZoom\Plugin::instance();
                $plugin->handovers->answer(\TelemedZoom\Store\Handover::ofZoomUser($plugin->site->subject($arguments["doctor"])), \TelemedZoom\Store\Answer::Move);',
                array('doctor' => $this->site->userId('doctor1'))
            );
        } else {
            $this->killAccepting($hook, $times);
        }
        $this->runWorker(60);
        // A creation whose process died is looked for when Zoom must have ended it, which is by the real clock.
        $this->records()->unwanted->attemptedEarlier(120);
        $this->runWorker(200);
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR2, false);
        $this->assertEverythingIsAt(FakeZoom::DOCTOR2);
        $page = $this->profile('doctor1');
        $this->assertNull($page->element('telemed-other-zoom-user'));
        $this->assertNull($page->element('telemed-moving'));
        $this->assertStringContainsString(FakeZoom::DOCTOR2_EMAIL, $page->text('telemed-connected'));
    }

    /** @return array<string, array{string, int}> what the process does for the last time */
    public static function deaths(): array
    {
        return array(
            'before the new Zoom user is in force' => array('nothing but the answer', 1),
            'as soon as it is in force' => array('telemed_doctor_connected', 1),
            'while the first meeting is made' => array('attempting', 1),
            'while the second meeting is made' => array('attempting', 2),
            'when the second was made and the old one is still there' => array('replaced', 2),
        );
    }

    public function testVisitsKeepTheirMeetingsUntilTheNewZoomUserHasOthers(): void
    {
        $visits = $this->threeVisits();
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users/'), 429, array('code' => 429, 'message' => 'no'), array('Retry-After' => gmdate('Y-m-d\TH:i:s\Z', time() + 3600), 'X-RateLimit-Type' => 'Daily-limit'), -1);
        $page = $this->browser('doctor1')->submit($page->form(self::FORM), self::MOVE);
        $this->assertStringContainsString('follows by itself', implode(' ', $page->notices()));
        $this->assertNotNull($page->element('telemed-moving'));
        foreach ($visits as $visit) {
            $now = $this->row($visit['id']);
            // One is tried; of the others it is known then that the Zoom user's day is used up.
            $this->assertContains($now['state'], array('moving', 'made'));
            $this->assertSame(array($visit['meeting_id'], $visit['join_url']), array($now['meeting_id'], $now['join_url']));
        }
        // Meanwhile they are started through the Zoom user who holds them.
        $start = $this->browser('doctor1')->get($this->row($visits[0]['id'])['start_link'], false);
        $this->assertStringContainsString('zak=', (string) $start->header('location'));
        $this->zoom->forgetFaults();
        $this->runWorker(2 * 86400);
        $this->runWorker(2 * 86400 + 300);
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR2, false);
        $this->assertEverythingIsAt(FakeZoom::DOCTOR2);
    }

    public function testAQuestionLeftUnansweredEndsWithTheFormerInForce(): void
    {
        $visits = $this->threeVisits();
        $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        // The next authorization is an answer too.
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR1);
        $this->assertNull($page->element('telemed-other-zoom-user'));
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR1, true);
        $this->assertEverythingIsAt(FakeZoom::DOCTOR1);
    }

    public function testARevokeThatZoomDidNotHearIsMadeUpFor(): void
    {
        $this->threeVisits();
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        $this->zoom->answer(array('method' => 'POST', 'path' => '/oauth/revoke'), 503, array(), array(), -1);
        $page = $this->browser('doctor1')->submit($page->form(self::FORM), self::KEEP);
        $this->assertStringContainsString('tried again by itself', implode(' ', $page->notices()));
        $this->assertNull($page->element('telemed-other-zoom-user'));
        $this->zoom->forgetFaults();
        $this->runWorker(60);
        $this->assertEverythingIsAt(FakeZoom::DOCTOR1);
    }

    public function testAfterADeadConnectionTheVisitsOfTheZoomUserBeforeAreAskedAboutToo(): void
    {
        $visits = $this->threeVisits();
        $this->zoom->advance(2 * 3600);
        $this->zoom->answer(array('method' => 'POST', 'path' => '/oauth/token'), 400, array('reason' => 'Invalid Token!', 'error' => 'invalid_grant'), array(), -1);
        $this->post('doctor1', 'doctor1', array('start' => self::start(40)));
        $this->zoom->forgetFaults();
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        $this->assertStringContainsString(FakeZoom::DOCTOR2_EMAIL, $page->text('telemed-connected'));
        $this->assertStringContainsString('3 upcoming visits', $page->text('telemed-other-zoom-user'));
        $this->assertStringContainsString('cannot be deleted from here', $page->text('telemed-other-zoom-user'));
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR1, true);
        $page = $this->browser('doctor1')->submit($page->form(self::FORM), self::MOVE);
        $this->assertNull($page->element('telemed-other-zoom-user'), implode(' ', $page->notices()));
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR2, false);

        // Whoever comes back as the Zoom user before gets the old meetings deleted, too.
        $this->assertContains(FakeZoom::DOCTOR1, array_column($this->meetings(), 'host_id'));
        $this->browser('doctor1')->submit($this->authorizeAs('doctor1', FakeZoom::DOCTOR1)->form(self::FORM), self::MOVE);
        $this->runWorker(60);
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR1, false);
        $this->runWorker(120);
        $this->assertEverythingIsAt(FakeZoom::DOCTOR1);
        $this->assertCount(4, $this->meetings());
    }

    public function testWhoHasDisconnectedIsNotAskedAgainAndTheOldMeetingsStillGo(): void
    {
        $visits = $this->threeVisits();
        $this->zoom->answer(array('method' => 'DELETE', 'path' => '/v2/meetings/'), 503, array(), array(), -1);
        $departure = $this->browser('doctor1')->submit($this->profile('doctor1')->form('telemed-disconnect-form'));
        $this->browser('doctor1')->submit($departure->form('telemed-departure-form'), array('choice' => 'wait'));
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        $this->assertNull($page->element('telemed-other-zoom-user'));
        $this->assertStringContainsString(FakeZoom::DOCTOR2_EMAIL, $page->text('telemed-connected'));
        $this->runWorker(2 * 3600);
        $this->runWorker(2 * 3600 + 60);
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR2, false);
        $this->assertEverythingIsAt(FakeZoom::DOCTOR2);
    }

    public function testNobodyAnswersForAnotherAndNoAnswerComesWithoutANonce(): void
    {
        $visits = $this->threeVisits();
        $page = $this->authorizeAs('doctor1', FakeZoom::DOCTOR2);
        $form = $page->form(self::FORM);
        $doctor1 = (string) $this->site->userId('doctor1');
        $own = $this->profile('doctor2')->form(self::FORM);
        $this->assertSame(403, $this->browser('doctor2')->submit($own, array('which' => $doctor1) + self::MOVE)->status);
        $this->assertSame(403, $this->browser('admin')->submit($form, self::MOVE)->status);
        $this->assertSame(403, $this->browser('doctor1')->submit($form, array('_wpnonce' => 'x') + self::MOVE)->status);
        $this->assertStringContainsString('not chosen', implode(' ', $this->browser('doctor1')->submit($form)->notices()));
        $seen = $this->browser('admin')->get('/wp-admin/user-edit.php?user_id=' . $doctor1);
        $this->assertStringContainsString('Only the doctor', $seen->text('telemed-other-zoom-user'));
        $this->assertVisitsAt($visits, FakeZoom::DOCTOR1, true);
        $this->assertNotNull($this->profile('doctor1')->element('telemed-other-zoom-user'));
    }

    /** @dataProvider ownConnections */
    #[DataProvider('ownConnections')]
    public function testASecondDoctorWithTheFirstOnesZoomLoginDisconnectsNobody(bool $hasOwn): void
    {
        if ($hasOwn) {
            $this->connect('doctor2', FakeZoom::DOCTOR2);
            $own = $this->make('doctor2', 'doctor2');
        }
        $page = $this->authorizeAs('doctor2', FakeZoom::DOCTOR1);
        $told = implode(' ', $page->notices());
        $this->assertStringContainsString('Log out of Zoom', $told);
        $this->assertStringContainsString('your own Zoom account', $told);
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->assertSame(FakeZoom::DOCTOR1, $this->hostOf($this->make('doctor1', 'doctor1', array('start' => self::start(31)))));
        $this->assertSame($hasOwn ? 'connected' : 'none', $this->doctorsScreen('doctor2', 'status'));
        $this->assertNull($page->element('telemed-other-zoom-user'));
        if ($hasOwn) {
            $this->assertSame(FakeZoom::DOCTOR2, $this->hostOf($this->make('doctor2', 'doctor2', array('start' => self::start(32)))));
            $this->assertSame('made', $this->row($own['id'])['state']);
            $this->assertStringContainsString(FakeZoom::DOCTOR2_EMAIL, $page->text('telemed-connected'));
        }
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
    }

    /** @return array<string, array{bool}> */
    public static function ownConnections(): array
    {
        return array('who had none before' => array(false), 'who had a connection of their own' => array(true));
    }

    /** @return list<array<string, mixed>> */
    private function threeVisits(): array
    {
        return array_map(fn (int $days): array => $this->make('doctor1', 'doctor1', array('start' => self::start($days))), array(30, 31, 32));
    }

    private function authorizeAs(string $doctor, string $zoomUser): Page
    {
        return $this->consent($this->browser($doctor), $this->beginAuthorization($doctor), $zoomUser);
    }

    private function profile(string $person): Page
    {
        return $this->browser($person)->get('/wp-admin/profile.php');
    }

    private function hostOf(array $row): string
    {
        return $this->zoom->meeting($row['meeting_id'])['host_id'];
    }

    /** @param list<array<string, mixed>> $visits as they were */
    private function assertVisitsAt(array $visits, string $zoomUser, bool $same): void
    {
        foreach ($visits as $visit) {
            $now = $this->row($visit['id']);
            $this->assertSame(array('made', $visit['visit_link']), array($now['state'], $now['visit_link']), (string) json_encode($now));
            $this->assertSame($same, $now['meeting_id'] === $visit['meeting_id']);
            $this->assertSame($zoomUser, $this->hostOf($now));
        }
    }

    private function assertEverythingIsAt(string $zoomUser): void
    {
        $this->assertSame(array(), array_diff(array_column($this->meetings(), 'host_id'), array($zoomUser)));
        $this->assertSame(array($zoomUser), array_column($this->zoom->state()['grants'], 'user_id'));
        $this->assertSame(array(0, 1), array($this->records()->unwanted->count(), $this->records()->grants->count('connection', 'held', 'former')));
    }

    /** @return list<string> methods of what changed meetings, in order */
    private function writes(): array
    {
        $writes = array_filter(
            $this->zoom->requests(null, '/v2/'),
            static fn (array $request): bool => $request['method'] !== 'GET'
        );
        return array_values(array_column($writes, 'method'));
    }

    /** The doctor's answer in a process of its own that is killed at an event. */
    private function killAccepting(string $event, int $times): void
    {
        try {
            $this->site->php(
                '$left = $arguments["times"];
                $die = static function () use (&$left): void { if (--$left === 0) { posix_kill(getmypid(), SIGKILL); } };
                if (str_starts_with($arguments["event"], "telemed_")) {
                    add_action($arguments["event"], $die, 1);
                } else {
                    add_action("telemed_visit_changed", static function (array $visit) use ($arguments, $die): void { if (in_array($arguments["event"], $visit["events"], true)) { $die(); } }, 1);
                }
                \TelemedZoom\Plugin::instance()->otherZoomUser->accept($arguments["doctor"], 20.0);',
                array('event' => $event, 'times' => $times, 'doctor' => $this->site->userId('doctor1'))
            );
            $this->fail('it was to be killed');
        } catch (\RuntimeException) {
            $this->addToAssertionCount(1);
        }
    }
}
