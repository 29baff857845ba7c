<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\FakeZoom;

/** The weak points of the commercial add-on, each by its name, gone. */
final class WeakPointsTest extends KivicareTestCase
{
    public function testTokensAreRefreshed(): void
    {
        $this->useConnected();
        $this->zoom->advance(2 * 3600);
        $this->visit($this->book());
        $this->onlyMeeting();
    }

    public function testAMoveWorksInOAuthMode(): void
    {
        $this->useConnected();
        $id = $this->book();
        $this->visit($id);
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->settle();
        $this->assertSame('14:00', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
    }

    public function testTheStartIsRightWhereSiteDoctorAndPatientLiveInDifferentZones(): void
    {
        $this->site->php('update_option("timezone_string", "America/Los_Angeles"); update_user_meta($arguments["doctor"], "timezone", "Europe/Berlin");', array('doctor' => $this->site->userId('doctor1')));
        try {
            $this->useServerToServerWithHosts();
            $id = $this->book('patient', array('patientId' => null, 'status' => null, 'timezone' => 'Asia/Kolkata', 'appointmentStartTime' => '18:30'));
            $this->visit($id);
            $this->assertSame('13:00', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
        } finally {
            $this->site->php('update_option("timezone_string", "");');
        }
    }

    public function testServerToServerIsAccountLevelAndEachDoctorHasTheirHost(): void
    {
        $this->useServerToServerWithHosts();
        $this->visit($this->book());
        // At the same time with another doctor.
        $this->visit($this->book('receptionist', array('doctorId' => $this->site->userId('doctor2'), 'serviceId' => array(self::VIDEO_DOCTOR2))));
        $hosts = array_column($this->meetings(), 'host_id');
        sort($hosts);
        $expected = array(FakeZoom::DOCTOR1, FakeZoom::DOCTOR2);
        sort($expected);
        $this->assertSame($expected, $hosts);
    }

    public function testServerToServerTokensAreUsedAgainByOtherRequests(): void
    {
        $this->useServerToServerWithHosts();
        $this->zoom->forgetRequests();
        foreach (array('09:00', '10:00', '11:00') as $time) {
            $this->visit($this->book('receptionist', array('appointmentStartTime' => $time)));
        }
        $this->assertLessThanOrEqual(1, count($this->zoom->requests('POST', '/oauth/token')));
    }

    public function testAFailureAtZoomIsVisibleAndMendsItself(): void
    {
        $this->useServerToServerWithHosts();
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users/'), 400, array('code' => 300, 'message' => 'Invalid meeting.'), array(), 100);
        $id = $this->book();
        $this->settleFailed($id);
        $item = $this->kc('receptionist', 'GET', "appointments/{$id}")->json()['data'];
        $this->assertTrue($item['video_consultation']);
        $this->assertSame(array('', ''), array($item['video_url'], $item['zoom_data']['startUrl']), 'the core shows its warning where there is no address');
        $this->assertStringContainsString('Invalid meeting', json_decode($item['zoom_data']['extra'], true)['error_message']);
        $this->assertSame('-1', $this->mapping($id)['zoom_id']);
        $this->assertStringContainsString('telemed_visit', $this->kc('patient', 'GET', "appointments/{$id}")->json()['data']['video_url']);

        $this->zoom->forgetFaults();
        $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference");
        $this->visit($id);
        $this->settle();
        $this->onlyMeeting();
        $this->assertStringNotContainsString('error_message', (string) $this->mapping($id)['extra']);
    }

    public function testNoStartUrlIsStoredOrListed(): void
    {
        $this->useConnected();
        $id = $this->book();
        $this->visit($id);
        $dump = $this->site->databaseDump();
        foreach (array('zak=', '/s/' . $this->onlyMeeting()['id'] . '?') as $mark) {
            $this->assertStringNotContainsString($mark, $dump);
            foreach (array('admin', 'doctor1', 'patient', 'receptionist') as $person) {
                $this->assertStringNotContainsString($mark, $this->kc($person, 'GET', 'appointments')->body);
            }
        }
    }

    public function testTheWaitingRoomIsOnAndThereIsAPasscodeWhateverTheCoreSays(): void
    {
        $this->useServerToServerWithHosts();
        $this->visit($this->book());
        $meeting = $this->onlyMeeting();
        $this->assertTrue($meeting['settings']['waiting_room']);
        $this->assertFalse($meeting['settings']['join_before_host']);
        $this->assertNotSame('', (string) $meeting['password']);
    }

    public function testTheNameOfTheServiceNeverReachesZoom(): void
    {
        $this->useServerToServerWithHosts();
        $id = $this->book('receptionist', array('description' => 'Severe anxiety'));
        $this->visit($id);
        $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference");
        $this->settle();
        $sent = json_encode(array($this->zoom->requests(), $this->meetings()), JSON_THROW_ON_ERROR);
        foreach (array('Depression', 'therapy', 'anxiety', 'Regenerated Telemed Service', 'Pat Example') as $word) {
            $this->assertStringNotContainsString($word, $sent);
        }
    }

    public function testTheWebhookOfTheAddOnBelievesNobody(): void
    {
        $page = $this->site->visitor()->post('/wp-admin/admin-ajax.php?action=kc_zoom_webhook', array('event' => 'meeting.ended'));
        $this->assertSame(410, $page->status);
    }

    public function testDisconnectingRevokesAtZoom(): void
    {
        $this->useConnected();
        $this->disconnect('doctor1');
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
    }

    public function testTheCoreGetsAMarkerInPlaceOfATokenAndNothingAfterDisconnect(): void
    {
        $this->useOAuth();
        $this->assertSame('', $this->coresToken());
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->assertSame('telemed', $this->coresToken());
        $this->disconnect('doctor1');
        $this->assertSame('', $this->coresToken());
        $page = $this->kc('receptionist', 'POST', 'appointments', $this->booking());
        $this->assertSame(400, $page->status);
        $this->assertStringContainsString('Telemed provider not found', $page->body);
        $this->assertSame('0', $this->site->value('SELECT COUNT(*) FROM wp_kc_appointments'));
    }

    public function testADeadConnectionKeepsBookingsGoingAndTheyAreMadeAfterItsReturn(): void
    {
        $this->useConnected();
        $this->zoom->advance(2 * 3600);
        $this->zoom->answer(array('method' => 'POST', 'path' => '/oauth/token'), 400, array('reason' => 'Invalid Token!', 'error' => 'invalid_grant'), array(), 20);
        $id = $this->book();
        $this->settleFailed($id);
        $this->assertSame(array(), $this->meetings());
        $this->assertCount(2, $this->queuedMails($id));
        // Also the next one: the core finds a provider.
        $this->book('receptionist', array('appointmentStartTime' => '11:00'));
        $this->zoom->forgetFaults();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->makeDueNow();
        $this->visit($id);
        $this->settle();
        $this->assertCount(2, $this->meetings());
    }

    public function testAMeetingThatIsGoneAtZoomCountsAsCancelled(): void
    {
        $this->useServerToServerWithHosts();
        $id = $this->book();
        $this->visit($id);
        $this->zoom->answer(array('method' => 'DELETE', 'path' => '/v2/meetings/'), 404, array('code' => 3001, 'message' => 'Meeting does not exist.'));
        $this->kc('receptionist', 'DELETE', "appointments/{$id}");
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(0, $this->records()->unwanted->count());
        $this->assertNoLink($id);
    }

    public function testALeftOverErrorRowHidesNoLink(): void
    {
        $this->useServerToServerWithHosts();
        $id = $this->book();
        $row = $this->visit($id);
        $this->site->database()->query("UPDATE wp_kc_appointment_zoom_mappings SET id = id + 10 WHERE appointment_id = {$id}");
        $this->site->database()->query("INSERT INTO wp_kc_appointment_zoom_mappings (id, appointment_id, zoom_id, zoom_uuid, password, extra) SELECT MIN(id) - 5, {$id}, '-1', '-1', '-1', '{}' FROM wp_kc_appointment_zoom_mappings");
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->settle();
        $this->assertSame('1', $this->site->value("SELECT COUNT(*) FROM wp_kc_appointment_zoom_mappings WHERE appointment_id = {$id}"));
        $this->assertSame($this->visitLink($row), $this->mapping($id)['join_url']);
    }

    public function testAnswersOfTheCoreAreNoMixtureOfJsonAndWhatItsBaseClassPrints(): void
    {
        $this->useServerToServerWithHosts();
        $id = $this->book();
        $this->visit($id);
        foreach (array(
            $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00')),
            $this->kc('receptionist', 'GET', "appointments/{$id}/regenerate-video-conference"),
            $this->kc('receptionist', 'DELETE', "appointments/{$id}"),
        ) as $page) {
            $this->assertTrue($page->json()['status']);
        }
    }

    private function coresToken(): string
    {
        return (string) $this->site->php(
            'return (new \TelemedZoom\Kivicare\Provider("kiviCare_zoom_telemed_setting"))->get_doctor_access_token($arguments["doctor"]);',
            array('doctor' => $this->site->userId('doctor1'))
        );
    }

    private function useConnected(): void
    {
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
    }

    /** Waits until a first try has failed and the row says so. */
    private function settleFailed(int $id): void
    {
        $this->site->awaitRequests();
        for ($attempt = 0; $attempt < 60; $attempt++) {
            $row = $this->ledgerRow($id);
            if (null !== ($row['problem'] ?? null)) {
                return;
            }
            usleep(100_000);
            if (20 === $attempt) {
                $this->runDue();
            }
        }
        $this->fail('nothing has failed: ' . json_encode($row ?? null));
    }

    private function makeDueNow(): void
    {
        $this->records()->pretend->due();
        $this->runDue();
    }
}
