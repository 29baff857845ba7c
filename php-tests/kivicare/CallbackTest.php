<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** The OAuth callback on the core's route: public, and bound to the doctor who began. */
final class CallbackTest extends KivicareTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->useOAuth();
    }

    public function testADoctorComesBackToTheirDashboardConnected(): void
    {
        $page = $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->assertStringContainsString('-doctor-dashboard/setting/zoom-configuration/?zoom_connected=1', $page->url);
        $this->assertTrue($this->isConnected('doctor1'));
    }

    public function testADoctorWithUpcomingVisitsWhoComesBackAsAnotherZoomUserIsAskedOnTheProfilePage(): void
    {
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $appointment = $this->book();
        $before = $this->visit($appointment);
        $page = $this->browser('doctor1')->get($this->callbackAddress('doctor1', FakeZoom::DOCTOR2));
        $this->assertStringContainsString('/wp-admin/profile.php', $page->url);
        $this->assertStringContainsString('1 upcoming visit', $page->text('telemed-other-zoom-user'));
        $page = $this->browser('doctor1')->submit($page->form('telemed-zoom-user-form'), array('choice' => 'move'));
        $this->assertNull($page->element('telemed-other-zoom-user'), implode(' ', $page->notices()));
        $after = $this->visit($appointment);
        $this->assertSame(FakeZoom::DOCTOR2, $this->onlyMeeting()['host_id']);
        $this->assertNotSame($before['meeting_id'], $after['meeting_id']);
        $this->assertSame($this->visitLink($before), $this->visitLink($after));
        $this->assertTrue($this->isConnected('doctor1'));
    }

    public function testItIsTheOneRedirectUrlOfTheSite(): void
    {
        $callback = $this->site->url('/wp-json/kivicare/v1/settings/zoom-telemed/callback');
        $settings = $this->browser('admin')->screen('telemed-settings')->body;
        $this->assertStringContainsString(htmlspecialchars($callback), $settings);
        $this->assertStringNotContainsString('telemed/v1/oauth/callback', $settings);
        // Authorizing on our own page, too, leads there.
        $consent = $this->beginAuthorization('doctor1');
        parse_str((string) parse_url($consent->url, PHP_URL_QUERY), $query);
        $this->assertSame($callback, $query['redirect_uri']);
        $this->assertStringContainsString('zoom_connected=1', $this->consent($this->browser('doctor1'), $consent, FakeZoom::DOCTOR1)->url);
    }

    public function testTheStateIsNoDoctorsIdAndIsGoodOnce(): void
    {
        $callback = $this->callbackAddress('doctor1');
        parse_str((string) parse_url($callback, PHP_URL_QUERY), $query);
        $this->assertGreaterThan(20, strlen($query['state']));
        $this->assertStringContainsString('zoom_connected=1', $this->browser('doctor1')->get($callback, false)->header('location'));
        $this->assertStringContainsString('zoom_error=1', $this->browser('doctor1')->get($callback, false)->header('location'));
    }

    public function testAStrangersCallbackBindsNothing(): void
    {
        $callback = $this->callbackAddress('doctor1');
        $this->assertStringContainsString('zoom_error=1', $this->browser('doctor2')->get($callback, false)->header('location'));
        $this->assertStringNotContainsString('zoom_connected', $this->browser('patient')->get($callback, false)->header('location'));
        $this->assertFalse($this->isConnected('doctor1'));
        $this->assertFalse($this->isConnected('doctor2'));
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/token'));
    }

    public function testWithoutALoginItLeadsThroughTheSignInPageBackToTheSameCallback(): void
    {
        $callback = $this->callbackAddress('doctor1');
        $visitor = $this->site->visitor();
        $page = $visitor->get($callback);
        $this->assertStringContainsString('/wp-login.php', $page->url);
        $page = $visitor->submit($page->form('loginform'), array('log' => 'doctor1', 'pwd' => $this->site->password('doctor1')));
        $this->assertStringContainsString('zoom_connected=1', $page->url);
        $this->assertTrue($this->isConnected('doctor1'));
    }

    public function testTheAddressThatTheOlderAddOnGaveToZoomStillWorks(): void
    {
        $former = $this->site->url('/wp-admin/admin-ajax.php?action=check_zoom_code');
        $this->site->php('update_option("telemed_settings", ["oauth_redirect_uri" => $arguments["url"]] + get_option("telemed_settings"));', array('url' => $former));
        $callback = $this->callbackAddress('doctor1');
        $this->assertStringStartsWith($former, $callback);
        $this->assertStringContainsString('zoom_connected=1', $this->browser('doctor1')->get($callback, false)->header('location'));
    }

    public function testAHeadRequestUsesNothingUp(): void
    {
        $callback = $this->callbackAddress('doctor1');
        $this->browser('doctor1')->request('HEAD', $callback, null, array(), false);
        $this->assertStringContainsString('zoom_connected=1', $this->browser('doctor1')->get($callback, false)->header('location'));
    }

    /** Where Zoom sends the browser after the doctor has clicked Authorize. */
    private function callbackAddress(string $doctor, string $zoomUser = FakeZoom::DOCTOR1): string
    {
        $authorize = $this->kc($doctor, 'GET', 'settings/zoom-telemed/authorize')->json()['data']['redirect_url'];
        $consent = $this->browser($doctor)->get($authorize);
        return $this->sent($this->consent($this->browser($doctor), $consent, $zoomUser, false));
    }

    private function sent(Page $page): string
    {
        $this->assertSame(302, $page->status);
        return $page->header('location');
    }

    private function isConnected(string $doctor): bool
    {
        return $this->kc($doctor, 'GET', 'settings/zoom-telemed/doctor-config')->json()['data']['is_connected'];
    }
}
