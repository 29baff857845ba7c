<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** What was entered wrong, or answered wrong by Zoom or something between: a message that says what to do, and no trace. */
final class BadInputTest extends ClinicTestCase
{
    private const TOKEN = array('method' => 'POST', 'path' => '/oauth/token');

    public function testCredentialsThatWereLeftOutAreNamedAndZoomIsNotAsked(): void
    {
        foreach (array('s2s' => array('Account ID', 'Client ID', 'Client secret'), 'oauth' => array('Client ID', 'Client secret')) as $mode => $fields) {
            $notice = $this->saveSettings(array('mode' => $mode))->text('telemed-incomplete-notice');
            foreach ($fields as $field) {
                $this->assertStringContainsString($field, $notice, $mode);
            }
            $refused = $this->post('admin', 'doctor1');
            $this->assertSame(409, $refused->status, $refused->body);
            $this->assertSame('telemed_not_set_up', $refused->json()['code']);
        }
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertSame(array(), $this->rows());
    }

    /** @dataProvider noCredentials */
    #[DataProvider('noCredentials')]
    public function testTextThatIsNoCredentialIsRefusedBesideItsField(string $field, string $text, string $said): void
    {
        $before = $this->useServerToServer()->element($field)->getAttribute('value');
        $page = $this->saveSettings(array($field => $text));
        $input = $page->element($field);
        $this->assertSame('true', $input->getAttribute('aria-invalid'));
        $this->assertStringContainsString("{$field}-error", $input->getAttribute('aria-describedby'));
        $this->assertMatchesRegularExpression($said, $page->text("{$field}-error"));
        $this->assertSame($before, $input->getAttribute('value'), 'what was stored stays');
        $this->assertStringNotContainsString(trim($text), $page->body);
        $this->assertNotNull($page->element("setting-error-telemed_{$field}"), 'and at the top of the page');
        $this->assertSame('1', $this->check()->element('telemed-check-result')->getAttribute('data-passed'));
    }

    /** @return array<string, array{string, string, string}> */
    public static function noCredentials(): array
    {
        return array(
            'an id with blanks' => array('s2s_client_id', 'not an id', '/letters, digits/'),
            'an id of script' => array('s2s_account_id', '"><script>alert(1)</script>', '/letters, digits/'),
            'a long id' => array('s2s_client_id', str_repeat('x', 192), '/letters, digits/'),
            'a secret with blanks' => array('s2s_client_secret', 'two secret words', '/space/'),
            'a secret that looks sealed' => array('s2s_client_secret', 'telemed1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', '/not stored/'),
        );
    }

    public function testOneTextInTwoFieldsIsPointedOut(): void
    {
        $page = $this->saveSettings(array(
            'mode' => 's2s',
            's2s_account_id' => FakeZoom::S2S_CLIENT_ID,
            's2s_client_id' => FakeZoom::S2S_CLIENT_ID,
            's2s_client_secret' => FakeZoom::S2S_CLIENT_SECRET,
        ));
        $this->assertStringContainsString('same text', implode(' ', $page->notices()));
        $page = $this->trySettings(array('mode' => 'oauth', 'oauth_client_id' => FakeZoom::CLIENT_ID, 'oauth_client_secret' => FakeZoom::CLIENT_ID));
        $this->assertStringContainsString('same text', implode(' ', $page->notices()));
        $this->assertStringNotContainsString('value="' . FakeZoom::CLIENT_ID . '" autocomplete="new-password"', $page->body);
    }

    /**
     * @dataProvider wrongCredentials
     * @param array<string, string> $credentials
     */
    #[DataProvider('wrongCredentials')]
    public function testCheckNamesTheCredentialsThatAreWrong(string $mode, array $credentials, string $said): void
    {
        $this->saveSettings(array('mode' => $mode) + $credentials);
        $page = $this->check();
        $this->assertStepFails($page, 'credentials', $said);
        foreach ($credentials as $field => $text) {
            if (str_ends_with($field, '_secret')) {
                $this->assertStringNotContainsString($text, $page->body);
            }
        }
        $this->assertSame(array(), $this->zoom->state()['s2s_tokens']);
    }

    /** @return array<string, array{string, array<string, string>, string}> */
    public static function wrongCredentials(): array
    {
        $account = static fn (string $account, string $id, string $secret): array =>
            array('s2s_account_id' => $account, 's2s_client_id' => $id, 's2s_client_secret' => $secret);
        $app = static fn (string $id, string $secret): array => array('oauth_client_id' => $id, 'oauth_client_secret' => $secret);
        return array(
            'account id of another account' => array('s2s', $account(FakeZoom::CLASSIC_ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET), '/account id/'),
            'unknown client id' => array('s2s', $account(FakeZoom::ACCOUNT, 'nObOdY', FakeZoom::S2S_CLIENT_SECRET), '/client id/'),
            'wrong secret' => array('s2s', $account(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::OTHER_CLIENT_SECRET), '/client secret/'),
            'an app of the other kind' => array('s2s', $account(FakeZoom::ACCOUNT, FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET), '/other kind/'),
            'OAuth, wrong secret' => array('oauth', $app(FakeZoom::CLIENT_ID, FakeZoom::OTHER_CLIENT_SECRET), '/client secret/'),
            'OAuth, swapped' => array('oauth', $app(FakeZoom::CLIENT_SECRET, FakeZoom::CLIENT_ID), '/client id/'),
            'OAuth, an app of the other kind' => array('oauth', $app(FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET), '/other kind/'),
        );
    }

    public function testCheckOfAnOAuthAppBeforeAnyDoctorConnectsTakesTheCredentialsAndAsksForTheDoctor(): void
    {
        $this->useOAuth();
        $page = $this->check('doctor1');
        $this->assertSame('passed', $page->first('//*[@data-step="credentials"]')->getAttribute('data-result'));
        $this->assertStepFails($page, 'token', '/Authorize with Zoom|connect/i');
    }

    public function testCheckWarnsOfABasicHost(): void
    {
        $this->useServerToServer();
        $admin = $this->browser('admin');
        $admin->submit(
            $admin->screen('telemed-doctors')->form("//tr[@id='telemed-doctor-{$this->site->userId('doctor1')}']//form[contains(@class, 'telemed-host-form')]"),
            array('host' => FakeZoom::BASIC)
        );
        $page = $this->check('doctor1');
        $row = $page->first('//*[@data-step="host.licensed"]');
        $this->assertSame('warned', $row->getAttribute('data-result'));
        $this->assertStringContainsString('40 minutes', $row->textContent);
        $this->assertStringContainsString('Dora Example', $page->text('telemed-check-result'), 'it says for whom it was');
    }

    /**
     * @dataProvider wrongAnswers
     * @param array<string, mixed> $fault
     */
    #[DataProvider('wrongAnswers')]
    public function testAWrongAnswerOnTheWayBackConnectsNobody(array $fault, string $said): void
    {
        $this->useOAuth();
        $consent = $this->beginAuthorization('doctor1');
        if (isset($fault['api_url'])) {
            $this->zoom->settings($fault);
        } else {
            $this->zoom->fault(self::TOKEN, $fault, -1);
        }
        $page = $this->consent($this->browser('doctor1'), $consent, FakeZoom::DOCTOR1);
        $notices = implode(' ', $page->notices());
        $this->assertMatchesRegularExpression($said, $notices);
        $this->assertStringNotContainsString('<script', implode('', array_map(
            static fn (\DOMElement $notice): string => (string) $notice->ownerDocument->saveHTML($notice),
            $page->all('//div[contains(@class, "telemed-flash")]')
        )));
        $this->assertNotNull($page->element('telemed-not-connected'), $page->text('telemed-connection'));
        $this->assertSame('none', $this->doctorsScreen('doctor1', 'status'));
        // The doctor tries again, once all is well.
        $this->zoom->forgetFaults();
        $this->zoom->settings(array('api_url' => null));
        $this->connect('doctor1', FakeZoom::DOCTOR1);
    }

    /** @return array<string, array{array<string, mixed>, string}> */
    public static function wrongAnswers(): array
    {
        $status = static fn (int $status, string $body, array $headers = array()): array =>
            array('kind' => 'status', 'status' => $status, 'body' => $body, 'headers' => (object) $headers);
        return array(
            'an error page of a gateway' => array($status(502, '<html><script>alert(1)</script>Bad Gateway</html>'), '/HTTP 502/'),
            'a page where JSON should be' => array($status(200, '<html><script>alert(1)</script>Welcome</html>'), '/cannot be read/'),
            'half an answer' => array(array('kind' => 'truncate', 'bytes' => 20), '/before the whole answer/'),
            'a redirect' => array($status(302, '', array('Location' => 'http://127.0.0.1/')), '/redirect/'),
            'no answer' => array(array('kind' => 'close_before_work'), '/connection to Zoom broke/'),
            'an API on a foreign host' => array(array('api_url' => 'https://api.zoom.us.evil.example'), '/not Zoom/'),
        );
    }

    /** @param ?string $doctor null for what the form proposes */
    private function check(?string $doctor = null): Page
    {
        return $this->checkSettings($doctor === null ? null : $this->site->userId($doctor));
    }

    private function assertStepFails(Page $page, string $step, string $said): void
    {
        $this->assertSame('0', $page->element('telemed-check-result')->getAttribute('data-passed'));
        $row = $page->first("//*[@data-step='{$step}']");
        $this->assertSame('failed', $row->getAttribute('data-result'), $page->text('telemed-check-result'));
        $this->assertMatchesRegularExpression($said, $row->textContent);
    }
}
