<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Page;

/** The visit link: what patient and doctor meet behind it, at every time and in every state. */
final class VisitPageTest extends ClinicTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testBeforeTheWindowItSaysWhenToComeBackAndShowsNoLinkOfZoom(): void
    {
        $row = $this->make('admin', 'doctor1');
        $page = $this->open($row);
        $this->assertSame('early', $this->state($page));
        $this->assertStringContainsString('15 minutes before', $page->text('telemed-visit'));
        $this->assertStringContainsString('Dora Example', $page->text('telemed-visit'));
        $this->assertNull($page->element('telemed-join'));
        $this->assertStringNotContainsString('zoom.us', $page->body);
        $early = $this->site->visitor()->get($this->path($row) . '&join=1', false);
        $this->assertSame(200, $early->status, 'joining is not possible yet');
    }

    public function testTheAnswerIsKeptNowhere(): void
    {
        $page = $this->open($this->make('admin', 'doctor1'));
        $this->assertStringContainsString('no-store', (string) $page->header('cache-control'));
        $this->assertSame('no-referrer', $page->header('referrer-policy'));
        $this->assertStringContainsString('noindex', (string) $page->header('x-robots-tag'));
    }

    public function testWithinTheWindowJoinLeadsToZoomsLinkAsItIsNow(): void
    {
        $row = $this->soon();
        $page = $this->open($row);
        $this->assertSame('open', $this->state($page));
        $this->assertNotNull($page->element('telemed-join'));
        $answer = $this->site->visitor()->get($this->path($row) . '&join=1', false);
        $this->assertSame(302, $answer->status);
        $this->assertSame($row['join_url'], $answer->header('location'));
        $this->assertStringContainsString('no-store', (string) $answer->header('cache-control'));
    }

    public function testAMeetingThatIsNotThereYetIsTriedAtTheClick(): void
    {
        $this->make('admin', 'doctor2');
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), 1);
        $row = $this->booked(array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 300)));
        $this->assertSame('attempting', $row['state']);
        $waiting = $this->open($row, '&join=1');
        $this->assertSame('waiting', $this->state($waiting), 'just tried');
        $this->forgetOutage();
        // However often it has failed, and whenever it would be tried again.
        $this->records()->pretend->failedNineTimes(90);
        $answer = $this->site->visitor()->get($this->path($row) . '&join=1', false);
        $this->assertSame(302, $answer->status, $answer->body);
        $this->assertCount(2, $this->meetings());
    }

    public function testTheDoctorsClickTriesAsWell(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), 1);
        $row = $this->booked(array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 300)));
        $this->forgetOutage();
        $this->records()->pretend->failedNineTimes(90);
        $page = $this->browser('doctor1')->get($this->path($row));
        $this->assertStringContainsString('as host', $page->text());
    }

    public function testOnceAVisitShouldBeRunningItIsTriedEveryMinute(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'status', 'status' => 500, 'body' => '{}', 'content_type' => 'application/json'), 100);
        $row = $this->booked(array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 60)));
        $this->records()->pretend->failedNineTimesAndDue();
        $this->runWorker(300);
        $next = strtotime((string) $this->row($row['id'])['next_try']);
        $this->assertLessThanOrEqual(time() + 300 + 72, $next);
    }

    public function testAMeetingThatWasDeletedInZoomIsMadeAnewAtTheClick(): void
    {
        $row = $this->soon();
        $this->zoom->handle($row['meeting_id'], null);
        $answer = $this->site->visitor()->get($this->path($row) . '&join=1', false);
        $now = $this->row($row['id']);
        $this->assertSame(array(302, $now['join_url']), array($answer->status, $answer->header('location')));
        $this->assertNotSame($row['join_url'], $now['join_url']);

        $this->zoom->handle($now['meeting_id'], null);
        $this->assertStringContainsString('as host', $this->browser('doctor1')->get($row['start_link'])->text());
        $this->assertCount(1, $this->meetings());
    }

    public function testAPasscodeThatTheHostChangedInZoomShutsNobodyOut(): void
    {
        $row = $this->soon();
        $this->zoom->handle($row['meeting_id'], array('password' => 'Changed9x'));
        $answer = $this->site->visitor()->get($this->path($row) . '&join=1', false);
        $this->assertNotSame($row['join_url'], $answer->header('location'));
        $this->assertSame($this->zoom->meeting($row['meeting_id'])['join_url'], $answer->header('location'));
        $this->assertSame('Changed9x', $this->row($row['id'])['passcode']);
    }

    public function testWhileZoomCannotBeAskedJoinLeadsWhereItLed(): void
    {
        $row = $this->soon();
        $this->zoom->fault(array('path' => '/v2/'), array('kind' => 'close_before_work'), -1);
        $asked = array();
        foreach (array('asked', 'not asked again') as $click) {
            $answer = $this->site->visitor()->get($this->path($row) . '&join=1', false);
            $this->assertSame(array(302, $row['join_url']), array($answer->status, $answer->header('location')), $click);
            $asked[] = count($this->zoom->requests('GET', '/v2/meetings/'));
        }
        $this->assertGreaterThan(0, $asked[0]);
        $this->assertSame($asked[0], $asked[1]);
    }

    public function testAMoveKeepsTheLinkAndACancellationIsSaid(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->assertNull($this->open($row)->element('telemed-changed'));
        $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('start' => self::start(45)));
        $page = $this->open($row);
        $this->assertStringContainsString(self::start(45), $page->body);
        $this->assertStringContainsString('moved', $page->text('telemed-changed'));
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->assertSame('cancelled', $this->state($this->open($row)));
    }

    public function testTheHostingDoctorIsLedToStartAndAnotherDoctorIsNot(): void
    {
        $row = $this->make('admin', 'doctor1');
        $led = $this->browser('doctor1')->get($this->path($row), false);
        $this->assertSame(302, $led->status);
        $this->assertStringContainsString('telemed_start=' . $row['id'], (string) $led->header('location'));
        $this->assertSame('early', $this->state($this->browser('doctor2')->get($this->path($row))));
    }

    /** @dataProvider strangeKeys */
    #[DataProvider('strangeKeys')]
    public function testAnythingElseIsALinkThatLeadsNowhere(string $query): void
    {
        $this->make('admin', 'doctor1');
        $page = $this->site->visitor()->get('/?' . $query);
        $this->assertSame(404, $page->status);
        $this->assertSame('unknown', $this->state($page));
    }

    /** @return array<string, array{string}> */
    public static function strangeKeys(): array
    {
        return array(
            'unknown' => array('telemed_visit=' . str_repeat('0', 32)),
            'empty' => array('telemed_visit='),
            'a list' => array('telemed_visit[]=1'),
            'longer' => array('telemed_visit=' . str_repeat('a', 33)),
            'upper case' => array('telemed_visit=' . str_repeat('A', 32)),
            'not text' => array('telemed_visit=%00%ff'),
        );
    }

    public function testADayAfterTheVisitItLeadsNowhereAndLaterItIsForgotten(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->records()->pretend->over($row['id'], 2 * 86400);
        $this->assertSame(404, $this->open($row)->status);
        $this->records()->pretend->over($row['id'], 31 * 86400);
        $this->site->php('\TelemedZoom\Plugin::instance()->worker->sweep(10.0, 30);');
        $blanked = $this->row($row['id']);
        $this->assertSame(array('', null, null), array($blanked['visit_link'], $blanked['join_url'], $blanked['passcode']));
    }

    public function testThePasscodeIsShownWhereTheLinkDoesNotCarryIt(): void
    {
        $this->zoom->seed(array('accounts' => array(array(
            'id' => \Telemed\Tests\FakeZoom::ACCOUNT,
            'plan' => 'Business',
            'settings' => array('schedule_meeting' => array('embed_password_in_join_link' => false)),
        ))));
        $row = $this->soon();
        $this->assertStringContainsString($row['passcode'], $this->open($row)->text('telemed-passcode'));
        $this->assertSame('passcode', $this->state($this->open($row, '&join=1')));
    }

    /** @return array<string, mixed> a visit whose window is open */
    private function soon(): array
    {
        return $this->make('admin', 'doctor1', array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 300)));
    }

    /** @param array<string, mixed> $row */
    private function open(array $row, string $more = ''): Page
    {
        return $this->site->visitor()->get($this->path($row) . $more);
    }

    /** @param array<string, mixed> $row */
    private function path(array $row): string
    {
        return (string) substr($row['visit_link'], strlen($this->site->url()));
    }

    private function state(Page $page): string
    {
        return (string) $page->element('telemed-visit')?->getAttribute('data-state');
    }
}
