<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\Browser;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Records;

/**
 * Several requests at one moment: each holds a transaction of the core's, and waits for others. On a database server that lets a
 * transaction change what others have changed since it looked; one that refuses has SnapshotIsolationTest.
 */
class SameMomentTest extends KivicareTestCase
{
    /** innodb_snapshot_isolation, of MariaDB. */
    protected const ISOLATION = 'OFF';
    /** Which status a payment finds that waited for another: its transaction is older. */
    protected const SEEN_BY_THE_SECOND = '2';
    private const APPOINTMENTS = 2;
    private const AT_ONCE = 6;
    private const LOCK_SECONDS = 2;
    /** A transaction of the core's that has looked once, and somebody else's connection. */
    protected const BEGIN = <<<'CODE'
        global $wpdb;
        $wpdb->query('START TRANSACTION');
        $wpdb->get_var("SELECT COUNT(*) FROM {$wpdb->prefix}kc_appointment_zoom_mappings");
        $address = $wpdb->parse_db_host(DB_HOST);
        $other = new mysqli($address[0], DB_USER, DB_PASSWORD, DB_NAME, null, $address[2]);
        CODE;

    private string $isolationBefore;

    protected function setUp(): void
    {
        parent::setUp();
        $this->isolationBefore = (string) $this->site->value('SELECT @@GLOBAL.innodb_snapshot_isolation');
        $this->isolate(static::ISOLATION);
        $this->useServerToServerWithHosts();
    }

    protected function tearDown(): void
    {
        $this->isolate($this->isolationBefore);
        parent::tearDown();
    }

    /** For connections that are made from now on. */
    private function isolate(string $value): void
    {
        $this->site->databaseServer()->query("SET GLOBAL innodb_snapshot_isolation = {$value}");
    }

    /** That no request waited in vain is seen in the logs, which every test looks at in the end. */
    public function testPaymentsThatAreReportedAtOneMomentMakeOneMeetingEachAndOneRowOfTheCore(): void
    {
        $browsers = array();
        for ($number = 0; $number < self::AT_ONCE; $number++) {
            $browsers[] = $this->site->browser('patient');
        }
        for ($round = 0; $round < 2; $round++) {
            $ids = array();
            for ($number = 0; $number < self::APPOINTMENTS; $number++) {
                $ids[] = $this->bookPaid(sprintf('%02d:00', 9 + self::APPOINTMENTS * $round + $number));
            }
            $pages = Browser::together(array_map(
                static fn (Browser $browser, int $number): array => array($browser, 'POST', self::ROUTE . 'appointments/payment-success', array('appointment_id' => $ids[$number % self::APPOINTMENTS], 'gateway' => 'manual', 'payment_id' => 'any')),
                $browsers,
                array_keys($browsers)
            ));
            foreach ($pages as $page) {
                $this->assertSame(200, $page->status, $page->body);
            }
            foreach ($ids as $id) {
                $row = $this->visit($id);
                $this->assertSame(
                    array(array($this->visitLink($row), $row['meeting_id'])),
                    $this->site->database()->query("SELECT join_url, zoom_id FROM wp_kc_appointment_zoom_mappings WHERE appointment_id = {$id}")->fetch_all()
                );
                $noted = $this->notedMails($id);
                $this->assertSame(array('booked'), array_values(array_unique($noted)));
                $this->assertGreaterThanOrEqual(intdiv(self::AT_ONCE, self::APPOINTMENTS), count($noted), 'each has mailed');
            }
        }
        $this->settle();
        $this->assertCount(2 * self::APPOINTMENTS, $this->meetings());
        $this->assertCount(2 * self::APPOINTMENTS, $this->creations());
        $this->assertStringNotContainsString('Lock wait timeout', $this->site->logs());
    }

    /** As seen with the core's 4.0.4: it waited ten seconds for us, who waited for it. */
    public function testWhoWaitsForTheCoresTransactionHoldsNothingThatItMayWaitFor(): void
    {
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users/'), 400, array('code' => 300, 'message' => 'Invalid meeting.'), array(), -1);
        $id = $this->book();
        $this->site->awaitRequests();
        $this->assertSame('due', $this->ledgerRow($id)['state']);
        $this->zoom->forgetFaults();
        $this->site->php('\Telemed\Tests\Records\InPlugin::wake(); wp_schedule_single_event(time() - 1, "telemed_run", ["now"]);');
        // Two connections that are there before the request: a new one would wait for its end.
        $looking = $this->site->database();
        $waiting = self::lockWaits($looking);

        // Another payment of the same appointment has written the core's row, and is not over yet.
        $core = $this->site->database();
        $core->query('SET innodb_lock_wait_timeout = ' . self::LOCK_SECONDS);
        $core->begin_transaction();
        $core->query("UPDATE wp_kc_appointment_zoom_mappings SET zoom_uuid = 'x' WHERE appointment_id = {$id}");
        $this->site->visitor()->get('/wp-cron.php?doing_wp_cron');
        for ($attempt = 0; $attempt < 100 && self::lockWaits($looking) === $waiting; $attempt++) {
            usleep(50_000);
        }
        $this->assertGreaterThan($waiting, self::lockWaits($looking), 'the worker has come to the row that the core holds');
        $this->assertSame(3, Records::over($core)->touch());
        $core->commit();
        $core->close();
        $looking->close();
        $this->visit($id);
        $this->settle();
        $this->assertSame($this->ledgerRow($id)['meeting_id'], $this->mapping($id)['zoom_id']);
        $this->onlyMeeting();
    }

    /** Its transaction began when the appointment was pending, and has written nothing that was not there: that is what it goes on seeing. */
    public function testASecondPaymentDoesNotTakeTheAppointmentForPending(): void
    {
        $id = $this->bookPaid('09:00');
        $seen = $this->site->php(
            self::BEGIN . '
            $appointment = \App\models\KCAppointment::find($arguments["id"]);
            $other->query("UPDATE {$wpdb->prefix}kc_appointments SET status = 1 WHERE id = {$arguments["id"]}");
            $appointment->update(["status" => 1]);
            $seen = $wpdb->get_var("SELECT status FROM {$wpdb->prefix}kc_appointments WHERE id = {$arguments["id"]}");
            do_action("kc_appointment_payment_completed", $arguments["id"], []);
            $wpdb->query("COMMIT");
            return $seen;',
            array('id' => $id)
        );
        $this->assertSame(static::SEEN_BY_THE_SECOND, $seen, 'as awkward as it is');
        $this->visit($id);
        $this->onlyMeeting();
        $this->assertSame(0, $this->records()->log->count('cancelled'));
    }

    /** The core has mailed the payment of the one; the other waited for it, and takes the appointment off in a transaction that began before. */
    public function testACancellationThatWaitedForAPaymentIsTold(): void
    {
        $id = $this->bookPaid('09:00');
        $this->kc('patient', 'POST', 'appointments/payment-success', array('appointment_id' => $id, 'gateway' => 'manual', 'payment_id' => 'any'));
        $this->visit($id);
        $this->settle();
        $mailed = (string) $this->mapping($id)['extra'];
        $this->assertStringContainsString('booked', $mailed);
        // As it stands while the payment's request is not over, and as the other's transaction sees it.
        $database = $this->site->database();
        $this->records()->pretend->neverSeen('kivicare', $id);
        $this->records()->log->forget('told_by_source');
        $database->query("UPDATE wp_kc_appointment_zoom_mappings SET extra = NULL WHERE appointment_id = {$id}");
        $this->site->php(
            self::BEGIN . '
            $other->query("UPDATE {$wpdb->prefix}kc_appointment_zoom_mappings SET extra = \'" . $other->real_escape_string($arguments["mailed"]) . "\' WHERE appointment_id = {$arguments["id"]}");
            $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => 2], ["id" => $arguments["id"]]);
            do_action("kc_appointment_updated", $arguments["id"], [], null, null);
            $wpdb->query("COMMIT");',
            array('id' => $id, 'mailed' => $mailed)
        );
        $this->visit($id, 'cancelled');
        $this->settle();
        foreach (array('patient@example.com', FakeZoom::DOCTOR1_EMAIL) as $address) {
            $mails = array_filter($this->site->mails(), static fn (array $mail): bool => in_array($address, (array) $mail['to'], true));
            $this->assertSame(array('Your video visit is cancelled'), array_values(array_column($mails, 'subject')), $address);
        }
    }

    /** Our mail that it is off and the core's that it is on left at one moment, and then it is on. */
    public function testWhoWasToldBothIsToldWhatStands(): void
    {
        $id = $this->book();
        $row = $this->visit($id);
        $this->settle();
        $this->site->php(
            'global $wpdb;
            $plugin = \TelemedZoom\Plugin::instance();
            $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => 0], ["id" => $arguments["id"]]);
            $row = $plugin->visits->cancel(\Telemed\Tests\Records\InPlugin::ofAppointment("kivicare", (string) $arguments["id"]));
            $plugin->oneVisit->bringOn($row->id, 30.0, $row->version);
            $plugin->oneVisit->tell($row->id, 10.0);
            \TelemedZoom\Kivicare\MappingTable::noteMail($arguments["id"], \TelemedZoom\Kivicare\Source::mailed("booked", $row->sequence, $row->doctor));
            $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => 1], ["id" => $arguments["id"]]);
            do_action("kc_appointment_status_update", $arguments["id"], 1, null);
            add_filter("telemed_now", static fn (int $now): int => $now + 1000);
            $plugin->worker->runDue(30.0);',
            array('id' => $id)
        );
        foreach (array('patient@example.com', FakeZoom::DOCTOR1_EMAIL) as $address) {
            $mails = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => in_array($address, (array) $mail['to'], true)));
            $this->assertSame(array('Your video visit is cancelled', 'Your video visit'), array_column($mails, 'subject'), $address);
            $this->assertStringContainsString($this->visitLink($row), $mails[1]['message']);
        }
    }

    /** The core's transaction sees the table as it was when it began. */
    public function testARowThatSomebodyElseWroteMeanwhileIsNotWrittenASecondTime(): void
    {
        $id = $this->bookPaid('09:00');
        $this->site->php(
            self::BEGIN . '
            $other->query("INSERT INTO {$wpdb->prefix}kc_appointment_zoom_mappings (appointment_id, zoom_id, zoom_uuid, join_url, password, extra) VALUES ({$arguments["id"]}, \'\', \'\', \'\', \'\', \'{\"kept\":1}\')");
            $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => 1], ["id" => $arguments["id"]]);
            do_action("kc_appointment_payment_completed", $arguments["id"], []);
            $wpdb->query("COMMIT");',
            array('id' => $id)
        );
        $row = $this->visit($id);
        $this->assertSame('1', $this->site->value("SELECT COUNT(*) FROM wp_kc_appointment_zoom_mappings WHERE appointment_id = {$id}"));
        $mapping = $this->mapping($id);
        $this->assertSame(array($this->visitLink($row), $row['meeting_id']), array($mapping['join_url'], $mapping['zoom_id']));
        $this->assertSame(array('kept', 'mailed'), self::sorted(array_keys(json_decode((string) $mapping['extra'], true))));
    }

    /** The core's transaction does not see them. */
    public function testWhatSomebodyElseNotedMeanwhileIsKept(): void
    {
        $id = $this->book();
        $this->visit($id);
        $this->settle();
        $this->site->php(
            self::BEGIN . '
            $other->query("UPDATE {$wpdb->prefix}kc_appointment_zoom_mappings SET extra = \'{\"kept\":1,\"mailed\":[\"booked 1 7\",\"booked 2 7\"]}\' WHERE appointment_id = {$arguments["id"]}");
            $wpdb->update("{$wpdb->prefix}kc_appointments", ["status" => 0], ["id" => $arguments["id"]]);
            do_action("kc_appointment_cancelled", $arguments["id"]);
            $wpdb->query("COMMIT");',
            array('id' => $id)
        );
        $this->visit($id, 'cancelled');
        $notes = json_decode((string) $this->mapping($id)['extra'], true);
        $this->assertSame(array('booked 1 7', 'booked 2 7'), array_slice($notes['mailed'], 0, 2));
        $this->assertSame(array('booked', 'booked', 'cancelled'), $this->notedMails($id));
        $this->assertSame(1, $notes['kept']);
    }

    /** Two rows of one appointment, each with what its request has written. */
    public function testNothingIsLostOfADoubledRow(): void
    {
        $id = $this->book();
        $row = $this->visit($id);
        $this->settle();
        $first = json_decode((string) $this->mapping($id)['extra'], true)['mailed'];
        $this->site->database()->query("INSERT INTO wp_kc_appointment_zoom_mappings (appointment_id, zoom_id, zoom_uuid, join_url, password, extra)
            VALUES ({$id}, '12345678901', 'u', '{$this->visitLink($row)}', '', '{\"mailed\":[\"{$first[0]}\",\"cancelled 9 9\"],\"kept\":1}')");
        $this->site->database()->query("UPDATE wp_kc_appointment_zoom_mappings SET zoom_id = '' WHERE appointment_id = {$id} ORDER BY id LIMIT 1");
        $this->site->php('\TelemedZoom\Kivicare\MappingTable::noteMail($arguments["id"], "booked 9 9");', array('id' => $id));
        $this->assertSame('1', $this->site->value("SELECT COUNT(*) FROM wp_kc_appointment_zoom_mappings WHERE appointment_id = {$id}"));
        $notes = json_decode((string) $this->mapping($id)['extra'], true);
        $this->assertSame(array(array(...$first, $first[0], 'cancelled 9 9', 'booked 9 9'), 1), array($notes['mailed'], $notes['kept']));
        $this->assertSame(array('12345678901', $this->visitLink($row)), array($this->mapping($id)['zoom_id'], $this->mapping($id)['join_url']));
    }

    protected function bookPaid(string $time): int
    {
        return $this->book('patient', array('patientId' => null, 'status' => null, 'serviceId' => array(self::PAID_VIDEO_DOCTOR1), 'paymentGateway' => 'manual', 'appointmentStartTime' => $time));
    }

    /** How often a statement has had to wait for another's lock since the server's start. */
    private static function lockWaits(\mysqli $database): int
    {
        return (int) $database->query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'")->fetch_row()[1];
    }

    /**
     * @param list<string> $names
     * @return list<string>
     */
    private static function sorted(array $names): array
    {
        sort($names);
        return $names;
    }
}
