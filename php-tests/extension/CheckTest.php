<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Client;
use Telemed\ConfigurationException;
use Telemed\Diagnosis;
use Telemed\OAuthApp;
use Telemed\ServerToServerApp;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\Extension\Support\Proxy;
use Telemed\Tests\FakeZoom;

/** Client::check(): every step named, nothing written, nothing thrown for what it finds. */
final class CheckTest extends ExtensionTestCase
{
    private const STEPS = array(
        'name',
        'proxy',
        'connection',
        'tls',
        'clock',
        'credentials',
        'token',
        'api',
        'scopes.required',
        'host.found',
        'host.licensed',
        'host.meetings',
        'account.patients',
        'account.privacy',
    );

    public function testAllIsWellWithServerToServer(): void
    {
        $diagnosis = $this->serverApp()->client()->check(FakeZoom::DOCTOR1);
        $this->assertSound($diagnosis);
        $results = $this->results($diagnosis);
        foreach (self::STEPS as $id) {
            // Zoom lets participants take notes unless somebody has turned it off.
            $expected = 'account.privacy' === $id ? 'warned' : 'passed';
            $this->assertSame($expected, $results[$id], $id . ': ' . $this->advice($diagnosis, $id));
        }
        $this->assertStringContainsString('My Notes', $this->advice($diagnosis, 'account.privacy'));
        $this->zoom->seed(array('accounts' => array(array(
            'id' => FakeZoom::ACCOUNT, 'name' => 'Example Clinic', 'plan' => 'Business',
            'settings' => array('in_meeting' => array('allow_participants_to_transcribe_meetings_with_my_notes' => false)),
        ))));
        $this->assertSame('Everything that was looked at is in order.', $this->serverApp()->client()->check(FakeZoom::DOCTOR1)->message());
        $this->assertTrue($diagnosis->passed());
        $this->assertNothingWritten();
    }

    public function testAllIsWellWithOAuth(): void
    {
        $diagnosis = $this->connectedClient()->check();
        $this->assertSound($diagnosis);
        $this->assertTrue($diagnosis->passed(), $diagnosis->message());
        $this->assertSame('passed', $this->results($diagnosis)['scopes.required']);
        $this->assertArrayNotHasKey('scopes.optional.user:read:list_users', $this->results($diagnosis));
        $this->assertNothingWritten();
    }

    public function testClassicScopesAreEnough(): void
    {
        $app = $this->classicApp();
        $diagnosis = $app->client()->check(FakeZoom::CLASSIC_USER_EMAIL);
        $this->assertSound($diagnosis);
        $this->assertTrue($diagnosis->passed(), $diagnosis->message());
        $this->assertSame('passed', $this->results($diagnosis)['scopes.required']);
    }

    public function testMissingScopesAreNamed(): void
    {
        $app = $this->appOfFewScopes();
        $this->connect($app);
        $diagnosis = $app->client('7')->check();
        $this->assertSound($diagnosis);
        $this->assertFalse($diagnosis->passed());
        $this->assertSame('failed', $this->results($diagnosis)['scopes.required']);
        foreach (array('meeting:update:meeting', 'meeting:delete:meeting', 'meeting:read:meeting') as $scope) {
            $this->assertStringContainsString($scope, $this->advice($diagnosis, 'scopes.required'));
        }
        $this->assertStringNotContainsString('meeting:write:meeting', $this->advice($diagnosis, 'scopes.required'));
        $this->assertSame('warned', $this->results($diagnosis)['scopes.optional.meeting:read:list_meetings']);
    }

    public function testAnOptionalScopeThatIsMissingWarnsOfWhatIsLost(): void
    {
        $this->zoom->seed(array('apps' => array(array(
            'client_id' => FakeZoom::S2S_CLIENT_ID,
            'client_secret' => FakeZoom::S2S_CLIENT_SECRET,
            'name' => 'Few scopes',
            'kind' => 's2s',
            'account_id' => FakeZoom::ACCOUNT,
            'scopes' => 'meeting:write:meeting:admin meeting:update:meeting:admin meeting:delete:meeting:admin meeting:read:meeting:admin user:read:user:admin',
        ))));
        $diagnosis = $this->serverApp()->client()->check(FakeZoom::DOCTOR1);
        $this->assertSound($diagnosis);
        $this->assertTrue($diagnosis->passed(), $diagnosis->message());
        foreach (array('meeting:read:list_meetings', 'user:read:settings', 'user:read:list_users') as $scope) {
            $id = "scopes.optional.{$scope}";
            $this->assertSame('warned', $this->results($diagnosis)[$id]);
            $this->assertStringContainsString("{$scope}:admin", $this->advice($diagnosis, $id));
        }
        $this->assertNotSame('Everything that was looked at is in order.', $diagnosis->message());
    }

    public function testWrongCredentials(): void
    {
        $app = new ServerToServerApp(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, 'wrong', $this->store, $this->vault);
        $this->assertFails($app->client(), FakeZoom::DOCTOR1, 'credentials');
        $app = new ServerToServerApp('wrong', FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET, $this->store, $this->vault);
        $this->assertFails($app->client(), FakeZoom::DOCTOR1, 'credentials');
    }

    public function testChangedCredentialsAreSeenAlthoughATokenIsKnown(): void
    {
        $client = $this->serverClient();
        $this->zoom->seed(array('apps' => array(array(
            'client_id' => FakeZoom::S2S_CLIENT_ID,
            'client_secret' => 'another secret by now',
            'name' => 'Changed',
            'kind' => 's2s',
            'account_id' => FakeZoom::ACCOUNT,
            'scopes' => '',
        ))));
        $this->assertFails($client, FakeZoom::DOCTOR1, 'credentials');
    }

    public function testAWrongSecretOfADoctorsAppIsSeenAlthoughATokenIsKnown(): void
    {
        $this->connectedClient();
        $app = new OAuthApp(FakeZoom::CLIENT_ID, 'wrong', self::REDIRECT_URI, $this->store, $this->vault);
        $this->assertFails($app->client('7'), null, 'credentials');
        $this->assertSame('connected', $this->oauthApp()->connection('7')->status());
        $this->assertSame(FakeZoom::DOCTOR1, $this->oauthApp()->client('7')->user()->id());
    }

    public function testAnOAuthServerThatIsOutOfReachIsNamedAlthoughTheApiIsReached(): void
    {
        $child = $this->checkWith(array('telemed.oauth_url' => 'https://zoom.invalid'));
        $results = array_column($child->report['steps'] ?? array(), 'result', 'id');
        $this->assertSame('failed', $results['name'] ?? null, $child->errors . $child->output);
        $this->assertStringContainsString('zoom.invalid', $child->report['message']);
    }

    public function testNoConnectionIsATokenStep(): void
    {
        $this->assertFails($this->oauthApp()->client('nobody'), null, 'token');
    }

    public function testUnusableHosts(): void
    {
        $client = $this->serverApp()->client();
        $this->assertFails($client, 'nobody@clinic.example', 'host.found');
        $this->assertFails($client, FakeZoom::INACTIVE, 'host.found');
        $this->assertFails($client, 'me', 'host.found');
        $basic = $client->check(FakeZoom::BASIC);
        $this->assertTrue($basic->passed(), $basic->message());
        $this->assertSame('warned', $this->results($basic)['host.licensed']);
        $this->assertStringContainsString('40 minutes', $this->advice($basic, 'host.licensed'));
    }

    public function testWithoutAHostTheRestIsLookedAt(): void
    {
        $diagnosis = $this->serverApp()->client()->check();
        $this->assertSound($diagnosis);
        $this->assertTrue($diagnosis->passed(), $diagnosis->message());
        $this->assertSame('skipped', $this->results($diagnosis)['host.found']);
    }

    public function testAHostWhoMayNotHoldMeetings(): void
    {
        $this->zoom->answer(
            array('method' => 'GET', 'path' => '/v2/users/' . FakeZoom::DOCTOR1 . '/meetings'),
            400,
            array('code' => 3161, 'message' => 'Meeting hosting and scheduling capabilities are not allowed for your user account.'),
            array(),
            -1
        );
        $this->assertFails($this->serverApp()->client(), FakeZoom::DOCTOR1, 'host.meetings');
    }

    /**
     * @dataProvider settingsThatShutOut
     * @param array<string, array<string, mixed>> $locked
     */
    #[DataProvider('settingsThatShutOut')]
    public function testAccountSettingsThatShutPatientsOutAreNamed(array $locked, string $words): void
    {
        $this->zoom->seed(array('accounts' => array(
            array('id' => FakeZoom::ACCOUNT, 'name' => 'Example Clinic', 'plan' => 'Business', 'locked' => $locked),
        )));
        $diagnosis = $this->serverApp()->client()->check(FakeZoom::DOCTOR1);
        $this->assertSound($diagnosis);
        $this->assertTrue($diagnosis->passed(), $diagnosis->message());
        $this->assertSame('warned', $this->results($diagnosis)['account.patients']);
        $this->assertStringContainsString($words, $this->advice($diagnosis, 'account.patients'));
    }

    /** @return array<string, array{array<string, array<string, mixed>>, string}> */
    public static function settingsThatShutOut(): array
    {
        return array(
            'only who is signed in' => array(array('schedule_meeting' => array('meeting_authentication' => true)), 'Only authenticated users'),
            'no telephone, no browser' => array(array('in_meeting' => array('e2e_encryption' => true)), 'only with the Zoom app'),
            'no passcode in the link' => array(array('schedule_meeting' => array('embed_password_in_join_link' => false)), 'must type it'),
            'no waiting room' => array(array('in_meeting' => array('waiting_room' => false)), 'waiting room is off'),
        );
    }

    public function testAWrongClockIsSeen(): void
    {
        $this->zoom->advance(3600);
        $diagnosis = $this->serverApp()->client()->check(FakeZoom::DOCTOR1);
        $this->assertSame('warned', $this->results($diagnosis)['clock']);
        $this->assertStringContainsString('behind', $this->advice($diagnosis, 'clock'));
    }

    /** @dataProvider networks */
    #[DataProvider('networks')]
    public function testNetworkTroubleIsNamedByItsStep(string $step, array $ini): void
    {
        // Zoom names its own address; the one of php.ini is asked.
        $this->zoom->settings(array('send_api_url' => false));
        $child = $this->checkWith($ini);
        $this->assertIsArray($child->report, $child->errors . $child->output);
        $this->assertFalse($child->report['passed']);
        $results = array_column($child->report['steps'], 'result', 'id');
        $this->assertSame('failed', $results[$step], json_encode($results));
        $this->assertSame(array($step), array_keys($results, 'failed', true));
        $this->assertSame('skipped', $results['api']);
        $this->assertSame('skipped', $results['host.found']);
    }

    /** @return array<string, array{string, array<string, string>}> */
    public static function networks(): array
    {
        return array(
            'no such name' => array('name', array('telemed.api_url' => 'https://zoom.invalid')),
            'no such proxy' => array('proxy', array('telemed.proxy' => 'http://127.0.0.1:1')),
            'nobody listens' => array('connection', array('telemed.api_url' => 'http://127.0.0.1:1')),
            'unknown certificate' => array('tls', array('telemed.ca_file' => '')),
        );
    }

    public function testAProxyThatRefusesIsNamedByItsStep(): void
    {
        $proxy = new Proxy('clinic:s3cret');
        $child = $this->checkWith(array('telemed.proxy' => "http://clinic:wr0ng@{$proxy->address}"));
        $results = array_column($child->report['steps'] ?? array(), 'result', 'id');
        $this->assertSame('failed', $results['proxy'] ?? null, $child->errors . $child->output);
        $this->assertStringNotContainsString('wr0ng', $child->output);
    }

    /** @param array<string, string> $ini */
    private function checkWith(array $ini): ChildPhp
    {
        $address = (string) getenv('FAKE_ZOOM_HTTPS');
        return ChildPhp::run(
            '$found = server_app()->client()->check(FakeZoom::DOCTOR1);
             report(["passed" => $found->passed(), "message" => $found->message(), "steps" => $found->steps()]);',
            $ini + array(
                'telemed.ca_file' => (string) getenv('FAKE_ZOOM_CA'),
                'telemed.oauth_url' => $address,
                'telemed.api_url' => $address,
            )
        );
    }

    /** @dataProvider answersOfAnApiThatFails */
    #[DataProvider('answersOfAnApiThatFails')]
    public function testAnApiThatFailsIsNotGreen(int $status, array $body): void
    {
        $this->zoom->answer(array('path' => '/v2/'), $status, $body, array(), -1);
        $this->assertFails($this->serverApp()->client(), FakeZoom::DOCTOR1, 'api');
        $this->assertFails($this->serverApp()->client(), null, 'api');
        $this->zoom->forgetFaults();
        $client = $this->connectedClient();
        $this->zoom->answer(array('path' => '/v2/'), $status, $body, array(), -1);
        $this->assertFails($client, null, 'api');
    }

    /** @return array<string, array{int, array<string, mixed>}> */
    public static function answersOfAnApiThatFails(): array
    {
        return array(
            'no REST API' => array(400, array('code' => 200, 'message' => 'Account does not enabled REST API.')),
            'nothing there' => array(404, array()),
            'trouble' => array(503, array()),
            'no token is good' => array(401, array('code' => 124, 'message' => 'Invalid access token.')),
        );
    }

    public function testNobodyKnocksAtTheApiWithoutAToken(): void
    {
        $this->serverApp()->client()->check(FakeZoom::DOCTOR1);
        $this->connectedClient()->check();
        $this->oauthApp()->client('nobody')->check();
        $asked = $this->apiRequests();
        $this->assertNotSame(array(), $asked);
        foreach ($asked as $request) {
            $this->assertSame(200, $request['status'], $request['path']);
        }
    }

    private function assertFails(Client $client, ?string $host, string $step): void
    {
        $diagnosis = $client->check($host);
        $this->assertSound($diagnosis);
        $this->assertFalse($diagnosis->passed());
        $this->assertSame(array($step), array_keys($this->results($diagnosis), 'failed', true));
        $this->assertStringContainsString($this->advice($diagnosis, $step), $diagnosis->message());
    }

    /** Every step is there once, is well-formed, and says what to do unless all is well. */
    private function assertSound(Diagnosis $diagnosis): void
    {
        $steps = $diagnosis->steps();
        $ids = array_column($steps, 'id');
        $this->assertSame($ids, array_unique($ids));
        $this->assertSame(array(), array_diff(self::STEPS, $ids));
        foreach ($steps as $step) {
            $this->assertSame(array('id', 'passed', 'result', 'title', 'advice'), array_keys($step));
            $this->assertContains($step['result'], array('passed', 'warned', 'failed', 'skipped'));
            $this->assertSame(in_array($step['result'], array('passed', 'warned'), true), $step['passed']);
            $this->assertNotSame('', $step['title']);
            $this->assertSame('passed' !== $step['result'], '' !== $step['advice'], $step['id']);
        }
        $this->assertNotSame('', $diagnosis->message());
        $this->assertNoSecret($diagnosis->message() . json_encode($steps));
    }

    /** @return array<string, string> */
    private function results(Diagnosis $diagnosis): array
    {
        return array_column($diagnosis->steps(), 'result', 'id');
    }

    private function advice(Diagnosis $diagnosis, string $id): string
    {
        return array_column($diagnosis->steps(), 'advice', 'id')[$id];
    }

    private function assertNothingWritten(): void
    {
        foreach ($this->zoom->requests() as $request) {
            $this->assertTrue(
                'GET' === $request['method'] || '/oauth/token' === $request['path'],
                "{$request['method']} {$request['path']}"
            );
        }
        $this->assertSame(array(), $this->zoom->state()['meetings']);
    }
}
