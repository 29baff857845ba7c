<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;

/** The settings page: what it explains, what it stores, what it never shows again. */
final class SettingsTest extends ClinicTestCase
{
    /** @dataProvider comparisonLines */
    #[DataProvider('comparisonLines')]
    public function testTheComparisonIsComplete(string $row, string $title, string $oauth, string $serverToServer): void
    {
        $line = $this->browser('admin')->screen('telemed-settings')->element("telemed-compare-{$row}");
        $this->assertNotNull($line, $row);
        $cells = array();
        foreach ($line->childNodes as $cell) {
            if ($cell instanceof \DOMElement) {
                $cells[] = trim((string) preg_replace('/\s+/', ' ', $cell->textContent));
            }
        }
        $this->assertCount(3, $cells);
        $this->assertMatchesRegularExpression($title, $cells[0]);
        $this->assertMatchesRegularExpression($oauth, $cells[1]);
        $this->assertMatchesRegularExpression($serverToServer, $cells[2]);
    }

    /** @return array<string, array{string, string, string, string}> */
    public static function comparisonLines(): array
    {
        return array(
            'best for whom' => array('best-for', '/best for/i', '/clinics where each doctor pays/i', '/hospitals|large clinics/i'),
            'how it works' => array('how-it-works', '/how it works/i', '/authorizes/i', '/on behalf of any user/i'),
            'set-up for each doctor' => array('user-setup', '/user set-up/i', '/^yes/i', '/^no/i'),
            'who owns the meetings' => array('owner', '/owns/i', '/doctor/i', '/clinic|organisation/i'),
            'app type' => array('app-type', '/app type/i', '/user-managed/i', '/account-managed/i'),
            'personal Zoom login' => array('personal-login', '/personal zoom login/i', '/^yes/i', '/^no/i'),
            'complexity for the administrator' => array('admin-complexity', '/administrator/i', '/low/i', '/high/i'),
            'complexity for the doctor' => array('doctor-complexity', '/doctor/i', '/high/i', '/none|instant/i'),
            'account-level permissions' => array('permissions', '/account-level permissions/i', '/^no/i', '/^yes/i'),
            'whose agreement' => array('agreement', '/BAA/', '/own.*paid.*free account cannot/is', '/clinic/i'),
            'beware' => array('beware', '/./', '/outside the Zoom account.*published|approved/is', '/every user of the account/i'),
        );
    }

    public function testTheExactScopesStandBesideEachMode(): void
    {
        $page = $this->browser('admin')->screen('telemed-settings');
        $user = array(
            'meeting:write:meeting', 'meeting:update:meeting', 'meeting:delete:meeting', 'meeting:read:meeting',
            'user:read:user', 'meeting:read:list_meetings', 'user:read:settings',
        );
        $account = array_map(static fn (string $scope): string => "{$scope}:admin", array_merge($user, array('user:read:list_users')));
        $this->assertEqualsCanonicalizing($user, preg_split('/\s+/', $page->text('telemed-scopes-oauth')));
        $this->assertEqualsCanonicalizing($account, preg_split('/\s+/', $page->text('telemed-scopes-s2s')));
    }

    /** @dataProvider modes */
    #[DataProvider('modes')]
    public function testAStoredSecretNeverComesBackAndAnEmptyFieldKeepsIt(string $mode): void
    {
        $secret = $mode === 's2s' ? FakeZoom::S2S_CLIENT_SECRET : FakeZoom::CLIENT_SECRET;
        $saved = $mode === 's2s' ? $this->useServerToServer() : $this->useOAuth();
        $this->assertStringNotContainsString($secret, $saved->body);
        $again = $this->saveSettings(array("{$mode}_client_secret" => ''));
        $this->assertStringNotContainsString($secret, $again->body);
        $this->assertSame('1', $again->element("{$mode}_client_secret")->getAttribute('data-set'));
        $this->assertSame('', $again->element("{$mode}_client_secret")->getAttribute('value'));
        $this->assertStringNotContainsString($secret, $this->site->databaseDump());
        $this->assertStringNotContainsString($secret, $this->browser('admin')->rest('GET', 'wp/v2/settings')->body);
        // It is still the right one.
        if ($mode === 's2s') {
            $check = $this->checkSettings(0);
            $this->assertSame('1', $check->element('telemed-check-result')->getAttribute('data-passed'), $check->text('telemed-check-result'));
        } else {
            $this->connect('doctor1', FakeZoom::DOCTOR1);
        }
    }

    /** @return array<string, array{string}> */
    public static function modes(): array
    {
        return array('OAuth 2.0' => array('oauth'), 'Server-to-Server' => array('s2s'));
    }

    public function testSavingIntoAnEmptySiteSealsOnce(): void
    {
        // update_option() on a missing option sanitizes twice.
        $this->site->php('delete_option("telemed_settings"); return null;');
        $this->useServerToServerWithHosts();
        $this->make('admin', 'doctor1');
        $this->assertCount(1, $this->meetings());
    }

    public function testAnAppThatIsKnownIsNamedAgainWithoutItsSecretAndOneThatHasMadeNothingIsForgotten(): void
    {
        $this->useServerToServerWithHosts();
        $this->make('admin', 'doctor1');
        $known = $this->records()->apps->everything();
        $this->saveSettings(array('s2s_client_id' => 'mistyped', 's2s_client_secret' => 'mistyped-too'));
        $this->assertSame(array(FakeZoom::S2S_CLIENT_ID, 'mistyped'), $this->records()->apps->clients());
        $page = $this->saveSettings(array('s2s_client_id' => FakeZoom::S2S_CLIENT_ID));
        $this->assertStringNotContainsString('enter its secret too', implode($page->notices()));
        $this->assertSame($known, $this->records()->apps->everything());
        $this->make('admin', 'doctor1', array('start' => self::start(41)));
        // Of an app that is not known it is said, and the secret that was there is taken for its own.
        $this->assertStringContainsString('enter its secret too', implode($this->trySettings(array('s2s_client_id' => 'another'))->notices()));
        $this->assertSame($known, $this->records()->apps->everything(), 'nothing is kept of what is only asked about');
    }

    public function testTheRedirectUrlIsStoredOnSaveAndItsChangeIsTold(): void
    {
        $page = $this->useOAuth();
        $stored = $this->site->php('return get_option("telemed_settings")["oauth_redirect_uri"];');
        $this->assertSame($this->site->url('/wp-json/telemed/v1/oauth/callback'), $stored);
        $this->assertSame($stored, $page->element('telemed-redirect-uri')->getAttribute('value'));
        $this->assertNull($page->element('telemed-redirect-notice'));

        // As if the address had changed since: the form itself always stores today's.
        $this->site->php(
            'global $wpdb; $settings = get_option("telemed_settings"); $settings["oauth_redirect_uri"] = "http://localhost/former/callback";'
            . '$wpdb->update($wpdb->options, array("option_value" => serialize($settings)), array("option_name" => "telemed_settings")); wp_cache_flush();'
        );
        $moved = $this->browser('admin')->screen('telemed-settings');
        $this->assertNotNull($moved->element('telemed-redirect-notice'));
        $consent = $this->beginAuthorization('doctor1');
        parse_str((string) parse_url($consent->url, PHP_URL_QUERY), $query);
        $this->assertSame('http://localhost/former/callback', $query['redirect_uri'], 'used unchanged');
    }

    public function testCheckShowsEachStep(): void
    {
        $this->useServerToServerWithHosts();
        $page = $this->checkSettings($this->site->userId('doctor1'));
        $this->assertSame('1', $page->element('telemed-check-result')->getAttribute('data-passed'));
        foreach (array('name', 'tls', 'clock', 'credentials', 'token', 'scopes.required', 'host.found', 'host.licensed', 'host.meetings') as $step) {
            $row = $page->first("//*[@data-step='{$step}']");
            $this->assertNotNull($row, $step);
            $this->assertSame('passed', $row->getAttribute('data-result'), $step);
        }
    }

    public function testCheckNamesWhatIsWrong(): void
    {
        $this->saveSettings(array(
            'mode' => 's2s',
            's2s_account_id' => FakeZoom::ACCOUNT,
            's2s_client_id' => FakeZoom::S2S_CLIENT_SECRET,
            's2s_client_secret' => FakeZoom::S2S_CLIENT_ID,
        ));
        $page = $this->checkSettings(0);
        $this->assertSame('0', $page->element('telemed-check-result')->getAttribute('data-passed'));
        $this->assertSame('failed', $page->first('//*[@data-step="credentials"]')->getAttribute('data-result'));
        $this->assertStringContainsString('client secret', $page->text('telemed-check-result'));
    }

    public function testCheckLooksAtWhatStandsInTheFormSavesNothingAndLosesNothing(): void
    {
        $this->useServerToServer();
        $page = $this->checkSettings(0, array('s2s_account_id' => 'changed', 'join_minutes_before' => '7'));
        $this->assertSame('0', $page->element('telemed-check-result')?->getAttribute('data-passed'), implode(' / ', $page->notices()));
        $this->assertSame('changed', $page->element('s2s_account_id')?->getAttribute('value'));
        $this->assertSame('7', $page->element('join_minutes_before')?->getAttribute('value'));
        $this->assertStringContainsString('not saved', $page->text('telemed-unsaved'));
        $stored = $this->site->php('return get_option("telemed_settings");');
        $this->assertSame(array(FakeZoom::ACCOUNT, 15), array($stored['s2s_account_id'], $stored['join_minutes_before']));

        // It is put right, checked and saved; the secret need not be entered again.
        $page = $this->checkSettings(0, array('s2s_account_id' => FakeZoom::ACCOUNT));
        $this->assertSame('1', $page->element('telemed-check-result')?->getAttribute('data-passed'));
        $page = $this->trySettings(array());
        $this->assertSame('7', $page->element('join_minutes_before')?->getAttribute('value'));
        $this->assertNull($page->element('telemed-unsaved'));
        $this->assertSame(7, $this->site->php('return get_option("telemed_settings")["join_minutes_before"];'));
    }

    public function testCredentialsCanBeCheckedBeforeAnythingIsSavedAndAnEnteredSecretIsNeitherShownNorStoredInClear(): void
    {
        $entered = array('mode' => 's2s', 's2s_account_id' => FakeZoom::ACCOUNT, 's2s_client_id' => FakeZoom::S2S_CLIENT_ID, 's2s_client_secret' => FakeZoom::S2S_CLIENT_SECRET);
        $page = $this->checkSettings(0, $entered);
        $this->assertSame('1', $page->element('telemed-check-result')?->getAttribute('data-passed'), implode(' / ', $page->notices()));
        $this->assertStringNotContainsString(FakeZoom::S2S_CLIENT_SECRET, $page->body);
        $this->assertStringNotContainsString(FakeZoom::S2S_CLIENT_SECRET, $this->site->databaseDump());
        $this->assertStringContainsString('not saved yet', (string) $page->element('s2s_client_secret')?->getAttribute('placeholder'));
        $this->assertNull($this->site->php('return \TelemedZoom\Plugin::instance()->settings->mode();'));
        $this->trySettings(array());
        $this->assertSame(array(), $this->site->php('return \TelemedZoom\Plugin::instance()->settings->missing();'));
        $this->assertSame('1', $this->checkSettings()->element('telemed-check-result')?->getAttribute('data-passed'));
    }

    public function testWhatIsWrongWithAFieldIsSaidByCheckAndNothingIsAskedOfZoom(): void
    {
        $this->useServerToServer();
        $this->zoom->forgetRequests();
        $page = $this->checkSettings(0, array('s2s_client_id' => 'not an id', 'blank_days' => '9'));
        $this->assertNull($page->element('telemed-check-result'));
        $this->assertStringContainsString('letters, digits', implode($page->notices()));
        $this->assertSame('9', $page->element('blank_days')?->getAttribute('value'), 'the rest stays');
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertStringContainsString('No mode is chosen', implode($this->checkSettings(0, array('mode' => ''))->notices()));
    }

    public function testTheAppAloneIsCheckedInOAuthModeAndProposed(): void
    {
        $this->useOAuth();
        $page = $this->browser('admin')->screen('telemed-settings');
        $this->assertStringContainsString('the app only', (string) $page->first('//select[@id="telemed-check-doctor"]/option')?->textContent);
        $page = $this->checkSettings();
        $this->assertSame('1', $page->element('telemed-check-result')?->getAttribute('data-passed'), $page->text('telemed-check-result'));
        $this->assertStringContainsString('Next: each doctor connects', $page->text('telemed-check-result'));
        $this->assertNull($page->first('//*[@data-result="failed"]'));
        $this->assertSame('passed', $page->first('//*[@data-step="credentials"]')?->getAttribute('data-result'));
        $this->assertSame('skipped', $page->first('//*[@data-step="token"]')?->getAttribute('data-result'));
        // A wrong secret is seen without a doctor.
        $page = $this->checkSettings(null, array('oauth_client_secret' => FakeZoom::OTHER_CLIENT_SECRET));
        $this->assertSame('0', $page->element('telemed-check-result')?->getAttribute('data-passed'));
        $this->assertSame('failed', $page->first('//*[@data-step="credentials"]')?->getAttribute('data-result'));
        // And the doctor without a connection is.
        $page = $this->checkSettings($this->site->userId('doctor1'), array('oauth_client_secret' => FakeZoom::CLIENT_SECRET));
        $this->assertSame('failed', $page->first('//*[@data-step="token"]')?->getAttribute('data-result'));
    }

    public function testTheCheckOfTheAccountFailsWhileTheApiDoesAlthoughTokensAreGiven(): void
    {
        $this->useServerToServer();
        $this->zoom->answer(array('path' => '/v2/'), 503, array('code' => 503, 'message' => 'Unavailable'), array(), -1);
        $page = $this->checkSettings(0);
        $this->assertSame('0', $page->element('telemed-check-result')?->getAttribute('data-passed'), $page->text('telemed-check-result'));
        $this->assertStringContainsString('notice-error', (string) $page->element('telemed-check-result')?->getAttribute('class'));
        $this->assertSame('passed', $page->first('//*[@data-step="credentials"]')?->getAttribute('data-result'));
        $this->assertStringContainsString('503', $page->text('telemed-check-result'));
        $this->zoom->forgetFaults();
        $this->assertSame('1', $this->checkSettings(0)->element('telemed-check-result')?->getAttribute('data-passed'));
    }

    public function testCredentialsThatZoomRefusesDoNotReplaceThoseThatWorkUnlessTheAdministratorSaysSo(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1');
        $swapped = array('s2s_client_id' => FakeZoom::S2S_CLIENT_SECRET, 's2s_client_secret' => FakeZoom::S2S_CLIENT_ID);
        $page = $this->trySettings($swapped);
        $question = $page->text('telemed-save-question');
        $this->assertStringContainsString('did not pass', $question);
        $this->assertStringContainsString('1 visit to come', $question);
        $this->assertNull($page->element('setting-error-settings_updated'), 'nothing claims to be saved');
        $this->assertSame($swapped['s2s_client_id'], $page->element('s2s_client_id')?->getAttribute('value'), 'what was entered stays');
        $this->assertStringNotContainsString('another Zoom app', $page->text());
        $this->make('admin', 'doctor1', array('start' => self::start(40)));
        $this->assertSame('made', $this->row($row['id'])['state']);

        // What is put right is saved without a question.
        $page = $this->trySettings(array('s2s_client_id' => FakeZoom::S2S_CLIENT_ID, 's2s_client_secret' => FakeZoom::S2S_CLIENT_SECRET));
        $this->assertNull($page->element('telemed-save-question'), $page->text('telemed-save-question'));
        $this->assertNotNull($page->element('setting-error-settings_updated'));

        $this->trySettings($swapped);
        $page = $this->browser('admin')->submit($this->browser('admin')->screen('telemed-settings')->form('//form[.//button[contains(@class, "telemed-discard")]]'));
        $this->assertSame(FakeZoom::S2S_CLIENT_ID, $page->element('s2s_client_id')?->getAttribute('value'));
        $this->assertNull($page->element('telemed-save-question'));

        $page = $this->trySettings($swapped);
        $this->browser('admin')->submit($page->form('//form[.//button[contains(@class, "telemed-save-anyway")]]'));
        $this->assertSame($swapped['s2s_client_id'], $this->site->php('return get_option("telemed_settings")["s2s_client_id"];'));
    }

    public function testASecretThatIsNotKeptAnyMoreIsAskedForAgain(): void
    {
        $this->useServerToServer();
        $page = $this->checkSettings(0, array('s2s_client_secret' => FakeZoom::OTHER_CLIENT_SECRET));
        $this->site->php('delete_transient("telemed_draft_" . $arguments["admin"]);', array('admin' => $this->site->userId('admin')));
        $saved = $this->browser('admin')->submit($page->form('telemed-settings-form'));
        $this->assertStringContainsString('enter them again', implode($saved->notices()));
        $page = $this->trySettings(array('s2s_client_secret' => FakeZoom::OTHER_CLIENT_SECRET));
        $anyway = $page->form('//form[.//button[contains(@class, "telemed-save-anyway")]]');
        $this->site->php('delete_transient("telemed_draft_" . $arguments["admin"]);', array('admin' => $this->site->userId('admin')));
        $this->assertStringContainsString('not kept any more', implode($this->browser('admin')->submit($anyway)->notices()));
        $this->assertSame('1', $this->checkSettings(0)->element('telemed-check-result')?->getAttribute('data-passed'), 'nothing has changed');
    }

    public function testAnotherModeWithVisitsToComeSaysHowManyAndAsks(): void
    {
        $this->useServerToServerWithHosts();
        $this->make('admin', 'doctor1');
        $off = $this->make('admin', 'doctor1', array('start' => self::start(40)));
        $this->make('admin', 'doctor2', array('start' => self::start(41)));
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$off['id']}");
        $oauth = array('mode' => 'oauth', 'oauth_client_id' => FakeZoom::CLIENT_ID, 'oauth_client_secret' => FakeZoom::CLIENT_SECRET);
        $question = $this->trySettings($oauth)->text('telemed-save-question');
        $this->assertStringContainsString('2 visits to come', $question);
        $this->assertStringContainsString('each doctor has connected', $question);
        $this->assertStringNotContainsString('did not pass', $question, 'the new app is all right');
        $this->assertSame('s2s', $this->site->php('return \TelemedZoom\Plugin::instance()->settings->mode();'));
        $this->browser('doctor1')->screen('telemed-meetings');
        $this->saveSettings($oauth);
        $this->assertSame('oauth', $this->site->php('return \TelemedZoom\Plugin::instance()->settings->mode();'));
        // What concerns no credential asks nothing.
        $this->assertNull($this->trySettings(array('blank_days' => '8'))->element('telemed-save-question'));
    }

    public function testTheQuestionsButtonsAreForAdministratorsWithANonce(): void
    {
        foreach (array('telemed_save_draft', 'telemed_discard_draft', 'telemed_check') as $action) {
            foreach (array('doctor1', 'admin') as $person) {
                $this->assertSame(403, $this->browser($person)->post('/wp-admin/admin-post.php', array('action' => $action, '_wpnonce' => 'x'))->status, "{$person}, {$action}");
            }
        }
    }

    public function testOnlyAdministratorsSeeIt(): void
    {
        foreach (array('doctor1', 'patient') as $person) {
            $this->assertSame(403, $this->browser($person)->screen('telemed-settings')->status, $person);
        }
    }

    /** @dataProvider keys */
    #[DataProvider('keys')]
    public function testTheKeyThatSealsIsNamed(array $constants, string $source): void
    {
        $this->assertSame($source, $this->site->php(
            '$key = new \TelemedZoom\Clinic\EncryptionKey($arguments["constants"]); return $key->source();',
            array('constants' => $constants)
        ));
    }

    /** @return array<string, array{array<string, string>, string}> */
    public static function keys(): array
    {
        $names = array('AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT');
        $salts = array();
        foreach ($names as $name) {
            $salts[$name] = hash('sha256', $name);
        }
        return array(
            'a key of its own' => array($salts + array('TELEMED_KEY' => base64_encode(str_repeat('k', 32))), 'constant'),
            'the salts of wp-config' => array($salts, 'salts'),
            'the sample phrase' => array(array_fill_keys($names, 'put your unique phrase here'), 'none'),
            'no constants' => array(array(), 'none'),
        );
    }
}
