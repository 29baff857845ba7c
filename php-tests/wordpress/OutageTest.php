<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Page;

/** Zoom is dead, dumb, or has no name any more: a few bookings find that out, and none after them waits. One answer that is lost is none of that. */
final class OutageTest extends ClinicTestCase
{
    /** So many are an outage. */
    private const LOST_IN_A_ROW = 3;
    private const BOOK = <<<'CODE'
        $plugin = \TelemedZoom\Plugin::instance();
        $doctor = get_user_by('login', 'doctor1')->ID;
        foreach (range(1, $arguments['count']) as $number) {
            $plugin->visits->book('manual', $arguments['name'] . $number, $doctor, \TelemedZoom\Ledger\Visit::upcoming(new \DateTimeImmutable("+{$number} days 09:30 UTC"), 25, 'Europe/Berlin', ''));
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
        $this->site->php('$known = \TelemedZoom\Plugin::instance()->apps->forDoctor(get_user_by("login", "doctor1")->ID); $known->client->user($known->maker->namedHost());');
        $this->zoom->forgetRequests();
    }

    /** @dataProvider deaths */
    #[DataProvider('deaths')]
    public function testAFewOfManyBookingsAskADeadZoomAndNoOtherAsks(array $fault): void
    {
        $this->zoom->fault(array('path' => '/'), $fault, -1);
        $this->book('a', 10);
        $this->assertCount(self::LOST_IN_A_ROW, $this->zoom->requests(), 'a creation is not sent twice');
        $this->assertSame(self::LOST_IN_A_ROW, $this->attempts());
        $this->book('b', 10);
        $this->booked(array('start' => self::start(60)));
        $this->site->php(self::CRON);
        $this->assertCount(self::LOST_IN_A_ROW, $this->zoom->requests());
        $this->assertSame(self::LOST_IN_A_ROW, $this->attempts());
        $this->assertSame(21, $this->records()->visits->count('due', 'attempting'));
        $this->assertNotContains(null, array_column($this->records()->visits->all(), 'visit_key'));

        // Minutes later one asks again, and again no other.
        foreach (array(2, 4, 6) as $minutes) {
            $this->zoom->forgetRequests();
            $this->inMinutes($minutes);
            $this->inMinutes($minutes);
            $asked = $this->zoom->requests();
            $this->assertCount(1, array_unique(array_column($asked, 'path')), 'one row is tried');
            $this->assertLessThanOrEqual(4, count($asked), 'a look-up may be repeated, finitely');
        }

        // The first answer ends it.
        $this->zoom->forgetFaults();
        $this->inMinutes(90);
        $this->assertSame(21, $this->records()->visits->count('made'));
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

    public function testWithAnswersLostNowAndThenTheOthersAreMadeAtOnce(): void
    {
        foreach (array('close_before_work', 'close_after_work', 'close_before_work') as $number => $kind) {
            $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => $kind), 1, 20 * $number + 10);
        }
        $this->book('a', 60, 'remove_all_actions("shutdown");');
        $this->site->php('\TelemedZoom\Plugin::instance()->worker->runDue(300.0);');
        $this->assertCount(60, $this->creations(), 'one in twenty was lost, and each was asked for once');
        $this->assertSame(57, $this->records()->visits->count('made'));
        $this->inMinutes(3);
        $this->assertSame(60, $this->records()->visits->count('made'));
        $this->assertCount(60, $this->meetings());
    }

    public function testInAnOutageAClickOnJoinTriesAndItsAnswerEndsTheOutage(): void
    {
        $this->zoom->fault(array('path' => '/'), array('kind' => 'close_before_work'), -1);
        $this->book('a', 10);
        $visits = array();
        foreach (array(300, 400) as $seconds) {
            $visits[] = $this->booked(array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + $seconds)));
        }
        $this->assertSame(array('due', 'due'), array_column($visits, 'state'), 'no booking waits for Zoom');
        $this->zoom->forgetRequests();

        // Of several who wait at one moment one tries.
        foreach (array(20, -60) as $number => $seconds) {
            $this->lastTriedSecondsAgo($seconds);
            $this->assertSame('waiting', $this->join($visits[$number])->element('telemed-visit')?->getAttribute('data-state'));
            $this->assertCount(1, $this->zoom->requests());
        }

        $this->zoom->forgetFaults();
        $this->lastTriedSecondsAgo(20);
        $answer = $this->join($visits[1]);
        $this->assertSame(302, $answer->status, $answer->body);
        // Nobody waits for the minute any more.
        $this->site->php(self::CRON);
        $this->assertCount(7, array_filter($this->records()->visits->all(), static fn (array $visit): bool => array('made', 'manual', '0') === array($visit['state'], $visit['source'], $visit['tries'])
            && strtotime("{$visit['start_utc']} UTC") > time() + 3600));
    }

    public function testOfSeveralWhoSawTheSameOutageOneTakesTheTurn(): void
    {
        $this->assertSame(array(null, null, true, false, null), $this->site->php(
            '$outages = \TelemedZoom\Plugin::instance()->outages;
            $at = static fn (int $second): string => sprintf("2026-12-01 09:00:%02d", $second);
            $outages->lost($at(1)); $outages->lost($at(2)); $outages->answered($at(2)); $outages->lost($at(3)); $outages->lost($at(4));
            $said = [$outages->triedAt()];                     // Never three in a row.
            $outages->lost($at(5));
            $tried = $outages->triedAt();
            $said[] = $at(5) === $tried ? null : $tried;
            $said[] = $outages->takeTurn($tried, $at(30)); $said[] = $outages->takeTurn($tried, $at(31));
            $outages->answered($at(32));
            return [...$said, $outages->triedAt()];'
        ));
    }

    public function testAnOutageOfHoursUsesUpNothingOfTheDay(): void
    {
        $this->zoom->fault(array('path' => '/'), array('kind' => 'close_before_work'), -1);
        $this->book('a', 8);
        $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            $passed = 0;
            add_filter("telemed_now", static function (int $now) use (&$passed): int { return $now + $passed; });
            for ($minute = 0; $minute < 240; $minute++) { $passed += 60; $plugin->worker->runDue(5.0); }'
        );
        $used = $this->records()->counters->writes();
        $this->assertSame(count($this->creations()), $used, 'what may have reached Zoom');
        $this->assertLessThanOrEqual(8, $used);
    }

    public function testANameThatCannotBeResolvedIsAskedForAFewTimes(): void
    {
        $home = $this->site;
        $this->site = $home->withDirectives(array('telemed.oauth_url' => 'https://zoom.invalid', 'telemed.api_url' => 'https://api.zoom.invalid'));
        $this->book('a', 10);
        $this->book('b', 10);
        $this->site->php(self::CRON);
        $this->assertSame(self::LOST_IN_A_ROW, $this->attempts());
        $this->assertSame(array(), $this->zoom->requests());
        $problems = array_filter(array_column($this->records()->visits->all(), 'problem'), is_string(...));
        $this->assertStringContainsString('name', (string) reset($problems));
        $this->site = $home;
        $this->inMinutes(90);
        $this->assertCount(20, $this->meetings());
        $this->assertCount(20, $this->creations(), 'nothing was sent before');
    }

    public function testAHostThatIsSlowIsCutByTheBudgetAndCostsAFewBookings(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'delay', 'ms' => 60000), -1);
        // As the end of a request gives it, only shorter.
        $this->site->php(self::BOOK . 'remove_all_actions("shutdown"); foreach (\Telemed\Tests\Records\InPlugin::due(10) as $id) { $plugin->oneVisit->bringOn($id, 4.0); }', array('count' => 5, 'name' => 'a'));
        $this->assertCount(self::LOST_IN_A_ROW, $this->zoom->requests('POST', '/v2/users/'));
        $this->assertSame(self::LOST_IN_A_ROW, $this->attempts());
    }

    public function testVisitsThatCannotBeTriedYetDoNotHideTheOthers(): void
    {
        // More than a batch, the soonest of all, whose transaction may still be open.
        $this->book('waiting', 60, 'remove_all_actions("shutdown");');
        $this->records()->pretend->bookedWith('test');
        $this->book('standing', 2, 'remove_all_actions("shutdown");');
        $this->records()->pretend->daysLater(90, 'manual');
        $this->site->php(
            'remove_all_actions("shutdown");
            \TelemedZoom\Plugin::instance()->sources->add(new class () implements \TelemedZoom\Ledger\AppointmentSystem {
                public function name(): string { return "test"; }
                public function committed(array $appointments, \TelemedZoom\Site\Database $database): array { return []; }
                public function people(\TelemedZoom\Ledger\MeetingRecord $row): \TelemedZoom\Ledger\People { return new \TelemedZoom\Ledger\People("", null, null, null); }
                public function can(string $appointment): array { return []; }
                public function title(): string { return "Test"; }
                public function contradicted(\TelemedZoom\Site\Database $database, int $limit): array { return []; }
                public function mails(array $appointments, \TelemedZoom\Site\Database $database): array { return []; }
            });
            \TelemedZoom\Plugin::instance()->worker->runDue(60.0);'
        );
        $this->assertSame(array('made', 'made'), array_column($this->records()->visits->bySource('manual'), 'state'));
        $this->assertSame(array_fill(0, 60, 'due'), array_column($this->records()->visits->bySource('test'), 'state'));
    }

    /** Many visits written down by one request, which carries them out at its end. */
    private function book(string $name, int $count, string $then = ''): void
    {
        $this->site->php(self::BOOK . $then, array('count' => $count, 'name' => $name));
    }

    /** @param array<string, mixed> $visit */
    private function join(array $visit): Page
    {
        return $this->site->visitor()->get((string) parse_url($visit['visit_link'], PHP_URL_PATH) . '?' . parse_url($visit['visit_link'], PHP_URL_QUERY) . '&join=1', false);
    }

    private function lastTriedSecondsAgo(int $seconds): void
    {
        $this->records()->pretend->lastTried($seconds);
    }

    private function inMinutes(int $minutes): void
    {
        $this->runWorker($minutes * 60);
    }

    /** How often a row was brought to Zoom, or was to be. */
    private function attempts(): int
    {
        return $this->records()->log->count('attempting');
    }
}
