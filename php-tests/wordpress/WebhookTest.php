<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** Zoom's events are believed by their signature alone. */
final class WebhookTest extends ClinicTestCase
{
    private const SECRET = 'sEcReTtOkEn_OfTheApp123';
    private const VALIDATION = '{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}';

    public function testWithoutASecretTokenNothingIsBelieved(): void
    {
        $this->useOAuth();
        foreach (array('', self::SECRET) as $secret) {
            $this->assertSame(401, $this->send(self::VALIDATION, $secret)->status);
        }
    }

    public function testTheAddressIsValidatedAndTheSecretTokenShowsNowhere(): void
    {
        $page = $this->useOAuthWithWebhook();
        $this->assertStringContainsString('/telemed/v1/webhook', $page->element('telemed-webhook-url')->getAttribute('value'));
        $this->assertSame('1', $page->element('webhook_secret_token')->getAttribute('data-set'));
        $this->assertStringNotContainsString(self::SECRET, $page->body . $this->site->databaseDump() . $this->site->logs());
        $answer = $this->send(self::VALIDATION);
        $this->assertSame(200, $answer->status, $answer->body);
        $this->assertSame(hash_hmac('sha256', 'qgg8vlvZRS6UYooatFL8Aw', self::SECRET), $answer->json()['encryptedToken']);
        $this->assertStringContainsString('no-store', $answer->header('cache-control'));
    }

    public function testWhatIsNotSignedByZoomChangesNothing(): void
    {
        $this->useOAuthWithWebhook();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $body = $this->deauthorized(FakeZoom::DOCTOR1);
        $this->assertSame(401, $this->send($body, 'another secret')->status);
        $this->assertSame(401, $this->send($body, self::SECRET, time() - 3600)->status);
        $this->assertSame(401, $this->send($body, self::SECRET, null, $body . ' ')->status);
        $this->assertSame(401, $this->site->visitor()->request('POST', '/wp-json/telemed/v1/webhook', $body, array('Content-Type' => 'application/json'))->status);
        $this->assertSame(404, $this->site->visitor()->get('/wp-json/telemed/v1/webhook')->status);
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->assertSame(array(), $this->site->mails());
    }

    public function testADoctorWhoRemovesTheAppAtZoomIsForgottenAndTold(): void
    {
        $this->useOAuthWithWebhook();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->connect('doctor2', FakeZoom::DOCTOR2);
        $row = $this->make('doctor1', 'doctor1');
        $this->zoom->forgetRequests();
        sleep(1);
        $answer = $this->send($this->deauthorized(FakeZoom::DOCTOR1));
        $this->assertSame(200, $answer->status, $answer->body);
        $this->site->awaitRequests();
        $this->assertSame('none', $this->doctorsScreen('doctor1', 'status'));
        $this->assertSame('connected', $this->doctorsScreen('doctor2', 'status'));
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertNotNull($this->site->value('SELECT umeta_id FROM wp_usermeta WHERE meta_key = ? AND user_id = ?', 'wp_telemed_connected', (string) $this->site->userId('doctor1')), 'bookings go on until the doctor disconnects on this site');
        $this->assertNull($this->records()->visits->find($row['id'])['host_email']);
        $this->assertSame($row['join_url'], $this->row($row['id'])['join_url'], 'the patient\'s way stays');
        $mails = $this->mailsToReconnect();
        $this->assertContains('doctor1@clinic.example', array_column($mails, 'to'));
        $this->assertStringContainsString('1 upcoming visit', $mails[0]['message']);

        $this->assertSame(200, $this->send($this->deauthorized(FakeZoom::DOCTOR1))->status);
        $this->assertCount(count($mails), $this->mailsToReconnect(), 'what is sent twice is told once');
    }

    public function testZoomHasItsAnswerBeforeAnybodyIsMailed(): void
    {
        $this->useOAuthWithWebhook();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        sleep(1);
        $answer = $this->site->withSlowMailServer(fn (): Page => $this->send($this->deauthorized(FakeZoom::DOCTOR1)));
        $this->assertSame(200, $answer->status, $answer->body);
        $this->assertContains('doctor1@clinic.example', array_column($this->mailsToReconnect(), 'to'));
    }

    public function testAGrantBesideTheConnectionIsForgottenAtOnce(): void
    {
        $this->useOAuthWithWebhook();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->make('doctor1', 'doctor1');
        $this->consent($this->browser('doctor1'), $this->beginAuthorization('doctor1'), FakeZoom::DOCTOR2);
        $this->assertSame(array('connection', 'held'), $this->grants());
        sleep(1);
        $this->zoom->forgetRequests();
        $this->assertSame(200, $this->send($this->deauthorized(FakeZoom::DOCTOR2))->status);
        $this->assertSame(array('connection'), $this->grants());
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->assertNull($this->browser('doctor1')->get('/wp-admin/profile.php')->element('telemed-other-zoom-user'), 'nothing is left to ask');
        $this->assertSame(array(), $this->mailsToReconnect());
    }

    public function testWhileAGrantBesideTheConnectionIsInUseZoomSendsItAgain(): void
    {
        $this->useOAuthWithWebhook();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->make('doctor1', 'doctor1');
        $this->consent($this->browser('doctor1'), $this->beginAuthorization('doctor1'), FakeZoom::DOCTOR2);
        sleep(1);
        [$inUse] = $this->useConnection('held');
        $this->assertSame(503, $this->send($this->deauthorized(FakeZoom::DOCTOR2))->status);
        $this->assertSame(array('connection', 'held'), $this->grants());
        $inUse->close();
        $this->assertSame(200, $this->send($this->deauthorized(FakeZoom::DOCTOR2))->status);
        $this->assertSame(array('connection'), $this->grants());
    }

    public function testWhileTheConnectionIsInUseZoomIsAnsweredAndTheWorkerForgetsItLater(): void
    {
        $this->useOAuthWithWebhook();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        sleep(1);
        [$inUse, $lock] = $this->useConnection();
        $this->assertSame(200, $this->send($this->deauthorized(FakeZoom::DOCTOR1))->status);
        $this->site->awaitRequests();
        $this->assertSame('1', (string) $inUse->query("SELECT IS_USED_LOCK('{$lock}') = CONNECTION_ID()")->fetch_row()[0], 'it was in use all the time');
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->assertSame(array(), $this->mailsToReconnect());
        $inUse->close();

        $this->runWorker(60);
        $this->assertSame('none', $this->doctorsScreen('doctor1', 'status'));
        $this->assertSame(0, $this->records()->grants->count('connection', 'zoomuser'));
        $mails = $this->mailsToReconnect();
        $this->assertContains('doctor1@clinic.example', array_column($mails, 'to'));
        $this->runWorker(120);
        $this->assertCount(count($mails), $this->mailsToReconnect(), 'once');
    }

    public function testADoctorWhoConnectsAgainBeforeTheWorkerComesStaysConnected(): void
    {
        $this->useOAuthWithWebhook();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        sleep(1);
        [$inUse] = $this->useConnection();
        $this->assertSame(200, $this->send($this->deauthorized(FakeZoom::DOCTOR1))->status);
        $this->site->awaitRequests();
        $inUse->close();
        sleep(1);
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $this->runWorker(60);
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->make('doctor1', 'doctor1');
        $this->assertSame(array(), $this->mailsToReconnect());
        $this->assertSame(array(), $this->records()->counters->signals('deauthorized:'), 'it is done with');
    }

    public function testAnEventOfAnotherAppOrOfAnUnknownUserChangesNothing(): void
    {
        $this->useOAuthWithWebhook();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        sleep(1);
        $this->assertSame(200, $this->send($this->deauthorized(FakeZoom::DOCTOR1, FakeZoom::OTHER_CLIENT_ID))->status);
        $this->assertSame(200, $this->send($this->deauthorized('nobodyknowsthisuser123'))->status);
        $this->assertSame(200, $this->send('{"event":"meeting.started","payload":{"account_id":"a"}}')->status);
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
    }

    /**
     * Another process has the lock of the doctor's connection, or of what lies beside it, for as long as this database connection lives.
     *
     * @return array{\mysqli, string} that, and the lock's name
     */
    private function useConnection(string $place = 'connection'): array
    {
        $lock = $this->site->php('$plugin = \TelemedZoom\Plugin::instance();
            $key = array_values(preg_grep("/^{$arguments["place"]}:/", $plugin->opener->tokenStore()->keys()))[0];
            return $plugin->database->lockName("token:" . $key);', array('place' => $place));
        $connection = $this->site->database();
        $this->assertSame('1', (string) $connection->query("SELECT GET_LOCK('{$lock}', 0)")->fetch_row()[0]);
        return array($connection, $lock);
    }

    /** @return list<string> where grants lie: 'connection', 'held', 'former' */
    private function grants(): array
    {
        return array_values(array_diff($this->records()->grants->kinds(), array('zoomuser', 'pending')));
    }

    private function useOAuthWithWebhook(): Page
    {
        $this->useOAuth();
        return $this->saveSettings(array('webhook_secret_token' => self::SECRET));
    }

    private function deauthorized(string $user, string $client = FakeZoom::CLIENT_ID): string
    {
        return (string) json_encode(array('event' => 'app_deauthorized', 'payload' => array('account_id' => FakeZoom::ACCOUNT, 'user_id' => $user, 'client_id' => $client)));
    }

    /** As Zoom signs it, unless told otherwise. */
    private function send(string $body, string $secret = self::SECRET, ?int $time = null, ?string $sent = null): Page
    {
        $time ??= time();
        return $this->site->visitor()->request('POST', '/wp-json/telemed/v1/webhook', $sent ?? $body, array(
            'Content-Type' => 'application/json',
            'x-zm-request-timestamp' => (string) $time,
            'x-zm-signature' => 'v0=' . hash_hmac('sha256', "v0:{$time}:{$body}", $secret),
        ));
    }

    /** @return list<array<string, mixed>> */
    private function mailsToReconnect(): array
    {
        return array_values(array_filter($this->site->mails(), static fn (array $mail): bool => 1 === preg_match('/connect Zoom again/i', $mail['subject'])));
    }
}
