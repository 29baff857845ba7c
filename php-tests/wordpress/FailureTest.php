<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** Zoom fails while a meeting is made, moved or cancelled: the row tells the truth, and nothing is made twice. */
final class FailureTest extends ClinicTestCase
{
    private const CREATE = array('method' => 'POST', 'path' => '/v2/users/');

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testAnAnswerThatIsLostLeavesAnUncertainRowAndOneMeeting(): void
    {
        // A token that Zoom takes: else the fault would meet a 401 and no work.
        $this->browser('admin')->rest('DELETE', "telemed/v1/meetings/{$this->make('admin', 'doctor1')['id']}");
        $this->zoom->fault(self::CREATE, array('kind' => 'close_after_work'), -1);
        $page = $this->post('admin', 'doctor1');
        $this->assertSame(502, $page->status, $page->body);
        $this->assertSame('telemed_uncertain', $page->json()['code']);
        $this->assertFalse($page->json()['data']['retryable']);
        $this->assertCount(1, $this->meetings());
        $row = $this->row($page->json()['data']['meeting']['id']);
        $this->assertSame('uncertain', $row['state']);
        $this->assertStringContainsString('look in Zoom', $row['error']);
        $list = $this->browser('admin')->screen('telemed-meetings')->element("telemed-meeting-{$row['id']}");
        $this->assertSame('uncertain', $list->getAttribute('data-state'));
    }

    public function testAnHtmlErrorPageIsNoMeetingAndShowsNoHtml(): void
    {
        $this->zoom->fault(self::CREATE, array('kind' => 'status', 'status' => 502, 'body' => '<html><script>x</script>Bad Gateway</html>', 'content_type' => 'text/html'), -1);
        $page = $this->post('admin', 'doctor1');
        $this->assertSame(502, $page->status, $page->body);
        $this->assertStringNotContainsString('<script', $page->body);
        $this->assertSame(array(), $this->meetings());
        $this->assertContains($this->rows()[0]['state'], array('uncertain', 'failed'));
    }

    public function testTheDailyLimitIsToldWithItsEnd(): void
    {
        $this->zoom->answer(
            self::CREATE,
            429,
            array('code' => 429, 'message' => 'You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user.'),
            array('X-RateLimit-Type' => 'Daily-limit', 'Retry-After' => gmdate('Y-m-d', time() + 86400) . 'T00:00:00Z'),
            -1
        );
        $page = $this->post('admin', 'doctor1');
        $this->assertSame(429, $page->status, $page->body);
        $this->assertSame('telemed_rate_limit', $page->json()['code']);
        $this->assertSame(gmdate('Y-m-d', time() + 86400) . 'T00:00:00Z', $page->json()['data']['retry_at']);
        $this->assertSame(array('failed'), array_column($this->rows(), 'state'));
        $this->assertCount(1, $this->creations(), 'a daily limit is believed');
    }

    public function testARefusalNamesWhatToDo(): void
    {
        $this->zoom->answer(self::CREATE, 400, array('code' => 4711, 'message' => 'Invalid access token, does not contain scopes:[meeting:write:meeting:admin].'), array(), -1);
        $page = $this->post('admin', 'doctor1');
        $this->assertSame('telemed_scope', $page->json()['code'], $page->body);
        $this->assertStringContainsString('meeting:write:meeting:admin', $page->json()['message']);
        $this->assertSame('failed', $this->rows()[0]['state']);
    }

    public function testACancellationThatZoomRefusesLeavesTheMeetingThere(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->zoom->fault(array('method' => 'DELETE', 'path' => '/v2/meetings/'), array('kind' => 'status', 'status' => 500, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $page = $this->browser('admin')->rest('DELETE', "telemed/v1/meetings/{$row['id']}");
        $this->assertSame(502, $page->status, $page->body);
        $this->assertSame('made', $this->row($row['id'])['state']);
        $this->assertNotNull($this->row($row['id'])['error']);
        $this->assertNotNull($this->row($row['id'])['join_url']);
        $this->zoom->forgetFaults();
        $this->assertSame('cancelled', $this->browser('admin')->rest('DELETE', "telemed/v1/meetings/{$row['id']}")->json()['state']);
    }

    public function testAMoveThatZoomRefusesChangesNoTime(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->zoom->answer(array('method' => 'PATCH', 'path' => '/v2/meetings/'), 300, array('code' => 300, 'message' => 'Invalid meeting id.'), array(), -1);
        $page = $this->browser('admin')->rest('PATCH', "telemed/v1/meetings/{$row['id']}", array('start' => self::start(40)));
        $this->assertGreaterThanOrEqual(400, $page->status, $page->body);
        $this->assertSame($row['start'], $this->row($row['id'])['start']);
        $this->assertNotNull($this->row($row['id'])['error']);
    }

    public function testWrongCredentialsAreNamedAndNothingIsHalfMade(): void
    {
        $this->saveSettings(array('s2s_client_secret' => FakeZoom::OTHER_CLIENT_SECRET));
        $page = $this->post('admin', 'doctor1');
        $this->assertGreaterThanOrEqual(400, $page->status);
        $this->assertMatchesRegularExpression('/client (id|secret)/i', $page->json()['message']);
        $this->assertStringNotContainsString(FakeZoom::OTHER_CLIENT_SECRET, $page->body);
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
