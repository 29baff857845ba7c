<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** Each host's writes of the UTC day, counted over all processes of the site. */
final class WriteBudgetTest extends ClinicTestCase
{
    public function testAWriteIsGivenBackToTheDayItWasTakenFrom(): void
    {
        $midnight = intdiv(time(), 86400) * 86400 + 86400;
        $this->site->php(
            '$now = $arguments["midnight"] - 2;
            add_filter("telemed_now", static function () use (&$now): int { return $now; });
            $start = new \DateTimeImmutable("@" . ($arguments["midnight"] + 600000));
            [$ours, $other] = [new \TelemedZoom\Work\WriteBudget(\TelemedZoom\Plugin::instance()->database), new \TelemedZoom\Work\WriteBudget(\TelemedZoom\Plugin::instance()->database)];
            $ours->claim("host", $start);
            $ours->claim("host", $start);
            // Zoom has been silent for half a minute, and somebody else has begun the new day.
            $now += 30;
            $other->claim("host", $start);
            $ours->giveBack("host");
            // Nothing is left to be given back.
            $ours->giveBack("host");
            $ours->giveBack("another host");',
            array('midnight' => $midnight)
        );
        $this->assertSame(array(array(gmdate('Y-m-d', $midnight - 2), 1), array(gmdate('Y-m-d', $midnight), 1)), $this->records()->counters->writesByDay());
    }

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
            add_action("telemed_row_changed", static function ($row, $before, string $event) use (&$now): void { if ("attempting" === $event) { $now += 30; } }, 10, 3);
            $visit = \TelemedZoom\Ledger\Visit::of(new \DateTimeImmutable("@" . ($arguments["midnight"] + 600000)), 25, "Europe/Berlin", "");
            \TelemedZoom\Plugin::instance()->visits->book("manual", "late", $arguments["doctor"], $visit);',
            array('midnight' => $midnight, 'doctor' => $this->site->userId('doctor1'))
        );
        $this->assertCount(1, $this->creations());
        $this->assertSame(array(array(gmdate('Y-m-d', $midnight - 2), 0), array(gmdate('Y-m-d', $midnight), 7)), $this->records()->counters->writesByDay());
    }
}
