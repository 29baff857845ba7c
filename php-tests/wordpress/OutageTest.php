<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

/** Zoom is dead, dumb, or has no name any more: one booking finds that out, and none after it waits. */
final class OutageTest extends ClinicTestCase
{
    private const BOOK = <<<'CODE'
        $plugin = \TelemedZoom\Plugin::instance();
        $doctor = get_user_by('login', 'doctor1')->ID;
        foreach (range(1, $arguments['count']) as $number) {
            $plugin->visits->book('manual', $arguments['name'] . $number, $doctor, \TelemedZoom\Visits\Visit::of(new \DateTimeImmutable("+{$number} days 09:30 UTC"), 25, 'Europe/Berlin', ''));
        }
        CODE;
    /** WordPress runs what is due when the answer has gone. */
    private const CRON = 'do_action("telemed_run");';

    protected function setUp(): void
    {
        parent::setUp();
        // Else the token brings along where the API answers.
        $this->zoom->settings(array('send_api_url' => false));
        $this->useServerToServerWithHosts();
        // The token is known.
        $this->site->php('$known = \TelemedZoom\Plugin::instance()->apps->forDoctor(get_user_by("login", "doctor1")->ID); $known->client->user($known->host);');
        $this->zoom->forgetRequests();
    }

    /** @dataProvider deaths */
    public function testOneOfManyBookingsAsksADeadZoomOnceAndNoOtherAsks(array $fault): void
    {
        $this->zoom->fault(array('path' => '/'), $fault, -1);
        $this->book('a', 10);
        $this->assertCount(1, $this->zoom->requests(), 'a creation is not sent twice');
        $this->assertSame(1, $this->attempts());
        $this->book('b', 10);
        $this->booked(array('start' => self::start(60)));
        $this->site->php(self::CRON);
        $this->assertCount(1, $this->zoom->requests());
        $this->assertSame(1, $this->attempts());
        $this->assertSame('21', $this->site->value('SELECT COUNT(*) FROM wp_telemed_meetings WHERE visit_key IS NOT NULL AND state IN ("due", "attempting")'));

        // A minute later one asks again, and again no other.
        $this->zoom->forgetRequests();
        $this->inMinutes(2);
        $asked = $this->zoom->requests();
        $this->assertCount(1, array_unique(array_column($asked, 'path')), 'one row is tried');
        $this->assertLessThanOrEqual(4, count($asked), 'a look-up may be repeated, finitely');

        $this->zoom->forgetFaults();
        $this->inMinutes(90);
        $this->assertSame('21', $this->site->value('SELECT COUNT(*) FROM wp_telemed_meetings WHERE state = "made"'));
        $this->assertCount(21, $this->meetings());
    }

    /** @return array<string, array{array<string, mixed>}> */
    public static function deaths(): array
    {
        return array(
            'cut before the work' => array(array('kind' => 'close_before_work')),
            'an answer that ends early' => array(array('kind' => 'truncate', 'bytes' => 20)),
        );
    }

    public function testAnOutageOfHoursUsesUpNothingOfTheDay(): void
    {
        $this->zoom->fault(array('path' => '/'), array('kind' => 'close_before_work'), -1);
        $this->book('a', 8);
        $used = $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            $passed = 0;
            add_filter("telemed_now", static function (int $now) use (&$passed): int { return $now + $passed; });
            for ($minute = 0; $minute < 240; $minute++) { $passed += 60; $plugin->worker->runDue(5.0); }
            return array_sum(array_column($plugin->database->rows("SELECT writes FROM wp_telemed_writes"), "writes"));'
        );
        $this->assertSame(count($this->creations()), $used, 'what may have reached Zoom');
        $this->assertLessThanOrEqual(8, $used);
    }

    public function testANameThatCannotBeResolvedIsAskedForOnce(): void
    {
        $home = $this->site;
        $this->site = $home->withDirectives(array('telemed.oauth_url' => 'https://zoom.invalid', 'telemed.api_url' => 'https://api.zoom.invalid'));
        $this->book('a', 10);
        $this->book('b', 10);
        $this->site->php(self::CRON);
        $this->assertSame(1, $this->attempts());
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertStringContainsString('name', (string) $this->site->value('SELECT last_error FROM wp_telemed_meetings WHERE last_error IS NOT NULL'));
        $this->site = $home;
        $this->inMinutes(90);
        $this->assertCount(20, $this->meetings());
        $this->assertCount(20, $this->creations(), 'nothing was sent before');
    }

    public function testAHostThatIsSlowIsCutByTheBudgetAndCostsOneBooking(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'delay', 'ms' => 60000), -1);
        // As the end of a request gives it, only shorter.
        $this->site->php(self::BOOK . 'remove_all_actions("shutdown"); foreach ($plugin->queries->due(10) as $id) { $plugin->worker->settle($id, 4.0); }', array('count' => 5, 'name' => 'a'));
        $this->assertCount(1, $this->zoom->requests('POST', '/v2/users/'));
        $this->assertSame(1, $this->attempts());
    }

    public function testVisitsThatCannotBeTriedYetDoNotHideTheOthers(): void
    {
        // More than a batch, the soonest of all, whose transaction may still be open.
        $this->book('waiting', 60, 'remove_all_actions("shutdown");');
        $this->site->database()->query("UPDATE wp_telemed_meetings SET source = 'test', event = 'booked', wished_at = UTC_TIMESTAMP()");
        $this->site->php(
            self::BOOK . 'remove_all_actions("shutdown");
            add_filter("telemed_appointment_sources", static fn (array $sources): array => $sources + ["test" => new class () implements \TelemedZoom\Ledger\AppointmentSource {
                public function name(): string { return "test"; }
                public function committed(array $appointments, \TelemedZoom\Site\Database $database): array { return []; }
                public function people(\TelemedZoom\Ledger\MeetingRecord $row): \TelemedZoom\Visits\People { return new \TelemedZoom\Visits\People("", null, null, null); }
                public function mayView(\TelemedZoom\Ledger\MeetingRecord $row, int $user): bool { return false; }
                public function mailsItself(string $event, \TelemedZoom\Ledger\MeetingRecord $row): bool { return true; }
            }]);
            global $wpdb; $wpdb->query("UPDATE {$wpdb->prefix}telemed_meetings SET start_utc = start_utc + INTERVAL 90 DAY, end_utc = end_utc + INTERVAL 90 DAY WHERE source = \'manual\'");
            $plugin->worker->runDue(60.0);',
            array('count' => 2, 'name' => 'standing')
        );
        $this->assertSame('2', $this->site->value('SELECT COUNT(*) FROM wp_telemed_meetings WHERE state = "made" AND source = "manual"'));
        $this->assertSame('60', $this->site->value('SELECT COUNT(*) FROM wp_telemed_meetings WHERE state = "due" AND source = "test"'));
    }

    /** Many visits written down by one request, which carries them out at its end. */
    private function book(string $name, int $count, string $then = ''): void
    {
        $this->site->php(self::BOOK . $then, array('count' => $count, 'name' => $name));
    }

    private function inMinutes(int $minutes): void
    {
        $this->runWorker($minutes * 60);
    }

    /** How often a row was brought to Zoom, or was to be. */
    private function attempts(): int
    {
        return (int) $this->site->value('SELECT COUNT(*) FROM wp_telemed_log WHERE event = "attempting"');
    }
}
