<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/**
 * A doctor who is deleted through KiviCare with several appointments: the core leaves these booked. Staff are told at once, nothing
 * claims to be done that only KiviCare can do, and patients are neither led to nobody nor told what is not so.
 */
final class DoctorDeletedTest extends KivicareTestCase
{
    private const PATIENT = 'patient@example.com';
    private const DAY = 86400;

    private int $doctor;

    /** @return array<string, array{string}> */
    public static function modes(): array
    {
        return array('OAuth' => array('oauth'), 'Server-to-Server' => array('s2s'));
    }

    /** @dataProvider modes */
    #[DataProvider('modes')]
    public function testAdministratorsAreToldAtOnceWithTheListAndPatientsNothingThatIsNotSo(string $mode): void
    {
        $ids = $this->bookTwo($mode);
        $rows = array_map(fn (int $id): array => $this->visit($id), $ids);
        $this->settle();
        $this->deleteDoctor();
        foreach ($ids as $id) {
            $this->assertSame('1', $this->hostRow('kc_appointments', 'id', $id)['status'], 'the core leaves it booked');
        }
        $told = $this->administratorsMails();
        $this->assertCount(1, $told);
        $this->assertStringContainsString('Leaving has left', $told[0]['subject']);
        $this->assertStringContainsString('2 of theirs', $told[0]['message']);
        $this->assertStringContainsString('cancels or deletes', $told[0]['message']);
        foreach ($ids as $id) {
            $this->assertStringContainsString("KiviCare, appointment {$id})", $told[0]['message']);
        }
        foreach (array(0, 60, 1_000, 2_000, 2 * self::DAY, 6 * self::DAY + 60, 6 * self::DAY + 120, 8 * self::DAY) as $seconds) {
            $this->runWorker($seconds);
        }
        $cancellations = static fn (array $mail): bool => false !== stripos($mail['subject'] . $mail['message'], 'cancelled:');
        $this->assertSame(array(), array_filter($this->mailsTo(self::PATIENT), $cancellations), 'the core keeps it booked');
        $this->assertCount(1, $this->administratorsMails());
        foreach ($rows as $row) {
            $this->assertNotSame('cancelled', $this->ledgerRow((int) $row['appointment'])['state']);
        }
    }

    /** @dataProvider modes */
    #[DataProvider('modes')]
    public function testThePatientsLinkOpensNoDoorAndNamesNobody(string $mode): void
    {
        $row = $this->visit($this->bookTwo($mode)[0]);
        $this->settle();
        $this->assertSame('open', $this->state($this->site->visitor()->get($this->visitLink($row))));
        $this->deleteDoctor();
        foreach (array('', '&join=1') as $query) {
            $page = $this->site->visitor()->get($this->visitLink($row) . $query, false);
            $this->assertSame(array(200, 'doctor-gone', ''), array($page->status, $this->state($page), $page->header('location')));
            $this->assertStringNotContainsStringIgnoringCase('former user', $page->text());
            $this->assertNull($page->element('telemed-join'));
        }
        $item = $this->browser('admin')->rest('GET', "telemed/v1/visits/{$row['id']}")->json();
        $this->assertSame(array('', null, null), array($item['visit_link'], $item['join_url'], $item['start_link']));
        $this->assertSame('', $this->kc('patient', 'GET', "appointments/{$row['appointment']}")->json()['data']['video_url'] ?? '');
        $screen = $this->browser('admin')->screen('telemed-meetings')->body;
        $this->assertStringNotContainsString((string) $row['visit_key'], $screen);
        $this->assertStringNotContainsString((string) $row['join_url'], $screen);
    }

    /** @dataProvider modes */
    #[DataProvider('modes')]
    public function testTheDecisionPageSaysWhatToDoInKiviCareAndWhatIsDoneThereEndsIt(string $mode): void
    {
        $ids = $this->bookTwo($mode);
        $rows = array_map(fn (int $id): array => $this->visit($id), $ids);
        $this->settle();
        $this->deleteDoctor();
        $page = $this->decisionPage();
        $this->assertStringContainsString('2 visits are appointments of KiviCare', $page->text('telemed-departure-elsewhere'));
        $this->assertNull($page->element('telemed-departure-form'), 'nothing can be carried out here');
        $this->assertSame(
            array_column($rows, 'id'),
            array_map(static fn (\DOMElement $item): string => $item->getAttribute('data-visit'), $page->all('//tr[@data-source="kivicare"]'))
        );
        $this->assertNotSame('', $this->browser('admin')->get('/wp-admin/index.php')->text("telemed-departure-notice-{$this->doctor}"));

        foreach ($ids as $id) {
            $this->assertSame(200, $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0))->status);
            $this->visit($id, 'cancelled');
        }
        $this->settle();
        $this->runWorker(60);
        $this->assertSame(array(), $this->meetings());
        $this->assertSame('', $this->browser('admin')->get('/wp-admin/index.php')->text("telemed-departure-notice-{$this->doctor}"));
        $this->assertSame('cancelled', $this->state($this->site->visitor()->get($this->visitLink($rows[0]))));
        $this->assertCount(2, array_filter($this->queuedMails($ids[0]), static fn (array $mail): bool => 'cancel_appointment' === $mail['template']));
        $this->assertSame(array(), $this->mailsTo(self::PATIENT), 'the core tells it, and nobody a second time');
        if ('oauth' === $mode) {
            $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'), 'nothing needs the grant any more');
        }
    }

    public function testOfVisitsOfBothKindsOnlyOursAreDecidedAboutHereAndNothingElseIsClaimed(): void
    {
        $ids = $this->bookTwo('s2s');
        array_map(fn (int $id): array => $this->visit($id), $ids);
        $own = $this->browser('admin')->rest('POST', 'telemed/v1/visits', array('doctor' => $this->doctor, 'start' => self::start(40), 'minutes' => 25, 'timezone' => self::ZONE, 'patient' => 'somebody@example.com'))->json();
        $this->assertSame('made', $own['state']);
        $this->settle();
        $this->deleteDoctor();
        $this->assertStringContainsString('3 of theirs', $this->administratorsMails()[0]['message']);
        $page = $this->browser('admin')->submit($this->decisionPage()->form('telemed-departure-form'), array('choice' => 'cancel'));
        $this->assertStringContainsString('2 visits are appointments of KiviCare', implode(' ', $page->notices()));
        $this->assertStringNotContainsString('It is decided', implode(' ', $page->notices()));
        $this->assertNotNull($page->element('telemed-departure-elsewhere'));
        $this->assertNull($page->element('telemed-departure-form'));
        $this->assertSame('cancelled', $this->row($own['id'])['state']);
        $this->assertCount(1, array_filter($this->mailsTo('somebody@example.com'), static fn (array $mail): bool => str_contains($mail['subject'], 'cancelled')));
        foreach ($ids as $id) {
            $this->assertSame('made', $this->ledgerRow($id)['state']);
        }
        $this->assertCount(2, $this->meetings());
    }

    public function testWordPressFormForDeletingUsersOffersNothingForKiviCaresAppointments(): void
    {
        $ids = $this->bookTwo('s2s');
        array_map(fn (int $id): array => $this->visit($id), $ids);
        $this->settle();
        $admin = $this->browser('admin');
        $link = $admin->get('/wp-admin/users.php?s=leaving')->first('//a[contains(@class, "submitdelete")]')?->getAttribute('href');
        $question = $admin->get('/wp-admin/' . $link);
        $this->assertStringContainsString('2 visits are appointments of KiviCare', $question->text());
        $this->assertSame(array(), $question->all('//select[starts-with(@name, "telemed_visits")]'));
        $admin->submit($question->form('updateusers'));
        $this->assertCount(1, $this->administratorsMails());
    }

    public function testADeletionThatHandsOverContentTellsWhatItCouldNotHandOver(): void
    {
        $ids = $this->bookTwo('s2s');
        array_map(fn (int $id): array => $this->visit($id), $ids);
        $this->settle();
        $this->site->php(
            'require_once ABSPATH . "wp-admin/includes/user.php"; wp_delete_user($arguments["user"], $arguments["heir"]);',
            array('user' => $this->doctor, 'heir' => $this->site->userId('doctor2'))
        );
        $told = $this->administratorsMails();
        $this->assertCount(1, $told);
        $this->assertStringContainsString("KiviCare, appointment {$ids[0]})", $told[0]['message']);
        $this->assertSame((string) $this->doctor, (string) $this->ledgerRow($ids[0])['doctor'], 'whom KiviCare has it booked with');
    }

    /** A doctor with two appointments, the first of them soon. @return array{int, int} */
    private function bookTwo(string $mode): array
    {
        $this->doctor = $this->newPerson('leaving', 'doctor', 'oauth' === $mode ? 'leaving@clinic.example' : FakeZoom::DOCTOR2_EMAIL . '.net');
        $changes = array('doctorId' => $this->doctor, 'serviceId' => array($this->videoService($this->doctor)));
        if ('oauth' === $mode) {
            $this->useOAuth();
            $this->connect('leaving', FakeZoom::DOCTOR2);
        } else {
            $this->useServerToServerWithHosts();
            $this->site->php(
                'update_user_option($arguments["doctor"], \TelemedZoom\Clinic\HostMap::META, $arguments["host"]);',
                array('doctor' => $this->doctor, 'host' => array('id' => FakeZoom::DOCTOR2, 'email' => FakeZoom::DOCTOR2_EMAIL, 'name' => 'x', 'licensed' => true, 'account' => FakeZoom::ACCOUNT, 'site_email' => FakeZoom::DOCTOR2_EMAIL . '.net'))
            );
        }
        return array($this->bookSoon($changes), $this->book('receptionist', $changes));
    }

    private function deleteDoctor(): void
    {
        $this->assertSame(200, $this->kc('admin', 'DELETE', "doctors/{$this->doctor}")->status);
        $this->site->awaitRequests();
    }

    private function decisionPage(): Page
    {
        return $this->browser('admin')->get("/wp-admin/admin.php?page=telemed-handover&doctor={$this->doctor}");
    }

    /** @return list<array<string, mixed>> about doctors who have left, as the first administrator got them */
    private function administratorsMails(): array
    {
        $told = array_filter($this->site->mails(), static fn (array $mail): bool => str_contains($mail['subject'], 'has left'));
        $first = current($told)['to'] ?? '';
        return array_values(array_filter($told, static fn (array $mail): bool => $mail['to'] === $first));
    }

    private function state(Page $page): string
    {
        return (string) $page->element('telemed-visit')?->getAttribute('data-state');
    }
}
