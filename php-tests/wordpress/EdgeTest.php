<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\RawRequest;

/** Whatever a request holds, and whatever breaks within: a calm answer, and no fatal error that WordPress mails to administrators. */
final class EdgeTest extends ClinicTestCase
{
    private const THROWS = array('X-Test-Throws' => '1');
    private const SAID = 'do-not-log-this-4711';

    /** @var list<string> */
    private array $linesBefore;

    protected function setUp(): void
    {
        parent::setUp();
        $this->linesBefore = explode("\n", $this->site->logs());
        // What nobody expects: something that everything here asks throws.
        file_put_contents($this->plugin(), '<?php
            if (isset($_SERVER["HTTP_X_TEST_THROWS"])) {
                add_filter("telemed_now", static function () { throw new \TypeError("' . self::SAID . '"); });
                add_filter("option_telemed_settings", static fn ($value) => did_action("init") ? throw new \TypeError("' . self::SAID . '") : $value);
            }');
    }

    protected function tearDown(): void
    {
        unlink($this->plugin());
    }

    /** A line that says where it was is all that may be logged. */
    protected function assertPostConditions(): void
    {
        $this->assertStringNotContainsString(self::SAID, $this->logged());
    }

    public function testWhatNobodyExpectedIsACalm500OnEveryRoute(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1', array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 300)));
        $mails = count($this->site->mails());
        $this->zoom->forgetRequests();
        $admin = $this->browser('admin');
        $form = $admin->screen('telemed-meetings')->form("//tr[@id='telemed-meeting-{$row['id']}']//form[.//input[@value='telemed_cancel_meeting']]");
        $nonce = $admin->get('/wp-admin/admin-ajax.php?action=rest-nonce')->body;
        $pages = array(
            'visit page' => $this->site->visitor()->get($this->path($row['visit_link']), false, self::THROWS),
            'join' => $this->site->visitor()->get($this->path($row['visit_link']) . '&join=1', false, self::THROWS),
            'Start' => $this->browser('doctor1')->get($this->path($row['start_link']), false, self::THROWS),
            'REST' => $admin->get('/wp-json/telemed/v1/visits', false, self::THROWS + array('X-WP-Nonce' => $nonce)),
            'REST, one' => $admin->request('DELETE', "/wp-json/telemed/v1/visits/{$row['id']}", null, self::THROWS + array('X-WP-Nonce' => $nonce), false),
            'webhook' => $this->site->visitor()->request('POST', '/wp-json/telemed/v1/webhook', '{}', self::THROWS, false),
            'admin-post' => $admin->request('POST', $form->action, http_build_query($form->fields), self::THROWS, false),
        );
        foreach ($pages as $route => $page) {
            $this->assertSame(500, $page->status, "{$route}: {$page->body}");
            $this->assertNotSame('', trim($page->body), $route);
            $this->assertStringNotContainsString(self::SAID, $page->body, $route);
            $this->assertStringNotContainsString('critical error', $page->body, $route);
        }
        $this->assertCount($mails, $this->site->mails());
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertStringContainsString('telemed-zoom: TypeError in ', $this->logged());
        $this->assertSame('made', $this->row($row['id'])['state']);
    }

    public function testTheCallbackToo(): void
    {
        $this->useOAuth();
        parse_str((string) parse_url($this->beginAuthorization('doctor1')->url, PHP_URL_QUERY), $asked);
        $page = $this->browser('doctor1')->get(self::CALLBACK . '?code=abc&state=' . rawurlencode($asked['state']), false, self::THROWS);
        $this->assertSame(500, $page->status, $page->body);
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/token'));
    }

    public function testTextThatIsNoUtf8IsA400AndChangesNothing(): void
    {
        $this->useServerToServerWithHosts();
        $admin = $this->browser('admin');
        $nonce = $admin->get('/wp-admin/admin-ajax.php?action=rest-nonce')->body;
        $row = $this->make('admin', 'doctor1');
        $form = array('Content-Type' => 'application/x-www-form-urlencoded', 'X-WP-Nonce' => $nonce);
        $this->site->awaitRequests();
        $before = $this->stored();
        $pages = array(
            'query' => $admin->get('/wp-json/telemed/v1/visits?when=all&account_id=%ff', false, array('X-WP-Nonce' => $nonce)),
            'a key' => $admin->get('/wp-json/telemed/v1/visits?a%ff=1', false, array('X-WP-Nonce' => $nonce)),
            'deep' => $admin->get('/wp-json/telemed/v1/visits?a[b][c%ff]=1', false, array('X-WP-Nonce' => $nonce)),
            'body' => $admin->request('POST', '/wp-json/telemed/v1/visits', 'doctor=1&topic=%ff&start=' . rawurlencode(self::start()), $form, false),
            'a changed visit' => $admin->request('PATCH', "/wp-json/telemed/v1/visits/{$row['id']}", 'topic=%ff', $form, false),
            'JSON' => $admin->request('PATCH', "/wp-json/telemed/v1/visits/{$row['id']}", "{\"topic\":\"\xff\"}", array('Content-Type' => 'application/json', 'X-WP-Nonce' => $nonce), false),
            'callback' => $this->browser('doctor1')->get(self::CALLBACK . '?code=%ff&state=%ff', false),
            'webhook' => $this->site->visitor()->request('POST', '/wp-json/telemed/v1/webhook?x=%ff', '{}', array('Content-Type' => 'application/json'), false),
        );
        $fields = $admin->screen('telemed-new-meeting')->form('//form[.//input[@value="telemed_create_meeting"]]')->fields;
        $pages['admin-post'] = $admin->request('POST', '/wp-admin/admin-post.php', http_build_query(array('topic' => "\xff") + $fields), array(), false);
        foreach ($pages as $what => $page) {
            $this->assertSame(400, $page->status, "{$what}: {$page->body}");
        }
        $this->assertSame($before, $this->stored());
    }

    public function testAnOddHeaderOfAnAnonymousRequestToTheWebhookIsRefusedLikeAnyOther(): void
    {
        $this->useOAuth();
        $this->saveSettings(array('webhook_secret_token' => 'sEcReTtOkEn_OfTheApp123'));
        $mails = count($this->site->mails());
        $body = '{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}';
        $signed = array(
            'HTTP_X_ZM_REQUEST_TIMESTAMP' => (string) time(),
            'HTTP_X_ZM_SIGNATURE' => 'v0=' . hash_hmac('sha256', 'v0:' . time() . ":{$body}", 'sEcReTtOkEn_OfTheApp123'),
        );
        // What nginx would leave out, and another server would not.
        $odd = array("HTTP_\xff" => 'x', "HTTP_A\xc3" => "\xff", 'HTTP_' => 'y', 'HTTP_0' => 'z');
        foreach (array(401 => $odd, 200 => $odd + $signed) as $status => $headers) {
            $answer = RawRequest::send($this->site, 'POST', '/wp-json/telemed/v1/webhook', $headers, $body);
            $this->assertStringStartsWith("Status: {$status}", str_starts_with($answer, 'Status:') ? $answer : "Status: 200\r\n{$answer}");
        }
        $answer = RawRequest::send($this->site, 'POST', '/wp-json/telemed/v1/webhook', array('HTTP_X_ZM_SIGNATURE' => "\xff\xfe", 'HTTP_X_ZM_REQUEST_TIMESTAMP' => "\xff"), $body);
        $this->assertStringStartsWith('Status: 401', $answer);
        $this->assertCount($mails, $this->site->mails());
        $this->assertStringNotContainsString('Fatal error', $this->logged());
        $this->assertStringNotContainsString('panicked', $this->logged());
    }

    /** @return list<string> what is ours in the database */
    private function stored(): array
    {
        return array_values(preg_grep('/^wp_(telemed_|options: \d+ \| telemed_)/', explode("\n", $this->site->databaseDump())));
    }

    /** What the site has logged since the test began. */
    private function logged(): string
    {
        // Several files, one after the other: what is new is what was not there before.
        return implode("\n", array_diff(explode("\n", $this->site->logs()), $this->linesBefore));
    }

    private function path(string $url): string
    {
        return (string) substr($url, strlen($this->site->url()));
    }

    private function plugin(): string
    {
        return $this->site->wordpress() . '/wp-content/mu-plugins/throws.php';
    }
}
