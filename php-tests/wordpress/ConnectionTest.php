<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** A doctor's connection is kept alive, and one that dies is told once to those who can mend it. */
final class ConnectionTest extends ClinicTestCase
{
    private const DAY = 86400;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->zoom->forgetRequests();
    }

    public function testAConnectionIsRefreshedOnceAWeekAndNotMore(): void
    {
        $this->renew(6 * self::DAY);
        $this->assertSame(0, $this->refreshes());
        $this->renew(8 * self::DAY);
        $this->assertSame(1, $this->refreshes());
        $this->renew(9 * self::DAY);
        $this->assertSame(1, $this->refreshes());
        $this->renew(16 * self::DAY);
        $this->assertSame(2, $this->refreshes());
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->assertSame(array(), $this->site->mails());
    }

    public function testTheCommandOfASystemCronCarriesTheHoursAndTheNightsWorkToo(): void
    {
        $this->site->php('foreach (["telemed_renew" => "hourly", "telemed_nightly" => "daily"] as $hook => $schedule) { wp_clear_scheduled_hook($hook); wp_schedule_event(time() - 60, $schedule, $hook); }
            delete_user_option($arguments["doctor"], "telemed_renew_at");', array('doctor' => $this->site->userId('doctor1')));
        $runs = $this->site->php('$ran = []; foreach (["telemed_run", "telemed_renew", "telemed_nightly"] as $hook) { add_action($hook, function () use ($hook, &$ran) { $ran[] = $hook; }); }
            \TelemedZoom\Cron::catchUp(); \TelemedZoom\Cron::catchUp();
            return [$ran, wp_next_scheduled("telemed_renew") > time(), wp_next_scheduled("telemed_nightly") > time()];');
        $this->assertSame(array(array('telemed_run', 'telemed_renew', 'telemed_nightly', 'telemed_run'), true, true), $runs);
        $this->assertSame(0, $this->wpCli('telemed run')['status']);
    }

    public function testAGrantInTheFormerAppIsRefreshedWhateverTheModeIsNow(): void
    {
        $row = $this->make('doctor1', 'doctor1');
        $this->useServerToServer();
        $this->renew(8 * self::DAY);
        $this->assertSame(1, $this->refreshes());
        $this->renew(9 * self::DAY);
        $this->assertSame(1, $this->refreshes());
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->assertSame(array(), $this->meetings());
    }

    public function testTheEventsOfWordPressCarryTheRenewal(): void
    {
        $this->assertSame('hourly', $this->site->php('\TelemedZoom\Cron::schedule(); return wp_get_schedule("telemed_renew");'));
    }

    public function testAnOutageOfZoomEndsTheBatchAndKillsNobody(): void
    {
        $this->connect('doctor2', FakeZoom::DOCTOR2);
        $this->zoom->forgetRequests();
        $this->zoom->answer(array('method' => 'POST', 'path' => '/oauth/token'), 502, array(), array(), -1);
        $this->renew(8 * self::DAY);
        $this->zoom->forgetFaults();
        $this->assertSame(array(), $this->site->mails());
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->renew(9 * self::DAY);
        $this->zoom->forgetRequests();
        $this->renew(10 * self::DAY);
        $this->assertSame(0, $this->refreshes());
    }

    public function testADeadConnectionFoundByRenewalIsToldOnceToTheDoctorAndToTheAdministratorsUntilItIsMended(): void
    {
        $row = $this->make('doctor1', 'doctor1');
        $this->zoomEndsTheGrant();
        $this->renew(8 * self::DAY);
        $this->renew(9 * self::DAY);
        $this->doctorsScreen('doctor1', 'status');

        $mails = $this->mailsToReconnect();
        $to = array_column($mails, 'to');
        $this->assertCount(1, array_keys($to, 'doctor1@clinic.example', true), json_encode($mails));
        $this->assertSame(array_unique($to), $to);
        $this->assertGreaterThan(1, count($to));
        foreach ($mails as $mail) {
            $this->assertStringContainsString('profile.php', $mail['message']);
            $this->assertStringContainsString('1 upcoming visit', $mail['message']);
            $this->assertStringContainsString($this->localTime($row['start']), $mail['message']);
            $this->assertStringNotContainsString('zoom.us/j', $mail['message']);
        }
        $this->assertNotSame('', $this->browser('doctor1')->get('/wp-admin/index.php')->text('telemed-connection-notice'));
        $list = $this->browser('doctor1')->screen('telemed-meetings');
        $this->assertNotSame('', $list->text('telemed-connection-notice'));
        $this->assertSame('', $list->text('telemed-connect-notice'), 'it is said once');
        $this->assertStringContainsString('Dora', $this->browser('admin')->screen('telemed-doctors')->text('telemed-connections-notice'));

        $this->zoom->forgetFaults();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->assertSame('', $this->browser('doctor1')->get('/wp-admin/index.php')->text('telemed-connection-notice'));
        $this->assertSame('', $this->browser('admin')->screen('telemed-doctors')->text('telemed-connections-notice'));
        $this->assertCount(count($mails), $this->mailsToReconnect());
    }

    public function testAConnectionWhoseRenewalIsLostGoesOnToItsEndAndIsToldInTime(): void
    {
        $token = array('method' => 'POST', 'path' => '/oauth/token');
        $this->zoom->fault($token, array('kind' => 'close_after_work'));
        $this->renew(8 * self::DAY);
        $this->assertSame(2, $this->refreshes(), 'sent once more under the same lock');
        $mails = $this->mailsToReconnect();
        $this->assertContains('doctor1@clinic.example', array_column($mails, 'to'));
        $this->assertContains('admin@clinic.example', array_column($mails, 'to'));
        $end = $this->site->php('return wp_date(get_option("date_format") . " " . get_option("time_format"), \TelemedZoom\Plugin::instance()->apps->connection($arguments["doctor"])->until()->getTimestamp());', array('doctor' => $this->site->userId('doctor1')));
        foreach ($mails as $mail) {
            $this->assertStringContainsString("still works, but ends soon ({$end})", $mail['message']);
        }
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->assertStringContainsString('ends at', $this->browser('doctor1')->get('/wp-admin/index.php')->text('telemed-connection-notice'));
        $this->make('doctor1', 'doctor1');
        $this->renew(16 * self::DAY);
        $this->assertSame(2, $this->refreshes(), 'there is nothing to renew it with');

        // Its end.
        $this->zoom->forgetAccessTokens();
        $this->assertSame('due', $this->booked(array('start' => self::start(31)))['state']);
        $this->assertNotSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->assertStringContainsString('has ended', $this->browser('doctor1')->get('/wp-admin/profile.php')->text('telemed-ended'));
        $this->assertCount(count($mails), $this->mailsToReconnect(), 'told once');
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->assertSame('', $this->browser('doctor1')->get('/wp-admin/index.php')->text('telemed-connection-notice'));
    }

    public function testADeadConnectionOfWhichNobodyHasHeardIsToldWhenAMeetingNeedsIt(): void
    {
        $row = $this->make('doctor1', 'doctor1');
        $this->zoomEndsTheGrant();
        $this->renew(8 * self::DAY);
        $told = $this->mailsToReconnect();
        $this->assertNotSame(array(), $told);
        // The process that found it dead was killed before it told.
        $this->site->php('delete_user_option($arguments["doctor"], "telemed_connection_ended");', array('doctor' => $this->site->userId('doctor1')));
        $page = $this->browser('doctor1')->get($row['start_link'], false);
        $this->assertNotNull($page->element('telemed-start-fallback'));
        $again = array_slice($this->mailsToReconnect(), count($told));
        $this->assertContains('doctor1@clinic.example', array_column($again, 'to'));
    }

    public function testAConnectionIsToldNobodyWhenZoomRefusesItsTokenForAWhile(): void
    {
        $this->zoom->answer(array('path' => '/v2/'), 401, array('code' => 124, 'message' => 'Invalid access token.'), array(), 4);
        $row = $this->booked();
        $this->assertSame('due', $row['state']);
        $this->assertStringNotContainsString('onnect to Zoom again', (string) $row['error']);
        $this->assertSame(array(), $this->mailsToReconnect());
        $this->zoom->forgetFaults();
        $this->runWorker(600);
        $this->assertSame('made', $this->row($row['id'])['state']);
    }

    public function testOfManyConnectionsThatEndTogetherAdministratorsGetTheFirstAndOneMailOfTheOthers(): void
    {
        $this->site->php('
            foreach (range(1, 30) as $number) {
                $doctors[] = wp_insert_user(["user_login" => "many$number", "user_pass" => "x", "user_email" => "many$number@clinic.example", "display_name" => "Doctor $number", "role" => "telemed_doctor"]);
            }
            $plugin = \TelemedZoom\Plugin::instance();
            $mails = new \TelemedZoom\Connections\ConnectionMails($plugin->database, $plugin->queries);
            foreach ([...$doctors, ...$doctors] as $doctor) { $mails->tell($doctor, "no key opens it", null, null); }');
        try {
            $this->assertCount(31, array_diff(array_column($this->site->mails(), 'to'), array('')), 'each doctor, and the administrator of the first');
            $this->runWorker(5 * 60);
            $this->assertCount(31, $this->site->mails());
            $this->runWorker(11 * 60);
            $this->runWorker(12 * 60);
            $this->runWorker(60 * 60);
            $mails = $this->site->mails();
            $this->assertCount(32, $mails);
            $this->assertStringContainsString('29 more doctors must connect Zoom again', $mails[31]['subject']);
            $this->assertStringContainsString('- Doctor 2, with 0 upcoming visits: no key opens it', $mails[31]['message']);
            $this->assertStringContainsString('and 4 more', $mails[31]['message']);
        } finally {
            $this->site->php('require_once ABSPATH . "wp-admin/includes/user.php"; foreach (range(1, 30) as $number) { wp_delete_user(get_user_by("login", "many$number")->ID); }');
        }
    }

    public function testAVisitThatWaitedForTheConnectionIsMadeAsSoonAsTheDoctorHasReconnected(): void
    {
        $this->zoomEndsTheGrant();
        $row = $this->booked();
        $this->assertSame('due', $row['state']);
        $this->assertContains('doctor1@clinic.example', array_column($this->mailsToReconnect(), 'to'), 'a failed booking tells at once');
        $this->runWorker(0);
        $this->assertNotNull($this->records()->visits->dueAt()[$row['id']]);

        $this->zoom->forgetFaults();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->runWorker(0);
        $this->assertSame('made', $this->row($row['id'])['state']);
    }

    public function testAClientSecretThatNoKeyOpensIsMailedToTheAdministratorsOnceUntilItIsEnteredAgain(): void
    {
        $this->site->php('$plugin = \TelemedZoom\Plugin::instance();
            $app = $plugin->settings->app(\TelemedZoom\Clinic\Mode::OAuth);
            $spoilt = substr($app->secret, 0, -6) . strrev(substr($app->secret, -6));
            $plugin->registry->put(new \TelemedZoom\Clinic\App($app->mode, $app->account, $app->client, $spoilt, $app->context, $app->redirectUrl));');
        $this->runWorker(0);
        $this->runWorker(60);
        $mails = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => str_contains($mail['subject'], 'client secret')));
        $this->assertNotSame(array(), $mails);
        $this->assertSame(array_unique(array_column($mails, 'to')), array_column($mails, 'to'));
        $this->assertNotContains('doctor1@clinic.example', array_column($mails, 'to'));
        $this->useOAuth();
        $this->runWorker(120);
        $this->assertNull($this->site->value("SELECT option_value FROM wp_options WHERE option_name = 'telemed_secret_mailed'"));
    }

    /** @return list<array<string, mixed>> */
    private function mailsToReconnect(): array
    {
        return array_values(array_filter($this->site->mails(), static fn (array $mail): bool => 1 === preg_match('/connect Zoom again/i', $mail['subject'])));
    }

    private function zoomEndsTheGrant(): void
    {
        $this->zoom->advance(2 * 3600);
        $this->zoom->answer(array('method' => 'POST', 'path' => '/oauth/token'), 400, array('reason' => 'Invalid Token!', 'error' => 'invalid_grant'), array(), -1);
    }

    /** What WP-Cron runs every hour, so many seconds from now. */
    private function renew(int $seconds): void
    {
        $this->site->php(
            'add_filter("telemed_now", static fn (int $now): int => $now + $arguments["seconds"]); do_action("telemed_renew");',
            array('seconds' => $seconds)
        );
    }

    private function refreshes(): int
    {
        return count(array_filter(
            $this->zoom->requests('POST', '/oauth/token'),
            // The settings page looks at the credentials that it stores.
            static fn (array $request): bool => str_contains($request['body'], 'grant_type=refresh_token')
        ));
    }

    /** As the site writes it. */
    private function localTime(string $start): string
    {
        return $this->site->php('return wp_date(get_option("date_format") . " " . get_option("time_format"), strtotime($arguments["start"]));', array('start' => $start));
    }
}
