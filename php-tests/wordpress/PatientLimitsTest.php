<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\Browser;
use Telemed\Tests\Page;

/** What one doctor can learn of this site's users and turn against one person: nothing, and only so much. */
final class PatientLimitsTest extends ClinicTestCase
{
    private const PATIENT = 'pat@patients.example';
    private const DEFAULTS = array(
        'telemed_mails_per_doctor' => 60,
        'telemed_mails_per_address' => 10,
        'telemed_visits_per_patient' => 5,
        'telemed_recreate_seconds' => 60,
        'telemed_writes_per_patient' => 25,
    );

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    protected function tearDown(): void
    {
        if (is_file($this->plugin())) {
            unlink($this->plugin());
        }
    }

    public function testADoctorReadsAndMailsNoUserByNumber(): void
    {
        $admin = (string) $this->site->userId('admin');
        $refused = $this->post('doctor1', 'doctor1', array('patient' => $admin));
        $this->assertSame(400, $refused->status, $refused->body);
        $this->assertSame($refused->body, $this->post('doctor1', 'doctor1', array('patient' => '999999'))->body, 'nobody learns which numbers there are');
        $email = (string) $this->site->value('SELECT user_email FROM wp_users WHERE ID = ?', $admin);
        $this->assertStringNotContainsString($email, $refused->body);
        $doctor = $this->browser('doctor1');
        $form = $doctor->screen('telemed-new-meeting')->form('telemed-meeting-form');
        $page = $doctor->submit($form, array('patient' => $admin, 'timezone' => self::ZONE));
        $this->assertStringContainsString('not made', implode(' ', $page->notices()));
        $this->assertSame(array(), $this->rows());
        $this->assertNotContains($email, array_column($this->site->mails(), 'to'));
    }

    public function testNoAnswerTellsWhetherAnAddressIsAnAccount(): void
    {
        $known = (string) $this->site->value("SELECT user_email FROM wp_users WHERE user_login = 'patient'");
        foreach (array($known, self::PATIENT) as $day => $address) {
            $row = $this->make('doctor1', 'doctor1', array('patient' => $address, 'start' => self::start(30 + $day)));
            $this->assertSame($address, $row['patient']);
            $this->assertNull($this->records()->visits->find($row['id'])['patient']);
            $page = $this->browser('doctor1')->get("/wp-admin/admin.php?page=telemed-meeting&id={$row['id']}");
            $facts[] = str_replace(array($address, (string) $row['id']), '', $page->text('telemed-meeting'));
            $this->assertStringContainsString($address, $page->text('telemed-meeting'));
        }
        $this->assertStringNotContainsString($this->nameOf('patient'), $facts[0]);
    }

    public function testANumberIsTakenFromWhoMayListUsersAndForTheDoctorsOwnPatients(): void
    {
        $number = (string) $this->site->userId('patient');
        $this->assertSame(400, $this->post('doctor1', 'doctor1', array('patient' => $number))->status, 'not yet');
        $booked = $this->make('admin', 'doctor1', array('patient' => $number));
        $this->assertSame((int) $number, $booked['patient']);
        $this->make('doctor1', 'doctor1', array('patient' => $number, 'start' => self::start(31)));
        $this->assertSame(400, $this->post('doctor2', 'doctor2', array('patient' => $number))->status, 'another doctor\'s patient');
        $seen = $this->browser('doctor1')->rest('GET', "telemed/v1/visits/{$booked['id']}")->json()['patient'];
        $this->assertNotSame((int) $number, $seen);
    }

    public function testTenMailsAnHourGoToOneAddressAndTheRestWaitSeenByStaffAndGoLater(): void
    {
        $admins = array($this->browser('admin'), $this->site->browser('admin'), $this->site->browser('admin'));
        for ($round = 0; $round < 4; $round++) {
            $pages = Browser::together(array_map(fn (int $number): array => array($admins[$number], 'POST', 'telemed/v1/visits', array(
                'doctor' => $this->site->userId('doctor1'),
                'start' => self::start(30 + 3 * $round + $number),
                'patient' => self::PATIENT,
            )), array(0, 1, 2)));
            $this->assertSame(array(201, 201, 201), array_map(static fn (Page $page): int => $page->status, $pages));
        }
        $this->assertCount(10, $this->mailsTo(self::PATIENT));
        $this->assertCount(12, $this->mailsTo('doctor1@clinic.example'), 'the doctor is told of all');
        $list = $this->browser('admin')->screen('telemed-meetings');
        $this->assertCount(2, $list->all('//*[contains(@class, "telemed-mail-waits")]'));
        $this->assertStringContainsString('2 mails', $list->text('telemed-waiting-mails'));
        $this->assertSame('', $this->browser('doctor1')->screen('telemed-meetings')->text('telemed-waiting-mails'));
        $this->assertSame(2, $this->records()->log->count('mail_waits'));
        $this->assertStringNotContainsString(self::PATIENT, implode(',', array_merge($this->records()->counters->signals(), $this->records()->log->notes())));
        $this->runWorker(900);
        $this->assertCount(10, $this->mailsTo(self::PATIENT), 'within the hour they wait');
        $this->runWorker(3700);
        $mails = $this->mailsTo(self::PATIENT);
        $this->assertCount(12, $mails);
        $this->assertCount(12, array_unique(array_column($mails, 'message')), 'each of another visit');
        $this->assertSame('', $this->browser('admin')->screen('telemed-meetings')->text('telemed-waiting-mails'));
    }

    public function testWhatIsNoLongerTrueByThenIsNotToldButWhatStands(): void
    {
        $this->filters(array('telemed_mails_per_address' => 1));
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        foreach (array(31, 32) as $day) {
            $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('start' => self::start($day)));
        }
        $this->assertCount(1, $this->mailsTo(self::PATIENT));
        $this->runWorker(3700);
        $mails = $this->mailsTo(self::PATIENT);
        $this->assertCount(2, $mails);
        $this->assertStringContainsString('It is now', $mails[1]['message']);
        $this->assertStringContainsString(str_replace('-', '', substr(self::start(32), 0, 10)), (string) json_encode($mails[1]['attachments']));
    }

    public function testSixtyMailsAnHourAreAboutOneDoctorsVisits(): void
    {
        $this->filters(array('telemed_mails_per_doctor' => 4));
        foreach (array(0, 1, 2) as $number) {
            $this->make('admin', 'doctor1', array('patient' => "pat{$number}@patients.example", 'start' => self::start(30 + $number)));
        }
        $this->make('admin', 'doctor2', array('patient' => 'other@patients.example'));
        $this->assertCount(2, $this->mailsTo('other@patients.example', 'doctor2@clinic.example'), 'another doctor\'s go');
        $all = array('pat0@patients.example', 'pat1@patients.example', 'pat2@patients.example', 'doctor1@clinic.example');
        $this->assertCount(4, $this->mailsTo(...$all));
        $this->runWorker(3700);
        $this->assertCount(6, $this->mailsTo(...$all));
    }

    public function testADoctorBooksFiveVisitsOfOnePatientAnHour(): void
    {
        for ($number = 0; $number < 5; $number++) {
            $this->make('doctor1', 'doctor1', array('patient' => self::PATIENT, 'start' => self::start(30 + $number)));
        }
        $refused = $this->post('doctor1', 'doctor1', array('patient' => strtoupper(self::PATIENT), 'start' => self::start(40)));
        $this->assertSame(429, $refused->status, $refused->body);
        $this->assertCount(5, $this->rows());
        $this->make('doctor1', 'doctor1', array('patient' => 'other@patients.example', 'start' => self::start(41)));
        $this->make('admin', 'doctor1', array('patient' => self::PATIENT, 'start' => self::start(42)));
        $this->records()->counters->ageSignals('limit:', 3600);
        $this->make('doctor1', 'doctor1', array('patient' => self::PATIENT, 'start' => self::start(43)));
    }

    public function testEachNumberIsAFilterAndTheseAreTheDefaults(): void
    {
        $given = $this->site->php('
            $given = [];
            foreach ($arguments["names"] as $name) {
                add_filter($name, static function ($value) use (&$given, $name) { $given[$name] = $value; return 0; });
            }
            $plugin = \TelemedZoom\Plugin::instance();
            $patient = new \TelemedZoom\Ledger\Patient(null, "a@b.example");
            $row = $plugin->visits->book("manual", "limits", 2, \TelemedZoom\Ledger\Visit::wanted(new \DateTimeImmutable("+30 days"), 25, "UTC"), $patient);
            for ($time = 0; $time < 70; $time++) {
                if ($plugin->limits->mail($row, "a@b.example") !== null) { return "limited"; }
                $plugin->limits->book(2, $patient);
                $plugin->limits->recreate($row);
            }
            \TelemedZoom\Ledger\Limits::writesOfPatient();
            return $given;', array('names' => array_keys(self::DEFAULTS)));
        $this->assertEqualsCanonicalizing(self::DEFAULTS, $given);
        $this->assertSame(self::DEFAULTS, array_merge(self::DEFAULTS, $given));
    }

    public function testOnePatientTakesOnlyAShareOfTheDaysWritesTheSoonestVisitFirst(): void
    {
        $this->filters(array('telemed_writes_per_patient' => 2));
        $far = $this->make('admin', 'doctor1', array('patient' => self::PATIENT, 'start' => self::start(50)));
        $this->assertSame('made', $far['state']);
        $this->make('admin', 'doctor1', array('patient' => self::PATIENT, 'start' => self::start(49)));
        $late = $this->booked(array('patient' => self::PATIENT, 'start' => self::start(48)));
        $soon = $this->booked(array('patient' => self::PATIENT, 'start' => self::start(47)));
        $this->assertSame(array('due', 'due'), array($late['state'], $soon['state']));
        $this->assertStringContainsString('patient', (string) $soon['error']);
        $this->assertSame('made', $this->make('admin', 'doctor1', array('patient' => 'other@patients.example', 'start' => self::start(46)))['state'], 'others go on');
        $this->assertSame('made', $this->make('admin', 'doctor2', array('patient' => self::PATIENT, 'start' => self::start(45)))['state'], 'another host has a share of its own');
        $this->zoom->advance(86400);
        $this->zoom->forgetRequests();
        $this->runWorker(86400);
        $this->assertSame(array('made', 'made'), array($this->row($soon['id'])['state'], $this->row($late['id'])['state']));
        $starts = array_map(static fn (array $request): string => substr((string) json_decode($request['body'], true)['start_time'], 0, 10), $this->creations());
        $this->assertSame(array(substr(self::start(47), 0, 10), substr(self::start(48), 0, 10)), $starts);
    }

    /** @param array<string, int> $values */
    private function filters(array $values): void
    {
        file_put_contents($this->plugin(), '<?php foreach (' . var_export($values, true) . ' as $name => $value) { add_filter($name, static fn () => $value); }');
    }

    private function plugin(): string
    {
        return $this->site->wordpress() . '/wp-content/mu-plugins/limits.php';
    }

    private function nameOf(string $login): string
    {
        return (string) $this->site->value('SELECT display_name FROM wp_users WHERE user_login = ?', $login);
    }

    /** @return list<array<string, mixed>> */
    private function mailsTo(string ...$addresses): array
    {
        return array_values(array_filter($this->site->mails(), static fn (array $mail): bool => in_array($mail['to'], $addresses, true)));
    }
}
