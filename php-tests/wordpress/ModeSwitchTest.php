<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** The clinic switches modes while visits are to come: they are left until over or moved now, and nobody's link changes. */
final class ModeSwitchTest extends ClinicTestCase
{
    private const VISITS = 50;
    private const CREATE = array('method' => 'POST', 'path' => '/v2/users/');
    private const APPS = array('s2s' => FakeZoom::S2S_CLIENT_ID, 'oauth' => FakeZoom::CLIENT_ID);
    private const HOSTS = array('doctor1' => FakeZoom::DOCTOR1, 'doctor2' => FakeZoom::DOCTOR2);

    /** @return array<string, array{string, string}> */
    public static function bothWays(): array
    {
        return array('from Server-to-Server to OAuth' => array('s2s', 'oauth'), 'from OAuth to Server-to-Server' => array('oauth', 's2s'));
    }

    /** @dataProvider bothWays */
    #[DataProvider('bothWays')]
    public function testFiftyVisitsLeftUntilOverStayAsTheyAreAndAreStartedMovedAndCancelled(string $from, string $to): void
    {
        $this->use($from);
        $before = $this->visits();
        $atZoom = $this->meetings();
        $saved = $this->use($to);
        $this->assertStringContainsString(self::VISITS . ' visits to come keep', $saved->text('telemed-former-notice'));
        $this->runWorker(3600);
        $this->assertSame($atZoom, $this->meetings(), 'nothing is touched');
        $this->assertSame($before, $this->rowsById());
        $screen = $this->screen();
        $this->assertCount(self::VISITS, $screen->all('//table[@id="telemed-former-visits"]/tbody/tr'));

        [$started, $moved, $cancelled] = array_slice(array_keys($before), 0, 3);
        $this->assertStringContainsString('as host', $this->browser('doctor1')->get($this->row($started)['start_link'])->text());
        $answer = $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$moved}", array('start' => self::start(90)));
        $this->assertSame('made', $answer->json()['state'], $answer->body);
        $this->assertSame(self::start(90), $this->zoom->meeting((int) $before[$moved]['meeting_id'])['start_time']);
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$cancelled}");
        $this->assertNull($this->zoom->meeting((int) $before[$cancelled]['meeting_id']));
        $this->assertCount(self::VISITS - 1, $this->meetings());
    }

    /** @dataProvider bothWays */
    #[DataProvider('bothWays')]
    public function testFiftyVisitsMovedNowHaveOneMeetingEachWithTheNewAppAndTheSameLinks(string $from, string $to): void
    {
        $this->use($from);
        $before = $this->visits();
        $this->use($to);
        $this->moveNow($from);
        $this->runWorker(60);
        $this->assertMoved($before, $to);
        $this->assertNotSame('', $this->screen()->text('telemed-former-none'));
        $this->assertSame('', $this->browser('admin')->screen('telemed-settings')->text('telemed-former-notice'));
    }

    public function testWhenZoomFailsInTheMiddleEachVisitKeepsItsMeetingUntilTheWorkerHasMadeTheNewOne(): void
    {
        $this->use('s2s');
        $before = $this->visits();
        $this->use('oauth');
        $this->zoom->fault(self::CREATE, array('kind' => 'close_after_work'), 1, 20);
        $this->zoom->fault(self::CREATE, array('kind' => 'status', 'status' => 502, 'body' => '<html>', 'content_type' => 'text/html'), -1, 21);
        $this->moveNow('s2s');
        $states = array_count_values(array_column($this->rowsById(), 'state'));
        $this->assertGreaterThan(0, $states['made'] ?? 0);
        $this->assertGreaterThan(0, $states['moving'] ?? 0);
        $this->assertSame(self::VISITS, array_sum($states));
        foreach ($this->rowsById() as $id => $row) {
            $meeting = $this->zoom->meeting((int) $row['meeting_id']);
            $this->assertNotNull($meeting, "visit {$id} has a meeting");
            $this->assertSame($meeting['join_url'] ?? $row['join_url'], $row['join_url']);
        }
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        $this->runWorker(7200);
        $this->forgetOutage();
        $this->runWorker(14400);
        $this->assertMoved($before, 'oauth');
    }

    public function testAWorkerThatIsKilledBetweenZoomAndTheDatabaseLeavesNoOrphanAndNoSecondMeeting(): void
    {
        $this->use('s2s');
        $before = $this->visits(1);
        $this->use('oauth');
        $this->zoom->forgetRequests();
        $this->wishAll('s2s');
        $this->zoom->fault(self::CREATE, array('kind' => 'delay_after_work', 'ms' => 20_000), 1);
        $this->killWorkerAfterCreation();
        $this->assertCount(2, $this->meetings(), 'the new one is there, and nobody knows it');
        $this->assertSame($before[array_key_first($before)]['meeting_id'], $this->rowsById()[array_key_first($before)]['meeting_id']);
        $this->zoom->forgetFaults();
        $this->runWorker(0);
        $this->assertMoved($before, 'oauth');
        $this->assertCount(1, $this->creations());
    }

    public function testAVisitThatIsCancelledWhileItsNewMeetingIsMadeLeavesNeither(): void
    {
        $this->use('s2s');
        $before = $this->visits(1);
        $this->use('oauth');
        $this->wishAll('s2s');
        $this->zoom->fault(self::CREATE, array('kind' => 'delay_after_work', 'ms' => 20_000), 1);
        $this->killWorkerAfterCreation();
        $this->zoom->forgetFaults();
        $this->browser('admin')->rest('DELETE', 'telemed/v1/visits/' . array_key_first($before));
        $this->runWorker(120);
        $this->assertSame(array(), $this->meetings());
        $this->assertSame(0, $this->records()->unwanted->count());
    }

    public function testADoctorWhoCannotHostThereKeepsTheMeetingsUntilTheyCan(): void
    {
        $this->use('s2s');
        $before = $this->visits();
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $screen = $this->screen();
        $staying = $screen->all('//table[@id="telemed-former-visits"]/tbody/tr[@data-stays="1"]');
        $this->assertCount(self::VISITS / 2, $staying);
        $this->assertStringContainsString('has not connected', $staying[0]->textContent);
        $this->assertStringContainsString('Left with the former app: 25', implode(' ', $this->moveNow('s2s')->notices()));
        $this->runWorker(60);
        foreach ($this->rowsById() as $id => $row) {
            if ((int) $row['doctor'] === $this->site->userId('doctor2')) {
                $this->assertSame($before[$id], $row);
            } else {
                $this->assertSame(array('made', self::APPS['oauth']), array($row['state'], $row['app']));
            }
        }
        // The answer stands.
        $this->connect('doctor2', FakeZoom::DOCTOR2);
        $this->runWorker(60);
        $this->assertMoved($before, 'oauth');
    }

    public function testAnAnswerEndsWhenItsAppIsInForceAgain(): void
    {
        $this->use('s2s');
        $before = $this->visits(2);
        $this->use('oauth');
        $this->wishAll('s2s');
        $this->useServerToServer();
        $this->runWorker(60);
        $this->assertSame($before, $this->rowsById());
        $this->use('oauth');
        $this->runWorker(120);
        $this->assertSame($before, $this->rowsById(), 'nobody has asked for that');
        $this->assertStringContainsString('Left until over', $this->screen()->text('telemed-former-lots'));
    }

    public function testWhileAVisitWaitsToBeMovedItsLinkLeadsToTheOldMeetingAndOnceItCanBeJoinedItStays(): void
    {
        $this->use('s2s');
        $row = $this->make('admin', 'doctor1', array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 2400)));
        $this->use('oauth');
        $this->zoom->fault(self::CREATE, array('kind' => 'status', 'status' => 503, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $this->moveNow('s2s');
        $waiting = $this->row($row['id']);
        $this->assertSame(array('moving', $row['join_url']), array($waiting['state'], $waiting['join_url']));
        $this->assertStringContainsString('as host', $this->browser('doctor1')->get($row['start_link'])->text());

        $this->zoom->forgetFaults();
        $this->saveSettings(array('join_minutes_before' => '60'));
        $link = parse_url($row['visit_link'], PHP_URL_PATH) . '?' . parse_url($row['visit_link'], PHP_URL_QUERY);
        $this->assertSame($row['join_url'], $this->site->visitor()->get($link . '&join=1', false)->header('location'));
        $this->forgetOutage();
        $this->runWorker(300);
        $stays = $this->row($row['id']);
        $this->assertSame(array('made', $row['meeting_id']), array($stays['state'], $stays['meeting_id']));
        $this->runWorker(600);
        $this->assertSame(array($row['meeting_id']), array_column($this->meetings(), 'id'), 'what the try may have made is gone');
        $this->assertStringContainsString('can be joined already', $this->screen()->text('telemed-former-visits'));
    }

    public function testAVisitThatWaitsToBeMovedOverAndIsGivenAnotherTimeHasItAtOnceInTheOldMeeting(): void
    {
        $this->use('s2s');
        $before = $this->visits(1);
        $id = (int) array_key_first($before);
        $this->use('oauth');
        $this->zoom->fault(self::CREATE, array('kind' => 'status', 'status' => 400, 'body' => '{"code":300,"message":"no"}', 'content_type' => 'application/json'), -1);
        $this->wishAll('s2s');
        $this->runWorker(60);
        $this->assertSame('moving', $this->row($id)['state']);
        $moved = $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$id}", array('start' => self::start(45)))->json();
        $this->assertSame(array('moving', (int) $before[$id]['meeting_id']), array($moved['state'], $moved['meeting_id']));
        $this->assertSame(self::start(45), $this->zoom->meeting($moved['meeting_id'])['start_time'] ?? null);
        $this->zoom->forgetFaults();
        $this->runWorker(7 * 3600);
        $over = $this->row($id);
        $this->assertSame(array('made', 'oauth', self::start(45)), array($over['state'], $over['mode'], $over['start']));
        $this->assertCount(1, $this->meetings());
    }

    /** Its old meeting is what people join until then: deleted in Zoom, it leads nowhere, and counts for nothing. */
    public function testAVisitThatWaitsToBeMovedOverAndHasLostItsMeetingIsMadeAsAnyThatHasNone(): void
    {
        $this->use('s2s');
        $before = $this->visits(1);
        $id = (int) array_key_first($before);
        $this->use('oauth');
        $this->zoom->fault(self::CREATE, array('kind' => 'status', 'status' => 400, 'body' => '{"code":300,"message":"no"}', 'content_type' => 'application/json'), -1);
        $this->wishAll('s2s');
        $this->runWorker(60);
        $this->assertSame('moving', $this->row($id)['state']);
        $writes = $this->writes();

        $this->zoom->handle((int) $before[$id]['meeting_id'], null);
        $moved = $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$id}", array('start' => self::start(45)))->json();
        $this->assertSame(array('due', null, null), array($moved['state'], $moved['meeting_id'], $moved['join_url']));
        $this->assertSame($writes, $this->writes(), 'nothing was written at Zoom');
        $this->assertSame(1, $this->records()->log->countOf($id, 'lost_at_zoom'));

        $this->zoom->forgetFaults();
        $this->runWorker(7 * 3600);
        $this->runWorker(8 * 3600);
        $over = $this->row($id);
        $this->assertSame(array('made', 'oauth', self::start(45)), array($over['state'], $over['mode'], $over['start']));
        $this->assertCount(1, $this->meetings());
    }

    public function testAMeetingThatCannotFollowWhileItWaitsToBeMovedOverUsesUpNothingOfTheDay(): void
    {
        $this->use('s2s');
        $before = $this->visits(1);
        $id = (int) array_key_first($before);
        $this->use('oauth');
        foreach (array(self::CREATE, array('method' => 'PATCH', 'path' => '/v2/meetings/')) as $what) {
            $this->zoom->fault($what, array('kind' => 'status', 'status' => 400, 'body' => '{"code":300,"message":"no"}', 'content_type' => 'application/json'), -1);
        }
        $this->wishAll('s2s');
        $this->runWorker(60);
        $writes = $this->writes();
        $moved = $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$id}", array('start' => self::start(45)))->json();
        $this->assertSame(array('moving', (int) $before[$id]['meeting_id']), array($moved['state'], $moved['meeting_id']));
        $this->assertNotSame(array(), $this->zoom->requests('PATCH', '/v2/meetings/'));
        $this->assertSame($writes, $this->writes());
    }

    public function testAWishThatIsTakenBackMovesNothingMore(): void
    {
        $this->use('s2s');
        $before = $this->visits(2);
        $this->use('oauth');
        $this->wishAll('s2s');
        $screen = $this->screen();
        $this->assertStringContainsString('2 are being moved', $screen->text('telemed-former-lots'));
        $this->browser('admin')->submit($screen->form('//tr[@data-app="' . self::APPS['s2s'] . '"]//form'), array('choice' => 'stay'));
        $this->runWorker(60);
        $this->assertSame($before, $this->rowsById());
    }

    public function testADoctorWhoIsNotConnectedIsNotToldThatAVisitOfTheFormerAppCannotBeStarted(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1');
        $this->useOAuth();
        $list = $this->browser('doctor1')->screen('telemed-meetings');
        $this->assertStringContainsString('no new visit of yours can be made, and none that was made through it', $list->text('telemed-connect-notice'));
        $this->assertStringContainsString('former Zoom app has made can be started', $list->text('telemed-connect-notice'));
        $this->assertStringNotContainsString('former Zoom app', $this->browser('doctor2')->screen('telemed-meetings')->text('telemed-connect-notice'));
        $start = $list->first("//tr[@id='telemed-meeting-{$row['id']}']//a[contains(@class, 'telemed-start')]");
        $led = $this->browser('doctor1')->get((string) $start?->getAttribute('href'), false);
        $this->assertStringStartsWith($this->site->zoomUrl(), $led->header('location'), 'Start works');
    }

    public function testOnlyAnAdministratorsButtonMovesAnything(): void
    {
        $this->use('s2s');
        $before = $this->visits(2);
        $this->use('oauth');
        $body = 'action=telemed_answer_handover&who=app&choice=move&which=' . self::APPS['s2s'];
        $this->assertSame(403, $this->browser('doctor1')->request('POST', '/wp-admin/admin-post.php', $body)->status);
        $this->assertSame(403, $this->browser('admin')->request('POST', '/wp-admin/admin-post.php', $body)->status);
        $this->assertSame(405, $this->browser('admin')->get("/wp-admin/admin-post.php?{$body}")->status);
        $this->assertSame(403, $this->browser('doctor1')->screen('telemed-handover')->status);
        // What a doctor may answer is about themselves.
        $own = $this->browser('doctor1')->get('/wp-admin/profile.php')->form('telemed-zoom-user-form');
        $this->assertSame(403, $this->browser('doctor1')->submit($own, array('who' => 'app', 'which' => self::APPS['s2s'], 'choice' => 'move'))->status);
        $this->assertSame($before, $this->rowsById());
    }

    /** What the site has counted of the hosts' writes. */
    private function writes(): int
    {
        return $this->records()->counters->writes();
    }

    /** The clinic uses this mode, and both doctors can host in it. */
    private function use(string $mode): Page
    {
        if ('s2s' === $mode) {
            $this->useServerToServerWithHosts();
        } else {
            $this->useOAuth();
            foreach (self::HOSTS as $doctor => $user) {
                $this->connect($doctor, $user);
            }
        }
        return $this->browser('admin')->screen('telemed-settings');
    }

    /**
     * Visits of both doctors in turn, made at Zoom.
     *
     * @return array<int, array<string, ?string>> their rows by id
     */
    private function visits(int $count = self::VISITS): array
    {
        $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            for ($n = 0; $n < $arguments["count"]; $n++) {
                $start = new \DateTimeImmutable($arguments["start"]);
                $visit = \TelemedZoom\Ledger\Visit::upcoming($start->modify("+{$n} hours"), 25, $arguments["zone"], "");
                $plugin->visits->book("manual", "visit-{$n}", $arguments["doctors"][$n % 2], $visit);
            }
            $plugin->worker->runDue(120.0);',
            array('count' => $count, 'start' => self::start(), 'zone' => self::ZONE, 'doctors' => array_map(array($this->site, 'userId'), array_keys(self::HOSTS)))
        );
        $rows = $this->rowsById();
        $this->assertSame(array('made' => $count), array_count_values(array_column($rows, 'state')));
        $this->assertCount($count, $this->meetings());
        return $rows;
    }

    /** @return array<int, array<string, ?string>> */
    private function rowsById(): array
    {
        $shown = array_flip(array('id', 'doctor', 'start_utc', 'state', 'visit_key', 'mode', 'app', 'host_id', 'meeting_id', 'join_url', 'sequence'));
        return array_map(static fn (array $visit): array => array_intersect_key($visit, $shown), array_column($this->records()->visits->all(), null, 'id'));
    }

    private function screen(): Page
    {
        return $this->browser('admin')->screen('telemed-handover');
    }

    private function moveNow(string $from): Page
    {
        return $this->browser('admin')->submit($this->screen()->form('//tr[@data-app="' . self::APPS[$from] . '"]//form'), array('choice' => 'move'));
    }

    /** As Move now does, and the worker has not come by yet. */
    private function wishAll(string $from): void
    {
        $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            $plugin->handovers->answer(\TelemedZoom\Store\Handover::ofApp($arguments["app"]), \TelemedZoom\Store\Answer::Move);',
            array('app' => self::APPS[$from])
        );
    }

    /** The process dies when Zoom has made the meeting and before its answer comes. */
    private function killWorkerAfterCreation(): void
    {
        $made = count($this->meetings());
        $script = '$_SERVER["HTTP_HOST"] = ' . var_export(substr($this->site->url(), strlen('http://')), true) . ';'
            . 'require ' . var_export($this->site->wordpress() . '/wp-load.php', true) . '; do_action("telemed_run");';
        $process = proc_open(array(PHP_BINARY, '-r', $script), array(), $pipes, null, array('PHP_INI_SCAN_DIR' => $this->site->scanDirectory()) + getenv());
        $this->assertIsResource($process);
        for ($tries = 0; count($this->meetings()) === $made && $tries < 300; $tries++) {
            usleep(50_000);
        }
        posix_kill(proc_get_status($process)['pid'], 9);
        proc_close($process);
    }

    /**
     * None lost, none twice, each on its host with the new app, no visit link changed, nothing left over.
     *
     * @param array<int, array<string, ?string>> $before
     */
    private function assertMoved(array $before, string $to): void
    {
        $after = $this->rowsById();
        $atZoom = array_column($this->meetings(), null, 'id');
        $this->assertSame(array_keys($before), array_keys($after));
        $this->assertCount(count($before), $atZoom);
        $this->assertCount(count($before), array_unique(array_column($atZoom, 'agenda')));
        foreach ($after as $id => $row) {
            $meeting = $atZoom[(int) $row['meeting_id']] ?? null;
            $this->assertNotNull($meeting, "visit {$id} is lost");
            $this->assertNotSame($before[$id]['meeting_id'], $row['meeting_id']);
            $this->assertSame(array('made', $to, self::APPS[$to]), array($row['state'], $row['mode'], $row['app']));
            $this->assertSame(array($before[$id]['visit_key'], $before[$id]['start_utc']), array($row['visit_key'], $row['start_utc']));
            $this->assertSame(strtotime($row['start_utc'] . ' UTC'), strtotime($meeting['start_time']));
            $doctor = (int) $row['doctor'] === $this->site->userId('doctor1') ? 'doctor1' : 'doctor2';
            $this->assertSame(self::HOSTS[$doctor], $meeting['host_id']);
        }
        $this->assertSame(0, $this->records()->unwanted->count());
    }
}
