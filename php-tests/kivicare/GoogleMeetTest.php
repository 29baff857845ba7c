<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\FakeZoom;

/** Google Meet beside us: a doctor may change over either way, and nothing is left behind. */
final class GoogleMeetTest extends KivicareTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->standIn('meet', true);
        $this->useServerToServerWithHosts();
    }

    public function testADoctorOnGoogleMeetIsLeftToIt(): void
    {
        $this->useMeet();
        $id = $this->book();
        $this->settle();
        $this->assertNull($this->ledgerRow($id));
        $this->assertSame(array(), $this->meetings());
        $this->assertSame(array($id), $this->events());
        // Also when staff confirm later, which asks no provider.
        $pending = $this->book('receptionist', array('status' => 2, 'appointmentStartTime' => '11:00'));
        $this->kc('receptionist', 'PUT', "appointments/{$pending}/status", array('status' => 1));
        $this->settle();
        $this->assertSame(array(), $this->meetings());
    }

    public function testAfterAChangeToMeetAZoomVisitCanBeMovedAndCancelled(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->useMeet();
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->settle();
        $this->assertSame('14:00', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
        $this->kc('receptionist', 'DELETE', "appointments/{$id}");
        $this->settle();
        $this->assertSame(array(), $this->meetings());
    }

    public function testAfterAChangeToMeetRegenerateLeavesOneMeetingOnly(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->useMeet();
        $this->assertSame(200, $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference")->status);
        $this->settle();
        $this->assertSame(array($id), $this->events());
        $this->assertSame(array(), $this->meetings());
    }

    public function testAfterAChangeToZoomTheEventOfMeetGoesWithItsAppointment(): void
    {
        $this->useMeet();
        $id = $this->book();
        $this->useZoom();
        $this->kc('receptionist', 'DELETE', "appointments/{$id}");
        $this->assertSame(array(), $this->events());
    }

    public function testConnectingZoomDisconnectsMeet(): void
    {
        $this->useMeet();
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $config = $this->kc('doctor1', 'GET', 'settings/zoom-telemed/doctor-config')->json()['data'];
        $this->assertFalse($config['is_google_meet_connected']);
        $this->visit($this->book());
        $this->onlyMeeting();
    }

    private function useMeet(): void
    {
        $this->site->php('update_user_meta($arguments["id"], "telemed_type", "googlemeet"); update_user_meta($arguments["id"], "kiviCare_google_meet_connect", "on");', array('id' => $this->site->userId('doctor1')));
    }

    private function useZoom(): void
    {
        $this->site->php('update_user_meta($arguments["id"], "telemed_type", "zoom"); update_user_meta($arguments["id"], "kiviCare_google_meet_connect", "off");', array('id' => $this->site->userId('doctor1')));
    }

    /** @return list<int> appointments with an event of Meet */
    private function events(): array
    {
        $database = $this->site->database();
        $rows = $database->query('SELECT appointment_id FROM wp_kc_appointment_google_meet_mappings ORDER BY id')->fetch_all();
        $database->close();
        return array_map('intval', array_column($rows, 0));
    }
}
