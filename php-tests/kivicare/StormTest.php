<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\Browser;

/**
 * A storm through KiviCare's interface: bookings, payments, moves, cancellations and rollbacks at the same time, while Zoom
 * fails in every way; judged by what the core's table and fake-zoom hold in the end.
 */
final class StormTest extends KivicareTestCase
{
    private const SEED = 20261125;
    private const ROUNDS = 10;
    private const PEOPLE = array('receptionist', 'clinicadmin', 'admin', 'patient', 'receptionist');

    private \Random\Randomizer $random;

    public function testNoVisitIsLostDoubledOrLeftBehind(): void
    {
        $this->random = new \Random\Randomizer(new \Random\Engine\Mt19937(self::SEED));
        $this->useServerToServerWithHosts();
        $browsers = array_map(fn (string $person): Browser => $this->site->browser($person), self::PEOPLE);
        for ($round = 0; $round < self::ROUNDS; $round++) {
            $this->blow();
            $this->standIn('fail_after', 0 === $round % 4);
            Browser::together($this->bookings($browsers, $round));
            $this->standIn('fail_after', false);
            Browser::together($this->changes($browsers));
        }
        $this->zoom->forgetFaults();
        $this->calm();
        $this->judge();
    }

    /**
     * @param list<Browser> $browsers
     * @return list<array{Browser, string, string, array<string, mixed>}>
     */
    private function bookings(array $browsers, int $round): array
    {
        $requests = array();
        foreach ($browsers as $number => $browser) {
            $isSecond = 0 === $this->random->getInt(0, 1);
            $changes = array(
                'doctorId' => $this->site->userId($isSecond ? 'doctor2' : 'doctor1'),
                'serviceId' => array($isSecond ? self::VIDEO_DOCTOR2 : self::VIDEO_DOCTOR1),
                'appointmentStartDate' => gmdate('Y-m-d', time() + (30 + $round) * 86400),
                'appointmentStartTime' => sprintf('%02d:00', 8 + 2 * $number),
                'status' => array(1, 1, 2)[$this->random->getInt(0, 2)],
            );
            if (3 === $number) {
                $changes = array('patientId' => null, 'status' => null, 'doctorId' => $this->site->userId('doctor1'), 'serviceId' => array(self::PAID_VIDEO_DOCTOR1), 'paymentGateway' => 'manual') + $changes;
            }
            $requests[] = array($browser, 'POST', self::ROUTE . 'appointments', $this->booking($changes));
        }
        return $requests;
    }

    /**
     * @param list<Browser> $browsers
     * @return list<array{Browser, string, string, ?array<string, mixed>}>
     */
    private function changes(array $browsers): array
    {
        $ids = array_column($this->site->database()->query('SELECT id FROM wp_kc_appointments')->fetch_all(), 0);
        $requests = array();
        foreach ($browsers as $browser) {
            if (array() === $ids) {
                return array();
            }
            // Two often take the same one.
            $id = $ids[$this->random->getInt(max(0, count($ids) - 6), count($ids) - 1)];
            $requests[] = match ($this->random->getInt(0, 7)) {
                0, 1 => array($browser, 'POST', self::ROUTE . 'appointments/payment-success', array('appointment_id' => $id, 'gateway' => 'manual', 'payment_id' => 'any')),
                2 => array($browser, 'PUT', self::ROUTE . "appointments/{$id}", array('appointmentStartTime' => sprintf('%02d:30', $this->random->getInt(8, 20)))),
                3 => array($browser, 'PUT', self::ROUTE . "appointments/{$id}/status", array('status' => 0)),
                4, 5 => array($browser, 'PUT', self::ROUTE . "appointments/{$id}/status", array('status' => 1)),
                6 => array($browser, 'GET', self::ROUTE . "appointments/{$id}/regenerate-video-conference", null),
                default => array($browser, 'DELETE', self::ROUTE . "appointments/{$id}", null),
            };
        }
        return $requests;
    }

    private function blow(): void
    {
        $faults = array(
            array('kind' => 'status', 'status' => 500, 'body' => '{"code":500,"message":"Internal error"}', 'content_type' => 'application/json'),
            array('kind' => 'status', 'status' => 502, 'body' => '<html>', 'content_type' => 'text/html', 'after_work' => true),
            array('kind' => 'close_before_work'),
            array('kind' => 'close_after_work'),
            array('kind' => 'truncate', 'bytes' => 40),
        );
        $requests = array(array('method' => 'POST', 'path' => '/v2/users/'), array('method' => 'PATCH', 'path' => '/v2/meetings/'), array('method' => 'DELETE', 'path' => '/v2/meetings/'));
        for ($number = 0; $number < 2; $number++) {
            $this->zoom->fault($requests[$this->random->getInt(0, 2)], $faults[$this->random->getInt(0, count($faults) - 1)]);
        }
    }

    /** Time passes until nothing is due any more. */
    private function calm(): void
    {
        $open = -1;
        for ($attempt = 0; $attempt < 40 && 0 !== $open; $attempt++) {
            $database = $this->site->database();
            $database->query('UPDATE wp_telemed_meetings SET next_try_at = NULL, wished_at = wished_at - INTERVAL 20 MINUTE, attempted_at = attempted_at - INTERVAL 5 MINUTE, created_at = created_at - INTERVAL 20 MINUTE');
            $database->query('UPDATE wp_telemed_leftovers SET next_try_at = NULL');
            $database->query('DELETE FROM wp_telemed_signals');
            $this->runDue();
            $open = (int) $this->site->value("SELECT (SELECT COUNT(*) FROM wp_telemed_leftovers) + (SELECT COUNT(*) FROM wp_telemed_meetings WHERE state IN ('due', 'attempting', 'changing'))");
        }
        $this->assertSame(0, $open, 'still due: ' . json_encode($this->site->database()->query("SELECT id, appointment, state, seen_at, last_error FROM wp_telemed_meetings WHERE state IN ('due', 'attempting', 'changing')")->fetch_all(MYSQLI_ASSOC)));
    }

    private function judge(): void
    {
        $held = $this->site->database()->query("SELECT id, appointment_start_utc FROM wp_kc_appointments WHERE status IN (1, 3, 4)")->fetch_all(MYSQLI_ASSOC);
        $this->assertGreaterThan(5, count($held), 'the storm has left something to judge');
        $wanted = array();
        foreach ($held as $appointment) {
            $row = $this->ledgerRow((int) $appointment['id']);
            $this->assertSame('made', $row['state'] ?? null, json_encode(array($appointment, $row)));
            $this->assertSame($appointment['appointment_start_utc'], $row['start_utc']);
            $wanted[(int) $row['meeting_id']] = strtotime($row['start_utc'] . ' UTC');
            $this->assertSame($this->visitLink($row), $this->mapping((int) $appointment['id'])['join_url'] ?? null);
        }
        $there = array();
        foreach ($this->meetings() as $meeting) {
            $there[$meeting['id']] = strtotime($meeting['start_time']);
        }
        ksort($wanted);
        ksort($there);
        $this->assertSame($wanted, $there, 'each visit has one meeting at its time, and there is no other');
    }
}
