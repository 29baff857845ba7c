<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

/** The stand-in is as awkward as running the core showed: else the other tests would prove little. */
final class StandInTest extends KivicareTestCase
{
    public function testAnonymousRequestsAreRefusedBeforeAnyPermissionCallback(): void
    {
        $page = $this->site->visitor()->rest('GET', self::ROUTE . 'config', null, false);
        $this->assertSame(401, $page->status);
        $this->assertSame('unauthorized', $page->json()['code']);
    }

    public function testAStrangerMayReadAndMoveAnAppointmentButNotDeleteIt(): void
    {
        $id = $this->book('receptionist', array('serviceId' => array(self::AT_THE_CLINIC)));
        $this->assertSame(200, $this->kc('patient2', 'GET', "appointments/{$id}")->status);
        $this->assertSame(200, $this->kc('patient2', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '11:00'))->status);
        $this->assertSame('11:00:00', $this->hostRow('kc_appointments', 'id', $id)['appointment_start_time']);
        $this->assertSame(403, $this->kc('patient2', 'DELETE', "appointments/{$id}")->status);
    }

    public function testAStaffBookingWithoutAStatusIsStoredAsCancelled(): void
    {
        $booking = $this->booking(array('serviceId' => array(self::AT_THE_CLINIC)));
        unset($booking['status']);
        $id = $this->kc('receptionist', 'POST', 'appointments', $booking)->json()['data']['id'];
        $this->assertSame('0', $this->hostRow('kc_appointments', 'id', $id)['status']);
    }

    public function testAServiceIdThatIsNoListIsABadRequest(): void
    {
        $this->assertSame(400, $this->kc('receptionist', 'POST', 'appointments', $this->booking(array('serviceId' => '3')))->status);
    }

    public function testAMovedAppointmentTakesTheLengthOfTheClinicsSession(): void
    {
        $id = $this->book('receptionist', array('serviceId' => array(self::AT_THE_CLINIC)));
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '10:00'));
        $this->assertSame('10:20:00', $this->hostRow('kc_appointments', 'id', $id)['appointment_end_time']);
    }
}
