<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** Whatever was done in Zoom itself, the comparison finds it and mends it, by night, by button and by command; what is not ours it leaves alone. */
final class ReconcileTest extends ClinicTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        // What is made now was made an hour ago: what is young may not be written down yet and is left alone.
        $this->zoom->advance(-3600);
        $this->useServerToServerWithHosts();
    }

    public function testTheNightMendsWhatWasDoneInZoom(): void
    {
        $clinic = $this->clinicInDisorder();
        $this->site->php('do_action("telemed_nightly"); do_action("telemed_run");');
        $this->assertMended($clinic);
        $this->zoom->forgetRequests();
        $this->records()->pretend->leftAloneFor(3600);
        $this->site->php('do_action("telemed_nightly");');
        $this->assertSame(array('GET'), $this->methods(), 'nothing is left to mend');
    }

    public function testTheButtonShowsFirstAndThenMends(): void
    {
        $clinic = $this->clinicInDisorder();
        $before = $this->zoom->state()['meetings'];
        $this->zoom->forgetRequests();
        $admin = $this->browser('admin');
        $found = $admin->submit($admin->screen('telemed-meetings')->form('//form[.//button[contains(@class, "telemed-compare")]]'));
        $this->assertSame(array('GET'), $this->methods());
        $this->assertSame($before, $this->zoom->state()['meetings'], 'only looked at');
        $shown = array_map(static fn (\DOMElement $line): string => $line->getAttribute('data-action'), $found->all('//div[@id="telemed-findings"]//tr[@data-action]'));
        $this->assertEqualsCanonicalizing(array('move', 'recreate', 'restore', 'adopt', 'adopt', 'delete', 'delete', 'delete'), $shown, $found->text('telemed-findings'));
        foreach (array('was moved in Zoom', 'was deleted in Zoom', 'put back. waiting_room', 'no visit needs', 'taken over', FakeZoom::DOCTOR1_EMAIL) as $words) {
            $this->assertStringContainsString($words, $found->text('telemed-findings'));
        }
        $done = $admin->submit($found->form('//form[.//button[contains(@class, "telemed-mend")]]'));
        $this->assertSame('0', $done->element('telemed-findings')?->getAttribute('data-dry-run'));
        $this->site->php('do_action("telemed_run");');
        $this->assertMended($clinic);
    }

    public function testTheCommandTellsOnlyUnlessToldOtherwise(): void
    {
        $clinic = $this->clinicInDisorder();
        $before = $this->zoom->state()['meetings'];
        $this->zoom->forgetRequests();
        $told = $this->wpCli('telemed reconcile --dry-run');
        $this->assertSame(array(0, array()), array($told['status'], $told['err']));
        $this->assertSame('Success: 8 differences found, nothing changed.', array_pop($told['out']));
        $this->assertSame("host\taction\tvisit\tmeeting\tdone\ttext", array_shift($told['out']));
        $this->assertCount(8, preg_grep('/^doctor1@clinic\.example\t[a-z]+\t\d*\t\d+\tno\t[A-Z]/', $told['out']));
        $this->assertSame(array('Comparing hosts', 2, 2, true), $told['bar']);
        $this->assertSame(array('GET'), $this->methods());
        $this->assertSame($before, $this->zoom->state()['meetings']);

        $this->assertSame('Success: 8 differences treated.', $this->lastLine($this->wpCli('telemed reconcile --no-dry-run')));
        $this->assertSame(array('Success: 2 visits worked on.'), $this->wpCli('telemed run --seconds=30')['out']);
        $this->assertMended($clinic);
        $this->assertSame(array('Success: 0 differences treated.'), $this->wpCli('telemed reconcile')['out']);
    }

    public function testTheCommandSpeaksToProgramsAndToASilentCron(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->age();
        $this->inZoom('$client->deleteMeeting($arguments["id"]);', array('id' => $row['meeting_id']));
        $told = $this->wpCli('telemed reconcile --dry-run --format=json');
        $this->assertSame(
            array(array('host' => FakeZoom::DOCTOR1_EMAIL, 'action' => 'recreate', 'visit' => $row['id'], 'meeting' => $row['meeting_id'], 'done' => 'no', 'text' => 'The meeting was deleted in Zoom: it is made anew.')),
            json_decode(implode("\n", $told['out']), true, 512, JSON_THROW_ON_ERROR)
        );
        $this->assertNull($told['bar']);
        $this->assertSame(array('1'), $this->wpCli('telemed reconcile --dry-run --format=count')['out']);
        $this->assertSame(
            array('status' => 0, 'bar' => null, 'out' => array(), 'err' => array()),
            $this->wpCli('telemed reconcile --quiet')
        );
        $this->assertSame('due', $this->row($row['id'])['state'], 'done all the same');
        $this->assertSame(array(), $this->wpCli('telemed run --quiet')['out']);
        $this->assertSame('made', $this->row($row['id'])['state']);
    }

    public function testTheCommandFailsWhereSomethingIsLeftUndone(): void
    {
        $row = $this->make('admin', 'doctor1', array('start' => self::start(3)));
        $this->age();
        $this->inZoom('$client->updateMeeting($arguments["id"], new \Telemed\MeetingRequest("Video visit", new \DateTimeImmutable($arguments["start"]), 25, "Europe/Berlin", null, null, ["waiting_room" => false]));', array('id' => $row['meeting_id'], 'start' => $row['start']));
        $this->zoom->fault(array('method' => 'PATCH', 'path' => '/v2/meetings/'), array('kind' => 'status', 'status' => 500, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $told = $this->wpCli('telemed reconcile');
        $this->assertSame(1, $told['status']);
        $this->assertStringContainsString("\tno\tSettings were changed in Zoom: they are put back. That did not succeed: Zoom answered with HTTP 500.", $this->lastLine($told));
        $this->assertStringContainsString('1 of 1 findings could not be treated', implode($told['err']));

        $this->zoom->forgetFaults();
        $this->zoom->fault(array('path' => '/v2/'), array('kind' => 'close_before_work'), -1);
        foreach (array('', ' --dry-run', ' --quiet') as $option) {
            $told = $this->wpCli("telemed reconcile{$option}");
            $this->assertSame(1, $told['status'], $option);
            $this->assertStringContainsString('hosts that could not be compared', implode($told['err']), $option);
        }
        $this->zoom->forgetFaults();
        $this->assertSame('Success: 1 difference treated.', $this->lastLine($this->wpCli('telemed reconcile')));
    }

    public function testAListWhosePlaceHasLapsedIsComparedFromItsBeginning(): void
    {
        $row = $this->make('admin', 'doctor1', array('start' => self::start(3)));
        $this->age();
        $this->zoom->handle($row['meeting_id'], null);
        $this->zoom->answer(array('method' => 'GET', 'path' => '/v2/users/' . FakeZoom::DOCTOR1 . '/meetings'), 200, array('next_page_token' => 'lapsed', 'meetings' => array(array('id' => $row['meeting_id'], 'host_id' => FakeZoom::DOCTOR1, 'start_time' => $row['start'], 'duration' => 25))));
        $told = $this->wpCli('telemed reconcile');
        $this->assertSame(array(), $told['err']);
        $this->assertSame('Success: 1 difference treated.', $this->lastLine($told), 'the meeting of the first look is gone by the second');
        $this->site->php('do_action("telemed_run");');
        $this->assertCount(1, $this->meetings());
    }

    public function testWhatAnAccountDoesNotLetGoIsToldOnceAndNotTriedEveryNight(): void
    {
        $row = $this->make('admin', 'doctor1', array('start' => self::start(3)));
        $this->age();
        $this->zoom->seed(array('accounts' => array(array(
            'id' => FakeZoom::ACCOUNT, 'name' => 'Example Clinic', 'plan' => 'Business', 'locked' => array('in_meeting' => array('waiting_room' => false)),
        ))));
        $this->inZoom('$client->updateMeeting($arguments["id"], new \Telemed\MeetingRequest("Video visit", new \DateTimeImmutable($arguments["start"]), 25, "Europe/Berlin", null, null, ["waiting_room" => false]));', array('id' => $row['meeting_id'], 'start' => $row['start']));
        $this->site->php('do_action("telemed_nightly");');
        $this->assertSame(array('waiting_room'), $this->row($row['id'])['overridden']);
        $this->age();
        $this->zoom->forgetRequests();
        $this->site->php('do_action("telemed_nightly");');
        $this->assertSame(array('GET'), $this->methods());
    }

    public function testSettingsThatCannotBePutBackUseUpNothingOfTheDay(): void
    {
        $this->openedInZoom();
        $this->zoom->answer(array('method' => 'PATCH', 'path' => '/v2/meetings/'), 400, array('code' => 300, 'message' => 'no'));
        $writes = $this->records()->counters->writes();
        $told = $this->wpCli('telemed reconcile');
        $this->assertSame(1, $told['status']);
        $this->assertCount(1, $this->zoom->requests('PATCH', '/v2/meetings/'));
        $this->assertSame($writes, $this->records()->counters->writes());
    }

    public function testWhereTheDayIsUsedUpSettingsAreNotSaidToBePutBack(): void
    {
        $meeting = $this->openedInZoom();
        $this->records()->counters->setWrites(100);
        $told = $this->wpCli('telemed reconcile');
        $this->assertSame(1, $told['status']);
        $this->assertStringContainsString('they are put back. That did not succeed: Zoom lets each host make and change 100 meetings a day', $this->lastLine($told));
        $this->assertSame(array(), $this->zoom->requests('PATCH', '/v2/meetings/'));
        $this->assertFalse($this->zoom->meeting($meeting)['settings']['waiting_room']);

        $this->records()->counters->setWrites(1);
        $this->assertSame('Success: 1 difference treated.', $this->lastLine($this->wpCli('telemed reconcile')));
        $this->assertTrue($this->zoom->meeting($meeting)['settings']['waiting_room']);
    }

    public function testSettingsAreLookedAtOnDemandOfAllAndByNightOfEachOnceAWeek(): void
    {
        $rows = array();
        foreach (array(20, 40) as $days) {
            $rows[$days] = $this->make('admin', 'doctor1', array('start' => self::start($days)));
            $this->zoom->handle($rows[$days]['meeting_id'], array('settings' => array('waiting_room' => false)));
        }
        $this->age();
        $this->assertSame(array('restore', 'restore'), array_column($this->told(true, 'null'), 0));
        $this->assertSame(array(array('left_out', '2')), $this->told(true, '\TelemedZoom\Reconcile\SettingsLook::atAll(0.0)'), 'said, not concealed');
        $nights = array();
        for ($night = 0; $night < 7; $night++) {
            $nights[] = count($this->told(true, '\TelemedZoom\Reconcile\SettingsLook::byNight()', $night * 86400));
        }
        $this->assertSame(2, array_sum($nights));
        $this->told(false, 'null');
        foreach ($rows as $row) {
            $this->assertTrue($this->zoom->meeting($row['meeting_id'])['settings']['waiting_room']);
        }
    }

    public function testANewPasscodeOrLinkIsTakenOver(): void
    {
        $row = $this->make('admin', 'doctor1', array('start' => self::start(30)));
        $this->zoom->handle($row['meeting_id'], array('password' => 'Changed9x'));
        $this->age();
        $this->assertSame(array('relink'), array_column($this->told(true, 'null'), 0));
        $this->assertSame(array('relink'), array_column($this->told(false, 'null'), 0));
        $now = $this->row($row['id']);
        $meeting = $this->zoom->meeting($row['meeting_id']);
        $this->assertSame(array('Changed9x', $meeting['join_url']), array($now['passcode'], $now['join_url']));
        $this->age();
        $this->assertSame(array(), $this->told(true, 'null'));
    }

    public function testWhereSettingsCannotBeAskedWhatTheListsTellIsMended(): void
    {
        foreach (array(20, 21) as $days) {
            $rows[] = $this->make('admin', 'doctor1', array('start' => self::start($days)));
        }
        $this->zoom->handle($rows[1]['meeting_id'], null);
        $this->age();
        $this->zoom->answer(array('method' => 'GET', 'path' => "/v2/meetings/{$rows[0]['meeting_id']}"), 500, array('code' => 500, 'message' => 'no'), array(), -1);
        $this->assertSame(array('unreachable', 'recreate'), array_column($this->told(false, 'null'), 0));
        $this->site->php('do_action("telemed_run");');
        $this->assertCount(2, $this->meetings());
    }

    /**
     * What a comparison tells.
     *
     * @param string $look PHP
     * @return list<array{string, string}> actions and notes
     */
    private function told(bool $dryRun, string $look, int $seconds = 0): array
    {
        return $this->site->php(
            'add_filter("telemed_now", static fn (int $now): int => $now + $arguments["seconds"]);
            return array_map(static fn ($one) => [$one->action, $one->note], \TelemedZoom\Plugin::instance()->reconcile->run($arguments["dry_run"], null, ' . $look . '));',
            array('dry_run' => $dryRun, 'seconds' => $seconds)
        );
    }

    public function testMeetingsThatAnotherAppMadeForTheSameHostAreNoOrphans(): void
    {
        $first = $this->make('admin', 'doctor1');
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1_EMAIL);
        $second = $this->make('admin', 'doctor1', array('start' => self::start(31)));
        $this->assertSame($first['host_id'], $second['host_id']);
        $this->age();
        $this->zoom->forgetRequests();
        $this->site->php('do_action("telemed_nightly"); do_action("telemed_run");');
        $this->assertSame(array('GET'), $this->methods());
        $this->assertGreaterThanOrEqual(2, count($this->zoom->requests('GET', '/v2/users/')), 'compared through both');
        $this->assertEqualsCanonicalizing(array($first['meeting_id'], $second['meeting_id']), array_column($this->meetings(), 'id'));
    }

    public function testWhatMustGoIsItsVisitsToDeleteAndWhatIsDoneAndStillThereIsAnOrphan(): void
    {
        $row = $this->make('admin', 'doctor1');
        $reference = $this->site->php('return \Telemed\Tests\Records\InPlugin::reference($arguments["id"]);', array('id' => $row['id']));
        $this->zoom->fault(array('method' => 'DELETE', 'path' => '/v2/meetings/'), array('kind' => 'status', 'status' => 500, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->assertSame(1, $this->records()->unwanted->count());
        $this->age();
        $this->zoom->forgetRequests();
        $this->assertSame('Success: 0 differences treated.', $this->lastLine($this->wpCli('telemed reconcile')));
        $this->assertSame(array('GET'), $this->methods());

        $this->zoom->forgetFaults();
        $this->site->php('\Telemed\Tests\Records\InPlugin::wake(); do_action("telemed_run");');
        $this->assertSame(array(), $this->meetings());
        $again = $this->inZoom('return $client->createMeeting($request($arguments["start"], $arguments["reference"], []))->id();', array('start' => $row['start'], 'reference' => $reference));
        $this->assertSame(array($again), array_column($this->meetings(), 'id'));
        $this->assertSame('Success: 1 difference treated.', $this->lastLine($this->wpCli('telemed reconcile')));
        $this->assertSame(array(), $this->meetings());
        $this->assertSame(1, $this->records()->log->count('orphan_deleted'));
    }

    public function testOrphansAreFoundAlsoWhereADatabaseFromABackupKnowsNoVisits(): void
    {
        $row = $this->make('admin', 'doctor2');
        $this->zoom->advance(3600);
        $this->records()->pretend->forgotten();
        $told = $this->wpCli('telemed reconcile --dry-run');
        $this->assertStringContainsString("\tdelete\t\t{$row['meeting_id']}\tno\t", implode("\n", $told['out']));
        $this->site->php('do_action("telemed_nightly");');
        $this->assertCount(1, $this->meetings(), 'nothing is deleted unseen where the ledger knows nothing: it may be the database that is wrong');
        $this->assertSame('Success: 1 difference treated.', $this->lastLine($this->wpCli('telemed reconcile --no-dry-run')));
        $this->assertSame(array(), $this->meetings());
    }

    public function testAZoomUserWhoIsGoneIsSaidWhereVisitsNeedIt(): void
    {
        $this->make('admin', 'doctor1');
        $this->age();
        $gone = fn () => $this->zoom->answer(array('method' => 'GET', 'path' => '/v2/users/' . FakeZoom::DOCTOR2), 404, array('code' => 1001, 'message' => 'User does not exist.'));
        $gone();
        $told = $this->wpCli('telemed reconcile --dry-run');
        $this->assertSame(array(0, 'Success: 0 differences found, nothing changed.'), array($told['status'], $this->lastLine($told)));
        $this->assertCount(1, $this->zoom->requests('GET', '/v2/users/' . FakeZoom::DOCTOR2), 'it was asked for');

        $this->make('admin', 'doctor2');
        $this->age();
        $gone();
        $told = $this->wpCli('telemed reconcile --dry-run');
        $this->assertStringContainsString(FakeZoom::DOCTOR2_EMAIL . "\tunreachable", implode("\n", $told['out']));
    }

    public function testWhatIsYoungOrBeingChangedIsLeftAlone(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->zoom->advance(3600);
        $orphan = $this->inZoom('return $client->createMeeting($make("manual:never", "+20 days"))->id();');
        $this->inZoom('$client->deleteMeeting($arguments["id"]);', array('id' => $row['meeting_id']));
        $this->site->php('do_action("telemed_nightly"); do_action("telemed_run");');
        $this->assertSame(array($orphan), array_column($this->meetings(), 'id'));
        $this->assertSame($row['meeting_id'], $this->row($row['id'])['meeting_id']);
    }

    public function testAHostThatCannotBeReachedIsSaidAndNotAskedOnAndOn(): void
    {
        foreach (range(1, 6) as $number) {
            $this->make('admin', 'doctor1', array('start' => self::start(20 + $number)));
        }
        // Six hosts beside the two doctors' own, of which each would be waited for.
        $this->records()->pretend->hostsOfTheirOwn();
        $this->age();
        $this->zoom->forgetRequests();
        $this->zoom->fault(array('method' => 'GET', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), -1);
        $findings = $this->site->php('return array_map(static fn ($one) => [$one->action, $one->host], \TelemedZoom\Plugin::instance()->reconcile->run(false));');
        $this->assertSame(array_fill(0, 8, 'unreachable'), array_column($findings, 0));
        $this->assertCount(8, array_unique(array_column($findings, 1)));
        $this->assertCount(2, array_unique(array_column($this->zoom->requests('GET', '/v2/users/'), 'path')), 'two are tried');
        $this->assertCount(6, $this->meetings());
    }

    /**
     * Visits of doctor 1 with all that can have happened to their meetings at Zoom, an hour ago.
     *
     * @return array<string, mixed>
     */
    private function clinicInDisorder(): array
    {
        $rows = array();
        foreach (array('good', 'moved', 'deleted', 'opened', 'twice', 'replaced', 'uncertain') as $number => $name) {
            $rows[$name] = $this->make('admin', 'doctor1', array('start' => self::start(2 + $number)));
        }
        $foreign = $this->inZoom(
            '$id = static fn (string $name): int => $arguments[$name]["meeting_id"];
            $client->updateMeeting($id("moved"), $plain("+25 days"));
            $client->deleteMeeting($id("deleted"));
            $client->updateMeeting($id("opened"), $plain($arguments["opened"]["start"], ["waiting_room" => false]));
            $client->createMeeting($make($reference("twice"), $arguments["twice"]["start"]));
            $client->deleteMeeting($id("replaced"));
            $foreign = ["oldest" => $client->createMeeting($make($reference("replaced"), $arguments["replaced"]["start"]))->id()];
            sleep(1);
            $client->createMeeting($make($reference("replaced"), $arguments["replaced"]["start"]));
            $client->createMeeting($make("manual:never", "+20 days"));
            $foreign["private"] = $client->createMeeting($plain("+20 days"))->id();
            $foreign["other site"] = $client->createMeeting(new \Telemed\MeetingRequest("Video visit", new \DateTimeImmutable("+20 days"), 25, "Europe/Berlin", "' . FakeZoom::DOCTOR1 . '", "0123456789abcdef:manual:1"))->id();
            return $foreign;',
            $rows
        );
        $this->zoom->advance(3600);
        $this->records()->pretend->uncertain($rows['uncertain']['id']);
        $this->age();
        return array('rows' => $rows, 'foreign' => $foreign);
    }

    /** @param array<string, mixed> $clinic */
    private function assertMended(array $clinic): void
    {
        ['rows' => $before, 'foreign' => $foreign] = $clinic;
        $held = array_column($this->meetings(), null, 'id');
        $ids = array();
        foreach ($before as $name => $old) {
            $row = $this->row($old['id']);
            $this->assertSame('made', $row['state'], "{$name}: {$row['error']}");
            $this->assertSame($old['visit_link'], $row['visit_link'], $name);
            $this->assertArrayHasKey($row['meeting_id'], $held, $name);
            $this->assertSame($old['start'], $held[$row['meeting_id']]['start_time'], $name);
            $this->assertTrue($held[$row['meeting_id']]['settings']['waiting_room'], $name);
            $this->assertSame($held[$row['meeting_id']]['password'], $row['passcode'], $name);
            $ids[$name] = $row['meeting_id'];
        }
        foreach (array('good', 'moved', 'opened', 'twice', 'uncertain') as $name) {
            $this->assertSame($before[$name]['meeting_id'], $ids[$name], "{$name}: the same meeting");
        }
        $this->assertNotSame($before['deleted']['meeting_id'], $ids['deleted']);
        $this->assertSame($foreign['oldest'], $ids['replaced'], 'of several the oldest stays');
        $this->assertEqualsCanonicalizing(
            array_merge(array_values($ids), array($foreign['private'], $foreign['other site'])),
            array_keys($held),
            'one for each visit, and what is not ours'
        );
    }

    /**
     * Does something at Zoom that the plugin does not hear of.
     *
     * @param array<string, mixed> $arguments
     */
    private function inZoom(string $code, array $arguments = array()): mixed
    {
        return $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            $client = $plugin->apps->forDoctor(get_user_by("login", "doctor1")->ID)->client;
            $request = static fn (string $start, ?string $reference, array $settings = []) => new \Telemed\MeetingRequest("Video visit", new \DateTimeImmutable($start), 25, "Europe/Berlin", "' . FakeZoom::DOCTOR1 . '", $reference, $settings);
            $plain = static fn (string $start, array $settings = []) => $request($start, null, $settings);
            $make = static fn (string $reference, string $start) => $request($start, $plugin->site->id() . ":" . $reference);
            $reference = static fn (string $name): string => substr(\Telemed\Tests\Records\InPlugin::reference($arguments[$name]["id"]), strlen($plugin->site->id()) + 1);
            ' . $code,
            $arguments
        );
    }

    /** A visit whose host has let everybody in, an hour ago. @return int its meeting */
    private function openedInZoom(): int
    {
        $meeting = $this->make('admin', 'doctor1', array('start' => self::start(3)))['meeting_id'];
        $this->zoom->handle($meeting, array('settings' => array('waiting_room' => false)));
        $this->age();
        $this->zoom->forgetRequests();
        return $meeting;
    }

    /** Nobody is at work on anything. */
    private function age(): void
    {
        $this->records()->pretend->leftAloneFor(3600);
    }

    /** @param array{out: list<string>} $told */
    private function lastLine(array $told): string
    {
        return (string) end($told['out']);
    }

    /** @return list<string> of the requests to Zoom's REST API */
    private function methods(): array
    {
        return array_values(array_unique(array_column($this->zoom->requests(null, '/v2/'), 'method')));
    }
}
