<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** Start: a fresh start URL for the hosting doctor, at the click, stored nowhere. */
final class StartTest extends ClinicTestCase
{
    /** @var array<string, mixed> */
    private array $meeting;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
        $this->meeting = $this->make('admin', 'doctor1');
    }

    public function testTheDoctorIsLedToZoomAsHost(): void
    {
        $answer = $this->browser('doctor1')->get($this->meeting['start_link'], false);
        $this->assertSame(302, $answer->status, $answer->text());
        $this->assertStringStartsWith($this->site->zoomUrl() . '/s/', $answer->header('location'));
        $this->assertStringContainsString('no-store', $answer->header('cache-control'));
        $this->assertSame('no-referrer', $answer->header('referrer-policy'));
        $this->assertStringContainsString(
            "You joined meeting {$this->meeting['meeting_id']} as host",
            $this->browser('doctor1')->get($this->meeting['start_link'])->text()
        );
    }

    public function testEachClickFetchesAFreshOneAndNoneIsStored(): void
    {
        $tokens = array();
        foreach (array(1, 2) as $click) {
            parse_str((string) parse_url($this->browser('doctor1')->get($this->meeting['start_link'], false)->header('location'), PHP_URL_QUERY), $query);
            $this->assertNotSame('', $query['zak'], "click {$click}");
            $tokens[] = $query['zak'];
        }
        $stored = $this->site->databaseDump() . $this->site->logs();
        foreach ($tokens as $token) {
            $this->assertStringNotContainsString($token, $stored);
        }
        $this->assertStringNotContainsString('zak=', $this->browser('doctor1')->rest('GET', "telemed/v1/visits/{$this->meeting['id']}")->body);
    }

    public function testNobodyElseStarts(): void
    {
        $this->zoom->forgetRequests();
        foreach (array('doctor2', 'patient', 'admin') as $person) {
            $page = $this->browser($person)->get($this->meeting['start_link']);
            $this->assertSame(403, $page->status, $person);
            $this->assertStringNotContainsString((string) $this->meeting['meeting_id'], $page->text());
        }
        $this->assertSame(array(), $this->zoom->requests('GET', '/v2/meetings/'));
    }

    public function testAdministratorsStartWhereTheClinicAllowsIt(): void
    {
        $this->saveSettings(array('admins_may_start' => '1'));
        $this->assertStringContainsString('as host', $this->browser('admin')->get($this->meeting['start_link'])->text());
        $this->assertSame(403, $this->browser('doctor2')->get($this->meeting['start_link'])->status);
    }

    public function testWhoIsNotLoggedInGoesThroughTheLogInToZoom(): void
    {
        $visitor = $this->site->visitor();
        $login = $visitor->get($this->meeting['start_link']);
        $this->assertStringContainsString('wp-login.php', $login->url);
        $page = $visitor->submit($login->form('loginform'), array('log' => 'doctor1', 'pwd' => $this->site->password('doctor1')));
        $this->assertStringContainsString("You joined meeting {$this->meeting['meeting_id']} as host", $page->text());
    }

    public function testAPrefetchFetchesNothing(): void
    {
        $this->zoom->forgetRequests();
        $this->browser('doctor1')->request('HEAD', $this->meeting['start_link'], null, array(), false);
        $this->assertSame(array(), $this->zoom->requests('GET', '/v2/meetings/'));
    }

    public function testWhenZoomGivesNoneTheDoctorStartsInZoomItself(): void
    {
        $this->zoom->fault(array('method' => 'GET', 'path' => '/v2/meetings/'), array('kind' => 'status', 'status' => 500, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $page = $this->browser('doctor1')->get($this->meeting['start_link']);
        $this->assertSame(200, $page->status);
        $text = $page->text('telemed-start-fallback');
        $this->assertStringContainsString(FakeZoom::DOCTOR1_EMAIL, $text);
        $this->assertStringContainsString((string) $this->meeting['meeting_id'], preg_replace('/\D/', '', $text));
    }

    public function testAStartUrlOnAForeignHostIsNotFollowed(): void
    {
        $this->zoom->answer(array('method' => 'GET', 'path' => '/v2/meetings/'), 200, array(
            'id' => $this->meeting['meeting_id'],
            'uuid' => 'x==',
            'host_id' => FakeZoom::DOCTOR1,
            'topic' => 't',
            'type' => 2,
            'start_time' => self::start(),
            'duration' => 25,
            'join_url' => 'https://evil.example/j/1',
            'start_url' => 'https://evil.example/s/1?zak=secret',
        ), array(), -1);
        $page = $this->browser('doctor1')->get($this->meeting['start_link'], false);
        $this->assertSame('', $page->header('location'));
        $this->assertStringNotContainsString('evil.example/s/', $page->body);
        $this->assertNotNull($page->element('telemed-start-fallback'));
    }

    public function testAnAnswerAboutAnotherMeetingLeadsNobodyThere(): void
    {
        $this->zoom->answer(array('method' => 'GET', 'path' => '/v2/meetings/'), 200, array(
            'id' => $this->meeting['meeting_id'] + 1,
            'host_id' => FakeZoom::DOCTOR2,
            'start_time' => self::start(),
            'duration' => 25,
            'join_url' => 'https://us02web.zoom.us/j/1',
            'start_url' => 'https://us02web.zoom.us/s/1?zak=of-doctor-2',
        ), array(), -1);
        $page = $this->browser('doctor1')->get($this->meeting['start_link'], false);
        $this->assertSame('', $page->header('location'));
        $this->assertStringNotContainsString('of-doctor-2', $page->body);
        $this->assertNotNull($page->element('telemed-start-fallback'));
    }

    public function testACancelledVisitIsNotStarted(): void
    {
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$this->meeting['id']}");
        $this->assertNotNull($this->browser('doctor1')->get($this->meeting['start_link'])->element('telemed-start-none'));
    }
}
