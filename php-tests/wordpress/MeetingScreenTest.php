<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** A meeting's own screen, and the comparison with Zoom below the list: what they say, and what their buttons do for whom. */
final class MeetingScreenTest extends ClinicTestCase
{
    private const PATIENT = 'pat@patients.example';

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testItShowsWhatIsWantedAndKnownAndTheLogWithTheTrackingId(): void
    {
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $this->site->awaitRequests();
        $link = $this->browser('doctor1')->screen('telemed-meetings')->first('//a[contains(@class, "telemed-open")]');
        $page = $this->browser('doctor1')->get((string) $link?->getAttribute('href'));
        $text = $page->text('telemed-meeting');
        foreach (array('Dora Example', self::PATIENT, '25 minutes', self::ZONE, 'Ready') as $part) {
            $this->assertStringContainsString($part, $text);
        }
        $this->assertSame(array('booked', 'confirmed', 'attempting', 'made', 'mailed', 'mailed'), $this->events($page));
        $made = $page->first('//tr[@data-event="made"]/td[4]');
        $this->assertNotSame('', trim((string) $made?->textContent), 'the tracking id');
        $this->assertSame('Made at Zoom', $page->first('//tr[@data-event="made"]/td[2]')?->textContent);
        $this->assertStringContainsString('no-store', $page->header('cache-control'));
        $this->assertStringContainsString($row['visit_link'], $page->text('telemed-invitation-' . $row['id']));
        $this->assertNull($page->first('//li//a[contains(@href, "page=telemed-meeting&") or contains(@href, "page=telemed-meeting\'")]'), 'no entry of the menu');
        $this->assertStringStartsWith('Meeting', (string) $page->first('//title')?->textContent);
    }

    public function testSomebodyElsesMeetingLooksLikeNone(): void
    {
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $other = $this->browser('doctor2')->get($this->path($row['id']));
        $this->assertNotNull($other->element('telemed-no-meeting'));
        $this->assertStringNotContainsString(self::PATIENT, $other->body);
        $this->assertSame($other->text('telemed-no-meeting'), $this->browser('doctor2')->get($this->path(999999))->text('telemed-no-meeting'));
        $this->assertSame(403, $this->browser('patient')->get($this->path($row['id']))->status);
        foreach (array('x', '', '-1', '1e9') as $id) {
            $this->assertNotNull($this->browser('admin')->get("/wp-admin/admin.php?page=telemed-meeting&id={$id}")->element('telemed-no-meeting'), $id);
        }
    }

    public function testTryNowDoesNotWaitForTheNextTry(): void
    {
        $row = $this->unmade();
        $page = $this->browser('doctor1')->get($this->path($row['id']));
        $this->assertStringContainsString('Next try', $page->text('telemed-meeting'));
        $this->assertStringContainsString('Next try', $this->browser('doctor1')->screen('telemed-meetings')->text("telemed-meeting-{$row['id']}"));
        $this->assertSame(array(), $this->meetings());
        $this->forgetOutage();
        $after = $this->browser('doctor1')->submit($page->form('//form[.//button[contains(@class, "telemed-try")]]'));
        $this->assertSame('Ready', $after->text('telemed-state'), implode(' / ', $after->notices()));
        $this->assertCount(1, $this->meetings());
    }

    public function testTheListTriesOnAClickToo(): void
    {
        $this->unmade();
        $list = $this->browser('doctor1')->screen('telemed-meetings');
        $this->forgetOutage();
        $after = $this->browser('doctor1')->submit($list->form('//form[.//button[contains(@class, "telemed-try")]]'));
        $this->assertSame('Ready', $after->text('telemed-state'), implode(' / ', $after->notices()));
        $this->assertCount(1, $this->meetings());
        $this->assertNull($this->browser('doctor1')->screen('telemed-meetings')->first('//button[contains(@class, "telemed-try")]'));
    }

    public function testTheButtonsAreForTheOwnerWithANonceByPostOnly(): void
    {
        $row = $this->unmade();
        $this->forgetOutage();
        $nonce = $this->browser('doctor1')->get($this->path($row['id']))->first('//form[.//button[contains(@class, "telemed-try")]]//input[@name="_wpnonce"]')?->getAttribute('value');
        $fields = array('action' => 'telemed_try_meeting', 'meeting' => (string) $row['id'], '_wpnonce' => (string) $nonce);
        $this->assertSame(403, $this->browser('doctor2')->post('/wp-admin/admin-post.php', $fields)->status, 'another\'s nonce');
        $own = $this->unmade('doctor2');
        $page = $this->browser('doctor2')->get($this->path($own['id']));
        $this->assertSame(403, $this->browser('doctor2')->submit($page->form('//form[.//button[contains(@class, "telemed-try")]]'), array('meeting' => (string) $row['id']))->status, 'another\'s meeting');
        $this->assertSame(405, $this->browser('doctor1')->get('/wp-admin/admin-post.php?' . http_build_query($fields))->status);
        $this->assertSame(403, $this->browser('doctor1')->post('/wp-admin/admin-post.php', array('_wpnonce' => 'x') + $fields)->status);
        $this->assertSame(array(), $this->meetings());
    }

    public function testWhatIsUncertainIsMadeAnewOnlyWhenAPersonSaysSo(): void
    {
        $row = $this->unmade();
        $this->records()->pretend->uncertain($row['id']);
        $this->forgetOutage();
        $this->runWorker(7200);
        $this->assertSame(array(), $this->meetings());
        $page = $this->browser('doctor1')->get($this->path($row['id']));
        $this->assertNull($page->first('//button[contains(@class, "telemed-try")]'));
        $after = $this->browser('doctor1')->submit($page->form('//form[.//button[contains(@class, "telemed-recreate")]]'));
        $this->assertSame('Ready', $after->text('telemed-state'), implode(' / ', $after->notices()));
        $this->assertCount(1, $this->meetings());
        $again = $this->browser('doctor1')->submit($page->form('//form[.//button[contains(@class, "telemed-recreate")]]'));
        $this->assertStringContainsString('not uncertain any more', implode(' ', $again->notices()));
        $this->assertCount(1, $this->meetings());
    }

    public function testAVisitIsMovedAndGivenToAnotherDoctorOnItsScreenAndKeepsItsLink(): void
    {
        $row = $this->make('admin', 'doctor1', array('start' => '2031-07-15T09:30:00Z', 'patient' => 'pat@patients.example'));
        $admin = $this->browser('admin');
        $form = $admin->get($this->path($row['id']))->form('telemed-change-form');
        $this->assertSame(array('2031-07-15', '11:30', 'Europe/Berlin', '25'), array($form->fields['date'], $form->fields['time'], $form->fields['timezone'], $form->fields['minutes']));
        $page = $admin->submit($form, array('date' => '2031-12-15', 'time' => '08:00'));
        $this->assertStringContainsString('is changed', implode(' / ', $page->notices()));
        $moved = $this->row($row['id']);
        $this->assertSame(array('2031-12-15T07:00:00Z', $row['meeting_id'], $row['visit_link'], 'made'), array($moved['start'], $moved['meeting_id'], $moved['visit_link'], $moved['state']));
        $this->assertSame('2031-12-15T07:00:00Z', $this->zoom->meeting($row['meeting_id'])['start_time']);

        $this->site->awaitRequests();
        $admin->submit($form, array('doctor' => (string) $this->site->userId('doctor2'), 'date' => '2031-12-16'));
        $given = $this->row($row['id']);
        $this->assertSame(array($this->site->userId('doctor2'), FakeZoom::DOCTOR2, $row['visit_link']), array($given['doctor'], $given['host_id'], $given['visit_link']));
        $this->assertSame(array($given['meeting_id']), array_column($this->meetings(), 'id'));
        $this->assertSame(
            array('Your video visit', 'Your video visit has changed', 'Your video visit is with another doctor'),
            array_column(array_filter($this->site->mails(), static fn (array $mail): bool => 'pat@patients.example' === $mail['to']), 'subject')
        );
    }

    public function testAChangeThatIsRefusedKeepsWhatWasTypedAndTheFormOpen(): void
    {
        $row = $this->make('admin', 'doctor1');
        $admin = $this->browser('admin');
        $page = $admin->get($this->path($row['id']));
        $this->assertFalse($page->element('telemed-change')?->hasAttribute('open'));
        $typed = array('doctor' => (string) $this->site->userId('doctor2'), 'date' => '2020-02-03', 'time' => '08:15', 'timezone' => 'Europe/Lisbon', 'minutes' => '50', 'topic' => 'Follow-up');
        $after = $admin->submit($page->form('telemed-change-form'), $typed);
        $this->assertStringContainsString('The visit was not changed', implode($after->notices()));
        $this->assertTrue($after->element('telemed-change')?->hasAttribute('open'));
        $this->assertSame($typed, array_intersect_key($after->form('telemed-change-form')->fields, $typed));
        $this->assertSame($row['start'], $this->row($row['id'])['start']);
        $again = $admin->get($this->path($row['id']));
        $this->assertFalse($again->element('telemed-change')?->hasAttribute('open'), 'once');
        $other = $this->make('admin', 'doctor1', array('start' => self::start(40)));
        $admin->submit($page->form('telemed-change-form'), $typed, false);
        $this->assertSame('25', $admin->get($this->path($other['id']))->form('telemed-change-form')->fields['minutes'], 'not another visit\'s');
    }

    public function testWhatIsCancelledIsNeitherCountedNorShownAsUpcoming(): void
    {
        $rows = array($this->make('admin', 'doctor1'), $this->make('admin', 'doctor1', array('start' => self::start(40))));
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$rows[0]['id']}");
        foreach (array('admin', 'doctor1') as $person) {
            $page = $this->browser($person)->screen('telemed-meetings');
            $this->assertStringContainsString('Upcoming (1)', $page->text('telemed-meetings'));
            $this->assertStringContainsString('All (2)', $page->text('telemed-meetings'));
            $this->assertNull($page->element("telemed-meeting-{$rows[0]['id']}"));
            $this->assertNotNull($page->element("telemed-meeting-{$rows[1]['id']}"));
            $this->assertNotNull($this->browser($person)->get('/wp-admin/admin.php?page=telemed-meetings&when=all')->element("telemed-meeting-{$rows[0]['id']}"));
        }
        $page = $this->browser('admin')->rest('GET', 'telemed/v1/visits');
        $this->assertSame(array($rows[1]['id']), array_column($page->json(), 'id'));
        $this->assertSame('1', $page->header('x-wp-total'));
    }

    public function testNobodyChangesWhatIsNotTheirsOnTheScreenAndNothingImpossible(): void
    {
        $row = $this->make('admin', 'doctor1', array('start' => '2031-07-15T09:30:00Z'));
        $foreign = $this->make('admin', 'doctor2', array('start' => '2031-07-15T09:30:00Z'));
        $doctor = $this->browser('doctor1');
        $form = $doctor->get($this->path($row['id']))->form('telemed-change-form');
        $this->assertArrayNotHasKey('doctor', $form->fields);
        $this->assertSame(403, $doctor->submit($form, array('meeting' => (string) $foreign['id']))->status);
        $this->assertSame(403, $doctor->submit($form, array('doctor' => (string) $this->site->userId('doctor2')))->status);
        foreach (array(array('date' => '2020-01-01'), array('timezone' => '+02:00'), array('minutes' => '0'), array('date' => 'x')) as $bad) {
            $this->assertStringContainsString('was not changed', implode(' / ', $doctor->submit($form, $bad)->notices()), json_encode($bad));
        }
        foreach (array($row, $foreign) as $before) {
            $this->assertSame($before['start'], $this->row($before['id'])['start']);
            $this->assertSame($before['doctor'], $this->row($before['id'])['doctor']);
        }
    }

    public function testAnOverlapIsSaidWhenItIsBooked(): void
    {
        $this->make('admin', 'doctor1', array('start' => '2031-07-15T09:30:00Z'));
        $admin = $this->browser('admin');
        $book = fn (string $time): string => implode(' / ', $admin->submit($admin->screen('telemed-new-meeting')->form('telemed-meeting-form'), array(
            'doctor' => (string) $this->site->userId('doctor1'), 'date' => '2031-07-15', 'time' => $time, 'timezone' => 'UTC', 'minutes' => '30',
        ))->notices());
        $this->assertStringContainsString('overlaps', $book('09:40'));
        $this->assertStringNotContainsString('overlaps', $book('12:00'));
    }

    public function testOverlappingVisitsOfAHostAreFlagged(): void
    {
        $first = $this->make('admin', 'doctor1', array('start' => '2031-07-15T09:30:00Z'));
        $second = $this->make('admin', 'doctor1', array('start' => '2031-07-15T09:50:00Z'));
        $third = $this->make('admin', 'doctor1', array('start' => '2031-07-15T12:00:00Z'));
        $page = $this->browser('admin')->get($this->path($first['id']));
        $this->assertStringEndsWith((string) $second['id'], trim($page->text('telemed-overlap')));
        $this->assertNull($this->browser('admin')->get($this->path($third['id']))->element('telemed-overlap'));
        $this->assertCount(2, $this->browser('admin')->screen('telemed-meetings')->all('//p[contains(@class, "telemed-overlaps")]'));
    }

    public function testAnOverlapOfTwoDoctorsWhoShareAHostIsSaidAtBookingAlthoughZoomIsAway(): void
    {
        $this->shareHost();
        $this->zoom->fault(array('path' => '/'), array('kind' => 'close_before_work'), -1);
        $first = $this->booked(array('start' => '2031-07-15T09:30:00Z'));
        $this->assertSame(array(), $first['overlaps']);
        $apart = $this->booked(array('doctor' => $this->site->userId('doctor2'), 'start' => '2031-07-15T12:00:00Z'));
        $this->assertSame(array(), $apart['overlaps']);
        $second = $this->booked(array('doctor' => $this->site->userId('doctor2'), 'start' => '2031-07-15T09:50:00Z'));
        $this->assertSame(array($first['id']), $second['overlaps']);
        $this->assertCount(2, $this->browser('admin')->screen('telemed-meetings')->all('//p[contains(@class, "telemed-overlaps")]'));

        // One is made, the other is not yet.
        $this->zoom->forgetFaults();
        $this->records()->counters->forgetSignals();
        $this->site->php('\TelemedZoom\Plugin::instance()->oneVisit->tryNow($arguments["id"], 8.0);', array('id' => $second['id']));
        $this->assertNotNull($this->row($second['id'])['meeting_id']);
        $this->assertNull($this->row($first['id'])['meeting_id']);
        $this->assertSame(array($second['id']), $this->row($first['id'])['overlaps']);
        $this->assertSame(array($first['id']), $this->row($second['id'])['overlaps']);
    }

    /** An administrator gives doctor 2 the Zoom user of doctor 1 all the same. */
    private function shareHost(): void
    {
        $this->site->php(
            '$hosts = \TelemedZoom\Plugin::instance()->hosts;
            $hosts->confirm(get_user_by("login", "doctor2")->ID, $hosts->of(get_user_by("login", "doctor1")->ID));'
        );
    }

    public function testTheComparisonShowsFirstAndChangesWhenToldSo(): void
    {
        $row = $this->make('admin', 'doctor1');
        $this->age();
        $this->deleteInZoom($row['meeting_id']);
        $admin = $this->browser('admin');
        $found = $admin->submit($admin->screen('telemed-meetings')->form('//form[.//button[contains(@class, "telemed-compare")]]'));
        $this->assertSame(array('1', '1'), array($found->element('telemed-findings')?->getAttribute('data-dry-run'), $found->element('telemed-findings')?->getAttribute('data-count')));
        $this->assertStringContainsString('deleted in Zoom', $found->text('telemed-findings'));
        $this->assertSame(array(), $this->meetings(), 'only looked at');
        $done = $admin->submit($found->form('//form[.//button[contains(@class, "telemed-mend")]]'));
        $this->assertSame('0', $done->element('telemed-findings')?->getAttribute('data-dry-run'));
        $this->runWorker(60);
        $this->assertCount(1, $this->meetings());
        $this->assertSame('made', $this->row($row['id'])['state']);
        $clean = $admin->submit($admin->screen('telemed-meetings')->form('//form[.//button[contains(@class, "telemed-compare")]]'));
        $this->assertStringNotContainsString('Nothing differs.', $clean->text('telemed-findings'), 'it was made just now');
        $this->age();
        $clean = $this->compared();
        $this->assertStringContainsString('Nothing differs.', $clean->text('telemed-findings'));
        $this->assertStringContainsString('Visits compared: 1. Hosts at Zoom: 2.', $clean->text('telemed-looked-at'));
    }

    public function testTheComparisonSaysThatItHasNotLookedAtWhatWasChangedLately(): void
    {
        $rows = array($this->make('admin', 'doctor1'));
        $this->age();
        array_push($rows, $this->make('admin', 'doctor1', array('start' => self::start(40))), $this->make('admin', 'doctor1', array('start' => self::start(41))));
        $this->deleteInZoom($rows[1]['meeting_id']);
        $told = $this->compared()->text('telemed-findings');
        $this->assertStringContainsString('Nothing differs in what was looked at.', $told);
        $this->assertStringContainsString('Visits compared: 1.', $told);
        $this->assertMatchesRegularExpression("/2 visits were not looked at.*15 minutes.*: {$rows[1]['id']} {$rows[2]['id']}$/", $told);
        $this->age();
        $told = $this->compared();
        $this->assertStringContainsString('deleted in Zoom', $told->text('telemed-findings'));
        $this->assertNull($told->element('telemed-left-alone'));
    }

    public function testAComparisonThatLooksAtNothingSaysSo(): void
    {
        $this->site->reset();
        $this->assertStringContainsString('Nothing was compared: the clinic has not chosen', implode($this->compared()->notices()));
        $this->useServerToServer();
        $page = $this->compared();
        $this->assertStringContainsString('Nothing was compared: no doctor has a host', $page->text('telemed-findings'));
        $this->assertStringNotContainsString('Nothing differs', $page->text());
    }

    private function compared(): \Telemed\Tests\Page
    {
        $admin = $this->browser('admin');
        return $admin->submit($admin->screen('telemed-meetings')->form('//form[.//button[contains(@class, "telemed-compare")]]'));
    }

    /** Nobody is at work on anything. */
    private function age(): void
    {
        $this->records()->pretend->leftAloneFor(3600);
    }

    public function testOnlyAdministratorsCompare(): void
    {
        $this->assertNull($this->browser('doctor1')->screen('telemed-meetings')->first('//button[contains(@class, "telemed-compare")]'));
        foreach (array('telemed_compare', 'telemed_mend') as $action) {
            $this->assertSame(403, $this->browser('doctor1')->post('/wp-admin/admin-post.php', array('action' => $action, '_wpnonce' => 'x'))->status);
            $this->assertSame(403, $this->browser('admin')->post('/wp-admin/admin-post.php', array('action' => $action, '_wpnonce' => 'x'))->status);
        }
    }

    /** @return array<string, mixed> */
    private function unmade(string $doctor = 'doctor1'): array
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), 1);
        $page = $this->post('admin', $doctor);
        $this->assertSame(201, $page->status, $page->body);
        $this->assertNotSame('made', $page->json()['state']);
        $this->zoom->forgetFaults();
        return $page->json();
    }

    private function deleteInZoom(int $meeting): void
    {
        $this->site->php('\TelemedZoom\Plugin::instance()->apps->forDoctor($arguments["doctor"])->client->deleteMeeting($arguments["meeting"]);', array('doctor' => $this->site->userId('doctor1'), 'meeting' => $meeting));
    }

    private function path(int $id): string
    {
        return "/wp-admin/admin.php?page=telemed-meeting&id={$id}";
    }

    /** @return list<string> */
    private function events(\Telemed\Tests\Page $page): array
    {
        return array_map(static fn (\DOMElement $line): string => $line->getAttribute('data-event'), $page->all('//table[@id="telemed-log"]/tbody/tr'));
    }
}
