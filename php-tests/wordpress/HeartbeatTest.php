<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\Page;

/** Where something is due and nothing runs, administrators are told, with the line that mends it. */
final class HeartbeatTest extends ClinicTestCase
{
    private const CREATE = array('method' => 'POST', 'path' => '/v2/users/');

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testWhatWaitsWhileNothingRunsIsToldWithTheExactLinesForASystemCron(): void
    {
        $this->waitingVisit();
        $this->assertSame('', $this->dashboard()->text('telemed-heartbeat-notice'), 'it has not waited long');
        $this->records()->pretend->nobodyCameFor(20);
        foreach (array($this->dashboard(), $this->browser('admin')->screen('telemed-meetings')) as $page) {
            $this->assertStringContainsString('nothing has run on this site', $page->text('telemed-heartbeat-notice'));
            $this->assertSame("* * * * * wp telemed run --path='{$this->site->wordpress()}' --quiet", $this->line($page, 'telemed-cron-line'));
            $this->assertSame("* * * * * curl -fsS -o /dev/null '{$this->site->url()}/wp-cron.php?doing_wp_cron'", $this->line($page, 'telemed-cron-line-1'));
            $this->assertSame("* * * * * wget -q -O /dev/null '{$this->site->url()}/wp-cron.php?doing_wp_cron'", $this->line($page, 'telemed-cron-line-2'));
            $names = array_map(static fn (\DOMElement $line): string => $line->getAttribute('aria-label'), $page->all('//*[@id="telemed-heartbeat-notice"]//input'));
            $this->assertCount(3, array_unique(array_filter($names)), 'each line has a name of its own');
        }
        $this->assertNull($this->browser('admin')->get('/wp-admin/edit.php')->element('telemed-heartbeat-notice'));
        $this->assertNull($this->browser('doctor1')->screen('telemed-meetings')->element('telemed-heartbeat-notice'));
    }

    public function testARunEndsTheNoticeAndAMeetingThatNobodyWantsIsWaitedForAsWell(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->records()->pretend->nobodyCameFor(20);
        $this->assertSame('', $this->dashboard()->text('telemed-heartbeat-notice'), 'nothing is due');
        $this->zoom->fault(array('method' => 'DELETE', 'path' => '/v2/meetings/'), array('kind' => 'status', 'status' => 500, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->records()->pretend->nobodyCameFor(20);
        $this->assertNotSame('', $this->dashboard()->text('telemed-heartbeat-notice'));
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        $this->runWorker(0);
        $this->assertSame('', $this->dashboard()->text('telemed-heartbeat-notice'));
        $this->assertSame(array(), $this->meetings());
    }

    public function testAQuarterOfAnHourIsWaitedFromTheMomentItWasDueAndFromTheLastRun(): void
    {
        $this->waitingVisit();
        [$due] = array_values($this->records()->visits->dueAt());
        $this->assertSame(
            array(null, null, $due),
            array($this->quietSince($due), $this->quietSince($due + 899), $this->quietSince($due + 900))
        );
        $this->site->php('$plugin = \TelemedZoom\Plugin::instance(); $plugin->signals->set(\TelemedZoom\Work\Worker::SIGNAL_RAN, $arguments["at"]);', array('at' => $due + 600));
        $this->assertSame(array(null, $due + 600), array($this->quietSince($due + 1499), $this->quietSince($due + 1500)));
    }

    private function waitingVisit(): void
    {
        $this->zoom->fault(self::CREATE, array('kind' => 'status', 'status' => 503, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $this->booked();
    }

    /** Since when nothing has run, as it is told at a moment. */
    private function quietSince(int $moment): ?int
    {
        return $this->site->php(
            'add_filter("telemed_now", static fn (): int => $arguments["now"]);
            $plugin = \TelemedZoom\Plugin::instance();
            $heartbeat = new \TelemedZoom\Care\Heartbeat($plugin->queries, $plugin->signals, $plugin->guard, $plugin->extension);
            return $heartbeat->quietSince()?->getTimestamp();',
            array('now' => $moment)
        );
    }

    private function dashboard(): Page
    {
        return $this->browser('admin')->get('/wp-admin/index.php');
    }

    private function line(Page $page, string $id): string
    {
        return (string) $page->element($id)?->getAttribute('value');
    }
}
