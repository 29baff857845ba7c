<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** The clinic's Server-to-Server account through the route of KiviCare's settings, as the commercial add-on takes it. */
final class ClinicAccountTest extends KivicareTestCase
{
    private const ROUTE_SETTINGS = 'settings/zoom-telemed';

    public function testCredentialsAreTriedSealedAndUsed(): void
    {
        $this->assertSaved($this->save($this->account()));
        $this->assertSame('server-to-server', $this->kc('admin', 'GET', self::ROUTE_SETTINGS)->json()['data']['auth_type']);
        $this->assertStringNotContainsString(FakeZoom::S2S_CLIENT_SECRET, $this->site->databaseDump());
        $this->assertNotSame(array(), $this->zoom->requests('POST', '/oauth/token'), 'they were tried');
        $this->confirmHosts();
        $this->visit($this->book());
        $this->onlyMeeting();
    }

    public function testHostsAreConfirmedOnlyWhereTheAdministratorSaysSoAndOneUserMatches(): void
    {
        $this->assertSaved($this->save($this->account()));
        $this->assertSame(array('', ''), array($this->doctorsScreen('doctor1', 'host'), $this->doctorsScreen('doctor2', 'host')));
        $this->changeAddress('doctor2', 'nobody.at.zoom@clinic.example');
        try {
            $page = $this->save(array('auth_type' => 'server-to-server', 'confirm_hosts' => true));
            $this->assertSaved($page);
            $this->assertStringContainsString('1 doctor\'s host is confirmed.', $page->json()['message']);
            $this->assertStringContainsString('Ben Example', $page->json()['message']);
            $this->assertStringContainsString('page=telemed-doctors', $page->json()['message']);
            $this->assertNotSame('', $this->doctorsScreen('doctor1', 'host'));
            $this->assertSame('', $this->doctorsScreen('doctor2', 'host'));
        } finally {
            $this->changeAddress('doctor2', 'doctor2@clinic.example');
        }
    }

    public function testWhatZoomRefusesReplacesNothingAndIsToldWithWhereToLook(): void
    {
        $this->assertSaved($this->save($this->account()));
        $page = $this->save(array('client_secret' => 'wrongSecretOfTheClinic1') + $this->account());
        $this->assertSame(array(200, false), array($page->status, $page->json()['status']), 'the core shows reasons in such answers alone');
        $this->assertStringContainsString('Nothing was changed', $page->json()['message']);
        $this->assertStringContainsString('client secret', $page->json()['message']);
        $this->assertStringNotContainsString('wrongSecretOfTheClinic1', $page->body);
        $this->confirmHosts();
        $this->visit($this->book());
        $this->onlyMeeting();
    }

    public function testWhatIsMissingIsNamedWithWhereItCanBeEntered(): void
    {
        $page = $this->save(array('auth_type' => 'server-to-server', 'account_id' => FakeZoom::ACCOUNT, 'client_id' => FakeZoom::S2S_CLIENT_ID));
        $this->assertFalse($page->json()['status']);
        $this->assertStringContainsString('missing: client secret', $page->json()['message']);
        $this->assertStringContainsString('page=telemed-settings', $page->json()['message']);
        $this->assertSame('none', $this->kc('admin', 'GET', self::ROUTE_SETTINGS)->json()['data']['auth_type']);
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testTheStoredSecretIsKeptForItsOwnAppAlone(): void
    {
        $this->assertSaved($this->save($this->account()));
        $placeholder = array('client_secret' => '••••••••');
        $this->assertSaved($this->save($placeholder + $this->account()));
        $page = $this->save($placeholder + array('client_id' => 'anotherAppsClientId123') + $this->account());
        $this->assertStringContainsString('missing: client secret', $page->json()['message']);
    }

    public function testNobodyButAnAdministratorMay(): void
    {
        foreach (array('doctor1', 'receptionist', 'clinicadmin', 'patient') as $person) {
            $this->assertSame(403, $this->kc($person, 'PUT', self::ROUTE_SETTINGS, $this->account())->status, $person);
        }
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testAdministratorsAreToldOfANewDoctorWithoutAHost(): void
    {
        $this->assertSaved($this->save(array('confirm_hosts' => true) + $this->account()));
        $this->assertNull($this->browser('admin')->get('/wp-admin/index.php')->element('telemed-kivicare-hostless'));
        $user = (int) $this->site->php('return wp_insert_user(["user_login" => "doctor3", "user_pass" => wp_generate_password(), "display_name" => "Nina New", "user_email" => "doctor3@clinic.example", "role" => "kiviCare_doctor"]);');
        try {
            $notice = $this->browser('admin')->get('/wp-admin/index.php');
            $this->assertStringContainsString('Nina New', $notice->text('telemed-kivicare-hostless'));
            $this->assertStringContainsString('page=telemed-doctors', $notice->body);
            $this->assertNull($this->browser('doctor1')->get('/wp-admin/profile.php')->element('telemed-kivicare-hostless'));
        } finally {
            $this->site->php('require_once ABSPATH . "wp-admin/includes/user.php"; wp_delete_user($arguments["user"]);', array('user' => $user));
        }
        $this->assertNull($this->browser('admin')->get('/wp-admin/index.php')->element('telemed-kivicare-hostless'));
    }

    /** @param array<string, mixed> $fields */
    private function save(array $fields): Page
    {
        return $this->kc('admin', 'PUT', self::ROUTE_SETTINGS, $fields);
    }

    private function assertSaved(Page $page): void
    {
        $this->assertSame(array(200, true), array($page->status, $page->json()['status']), $page->body);
    }

    /** @return array<string, string> */
    private function account(): array
    {
        return array(
            'auth_type' => 'server-to-server',
            'account_id' => FakeZoom::ACCOUNT,
            'client_id' => FakeZoom::S2S_CLIENT_ID,
            'client_secret' => FakeZoom::S2S_CLIENT_SECRET,
        );
    }

    private function confirmHosts(): void
    {
        $this->assertSaved($this->save(array('auth_type' => 'server-to-server', 'confirm_hosts' => true)));
    }

    private function changeAddress(string $person, string $email): void
    {
        $this->site->php('add_filter("send_email_change_email", "__return_false"); wp_update_user(["ID" => $arguments["user"], "user_email" => $arguments["email"]]);', array('user' => $this->site->userId($person), 'email' => $email));
    }
}
