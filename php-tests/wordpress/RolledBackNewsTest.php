<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Records;

/** People are told what stands in the appointment system, not what was wished in a transaction that was rolled back. */
final class RolledBackNewsTest extends ClinicTestCase
{
    private const PATIENT = 'pat@patients.example';
    private const SOURCE = <<<'CODE'
        final class MailingSource implements \TelemedZoom\Ledger\AppointmentSystem
        {
            public static ?\TelemedZoom\Ledger\Wanted $stands = null;
            /** What it has mailed itself. */
            public static array $mails = [];
            public function name(): string { return 'test'; }
            public function committed(array $appointments, \TelemedZoom\Site\Database $database): array { return self::$stands === null ? [] : array_fill_keys($appointments, self::$stands); }
            public function people(\TelemedZoom\Ledger\MeetingRecord $row): \TelemedZoom\Ledger\People { return new \TelemedZoom\Ledger\People('Dora', get_userdata($row->doctor)->user_email, 'Pat', 'pat@patients.example'); }
            public function can(string $appointment): array { return []; }
            public function title(): string { return 'Test'; }
            public function contradicted(\TelemedZoom\Site\Database $database, int $limit): array { return []; }
            public function mails(array $appointments, \TelemedZoom\Site\Database $database): array { return array_fill_keys($appointments, self::$mails); }
        }
        $plugin = \TelemedZoom\Plugin::instance();
        $plugin->sources->add(new MailingSource());
        $doctor = get_user_by('login', 'doctor1')->ID;
        $other = get_user_by('login', 'doctor2')->ID;
        $at = static fn (string $day): \TelemedZoom\Ledger\Visit => \TelemedZoom\Ledger\Visit::wanted(new \DateTimeImmutable("$day 09:00", new \DateTimeZone('UTC')), 25, 'Europe/Berlin');
        $stands = static function (string $day, int $by, bool $held = true): void { MailingSource::$stands = new \TelemedZoom\Ledger\Wanted($held, $by, new \DateTimeImmutable("$day 09:00", new \DateTimeZone('UTC')), 25, 'Europe/Berlin'); };
        $settle = static fn (\TelemedZoom\Ledger\MeetingRecord $row): ?\TelemedZoom\Ledger\MeetingRecord => $plugin->oneVisit->bringOn($row->id, 20.0, $row->version);
        $stands('+3 days', $doctor);
        CODE;
    private const INSIDE = self::SOURCE . '
        $row = $settle($plugin->visits->book("test", "1", $doctor, $at("+3 days")));';

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    /** @dataProvider rolledBack */
    #[DataProvider('rolledBack')]
    public function testAWishThatIsRolledBackIsToldToNobody(string $wish): void
    {
        $this->site->php(self::INSIDE . $wish);
        $this->assertSame(array('Your video visit'), $this->subjects(self::PATIENT));
        $this->assertSame(array('Your video visit'), $this->subjects('doctor1@clinic.example'));
        $this->assertSame(array(), $this->subjects('doctor2@clinic.example'));
        $this->assertSame('made', $this->rows()[0]['state']);
        $this->assertCount(1, $this->meetings());
    }

    /** @return array<string, array{string}> */
    public static function rolledBack(): array
    {
        return array(
            'a cancellation' => array('$settle($plugin->visits->cancel($row));'),
            'a change of doctor' => array('$settle($plugin->visits->reassign($row, $other));'),
            'a move' => array('$settle($plugin->visits->reschedule($row, $at("+5 days")));'),
            'two of them' => array('$settle($plugin->visits->cancel($plugin->visits->reschedule($row, $at("+5 days"))));'),
        );
    }

    public function testAMoveIsToldThoughACancellationAfterItIsRolledBack(): void
    {
        $this->site->php(self::INSIDE . '$row = $plugin->visits->reschedule($row, $at("+5 days")); $stands("+5 days", $doctor); $settle($plugin->visits->cancel($row));');
        $this->assertSame(array('Your video visit', 'Your video visit has changed'), $this->subjects(self::PATIENT));
        $this->assertSame(array('Your video visit', 'Your video visit has changed'), $this->subjects('doctor1@clinic.example'));
    }

    /** Its own mail goes while ours is on its way, and ours arrives last. */
    public function testWhoIsMailedAfterTheAppointmentSystemMailedACancellationIsToldThatItIsOff(): void
    {
        $this->site->php(self::INSIDE . '
            $meanwhile = static function ($sent) use (&$meanwhile, $plugin, $row, $settle, $stands, $doctor) {
                remove_filter("pre_wp_mail", $meanwhile, 1);
                $stands("+5 days", $doctor, false);
                $row = $plugin->visits->cancel(\Telemed\Tests\Records\InPlugin::visit($row->id));
                MailingSource::$mails[] = ["is_off" => true, "doctor" => $doctor, "sequence" => $row->sequence];
                $settle($row);
                return $sent;
            };
            $stands("+5 days", $doctor);
            $row = $plugin->visits->reschedule($row, $at("+5 days"));
            add_filter("pre_wp_mail", $meanwhile, 1);
            $settle($row);
            add_filter("telemed_now", static fn (int $now): int => $now + 1000);
            $plugin->worker->runDue(20.0);');
        $this->assertSame(array('Your video visit', 'Your video visit has changed', 'Your video visit is cancelled'), $this->subjects(self::PATIENT));
        $this->assertSame(array('Your video visit'), $this->subjects('doctor1@clinic.example'), 'the system\'s own e-mail told the doctor before ours left');
        $this->assertSame('cancelled', $this->rows()[0]['state']);
        $this->assertSame(array(), $this->meetings());
    }

    public function testACancellationIsToldOnceThoughBookingItAgainIsRolledBack(): void
    {
        $this->site->php(self::INSIDE . '$stands("+3 days", $doctor, false); $row = $settle($plugin->visits->cancel($row)); $settle($plugin->visits->book("test", "1", $doctor, $at("+3 days")));');
        $this->assertSame(array('Your video visit', 'Your video visit is cancelled'), $this->subjects(self::PATIENT));
        $this->assertSame('cancelled', $this->rows()[0]['state']);
    }

    public function testWhatTheDatabaseHasNoRoomToTellIsNotDoneUntilItCanBeTold(): void
    {
        Records::over($this->site->database(asRoot: true))->log->withoutRoomForMails(function (): void {
            $failed = $this->site->php(self::SOURCE . '
                $row = $plugin->visits->book("test", "1", $doctor, $at("+3 days"));
                try { $settle($row); } catch (\TelemedZoom\Site\DatabaseException $failure) { return $failure->getCode(); }');
            $this->assertSame(1114, $failed);
            $this->assertSame(array(), $this->site->mails());
        });
        $this->site->php(self::SOURCE . 'do_action("telemed_run");');
        foreach (array(self::PATIENT, 'doctor1@clinic.example') as $address) {
            $this->assertSame(array('Your video visit'), $this->subjects($address));
        }
        $this->assertSame('made', $this->rows()[0]['state']);
    }

    /** @dataProvider mailed */
    #[DataProvider('mailed')]
    public function testANewsWhoseProcessDiedIsMailedThoughAWishAfterItIsRolledBack(array $settings): void
    {
        $this->saveSettings($settings);
        $this->bookAndDie();
        $this->site->php(self::SOURCE . '$row = \Telemed\Tests\Records\InPlugin::ofAppointment("test", "1"); $settle($plugin->visits->reschedule($row, $at("+5 days")));');
        $this->site->php(self::SOURCE . 'add_filter("telemed_now", static fn (int $now): int => $now + 11 * 60); do_action("telemed_run");');
        foreach (array(self::PATIENT, 'doctor1@clinic.example') as $address) {
            $this->assertSame(array('Your video visit'), $this->subjects($address));
        }
        $this->assertStringContainsString('DTSTART:' . gmdate('Ymd', strtotime('+3 days')), $this->site->mails()[0]['attachments'][0]['content']);
        $this->assertSame(0, $this->records()->log->countUnsent());
    }

    /** @return array<string, array{array<string, string>}> */
    public static function mailed(): array
    {
        return array('the visit link' => array(array()), 'Zoom\'s own link' => array(array('mail_zooms_link' => '1')));
    }

    public function testWhoHoldsTheVisitAgainIsNotToldThatItIsOffByAMailThatComesLate(): void
    {
        try {
            $this->site->php(self::INSIDE . 'add_action("telemed_visit_changed", static function (array $visit): void { if (in_array("confirmed", $visit["events"], true)) { posix_kill(getmypid(), SIGKILL); } });
                $stands("+3 days", $other); $settle($plugin->visits->reassign($row, $other));');
            $this->fail('the process was to be killed');
        } catch (\RuntimeException) {
            $this->assertSame(2, $this->records()->log->countUnsent());
        }
        $this->site->php(self::SOURCE . '$settle($plugin->visits->reassign(\Telemed\Tests\Records\InPlugin::ofAppointment("test", "1"), $doctor));');
        $this->site->php(self::SOURCE . 'add_filter("telemed_now", static fn (int $now): int => $now + 11 * 60); do_action("telemed_run");');
        $this->assertSame(array('Your video visit'), $this->subjects('doctor1@clinic.example'), 'who never heard of the change knows what stands');
        $this->assertSame(array(), $this->subjects('doctor2@clinic.example'));
    }

    public function testANewsWhoseProcessDiedWaitsUntilItIsKnownWhatStands(): void
    {
        $this->bookAndDie();
        $minutes = fn (int $minutes) => $this->site->php(
            self::SOURCE . 'add_filter("telemed_now", static fn (int $now): int => $now + $arguments["minutes"] * 60); do_action("telemed_run");',
            array('minutes' => $minutes)
        );
        $this->site->php(self::SOURCE . '$plugin->visits->reschedule(\Telemed\Tests\Records\InPlugin::ofAppointment("test", "1"), $at("+5 days")); remove_all_actions("shutdown");');
        $minutes(11);
        $this->assertSame(array(), $this->site->mails(), 'its transaction may still be open');
        $minutes(16);
        $minutes(28);
        $this->assertSame(array('Your video visit'), $this->subjects(self::PATIENT));
        $this->assertStringContainsString('DTSTART:' . gmdate('Ymd', strtotime('+3 days')), $this->site->mails()[0]['attachments'][0]['content']);
    }

    /** Zoom's own link comes while a move is wished that is rolled back: its time is told to nobody. */
    public function testALinkIsNotToldWithATimeThatMayBeRolledBack(): void
    {
        $this->saveSettings(array('mail_zooms_link' => '1'));
        $this->site->php(self::INSIDE . '
            $stands("+4 days", $doctor);
            $second = $plugin->visits->book("test", "2", $doctor, $at("+4 days"));
            add_action("telemed_visit_changed", static function (array $visit) use ($plugin, $at, $second): void {
                if (in_array("attempting", $visit["events"], true) && $visit["id"] === $second->id) { $plugin->visits->reschedule($second, $at("+6 days")); }
            });
            $settle($second);
            foreach (range(1, 3) as $pass) {
                add_filter("telemed_now", static fn (int $now): int => $now + 11 * 60);
                do_action("telemed_run");
            }');
        $mails = array_values(array_filter($this->site->mails(), fn (array $mail): bool => self::PATIENT === $mail['to'] && str_contains($mail['message'], $this->zoomsLink())));
        $this->assertNotSame(array(), $mails);
        foreach ($mails as $mail) {
            $this->assertStringContainsString('DTSTART:' . gmdate('Ymd', time() + 4 * 86400) . 'T090000Z', $mail['attachments'][0]['content']);
        }
    }

    /** Written down as committed, with the mail that is to go; the process ends before it goes. */
    private function bookAndDie(): void
    {
        try {
            $this->site->php(self::SOURCE . 'add_action("telemed_visit_changed", static function (array $visit): void { if (in_array("confirmed", $visit["events"], true)) { posix_kill(getmypid(), SIGKILL); } });
                $settle($plugin->visits->book("test", "1", $doctor, $at("+3 days")));');
            $this->fail('the process was to be killed');
        } catch (\RuntimeException) {
            $this->assertSame(1, $this->records()->log->countUnsent());
            $this->assertSame(array(), $this->site->mails());
        }
    }

    private function zoomsLink(): string
    {
        return '/j/' . $this->records()->visits->ofAppointment('test', 2)['meeting_id'];
    }

    /** @return list<string> */
    private function subjects(string $address): array
    {
        return array_column(array_filter($this->site->mails(), static fn (array $mail): bool => $mail['to'] === $address), 'subject');
    }
}
