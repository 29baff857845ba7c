<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** With the log format of docs/access-logs no visit link and no OAuth code stands in the web server's access log. */
final class AccessLogTest extends ClinicTestCase
{
    public function testVisitLinksStandInNoLine(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1', array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 300)));
        $key = (string) substr($row['visit_link'], -32);
        $this->assertMatchesRegularExpression('/^[0-9a-f]{32}$/', $key);
        $before = strlen($this->log());
        $visitor = $this->site->visitor();
        $page = $visitor->get($row['visit_link']);
        $visitor->get($row['visit_link'] . '&join=1', false);
        $visitor->get('/?x=1&TELEMED_VISIT=1&telemed_visit=' . $key, false);
        // The doctor's way through the log-in, and what the log-in page loads.
        $login = $visitor->get($page->element('telemed-doctor-login')->getAttribute('href'));
        $this->assertStringContainsString($key, $login->url);
        $visitor->get('/wp-includes/css/buttons.css', false, array('Referer' => $login->url));
        $visitor->get('/wp-includes/css/buttons.css', false, array('Referer' => $row['visit_link']));
        $visitor->get('/?s=a-plain-search', false, array('Referer' => $this->site->url('/?p=1')));
        $lines = $this->linesSince($before, $this->site->url('/?p=1'));
        $this->assertStringContainsString('GET /?hidden HTTP', $lines);
        $this->assertStringContainsString('/wp-login.php?hidden', $lines);
        $this->assertStringNotContainsString($key, $lines);
        $this->assertStringContainsString('/?s=a-plain-search', $lines, 'everything else is logged as ever');
        $this->assertStringContainsString($this->site->url('/?p=1'), $lines);
    }

    public function testCodesAndStatesStandInNoLine(): void
    {
        $this->useOAuth();
        $before = strlen($this->log());
        $consent = $this->beginAuthorization('doctor1');
        $location = $this->consent($this->site->visitor(), $consent, FakeZoom::DOCTOR1, false)->header('location');
        parse_str((string) parse_url($location, PHP_URL_QUERY), $answer);
        // Not logged in, so through the log-in; then logged in.
        $this->site->visitor()->get($location);
        $this->assertNotNull($this->browser('doctor1')->get($location)->element('telemed-connected'));
        $lines = $this->linesSince($before, '/oauth/callback?hidden', 2);
        foreach (array('code', 'state') as $name) {
            $this->assertGreaterThan(10, strlen($answer[$name]));
            $this->assertStringNotContainsString($answer[$name], $lines);
        }
        $this->assertStringContainsString('/oauth/callback?hidden', $lines);
    }

    /** What was logged since, once what is last stands there so many times: nginx writes a line when the answer is out. */
    private function linesSince(int $before, string $last, int $times = 1): string
    {
        for ($try = 0; $try < 250 && substr_count(substr($this->log(), $before), $last) < $times; $try++) {
            usleep(20_000);
        }
        return substr($this->log(), $before);
    }

    private function log(): string
    {
        return (string) file_get_contents($this->site->accessLog());
    }
}
