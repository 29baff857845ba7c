<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** Each doctor's own account: the way to Zoom's consent page and back, what may go wrong on it, and its end. */
final class OAuthTest extends ClinicTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->useOAuth();
    }

    public function testTheDoctorOwnsTheMeetingAndTheConnectionOutlivesItsFirstToken(): void
    {
        $page = $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->assertStringContainsString('/wp-admin/profile.php', $page->url);
        $this->assertStringNotContainsString('code=', $page->url);
        $row = $this->make('doctor1', 'doctor1');
        $this->assertSame(FakeZoom::DOCTOR1, $this->zoom->meeting($row['meeting_id'])['host_id']);

        $this->zoom->advance(2 * 3600);
        $later = $this->make('doctor1', 'doctor1', array('start' => self::start(31)));
        $this->assertSame(FakeZoom::DOCTOR1, $this->zoom->meeting($later['meeting_id'])['host_id']);
        $this->assertCount(1, $this->tokenRequests('refresh_token'));
    }

    public function testTheAuthorizationIsAskedWithPkceAndWithoutScopes(): void
    {
        parse_str((string) parse_url($this->beginAuthorization('doctor1')->url, PHP_URL_QUERY), $query);
        $this->assertSame('code', $query['response_type']);
        $this->assertSame('S256', $query['code_challenge_method']);
        $this->assertSame(43, strlen($query['code_challenge']));
        $this->assertArrayNotHasKey('scope', $query);
        $this->assertSame($this->site->url(self::CALLBACK), $query['redirect_uri']);
    }

    public function testTheWayBackKeepsTheCodeOutOfCachesAndReferrers(): void
    {
        $consent = $this->beginAuthorization('doctor1');
        $answer = $this->browser('doctor1')->get($this->callbackOf($consent, FakeZoom::DOCTOR1), false);
        $this->assertSame(302, $answer->status);
        $this->assertStringNotContainsString('code=', $answer->header('location'));
        $this->assertStringContainsString('no-store', $answer->header('cache-control'));
        $this->assertSame('no-referrer', $answer->header('referrer-policy'));
    }

    public function testALinkCompletedInAnotherDoctorsBrowserBindsNothing(): void
    {
        $consent = $this->beginAuthorization('doctor1');
        $page = $this->browser('doctor2')->get($this->callbackOf($consent, FakeZoom::DOCTOR2));
        $this->assertStringContainsString('not connected', implode(' ', $page->notices()));
        $this->assertSame('none', $this->doctorsScreen('doctor1', 'status'));
        $this->assertSame('none', $this->doctorsScreen('doctor2', 'status'));
        foreach ($this->zoom->state()['grants'] as $grant) {
            $this->assertNull($grant['refresh_token'] ?? null, 'a token that lives at Zoom must be kept or revoked');
        }
    }

    /** @dataProvider wrongWaysBack */
    #[DataProvider('wrongWaysBack')]
    public function testAWayBackThatNobodyHasBegunTouchesNothing(string $query): void
    {
        $this->beginAuthorization('doctor1');
        $before = $this->site->databaseDump();
        $this->browser('doctor1')->get(self::CALLBACK . $query, false);
        $this->assertSame($before, $this->site->databaseDump());
        $page = $this->browser('doctor1')->get(self::CALLBACK . $query);
        $this->assertSame(200, $page->status);
        $this->assertStringContainsString('/wp-admin/profile.php', $page->url);
        $this->assertStringContainsString('not connected', $page->text('telemed-result'), 'said where the buttons are');
        $this->assertCount(1, $page->all('//*[contains(@class, "telemed-flash")]'), 'and nowhere else');
        $this->assertSame('alert', $page->first('//*[@id="telemed-result"]/div')?->getAttribute('role'));
        $this->assertNotNull($page->element('telemed-unknown-authorization'));
        $this->assertNotNull($page->element('telemed-not-connected'));
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/token'));
    }

    public function testAnAuthorizationThatWasDeclinedIsSaid(): void
    {
        foreach (array('access_denied' => '/declined/', 'server_error' => '/without an authorization/') as $error => $said) {
            parse_str((string) parse_url($this->beginAuthorization('doctor1')->url, PHP_URL_QUERY), $asked);
            $page = $this->browser('doctor1')->get(self::CALLBACK . "?error={$error}&state=" . rawurlencode($asked['state']));
            $this->assertMatchesRegularExpression($said, implode(' ', $page->notices()));
            $this->assertNotNull($page->element('telemed-not-connected'));
        }
    }

    /** @return array<string, array{string}> */
    public static function wrongWaysBack(): array
    {
        return array(
            'declined' => array('?error=access_denied&state=x'),
            'another error' => array('?error=server_error'),
            'nothing at all' => array(''),
            'arrays' => array('?code[]=a&state[]=b'),
            'a forged state' => array('?code=abc&state=forged'),
            'no state' => array('?code=abc'),
            'script' => array('?code=%3Cscript%3Ealert(1)%3C/script%3E&state=%3Cb%3E'),
        );
    }

    public function testTheSameAnswerOfZoomIsTakenOnce(): void
    {
        $callback = $this->callbackOf($this->beginAuthorization('doctor1'), FakeZoom::DOCTOR1);
        $this->assertNotNull($this->browser('doctor1')->get($callback)->element('telemed-connected'));
        $again = $this->browser('doctor1')->get($callback);
        $this->assertStringContainsString('not connected', implode(' ', $again->notices()));
        $this->assertNotNull($again->element('telemed-connected'), 'the connection stays as it was');
        $this->assertCount(1, $this->tokenRequests('authorization_code'));
        $this->make('doctor1', 'doctor1');
    }

    public function testALoginThatEndedOnTheWayIsAskedForAndTheWayGoesOn(): void
    {
        $callback = $this->callbackOf($this->beginAuthorization('doctor1'), FakeZoom::DOCTOR1);
        $visitor = $this->site->visitor();
        $login = $visitor->get($callback);
        $this->assertStringContainsString('wp-login.php', $login->url);
        $page = $visitor->submit($login->form('loginform'), array('log' => 'doctor1', 'pwd' => $this->site->password('doctor1')));
        $this->assertStringContainsString('/wp-admin/profile.php', $page->url);
        $this->assertNotNull($page->element('telemed-connected'), implode(' ', $page->notices()));
    }

    public function testAPatientConnectsNothing(): void
    {
        $consent = $this->beginAuthorization('doctor1');
        $this->browser('patient')->get($this->callbackOf($consent, FakeZoom::DOCTOR1));
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/token'));
    }

    public function testDisconnectRevokesAndForgets(): void
    {
        $connected = $this->connect('doctor1', FakeZoom::DOCTOR1);
        $page = $this->browser('doctor1')->submit($connected->form('telemed-disconnect-form'));
        $this->assertNotNull($page->element('telemed-not-connected'), $page->text('telemed-connection'));
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
        $refused = $this->post('doctor1', 'doctor1');
        $this->assertSame(409, $refused->status);
        $this->assertSame('telemed_not_connected', $refused->json()['code']);
        $this->assertSame(array(), $this->creations());
    }

    public function testZoomsOutageDisconnectsNobody(): void
    {
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->zoom->advance(2 * 3600);
        $this->zoom->fault(
            array('method' => 'POST', 'path' => '/oauth/token'),
            array('kind' => 'status', 'status' => 502, 'body' => '<html>Bad Gateway</html>', 'content_type' => 'text/html'),
            -1
        );
        $page = $this->post('doctor1', 'doctor1');
        $this->assertSame(array(201, 'due'), array($page->status, $page->json()['state']), $page->body);
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        $this->make('doctor1', 'doctor1');
    }

    public function testAConnectionThatZoomEndedSaysSo(): void
    {
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->zoom->advance(2 * 3600);
        $this->zoom->answer(array('method' => 'POST', 'path' => '/oauth/token'), 400, array('reason' => 'Invalid Token!', 'error' => 'invalid_grant'), array(), -1);
        $page = $this->post('doctor1', 'doctor1');
        $this->assertSame(array(201, 'due'), array($page->status, $page->json()['state']), $page->body);
        $this->assertStringContainsString('reconnect', $page->json()['error']);
        $this->assertNotSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->assertNotNull($this->browser('doctor1')->get('/wp-admin/profile.php')->element('telemed-ended'));
        $this->zoom->forgetFaults();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->make('doctor1', 'doctor1');
    }

    public function testABasicPlanIsNamed(): void
    {
        $page = $this->connect('doctor1', FakeZoom::BASIC);
        $this->assertSame('basic', $page->element('telemed-connected')->getAttribute('data-plan'));
        $this->assertStringContainsString('40 minutes', $page->text('telemed-connected'));
    }

    public function testAWrongClientSecretIsTheAdministratorsMatter(): void
    {
        $this->saveSettings(array('oauth_client_secret' => FakeZoom::OTHER_CLIENT_SECRET));
        $callback = $this->callbackOf($this->beginAuthorization('doctor1'), FakeZoom::DOCTOR1);
        $page = $this->browser('doctor1')->get($callback);
        $this->assertMatchesRegularExpression('/client (id|secret)/i', implode(' ', $page->notices()));
        $this->assertStringNotContainsString(FakeZoom::OTHER_CLIENT_SECRET, $page->body);
        $this->assertNotNull($page->element('telemed-not-connected'));
    }

    /** Clicks Authorize at Zoom without following back: the redirect URL with code and state. */
    private function callbackOf(Page $consent, string $zoomUser): string
    {
        $answer = $this->consent($this->site->visitor(), $consent, $zoomUser, false);
        $location = $answer->header('location');
        $this->assertStringStartsWith($this->site->url(self::CALLBACK) . '?', $location, $answer->text());
        return $location;
    }

    /** @return list<array<string, mixed>> */
    private function tokenRequests(string $grantType): array
    {
        return array_values(array_filter(
            $this->zoom->requests('POST', '/oauth/token'),
            static fn (array $request): bool => str_contains($request['body'], "grant_type={$grantType}")
        ));
    }
}
