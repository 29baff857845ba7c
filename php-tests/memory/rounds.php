<?php

/**
 * What a clinic's server does all day, round after round in one process: doctors connect, visits are made, changed and
 * cancelled, tokens are refreshed, things fail. Run under tools that watch the memory: php rounds.php ROUNDS
 *
 * Each step is looked at, so that a round that ends has done all of it. The last line names how many were done.
 *
 * @see Support/Child.php what runs it
 */

declare(strict_types=1);

use Telemed\ApiException;
use Telemed\AuthenticationException;
use Telemed\ConfigurationException;
use Telemed\FileTokenStore;
use Telemed\Meeting;
use Telemed\MeetingRequest;
use Telemed\NotFoundException;
use Telemed\OAuthApp;
use Telemed\RateLimitException;
use Telemed\Reconciler;
use Telemed\ServerToServerApp;
use Telemed\StoreException;
use Telemed\TelemedException;
use Telemed\TokenStore;
use Telemed\TransportException;
use Telemed\Vault;
use Telemed\VaultException;
use Telemed\Webhook;
use Telemed\WebhookException;
use Telemed\Tests\Extension\Support\MemoryTokenStore;
use Telemed\Tests\FakeZoom;

require __DIR__ . '/../extension/bootstrap.php';

$zoom = FakeZoom::fromEnvironment();
$rounds = (int) $argv[1];
for ($round = 1; $round <= $rounds; $round++) {
    $zoom->reset();
    $vault = new Vault(array(Vault::generateKey()));
    oauth($zoom, $vault, new MemoryTokenStore());
    $directory = sys_get_temp_dir() . '/telemed-rounds-' . bin2hex(random_bytes(6));
    oauth($zoom, $vault, new FileTokenStore($directory));
    array_map('unlink', (array) glob("{$directory}/*"));
    rmdir($directory);
    server_to_server($zoom, $vault);
    failures($zoom, $vault);
    without_network($vault);
}
echo "{$rounds} rounds\n";

/** A doctor connects, works, logs in as another Zoom user, and leaves. */
function oauth(FakeZoom $zoom, Vault $vault, TokenStore $store): void
{
    $app = new OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, 'https://clinic.example/callback', $store, $vault);
    see(null === $app->connection('7'), 'nobody is connected yet');
    see('connected' === connect($zoom, $app, FakeZoom::DOCTOR1_EMAIL)->status(), 'a doctor connects');
    $client = $app->client('7');
    $meeting = $client->createMeeting(visit('site1:1'));
    see(FakeZoom::DOCTOR1 === $meeting->hostId(), 'the doctor hosts');
    everything($meeting);

    // Two hours later the token has run out: the API refuses it, and the refresh replaces both tokens.
    $zoom->advance(7200);
    see(45 === $client->updateMeeting($meeting->id(), visit('site1:1', 45), true)->minutes(), 'a visit is made longer');
    $zoom->forgetAccessTokens();
    see(str_contains($client->startUrl($meeting->id()), 'zak='), 'the doctor starts');
    see('connected' === $app->renew('7')->status(), 'the connection is kept alive');

    see('held' === connect($zoom, $app, FakeZoom::DOCTOR2_EMAIL)->status(), 'the same doctor logs in as another Zoom user');
    see(null !== $app->heldConnection('7')->until(), 'who waits for an answer');
    $app->declineHeld('7');
    connect($zoom, $app, FakeZoom::DOCTOR2_EMAIL);
    see(FakeZoom::DOCTOR2 === $app->acceptHeld('7')->zoomUserId(), 'and is accepted');
    see($app->formerClient('7')->deleteMeeting($meeting->id()), 'what was made before is reached');
    see('former' === $app->formerConnection('7')->status(), 'as long as it is wanted');
    $app->endFormer('7');

    see('7' === $app->subjectOf(FakeZoom::DOCTOR2), 'the doctor of a Zoom user');
    $grant = $zoom->state()['grants'][0];
    $app->disconnect('7');
    see(null === $app->connection('7'), 'the doctor leaves');
    $imported = $app->import('8', $grant['access_token'], $grant['refresh_token'], new DateTimeImmutable('+1 hour'), $grant['scope']);
    see('8' === $imported->subject(), 'tokens of another program are taken over');
    see($app->forget('8'), 'and forgotten');
}

/** The clinic's account: single visits, many at once, lists, comparison. */
function server_to_server(FakeZoom $zoom, Vault $vault): void
{
    $store = new MemoryTokenStore();
    $app = new ServerToServerApp(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET, $store, $vault);
    $client = $app->client();
    see('Europe/Berlin' === $client->createMeeting(visit('site1:1', 30, FakeZoom::DOCTOR1))->timezone(), 'a visit is made');
    $ensured = $client->ensureMeeting(visit('site1:2', 30, FakeZoom::DOCTOR1), array(81234567890));
    see($ensured->id() === $client->ensureMeeting(visit('site1:2', 30, FakeZoom::DOCTOR1))->id(), 'and none twice');
    see(null === $client->findMeeting(visit('site1:none', 30, FakeZoom::DOCTOR1), array(), new DateTimeImmutable('-1 hour')), 'or is not found');

    $many = $client->createMeetings(array(
        visit('site1:3', 30, FakeZoom::DOCTOR1),
        visit('site1:4', 30, FakeZoom::INACTIVE),
        visit('site1:5', 30, FakeZoom::DOCTOR2),
    ));
    see($many[0] instanceof Meeting && $many[1] instanceof TelemedException && $many[2] instanceof Meeting, 'one failure harms no other');

    $page = $client->meetingPage(FakeZoom::DOCTOR1);
    see(3 === count($page->meetings()) && null === $page->next(), 'a page of them');
    see(1 === count($client->meetings(FakeZoom::DOCTOR2)), 'a list of them');
    see(count($client->users()) > 2, 'the users');
    see(FakeZoom::DOCTOR1_EMAIL === $client->user(FakeZoom::DOCTOR1)->email(), 'and one of them');
    $diagnosis = $client->check(FakeZoom::DOCTOR1);
    see($diagnosis->passed() && '' !== $diagnosis->message() && array() !== $diagnosis->steps(), 'the check passes');
    see(is_string($client->lastTrackingId()), 'the last tracking id');

    $reconciler = new Reconciler('site1', new DateTimeImmutable('+20 minutes'));
    $wanted = array(
        wanted('site1:1', null, new DateTimeImmutable('2031-01-12 09:30', new DateTimeZone('UTC'))),
        wanted('site1:2', $ensured->id(), new DateTime('@1930000000')),
        wanted('site1:lost', 81234567890, new DateTimeImmutable('+1 day')),
    );
    see(array() !== $reconciler->page($wanted, $page->meetings()), 'what differs on a page');
    see(array() !== $reconciler->rest($wanted), 'and what no page showed');

    see($client->deleteMeeting($ensured->id()), 'a visit is cancelled');
    see(! $client->deleteMeeting($ensured->id()), 'once');
    $app->disconnect();
    see(array() === $store->records, 'the account is forgotten');
}

/** Every kind of failure, each told as an exception with what belongs to it. */
function failures(FakeZoom $zoom, Vault $vault): void
{
    $store = new MemoryTokenStore();
    $app = new ServerToServerApp(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET, $store, $vault);
    $client = $app->client();
    refused(NotFoundException::class, static fn () => $client->meeting(81234567890));
    $answered = array('method' => 'PATCH', 'path' => '/v2/meetings/');
    $zoom->answer($answered, 429, array('code' => 429, 'message' => 'Too many.'), array('Retry-After' => '2031-01-01T00:00:00Z'));
    $limit = refused(RateLimitException::class, static fn () => $client->updateMeeting(81234567890, visit('site1:9')));
    see($limit->retryAt instanceof DateTimeImmutable, 'when to try again');
    $zoom->answer($answered, 400, array('code' => 300, 'message' => 'Validation Failed.', 'errors' => array(array('field' => 'topic', 'message' => 'Bad.'))));
    $invalid = refused(ApiException::class, static fn () => $client->updateMeeting(81234567890, visit('site1:9')));
    see(array('topic' => 'Bad.') === $invalid->fields, 'the fields that Zoom named');
    $zoom->fault($answered, array('kind' => 'close_before_work'), 10);
    refused(TransportException::class, static fn () => $client->within(0.2)->updateMeeting(81234567890, visit('site1:9')));
    $zoom->forgetFaults();

    $other = new ServerToServerApp(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, 'wrong-secret', $store, $vault);
    refused(ConfigurationException::class, static fn () => $other->client()->user(FakeZoom::DOCTOR1));
    $oauth = new OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, 'https://clinic.example/callback', $store, $vault);
    refused(AuthenticationException::class, static fn () => $oauth->connect('code', 'unknown state', '7'));
    refused(AuthenticationException::class, static fn () => $oauth->client('7')->user());

    $fresh = new Vault(array(Vault::generateKey()));
    foreach (array('load', 'save', 'lock', 'unlock', 'delete') as $method) {
        $broken = new MemoryTokenStore();
        $app = new ServerToServerApp(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET, $broken, $fresh);
        $broken->instead[$method] = static function (): void {
            throw new LogicException('the store is broken');
        };
        $work = static fn () => 'delete' === $method ? $app->disconnect() : $app->client()->user(FakeZoom::DOCTOR1);
        if ('unlock' === $method) {
            $work();
        } else {
            $failure = refused(StoreException::class, $work);
            see($failure->getPrevious() instanceof LogicException, 'what the store threw');
        }
        $broken->instead = array();
        $app->disconnect();
    }
}

/** What needs no Zoom: sealing, signatures, and arguments that are refused. */
function without_network(Vault $vault): void
{
    $sealed = $vault->seal("a secret\0\xff", 'row 1');
    see("a secret\0\xff" === $vault->open($vault->reseal($sealed, 'row 1'), 'row 1'), 'what was sealed opens');
    refused(VaultException::class, static fn () => $vault->open($sealed, 'row 2'));
    see(44 === strlen(Vault::deriveKey(str_repeat('k', 40), 'salt')), 'a derived key');
    refused(ConfigurationException::class, static fn () => new Vault(array('short')));

    $secret = 'a-secret-token-of-the-app';
    $body = '{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}';
    $headers = array('x-zm-request-timestamp' => (string) time(), 'x-zm-signature' => array('v0=' . hash_hmac('sha256', 'v0:' . time() . ":{$body}", $secret)));
    $webhook = new Webhook($secret);
    see('endpoint.url_validation' === $webhook->receive($body, $headers)->name(), 'an event of Zoom');
    refused(WebhookException::class, static fn () => $webhook->receive("{$body} ", $headers));

    refused(ConfigurationException::class, static fn () => visit('site1:1', 0));
    refused(ConfigurationException::class, static fn () => new MeetingRequest('v', new DateTimeImmutable('+1 day'), 30, 'Mars/Olympus'));
    $settings = array('alternative_hosts' => 'doctor2@clinic.example', 'approved_or_denied_countries_or_regions' => array('enable' => true, 'approved_list' => array('DE', 'AT')));
    new MeetingRequest('v', new DateTimeImmutable('+1 day'), 30, 'america/new_york', null, null, $settings);
    refused(ConfigurationException::class, static fn () => new MeetingRequest('v', new DateTimeImmutable('+1 day'), 30, 'UTC', null, null, array('x' => INF)));
    try {
        // @phpstan-ignore-next-line the wrong type is the point
        new Vault(array(5));
        see(false, 'a number is no key');
    } catch (TypeError $error) {
        see('' !== $error->getMessage(), 'a number is no key');
    }
}

/** Reads all of a meeting. */
function everything(Meeting $meeting): void
{
    $all = array();
    foreach (get_class_methods($meeting) as $method) {
        if ('__construct' !== $method) {
            $all[$method] = $meeting->{$method}();
        }
    }
    see(15 === count($all) && $all['start'] instanceof DateTimeImmutable && is_string($all['joinUrl']), 'a meeting in whole');
}

function connect(FakeZoom $zoom, OAuthApp $app, string $user): Telemed\Connection
{
    $query = $zoom->authorize($app->authorizationRequest('7')->url(), $user);
    return $app->connect($query['code'], $query['state'], '7');
}

function visit(string $reference, int $minutes = 30, ?string $host = null): MeetingRequest
{
    $start = new DateTimeImmutable('2031-01-12 09:30', new DateTimeZone('Europe/Berlin'));
    return new MeetingRequest('Video visit', $start, $minutes, 'Europe/Berlin', $host, $reference);
}

/** @return array<string, mixed> */
function wanted(string $reference, ?int $meeting, DateTimeInterface $start): array
{
    return compact('reference', 'meeting', 'start') + array('host' => FakeZoom::DOCTOR1, 'minutes' => 30, 'overridden' => array('waiting_room'), 'busy' => false);
}

/**
 * @template T of TelemedException
 * @param class-string<T> $class
 * @return T what was thrown
 */
function refused(string $class, callable $work): TelemedException
{
    try {
        $work();
    } catch (TelemedException $exception) {
        see(get_class($exception) === $class, "{$class}, not " . get_class($exception) . ": {$exception->getMessage()}");
        see('' !== $exception->advice() && $exception->isRetryable() === $exception->isRetryable(), 'advice');
        return $exception;
    }
    see(false, "{$class} was to be thrown");
    exit(1);
}

function see(bool $so, string $what): void
{
    if (! $so) {
        fwrite(STDERR, "Not so: {$what}\n" . (new Exception())->getTraceAsString() . "\n");
        exit(1);
    }
}
