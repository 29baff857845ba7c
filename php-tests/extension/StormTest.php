<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\AuthenticationException;
use Telemed\FileTokenStore;
use Telemed\OAuthApp;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Storm;
use Telemed\Vault;

/**
 * Many real processes find at the same moment that a token is over.
 *
 * The figures are counts in fake-zoom's log; each round has a directory and a vault key of its own, so that no process knows
 * anything of it beforehand.
 */
final class StormTest extends ExtensionTestCase
{
    private const PROCESSES = 64;
    private const ROUNDS = 20;
    private const REFRESH = array('method' => 'POST', 'path' => '/oauth/token', 'body_contains' => 'grant_type=refresh_token');

    /** An outage in which an answer takes so long that everybody waits for it. */
    private const DOWN = array(
        'kind' => 'delay',
        'ms' => 1500,
        'then' => array('kind' => 'status', 'status' => 502, 'body' => '<html>Bad gateway</html>'),
    );

    private static ?Storm $storm = null;

    /** @var list<string> directories of this test's rounds */
    private array $directories = array();

    protected function setUp(): void
    {
        parent::setUp();
        // Whether a crowd meets Zoom's rate limits is another question.
        $this->zoom->settings(array('rate_limits' => false));
    }

    protected function tearDown(): void
    {
        foreach ($this->directories as $directory) {
            array_map('unlink', (array) glob("{$directory}/*"));
            @rmdir($directory);
        }
    }

    public static function tearDownAfterClass(): void
    {
        self::$storm = null;
    }

    /** @dataProvider endsOfATokens */
    #[DataProvider('endsOfATokens')]
    public function testADoctorsTokenThatIsOverIsRefreshedOnceForAllProcesses(string $end): void
    {
        for ($round = 1; $round <= self::ROUNDS; $round++) {
            $job = $this->doctorWhoseTokenIs($end);
            $this->assertAllSucceed(self::storm()->round($job), FakeZoom::DOCTOR1, "round {$round}");
            $this->assertCount(1, $this->tokenRequests(), "refreshes in round {$round}");
            $this->assertSame(1, $this->grantOf(FakeZoom::DOCTOR1)['refreshed'], 'and Zoom rotated once');
        }
        $this->assertSame('', self::storm()->errors());
    }

    /** @dataProvider endsOfATokens */
    #[DataProvider('endsOfATokens')]
    public function testTheAccountsTokenIsFetchedOnceForAllProcesses(string $end): void
    {
        foreach ($this->accountsWhoseTokenIs($end) as $round => $job) {
            $this->zoom->forgetRequests();
            $this->assertAllSucceed(self::storm()->round($job), FakeZoom::DOCTOR1, "round {$round}");
            $this->assertCount(1, $this->tokenRequests(), "token requests in round {$round}");
        }
        $this->assertSame('', self::storm()->errors());
    }

    /** @return array<string, array{string}> */
    public static function endsOfATokens(): array
    {
        return array('known to be expired' => array('expired'), 'refused with 401' => array('refused'));
    }

    public function testAnAccountWithoutATokenFetchesOneForAllProcesses(): void
    {
        $job = $this->place('account');
        $this->assertAllSucceed(self::storm()->round($job), FakeZoom::DOCTOR1, 'the first call of a site');
        $this->assertCount(1, $this->tokenRequests());
    }

    public function testWhenTheProcessThatRefreshesIsKilledTheOthersGoOn(): void
    {
        $job = $this->doctorWhoseTokenIs('expired');
        // Zoom has not yet done anything when the process dies.
        $this->zoom->fault(self::REFRESH, array('kind' => 'delay', 'ms' => 60000, 'then' => array('kind' => 'close_before_work')));
        $reports = $this->killTheFirstInItsRefresh($job);
        $this->assertAllSucceed($reports, FakeZoom::DOCTOR1, 'the others', self::PROCESSES - 1);
        $this->assertCount(2, $this->tokenRequests(), 'the one that died, and one for all others');
    }

    public function testWhenTheKilledProcessTookTheNewTokensWithItAllSayReconnect(): void
    {
        $job = $this->doctorWhoseTokenIs('expired');
        $this->zoom->fault(self::REFRESH, array('kind' => 'delay_after_work', 'ms' => 60000));
        $this->assertAllSayReconnect($this->killTheFirstInItsRefresh($job), self::PROCESSES - 1);
        $this->assertCount(2, $this->tokenRequests(), 'the one that died, and one that found the old token used up');
    }

    public function testAnAccountsProcessThatIsKilledInItsTokenRequestHoldsNobodyUp(): void
    {
        $job = $this->place('account');
        $this->zoom->fault(array('path' => '/oauth/token'), array('kind' => 'delay_after_work', 'ms' => 60000));
        $reports = $this->killTheFirstInItsRefresh($job);
        $this->assertAllSucceed($reports, FakeZoom::DOCTOR1, 'the others', self::PROCESSES - 1);
        $this->assertCount(2, $this->tokenRequests());
    }

    public function testARefreshAnswerThatIsLostForGoodIsNoStorm(): void
    {
        $job = $this->doctorWhoseTokenIs('expired');
        $this->zoom->fault(self::REFRESH, array('kind' => 'close_after_work'));
        $this->assertAllSayReconnect(self::storm()->round($job), self::PROCESSES);
        $this->assertCount(2, $this->tokenRequests(), 'the one that was lost, and once more under the same lock');
        $this->assertSame(array(), $this->apiRequests(), 'nobody tried the API without a token');
        $this->zoom->forgetRequests();
        $this->assertAllSayReconnect(self::storm()->round($job), self::PROCESSES);
        $this->assertSame(array(), $this->zoom->requests(), 'from then on it is answered without network');
        $this->assertSame('dead', $this->app($job)->connection('7')->status());
    }

    public function testATokenEndpointThatIsDownDisconnectsNobody(): void
    {
        $job = $this->doctorWhoseTokenIs('expired');
        $this->zoom->fault(self::REFRESH, self::DOWN, -1);
        $this->assertAllAreToldThatZoomIsDown(self::storm()->round($job));
        $this->assertLessThan(self::PROCESSES / 4, count($this->tokenRequests()), 'who waits for the first takes its answer over');
        $this->assertSame('connected', $this->app($job)->connection('7')->status());
        $this->zoom->forgetFaults();
        $this->zoom->forgetRequests();
        $this->assertAllSucceed(self::storm()->round($job), FakeZoom::DOCTOR1, 'Zoom is back');
        $this->assertCount(1, $this->tokenRequests());
    }

    public function testATokenEndpointThatIsDownIsNotStormedForTheAccountsTokenEither(): void
    {
        $job = $this->place('account');
        $this->zoom->fault(array('path' => '/oauth/token'), self::DOWN, -1);
        $this->assertAllAreToldThatZoomIsDown(self::storm()->round($job));
        $this->assertLessThan(self::PROCESSES / 4, count($this->tokenRequests()));
        $this->zoom->forgetFaults();
        $this->zoom->forgetRequests();
        $this->assertAllSucceed(self::storm()->round($job), FakeZoom::DOCTOR1, 'Zoom is back');
        $this->assertCount(1, $this->tokenRequests());
    }

    public function testDisconnectAgainstRefreshNeverLeavesALivingToken(): void
    {
        $disconnected = 0;
        for ($round = 1; $round <= 2 * self::ROUNDS; $round++) {
            $job = $this->doctorWhoseTokenIs(0 === $round % 2 ? 'expired' : 'refused');
            $jobs = array_fill(0, 8, $job);
            $jobs[$round % 8]['do'] = 'disconnect';
            foreach (self::storm()->roundOf($jobs) as $i => $report) {
                if ($i === $round % 8) {
                    $this->assertSame(array('result' => null), $report, "round {$round}");
                } elseif (! isset($report['class'])) {
                    $this->assertSame(FakeZoom::DOCTOR1, $report['result'], 'it was faster');
                } else {
                    $this->assertSame(AuthenticationException::class, $report['class'], json_encode($report));
                    $disconnected++;
                }
            }
            $this->assertNull($this->grantOf(FakeZoom::DOCTOR1), "round {$round}: no grant lives at Zoom");
            $this->assertNull($this->app($job)->connection('7'), "round {$round}: nothing is stored");
            $this->zoom->forgetRequests();
            foreach (self::storm()->roundOf(array_fill(0, 8, $job)) as $report) {
                $this->assertSame(AuthenticationException::class, $report['class'] ?? null, "round {$round}: no process goes on");
            }
            $this->assertSame(array(), $this->tokenRequests());
        }
        $this->assertGreaterThan(0, $disconnected, 'the two did meet');
    }

    /** The processes of all tests; they are the slow part. */
    private static function storm(): Storm
    {
        return self::$storm ??= self::processes(self::PROCESSES);
    }

    private static function processes(int $count): Storm
    {
        return new Storm(
            $count,
            __DIR__ . '/Support/storm-work.php',
            array(
                '-d', 'extension=' . ChildPhp::extension(),
                '-d', 'telemed.oauth_url=' . ini_get('telemed.oauth_url'),
                '-d', 'telemed.api_url=' . ini_get('telemed.api_url'),
            )
        );
    }

    /**
     * A place for tokens that no process has seen.
     *
     * @return array<string, string> the job
     */
    private function place(string $do): array
    {
        $this->directories[] = $directory = sys_get_temp_dir() . '/telemed-storm-' . bin2hex(random_bytes(6));
        return array('do' => $do, 'directory' => $directory, 'key' => Vault::generateKey());
    }

    /** @param array<string, string> $job */
    private function app(array $job): OAuthApp
    {
        $store = new FileTokenStore($job['directory']);
        return new OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, self::REDIRECT_URI, $store, new Vault(array($job['key'])));
    }

    /**
     * A doctor has connected, and the token is over; the log of requests is empty.
     *
     * @return array<string, string>
     */
    private function doctorWhoseTokenIs(string $end): array
    {
        $job = $this->place('doctor');
        $app = $this->app($job);
        $this->connect($app);
        if ('expired' === $end) {
            $grant = $this->grantOf(FakeZoom::DOCTOR1);
            $past = new \DateTimeImmutable('-1 minute');
            $app->import('7', $grant['access_token'], $grant['refresh_token'], $past, $grant['scope']);
        }
        $this->zoom->forgetAccessTokens();
        $this->zoom->forgetRequests();
        return $job;
    }

    /** @return iterable<int, array<string, string>> */
    private function accountsWhoseTokenIs(string $end): iterable
    {
        $jobs = array_map(fn (): array => $this->place('account'), range(1, self::ROUNDS));
        $this->zoom->settings(array('expires_in' => 'expired' === $end ? 1 : 3599));
        foreach ($jobs as $job) {
            $app = $this->appOfAccount($job);
            $app->client()->user(FakeZoom::DOCTOR1);
        }
        $this->zoom->settings(array('expires_in' => 3599));
        $this->zoom->forgetAccessTokens();
        // A second is the shortest life that a token can have.
        usleep('expired' === $end ? 1100000 : 0);
        foreach ($jobs as $i => $job) {
            yield $i + 1 => $job;
            $this->zoom->forgetAccessTokens();
        }
    }

    /** @param array<string, string> $job */
    private function appOfAccount(array $job): \Telemed\ServerToServerApp
    {
        return new \Telemed\ServerToServerApp(
            FakeZoom::ACCOUNT,
            FakeZoom::S2S_CLIENT_ID,
            FakeZoom::S2S_CLIENT_SECRET,
            new FileTokenStore($job['directory']),
            new Vault(array($job['key']))
        );
    }

    /**
     * One process begins; once its token request is at Zoom the others begin too, and it is killed while it holds the lock.
     *
     * @param array<string, string> $job
     * @return array<int, array<string, mixed>> what the others report
     */
    private function killTheFirstInItsRefresh(array $job): array
    {
        // Processes of this test alone, for one of them ends here; all are there before it begins.
        $storm = self::processes(self::PROCESSES);
        $storm->round(array('do' => 'nothing'));
        $storm->begin(array($job));
        for ($i = 0; array() === $this->tokenRequests(); $i++) {
            $this->assertLessThan(3000, $i, "no token request came: {$storm->errors()}");
            usleep(10000);
        }
        $storm->begin(array_fill(1, self::PROCESSES - 1, $job));
        $storm->kill(0);
        return $storm->finish();
    }

    /** @param array<int, array<string, mixed>> $reports */
    private function assertAllSucceed(array $reports, string $id, string $about, int $count = self::PROCESSES): void
    {
        $this->assertSame(
            array_fill(0, $count, array('result' => $id)),
            array_values($reports),
            "{$about}: " . self::$storm?->errors()
        );
    }

    /** @param array<int, array<string, mixed>> $reports */
    private function assertAllSayReconnect(array $reports, int $count): void
    {
        $this->assertCount($count, $reports);
        foreach ($reports as $report) {
            $this->assertSame(AuthenticationException::class, $report['class'] ?? null, json_encode($report));
            $this->assertStringContainsString('reconnect', $report['advice']);
        }
    }

    /** @param array<int, array<string, mixed>> $reports */
    private function assertAllAreToldThatZoomIsDown(array $reports): void
    {
        $this->assertCount(self::PROCESSES, $reports);
        foreach ($reports as $report) {
            $this->assertSame(\Telemed\ApiException::class, $report['class'] ?? null, json_encode($report));
            $this->assertStringContainsString('nothing is disconnected', $report['advice']);
        }
    }

    /** @return ?array<string, mixed> the living grant of a user at Zoom */
    private function grantOf(string $user): ?array
    {
        foreach ($this->zoom->state()['grants'] as $grant) {
            if ($grant['user_id'] === $user) {
                return $grant;
            }
        }
        return null;
    }

    /** @return list<array<string, mixed>> */
    private function tokenRequests(): array
    {
        return $this->zoom->requests('POST', '/oauth/token');
    }
}
