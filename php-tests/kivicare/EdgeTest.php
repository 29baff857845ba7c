<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

/** KiviCare's routes: what nobody expected stays calm, text that is no UTF-8 is refused, and limits are for clicks, not for bookings. */
final class EdgeTest extends KivicareTestCase
{
    private const SETTINGS = '/wp-json/kivicare/v1/settings/zoom-telemed';

    /** Whether a line of the log is what is looked for. */
    private bool $complains = false;

    protected function assertPostConditions(): void
    {
        if (! $this->complains) {
            parent::assertPostConditions();
        }
    }

    protected function tearDown(): void
    {
        if (is_file($this->plugin())) {
            unlink($this->plugin());
        }
        parent::tearDown();
    }

    public function testAnAccountIdThatIsNoTextIsA400(): void
    {
        $this->useServerToServer();
        $admin = $this->browser('admin');
        $nonce = $admin->get('/wp-admin/admin-ajax.php?action=rest-nonce')->body;
        $before = $this->site->value("SELECT option_value FROM wp_options WHERE option_name = 'telemed_settings'");
        $form = array('Content-Type' => 'application/x-www-form-urlencoded', 'X-WP-Nonce' => $nonce);
        foreach (array('PUT', 'POST') as $method) {
            $page = $admin->request($method, self::SETTINGS, 'auth_type=server_to_server&account_id=%ff&client_id=a&client_secret=b', $form, false);
            $this->assertSame(400, $page->status, $page->body);
        }
        $this->assertSame(400, $admin->request('GET', self::SETTINGS . '?account_id=%ff', null, $form, false)->status);
        $this->assertSame(400, $this->browser('doctor1')->get(self::SETTINGS . '/callback?code=%ff&state=%ff', false)->status);
        $this->assertSame($before, $this->site->value("SELECT option_value FROM wp_options WHERE option_name = 'telemed_settings'"));
    }

    public function testWhatNobodyExpectedIsACalm500(): void
    {
        $this->useServerToServer();
        $mails = count($this->site->mails());
        file_put_contents($this->plugin(), '<?php
            if (isset($_SERVER["HTTP_X_TEST_THROWS"])) {
                add_filter("option_telemed_settings", static fn ($value) => did_action("rest_api_init") ? throw new \TypeError("x") : $value);
            }');
        $admin = $this->browser('admin');
        $nonce = $admin->get('/wp-admin/admin-ajax.php?action=rest-nonce')->body;
        $page = $admin->get(self::SETTINGS, false, array('X-Test-Throws' => '1', 'X-WP-Nonce' => $nonce));
        $this->assertSame(500, $page->status, $page->body);
        $this->assertSame('telemed_unexpected', $page->json()['code'], $page->body);
        $this->assertCount($mails, $this->site->mails());
        $this->assertStringContainsString('telemed-zoom: TypeError in ', implode("\n", $this->site->complaints()));
        $this->complains = true;
    }

    public function testTheCoresListIsAnsweredWhateverBreaksInOurs(): void
    {
        $this->useServerToServerWithHosts();
        $id = $this->book();
        $this->visit($id);
        $this->assertStringContainsString('telemed_visit=', stripslashes($this->kc('admin', 'GET', 'appointments')->body));
        file_put_contents($this->plugin(), '<?php
            if (isset($_SERVER["HTTP_X_TEST_THROWS"])) {
                add_filter("telemed_site_address", static function () { throw new \TypeError("x"); });
            }');
        $admin = $this->browser('admin');
        $nonce = $admin->get('/wp-admin/admin-ajax.php?action=rest-nonce')->body;
        $list = $admin->get('/wp-json/kivicare/v1/appointments', false, array('X-Test-Throws' => '1', 'X-WP-Nonce' => $nonce));
        $this->assertSame(200, $list->status, $list->body);
        $this->assertSame($id, (int) $list->json()['data']['appointments'][0]['id']);
        $this->assertStringNotContainsString('telemed_', $list->body);
        $this->assertStringContainsString('telemed-zoom: TypeError in ', implode("\n", $this->site->complaints()));
        $this->complains = true;
    }

    public function testRegenerateIsTakenOnceAMinute(): void
    {
        $this->useServerToServerWithHosts();
        $id = $this->book();
        $this->visit($id);
        $this->assertSame(200, $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference")->status);
        $this->settle();
        $first = $this->visit($id);
        $page = $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference");
        $this->assertSame(500, $page->status, $page->body);
        $this->assertStringContainsString('in a minute', $page->body);
        $this->settle();
        $this->assertSame($first['meeting_id'], $this->visit($id)['meeting_id']);
        $other = $this->book('receptionist', array('appointmentStartTime' => '11:00'));
        $this->visit($other);
        $this->assertSame(200, $this->kc('receptionist', 'GET', "appointments/{$other}/regenerate-video-conference")->status, 'each visit has its own minute');
        $this->records()->counters->ageSignals('limit:', 60);
        $this->assertSame(200, $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference")->status);
    }

    public function testWhatKivicareBooksIsNeverRefused(): void
    {
        $this->useServerToServerWithHosts();
        $hours = array('09:00', '10:00', '11:00', '12:00', '13:00', '14:00', '15:00');
        foreach ($hours as $hour) {
            $ids[] = $this->book('doctor1', array('appointmentStartTime' => $hour));
        }
        foreach ($ids as $id) {
            $this->visit($id);
        }
        $this->assertCount(count($hours), $this->meetings());
    }

    private function plugin(): string
    {
        return $this->site->wordpress() . '/wp-content/mu-plugins/throws.php';
    }
}
