<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;

/** An update of the core that no longer fits our classes stops bookings with a clear word, never the site. */
final class ContractTest extends KivicareTestCase
{
    /** @return array<string, array{string, string}> */
    public static function changes(): array
    {
        return array(
            'an abstract method was added' => array('added', 'get_recording_url() is new'),
            'a signature was changed' => array('changed', 'create_meeting() has changed'),
            'the base class is missing' => array('missing', 'is missing'),
        );
    }

    /** @dataProvider changes */
    #[DataProvider('changes')]
    public function testAnUnfittingCoreIsToldInOneMailAndANotice(string $contract, string $said): void
    {
        $this->useServerToServerWithHosts();
        $id = $this->book();
        $row = $this->visit($id);
        $before = count($this->site->mails());
        $this->standIn('contract', $contract);

        // The site stands.
        $this->assertSame(200, $this->site->visitor()->get('/')->status);
        $page = $this->browser('admin')->get('/wp-admin/index.php');
        $notice = $page->text();
        $this->assertSame(200, $page->status);
        $this->assertStringContainsString($said, $notice);
        $this->assertStringContainsString('KiviCare 4.3.0', $notice);
        $this->assertStringContainsString('Telemed for Zoom 0.', $notice);
        $mails = array_values(array_filter(array_slice($this->site->mails(), $before), static fn (array $mail): bool => str_contains($mail['message'], $said)));
        $this->assertCount(1, $mails);
        $this->assertStringContainsString('KiviCare 4.3.0', $mails[0]['message']);

        // No provider, so the core refuses a new video visit in its own words; others go on.
        $this->assertSame(400, $this->kc('receptionist', 'POST', 'appointments', $this->booking(array('appointmentStartTime' => '15:00')))->status);
        $this->book('receptionist', array('appointmentStartTime' => '16:00', 'serviceId' => array(self::AT_THE_CLINIC)));

        // What was made goes on: the link, and a cancellation that reaches Zoom.
        $this->assertSame(200, $this->site->visitor()->get($this->visitLink($row))->status);
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(array(), $this->meetings());
    }

    public function testAFittingCoreAgainIsBookedAgain(): void
    {
        $this->useServerToServerWithHosts();
        $this->standIn('contract', 'added');
        $this->assertSame(400, $this->kc('receptionist', 'POST', 'appointments', $this->booking())->status);
        $this->standIn('contract', '');
        $this->visit($this->book());
        $this->assertSame(FakeZoom::DOCTOR1, $this->onlyMeeting()['host_id']);
    }
}
