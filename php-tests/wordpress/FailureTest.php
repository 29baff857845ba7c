<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;

/** Zoom fails while a meeting is made, moved or cancelled: the row tells the truth, and nothing is made twice. */
final class FailureTest extends ClinicTestCase
{
    private const CREATE = array('method' => 'POST', 'path' => '/v2/users/');
    private const DAILY_LIMIT = array('code' => 429, 'message' => 'You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user.');

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testAnAnswerThatIsLostIsLookedForAndNeverAskedForTwice(): void
    {
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$this->make('admin', 'doctor1')['id']}");
        $this->zoom->fault(self::CREATE + array('body_contains' => 'lost answer'), array('kind' => 'close_after_work'), 1);
        $row = $this->booked(array('topic' => 'Visit with a lost answer'));
        $this->assertSame('attempting', $row['state']);
        $this->assertNotNull($row['error']);
        $this->assertNotSame('', $row['visit_link']);
        // None where the worker's token was old: then the fault met the refusal of the token.
        $this->assertLessThanOrEqual(1, count($this->meetings()));
        $list = $this->browser('admin')->screen('telemed-meetings')->element("telemed-meeting-{$row['id']}");
        $this->assertSame('attempting', $list->getAttribute('data-state'));

        $this->runWorker(600);
        $found = $this->row($row['id']);
        $this->assertSame('made', $found['state']);
        $this->assertNull($found['error']);
        $this->assertSame($row['visit_link'], $found['visit_link']);
        $this->assertSame($found['meeting_id'], $this->meetings()[0]['id']);
        $this->assertCount(1, $this->meetings());
    }

    public function testAMeetingThatIsLookedForHoldsUpNoOtherBooking(): void
    {
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$this->make('admin', 'doctor1')['id']}");
        $this->zoom->fault(self::CREATE, array('kind' => 'close_before_work'), 1);
        $row = $this->booked();
        $this->assertSame('attempting', $row['state']);
        $this->forgetOutage();
        $this->records()->pretend->killedWhileMaking($row['id']);
        $this->site->php('do_action("telemed_run");');
        $now = $this->row($row['id']);
        $this->assertSame('attempting', $now['state'], 'not found is not believed at once');
        $this->assertStringContainsString('may still be at work', $now['error']);
        $this->assertLessThanOrEqual(time() + 61, strtotime($now['next_try']), 'tried again as soon as it is believed');
        $this->make('admin', 'doctor2');
        $this->runWorker(600);
        $this->assertSame('made', $this->row($row['id'])['state']);
        $this->assertCount(2, $this->meetings());
    }

    /** @dataProvider waysOut */
    #[DataProvider('waysOut')]
    public function testAVisitThatIsGivenUpWhileItsAnswerIsLostLeavesNoMeeting(string $fault, callable $giveUp, int $left): void
    {
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$this->make('admin', 'doctor1')['id']}");
        $this->make('admin', 'doctor2', array('start' => self::start(50)));
        $this->zoom->fault(self::CREATE + array('body_contains' => 'lost answer'), array('kind' => $fault), 1);
        $row = $this->booked(array('topic' => 'Visit with a lost answer'));
        $this->assertSame('attempting', $row['state']);
        $giveUp($this, $row['id']);
        $this->forgetOutage();
        $this->runWorker(120);
        $this->forgetOutage();
        $this->runWorker(600);
        $this->assertCount($left, $this->meetings());
        $this->assertSame(array(FakeZoom::DOCTOR2), array_values(array_unique(array_column($this->meetings(), 'host_id'))));
        $this->assertSame(0, $this->records()->unwanted->count());
    }

    /** @return array<string, array{string, callable, int}> */
    public static function waysOut(): array
    {
        $cancel = static fn (self $test, int $id) => $test->browser('admin')->rest('DELETE', "telemed/v1/visits/{$id}");
        $reassign = static fn (self $test, int $id) => $test->site->php(
            '\TelemedZoom\Plugin::instance()->visits->reassign(\Telemed\Tests\Records\InPlugin::visit($arguments["id"]), $arguments["doctor"]);',
            array('id' => $id, 'doctor' => $test->site->userId('doctor2'))
        );
        return array(
            'cancelled, and Zoom had made one' => array('close_after_work', $cancel, 1),
            'cancelled, and Zoom had made none' => array('close_before_work', $cancel, 1),
            'given to another doctor, and Zoom had made one' => array('close_after_work', $reassign, 2),
        );
    }

    public function testAnHtmlErrorPageIsNoMeetingAndShowsNoHtml(): void
    {
        $this->zoom->fault(self::CREATE, array('kind' => 'status', 'status' => 502, 'body' => '<html><script>x</script>Bad Gateway</html>', 'content_type' => 'text/html'), 1);
        $row = $this->booked();
        $this->assertSame('attempting', $row['state']);
        $this->assertStringNotContainsString('<script', (string) $row['error']);
        $this->assertSame(array(), $this->meetings());
        $this->runWorker(600);
        $this->assertSame('made', $this->row($row['id'])['state']);
        $this->assertCount(1, $this->meetings());
    }

    public function testTheDailyLimitIsBelievedAndTheVisitMadeAfterIt(): void
    {
        $this->zoom->answer(self::CREATE, 429, self::DAILY_LIMIT, array('X-RateLimit-Type' => 'Daily-limit', 'Retry-After' => '2037-01-01T00:00:00Z'));
        $row = $this->booked();
        $this->assertSame('due', $row['state']);
        $midnight = intdiv(time() - 10, 86400) * 86400 + 86400;
        $this->assertEqualsWithDelta($midnight + 10, strtotime($row['next_try']), 2, 'with Zoom\'s day, whatever the answer says');
        // Another visit of this host does not even ask.
        $other = $this->booked(array('start' => self::start(31)));
        $this->assertSame('due', $other['state']);
        $this->assertCount(1, $this->creations());
        $this->runWorker($midnight - time() + 60);
        $this->assertSame(array('made', 'made'), array($this->row($row['id'])['state'], $this->row($other['id'])['state']));
    }

    /** Zoom's clock still has the old day when this server has begun the new one. */
    public function testTheLastRefusalOfZoomsDayDoesNotCostTheHostTheNewOne(): void
    {
        $this->make('admin', 'doctor1');
        $tomorrow = gmdate('Y-m-d', time() + 86400);
        $this->zoom->setClock("{$tomorrow}T23:59:58Z");
        // The token that was got a day ago, by that clock, is refreshed first.
        $this->make('admin', 'doctor2');
        $this->zoom->setClock("{$tomorrow}T23:59:58Z");
        $this->zoom->answer(self::CREATE, 429, self::DAILY_LIMIT);
        $row = $this->booked(array('start' => self::start(31)));
        $this->assertSame('due', $row['state']);
        $this->assertLessThanOrEqual(time() + 20, strtotime($row['next_try']));
        $this->runWorker(25);
        $this->assertSame('made', $this->row($row['id'])['state']);
    }

    /** What is left of Zoom's day counts as the old one, though this server has begun the new. */
    public function testTheCountOfANewDayBeginsSomeSecondsLate(): void
    {
        $midnight = intdiv(time(), 86400) * 86400 + 2 * 86400;
        $days = $this->site->php('
            $plugin = \TelemedZoom\Plugin::instance();
            $now = 0;
            add_filter("telemed_now", static function () use (&$now): int { return $now; }, PHP_INT_MAX);
            $day = static function (int $second) use ($plugin, $arguments, &$now): string { $now = $arguments["midnight"] + $second; return $plugin->moments->now()->day(); };
            return array_map($day, [-20, 1, 9, 10]);', array('midnight' => $midnight));
        $before = gmdate('Y-m-d', $midnight - 1);
        $this->assertSame(array($before, $before, $before, gmdate('Y-m-d', $midnight)), $days);
    }

    /** A moment that has passed says nothing: the site asks ever more rarely, by its own back-off. */
    public function testALimitThatNamesThePastIsNotTriedEverySecond(): void
    {
        $this->zoom->answer(self::CREATE, 429, self::DAILY_LIMIT, array('X-RateLimit-Type' => 'Daily-limit', 'Retry-After' => '2020-05-31T00:00:00Z'), -1);
        $row = $this->booked();
        $this->assertGreaterThanOrEqual(time() + 30, strtotime($row['next_try']));
        $asked = count($this->creations());
        foreach (range(1, 10) as $second) {
            $this->runWorker($second);
        }
        $this->assertCount($asked, $this->creations());
        $this->runWorker(120);
        $this->assertCount($asked + 1, $this->creations());
        $this->assertGreaterThanOrEqual(time() + 120 + 60, strtotime($this->row($row['id'])['next_try']));
    }

    public function testARefusalNamesWhatToDoAndTheBookingStands(): void
    {
        $this->zoom->answer(self::CREATE, 400, array('code' => 4711, 'message' => 'Invalid access token, does not contain scopes:[meeting:write:meeting:admin].'), array(), 1);
        $row = $this->booked();
        $this->assertSame('due', $row['state']);
        $this->assertStringContainsString('meeting:write:meeting:admin', $row['error']);
        $this->runWorker(3600);
        $this->assertSame('made', $this->row($row['id'])['state']);
    }

    public function testACancellationThatZoomRefusesIsCaughtUp(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->zoom->fault(array('method' => 'DELETE', 'path' => '/v2/meetings/'), array('kind' => 'status', 'status' => 500, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $page = $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->assertSame(200, $page->status, $page->body);
        $this->assertSame('cancelled', $page->json()['state']);
        $this->assertNull($page->json()['join_url']);
        $this->assertCount(1, $this->meetings());
        $this->zoom->forgetFaults();
        $this->runWorker(3600);
        $this->assertSame(array(), $this->meetings());
        $this->assertSame(0, $this->records()->unwanted->count());
    }

    public function testAMoveThatZoomRefusesIsCaughtUp(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->zoom->answer(array('method' => 'PATCH', 'path' => '/v2/meetings/'), 300, array('code' => 300, 'message' => 'Invalid meeting id.'), array(), 1);
        $moved = $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('start' => self::start(40)))->json();
        $this->assertSame('updating', $moved['state']);
        $this->assertSame(self::start(40), $moved['start']);
        $this->assertNotNull($moved['error']);
        $this->assertSame($row['start'], $this->meetings()[0]['start_time']);
        $this->runWorker(3600);
        $this->assertSame(self::start(40), $this->meetings()[0]['start_time']);
        $this->assertSame('made', $this->row($row['id'])['state']);
    }

    public function testAMeetingThatZoomHasLostIsMadeAnewAndTheVisitLinkStays(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->zoom->answer(array('method' => 'PATCH', 'path' => '/v2/meetings/'), 404, array('code' => 3001, 'message' => 'Meeting does not exist: ' . $row['meeting_id'] . '.'), array(), 1);
        $moved = $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('start' => self::start(40)))->json();
        $this->assertSame('made', $moved['state']);
        $this->assertNotSame($row['meeting_id'], $moved['meeting_id']);
        $this->assertSame($row['visit_link'], $moved['visit_link']);
    }

    public function testWhileZoomCannotBeReachedNobodyWaitsForItAgain(): void
    {
        $this->make('admin', 'doctor1');
        $this->zoom->forgetRequests();
        $this->zoom->fault(self::CREATE, array('kind' => 'close_before_work'), -1);
        foreach (array(41, 42, 43) as $days) {
            $this->booked(array('start' => self::start($days)));
        }
        $asked = count($this->zoom->requests());
        $this->assertSame('due', $this->booked(array('start' => self::start(44)))['state']);
        $this->assertCount($asked, $this->zoom->requests(), 'after three that were lost the next booking asks nothing');
        $this->zoom->forgetFaults();
        $this->runWorker(3600);
        $this->assertSame(array_fill(0, 5, 'made'), array_column($this->rows(), 'state'));
        $this->assertCount(5, $this->meetings());
    }

    public function testWrongCredentialsAreNamedAndNothingIsHalfMade(): void
    {
        $this->saveSettings(array('s2s_client_secret' => FakeZoom::OTHER_CLIENT_SECRET));
        $row = $this->booked();
        $this->assertSame('due', $row['state']);
        $this->assertMatchesRegularExpression('/client (id|secret)/i', $row['error']);
        $this->assertStringNotContainsString(FakeZoom::OTHER_CLIENT_SECRET, $row['error']);
        $this->assertSame(array(), $this->creations());
        $this->saveSettings(array('s2s_client_secret' => FakeZoom::S2S_CLIENT_SECRET));
        $this->make('admin', 'doctor1');
    }

    public function testAFormSentTwiceMakesOneMeeting(): void
    {
        $form = $this->browser('admin')->screen('telemed-new-meeting')->form('telemed-meeting-form');
        $fields = array(
            'doctor' => (string) $this->site->userId('doctor1'),
            'date' => substr(self::start(), 0, 10),
            'time' => '10:30',
            'timezone' => self::ZONE,
            'minutes' => '25',
        );
        $this->browser('admin')->submit($form, $fields);
        $this->browser('admin')->submit($form, $fields);
        $this->assertCount(1, $this->meetings());
        $this->assertCount(1, $this->rows());
    }
}
