<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** Each host's writes of the UTC day, counted over all processes of the site. */
final class WriteBudgetTest extends ClinicTestCase
{
    /** The exchange begins before midnight and fails after it. */
    public function testARefusalAfterMidnightLeavesTheNewDayAlone(): void
    {
        $this->useServerToServerWithHosts();
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users/'), 400, array('code' => 300, 'message' => 'no'));
        $midnight = intdiv(time(), 86400) * 86400 + 86400;
        $this->records()->counters->addWrites(FakeZoom::DOCTOR1, gmdate('Y-m-d', $midnight), 7);
        $this->site->php(
            '$now = $arguments["midnight"] - 2;
            add_filter("telemed_now", static function () use (&$now): int { return $now; });
            // It is written down that it is tried, and only then Zoom is asked.
            add_action("telemed_visit_changed", static function (array $visit) use (&$now): void { if (in_array("attempting", $visit["events"], true)) { $now += 30; } });
            $visit = \TelemedZoom\Ledger\Visit::upcoming(new \DateTimeImmutable("@" . ($arguments["midnight"] + 600000)), 25, "Europe/Berlin", "");
            \TelemedZoom\Plugin::instance()->visits->book("manual", "late", $arguments["doctor"], $visit);',
            array('midnight' => $midnight, 'doctor' => $this->site->userId('doctor1'))
        );
        $this->assertCount(1, $this->creations());
        $this->assertSame(array(array(gmdate('Y-m-d', $midnight - 2), 0), array(gmdate('Y-m-d', $midnight), 7)), $this->records()->counters->writesByDay());
    }
}
