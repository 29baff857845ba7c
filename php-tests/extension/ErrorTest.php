<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ApiException;
use Telemed\AuthenticationException;
use Telemed\ConfigurationException;
use Telemed\NotFoundException;
use Telemed\OAuthApp;
use Telemed\RateLimitException;
use Telemed\ScopeException;
use Telemed\ServerToServerApp;
use Telemed\TelemedException;
use Telemed\TransportException;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** Zoom's refusals, each as its own exception with Zoom's own words as properties. */
final class ErrorTest extends ExtensionTestCase
{
    /** Seconds that a new day of Zoom's counters begins late. */
    private const LATE = 10;
    private const ON_CREATE = array('method' => 'POST', 'path' => '/v2/users');

    /**
     * @dataProvider refusals
     * @param array<string, mixed> $body
     * @param array<string, mixed> $properties
     */
    #[DataProvider('refusals')]
    public function testARefusal(int $status, array $body, string $class, bool $retryable, array $properties = array()): void
    {
        $client = $this->serverClient();
        $this->zoom->answer(self::ON_CREATE, $status, $body, array('x-zm-trackingid' => 'WEB_test_1'), -1);
        $exception = $this->failure($class, fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1)));
        $this->assertInstanceOf(ApiException::class, $exception);
        $this->assertSame($status, $exception->status);
        $this->assertSame($status, $exception->getCode());
        $this->assertSame($body['code'] ?? null, $exception->zoomCode);
        $this->assertSame($retryable, $exception->isRetryable());
        $this->assertFalse($exception->maybeDelivered, 'a refusal with 4xx did nothing');
        $this->assertSame('WEB_test_1', $exception->trackingId);
        $this->assertSame('WEB_test_1', $client->lastTrackingId());
        foreach ($properties as $name => $value) {
            $this->assertSame($value, $exception->$name, $name);
        }
        $this->assertCount(1, $this->apiRequests('POST'), 'a refused POST is not repeated');
    }

    /** @return array<string, array<int, mixed>> */
    public static function refusals(): array
    {
        $message = static fn (int $code, string $message): array => array('code' => $code, 'message' => $message);
        return array(
            'no such user' => array(404, $message(1001, 'User does not exist: x.'), NotFoundException::class, false),
            'user of another account' => array(400, $message(1010, 'User not found on this account: x.'), NotFoundException::class, false),
            'invitation not accepted' => array(404, $message(1120, 'A valid invitation to join the Zoom account was not found for this user.'), NotFoundException::class, false),
            'no such meeting' => array(404, $message(3001, 'Meeting does not exist: 5.'), NotFoundException::class, false),
            'may not host' => array(400, $message(3161, 'Your user account is not allowed meeting hosting and scheduling capabilities.'), ApiException::class, false),
            'validation' => array(
                400,
                array(
                    'code' => 300,
                    'message' => 'Validation Failed.',
                    'errors' => array(
                        array('field' => 'settings.jbh_time', 'message' => 'Invalid field.'),
                        array('field' => 'topic', 'message' => 'Missing field.'),
                    ),
                ),
                ApiException::class,
                false,
                array('fields' => array('settings.jbh_time' => 'Invalid field.', 'topic' => 'Missing field.')),
            ),
            'not JSON, says Zoom' => array(400, $message(300, 'Request Body should be a valid JSON object.'), ApiException::class, false, array('fields' => array())),
            'one scope' => array(
                400,
                $message(4711, 'Invalid access token, does not contain scopes:[meeting:write:meeting:admin].'),
                ScopeException::class,
                false,
                array('missingScopes' => array('meeting:write:meeting:admin')),
            ),
            'two scopes, older code' => array(
                400,
                $message(4700, 'Invalid access token, does not contain scopes:[meeting:write:meeting:admin, meeting:write:meeting].'),
                ScopeException::class,
                false,
                array('missingScopes' => array('meeting:write:meeting:admin', 'meeting:write:meeting')),
            ),
            'scope under 401' => array(
                401,
                $message(104, 'Invalid access token, does not contain scopes:[user:read:user].'),
                ScopeException::class,
                false,
                array('missingScopes' => array('user:read:user')),
            ),
            'blocked domain' => array(400, $message(3000, "Users in 'x' have been blocked from joining meetings and webinars."), ApiException::class, false),
            'no permission' => array(403, $message(200, 'Authenticated user has not permitted access to the targeted resource.'), ApiException::class, false),
            'no REST API' => array(400, $message(200, 'Account does not enabled REST API.'), ApiException::class, false),
            'wrong kind of token' => array(400, $message(200, 'Invalid api key or secret.'), ApiException::class, false),
            'conflict' => array(409, $message(1005, 'User already in the account.'), ApiException::class, false),
            'unknown code' => array(400, $message(99999, 'Something new.'), ApiException::class, false),
            'no code' => array(400, array('note' => 'Something else.'), ApiException::class, false),
        );
    }

    public function testAFailureSaysWhetherZoomHasAnsweredAndWhetherWhatWasAskedForIsGone(): void
    {
        $client = $this->serverClient();
        $says = function (string $class, callable $work): array {
            $failure = $this->failure($class, $work);
            return array($failure->isLost(), $failure->isAnswer(), $failure->isGone());
        };
        $this->assertSame(array(false, true, true), $says(NotFoundException::class, fn () => $client->meeting(93412345678)));
        $this->assertSame(array(false, false, false), $says(ConfigurationException::class, fn () => $client->meeting(0)));
        $this->zoom->answer(self::ON_CREATE, 400, array('code' => 300, 'message' => 'no'));
        $this->assertSame(array(false, true, false), $says(ApiException::class, fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1))));
        $this->zoom->fault(array('method' => 'GET'), array('kind' => 'close_before_work'), -1);
        $this->assertSame(array(true, false, false), $says(TransportException::class, fn () => $client->meeting(93412345678)));
        $own = new TelemedException('of PHP');
        $this->assertSame(array(false, false, false, false), array($own->isLost(), $own->isAnswer(), $own->isGone(), $own->isOfOneConnection()));
        $this->assertFalse($this->failure(TransportException::class, fn () => $client->meeting(93412345678))->isOfOneConnection());
        $this->assertTrue($this->failure(AuthenticationException::class, fn () => $this->oauthApp()->renew('nobody'))->isOfOneConnection());
    }

    public function testAPlaceInAListThatZoomNoLongerKnowsIsToldByItsName(): void
    {
        $client = $this->serverClient();
        $lapsed = array('code' => 300, 'message' => 'The next page token is either invalid or has expired.');
        $this->zoom->answer(array('method' => 'GET'), 400, $lapsed, array('x-zm-trackingid' => 'WEB_test_1'), 2);
        $failure = $this->failure(ApiException::class, fn () => $client->meetingPage(FakeZoom::DOCTOR1, 'lapsed'));
        $this->assertSame(array('list_place_lapsed', 400, 300, 'WEB_test_1'), array($failure->id(), $failure->status, $failure->zoomCode, $failure->trackingId));
        $first = $this->failure(ApiException::class, fn () => $client->meetingPage(FakeZoom::DOCTOR1));
        $this->assertSame('fields_refused', $first->id(), 'the first page has no place');
    }

    public function testADailyLimitIsAnAnswerAndNoWait(): void
    {
        $client = $this->serverClient();
        $at = gmdate('Y-m-d\T00:00:00\Z', time() + 86400);
        $this->zoom->answer(
            self::ON_CREATE,
            429,
            array('code' => 429, 'message' => 'You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request.'),
            array('Retry-After' => $at, 'X-RateLimit-Type' => 'Daily-limit', 'X-RateLimit-Category' => 'Medium'),
            -1
        );
        $begun = microtime(true);
        $exception = $this->failure(RateLimitException::class, fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1)));
        $this->assertLessThan(10, microtime(true) - $begun);
        $this->assertInstanceOf(\DateTimeImmutable::class, $exception->retryAt);
        $this->assertEqualsWithDelta(strtotime($at) + self::LATE, $exception->retryAt->getTimestamp(), 2);
        $this->assertSame('UTC', $exception->retryAt->getTimezone()->getName());
        $this->assertTrue($exception->isRetryable());
        $this->assertCount(1, $this->apiRequests('POST'));
    }

    public function testTheLimitOfAHostNamesMidnight(): void
    {
        $client = $this->serverClient();
        $this->zoom->answer(
            self::ON_CREATE,
            429,
            array('code' => 429, 'message' => 'You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00.'),
            array(),
            -1
        );
        $exception = $this->failure(RateLimitException::class, fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1)));
        $midnight = intdiv(time() - self::LATE, 86400) * 86400 + 86400;
        $this->assertEqualsWithDelta($midnight + self::LATE, $exception->retryAt->getTimestamp(), 2);
    }

    /** This server has begun the new day already. By its own clock it would lose all of it. */
    public function testTheDaysLimitEndsWithZoomsDayAndNotWithOurs(): void
    {
        $client = $this->serverClient();
        $tomorrow = gmdate('Y-m-d', time() + 2 * 86400);
        $this->zoom->setClock("{$tomorrow}T12:00:00Z");
        $create = fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+5 days'));
        $create();
        $limit = array('code' => 429, 'message' => 'You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00.');
        $this->zoom->answer(self::ON_CREATE, 429, $limit, array(), 2);
        $this->zoom->answer(self::ON_CREATE, 429, $limit, array('Retry-After' => gmdate('Y-m-d\T00:00:00\Z', time() + 3 * 86400)));
        foreach (array('T23:59:57Z', 'T00:00:02Z', 'T23:59:57Z') as $time) {
            $this->zoom->setClock($tomorrow . $time);
            $limited = $this->failure(RateLimitException::class, $create);
            $wait = $limited->retryAt->getTimestamp() - time();
            $this->assertGreaterThan(0, $wait, $time);
            $this->assertLessThan(20, $wait, $time);
        }
    }

    /** @dataProvider namedMoments */
    #[DataProvider('namedMoments')]
    public function testNoAnswerParksAVisitBeyondZoomsDay(string $named, ?int $seconds): void
    {
        $client = $this->serverClient();
        $this->zoom->answer(
            self::ON_CREATE,
            429,
            array('code' => 429, 'message' => 'You have reached the maximum daily rate limit for this API.'),
            array('X-RateLimit-Type' => 'Daily-limit', 'Retry-After' => $named),
            -1
        );
        $limited = $this->failure(RateLimitException::class, fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1)));
        $this->assertTrue($limited->isRetryable());
        if (null === $seconds) {
            $this->assertNull($limited->retryAt, 'nothing to go by but the caller\'s own back-off');
            return;
        }
        $this->assertGreaterThan(time(), $limited->retryAt->getTimestamp());
        $this->assertLessThanOrEqual(time() + $seconds + 2, $limited->retryAt->getTimestamp());
    }

    /** @return array<string, array{string, ?int}> */
    public static function namedMoments(): array
    {
        $day = 86400 + self::LATE;
        return array(
            'in 2037' => array('2037-01-01T00:00:00Z', $day),
            'in 2037, as HTTP writes it' => array('Thu, 01 Jan 2037 00:00:00 GMT', $day),
            'in a hundred years, in seconds' => array('3153600000', $day),
            'in the past' => array('2020-05-31T00:00:00Z', null),
            'now' => array('0', null),
        );
    }

    public function testALimitPerSecondIsWaitedOut(): void
    {
        $client = $this->serverClient();
        $this->zoom->answer(
            self::ON_CREATE,
            429,
            array('code' => 429, 'message' => 'You have reached the maximum per-second rate limit for this API. Try again later.'),
            array('X-RateLimit-Type' => 'QPS')
        );
        $meeting = $client->createMeeting($this->visit(FakeZoom::DOCTOR1));
        $this->assertNotNull($this->zoom->meeting($meeting->id()));
        $this->assertCount(2, $this->apiRequests('POST'));
        $this->assertCount(1, $this->zoom->state()['meetings']);
    }

    public function testA502InHtmlOnACreateMayHaveDoneItsWork(): void
    {
        $client = $this->serverClient();
        $this->zoom->fault(self::ON_CREATE, array('kind' => 'status', 'status' => 502, 'body' => '<html><h1>Bad gateway</h1></html>'), -1);
        $exception = $this->failure(ApiException::class, fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1)));
        $this->assertSame(502, $exception->status);
        $this->assertNull($exception->zoomCode);
        $this->assertTrue($exception->isRetryable());
        $this->assertTrue($exception->maybeDelivered);
        $this->assertStringNotContainsString('<', $exception->getMessage());
        $this->assertCount(1, $this->apiRequests('POST'));
    }

    public function testA503OnAReadIsTriedAgain(): void
    {
        $client = $this->serverClient();
        $this->zoom->fault(array('method' => 'GET'), array('kind' => 'status', 'status' => 503, 'body' => 'x'));
        $this->assertSame(FakeZoom::DOCTOR1, $client->user(FakeZoom::DOCTOR1)->id());
    }

    public function testTruncatedJson(): void
    {
        $client = $this->serverClient();
        $this->zoom->fault(self::ON_CREATE, array('kind' => 'truncate', 'bytes' => 20), -1);
        $exception = $this->failure(TransportException::class, fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1)));
        $this->assertTrue($exception->maybeDelivered);
        $this->assertCount(1, $this->apiRequests('POST'));
        $this->assertCount(1, $this->zoom->state()['meetings'], 'Zoom did make it');
    }

    public function testHtmlWhereJsonShouldBe(): void
    {
        $client = $this->serverClient();
        $html = array('kind' => 'status', 'status' => 201, 'body' => '<html>Welcome to Hotel Wi-Fi</html>');
        $this->zoom->fault(self::ON_CREATE, $html, -1);
        $exception = $this->failure(TransportException::class, fn () => $client->createMeeting($this->visit(FakeZoom::DOCTOR1)));
        $this->assertTrue($exception->maybeDelivered);
    }

    /** @dataProvider redirects */
    #[DataProvider('redirects')]
    public function testARedirectIsNotFollowed(array $match): void
    {
        $app = $this->serverApp();
        $target = getenv('FAKE_ZOOM_HTTP') . '/v2/users/' . FakeZoom::OWNER;
        $this->zoom->fault(
            $match,
            array('kind' => 'status', 'status' => 302, 'body' => '', 'headers' => array('Location' => $target)),
            -1
        );
        $exception = $this->failure(ApiException::class, static fn () => $app->client()->user(FakeZoom::DOCTOR1));
        $this->assertSame(302, $exception->status);
        $this->assertFalse($exception->isRetryable());
        $this->assertSame(array(), $this->zoom->requests('GET', '/v2/users/' . FakeZoom::OWNER));
    }

    /** @return array<string, array{array<string, string>}> */
    public static function redirects(): array
    {
        return array(
            'of the API' => array(array('path' => '/v2/users/' . FakeZoom::DOCTOR1)),
            'of the token endpoint' => array(array('path' => '/oauth/token')),
        );
    }

    /** @dataProvider foreignHosts */
    #[DataProvider('foreignHosts')]
    public function testAnApiAddressOnAForeignHostGetsNoToken(string $address): void
    {
        $this->zoom->settings(array('api_url' => $address));
        $this->failure(ConfigurationException::class, fn () => $this->serverApp()->client()->user(FakeZoom::DOCTOR1));
        $this->assertSame(array(), $this->apiRequests());
        $app = $this->oauthApp();
        $callback = $this->zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL);
        $this->failure(ConfigurationException::class, static fn () => $app->connect($callback['code'], $callback['state'], '7'));
        $this->assertNull($app->connection('7'), 'nothing is half-stored');
        $this->assertSame(array(), $this->apiRequests());
    }

    /** @return array<string, array{string}> */
    public static function foreignHosts(): array
    {
        return array(
            'foreign' => array('https://api.zoom.us.evil.example'),
            'plain http' => array('http://api.zoom.us'),
            'other port of this machine' => array('http://127.0.0.1:9'),
            'credentials' => array('https://api.zoom.us@evil.example'),
        );
    }

    public function testWithoutAnApiAddressTheConfiguredOneIsUsed(): void
    {
        $this->zoom->settings(array('send_api_url' => false));
        $this->assertSame(FakeZoom::DOCTOR1, $this->serverApp()->client()->user(FakeZoom::DOCTOR1)->id());
    }

    /**
     * @dataProvider badServerCredentials
     * @param array{string, string, string} $credentials
     */
    #[DataProvider('badServerCredentials')]
    public function testWrongServerCredentialsAreAMatterOfConfiguration(array $credentials, int $requests): void
    {
        $exception = $this->failure(
            ConfigurationException::class,
            fn () => (new ServerToServerApp(...array_merge($credentials, array($this->store, $this->vault))))
                ->client()
                ->user(FakeZoom::DOCTOR1)
        );
        $this->assertFalse($exception->isRetryable());
        $this->assertCount($requests, $this->zoom->requests());
        $this->assertSame(0, $this->store->locksLeft());
        $this->assertSame(array(), $this->store->records, 'nothing is half-stored');
    }

    /** @return array<string, array{array{string, string, string}, int}> */
    public static function badServerCredentials(): array
    {
        $id = FakeZoom::S2S_CLIENT_ID;
        $secret = FakeZoom::S2S_CLIENT_SECRET;
        return array(
            'wrong account id' => array(array('Zy98xWvUtSrQpOnMlKjIhX', $id, $secret), 1),
            'wrong client id' => array(array(FakeZoom::ACCOUNT, 'nObOdY', $secret), 1),
            'wrong secret' => array(array(FakeZoom::ACCOUNT, $id, 'wrong'), 1),
            'client id and secret swapped' => array(array(FakeZoom::ACCOUNT, $secret, $id), 1),
            'account id and client id swapped' => array(array($id, FakeZoom::ACCOUNT, $secret), 1),
            'the other kind of app' => array(array(FakeZoom::ACCOUNT, FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET), 1),
            'no account id' => array(array('', $id, $secret), 0),
            'no client id' => array(array(FakeZoom::ACCOUNT, '', $secret), 0),
            'no secret' => array(array(FakeZoom::ACCOUNT, $id, ''), 0),
            'blank secret' => array(array(FakeZoom::ACCOUNT, $id, "  \n"), 0),
            'the same twice' => array(array($id, $id, $secret), 0),
        );
    }

    /**
     * @dataProvider badAppCredentials
     * @param array{string, string, string} $credentials
     */
    #[DataProvider('badAppCredentials')]
    public function testWrongAppCredentialsAreAMatterOfConfiguration(array $credentials): void
    {
        $exception = $this->failure(
            ConfigurationException::class,
            function () use ($credentials): void {
                $app = new OAuthApp(...array_merge($credentials, array($this->store, $this->vault)));
                $app->connect('cOdE', $app->authorizationRequest('7')->state(), '7');
            }
        );
        $this->assertFalse($exception->isRetryable());
        $this->assertSame(0, $this->store->locksLeft());
    }

    /** @return array<string, array{array{string, string, string}}> */
    public static function badAppCredentials(): array
    {
        $id = FakeZoom::CLIENT_ID;
        $secret = FakeZoom::CLIENT_SECRET;
        return array(
            'wrong client id' => array(array('nObOdY', $secret, self::REDIRECT_URI)),
            'wrong secret' => array(array($id, 'wrong', self::REDIRECT_URI)),
            'swapped' => array(array($secret, $id, self::REDIRECT_URI)),
            'no client id' => array(array('', $secret, self::REDIRECT_URI)),
            'no secret' => array(array($id, '', self::REDIRECT_URI)),
            'no redirect' => array(array($id, $secret, '')),
            'redirect without https' => array(array($id, $secret, 'http://clinic.example/callback')),
            'redirect is no URL' => array(array($id, $secret, 'callback')),
            'redirect with fragment' => array(array($id, $secret, 'https://clinic.example/callback#x')),
        );
    }

    public function testAClientSecretThatIsWrongLaterMarksNobodyDead(): void
    {
        $this->connectedClient();
        $this->zoom->advance(2 * 3600);
        $app = new OAuthApp(FakeZoom::CLIENT_ID, 'changed', self::REDIRECT_URI, $this->store, $this->vault);
        $this->failure(ConfigurationException::class, static fn () => $app->client('7')->user());
        $this->assertSame('connected', $this->oauthApp()->connection('7')->status());
        $this->assertSame(FakeZoom::DOCTOR1, $this->oauthApp()->client('7')->user()->id());
    }

    /** @dataProvider unusableHosts */
    #[DataProvider('unusableHosts')]
    public function testAHostWhoCannotHost(string $host): void
    {
        $client = $this->serverClient();
        $exception = null;
        try {
            $client->createMeeting($this->visit($host));
        } catch (TelemedException $exception) {
        }
        $this->assertInstanceOf(ApiException::class, $exception);
        $this->assertNotSame('', $exception->advice());
        $this->assertContains($exception->id(), array('user_unknown', 'host_may_not_host'));
        $this->assertFalse($exception->maybeDelivered);
        $this->assertSame(array(), $this->zoom->state()['meetings']);
    }

    /** @return array<string, array{string}> */
    public static function unusableHosts(): array
    {
        return array(
            'unknown id' => array('nObOdY0exAmple_Zo-mAAA'),
            'unknown e-mail' => array('nobody@clinic.example'),
            'inactive' => array(FakeZoom::INACTIVE),
        );
    }

    public function testABasicUserMayHost(): void
    {
        $this->assertSame(FakeZoom::BASIC, $this->serverClient()->createMeeting($this->visit(FakeZoom::BASIC))->hostId());
    }

    public function testAnAppWithoutTheScopesNamesThem(): void
    {
        $app = $this->appOfFewScopes();
        $this->connect($app);
        $client = $app->client('7');
        $meeting = $client->createMeeting($this->visit());
        $exception = $this->failure(ScopeException::class, static fn () => $client->deleteMeeting($meeting->id()));
        $this->assertContains('meeting:delete:meeting', $exception->missingScopes);
        $this->assertSame('scope_missing', $exception->id());
        $this->assertSame(400, $exception->status);
        $this->assertSame(4711, $exception->zoomCode);
        $this->assertNotNull($exception->trackingId);
        $this->assertInstanceOf(ApiException::class, $exception);
        $this->assertInstanceOf(TelemedException::class, $exception);
    }

    public function testExceptionsCanBeMadeThrownAndExtendedInPhp(): void
    {
        $classes = array(
            TelemedException::class,
            ConfigurationException::class,
            \Telemed\AuthenticationException::class,
            ApiException::class,
            ScopeException::class,
            RateLimitException::class,
            NotFoundException::class,
            TransportException::class,
            \Telemed\VaultException::class,
            \Telemed\StoreException::class,
        );
        foreach ($classes as $class) {
            $line = __LINE__ + 1;
            $exception = new $class('words', 7, new \LogicException('cause'));
            $this->assertSame('words', $exception->getMessage());
            $this->assertSame('', $exception->id());
            $this->assertSame(7, $exception->getCode());
            $this->assertSame('cause', $exception->getPrevious()->getMessage());
            $this->assertSame(__FILE__, $exception->getFile());
            $this->assertSame($line, $exception->getLine());
            $this->assertFalse($exception->isRetryable());
            $this->assertSame('', $exception->advice());
            $this->assertFalse($exception->maybeDelivered);
            $this->assertNull($exception->trackingId);
            // With arguments in the trace, PHPUnit's own objects would be serialized too.
            ini_set('zend.exception_ignore_args', '1');
            $copy = unserialize(serialize(new $class('words')));
            ini_set('zend.exception_ignore_args', '0');
            $this->assertSame('words', $copy->getMessage());
        }
        $own = new class ('own') extends RateLimitException {
            public function advice(): string
            {
                return 'own advice, ' . parent::advice();
            }
        };
        $this->assertSame('own advice, ', $own->advice());
        $this->assertSame(array(), $own->fields);
        $this->assertNull($own->retryAt);
        try {
            throw $own;
        } catch (ApiException $caught) {
            $this->assertSame($own, $caught);
        }
        $this->assertSame(array(), (new ScopeException('x'))->missingScopes);
    }

    public function testAnExceptionNamesTheLineThatCalled(): void
    {
        $client = $this->serverClient();
        try {
            $line = __LINE__ + 1;
            $client->meeting(93412345678);
            $this->fail('nothing was thrown');
        } catch (NotFoundException $exception) {
            $this->assertSame(__FILE__, $exception->getFile());
            $this->assertSame($line, $exception->getLine());
            $this->assertSame('meeting', $exception->getTrace()[0]['function']);
            $this->assertSame('Telemed\Client', $exception->getTrace()[0]['class']);
        }
    }

    public function testTheLargestNumbersAreNoDefect(): void
    {
        $app = $this->serverApp();
        $this->assertSame(FakeZoom::DOCTOR1, $app->client()->within(1e19)->user(FakeZoom::DOCTOR1)->id());
        $visit = array('reference' => 's:1', 'start' => new \DateTimeImmutable('+1 day'), 'minutes' => PHP_INT_MAX);
        $this->assertSame('create', (new \Telemed\Reconciler('s'))->rest(array($visit))[0]['action']);
        foreach (array(PHP_INT_MAX, PHP_INT_MIN) as $seconds) {
            $far = (new \DateTimeImmutable())->setTimestamp($seconds);
            $this->failure(ConfigurationException::class, static fn () => new \Telemed\MeetingRequest('Video visit', $far, 30, 'UTC'));
        }
        $this->failure(NotFoundException::class, static fn () => $app->client()->meeting(PHP_INT_MAX));
    }

    public function testADefectIsAnErrorOfPhpAndNamesItsPlaceAlone(): void
    {
        $clock = tempnam(sys_get_temp_dir(), 'telemed');
        exec('cc -shared -fPIC -o ' . escapeshellarg($clock) . ' ' . escapeshellarg(__DIR__ . '/Support/bad-clock.c') . ' 2>&1', $output, $status);
        $this->assertSame(0, $status, implode("\n", $output));
        try {
            $child = ChildPhp::run(
                'try {
                    (new Telemed\Webhook("secret"))->receive("{}", []);
                } catch (Error $error) {
                    report([get_class($error), $error->getMessage()]);
                }
                report(["no more than that", vault()->open(vault()->seal("x", "c"), "c")]);',
                array(),
                array('LD_PRELOAD' => $clock, 'RUST_BACKTRACE' => 'full')
            );
        } finally {
            unlink($clock);
        }
        $this->assertSame('Error', $child->report[0] ?? null, $child->output . $child->errors);
        $this->assertStringStartsWith('Rust panic: ', $child->report[1]);
        $this->assertStringContainsString('no more than that', $child->output, 'the script went on');
        $this->assertMatchesRegularExpression('~^telemed: a defect in telemed \S+ at [^/]\S+:\d+\n$~D', $child->errors);
    }
}
