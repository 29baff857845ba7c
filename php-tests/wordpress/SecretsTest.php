<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** Secrets of both modes go through everything the plugin does, and are then looked for wherever they must not be. */
final class SecretsTest extends ClinicTestCase
{
    public function testNoSecretLeavesTheVault(): void
    {
        $seen = '';
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $own = $this->make('doctor1', 'doctor1');
        $seen .= $this->screens();
        $this->useServerToServerWithHosts();
        $clinics = $this->make('admin', 'doctor2');
        $seen .= $this->screens();
        $starts = array(
            $this->browser('doctor1')->get($own['start_link'], false)->header('location'),
            $this->browser('doctor2')->get($clinics['start_link'], false)->header('location'),
        );
        $this->zoom->fault(array('path' => '/v2/'), array('kind' => 'status', 'status' => 500, 'body' => '{}', 'content_type' => 'application/json'), -1);
        $seen .= $this->post('admin', 'doctor1')->body;
        $this->zoom->forgetFaults();
        $seen .= $this->browser('admin')->rest('GET', 'telemed/v1/meetings?when=all')->body;
        $seen .= $this->browser('admin')->rest('GET', 'wp/v2/settings')->body;
        $seen .= json_encode($this->site->mails());
        $seen .= $this->site->logs();
        $seen .= $this->site->databaseDump();

        $secrets = array('OAuth client secret' => FakeZoom::CLIENT_SECRET, 'S2S client secret' => FakeZoom::S2S_CLIENT_SECRET);
        $state = $this->zoom->state();
        foreach ($state['grants'] as $number => $grant) {
            $secrets["refresh token {$number}"] = $grant['refresh_token'];
            $secrets["access token {$number}"] = $grant['access_token'];
        }
        foreach ($state['s2s_tokens'] as $number => $token) {
            $secrets["account token {$number}"] = $token['access_token'] ?? $token['token'];
        }
        foreach ($starts as $number => $url) {
            parse_str((string) parse_url($url, PHP_URL_QUERY), $query);
            $secrets["start token {$number}"] = $query['zak'] ?? '';
        }
        $this->assertGreaterThanOrEqual(7, count($secrets));
        foreach ($secrets as $what => $secret) {
            $this->assertGreaterThan(8, strlen((string) $secret), $what);
            $this->assertFalse(str_contains($seen, (string) $secret), "the {$what} is to be seen");
        }
    }

    private function screens(): string
    {
        $seen = '';
        foreach (array('telemed-settings', 'telemed-doctors', 'telemed-meetings', 'telemed-new-meeting') as $screen) {
            $seen .= $this->browser('admin')->screen($screen)->body;
        }
        return $seen . $this->browser('doctor1')->get('/wp-admin/profile.php')->body . $this->site->visitor()->get('/')->body;
    }
}
