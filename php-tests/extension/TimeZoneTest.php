<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use Telemed\ConfigurationException;
use Telemed\Meeting;
use Telemed\MeetingRequest;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** Whatever clock the clinic goes by: the instant that Zoom has is the appointment's, also in the nights when clocks change. */
final class TimeZoneTest extends ExtensionTestCase
{
    /** Clock changes looked at in each zone: one there and one back. */
    private const CHANGES = 2;

    public function testInEveryZoneAndAroundBothOfItsClockChangesZoomHasTheInstantOfTheAppointment(): void
    {
        $visits = array();
        $kinds = array();
        foreach (\DateTimeZone::listIdentifiers() as $name) {
            $zone = new \DateTimeZone($name);
            foreach (self::moments($zone) as [$wall, $kind, $instants]) {
                $start = new \DateTimeImmutable($wall, $zone);
                $this->assertContains($start->getTimestamp(), $instants, "PHP: {$wall} {$name}, {$kind}");
                $visits[] = array($start, $name, $start->getTimestamp());
                foreach (count($instants) > 1 ? $instants : array() as $instant) {
                    $visits[] = array((new \DateTimeImmutable("@{$instant}"))->setTimezone($zone), $name, $instant);
                }
                $kinds[$kind] = ($kinds[$kind] ?? 0) + 1;
            }
        }
        foreach (array('by day' => 800, 'beside the change' => 500, 'skipped' => 300, 'twice' => 300) as $kind => $least) {
            $this->assertGreaterThan($least, $kinds[$kind], $kind);
        }
        $this->assertMade($visits);
    }

    public function testAZoneThatIsOnlyAnOffsetIsAnInstantToo(): void
    {
        $visits = array();
        foreach (array('+00:00', '-00:00', '+05:30', '+05:45', '-03:30', '+14:00', '-12:00', '+00:01', '-23:59', 'EST', 'CEST', 'UTC', 'Z') as $zone) {
            $start = new \DateTimeImmutable('2031-03-30 02:30:00', new \DateTimeZone($zone));
            $visits[] = array($start, 'Europe/Berlin', gmmktime(2, 30, 0, 3, 30, 2031) - $start->getOffset());
        }
        $this->assertMade($visits);
    }

    public function testAnOffsetOrAnAbbreviationIsNoZoneToDisplayIn(): void
    {
        $start = new \DateTimeImmutable('2031-03-30 02:30:00', new \DateTimeZone('+05:30'));
        foreach (array('+05:30', 'CEST', 'UTC+2') as $zone) {
            $refusal = $this->failure(ConfigurationException::class, static fn () => new MeetingRequest('Video visit', $start, 30, $zone));
            $this->assertStringContainsString('zone', $refusal->getMessage());
        }
    }

    /**
     * Wall times of a zone, by day in winter and in summer and around the changes of its clocks, with the instants that each can
     * be, reckoned from the zone's offsets. What the clocks skip is read by the offset before, so it lies as long after the
     * change; what they show twice is one of two, and PHP's choice between them is its own.
     *
     * @return list<array{string, string, list<int>}> wall time, kind, instants
     */
    private static function moments(\DateTimeZone $zone): array
    {
        $moments = array();
        $add = static function (string $kind, int $wall, int ...$offsets) use (&$moments): void {
            $moments[] = array(gmdate('Y-m-d H:i:s', $wall), $kind, array_map(static fn (int $offset): int => $wall - $offset, $offsets));
        };
        foreach (array('2031-01-15T12:00:00Z', '2031-07-15T12:00:00Z') as $noon) {
            $offset = (new \DateTimeImmutable($noon))->setTimezone($zone)->getOffset();
            $add('by day', strtotime($noon) + $offset, $offset);
        }
        $found = 0;
        foreach (self::changes($zone) as [$at, $before, $after]) {
            if ($found === self::CHANGES) {
                break;
            }
            $found++;
            [$first, $last] = array($at + min($before, $after), $at + max($before, $after) - 1);
            $add('beside the change', $first - 3600, $before);
            $add('beside the change', $first - 1, $before);
            $add('beside the change', $last + 1, $after);
            $add('beside the change', $last + 3600, $after);
            foreach (array($first, intdiv($first + $last, 2), $last) as $wall) {
                $after > $before ? $add('skipped', $wall, $before) : $add('twice', $wall, $before, $after);
            }
        }
        return $moments;
    }

    /**
     * The zone's clock changes of two years, from its offsets: before PHP 8.2 getTransitions() ends with the table of the zone and
     * leaves out what its rule says.
     *
     * @return \Generator<array{int, int, int}> the instant, the offset before and the offset from then on
     */
    private static function changes(\DateTimeZone $zone): \Generator
    {
        $offset = static fn (int $instant): int => (new \DateTimeImmutable("@{$instant}"))->setTimezone($zone)->getOffset();
        $week = 7 * 86400;
        $until = gmmktime(0, 0, 0, 12, 31, 2032);
        for ($from = gmmktime(0, 0, 0, 1, 1, 2031); $from < $until; $from += $week) {
            [$low, $high] = array($from, $from + $week);
            if ($offset($low) === $offset($high)) {
                continue;
            }
            while ($high - $low > 1) {
                $middle = intdiv($low + $high, 2);
                if ($offset($middle) === $offset($low)) {
                    $low = $middle;
                } else {
                    $high = $middle;
                }
            }
            yield array($high, $offset($low), $offset($high));
        }
    }

    /** @param list<array{\DateTimeImmutable, string, int}> $visits start, zone to display, the instant that Zoom shall have */
    private function assertMade(array $visits): void
    {
        $this->zoom->settings(array('rate_limits' => false));
        $requests = array_map(
            static fn (array $visit): MeetingRequest => new MeetingRequest('Video visit', $visit[0], 30, $visit[1], FakeZoom::DOCTOR1),
            $visits
        );
        $results = $this->serverClient()->createMeetings($requests);
        $made = array_column($this->zoom->state()['meetings'], null, 'id');
        $this->assertCount(count($visits), $made);
        $wrong = array();
        foreach ($visits as $number => [$start, $zone, $instant]) {
            $meeting = $results[$number];
            $wall = $start->format('Y-m-d H:i:s T');
            $this->assertInstanceOf(Meeting::class, $meeting, "{$zone} {$wall}");
            $asked = gmdate('Y-m-d\TH:i:s\Z', $instant);
            $told = $meeting->start()?->format('Y-m-d\TH:i:s\Z');
            $held = $made[$meeting->id()];
            if (array($asked, $asked, $zone) !== array($held['start_time'], $told, $held['timezone'])) {
                $wrong[] = "{$zone} {$wall}: {$asked} asked, {$held['start_time']} {$held['timezone']} held, {$told} told";
            }
        }
        $this->assertSame(array(), $wrong);
    }
}
