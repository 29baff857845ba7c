<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** An appointment system books in its own transaction: what is rolled back has never been, what is held open is waited for by nobody. */
final class LedgerTest extends ClinicTestCase
{
    private const TABLE = 'wp_test_appointments';
    /** A source whose appointments lie in a table of their own, as an appointment system has them. */
    private const SOURCE = <<<'CODE'
        final class TestSource implements \TelemedZoom\Ledger\AppointmentSystem {
            public function name(): string { return 'test'; }
            public function committed(array $appointments, \TelemedZoom\Site\Database $database): array {
                $found = [];
                foreach ($appointments as $id) {
                    foreach ($database->rows('SELECT * FROM wp_test_appointments WHERE id = ?', [$id]) as $row) {
                        $found[$id] = new \TelemedZoom\Ledger\Wanted((bool) $row['held'], (int) $row['doctor'], new \DateTimeImmutable($row['start_utc'], new \DateTimeZone('UTC')), (int) $row['minutes'], 'Europe/Berlin');
                    }
                }
                return $found;
            }
            public function people(\TelemedZoom\Ledger\MeetingRecord $row): \TelemedZoom\Ledger\People { return new \TelemedZoom\Ledger\People('Dora', null, null, null); }
            public function can(string $appointment): array { return []; }
            public function title(): string { return 'Test'; }
            public function contradicted(\TelemedZoom\Site\Database $database, int $limit): array { return []; }
            public function mails(array $appointments, \TelemedZoom\Site\Database $database): array { return []; }
        }
        global $wpdb;
        $plugin = \TelemedZoom\Plugin::instance();
        $plugin->sources->add(new TestSource());
        $visit = static fn (string $start): \TelemedZoom\Ledger\Visit => \TelemedZoom\Ledger\Visit::wanted(new \DateTimeImmutable($start), 25, 'Europe/Berlin');
        $put = static fn (int $id, int $doctor, string $start, int $held = 1) => $wpdb->replace('wp_test_appointments', ['id' => $id, 'doctor' => $doctor, 'start_utc' => gmdate('Y-m-d H:i:s', strtotime($start)), 'minutes' => 25, 'held' => $held]);
        CODE;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
        $database = $this->site->database();
        $database->query('DROP TABLE IF EXISTS ' . self::TABLE);
        $database->query('CREATE TABLE ' . self::TABLE . ' (id int PRIMARY KEY, doctor int, start_utc datetime, minutes int, held tinyint) ENGINE=InnoDB');
        $database->close();
        $this->zoom->forgetRequests();
    }

    protected function tearDown(): void
    {
        $this->site->database()->query('DROP TABLE IF EXISTS ' . self::TABLE);
    }

    public function testABookingThatIsCommittedBecomesOneMeetingAfterTheRequest(): void
    {
        [$before, $link] = $this->inside('
            $wpdb->query("START TRANSACTION"); $put(1, $doctor, $start);
            $row = $plugin->visits->book("test", "1", $doctor, $visit($start)); $wpdb->query("COMMIT");
            return [$row->state->value, \TelemedZoom\Ledger\VisitLink::url($row)];');
        $this->assertSame('due', $before);
        $row = $this->only();
        $this->assertSame(array('made', $link), array($row['state'], $row['visit_link']));
        $this->assertCount(1, $this->meetings());
    }

    public function testABookingThatIsRolledBackAsksZoomNothingAndLeavesNothing(): void
    {
        $this->inside('$wpdb->query("START TRANSACTION"); $put(1, $doctor, $start);
            $plugin->visits->book("test", "1", $doctor, $visit($start)); $wpdb->query("ROLLBACK");');
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertSame(array(), $this->rows());
        $this->assertSame(0, $this->records()->log->count());
    }

    public function testARolledBackBookingWhoseProcessDiedIsSweptAQuarterOfAnHourLater(): void
    {
        $this->inside('$wpdb->query("START TRANSACTION"); $put(1, $doctor, $start);
            $plugin->visits->book("test", "1", $doctor, $visit($start)); posix_kill(getmypid(), SIGKILL);', dies: true);
        $this->assertCount(1, $this->rows());
        $this->work(14 * 60);
        $this->assertCount(1, $this->rows());
        $this->work(16 * 60);
        $this->assertSame(array(), $this->rows());
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testWhileATransactionIsHeldOpenCronDeletesNothingAndWaitsForNothing(): void
    {
        $this->inside('$put(1, $doctor, $start); $plugin->visits->book("test", "1", $doctor, $visit($start));');
        $this->assertSame('made', $this->only()['state']);
        $host = $this->site->database();
        $host->begin_transaction();
        $host->query('UPDATE ' . self::TABLE . ' SET held = 0');
        $host->query("INSERT INTO " . self::TABLE . " VALUES (2, 1, UTC_TIMESTAMP() + INTERVAL 9 DAY, 25, 1)");
        // The wish of that open transaction, by a process that does nothing else.
        $this->inside('$plugin->visits->book("test", "2", $doctor, $visit("+9 days")); remove_all_actions("shutdown");');
        $this->records()->pretend->leftAloneFor(3600);
        $waits = $this->lockWaits();
        $this->zoom->forgetRequests();
        $this->work(60);
        $this->nightly();
        $this->assertSame($waits, $this->lockWaits(), 'nobody waited for a row');
        $this->assertNotSame(array(), $this->zoom->requests('GET'), 'it was compared with Zoom');
        $this->assertSame(array(), $this->zoom->requests('DELETE'));
        $this->assertCount(1, $this->meetings());
        $this->assertCount(2, $this->rows());
        $host->commit();
        $host->close();
    }

    public function testAMoveThatIsRolledBackMovesNothing(): void
    {
        $this->inside('$put(1, $doctor, $start); $plugin->visits->book("test", "1", $doctor, $visit($start));');
        $this->inside('$wpdb->query("START TRANSACTION"); $put(1, $doctor, "+50 days");
            $plugin->visits->reschedule(\Telemed\Tests\Records\InPlugin::ofAppointment("test", "1"), $visit("+50 days")); $wpdb->query("ROLLBACK");');
        $this->assertSame(array('made', self::start()), array($this->only()['state'], $this->only()['start']));
        $this->assertSame(self::start(), $this->meetings()[0]['start_time']);
    }

    public function testACancellationThatIsRolledBackDeletesNothing(): void
    {
        $this->inside('$put(1, $doctor, $start); $plugin->visits->book("test", "1", $doctor, $visit($start));');
        $row = $this->only();
        $this->inside('$wpdb->query("START TRANSACTION"); $put(1, $doctor, $start, 0);
            $plugin->visits->cancel(\Telemed\Tests\Records\InPlugin::ofAppointment("test", "1")); $wpdb->query("ROLLBACK");');
        $now = $this->only();
        $this->assertSame(array('made', $row['meeting_id'], $row['visit_link']), array($now['state'], $now['meeting_id'], $now['visit_link']));
        $this->assertSame(array(), $this->zoom->requests('DELETE', '/v2/meetings/'));
    }

    public function testAnotherDoctorMeansAnotherHostAndTheOldMeetingGoesAfterTheNewOneCame(): void
    {
        $this->inside('$put(1, $doctor, $start); $plugin->visits->book("test", "1", $doctor, $visit($start));');
        $first = $this->only();
        $this->inside('$put(1, $other, $start); $plugin->visits->reassign(\Telemed\Tests\Records\InPlugin::ofAppointment("test", "1"), $other);');
        $second = $this->only();
        $this->assertSame(array(FakeZoom::DOCTOR1, FakeZoom::DOCTOR2), array($first['host_id'], $second['host_id']));
        $this->assertSame($first['visit_link'], $second['visit_link']);
        $this->assertSame(array($second['meeting_id']), array_column($this->meetings(), 'id'));
        $methods = array_column(array_filter($this->zoom->requests(), static fn (array $one): bool => in_array($one['method'], array('POST', 'DELETE'), true) && str_starts_with($one['path'], '/v2/')), 'method');
        $this->assertSame(array('POST', 'POST', 'DELETE'), array_values($methods));
    }

    public function testBookedAgainAfterACancellationItHasOneNewMeetingAndTheSameLink(): void
    {
        $this->inside('$put(1, $doctor, $start); $plugin->visits->book("test", "1", $doctor, $visit($start));');
        $first = $this->only();
        $this->inside('$put(1, $doctor, $start, 0); $plugin->visits->cancel(\Telemed\Tests\Records\InPlugin::ofAppointment("test", "1"));');
        $this->assertSame(array(), $this->meetings());
        $this->inside('$put(1, $doctor, $start); $plugin->visits->book("test", "1", $doctor, $visit($start));');
        $this->assertSame(array('made', $first['visit_link']), array($this->only()['state'], $this->only()['visit_link']));
        $this->assertCount(1, $this->meetings());
    }

    public function testAWorkerKilledAfterItSentTheCreationLeavesOneMeeting(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'delay_after_work', 'ms' => 20000), 1);
        $this->inside('$put(1, $doctor, $start); $plugin->visits->book("test", "1", $doctor, $visit($start));
            pcntl_async_signals(true); pcntl_signal(SIGALRM, SIG_DFL); pcntl_alarm(5);', dies: true);
        $this->assertSame('attempting', $this->only()['state']);
        // Within a minute "not found" is not believed.
        $this->work(120);
        $this->assertSame('made', $this->only()['state']);
        $this->assertCount(1, $this->meetings());
    }

    public function testSeveralChangesOfOneVisitCostOneWrite(): void
    {
        $this->inside('$put(1, $doctor, $start); $plugin->visits->book("test", "1", $doctor, $visit($start));');
        $this->zoom->forgetRequests();
        $this->inside('foreach (["+40 days", "+41 days", "+42 days"] as $start) { $put(1, $doctor, $start); $plugin->visits->reschedule(\Telemed\Tests\Records\InPlugin::ofAppointment("test", "1"), $visit($start)); }');
        $this->assertCount(1, $this->zoom->requests('PATCH'));
        $this->assertSame('made', $this->only()['state']);
    }

    public function testTwoProcessesThatBookTheSameMakeOneMeeting(): void
    {
        $this->inside('$put(1, $doctor, $start);');
        $code = self::SOURCE . '[$doctor, $start] = [$arguments["doctor"], $arguments["start"]];
            while (microtime(true) < $arguments["at"]) { usleep(500); }
            $plugin->visits->book("test", "1", $doctor, $visit($start));';
        $arguments = array('doctor' => $this->site->userId('doctor1'), 'start' => self::start(), 'at' => microtime(true) + 3.0);
        $children = array();
        for ($child = 0; $child < 4; $child++) {
            $pid = pcntl_fork();
            if (0 === $pid) {
                try {
                    $this->site->php($code, $arguments);
                } finally {
                    // Not to run the rest of the tests as well.
                    posix_kill(getmypid(), SIGKILL);
                }
            }
            $children[] = $pid;
        }
        foreach ($children as $pid) {
            pcntl_waitpid($pid, $status);
        }
        $this->work(120);
        $this->assertSame('made', $this->only()['state']);
        $this->assertCount(1, $this->meetings());
        $this->assertCount(1, $this->creations());
    }

    public function testADayOf150ChangesWritesAHundredTimesAtMostTonightsVisitsFirst(): void
    {
        // Noon, so that tonight is still today in UTC.
        $noon = intdiv(time(), 86400) * 86400 + 86400 + 43200;
        $this->zoom->advance($noon - time());
        $this->site->php(self::SOURCE . '
            add_filter("telemed_now", static fn (int $now): int => $arguments["noon"] + $now - $arguments["real"]);
            for ($id = 1; $id <= 150; $id++) {
                // The last five are tonight.
                $start = gmdate("Y-m-d\TH:i:s\Z", $id > 145 ? $arguments["noon"] + 3600 * ($id - 140) : $arguments["noon"] + 86400 * 20 + 1800 * $id);
                $put($id, $arguments["doctor"], $start);
                $plugin->visits->book("test", (string) $id, $arguments["doctor"], $visit($start));
            }
            remove_all_actions("shutdown");
            for ($run = 0; $run < 5; $run++) { $plugin->worker->runDue(60.0); }', array('doctor' => $this->site->userId('doctor1'), 'noon' => $noon, 'real' => time()));
        $this->assertLessThanOrEqual(100, count($this->creations()));
        $states = array_column($this->records()->visits->all(), 'state', 'appointment');
        $this->assertSame(array_fill(146, 5, 'made'), array_intersect_key($states, array_flip(range(146, 150))));
        $made = $this->records()->visits->count('made');
        $this->assertGreaterThanOrEqual(90, $made);
        $this->assertSame(150, $this->records()->visits->count('made', 'due'));
        $list = $this->browser('admin')->get('/wp-admin/admin.php?page=telemed-meetings&paged=8')->text('telemed-meetings');
        $this->assertStringContainsString('00:00 UTC', $list, 'the screen says so');

        $tomorrow = $noon + 43200 + 60;
        $this->zoom->advance($tomorrow - $noon);
        $this->site->php(self::SOURCE . 'add_filter("telemed_now", static fn (int $now): int => $arguments["tomorrow"] + $now - $arguments["real"]);
            for ($run = 0; $run < 3; $run++) { $plugin->worker->runDue(60.0); }', array('tomorrow' => $tomorrow, 'real' => time()));
        $this->assertSame(150, $this->records()->visits->count('made'));
        $this->assertCount(150, $this->meetings());
    }

    /** Whoever listens may wait for a lock in the host's tables, whose holder may be waiting for a row of ours. */
    public function testNoListenerIsCalledWithinATransactionOfOurs(): void
    {
        $heard = $this->inside('
            $address = $wpdb->parse_db_host(DB_HOST);
            $outside = \Telemed\Tests\Records::over(new \mysqli($address[0], DB_USER, DB_PASSWORD, DB_NAME, null, $address[2]))->visits;
            [$heard, $later] = [[], gmdate("Y-m-d\TH:i:s\Z", strtotime($start) + 3600)];
            $listen = static function (array $visit) use ($outside, &$heard): void {
                $seen = $outside->versionAtOnce($visit["id"]);
                foreach ($visit["events"] ?? ["forgotten"] as $event) {
                    $heard[$event][] = is_int($seen) ? "stands" : $seen;
                }
            };
            foreach (["changed", "forgotten"] as $hook) { add_action("telemed_visit_{$hook}", $listen, 1); }
            $put(1, $doctor, $start);
            $row = $plugin->visits->book("test", "1", $doctor, $visit($start));
            $settle = static function () use ($plugin, &$row): void { $plugin->oneVisit->bringOn($row->id, 20.0, $row->version); };
            $settle();
            $put(1, $doctor, $later); $row = $plugin->visits->reschedule(\Telemed\Tests\Records\InPlugin::visit($row->id), $visit($later)); $settle();
            $row = $plugin->visits->recreate(\Telemed\Tests\Records\InPlugin::visit($row->id)); $settle();
            $put(1, $other, $start); $row = $plugin->visits->reschedule(\Telemed\Tests\Records\InPlugin::visit($row->id), $visit($start), $other); $settle();
            // Rolled back, after which the meeting is taken back.
            $row = $plugin->visits->cancel(\Telemed\Tests\Records\InPlugin::visit($row->id)); $settle();
            $put(1, $other, $start, 0); $row = $plugin->visits->cancel(\Telemed\Tests\Records\InPlugin::visit($row->id)); $settle();
            $row = $plugin->visits->book("test", "2", $doctor, $visit($start)); $settle();
            return $heard;');
        foreach (array('booked', 'confirmed', 'attempting', 'made', 'rescheduled', 'updated', 'recreated', 'reassigned', 'cancelled', 'taken_back') as $event) {
            $this->assertSame(array('stands'), array_values(array_unique($heard[$event] ?? array())), $event);
        }
        $this->assertSame(array(null), $heard['forgotten']);
    }

    public function testWhatIsTakenBackIsToldToNobody(): void
    {
        $this->assertSame(array(array('first'), array('first', 'second', 'third')), $this->inside('
            $told = [];
            $tell = static function (string $what) use ($plugin, &$told): void { $plugin->database->afterCommit(static function () use (&$told, $what): void { $told[] = $what; }); };
            $tell("first");
            try {
                $plugin->database->atomically(static function () use ($plugin, $tell): void {
                    $plugin->database->atomically(static fn () => $tell("never"));
                    throw new \RuntimeException("taken back");
                });
            } catch (\RuntimeException) { $before = $told; }
            $plugin->database->atomically(static function () use ($plugin, $tell, &$told): void {
                $plugin->database->atomically(static fn () => $tell("second"));
                if ($told !== ["first"]) { throw new \LogicException("told too early"); }
                $tell("third");
            });
            return [$before, $told];'));
    }

    /** Runs code as a request of the appointment system does, to its very end. */
    private function inside(string $code, bool $dies = false): mixed
    {
        try {
            return $this->site->php(
                self::SOURCE . '[$doctor, $other, $start] = [$arguments["doctor"], $arguments["other"], $arguments["start"]];' . $code,
                array('doctor' => $this->site->userId('doctor1'), 'other' => $this->site->userId('doctor2'), 'start' => self::start())
            );
        } catch (\RuntimeException $end) {
            if (! $dies) {
                throw $end;
            }
            return null;
        }
    }

    private function work(int $seconds): void
    {
        $this->site->php(self::SOURCE . 'add_filter("telemed_now", static fn (int $now): int => $now + $arguments["seconds"]); $plugin->worker->runDue(30.0);', array('seconds' => $seconds));
    }

    private function nightly(): void
    {
        $this->site->php(self::SOURCE . 'do_action("telemed_nightly");');
    }

    private function lockWaits(): int
    {
        return (int) $this->site->database()->query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_waits'")->fetch_row()[1];
    }

    /** @return array<string, mixed> */
    private function only(): array
    {
        $rows = $this->rows();
        $this->assertCount(1, $rows);
        return $rows[0];
    }
}
