<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\Browser;
use Telemed\Tests\FakeZoom;

/** The core's two settings screens, for the administrator and for the doctor, over our one stored mode. */
final class SettingsScreensTest extends KivicareTestCase
{
    private const BASE = 'settings/zoom-telemed';
    private const PLACEHOLDER = '••••••••';

    public function testTheCoresSwitchAndOurPageWriteOneMode(): void
    {
        $this->put(array('auth_type' => 'oauth', 'client_id' => FakeZoom::CLIENT_ID, 'client_secret' => FakeZoom::CLIENT_SECRET));
        $page = $this->browser('admin')->screen('telemed-settings')->form('telemed-settings-form');
        $this->assertSame('oauth', $page->fields['telemed_settings[mode]']);
        $this->assertSame(FakeZoom::CLIENT_ID, $page->fields['telemed_settings[oauth_client_id]']);
        $this->useServerToServer();
        $this->assertSame('server-to-server', $this->get()['auth_type']);
        $this->put(array('auth_type' => 'none'));
        $this->assertSame('none', $this->get()['auth_type']);
        $this->assertSame('no', $this->kc('admin', 'GET', 'config')->json()['data']['is_telemed_activated']);
    }

    public function testNoSecretIsReturnedAndAnUnchangedPlaceholderKeepsIt(): void
    {
        $this->put(array('auth_type' => 'oauth', 'client_id' => FakeZoom::CLIENT_ID, 'client_secret' => FakeZoom::CLIENT_SECRET));
        $shown = $this->kc('admin', 'GET', self::BASE);
        $this->assertSame(self::PLACEHOLDER, $shown->json()['data']['client_secret']);
        $this->assertStringNotContainsString(FakeZoom::CLIENT_SECRET, $shown->body);
        $this->put(array('client_id' => FakeZoom::CLIENT_ID, 'client_secret' => self::PLACEHOLDER, 'auth_type' => 'oauth'));
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->assertStringNotContainsString(FakeZoom::CLIENT_SECRET, $this->site->databaseDump());
    }

    public function testTheFormsFieldsAreThoseOfTheCoresScreen(): void
    {
        $this->useOAuth();
        $data = $this->get();
        foreach (array('enableCal', 'enabled', 'auth_type', 'client_id', 'client_secret', 'redirect_url', 'redirect_uri', 'account_id', 'default_settings', 'webhook_url', 'webhook_secret') as $key) {
            $this->assertArrayHasKey($key, $data);
        }
        $this->assertSame('Yes', $data['enableCal']);
        $this->assertSame($this->site->url('/wp-json/kivicare/v1/settings/zoom-telemed/callback'), $data['redirect_url']);
    }

    public function testSwitchingToServerToServerWithoutCredentialsNamesThePageForThem(): void
    {
        $page = $this->kc('admin', 'PUT', self::BASE, array('auth_type' => 'server-to-server', 'server_to_server_enabled' => 'Yes'));
        $this->assertSame(array(200, false), array($page->status, $page->json()['status']), 'the core shows reasons in such answers alone');
        $this->assertStringContainsString('page=telemed-settings', $page->json()['message']);
        $this->assertSame('none', $this->get()['auth_type']);
    }

    public function testAnOAuthAppWithoutASecretIsRefusedInWords(): void
    {
        $page = $this->kc('admin', 'PUT', self::BASE, array('auth_type' => 'oauth', 'client_id' => FakeZoom::CLIENT_ID));
        $this->assertSame(array(200, false), array($page->status, $page->json()['status']));
        $this->assertStringContainsString('client secret', $page->json()['message']);
        $page = $this->kc('admin', 'PUT', self::BASE, array('auth_type' => 'oauth', 'client_id' => 'not an id', 'client_secret' => 'x'));
        $this->assertSame(array(200, false), array($page->status, $page->json()['status']));
        $this->assertSame(400, $this->kc('admin', 'PUT', self::BASE, array('auth_type' => 'magic'))->status);
    }

    public function testADoctorConnectsAndDisconnectsAndTheirServicesShowAccordingly(): void
    {
        $this->useOAuth();
        $this->assertSame(array(false, false), $this->bookable());
        $config = $this->kc('doctor1', 'GET', self::BASE . '/doctor-config')->json()['data'];
        $this->assertSame(array('oauth', false, 'not_connected'), array($config['auth_type'], $config['is_connected'], $config['connection_status']));
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $config = $this->kc('doctor1', 'GET', self::BASE . '/doctor-config')->json()['data'];
        $this->assertSame(array(true, 'connected'), array($config['is_connected'], $config['connection_status']));
        $this->assertSame(array(true, false), $this->bookable());
        $test = $this->kc('doctor1', 'PUT', self::BASE . '/test-connection', array('auth_type' => 'oauth'));
        $this->assertSame(200, $test->status, $test->body);
        $this->assertTrue($test->json()['data']['success']);

        $page = $this->disconnect('doctor1');
        $this->assertSame(array(200, array()), array($page->status, $page->json()['data']));
        $this->assertNotSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertSame(array(false, false), $this->bookable());
    }

    public function testDisconnectWithUpcomingVisitsDeletesNothingHoweverOftenAndMailsWhereToDecide(): void
    {
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $id = $this->book();
        $link = $this->visit($id)['visit_key'];
        // The core's screen shows no answer and asks again by itself.
        foreach (array(1, 2) as $time) {
            $page = $this->disconnect('doctor1');
            $this->assertSame(409, $page->status, $page->body);
            $this->assertStringContainsString('1 upcoming visit', $page->json()['message']);
        }
        $this->assertCount(1, $this->meetings());
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
        $mails = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => str_contains($mail['message'], 'page=telemed-handover')));
        $this->assertCount(1, $mails);
        $this->assertSame(array(FakeZoom::DOCTOR1_EMAIL), (array) $mails[0]['to']);

        // Where the mail leads, the doctor decides.
        preg_match('#https?://\S+page=telemed-handover\S+#', $mails[0]['message'], $found);
        $page = $this->browser('doctor1')->get($found[0]);
        $this->browser('doctor1')->submit($page->form('//form[.//input[@value="telemed_answer_handover"]]'), array('choice' => 'wait'));
        $this->assertSame(array(), $this->meetings());
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertSame(array('due', $link), array($this->visit($id, 'due')['state'], $this->visit($id, 'due')['visit_key']));

        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->settle();
        $this->assertSame($link, $this->visit($id)['visit_key']);
        $this->assertCount(1, $this->meetings());
    }

    /** The core's screen asks for /disconnect by itself whenever it opens or returns to the front without a connection. */
    public function testTheScreenOfADoctorWithoutALivingConnectionChangesNothingByOpening(): void
    {
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        // In another tab the doctor has just connected: the answer to this one's config and its /disconnect come together.
        [, $answer] = Browser::together(array(
            array($this->browser('doctor1'), 'GET', self::ROUTE . self::BASE . '/doctor-config', null),
            array($this->site->browser('doctor1'), 'GET', self::ROUTE . self::BASE . '/disconnect', null),
        ));
        $this->assertSame(200, $answer->status, $answer->body);
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertTrue($this->kc('doctor1', 'GET', self::BASE . '/doctor-config')->json()['data']['is_connected']);

        // The connection dies; booking goes on although the doctor opens the screen again and again.
        $this->zoom->advance(2 * 3600);
        $this->zoom->answer(array('method' => 'POST', 'path' => '/oauth/token'), 400, array('reason' => 'Invalid Token!', 'error' => 'invalid_grant'), array(), 20);
        $this->book();
        $this->settle();
        for ($time = 0; $time < 2; $time++) {
            $this->assertFalse($this->kc('doctor1', 'GET', self::BASE . '/doctor-config')->json()['data']['is_connected']);
            usleep(1_100_000);
            $this->assertSame(200, $this->kc('doctor1', 'GET', self::BASE . '/disconnect')->status);
        }
        $this->assertSame(array(true, false), $this->bookable());
        $this->book('receptionist', array('appointmentStartTime' => '11:00'));
    }

    public function testATestThatFailsSaysWhy(): void
    {
        $this->useOAuth();
        $page = $this->kc('doctor1', 'PUT', self::BASE . '/test-connection', array('auth_type' => 'oauth'));
        $this->assertSame(500, $page->status);
        $this->assertNotSame('', $page->json()['data']['error']);
    }

    public function testInServerToServerModeTheClinicHostsForTheDoctorsWithAHost(): void
    {
        $this->useServerToServer();
        $this->assertSame(array(false, false), $this->bookable());
        $admin = $this->browser('admin');
        $admin->submit($admin->screen('telemed-doctors')->form('telemed-confirm-all'));
        $this->assertSame(array(true, true), $this->bookable());
        $config = $this->kc('doctor1', 'GET', self::BASE . '/doctor-config')->json()['data'];
        $this->assertTrue($config['is_connected']);
        $this->assertSame(FakeZoom::DOCTOR1_EMAIL, $config['host']);
        $this->assertSame('', $config['client_secret'] . $config['client_id'] . $config['account_id']);
        $page = $this->kc('doctor1', 'PUT', self::BASE . '/doctor-config', array('auth_type' => 'server-to-server', 'account_id' => 'a', 'client_id' => 'b', 'client_secret' => 'c'));
        $this->assertSame(403, $page->status);
        $this->assertStringContainsString('Your clinic hosts for you', $page->json()['message']);
        $this->assertTrue($this->kc('doctor1', 'PUT', self::BASE . '/test-connection', array('auth_type' => 'server-to-server'))->json()['data']['success']);
    }

    public function testADoctorWhomAnAdministratorAllowsItUsesAnAccountOfTheirOwn(): void
    {
        $this->zoom->seed(array('users' => array(array('id' => 'oWnUsErOfDoCtOr1eXaMpL', 'email' => FakeZoom::DOCTOR1_EMAIL . '.own', 'account_id' => FakeZoom::CLASSIC_ACCOUNT, 'type' => 2, 'status' => 'active', 'first_name' => 'Dora', 'last_name' => 'Own'))));
        $this->useServerToServerWithHosts();
        $user = $this->site->userId('doctor1');
        $form = $this->browser('admin')->get("/wp-admin/user-edit.php?user_id={$user}")->form('your-profile');
        $this->browser('admin')->submit($form, array('telemed_own_account_allowed' => '1'));
        $own = array('auth_type' => 'server-to-server', 'enable_server_to_server' => 'Yes', 'account_id' => FakeZoom::CLASSIC_ACCOUNT, 'client_id' => FakeZoom::CLASSIC_CLIENT_ID, 'client_secret' => FakeZoom::CLASSIC_CLIENT_SECRET);

        // No user there has the doctor's e-mail, so one is named.
        $page = $this->kc('doctor1', 'PUT', self::BASE . '/doctor-config', $own);
        $this->assertSame(409, $page->status, $page->body);
        $page = $this->kc('doctor1', 'PUT', self::BASE . '/doctor-config', $own + array('host' => FakeZoom::CLASSIC_USER_EMAIL));
        $this->assertSame(200, $page->status, $page->body);
        $config = $this->kc('doctor1', 'GET', self::BASE . '/doctor-config');
        $this->assertSame(self::PLACEHOLDER, $config->json()['data']['client_secret']);
        $this->assertStringNotContainsString(FakeZoom::CLASSIC_CLIENT_SECRET, $config->body . $this->site->databaseDump());

        $id = $this->book();
        $this->visit($id);
        $this->assertSame(FakeZoom::CLASSIC_USER_EMAIL, $this->onlyMeeting()['host_email'] ?? $this->ledgerRow($id)['host_email']);
        // What it made is cancelled through it, also after the doctor has left it.
        $this->disconnect('doctor1');
        $this->kc('receptionist', 'PUT', "appointments/{$id}/status", array('status' => 0));
        $this->visit($id, 'cancelled');
        $this->settle();
        $this->assertSame(array(), $this->meetings());
    }

    public function testTheFlagsOfTheCoreAreTrueAndBearNoSecret(): void
    {
        $this->useServerToServerWithHosts();
        $setting = $this->site->php('return get_option("kiviCare_zoom_telemed_setting");');
        $this->assertSame('', $setting['client_secret']);
        $this->assertSame('Yes', $this->site->php('return get_option("kiviCare_zoom_telemed_server_to_server_oauth_status");'));
        $this->assertSame('on', $this->site->php('return get_user_meta($arguments["id"], "kiviCare_zoom_telemed_connect", true);', array('id' => $this->site->userId('doctor1'))));
        $this->useOAuth();
        $this->assertSame('No', $this->site->php('return get_option("kiviCare_zoom_telemed_server_to_server_oauth_status");'));
        $this->assertSame('off', $this->site->php('return get_user_meta($arguments["id"], "kiviCare_zoom_telemed_connect", true);', array('id' => $this->site->userId('doctor1'))));
    }

    /** @param array<string, mixed> $fields */
    private function put(array $fields): void
    {
        $page = $this->kc('admin', 'PUT', self::BASE, $fields);
        $this->assertSame(200, $page->status, $page->body);
        $this->assertTrue($page->json()['status']);
    }

    /** @return array<string, mixed> */
    private function get(): array
    {
        return $this->kc('admin', 'GET', self::BASE)->json()['data'];
    }

    /** @return array{bool, bool} whether video services of doctor1 and doctor2 can be booked */
    private function bookable(): array
    {
        $doctors = array_column($this->kc('admin', 'GET', 'static-data/telemed-doctors')->json()['data'], 'is_telemed_connected', 'id');
        return array($doctors[$this->site->userId('doctor1')], $doctors[$this->site->userId('doctor2')]);
    }
}
