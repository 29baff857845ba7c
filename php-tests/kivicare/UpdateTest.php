<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

/** A clinic that had version 0.1.0: its appointments go on behind the same links, and nobody hears of them once more. */
final class UpdateTest extends KivicareTestCase
{
    private const PATIENT = 'patient@example.com';

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    /** But for what is logged as long as a table is not there: by then the core's event has nowhere to be written down. */
    protected function complaints(): array
    {
        return array_values(preg_grep('/DatabaseException on an event of KiviCare: .* error 1146$/', parent::complaints(), PREG_GREP_INVERT));
    }

    public function testWhatTheCoreHasMailedIsMailedByNobodyAgain(): void
    {
        $id = $this->asBefore();
        $this->runWorker(0);
        $this->night();
        $this->settle();
        $this->assertSame(array(), $this->mailsTo(self::PATIENT));
        $this->assertSame('made', $this->ledgerRow($id)['state']);
        $this->assertCount(1, $this->meetings());
        $this->kc('receptionist', 'PUT', "appointments/{$id}", $this->booking(array('appointmentStartTime' => '11:00')));
        $this->settle();
        $this->assertCount(1, $this->mailsTo(self::PATIENT));
        $this->assertStringContainsString('It is now', $this->mailsTo(self::PATIENT)[0]['message']);
    }

    public function testWhatHappensBeforeAnybodyHasMovedAnythingIsMadeUpFor(): void
    {
        $id = $this->asBefore();
        $booked = $this->book('receptionist', array('appointmentStartTime' => '12:00'));
        $page = $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->assertSame(200, $page->status, $page->body);
        $this->assertSame('5', $this->site->value("SELECT option_value FROM wp_options WHERE option_name = 'telemed_schema'"), 'nothing of it in a request of the core\'s');
        $link = (string) $this->mapping($id)['join_url'];
        foreach (array(0, 400, 1_400, 2_800) as $seconds) {
            $this->runWorker($seconds);
        }
        $this->assertSame(array('cancelled', 'made'), array($this->ledgerRow($id)['state'], $this->ledgerRow($booked)['state'] ?? null));
        $this->assertCount(1, $this->meetings());
        $this->assertSame('cancelled', $this->site->visitor()->get($link)->element('telemed-visit')->getAttribute('data-state'));
        $this->assertStringContainsString('telemed_visit=', (string) $this->mapping($booked)['join_url']);
    }

    /** An appointment as version 0.1.0 has left it, which the core has mailed. */
    private function asBefore(): int
    {
        $id = $this->book();
        $row = $this->visit($id);
        $this->settle();
        $this->site->php(<<<'CODE'
            global $wpdb;
            ['row' => $row, 'id' => $id] = $arguments;
            \TelemedZoom\Plugin::instance()->apps->forDoctor((int) $row['doctor'])->client->deleteMeeting((int) $row['meeting_id']);
            $before = new \Telemed\Tests\Records\Schema5();
            $before->begin();
            $visit = $before->made("{$row['start_utc']} UTC", array_intersect_key($row, array_flip(['source', 'appointment', 'doctor', 'patient', 'patient_email', 'minutes', 'timezone', 'topic', 'visit_key'])));
            $before->told($visit, 'told_by_source');
            $meeting = $before->row($visit)['meeting_id'];
            $wpdb->update("{$wpdb->prefix}kc_appointment_zoom_mappings", ['zoom_id' => $meeting, 'extra' => wp_json_encode(['mailed' => 'booked 0'])], ['appointment_id' => $id]);
            CODE, array('row' => $row, 'id' => $id));
        return $id;
    }
}
