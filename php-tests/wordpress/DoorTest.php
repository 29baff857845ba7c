<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\Page;

/** The visit page and Start do nothing for whoever only asks, frames, fetches or leads there from elsewhere; joins wait in turn. */
final class DoorTest extends ClinicTestCase
{
    private const GONE_TO = array('Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'document', 'Sec-Fetch-User' => '?1');

    /** @var array<string, mixed> a visit whose window is open */
    private array $row;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
        $this->row = $this->soon('doctor1');
        $this->site->awaitRequests();
        $this->zoom->forgetRequests();
    }

    public function testNobodyFramesThemAndNoScriptOfAnothersRuns(): void
    {
        $pages = array(
            'open' => $this->visit(),
            'unknown' => $this->site->visitor()->get('/?telemed_visit=' . str_repeat('0', 32)),
            'join' => $this->visit('&join=1'),
            'Start' => $this->startLink(self::GONE_TO),
            'not yours' => $this->browser('doctor2')->get($this->path('start_link'), false),
            'led there' => $this->startLink(self::GONE_TO + array('Sec-Fetch-Site' => 'cross-site')),
            'framed' => $this->startLink(array('Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'iframe')),
        );
        foreach ($pages as $what => $page) {
            $policy = $page->header('content-security-policy');
            $this->assertStringContainsString("frame-ancestors 'none'", $policy, $what);
            $this->assertStringContainsString("default-src 'none'", $policy, $what);
            $this->assertStringNotContainsString('unsafe', $policy, $what);
            $this->assertSame('nosniff', $page->header('x-content-type-options'), $what);
            $this->assertSame('DENY', $page->header('x-frame-options'), $what);
            $this->assertStringContainsString('no-store', $page->header('cache-control'), $what);
            // The policy holds: what is in the page is allowed by it.
            $this->assertDoesNotMatchRegularExpression('~<style|<script(?![^>]* src=)|\son[a-z]+=|\sstyle=|<form~i', $page->body, $what);
            foreach (array('//script' => 'src', '//link[@rel="stylesheet"]' => 'href') as $xpath => $attribute) {
                foreach ($page->all($xpath) as $element) {
                    preg_match('/(?:script|style)-src (\S+);/', $policy, $allowed);
                    $this->assertStringStartsWith($allowed[1], $element->getAttribute($attribute), $what);
                    $this->assertSame(200, $this->site->visitor()->get($element->getAttribute($attribute))->status);
                }
            }
        }
    }

    public function testHeadDoesNothing(): void
    {
        $this->zoom->handle($this->row['meeting_id'], null);
        $this->zoom->forgetRequests();
        $before = $this->stored();
        foreach (array($this->path('visit_link'), $this->path('visit_link') . '&join=1', $this->path('start_link')) as $path) {
            foreach (array($this->site->visitor(), $this->browser('doctor1')) as $browser) {
                $page = $browser->request('HEAD', $path, null, array(), false);
                $this->assertSame('', $page->header('location') . $page->body, $path);
            }
        }
        $prefetched = $this->visit('&join=1', array('Sec-Purpose' => 'prefetch;prerender'));
        $this->assertSame('', $prefetched->header('location') . $prefetched->body);
        $this->site->awaitRequests();
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertSame($before, $this->stored());
    }

    public function testNoLinkLeadsElsewhereThanToZoomWhateverIsStored(): void
    {
        $others = array('https://zoom.us.evil.example/j/1', 'https://zoom.us@evil.example/j/1', 'http://zoom.us/j/1', 'javascript:alert(1)', 'https://us02web.zoom.us/j/1?pwd=' . str_repeat('x', 4000));
        foreach ($others as $url) {
            $this->store($url);
            $page = $this->visit('&join=1');
            $this->assertSame(array(200, ''), array($page->status, $page->header('location')), $url);
        }
        foreach (array('https://us02web.zoom.us/j/1?pwd=x', 'https://zoomgov.com/j/1', $this->row['join_url']) as $url) {
            $this->store($url);
            $this->assertSame($url, $this->visit('&join=1')->header('location'));
        }
    }

    /** Just now, so that Zoom is not asked for the link. */
    private function store(string $url): void
    {
        $this->site->php('set_transient("telemed_looked_at_" . $arguments["id"], gmdate("Y-m-d H:i:s"), 60);', array('id' => $this->row['id']));
        $this->records()->pretend->joinUrl($this->row['id'], $url);
    }

    public function testTheListsViewsAreThree(): void
    {
        $form = $this->browser('admin')->screen('telemed-meetings')->form("//tr[@id='telemed-meeting-{$this->row['id']}']//form[.//input[@value='telemed_cancel_meeting']]");
        $page = $this->browser('admin')->submit($form, array('when' => 'past&page=other&x=' . str_repeat('y', 3000)), false);
        $this->assertSame($this->site->url('/wp-admin/admin.php?page=telemed-meetings'), $page->header('location'));
    }

    public function testStartAnswersOnlyAWindowThatGoesThere(): void
    {
        $others = array(
            array('Sec-Fetch-Mode' => 'no-cors', 'Sec-Fetch-Dest' => 'image'),
            array('Sec-Fetch-Mode' => 'cors', 'Sec-Fetch-Dest' => 'empty'),
            array('Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'iframe'),
            array('Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'object'),
            self::GONE_TO + array('Sec-Purpose' => 'prefetch'),
        );
        foreach ($others as $headers) {
            $page = $this->startLink($headers + array('Sec-Fetch-Site' => 'same-origin'));
            $this->assertSame('', $page->header('location'), (string) json_encode($headers));
        }
        $this->assertSame(array(), $this->zoom->requests());
        foreach (array('none', 'same-origin') as $site) {
            $this->assertLeadsToZoom($this->startLink(self::GONE_TO + array('Sec-Fetch-Site' => $site)));
        }
        $this->assertLeadsToZoom($this->startLink(array()), 'an old browser says nothing');
    }

    public function testALinkOnAnotherSiteLeadsToAButtonAndTheButtonToZoom(): void
    {
        $elsewhere = self::GONE_TO + array('Sec-Fetch-Site' => 'cross-site');
        $page = $this->startLink($elsewhere);
        $this->assertSame(array(200, ''), array($page->status, $page->header('location')));
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertStringNotContainsString('/s/', $page->body);
        $button = $page->element('telemed-start');
        $this->assertSame('Start', $button->textContent);
        $this->assertLeadsToZoom($this->browser('doctor1')->get($button->getAttribute('href'), false, self::GONE_TO + array('Sec-Fetch-Site' => 'same-origin')));
        // A mail's visit link, in webmail.
        $led = $this->browser('doctor1')->get($this->path('visit_link'), false, $elsewhere);
        $this->assertNotNull($this->browser('doctor1')->get($led->header('location'), false, $elsewhere)->element('telemed-start'));
        // Somebody else learns nothing by it.
        $this->assertSame(403, $this->browser('doctor2')->get($this->path('start_link'), false, $elsewhere)->status);
    }

    public function testFiveJoinsWaitForZoomAndTheNextGetsThePageThatLooksAgain(): void
    {
        $rows = array($this->row);
        foreach (range(1, 5) as $number) {
            $rows[] = $this->soon($number % 2 === 0 ? 'doctor1' : 'doctor2');
        }
        $this->site->awaitRequests();
        $this->zoom->fault(array('method' => 'GET', 'path' => '/v2/meetings/'), array('kind' => 'delay', 'ms' => 2000), 6);
        $pages = $this->together(array_map(fn (array $row): string => $row['visit_link'] . '&join=1', $rows));
        $turnedAway = array_values(array_filter($pages, static fn (Page $page): bool => 302 !== $page->status));
        $this->assertCount(1, $turnedAway, implode(', ', array_map(static fn (Page $page): int => $page->status, $pages)));
        $this->assertSame('waiting', $turnedAway[0]->element('telemed-visit')->getAttribute('data-state'));
        $this->assertLessThanOrEqual(10, (int) $turnedAway[0]->first('//meta[@http-equiv="refresh"]')->getAttribute('content'));
        $this->assertCount(5, $this->zoom->requests('GET', '/v2/meetings/'));
        foreach ($rows as $row) {
            $this->assertSame($row['join_url'], $this->site->visitor()->get($this->path('visit_link', $row) . '&join=1', false)->header('location'), 'looking again leads there');
        }
    }

    public function testHowManyIsASettingAndAPlaceThatWasFreedIsTaken(): void
    {
        $this->saveSettings(array('joins_at_once' => '1'));
        $name = $this->site->php('return \TelemedZoom\Plugin::instance()->database->lockName("join:1");');
        $other = $this->site->database();
        $this->assertSame('1', (string) $other->query("SELECT GET_LOCK('{$name}', 0)")->fetch_row()[0]);
        $this->assertSame('waiting', $this->visit('&join=1')->element('telemed-visit')->getAttribute('data-state'));
        $this->assertSame(array(), $this->zoom->requests());
        // Its process was killed.
        $other->close();
        $this->assertSame($this->row['join_url'], $this->visit('&join=1')->header('location'));
    }

    private function assertLeadsToZoom(Page $page, string $why = ''): void
    {
        $this->assertStringStartsWith($this->site->zoomUrl() . '/s/', $page->header('location'), $why . $page->body);
    }

    /** @return array<string, mixed> */
    private function soon(string $doctor): array
    {
        return $this->make('admin', $doctor, array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 300)));
    }

    /** @param array<string, string> $headers */
    private function visit(string $more = '', array $headers = array()): Page
    {
        return $this->site->visitor()->get($this->path('visit_link') . $more, false, $headers);
    }

    /** @param array<string, string> $headers */
    private function startLink(array $headers): Page
    {
        return $this->browser('doctor1')->get($this->path('start_link'), false, $headers);
    }

    /** @param ?array<string, mixed> $row */
    private function path(string $link, ?array $row = null): string
    {
        return (string) substr(($row ?? $this->row)[$link], strlen($this->site->url()));
    }

    /** @return list<string> what is ours in the database */
    private function stored(): array
    {
        return array_values(preg_grep('/^wp_(telemed_|options: \d+ \| (_transient_)?telemed_)/', explode("\n", $this->site->databaseDump())));
    }

    /**
     * @param list<string> $urls asked at the same moment
     * @return list<Page>
     */
    private function together(array $urls): array
    {
        $all = curl_multi_init();
        $handles = array();
        foreach ($urls as $url) {
            $handles[] = $handle = curl_init($url);
            curl_setopt_array($handle, array(CURLOPT_RETURNTRANSFER => true, CURLOPT_PROXY => '', CURLOPT_TIMEOUT => 60));
            curl_multi_add_handle($all, $handle);
        }
        do {
            curl_multi_exec($all, $running);
            curl_multi_select($all, 0.2);
        } while ($running > 0);
        return array_map(static fn (\CurlHandle $handle): Page => new Page('', (int) curl_getinfo($handle, CURLINFO_RESPONSE_CODE), array(), (string) curl_multi_getcontent($handle), array()), $handles);
    }
}
