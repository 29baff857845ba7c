<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** Secrets of both modes go through everything the plugin does, and are then looked for wherever they must not be. */
final class SecretsTest extends ClinicTestCase
{
    private const WEBHOOK_SECRET = 'wEbHoOkSeCrEtToKeN_0123456789';
    private const PATIENT = 'pat@patients.example';
    /** PHP in WordPress: whatever holds secrets, shown in every way that PHP knows, and failures with the arguments of each call. */
    private const DUMPS = <<<'CODE'
        $plugin = \TelemedZoom\Plugin::instance();
        $oauth = $plugin->opener->oauthOf($arguments['client']);
        $s2s = $plugin->opener->serverToServerOf($arguments['account'], $arguments['s2s_client']);
        $subject = $plugin->site->subject($arguments['doctor']);
        $objects = [$plugin->key->vault(), $plugin->opener->tokenStore(), $oauth, $oauth->connection($subject), $oauth->client($subject), $s2s, $s2s->client(),
            $oauth->authorizationRequest($subject), new \Telemed\Webhook(strrev($arguments['webhook']))];
        ob_start();
        $told = static function (\Throwable $failure): void {
            do {
                echo $failure, "\n", print_r($failure->getTrace(), true);
            } while (($failure = $failure->getPrevious()) !== null);
        };
        // Each part of the plugin once, with what it holds itself: whole, what they share would be printed over and over.
        $parts = [];
        $walk = static function (mixed $value) use (&$walk, &$parts, &$objects): mixed {
            if (is_array($value)) {
                return array_map($walk, $value);
            }
            if (!is_object($value)) {
                return $value;
            }
            $id = spl_object_id($value);
            if (isset($parts[$id])) {
                return get_class($value);
            }
            $parts[$id] = $value;
            if ($value instanceof \Closure) {
                $function = new \ReflectionFunction($value);
                $holds = [$function->getClosureThis(), $function->getStaticVariables()];
            } elseif (str_starts_with(get_class($value), 'TelemedZoom\\')) {
                $holds = (array) $value;
            } else {
                $objects[] = $value;
                return get_class($value);
            }
            $holds = $walk($holds);
            var_dump($holds);
            print_r($holds);
            echo json_encode($holds, JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_UNESCAPED_SLASHES);
            return get_class($value);
        };
        $walk($plugin);
        foreach ($objects as $object) {
            var_dump($object);
            print_r($object);
            print_r((array) $object);
            echo json_encode($object, JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_UNESCAPED_SLASHES);
        }
        foreach ([$plugin, ...$objects] as $object) {
            try {
                echo serialize($object);
            } catch (\Throwable $refused) {
                $told($refused);
            }
        }
        foreach ([
            static fn() => $oauth->client($subject)->user(),
            static fn() => $oauth->renew($subject),
            static fn() => $oauth->disconnect($subject),
            static fn() => $s2s->client()->users(),
            static fn() => $oauth->connect('nocode', 'nostate', $subject),
            static fn() => new \Telemed\OAuthApp('', strrev($arguments['secret']), '', $plugin->opener->tokenStore(), $plugin->key->vault()),
            static fn() => new \Telemed\ServerToServerApp('', '', strrev($arguments['s2s_secret']), $plugin->opener->tokenStore(), $plugin->key->vault()),
            static fn() => new \Telemed\Vault([TELEMED_KEY, 'no key']),
            static fn() => $plugin->key->vault()->open('telemed1.broken', 'context'),
            static fn() => (new \Telemed\Webhook(strrev($arguments['webhook'])))->receive('{}', []),
        ] as $number => $call) {
            try {
                $call();
                throw new \LogicException("call $number was to fail");
            } catch (\Telemed\TelemedException $failure) {
                $told($failure);
            }
        }
        phpinfo();
        return [count($parts), ob_get_clean()];
        CODE;

    /** @var array<string, string> everything that somebody can see, by where */
    private array $seen = array();

    /** @var array<string, string> by what it is */
    private array $secrets = array();

    public function testNoSecretIsToBeSeenAnywhere(): void
    {
        $this->secrets = array(
            'OAuth client secret' => FakeZoom::CLIENT_SECRET,
            'S2S client secret' => FakeZoom::S2S_CLIENT_SECRET,
            'webhook secret token' => self::WEBHOOK_SECRET,
            'encryption key' => $this->site->php('return TELEMED_KEY;'),
        );
        $this->see('settings after saving OAuth', $this->useOAuth()->body);
        $this->see('settings after saving the webhook', $this->saveSettings(array('webhook_secret_token' => self::WEBHOOK_SECRET))->body);
        $this->see('profile after connecting', $this->connect('doctor1', FakeZoom::DOCTOR1)->body);
        $own = $this->make('doctor1', 'doctor1', array('patient' => self::PATIENT));
        $this->see('consent', $this->beginAuthorization('doctor2')->body);
        $this->pendingVerifier();
        $this->lookAround('in OAuth mode', $own, 'doctor1');
        $this->see('webhook', $this->validation());
        $this->rememberTokens();
        $this->zoom->forgetAccessTokens();
        $this->make('doctor1', 'doctor1', array('start' => self::start(33)));
        $this->rememberTokens();

        $this->useServerToServerWithHosts();
        $clinics = $this->make('admin', 'doctor2', array('patient' => self::PATIENT, 'start' => self::start(34)));
        $this->lookAround('in Server-to-Server mode', $clinics, 'doctor2');
        $this->rememberTokens();
        foreach (array('doctor1' => $own, 'doctor2' => $clinics) as $doctor => $row) {
            parse_str((string) parse_url($this->browser($doctor)->get($row['start_link'], false)->header('location'), PHP_URL_QUERY), $query);
            $this->secrets["start token of {$doctor}"] = $query['zak'] ?? '';
        }

        $this->zoom->fault(array('path' => '/'), array('kind' => 'status', 'status' => 500, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $this->see('a booking that fails', $this->post('admin', 'doctor1', array('start' => self::start(35)))->body);
        // Backwards, for the arguments of this very call stand in the traces.
        [$parts, $dumps] = $this->site->php(self::DUMPS, array(
            'client' => FakeZoom::CLIENT_ID,
            'secret' => strrev(FakeZoom::CLIENT_SECRET),
            'account' => FakeZoom::ACCOUNT,
            's2s_client' => FakeZoom::S2S_CLIENT_ID,
            's2s_secret' => strrev(FakeZoom::S2S_CLIENT_SECRET),
            'webhook' => strrev(self::WEBHOOK_SECRET),
            'doctor' => $this->site->userId('doctor1'),
        ));
        $this->assertGreaterThan(50, $parts);
        $this->see('dumps and traces', $dumps);
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        foreach (array('telemed run', 'telemed reconcile --dry-run', 'telemed reconcile --dry-run --format=json', 'telemed reseal') as $command) {
            $this->see("wp {$command}", self::text($this->wpCli($command)));
        }
        $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$clinics['id']}", array('start' => self::start(40)));
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$clinics['id']}");
        $this->rememberTokens();
        $this->see('mails with their attachments', self::text($this->site->mails()));
        $this->see('logs', $this->site->logs());
        $this->see('every table', $this->site->databaseDump());
        $this->see('backup of the database', $this->site->backup());

        $this->assertStringContainsString('BEGIN:VCALENDAR', $this->seen['mails with their attachments']);
        $this->assertStringContainsString('telemed1.', $this->seen['backup of the database']);
        $this->assertGreaterThanOrEqual(13, count($this->secrets), implode(', ', array_keys($this->secrets)));
        foreach ($this->secrets as $what => $secret) {
            $this->assertGreaterThan(16, strlen($secret), $what);
            foreach ($this->seen as $where => $text) {
                $this->assertFalse(str_contains($text, $secret), "the {$what} is to be seen: {$where}");
                $this->assertFalse(str_contains($text, base64_encode($secret)), "the {$what} is to be seen in base64: {$where}");
            }
        }
        foreach ($this->seen as $where => $text) {
            $this->assertDoesNotMatchRegularExpression('/zak=|"start_url"/', $text, "a start URL is to be seen: {$where}");
        }
        // Confidential: shown to those concerned, and never written down elsewhere.
        foreach (array('join link' => $own['join_url'], 'visit link' => $own['visit_link'], 'passcode' => $own['passcode'], "patient's address" => self::PATIENT) as $what => $text) {
            $this->assertStringNotContainsString($text, implode("\n", $this->site->complaints()), "the {$what} is logged");
            $this->assertStringNotContainsString($text, $this->seen['front page in OAuth mode'] . $this->seen['REST index in OAuth mode'], $what);
        }
        $this->assertStringNotContainsString($own['join_url'], $this->seen['mails with their attachments']);
    }

    /**
     * Every screen and route, as those who may open it.
     *
     * @param array<string, mixed> $row
     */
    private function lookAround(string $when, array $row, string $doctor): void
    {
        $admin = $this->browser('admin');
        foreach (array('telemed-settings', 'telemed-doctors', 'telemed-meetings', 'telemed-new-meeting') as $screen) {
            $this->see("{$screen} {$when}", $admin->screen($screen)->body);
        }
        $this->see("check {$when}", $this->checkSettings()->body);
        $this->see("comparison with Zoom {$when}", $admin->submit($admin->screen('telemed-meetings')->form('//form[.//button[contains(@class, "telemed-compare")]]'))->body);
        foreach (array('admin', $doctor) as $person) {
            $this->see("meeting's screen for {$person} {$when}", $this->browser($person)->get("/wp-admin/admin.php?page=telemed-meeting&id={$row['id']}")->body);
            $this->see("REST list for {$person} {$when}", $this->browser($person)->rest('GET', 'telemed/v1/visits?when=all')->body);
            $this->see("REST row for {$person} {$when}", $this->browser($person)->rest('GET', "telemed/v1/visits/{$row['id']}")->body);
        }
        $this->see("all options {$when}", $admin->get('/wp-admin/options.php')->body);
        $this->see("REST settings {$when}", $admin->rest('GET', 'wp/v2/settings')->body);
        $this->see("REST users {$when}", $admin->rest('GET', 'wp/v2/users?context=edit')->body);
        $this->see("profile {$when}", $this->browser($doctor)->get('/wp-admin/profile.php')->body);
        $this->see("doctor's profile for admin {$when}", $admin->get('/wp-admin/user-edit.php?user_id=' . $this->site->userId($doctor))->body);
        $visitor = $this->site->visitor();
        $this->see("front page {$when}", $visitor->get('/')->body);
        $this->see("REST index {$when}", $visitor->get('/wp-json/')->body);
        $this->see("visit page {$when}", $visitor->get($row['visit_link'])->body);
    }

    private function see(string $where, string $text): void
    {
        $this->assertNotSame('', $text, $where);
        $this->seen[$where] = $text;
    }

    /** What fake-zoom has given out until now. */
    private function rememberTokens(): void
    {
        $state = $this->zoom->state();
        foreach ($state['grants'] as $grant) {
            foreach (array('refresh_token', 'access_token') as $kind) {
                $this->secrets["{$kind} " . substr(sha1($grant[$kind]), 0, 6)] = $grant[$kind];
            }
        }
        foreach ($state['s2s_tokens'] as $token) {
            $secret = $token['access_token'] ?? $token['token'];
            $this->secrets['account token ' . substr(sha1($secret), 0, 6)] = $secret;
        }
    }

    /** The PKCE verifier of an authorization that was begun and not ended. */
    private function pendingVerifier(): void
    {
        $pending = $this->site->php('$plugin = \TelemedZoom\Plugin::instance(); $store = $plugin->opener->tokenStore();
            $keys = array_values(preg_grep("/^pending:/", $store->keys()));
            return array_merge(...array_map(static fn(string $key): array => json_decode($plugin->key->vault()->open($store->load($key), $key), true), $keys));');
        $this->assertCount(1, $pending);
        $this->secrets['PKCE verifier'] = $pending[0]['verifier'];
    }

    private function validation(): string
    {
        $body = '{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}';
        $time = time();
        $page = $this->site->visitor()->request('POST', '/wp-json/telemed/v1/webhook', $body, array(
            'Content-Type' => 'application/json',
            'x-zm-request-timestamp' => (string) $time,
            'x-zm-signature' => 'v0=' . hash_hmac('sha256', "v0:{$time}:{$body}", self::WEBHOOK_SECRET),
        ));
        $this->assertSame(200, $page->status, $page->body);
        return $page->body;
    }

    private static function text(mixed $value): string
    {
        return json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    }
}
