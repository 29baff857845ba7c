<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

/**
 * The same on a MariaDB that refuses a transaction to lock what others have changed since it looked, and takes all of it back: error
 * 1020, its default since 11.6.2. What the core's own statement loses so is lost; a statement of ours must not cost the core anything.
 */
final class SnapshotIsolationTest extends SameMomentTest
{
    protected const ISOLATION = 'ON';
    /** Its transaction is gone. */
    protected const SEEN_BY_THE_SECOND = '1';

    public function testTheServerDoesSo(): void
    {
        $id = $this->book();
        $this->assertSame(array(1020, '0'), $this->site->php(
            self::BEGIN . '
            $wpdb->insert("{$wpdb->prefix}kc_patient_encounters", ["appointment_id" => $arguments["id"]]);
            $other->query("UPDATE {$wpdb->prefix}kc_appointments SET description = \'y\' WHERE id = {$arguments["id"]}");
            \App\models\KCAppointment::find($arguments["id"])->update(["status" => 0]);
            $error = $wpdb->dbh->errno;
            $wpdb->query("COMMIT");
            return [$error, $wpdb->get_var("SELECT COUNT(*) FROM {$wpdb->prefix}kc_patient_encounters")];',
            array('id' => $id)
        ));
    }

    /** Zoom's number comes within a second of the booking. */
    public function testAMoveStandsAlthoughZoomsNumberCameMeanwhile(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $this->site->php(
            self::BEGIN . '
            $appointment = \App\models\KCAppointment::find($arguments["id"]);
            $other->query("UPDATE {$wpdb->prefix}kc_appointment_zoom_mappings SET zoom_uuid = \'x\' WHERE appointment_id = {$arguments["id"]}");
            $appointment->update(["appointmentStartTime" => "14:00:00", "appointmentEndTime" => "14:30:00"]);
            do_action("kc_appointment_updated", $arguments["id"], [], $appointment, null);
            $wpdb->query("COMMIT");',
            array('id' => $id)
        );
        $this->assertSame('14:00:00', $this->hostRow('kc_appointments', 'id', $id)['appointment_start_time']);
        $this->visit($id);
        $this->settle();
        $this->assertSame(strtotime(self::day() . ' 14:00 UTC'), strtotime($this->onlyMeeting()['start_time']));
        $this->assertSame($this->ledgerRow($id)['meeting_id'], $this->mapping($id)['zoom_id']);
    }

    /** The core tells of an appointment that its transaction has not written, as where a bill is made. */
    public function testALookAtAnAppointmentCostsTheCoreNothing(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $isolation = $this->site->php(
            self::BEGIN . '
            $wpdb->insert("{$wpdb->prefix}kc_patient_encounters", ["appointment_id" => $arguments["id"]]);
            $other->query("UPDATE {$wpdb->prefix}kc_appointments SET status = 4 WHERE id = {$arguments["id"]}");
            do_action("kc_appointment_updated", $arguments["id"], [], null, null);
            $wpdb->query("COMMIT");
            return $wpdb->get_var("SELECT @@SESSION.innodb_snapshot_isolation");',
            array('id' => $id)
        );
        $this->assertSame('1', $this->site->value('SELECT COUNT(*) FROM wp_kc_patient_encounters'), 'what the core wrote');
        $this->assertSame('1', $isolation, 'the core\'s own statements are refused as before');
        $this->settle();
        $this->onlyMeeting();
    }

    /** The core goes on as if it were paid, and mails so. */
    public function testAPaymentThatTheCoreLosesToACancellationMakesNoMeetingThatStays(): void
    {
        $id = $this->bookPaid('09:00');
        $this->site->php(
            self::BEGIN . '
            $appointment = \App\models\KCAppointment::find($arguments["id"]);
            $other->query("UPDATE {$wpdb->prefix}kc_appointments SET status = 0 WHERE id = {$arguments["id"]}");
            $appointment->update(["status" => 1]);
            \App\controllers\api\BookingServices::provider((int) $appointment->doctorId)->create_meeting(\App\controllers\api\BookingServices::meeting($appointment, "any", 30));
            do_action("kc_appointment_payment_completed", $arguments["id"], []);
            $wpdb->query("COMMIT");',
            array('id' => $id)
        );
        $this->assertSame('0', $this->hostRow('kc_appointments', 'id', $id)['status']);
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(array(), $this->meetings());
        $told = array_column($this->mailsTo('patient@example.com'), 'subject');
        $mailed = array_column(array_filter($this->queuedMails($id), static fn (array $mail): bool => null !== $mail['link']), 'template');
        $this->assertSame(array() === $mailed ? array() : array('Your video visit is cancelled'), $told, implode(', ', $mailed));
    }
}
