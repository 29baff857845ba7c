<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** Moving in: what the commercial add-on has stored, in the formats of its third and fourth generation. */
final class TakeOverTest extends KivicareTestCase
{
    private const ADDONS_APP = 'aDdOnSaPpExAmPlE012345';

    /** @var list<string> every secret that the add-on has left in clear */
    private array $secrets = array();

    public function testTheFourthGenerationIsTakenOverWithoutADoctorHavingToReconnect(): void
    {
        $id = $this->leaveFourthGeneration();
        $preview = $this->screen();
        $this->assertStringContainsString(FakeZoom::CLIENT_ID, $preview->text('telemed-takeover-preview'));
        $this->assertNoSecret($preview->body);
        $report = $this->takeOver();
        $this->assertStringContainsString('Rotate the client secret', $report->text('telemed-takeover-report'));
        $this->assertNoSecret($report->body . $this->site->databaseDump());

        $config = $this->kc('doctor1', 'GET', 'settings/zoom-telemed/doctor-config')->json()['data'];
        $this->assertSame(array('oauth', true), array($config['auth_type'], $config['is_connected']));
        // The visit keeps its meeting, and a move reaches it.
        $row = $this->visit($id);
        $this->assertSame((string) $this->onlyMeeting()['id'], $row['meeting_id']);
        $this->assertSame('', $this->mapping($id)['start_url']);
        $this->assertSame($this->visitLink($row), $this->mapping($id)['join_url']);
        $this->settle();
        $this->assertSame(array(), $this->mailsTo('patient@example.com'), 'who was mailed by the core has what they need');
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->settle();
        $this->assertSame('14:00', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
        // New ones are made with the token that was taken over.
        $this->visit($this->book('receptionist', array('appointmentStartTime' => '16:00')));
        $this->assertCount(2, $this->meetings());
    }

    /** @return array<string, array{string}> what leaves something behind, as a method of this class */
    public static function generations(): array
    {
        return array(
            'OAuth of the fourth generation, with a visit' => array('leaveFourthGeneration'),
            'OAuth of the third generation, with an administrator' => array('leaveThirdGeneration'),
            'Server-to-Server of both generations' => array('leaveOneAccount'),
        );
    }

    /** @dataProvider generations */
    #[DataProvider('generations')]
    public function testASecondRunHarmsNothing(string $leave): void
    {
        $this->{$leave}();
        $this->takeOver();
        $before = array($this->stored(), $this->meetings());
        $this->assertNotSame('', $this->screen()->text('telemed-takeover-nothing'));
        $this->assertSame(array(), $this->site->php('wp_set_current_user(1); return \TelemedZoom\Kivicare\Services::instance()->takeOver->run();'), 'nothing was left to do');
        $this->assertSame($before, array($this->stored(), $this->meetings()));
        $this->assertNoSecret($this->site->databaseDump());
        if ('leaveOneAccount' === $leave) {
            $this->browser('admin')->submit($this->browser('admin')->screen('telemed-doctors')->form('telemed-confirm-all'));
        }
        $this->assertTrue($this->kc('doctor1', 'GET', 'settings/zoom-telemed/doctor-config')->json()['data']['is_connected']);
        $this->visit($this->book('receptionist', array('appointmentStartTime' => '16:00')));
        $this->assertCount(count($before[1]) + 1, $this->meetings());
    }

    public function testTheRedirectUrlInForceIsKept(): void
    {
        $former = $this->site->url('/wp-admin/admin-ajax.php?action=check_zoom_code');
        $this->leaveApp(array('redirect_url' => $former));
        $this->takeOver();
        $this->assertSame($former, $this->kc('admin', 'GET', 'settings/zoom-telemed')->json()['data']['redirect_url']);
    }

    public function testTheThirdGenerationIsTakenOver(): void
    {
        $this->leaveThirdGeneration();
        $this->takeOver();
        $this->assertNoSecret($this->site->databaseDump());
        $this->assertTrue($this->kc('doctor1', 'GET', 'settings/zoom-telemed/doctor-config')->json()['data']['is_connected']);
        $this->visit($this->book());
        $this->onlyMeeting();
    }

    public function testOneServerToServerAccountThatAllDoctorsEnteredBecomesTheClinics(): void
    {
        $this->leaveOneAccount();
        $this->takeOver();
        $this->assertNoSecret($this->site->databaseDump());
        $this->assertSame('server-to-server', $this->kc('admin', 'GET', 'settings/zoom-telemed')->json()['data']['auth_type']);
        $this->browser('admin')->submit($this->browser('admin')->screen('telemed-doctors')->form('telemed-confirm-all'));
        $this->visit($this->book());
        $this->assertSame(FakeZoom::DOCTOR1, $this->onlyMeeting()['host_id']);
    }

    /** Who hosts was not kept: it is looked up, or learned with the first answer. */
    public function testAVisitOfAServerToServerAccountKeepsItsMeeting(): void
    {
        $this->leaveOneAccount();
        $token = $this->zoomApi(
            '/oauth/token',
            array('Authorization: Basic ' . base64_encode(FakeZoom::S2S_CLIENT_ID . ':' . FakeZoom::S2S_CLIENT_SECRET), 'Content-Type: application/x-www-form-urlencoded'),
            http_build_query(array('grant_type' => 'account_credentials', 'account_id' => FakeZoom::ACCOUNT))
        )['access_token'];
        $ids = array($this->appointmentOfTheAddOn(), $this->appointmentOfTheAddOn());
        foreach ($ids as $id) {
            $this->meetingOfTheAddOn($id, 'users/' . FakeZoom::DOCTOR1 . '/meetings', $token);
        }
        $made = array_column($this->meetings(), 'id');
        $this->takeOver();
        $this->browser('admin')->submit($this->browser('admin')->screen('telemed-doctors')->form('telemed-confirm-all'));
        foreach ($ids as $id) {
            $this->assertContains((int) $this->visit($id)['meeting_id'], $made);
        }
        $this->kc('receptionist', 'PUT', "appointments/{$ids[0]}", array('appointmentStartTime' => '14:00'));
        $this->kc('receptionist', 'PUT', "appointments/{$ids[1]}/status", array('status' => 0));
        $this->settle();
        $this->assertSame(array('14:00', FakeZoom::DOCTOR1), array(gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])), $this->onlyMeeting()['host_id']));
        $this->assertNotContains('Your video visit is cancelled', array_column($this->mailsTo('patient@example.com'), 'subject'), 'the core mails that');
    }

    public function testDifferentServerToServerAccountsStayTheDoctorsOwn(): void
    {
        array_push($this->secrets, FakeZoom::S2S_CLIENT_SECRET, FakeZoom::CLASSIC_CLIENT_SECRET);
        $this->leaveAccount('doctor1', FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET);
        $this->leaveAccount('doctor2', FakeZoom::CLASSIC_ACCOUNT, FakeZoom::CLASSIC_CLIENT_ID, FakeZoom::CLASSIC_CLIENT_SECRET);
        $this->site->php('update_option("kiviCare_zoom_telemed_setting", ["auth_type" => "server-to-server", "enableCal" => "No", "client_id" => "", "client_secret" => ""]);');
        $report = $this->takeOver();
        $this->assertNoSecret($report->body . $this->site->databaseDump());
        $doctor1 = $this->kc('doctor1', 'GET', 'settings/zoom-telemed/doctor-config')->json()['data'];
        $this->assertSame(array(FakeZoom::ACCOUNT, FakeZoom::DOCTOR1_EMAIL), array($doctor1['account_id'], $doctor1['host']));
        // Nobody in the other account has that doctor's e-mail: named as something to do.
        $this->assertStringContainsString('Ben Example', $report->text('telemed-takeover-report'));
    }

    public function testAnAppThatLacksScopesIsNamedWithThemAndRunsWithFewerFeatures(): void
    {
        $this->zoom->seed(array('apps' => array(array(
            'client_id' => self::ADDONS_APP,
            'client_secret' => FakeZoom::CLIENT_SECRET,
            'kind' => 'user',
            'account_id' => FakeZoom::ACCOUNT,
            'redirect_uris' => array($this->site->url('/wp-json/kivicare/v1/settings/zoom-telemed/callback')),
            'scopes' => 'meeting:write:meeting meeting:update:meeting meeting:delete:meeting meeting:read:meeting user:read:user',
        ))));
        $id = $this->leaveFourthGeneration(self::ADDONS_APP);
        $text = $this->takeOver()->text('telemed-takeover-report');
        $this->assertStringContainsString('fewer features for Dora Example, because it lacks scopes: meeting:read:list_meetings user:read:settings.', $text);
        $this->assertStringContainsString('The connection of Dora Example was sealed', $text);
        // What the scopes that it has carry, works: the taken visit moves, a new one is made.
        $this->kc('receptionist', 'PUT', "appointments/{$id}", array('appointmentStartTime' => '14:00'));
        $this->settle();
        $this->assertSame('14:00', gmdate('H:i', strtotime($this->onlyMeeting()['start_time'])));
        $this->visit($this->book('receptionist', array('appointmentStartTime' => '16:00')));
        $this->assertCount(2, $this->meetings());
    }

    public function testAnAppWithAllScopesIsNotNamed(): void
    {
        $this->leaveFourthGeneration();
        $this->assertStringNotContainsString('lacks scopes', $this->takeOver()->text('telemed-takeover-report'));
    }

    public function testClearCopiesThatNobodyCanUseAreRemovedToo(): void
    {
        $this->leaveApp();
        // A token without its means of renewal, credentials without their account.
        $this->secrets[] = 'loneAccessToken0123456789';
        $this->secrets[] = 'loneClientSecret0123456789';
        $this->site->php('update_user_meta($arguments["id"], "kiviCare_doctor_zoom_telemed_config", (object) ["access_token" => "loneAccessToken0123456789"]);', array('id' => $this->site->userId('doctor1')));
        $this->leaveAccount('doctor2', '', 'x', 'loneClientSecret0123456789');
        $this->takeOver();
        $this->assertNoSecret($this->site->databaseDump());
    }

    public function testADeadTokenIsNamedAndEverythingElseIsTakenOver(): void
    {
        $this->leaveApp();
        $this->leaveTokens('doctor1', array('access_token' => 'dead', 'refresh_token' => 'deadRefreshToken0123456789', 'token_type' => 'bearer', 'expires_in' => 3599, 'scope' => 'meeting:write', 'api_url' => $this->site->zoomUrl()));
        $this->assertStringContainsString('Dora Example must connect again', $this->takeOver()->text('telemed-takeover-report'));
        $this->assertStringNotContainsString('deadRefreshToken', $this->site->databaseDump());
        // Visits can still be booked; they are made after the doctor has connected again.
        $this->book();
    }

    public function testAnErrorRowOfTheAddOnBecomesAVisit(): void
    {
        $this->leaveApp();
        $this->leaveTokens('doctor1', $this->tokens(FakeZoom::DOCTOR1));
        $id = $this->appointmentOfTheAddOn();
        $this->site->database()->query("INSERT INTO wp_kc_appointment_zoom_mappings (appointment_id, zoom_id, zoom_uuid, password, extra) VALUES ({$id}, '-1', '-1', '-1', '{\"error_code\":\"124\"}')");
        $this->takeOver();
        $this->visit($id);
        $this->onlyMeeting();
    }

    public function testOnlyAnAdministratorTakesOver(): void
    {
        $this->leaveApp();
        foreach (array('doctor1', 'clinicadmin', 'patient') as $person) {
            $this->assertSame(403, $this->browser($person)->post('/wp-admin/admin-post.php', array('action' => 'telemed_kivicare_takeover'), false)->status, $person);
        }
        $this->assertStringContainsString(FakeZoom::CLIENT_SECRET, $this->site->databaseDump(), 'nothing was touched');
    }

    /** The app, a connected doctor and a booked visit with a meeting and a start link. */
    private function leaveFourthGeneration(string $client = FakeZoom::CLIENT_ID): int
    {
        $this->leaveApp(array('client_id' => $client));
        $tokens = $this->tokens(FakeZoom::DOCTOR1, $client);
        $this->leaveTokens('doctor1', $tokens);
        $id = $this->appointmentOfTheAddOn();
        $this->meetingOfTheAddOn($id, 'users/me/meetings', $tokens['access_token']);
        return $id;
    }

    /** With its links in the add-on's table. */
    private function meetingOfTheAddOn(int $id, string $path, string $token): void
    {
        $start = $this->hostRow('kc_appointments', 'id', $id)['appointment_start_utc'];
        $meeting = $this->zoomApi("/v2/{$path}", array('Authorization: Bearer ' . $token), json_encode(array('topic' => 'Therapy', 'type' => 2, 'start_time' => str_replace(' ', 'T', $start) . 'Z', 'duration' => 30, 'timezone' => 'UTC', 'password' => 'kivi123'), JSON_THROW_ON_ERROR));
        $this->secrets[] = substr($meeting['start_url'], -40);
        $database = $this->site->database();
        $statement = $database->prepare('INSERT INTO wp_kc_appointment_zoom_mappings (appointment_id, zoom_id, zoom_uuid, start_url, join_url, password, created_at) VALUES (?, ?, ?, ?, ?, ?, NOW())');
        $statement->execute(array($id, (string) $meeting['id'], $meeting['uuid'], $meeting['start_url'], $meeting['join_url'], 'kivi123'));
        $database->close();
    }

    /** The earliest builds kept the app with an administrator; the old keys, a token cache and a flag lie about. */
    private function leaveThirdGeneration(): void
    {
        $tokens = $this->tokens(FakeZoom::DOCTOR1);
        array_push($this->secrets, FakeZoom::CLIENT_SECRET, $tokens['access_token'], $tokens['refresh_token']);
        $this->secrets[] = 'oldApiSecret0123456789';
        $this->secrets[] = 'cachedS2sToken0123456789';
        $this->site->php(<<<'CODE'
            update_user_meta(1, 'kiviCare_zoom_telemed_setting', ['enableCal' => 'Yes', 'client_id' => $arguments['id'], 'client_secret' => $arguments['secret'], 'redirect_url' => '']);
            update_user_meta($arguments['doctor'], 'kiviCare_doctor_zoom_telemed_config', (object) $arguments['tokens']);
            update_user_meta($arguments['doctor'], 'zoom_config_data', wp_slash(json_encode(['enableTeleMed' => 'true', 'api_key' => 'k', 'api_secret' => 'oldApiSecret0123456789', 'zoom_id' => 'z'])));
            update_user_meta($arguments['doctor'], 'kiviCare_doctor_zoom_telemed_server_to_server_oauth_config', (object) ['access_token' => 'cachedS2sToken0123456789']);
            CODE, array('id' => FakeZoom::CLIENT_ID, 'secret' => FakeZoom::CLIENT_SECRET, 'doctor' => $this->site->userId('doctor1'), 'tokens' => $tokens));
    }

    /** Every doctor has entered the same account. */
    private function leaveOneAccount(): void
    {
        $this->secrets[] = FakeZoom::S2S_CLIENT_SECRET;
        $this->leaveAccount('doctor1', FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET);
        $this->leaveAccount('doctor2', FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET);
        $this->site->php('update_option("kiviCare_zoom_telemed_server_to_server_oauth_status", "Yes");');
    }

    /** @param array<string, string> $changes */
    private function leaveApp(array $changes = array()): void
    {
        $this->secrets[] = FakeZoom::CLIENT_SECRET;
        $this->site->php('update_option("kiviCare_zoom_telemed_setting", $arguments);', $changes + array(
            'enableCal' => 'Yes',
            'client_id' => FakeZoom::CLIENT_ID,
            'client_secret' => FakeZoom::CLIENT_SECRET,
            'redirect_url' => $this->site->url('/wp-json/kivicare/v1/settings/zoom-telemed/callback'),
            'auth_type' => 'oauth',
        ));
    }

    /** @param array<string, mixed> $tokens */
    private function leaveTokens(string $doctor, array $tokens): void
    {
        array_push($this->secrets, $tokens['access_token'], $tokens['refresh_token']);
        $this->site->php('update_user_meta($arguments["id"], "kiviCare_doctor_zoom_telemed_config", (object) $arguments["tokens"]);', array('id' => $this->site->userId($doctor), 'tokens' => $tokens));
    }

    private function leaveAccount(string $doctor, string $account, string $client, string $secret): void
    {
        $this->site->php('update_user_meta($arguments["id"], "zoom_server_to_server_oauth_config_data", wp_slash($arguments["json"]));', array(
            'id' => $this->site->userId($doctor),
            'json' => json_encode(array('enableServerToServerOauthconfig' => 'true', 'account_id' => $account, 'client_id' => $client, 'client_secret' => $secret), JSON_THROW_ON_ERROR),
        ));
    }

    /** An appointment that the add-on's core has booked, before we came. */
    private function appointmentOfTheAddOn(): int
    {
        $start = gmdate('Y-m-d', time() + 30 * 86400) . ' 09:00:00';
        $end = gmdate('Y-m-d', time() + 30 * 86400) . ' 09:30:00';
        $database = $this->site->database();
        $database->query("INSERT INTO wp_kc_appointments (appointment_start_date, appointment_start_time, appointment_end_date, appointment_end_time, clinic_id, doctor_id, patient_id, status, appointment_start_utc, appointment_end_utc, appointment_timezone)
            VALUES ('{$start}', '09:00:00', '{$end}', '09:30:00', 1, {$this->site->userId('doctor1')}, {$this->site->userId('patient')}, 1, '{$start}', '{$end}', 'UTC')");
        $id = (int) $database->insert_id;
        $database->query("INSERT INTO wp_kc_appointment_service_mapping (appointment_id, service_id) VALUES ({$id}, 1)");
        $database->close();
        return $id;
    }

    /** Tokens as the add-on obtains and stores them. @return array<string, mixed> */
    private function tokens(string $user, string $client = FakeZoom::CLIENT_ID): array
    {
        $verifier = bin2hex(random_bytes(32));
        $redirect = $this->site->url('/wp-json/kivicare/v1/settings/zoom-telemed/callback');
        $challenge = rtrim(strtr(base64_encode(hash('sha256', $verifier, true)), '+/', '-_'), '=');
        $query = $this->zoom->authorize('http://x/?' . http_build_query(array('client_id' => $client, 'redirect_uri' => $redirect, 'state' => '5', 'code_challenge' => $challenge)), $user);
        return $this->zoomApi(
            '/oauth/token',
            array('Authorization: Basic ' . base64_encode($client . ':' . FakeZoom::CLIENT_SECRET), 'Content-Type: application/x-www-form-urlencoded'),
            http_build_query(array('grant_type' => 'authorization_code', 'code' => $query['code'], 'redirect_uri' => $redirect, 'code_verifier' => $verifier))
        );
    }

    /**
     * @param list<string> $headers
     * @return array<string, mixed>
     */
    private function zoomApi(string $path, array $headers, string $body): array
    {
        if (str_starts_with($body, '{')) {
            $headers[] = 'Content-Type: application/json';
        }
        $text = file_get_contents($this->site->zoomUrl() . $path, false, stream_context_create(array('http' => array(
            'method' => 'POST',
            'header' => $headers,
            'content' => $body,
            'ignore_errors' => true,
        ))));
        return json_decode((string) $text, true, 512, JSON_THROW_ON_ERROR);
    }

    /** @return array<string, list<array<string, string|null>>> what a second run could harm */
    private function stored(): array
    {
        $database = $this->site->database();
        $tables = array(
            'links' => 'SELECT * FROM wp_kc_appointment_zoom_mappings ORDER BY id',
            'settings' => "SELECT option_name, option_value FROM wp_options WHERE option_name IN ('telemed_settings', 'telemed_kivicare_takeover', 'kiviCare_zoom_telemed_setting') ORDER BY 1",
            'doctors' => "SELECT user_id, meta_key, meta_value FROM wp_usermeta WHERE meta_key LIKE '%telemed%' OR meta_key LIKE '%zoom%' ORDER BY 1, 2",
        );
        $stored = array_map(static fn (string $query): array => $database->query($query)->fetch_all(MYSQLI_ASSOC), $tables);
        $stored += array('apps' => $this->records()->apps->everything(), 'visits' => $this->records()->visits->everything(), 'grants' => $this->records()->grants->everything());
        $database->close();
        return $stored;
    }

    private function screen(): Page
    {
        return $this->browser('admin')->screen('telemed-kivicare');
    }

    private function takeOver(): Page
    {
        $page = $this->browser('admin')->submit($this->screen()->form('//form[.//input[@value="telemed_kivicare_takeover"]]'));
        $this->assertSame(200, $page->status, $page->text());
        $this->assertStringContainsString('The take-over has run', implode(' ', $page->notices()));
        return $page;
    }

    private function assertNoSecret(string $text): void
    {
        foreach ($this->secrets as $secret) {
            $this->assertStringNotContainsString($secret, $text);
        }
    }
}
