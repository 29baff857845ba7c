<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use Telemed\Meeting;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** From a hundred meetings to ten thousand: what each costs stays the same, and what was done is let go. */
final class ScaleTest extends ExtensionTestCase
{
    /** What an allocator keeps for itself, in kilobytes. */
    private const SLACK = 3000;
    /** Twice what the engine keeps. */
    private const MOST_CONNECTIONS = 2 * 32;
    private const HELPERS = '
        function memory(string $field): int { return (int) preg_replace("/.*{$field}:\s+(\d+).*/s", "$1", file_get_contents("/proc/self/status")); }
        // From here on VmHWM is the peak since now.
        function forget_peak(): int { gc_collect_cycles(); file_put_contents("/proc/self/clear_refs", "5"); return memory("VmRSS"); }
        function requests(int $count, int $from = 0): array {
            $requests = [];
            for ($i = $from; $i < $from + $count; $i++) {
                $requests[] = new Telemed\MeetingRequest("Video visit", new DateTimeImmutable("2031-03-01T10:00:00Z +{$i} minutes"), 30, "UTC", FakeZoom::DOCTOR1, "site1:visit:{$i}");
            }
            return $requests;
        }
    ';

    protected function setUp(): void
    {
        parent::setUp();
        $this->zoom->settings(array('rate_limits' => false));
    }

    public function testAMeetingCostsTheSameAmongTenThousandAsAmongAThousand(): void
    {
        [$few, $many] = array($this->createdAtOnce(1000), $this->createdAtOnce(10000));
        foreach (array('few' => $few, 'many' => $many) as $report) {
            $this->assertSame($report['count'], $report['made']);
            $this->assertSame($report['count'], $report['posts'], 'one request each');
        }
        // Not of their number: a connection may close beside those that are kept, and another be opened.
        $this->assertLessThanOrEqual(self::MOST_CONNECTIONS, max($few['connections'], $many['connections']));
        $figures = json_encode(array($few, $many));
        $this->assertLessThan(10 * $few['peak'] + self::SLACK, $many['peak'], "no more for each: {$figures}");
        $this->assertLessThan(10000 * 3, $many['peak'], "three kilobytes each, with all that the meeting says: {$figures}");
        $this->assertLessThan(10000 * 0.5 + self::SLACK, $many['beside'], "little beside what is handed back: {$figures}");
    }

    public function testTenThousandInHundredsLeaveNothingBehind(): void
    {
        $child = ChildPhp::run(self::HELPERS . '
            $client = server_app()->client();
            $work = static function (int $round) use ($client): int {
                return count(array_filter($client->createMeetings(requests(100, 100 * $round)), static fn ($one) => $one instanceof Telemed\Meeting));
            };
            for ($round = 0, $made = 0; $round < 10; $round++) { $made += $work($round); }
            $before = forget_peak();
            for (; $round < 100; $round++) { $made += $work($round); }
            report([$made, memory("VmHWM") - $before]);');
        $this->assertIsArray($child->report, $child->errors . $child->output);
        $this->assertSame(10000, $child->report[0]);
        $this->assertLessThan(self::SLACK, $child->report[1], 'kilobytes more at the peak of the last nine thousand');
        $this->assertCount(10000, $this->creations());
    }

    public function testTenThousandAreComparedPageByPageInTheMemoryOfOnePage(): void
    {
        $few = $this->compared(900);
        $many = $this->compared(10000);
        $this->assertSame(array(900, 10000), array($few['seen'], $many['seen']));
        $this->assertSame(array(3, 34), array($few['lists'], $many['lists']), 'three hundred a page');
        $this->assertSame(array(0, 0), array($few['actions'], $many['actions']));
        // What is kept of each is its number.
        $this->assertLessThan($few['peak'] + self::SLACK, $many['peak'], json_encode(array($few, $many)));
    }

    public function testEachOfManyHasThePasscodeThatItsAccountWants(): void
    {
        $this->zoom->seed(array('accounts' => array(array(
            'id' => FakeZoom::ACCOUNT,
            'name' => 'Example Clinic',
            'plan' => 'Business',
            'settings' => array('schedule_meeting' => array('meeting_password_requirement' => array('length' => 8, 'only_allow_numeric' => true))),
        ))));
        $requests = array();
        for ($number = 0; $number < 300; $number++) {
            $requests[] = $this->visit(FakeZoom::DOCTOR1, "+1 day +{$number} hours", 30, 'UTC', "site1:{$number}");
        }
        $results = $this->serverApp()->client()->createMeetings($requests);
        $held = array_column($this->zoom->state()['meetings'], 'password', 'id');
        $this->assertCount(300, $held);
        foreach ($results as $meeting) {
            $this->assertInstanceOf(Meeting::class, $meeting);
            $this->assertMatchesRegularExpression('/^\d{8,10}$/', (string) $meeting->passcode());
            $this->assertSame($held[$meeting->id()], $meeting->passcode());
            $this->assertTrue($meeting->passcodeInLink());
        }
        $this->assertGreaterThan(290, count(array_unique($held)), 'each its own');
        $this->assertCount(1, $this->zoom->requests('GET', '/v2/users/' . FakeZoom::DOCTOR1 . '/settings'), 'the policy is read once');
    }

    /** @return array{count: int, made: int, posts: int, connections: int, peak: int, beside: int} kilobytes */
    private function createdAtOnce(int $count): array
    {
        $this->zoom->reset();
        $this->zoom->settings(array('rate_limits' => false));
        $child = ChildPhp::run(self::HELPERS . '
            $client = server_app()->client();
            // What one call brings along: the runtime, connections, buffers.
            $client->createMeetings(requests(300, 20000));
            $requests = requests(' . $count . ');
            $before = forget_peak();
            $results = $client->createMeetings($requests);
            $peak = memory("VmHWM");
            $made = count(array_filter($results, static fn ($one) => $one instanceof Telemed\Meeting));
            report(["made" => $made, "peak" => $peak - $before, "beside" => $peak - memory("VmRSS")]);');
        $this->assertIsArray($child->report, $child->errors . $child->output);
        $posts = count($this->creations()) - 300;
        return array('count' => $count, 'posts' => $posts, 'connections' => $this->connections()) + $child->report;
    }

    /** @return array{seen: int, actions: int, lists: int, peak: int} kilobytes */
    private function compared(int $count): array
    {
        $this->zoom->reset();
        $this->zoom->settings(array('rate_limits' => false));
        $child = ChildPhp::run(self::HELPERS . '
            $client = server_app()->client();
            $known = array_map(static fn ($meeting) => $meeting->id(), $client->createMeetings(requests(' . $count . ')));
            $references = array_flip($known);
            $visit = static fn (int $meeting): array => [
                "reference" => "site1:visit:{$references[$meeting]}", "meeting" => $meeting, "host" => FakeZoom::DOCTOR1,
                "start" => new DateTimeImmutable("2031-03-01T10:00:00Z +{$references[$meeting]} minutes"), "minutes" => 30,
            ];
            $compare = static function (?int $pages) use ($client, $visit, $known): array {
                $reconciler = new Telemed\Reconciler("site1", new DateTimeImmutable("+20 minutes"));
                [$seen, $actions, $token] = [0, 0, null];
                do {
                    $page = $client->meetingPage(FakeZoom::DOCTOR1, $token);
                    $found = $page->meetings();
                    $seen += count($found);
                    $actions += count($reconciler->page(array_map(static fn ($meeting) => $visit($meeting->id()), $found), $found));
                } while (($token = $page->next()) !== null && ($pages === null || --$pages > 0));
                foreach ($pages === null ? array_chunk($known, 300) : [] as $portion) {
                    $actions += count($reconciler->rest(array_map($visit, $portion)));
                }
                return ["seen" => $seen, "actions" => $actions];
            };
            $compare(2);
            $before = forget_peak();
            report($compare(null) + ["peak" => memory("VmHWM") - $before]);');
        $this->assertIsArray($child->report, $child->errors . $child->output);
        return array('lists' => count($this->zoom->requests('GET', '/v2/users/' . FakeZoom::DOCTOR1 . '/meetings')) - 2) + $child->report;
    }

    /** @return list<array<string, mixed>> */
    private function creations(): array
    {
        return $this->zoom->requests('POST', '/v2/users/' . FakeZoom::DOCTOR1 . '/meetings');
    }

    private function connections(): int
    {
        return count(array_unique(array_column($this->creations(), 'connection')));
    }
}
