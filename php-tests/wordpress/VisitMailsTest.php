<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

/** Who is told what of a visit, how often, and with which entry for the calendar. */
final class VisitMailsTest extends ClinicTestCase
{
    private const PATIENT = 'pat@patients.example';

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testABookingIsMailedToBothWithTheVisitLinkAndAnEntryForTheCalendar(): void
    {
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT, 'start' => '2031-07-15T09:30:00Z'));
        foreach (array(self::PATIENT, $this->email('doctor1')) as $address) {
            $mail = $this->only($address);
            $this->assertStringContainsString($row['visit_link'], $mail['message']);
            $this->assertStringNotContainsString('zoom.us', json_encode($mail));
            $lines = $this->calendar($mail);
            $this->assertContains('METHOD:REQUEST', $lines);
            $this->assertContains('DTSTART:20310715T093000Z', $lines);
            $this->assertContains('DTEND:20310715T095500Z', $lines);
            $this->assertGreaterThan(0, (int) $this->value($lines, 'SEQUENCE'));
            $this->assertContains('URL:' . $row['visit_link'], $lines);
            $this->assertSame($this->uid($row['id']), $this->value($lines, 'UID'));
        }
        $this->assertStringContainsString('Dora Example', $this->only(self::PATIENT)['message']);
        $this->assertStringNotContainsString(self::PATIENT, json_encode($this->only($this->email('doctor1'))));
    }

    public function testWhoBooksMovesOrCancelsDoesNotWaitForTheMailServer(): void
    {
        $admin = $this->browser('admin');
        $row = $this->site->withSlowMailServer(fn (): array => $this->make('admin', 'doctor1', array('patient' => self::PATIENT)));
        $this->assertSame('made', $row['state']);
        $moved = $this->site->withSlowMailServer(fn () => $admin->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('start' => self::start(45))));
        $this->assertSame(200, $moved->status);
        $cancelled = $this->site->withSlowMailServer(fn () => $admin->rest('DELETE', "telemed/v1/visits/{$row['id']}"));
        $this->assertSame('cancelled', $cancelled->json()['state']);
        // They have left in any order; the last says what stands, also if it has to be said once more.
        foreach (array(self::PATIENT, $this->email('doctor1')) as $address) {
            $subjects = array_column($this->to($address), 'subject');
            $this->assertSame('Your video visit', reset($subjects));
            $this->assertSame('Your video visit is cancelled', end($subjects));
            // What was cancelled before it could be told as moved is told as cancelled alone.
            $this->assertSame(array(), array_diff($subjects, array('Your video visit', 'Your video visit has changed', 'Your video visit is cancelled')));
        }
    }

    public function testTheTimesAreInTheDoctorsZoneAndTheClinics(): void
    {
        $this->site->php('\TelemedZoom\Clinic\Doctors::setTimezone($arguments["doctor"], "Asia/Tokyo"); update_option("timezone_string", "Europe/Berlin");', array('doctor' => $this->site->userId('doctor1')));
        $this->make('admin', 'doctor1', array('patient' => self::PATIENT, 'start' => '2031-07-15T09:30:00Z'));
        $this->assertStringContainsString('11:30', $this->only(self::PATIENT)['message']);
        $this->assertStringContainsString('Europe/Berlin', $this->only(self::PATIENT)['message']);
        $this->assertStringContainsString('6:30 pm (Asia/Tokyo)', $this->only($this->email('doctor1'))['message']);
    }

    public function testAMoveAndACancellationAreMailedOnceEachWithRisingSequence(): void
    {
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $move = array('PATCH', array('start' => self::start(45)));
        foreach (array($move, $move, array('DELETE', null), array('DELETE', null)) as [$method, $body]) {
            // Its mails have left before the next is asked for.
            $this->site->awaitRequests();
            $this->browser('admin')->rest($method, "telemed/v1/visits/{$row['id']}", $body);
        }
        $this->runWorker(60);
        $mails = $this->to(self::PATIENT);
        $this->assertCount(3, $mails);
        $calendars = array_map(fn (array $mail): array => $this->calendar($mail), $mails);
        $this->assertSame(array('REQUEST', 'REQUEST', 'CANCEL'), array_map(fn (array $lines): string => $this->value($lines, 'METHOD'), $calendars));
        $sequences = array_map(fn (array $lines): int => (int) $this->value($lines, 'SEQUENCE'), $calendars);
        $this->assertSame(array($sequences[0], $sequences[0] + 1, $sequences[0] + 2), $sequences);
        $this->assertCount(1, array_unique(array_map(fn (array $lines): string => $this->value($lines, 'UID'), $calendars)));
        $this->assertContains('STATUS:CANCELLED', $calendars[2]);
        $this->assertStringNotContainsString('telemed_visit', $mails[2]['message']);
        $this->assertCount(3, $this->to($this->email('doctor1')));
    }

    public function testAChangeOfDoctorTakesTheVisitOutOfTheFormerDoctorsCalendar(): void
    {
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $this->inPlugin('$plugin->visits->reassign(\Telemed\Tests\Records\InPlugin::visit($arguments["id"]), $arguments["doctor"]);', array('id' => $row['id'], 'doctor' => $this->site->userId('doctor2')));
        $former = $this->to($this->email('doctor1'));
        $this->assertCount(2, $former);
        $this->assertContains('METHOD:CANCEL', $this->calendar($former[1]));
        $this->assertContains('METHOD:REQUEST', $this->calendar($this->only($this->email('doctor2'))));
        $this->assertCount(2, $this->to(self::PATIENT));
        $this->assertStringContainsString($row['visit_link'], $this->to(self::PATIENT)[1]['message']);
    }

    public function testWhatFailsLongBeforeTheVisitIsToldToStaffOnce(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), 20);
        $this->booked(array('patient' => self::PATIENT));
        $this->runWorker(400);
        $this->runWorker(4000);
        $this->assertCount(1, $this->to(self::PATIENT), 'only of the booking');
        $this->assertCount(1, $this->withSubject($this->to($this->email('doctor1')), 'not ready at Zoom yet'));
        $this->assertCount(1, $this->withSubject($this->to($this->email('admin')), 'not ready at Zoom yet'));
    }

    public function testAVisitThatCannotBeMadeInTimeIsToldToPatientAndStaff(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), 20);
        $row = $this->booked(array('patient' => self::PATIENT, 'start' => gmdate('Y-m-d\TH:i:s\Z', time() + 1800)));
        $this->runWorker(120);
        $this->assertCount(1, $this->to(self::PATIENT), 'it may mend itself');
        $this->runWorker(360);
        $this->runWorker(420);
        $this->assertCount(1, $this->withSubject($this->to(self::PATIENT), 'not ready yet'));
        $this->assertStringContainsString($row['visit_link'], $this->to(self::PATIENT)[1]['message']);
        $this->assertCount(1, $this->withSubject($this->to($this->email('doctor1')), 'is not ready'));
        $this->assertCount(1, $this->withSubject($this->to($this->email('admin')), 'is not ready'));
        $this->runWorker(7200);
        $this->assertSame('missed', $this->row($row['id'])['state']);
        $this->assertCount(1, $this->withSubject($this->to(self::PATIENT), 'could not take place'));
        $this->assertCount(1, $this->withSubject($this->to($this->email('admin')), 'could not take place'));
    }

    public function testOneTryThatFailsAlarmsNobodyAndIsNotMentioned(): void
    {
        $this->zoom->answer(array('path' => '/v2/'), 503, array('code' => 503, 'message' => 'Unavailable'), array(), -1);
        $this->booked(array('patient' => self::PATIENT, 'start' => gmdate('Y-m-d\TH:i:s\Z', time() + 50 * 60)));
        $this->runWorker(10);
        $this->zoom->forgetFaults();
        $this->runWorker(150);
        $this->assertSame('made', $this->rows()[0]['state']);
        $this->runWorker(15 * 60);
        $this->assertSame(array('Your video visit'), array_column($this->to(self::PATIENT), 'subject'));
        $this->assertSame(array('Your video visit'), array_column($this->to($this->email('doctor1')), 'subject'));
        $this->assertSame(array(), $this->to($this->email('admin')));
    }

    public function testWhoeverBooksAtTheLastMomentIsAlarmedByOneTryThatFails(): void
    {
        $this->zoom->answer(array('path' => '/v2/'), 503, array('code' => 503, 'message' => 'Unavailable'), array(), -1);
        $this->booked(array('patient' => self::PATIENT, 'start' => gmdate('Y-m-d\TH:i:s\Z', time() + 10 * 60)));
        $this->assertCount(1, $this->withSubject($this->to(self::PATIENT), 'not ready yet'));
    }

    public function testWhoWasAlarmedIsToldOnceWhenTheMeetingIsThere(): void
    {
        $this->zoom->answer(array('path' => '/v2/'), 503, array('code' => 503, 'message' => 'Unavailable'), array(), -1);
        $row = $this->booked(array('patient' => self::PATIENT, 'start' => gmdate('Y-m-d\TH:i:s\Z', time() + 50 * 60)));
        foreach (array(120, 400, 700, 1000) as $seconds) {
            $this->runWorker($seconds);
        }
        $this->assertCount(1, $this->withSubject($this->to(self::PATIENT), 'not ready yet'));
        $this->zoom->forgetFaults();
        $this->runWorker(1400);
        $this->assertSame('made', $this->row($row['id'])['state']);
        $ready = $this->withSubject($this->to(self::PATIENT), 'the video room is ready');
        $this->assertCount(1, $ready);
        $this->assertStringContainsString($row['visit_link'], $ready[0]['message']);
        $this->assertSame(array(), $ready[0]['attachments'], 'the visit stands in their calendar');
        $this->runWorker(1760);
        $this->runWorker(2000);
        $this->assertCount(1, $this->withSubject($this->to($this->email('doctor1')), 'late is ready'));
        $this->assertCount(1, $this->withSubject($this->to($this->email('admin')), 'late is ready'));
        $this->assertCount(3, $this->to(self::PATIENT), 'booked, not ready, ready');
    }

    public function testWhatFailedLongBeforeIsToldAgainWhenTheVisitComesNear(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), 50);
        $this->booked(array('patient' => self::PATIENT, 'start' => gmdate('Y-m-d\TH:i:s\Z', time() + 3 * 3600)));
        $this->runWorker(3600);
        $this->assertCount(1, $this->to(self::PATIENT));
        $this->runWorker(2 * 3600 + 600);
        $this->runWorker(2 * 3600 + 700);
        $this->assertCount(1, $this->withSubject($this->to(self::PATIENT), 'not ready yet'));
    }

    public function testPatientsAreNotMailedWhereTheClinicDoesThatItself(): void
    {
        $this->saveSettings(array('mail_patients' => '0'));
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->assertSame(array(), $this->to(self::PATIENT));
        $this->assertCount(2, $this->to($this->email('doctor1')));
    }

    public function testWhereZoomsOwnLinkIsMailedEveryNewOneIsMailedAtOnce(): void
    {
        $this->saveSettings(array('mail_zooms_link' => '1'));
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $mail = $this->only(self::PATIENT);
        $this->assertStringContainsString($row['join_url'], $mail['message']);
        $this->assertSame('Your video visit', $mail['subject']);
        $this->inPlugin('$plugin->visits->recreate(\Telemed\Tests\Records\InPlugin::visit($arguments["id"]));', array('id' => $row['id']));
        $now = $this->row($row['id']);
        $this->assertNotSame($row['join_url'], $now['join_url']);
        $this->assertCount(2, $this->to(self::PATIENT));
        $this->assertStringContainsString($now['join_url'], $this->to(self::PATIENT)[1]['message']);
        $this->assertStringContainsString($now['join_url'], $this->to($this->email('doctor1'))[1]['message']);
        $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('start' => self::start(45)));
        $this->assertCount(3, $this->to(self::PATIENT), 'a move keeps the link and is mailed once');
    }

    public function testWhereZoomsOwnLinkIsMailedAnotherDoctorIsToldTogetherWithIt(): void
    {
        $this->saveSettings(array('mail_zooms_link' => '1'));
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $this->inPlugin('$plugin->visits->reassign(\Telemed\Tests\Records\InPlugin::visit($arguments["id"]), $arguments["other"]);', array('id' => $row['id'], 'other' => $this->site->userId('doctor2')));
        $now = $this->row($row['id']);
        $mails = $this->to(self::PATIENT);
        $this->assertSame(array('Your video visit', 'Your video visit is with another doctor'), array_column($mails, 'subject'));
        $this->assertStringContainsString($now['join_url'], $mails[1]['message']);
        $this->assertStringContainsString('taken over', $this->only($this->email('doctor2'))['message']);
    }

    public function testWhereZoomsOwnLinkDoesNotComeThoseWhoHoldADeadOneGetTheVisitLink(): void
    {
        $this->saveSettings(array('mail_zooms_link' => '1'));
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users/'), 400, array('code' => 300, 'message' => 'no'), array(), -1);
        $this->inPlugin('$plugin->visits->recreate(\Telemed\Tests\Records\InPlugin::visit($arguments["id"]));', array('id' => $row['id']));
        $this->assertCount(1, $this->to(self::PATIENT));
        $this->runWorker(11 * 60);
        $this->assertCount(2, $this->to(self::PATIENT));
        $this->assertStringContainsString($row['visit_link'], $this->to(self::PATIENT)[1]['message']);
        $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('start' => self::start(45)));
        $this->runWorker(22 * 60);
        $mail = $this->to(self::PATIENT)[2];
        $this->assertSame('Your video visit has changed', $mail['subject'], 'nobody keeps a wrong time because Zoom fails');
        $this->zoom->forgetFaults();
        $this->runWorker(7 * 3600);
        $mails = $this->to(self::PATIENT);
        $this->assertCount(4, $mails);
        $this->assertStringContainsString($this->row($row['id'])['join_url'], $mails[3]['message']);
    }

    public function testWhereZoomsOwnLinkIsMailedANewPasscodeIsMailedAtOnce(): void
    {
        $this->saveSettings(array('mail_zooms_link' => '1'));
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT, 'start' => gmdate('Y-m-d\TH:i:s\Z', time() + 300)));
        $this->zoom->handle($row['meeting_id'], array('password' => 'Changed9x'));
        $this->site->visitor()->get(substr($row['visit_link'], strlen($this->site->url())) . '&join=1', false);
        $mails = $this->to(self::PATIENT);
        $this->assertCount(2, $mails);
        $this->assertStringContainsString($this->zoom->meeting($row['meeting_id'])['join_url'], $mails[1]['message']);
    }

    public function testWhatCannotBeMadeBeforeItBeginsIsToldAtOnceHoweverFarOffItIs(): void
    {
        $noon = intdiv(time(), 86400) * 86400 + 86400 + 43200;
        $this->zoom->advance($noon - time());
        $this->records()->counters->addWrites(\Telemed\Tests\FakeZoom::DOCTOR1, gmdate('Y-m-d', $noon), 100);
        $this->inPlugin('
            add_filter("telemed_now", static fn (int $now): int => $arguments["noon"] + $now - $arguments["real"]);
            $book = static fn (string $name, int $hours) => $plugin->visits->book("manual", $name, $arguments["doctor"], \TelemedZoom\Ledger\Visit::wanted(new \DateTimeImmutable("@" . ($arguments["noon"] + 3600 * $hours)), 25, "Europe/Berlin"), \TelemedZoom\Ledger\Patient::from($name . "@patients.example"));
            $book("tonight", 5);
            $book("tomorrow", 20);', array('doctor' => $this->site->userId('doctor1'), 'noon' => $noon, 'real' => time()));
        $this->assertCount(1, $this->withSubject($this->to('tonight@patients.example'), 'not ready yet'));
        $this->assertCount(0, $this->withSubject($this->to('tomorrow@patients.example'), 'not ready yet'), 'that goes on at 00:00 UTC');
        $this->assertCount(1, $this->withSubject($this->to($this->email('doctor1')), 'is not ready'));
        $this->assertCount(1, $this->withSubject($this->to($this->email('admin')), 'is not ready'));
    }

    public function testARenewedMeetingIsNoNewsToWhoHoldsTheVisitLink(): void
    {
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $this->inPlugin('$plugin->visits->recreate(\Telemed\Tests\Records\InPlugin::visit($arguments["id"]));', array('id' => $row['id']));
        $this->assertCount(1, $this->to(self::PATIENT));
    }

    public function testACopyOfTheSiteMailsNobody(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), 20);
        $this->booked(array('patient' => self::PATIENT, 'start' => gmdate('Y-m-d\TH:i:s\Z', time() + 3 * 3600)));
        $before = count($this->site->mails());
        $home = $this->site->url();
        $this->site->php('update_option("home", "http://copy.example");');
        try {
            $this->runWorker(3 * 3600 - 600);
            $this->assertCount($before, $this->site->mails());
        } finally {
            $this->site->php('update_option("home", $arguments["home"]);', array('home' => $home));
        }
        $this->runWorker(3 * 3600 - 600);
        $this->assertCount(1, $this->withSubject($this->to(self::PATIENT), 'not ready yet'), 'the site itself does');
    }

    public function testCalendarLinesAreEscapedAndFoldedAndNothingBeginsALineOfItsOwn(): void
    {
        $row = $this->make('admin', 'doctor1');
        $text = $this->inPlugin('
            return \TelemedZoom\Mail\Calendar::message("REQUEST", \Telemed\Tests\Records\InPlugin::visit($arguments["id"]), "site", "a@b.example", "Klinik \"Süd\"\r\nX-EVIL:1", "c@d.example", $arguments["summary"], "https://clinic.example/?x=1");', array('id' => $row['id'], 'summary' => "a;b,c\\d\ne " . str_repeat('äöü€', 40)));
        $this->assertStringEndsWith("END:VCALENDAR\r\n", $text);
        foreach (explode("\r\n", $text) as $line) {
            $this->assertLessThanOrEqual(75, strlen($line));
            $this->assertTrue(mb_check_encoding($line, 'UTF-8'), $line);
            $this->assertStringNotContainsString("\n", $line);
            $this->assertStringStartsNotWith('X-EVIL', $line);
        }
        $lines = explode("\r\n", str_replace("\r\n ", '', $text));
        $this->assertContains('SUMMARY:a\;b\,c\\\\d\ne ' . str_repeat('äöü€', 40), $lines);
        $this->assertContains('ORGANIZER;CN="Klinik \'Süd\'X-EVIL:1":mailto:a@b.example', $lines);
    }

    public function testThePatientIsEnteredOnTheScreenAndNeverSentToZoom(): void
    {
        $admin = $this->browser('admin');
        $form = $admin->screen('telemed-new-meeting')->form('telemed-meeting-form');
        $page = $admin->submit($form, array('doctor' => (string) $this->site->userId('doctor1'), 'date' => substr(self::start(), 0, 10), 'timezone' => self::ZONE, 'patient' => self::PATIENT));
        $this->assertStringContainsString('The meeting is made.', implode(' ', $page->notices()));
        $this->assertSame(self::PATIENT, $this->rows()[0]['patient']);
        $this->assertCount(1, $this->to(self::PATIENT));
        $this->assertStringNotContainsString(self::PATIENT, json_encode($this->zoom->requests()));
        $bad = $admin->submit($admin->screen('telemed-new-meeting')->form('telemed-meeting-form'), array('timezone' => self::ZONE, 'patient' => 'nobody'));
        $this->assertStringContainsString('e-mail address', implode(' ', $bad->notices()));
        $this->assertSame('nobody', $bad->first('//input[@id="patient"]')?->getAttribute('value'));
        $this->assertCount(1, $this->rows());
    }

    /** @param array<string, mixed> $arguments */
    private function inPlugin(string $code, array $arguments): mixed
    {
        return $this->site->php('$plugin = \TelemedZoom\Plugin::instance(); ' . $code, $arguments);
    }

    private function email(string $person): string
    {
        return (string) $this->site->value('SELECT user_email FROM wp_users WHERE ID = ?', (string) $this->site->userId($person));
    }

    /** @return list<array<string, mixed>> */
    private function to(string $address): array
    {
        return array_values(array_filter($this->site->mails(), static fn (array $mail): bool => $mail['to'] === $address));
    }

    /** @return array<string, mixed> */
    private function only(string $address): array
    {
        $mails = $this->to($address);
        $this->assertCount(1, $mails, $address);
        return $mails[0];
    }

    /**
     * @param list<array<string, mixed>> $mails
     * @return list<array<string, mixed>>
     */
    private function withSubject(array $mails, string $part): array
    {
        return array_values(array_filter($mails, static fn (array $mail): bool => str_contains($mail['subject'], $part)));
    }

    /**
     * @param array<string, mixed> $mail
     * @return list<string> unfolded
     */
    private function calendar(array $mail): array
    {
        $this->assertCount(1, $mail['attachments']);
        $this->assertSame('visit.ics', $mail['attachments'][0]['name']);
        return explode("\r\n", str_replace("\r\n ", '', $mail['attachments'][0]['content']));
    }

    /** @param list<string> $lines */
    private function value(array $lines, string $name): string
    {
        foreach ($lines as $line) {
            if (str_starts_with($line, $name . ':')) {
                return substr($line, strlen($name) + 1);
            }
        }
        return '';
    }

    private function uid(int $id): string
    {
        return 'telemed-' . $this->site->value("SELECT option_value FROM wp_options WHERE option_name = 'telemed_site_id'") . '-' . $id;
    }
}
