<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

/** WordPress' tools for personal data find what the plugin keeps of a person, and what nobody needs any more is forgotten. */
final class PersonalDataTest extends ClinicTestCase
{
    private const PATIENT = 'patient@example.com';
    private const GUEST = 'guest@example.net';

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testAPatientsVisitsMailsAndLogAreExportedAndNobodyElses(): void
    {
        $own = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $other = $this->make('admin', 'doctor2', array('patient' => self::GUEST, 'start' => self::start(31)));
        $this->site->awaitRequests();
        $export = $this->export(self::PATIENT);
        $visits = $this->group($export, 'telemed-zoom-visits');
        $this->assertSame(array((string) $own['id']), array_column($visits, 'Visit'));
        $this->assertSame(array('Dora Example', self::PATIENT, $own['visit_link']), array($visits[0]['With'], $visits[0]['Your e-mail'], $visits[0]['Visit link']));
        $this->assertStringContainsString('Booked', $visits[0]['Log (UTC)']);
        $this->assertStringContainsString('Told by mail', $visits[0]['Log (UTC)']);
        $guest = $this->group($this->export(self::GUEST), 'telemed-zoom-visits');
        $this->assertSame(array((string) $other['id']), array_column($guest, 'Visit'), 'one who is no user of the site');
        $this->assertSame(array(), $this->export('nobody@example.org'));
    }

    public function testAnAddressThatAUserHadBeforeFindsNothingOfTheUsers(): void
    {
        $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $this->changeAddress('pat.now@example.com');
        try {
            $this->assertSame(array(), $this->export(self::PATIENT));
            $this->assertCount(1, $this->group($this->export('pat.now@example.com'), 'telemed-zoom-visits'));
        } finally {
            $this->changeAddress(self::PATIENT);
        }
    }

    public function testWhatTheVersionBeforeHasLeftIsFoundAndErasedAsWell(): void
    {
        $this->site->php('$before = new \Telemed\Tests\Records\Schema5(); $before->begin();
            foreach (array("+30 days", "-2 days") as $start) { $before->visit($start, array("patient_email" => $arguments["email"])); }', array('email' => self::GUEST));
        $this->assertCount(2, $this->group($this->export(self::GUEST), 'telemed-zoom-visits'));
        $erased = $this->erase(self::GUEST);
        $this->assertSame(array(true, true), array($erased['items_removed'], $erased['items_retained']));
        $this->assertCount(1, $this->group($this->export(self::GUEST), 'telemed-zoom-visits'));
    }

    public function testALongExportComesInPages(): void
    {
        $this->make('admin', 'doctor1', array('patient' => self::GUEST));
        $this->records()->many->addMissed(2, self::GUEST, 150);
        $pages = array($this->exportPage(self::GUEST, 1), $this->exportPage(self::GUEST, 2));
        $this->assertSame(array(false, true), array_column($pages, 'done'));
        $this->assertSame(array(100, 51), array(count($pages[0]['data']), count($pages[1]['data'])));
        $this->assertCount(151, array_unique(array_column(array_merge($pages[0]['data'], $pages[1]['data']), 'item_id')));
    }

    public function testADoctorsAccountAtZoomAndDeedsAreExportedAndNoSecret(): void
    {
        $this->make('doctor1', 'doctor1');
        $export = $this->export('doctor1@clinic.example');
        $zoom = $this->group($export, 'telemed-zoom-zoom');
        $this->assertStringContainsString('doctor1@clinic.example', $zoom[0]['Zoom user']);
        $this->assertContains('Booked', array_column($this->group($export, 'telemed-zoom-actions'), 'What'));
        $this->useOAuth();
        $this->connect('doctor1', 'doctor1@clinic.example');
        $connected = $this->export('doctor1@clinic.example');
        $this->assertSame('connected', $this->group($connected, 'telemed-zoom-zoom')[0]['Connection to Zoom']);
        foreach ($this->zoom->state()['grants'] as $grant) {
            $this->assertStringNotContainsString($grant['refresh_token'] ?? "\0", (string) json_encode($connected));
        }
    }

    public function testErasingForgetsVisitsThatAreOverAndKeepsThoseToCome(): void
    {
        $past = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $next = $this->make('admin', 'doctor1', array('patient' => self::PATIENT, 'start' => self::start(31)));
        $others = $this->make('admin', 'doctor1', array('patient' => self::GUEST, 'start' => self::start(32)));
        $this->site->awaitRequests();
        $this->age($past['id'], 2);
        $this->age($others['id'], 2);
        $erased = $this->erase(self::PATIENT);
        $this->assertSame(array(true, true, true), array($erased['items_removed'], $erased['items_retained'], $erased['done']));
        $this->assertStringContainsString('1 video visit is still to take place', $erased['messages'][0]);
        $this->assertSame(array(null, null, null, null), $this->columns($past['id'], 'patient', 'patient_email', 'visit_key', 'join_url'));
        $this->assertSame(0, $this->records()->log->countOf($past['id']));
        $this->assertSame(self::PATIENT, $this->columns($next['id'], 'patient_email')[0]);
        $this->assertSame(self::GUEST, $this->columns($others['id'], 'patient_email')[0]);
        $this->assertSame(404, $this->site->visitor()->get(substr($past['visit_link'], strlen($this->site->url())))->status);
        $this->assertSame(200, $this->site->visitor()->get(substr($next['visit_link'], strlen($this->site->url())))->status);
        $this->age($next['id'], 2);
        $again = $this->erase(self::PATIENT);
        $this->assertSame(array(true, false, array()), array($again['items_removed'], $again['items_retained'], $again['messages']));
        $this->assertSame(array(), $this->export(self::PATIENT));
    }

    public function testWhatStaffDidStaysAndIsSaid(): void
    {
        $this->make('doctor1', 'doctor1');
        $erased = $this->erase('doctor1@clinic.example');
        $this->assertTrue($erased['items_retained']);
        $this->assertStringContainsString('stays in the log', implode(' ', $erased['messages']));
        $this->assertNotSame(0, $this->records()->log->countBy($this->site->userId('doctor1')));
    }

    public function testAnAnswerStaysAndNamesNobodyWhoIsErased(): void
    {
        $which = '$handovers = \TelemedZoom\Plugin::instance()->handovers; $which = \TelemedZoom\Store\Handover::ofLeft(999999);';
        $user = $this->site->php(
            $which . '$user = get_user_by("email", $arguments["email"])->ID;
            wp_set_current_user($user);
            $handovers->answer($which, \TelemedZoom\Store\Answer::Cancel);
            return [$user, $handovers->find($which)->answeredBy()];',
            array('email' => self::PATIENT)
        );
        $this->assertSame($user[0], $user[1]);
        $this->erase(self::PATIENT);
        $this->assertSame(
            array('cancel', 0),
            $this->site->php($which . '$one = $handovers->find($which); $handovers->forget($which); return [$one->answer()->value, $one->answeredBy()];')
        );
    }

    public function testADeletedPatientsNumberAndAddressGo(): void
    {
        $user = (int) $this->site->php('return wp_insert_user(["user_login" => "leaving", "user_pass" => wp_generate_password(), "user_email" => "leaving@example.com"]);');
        $row = $this->make('admin', 'doctor1', array('patient' => 'leaving@example.com'));
        $this->assertSame(array((string) $user, 'leaving@example.com'), $this->columns($row['id'], 'patient', 'patient_email'));
        $this->site->php('require_once ABSPATH . "wp-admin/includes/user.php"; wp_delete_user($arguments["user"]);', array('user' => $user));
        $this->assertSame(array(null, null), $this->columns($row['id'], 'patient', 'patient_email'));
        $before = count($this->site->mails());
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        foreach (array_slice($this->site->mails(), $before) as $mail) {
            $this->assertStringNotContainsString('leaving@example.com', (string) json_encode($mail));
        }
    }

    public function testTheNightForgetsAUserWhoWentUnseen(): void
    {
        $row = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $this->records()->pretend->patient($row['id'], 999999);
        $this->site->php('do_action("telemed_nightly");');
        $this->assertSame(array(null, null), $this->columns($row['id'], 'patient', 'patient_email'));
    }

    public function testPatientsAndLogOfVisitsAreForgottenWhenTheSettingSaysSo(): void
    {
        $old = $this->make('admin', 'doctor1', array('patient' => self::PATIENT));
        $younger = $this->make('admin', 'doctor1', array('patient' => self::PATIENT, 'start' => self::start(31)));
        $this->site->awaitRequests();
        $this->age($old['id'], 366);
        $this->age($younger['id'], 364);
        $this->site->php('do_action("telemed_nightly");');
        $this->assertSame(array(null, null), $this->columns($old['id'], 'patient', 'patient_email'));
        $this->assertSame(0, $this->records()->log->countOf($old['id']));
        $this->assertSame(self::PATIENT, $this->columns($younger['id'], 'patient_email')[0]);
        $this->assertNotSame(0, $this->records()->log->countOf($younger['id']));
        $this->saveSettings(array('patient_days' => '300'));
        $this->site->php('do_action("telemed_nightly");');
        $this->assertSame(array(null), $this->columns($younger['id'], 'patient_email'));
        $this->saveSettings(array('patient_days' => '0'));
        $this->assertSame(1, $this->site->php('return \TelemedZoom\Plugin::instance()->settings->patientDays();'), 'never on the day itself');
    }

    public function testThePolicyGuideNamesWhatIsKeptAndWhatZoomIsSent(): void
    {
        $guide = $this->browser('admin')->get('/wp-admin/options-privacy.php?tab=policyguide');
        $this->assertStringContainsString('Video visits are held with Zoom.', $guide->body);
        $this->assertStringContainsString('We do not send Zoom your name', $guide->body);
    }

    /** @return array{data: list<array<string, mixed>>, done: bool} */
    private function exportPage(string $email, int $page): array
    {
        return $this->site->php(
            'return apply_filters("wp_privacy_personal_data_exporters", [])["telemed-zoom"]["callback"]($arguments["email"], $arguments["page"]);',
            array('email' => $email, 'page' => $page)
        );
    }

    /** @return list<array<string, mixed>> the first page */
    private function export(string $email): array
    {
        return $this->exportPage($email, 1)['data'];
    }

    /** @return array<string, mixed> */
    private function erase(string $email): array
    {
        return $this->site->php(
            'return apply_filters("wp_privacy_personal_data_erasers", [])["telemed-zoom"]["callback"]($arguments["email"], 1);',
            array('email' => $email)
        );
    }

    /**
     * @param list<array<string, mixed>> $export
     * @return list<array<string, string>> the facts of each item, by their names
     */
    private function group(array $export, string $group): array
    {
        $items = array_filter($export, static fn (array $item): bool => $item['group_id'] === $group);
        return array_values(array_map(static fn (array $item): array => array_column($item['data'], 'value', 'name'), $items));
    }

    /** @return list<?string> */
    private function columns(int $id, string ...$columns): array
    {
        $visit = $this->records()->visits->find($id);
        return array_map(static fn (string $column): ?string => $visit[$column], $columns);
    }

    /** The visit has ended so many days ago. */
    private function age(int $id, int $days): void
    {
        $this->records()->pretend->over($id, $days * 86400);
    }

    private function changeAddress(string $email): void
    {
        $this->site->php('add_filter("send_email_change_email", "__return_false"); wp_update_user(["ID" => $arguments["user"], "user_email" => $arguments["email"]]);', array('user' => $this->site->userId('patient'), 'email' => $email));
    }
}
