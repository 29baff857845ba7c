<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** Only a person can tell whether a meeting exists: they look, and name it; it is believed only when Zoom says the same. */
final class UncertainTest extends ClinicTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testAPersonFindsTheMeetingInZoomAndTakesItWithOneClick(): void
    {
        $row = $this->uncertain();
        [$right, $later, $far] = $this->inZoom('doctor1', $row['start'], array('+0 minutes', '+2 hours', '+2 days'));
        $page = $this->open('doctor1', $row['id'])->element('telemed-look')?->getAttribute('href');
        $found = $this->browser('doctor1')->get((string) $page);
        $numbers = array_map(static fn (\DOMElement $one): string => $one->getAttribute('data-meeting'), $found->all('//table[@id="telemed-found"]/tbody/tr'));
        $this->assertSame(array((string) $right, (string) $later), $numbers, "not {$far}");
        $this->assertCount(1, $found->all('//button[contains(@class, "telemed-adopt")]'), 'only what begins with the visit can be taken');
        $this->assertStringNotContainsString('A private talk', $found->body);

        $taken = $this->browser('doctor1')->submit($found->form('//form[.//button[contains(@class, "telemed-adopt")]]'));
        $this->assertSame('Ready', $taken->text('telemed-state'), implode(' / ', $taken->notices()));
        $after = $this->row($row['id']);
        $this->assertSame(array('made', $right, $row['visit_link']), array($after['state'], $after['meeting_id'], $after['visit_link']));
        $this->assertNotNull($after['join_url']);
        $this->assertCount(3, $this->meetings());
        $this->assertNotNull($taken->first('//table[@id="telemed-log"]//tr[@data-event="taken"]'));
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->assertNull($this->zoom->meeting($right), 'it is the visit\'s in every way');
    }

    public function testAnUncertainVisitThatIsCancelledOrMadeAnewLeavesNoMeeting(): void
    {
        foreach (array('cancel', 'recreate') as $wish) {
            $row = $this->uncertain();
            // Zoom had made it, and lists show it only now.
            $this->site->php(
                '$plugin = \TelemedZoom\Plugin::instance();
                $row = \Telemed\Tests\Records\InPlugin::visit($arguments["id"]);
                $credentials = $plugin->apps->forMeeting($row);
                $credentials->client->createMeeting($row->visit()->request($credentials->maker->namedHost(), \Telemed\Tests\Records\InPlugin::reference($row->id)));
                $plugin->visits->{$arguments["wish"]}($row);',
                array('id' => $row['id'], 'wish' => $wish)
            );
            $this->forgetOutage();
            $this->runWorker(120);
            $this->runWorker(900);
            $this->assertCount('cancel' === $wish ? 0 : 1, $this->meetings(), $wish);
        }
    }

    public function testAMeetingWhoseAnswerWasMixedUpWithAnothersIsFoundWithoutAPerson(): void
    {
        $others = $this->make('admin', 'doctor2');
        $creation = array('method' => 'POST', 'path' => '/v2/users/');
        $this->zoom->fault($creation, array('kind' => 'close_before_work'));
        $row = $this->post('admin', 'doctor1', array('start' => self::start(32)))->json();
        $this->forgetOutage();
        $this->zoom->fault($creation, array('kind' => 'swap'));
        $this->runWorker(120);
        $this->forgetOutage();
        $this->assertSame('swap', $this->creations()[2]['fault']);
        $this->assertSame('attempting', $this->row($row['id'])['state']);
        $this->runWorker(900);
        $after = $this->row($row['id']);
        $this->assertSame('made', $after['state']);
        $this->assertNotSame($others['meeting_id'], $after['meeting_id']);
        $this->assertEqualsCanonicalizing(array(FakeZoom::DOCTOR1, FakeZoom::DOCTOR2), array_column($this->meetings(), 'host_id'));
    }

    public function testANumberThatIsTypedIsTakenAsZoomWritesItAndItsLengthIsPutRight(): void
    {
        $row = $this->uncertain();
        [$meeting] = $this->inZoom('doctor1', $row['start'], array('+0 minutes'), 55);
        $page = $this->adopt('admin', $row['id'], trim(chunk_split((string) $meeting, 4, ' ')));
        $this->assertSame('Ready', $page->text('telemed-state'), implode(' / ', $page->notices()));
        $this->assertSame(25, $this->zoom->meeting($meeting)['duration']);
        $this->assertSame($meeting, $this->row($row['id'])['meeting_id']);
    }

    public function testWhatIsNotTheVisitsMeetingIsRefusedWithTheReason(): void
    {
        $row = $this->uncertain();
        [$later] = $this->inZoom('doctor1', $row['start'], array('+30 minutes'));
        [$others] = $this->inZoom('doctor2', $row['start'], array('+0 minutes'));
        $used = $this->make('admin', 'doctor1')['meeting_id'];
        $marked = $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            $request = new \Telemed\MeetingRequest("Video visit", new \DateTimeImmutable($arguments["start"]), 25, "Europe/Berlin", $arguments["host"], $plugin->site->id() . ":manual:another");
            return $plugin->apps->forDoctor($arguments["doctor"])->client->createMeeting($request)->id();',
            array('start' => $row['start'], 'host' => FakeZoom::DOCTOR1, 'doctor' => $this->site->userId('doctor1'))
        );
        $before = $this->meetings();
        $cases = array(
            'no meeting number' => 'twelve', 'knows no meeting of this number' => '99999999999', 'begins at another time' => (string) $later,
            'belongs to another host' => (string) $others, 'belongs to another visit' => (string) $used,
        );
        foreach ($cases + array('another visit' => (string) $marked) as $said => $number) {
            $page = $this->adopt('doctor1', $row['id'], $number);
            $this->assertStringContainsString($said, implode(' ', $page->notices()), $number);
            $this->assertSame('Uncertain', $page->text('telemed-state'));
        }
        $this->assertSame($before, $this->meetings());
        $this->assertNull($this->row($row['id'])['meeting_id']);
    }

    public function testOnlyTheVisitsDoctorAndAdministratorsNameOneAndOnlyWhileItIsUncertain(): void
    {
        $row = $this->uncertain();
        [$meeting] = $this->inZoom('doctor1', $row['start'], array('+0 minutes'));
        $form = $this->open('doctor1', $row['id'])->form('telemed-adopt-form');
        $own = $this->uncertain('doctor2', self::start(33));
        $foreign = $this->open('doctor2', $own['id'])->form('telemed-adopt-form');
        $fields = array('meeting' => (string) $row['id'], 'zoom_meeting' => (string) $meeting);
        $this->assertSame(403, $this->browser('doctor2')->submit($foreign, $fields)->status);
        $this->assertSame(403, $this->browser('doctor1')->post('/wp-admin/admin-post.php', $fields + array('action' => 'telemed_adopt_meeting', '_wpnonce' => 'x'))->status);
        $this->assertSame('uncertain', $this->row($row['id'])['state']);
        $this->assertSame('Ready', $this->browser('doctor1')->submit($form, $fields)->text('telemed-state'));
        $this->assertStringContainsString('not uncertain any more', implode(' ', $this->browser('doctor1')->submit($form, $fields)->notices()));
    }

    public function testAConnectionThatDiesWhileAFoundMeetingIsMovedLeavesNothingForAPersonToTell(): void
    {
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_after_work'), 1);
        $row = $this->booked();
        $this->assertSame('attempting', $row['state']);
        $this->forgetOutage();
        // It is found, and moved: that is lost once, sent again and refused, and the refresh too.
        $this->zoom->answer(array('method' => 'POST', 'path' => '/oauth/token'), 400, array('reason' => 'Invalid Token!', 'error' => 'invalid_grant'), array(), -1);
        $this->zoom->fault(array('method' => 'PATCH'), array('kind' => 'close_after_work'), 1);
        $this->zoom->answer(array('method' => 'PATCH'), 401, array('code' => 124, 'message' => 'Invalid access token.'));
        $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('minutes' => 50));
        $this->runWorker(120);
        $this->assertCount(2, $this->zoom->requests('PATCH'));
        $waits = $this->row($row['id']);
        $this->assertSame('updating', $waits['state'], (string) $waits['error']);
        $this->assertStringContainsString('reconnect', (string) $waits['error']);

        $this->zoom->forgetFaults();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->runWorker(240);
        $this->assertSame('made', $this->row($row['id'])['state']);
        $this->assertSame(array(50), array_column($this->meetings(), 'duration'));
    }

    /** @return array<string, mixed> a visit of which nobody knows whether Zoom has made its meeting */
    private function uncertain(string $doctor = 'doctor1', ?string $start = null): array
    {
        $this->forgetOutage();
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), 1);
        $page = $this->post('admin', $doctor, array('start' => $start ?? self::start(32)));
        $this->assertSame('attempting', $page->json()['state'] ?? null, $page->body);
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        $this->records()->pretend->uncertain($page->json()['id']);
        return $page->json();
    }

    /**
     * Meetings that somebody made in Zoom itself.
     *
     * @param list<string> $offsets of the starts
     * @return list<int>
     */
    private function inZoom(string $doctor, string $start, array $offsets, int $minutes = 25): array
    {
        return $this->site->php(
            '$credentials = \TelemedZoom\Plugin::instance()->apps->forDoctor($arguments["doctor"]);
            $make = static fn (string $offset): int => $credentials->client->createMeeting(new \Telemed\MeetingRequest(
                "A private talk", (new \DateTimeImmutable($arguments["start"]))->modify($offset), $arguments["minutes"], "Europe/Berlin", $credentials->maker->namedHost()
            ))->id();
            return array_map($make, $arguments["offsets"]);',
            array('doctor' => $this->site->userId($doctor), 'start' => $start, 'offsets' => $offsets, 'minutes' => $minutes)
        );
    }

    private function open(string $person, int $id): Page
    {
        return $this->browser($person)->get("/wp-admin/admin.php?page=telemed-meeting&id={$id}");
    }

    private function adopt(string $person, int $id, string $number): Page
    {
        return $this->browser($person)->submit($this->open($person, $id)->form('telemed-adopt-form'), array('zoom_meeting' => $number));
    }
}
