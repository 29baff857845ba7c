<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

/** A visit of the second core follows what stands in KiviCare: told or not, and never what may be rolled back. */
final class StandingTest extends KivicareTestCase
{
    private const BEGIN = 'require ' . "'" . __DIR__ . "/../wordpress/Support/VisitWorld.php'" . ';
        $world = new \Telemed\Tests\WordPress\Support\VisitWorld();
        $plugin = \TelemedZoom\Plugin::instance();
        $clinic = new \TelemedZoom\Run\ClinicWorld($plugin->sources, $plugin->database, $plugin->apps, $world->visits, new \TelemedZoom\Store\Handovers($plugin->database, $world->tables));
        $loop = new \TelemedZoom\Run\VisitLoop($plugin->database, $world->visits, $world->counters, $world->outages, $clinic, new \TelemedZoom\Run\ZoomExchange($world->visits, $clinic), $world->moments);
        $now = time() + ($arguments["later"] ?? 0);
        add_filter("telemed_now", static fn (): int => $now);
        $name = (string) $arguments["appointment"];
        $state = static fn (int $id): string => $world->visits->find($id)?->state() ?? "forgotten";';

    protected function tearDown(): void
    {
        $this->within('$world->drop();', 0);
        parent::tearDown();
    }

    /** @return mixed */
    private function within(string $code, int $appointment, int $later = 0)
    {
        return $this->site->php(self::BEGIN . $code, array('appointment' => $appointment, 'later' => $later, 'doctor' => $this->site->userId('doctor1')));
    }

    public function testAVisitFollowsItsAppointment(): void
    {
        $this->useServerToServerWithHosts();
        $appointment = $this->book();
        $this->within('$world->begin();', $appointment);
        // Written down with another time than the appointment's, as a hook in a transaction that is rolled back leaves it.
        $this->assertSame(array('due', 'made', true), $this->within(<<<'CODE'
            $at = $world->moments->now();
            $visit = \Telemed\Visit::booked('kivicare', $name, $arguments['doctor'], $world::slot('+3 days 10:00'), $at);
            $id = $world->visits->add($visit, [], $at)->id();
            $loop->bringOn($id, 30.0);
            $before = $world->visits->find($id)->state();
            $loop->bringOn($id, 30.0, $world->visits->find($id)?->version());
            $stands = $clinic->standing($world->visits->find($id));
            return [$before, $state($id), $stands['start_utc'] === $world->visits->find($id)->ownStanding()['start_utc']];
            CODE, $appointment));
        $this->site->php('global $wpdb; $wpdb->query($wpdb->prepare("UPDATE {$wpdb->prefix}kc_appointments SET status = 0 WHERE id = %d", $arguments["id"]));', array('id' => $appointment));
        $look = '$id = $world->visits->idOf("kivicare", $name); $loop->bringOn($id, 30.0); return $state($id);';
        $this->assertSame('made', $this->within($look, $appointment, 10), 'once seen is not believed: a hook may be on its way');
        $this->assertSame('cancelled', $this->within($look, $appointment, 70));
    }

    public function testAnAppointmentThatNeverWasLeavesNothing(): void
    {
        $this->useServerToServerWithHosts();
        $this->within('$world->begin();', 0);
        $this->assertSame(array('due', 'forgotten'), $this->within(<<<'CODE'
            $at = $world->moments->now();
            $id = $world->visits->add(\Telemed\Visit::booked('kivicare', '99999', $arguments['doctor'], $world::slot('+3 days 10:00'), $at), [], $at)->id();
            $loop->bringOn($id, 30.0);
            $before = $world->visits->find($id)->state();
            $loop->bringOn($id, 30.0, $world->visits->find($id)?->version());
            return [$before, $state($id)];
            CODE, 0));
    }
}
