<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\AuthenticationException;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Records;
use Telemed\Tests\Storm;

/**
 * Many real processes of WordPress find at the same moment that a token in the site's database is over.
 *
 * The figures are counts in fake-zoom's log; each round has a doctor or an app of its own, so that no process knows anything
 * of it beforehand.
 */
final class TokenStormTest extends ClinicTestCase
{
    private const PROCESSES = 64;
    private const ROUNDS = 20;
    private const REFRESH = array('method' => 'POST', 'path' => '/oauth/token', 'body_contains' => 'grant_type=refresh_token');
    /** PHP in WordPress: the doctor's app and subject. */
    private const APP = '$plugin = \TelemedZoom\Plugin::instance(); $app = $plugin->opener->oauth(); $subject = $plugin->site->subject($arguments["doctor"]);';

    /** The processes of all tests; they are the slow part. */
    private static ?Storm $storm = null;

    protected function setUp(): void
    {
        parent::setUp();
        // Whether a crowd meets Zoom's rate limits is another question.
        $this->zoom->settings(array('rate_limits' => false));
    }

    public static function tearDownAfterClass(): void
    {
        self::$storm = null;
    }

    /** @dataProvider endsOfATokens */
    #[DataProvider('endsOfATokens')]
    public function testADoctorsTokenThatIsOverIsRefreshedOnceForAllProcesses(string $end): void
    {
        $this->useOAuth();
        for ($round = 1; $round <= self::ROUNDS; $round++) {
            $job = $this->doctorWhoseTokenIs($end, $round);
            $this->assertAllSucceed($this->storm()->round($job), self::zoomUser($round), "round {$round}");
            $this->assertCount(1, $this->tokenRequests(), "refreshes in round {$round}");
            $this->assertSame(1, $this->grantOf(self::zoomUser($round))['refreshed'], 'and Zoom rotated once');
        }
        $this->assertSame('', $this->storm()->errors());
    }

    /** @dataProvider endsOfATokens */
    #[DataProvider('endsOfATokens')]
    public function testTheAccountsTokenIsFetchedOnceForAllProcesses(string $end): void
    {
        $jobs = $this->accounts($end);
        $this->zoom->settings(array('expires_in' => 'expired' === $end ? 1 : 3599));
        foreach ($jobs as $job) {
            $this->site->php(
                'return \TelemedZoom\Plugin::instance()->opener->serverToServerWith($arguments["account"], $arguments["client"], $arguments["secret"])->client()->user($arguments["user"])->id();',
                $job + array('account' => FakeZoom::ACCOUNT, 'user' => FakeZoom::DOCTOR1)
            );
        }
        $this->zoom->settings(array('expires_in' => 3599));
        // A second is the shortest life that a token can have.
        usleep('expired' === $end ? 1100000 : 0);
        foreach ($jobs as $round => $job) {
            $this->zoom->forgetAccessTokens();
            $this->zoom->forgetRequests();
            $this->assertAllSucceed($this->storm()->round($job), FakeZoom::DOCTOR1, "round {$round}");
            $this->assertCount(1, $this->tokenRequests(), "token requests in round {$round}");
        }
        $this->assertSame('', $this->storm()->errors());
    }

    /** @return array<string, array{string}> */
    public static function endsOfATokens(): array
    {
        return array('known to be expired' => array('expired'), 'refused with 401' => array('refused'));
    }

    public function testWhenTheProcessThatRefreshesIsKilledTheOthersGoOn(): void
    {
        $this->useOAuth();
        $job = $this->doctorWhoseTokenIs('expired', 1);
        // Zoom has not yet done anything when the process dies.
        $this->zoom->fault(self::REFRESH, array('kind' => 'delay', 'ms' => 60000, 'then' => array('kind' => 'close_before_work')));
        $this->assertAllSucceed($this->killTheFirstInItsRefresh($job), self::zoomUser(1), 'the others', self::PROCESSES - 1);
        $this->assertCount(2, $this->tokenRequests(), 'the one that died, and one for all others');
    }

    public function testWhenTheKilledProcessTookTheNewTokensWithItAllSayReconnect(): void
    {
        $this->useOAuth();
        $job = $this->doctorWhoseTokenIs('expired', 1);
        $this->zoom->fault(self::REFRESH, array('kind' => 'delay_after_work', 'ms' => 60000));
        $reports = $this->killTheFirstInItsRefresh($job);
        $this->assertCount(self::PROCESSES - 1, $reports);
        foreach ($reports as $report) {
            $this->assertSame(AuthenticationException::class, $report['class'] ?? null, json_encode($report));
            $this->assertStringContainsString('reconnect', $report['advice']);
        }
        $this->assertCount(2, $this->tokenRequests(), 'the one that died, and one that found the old token used up');
    }

    public function testATokenEndpointThatIsDownIsAskedByTheFirstForAll(): void
    {
        $this->useOAuth();
        $job = $this->doctorWhoseTokenIs('expired', 1);
        // An answer takes so long that everybody waits for it.
        $this->zoom->fault(self::REFRESH, array('kind' => 'delay', 'ms' => 1500, 'then' => array('kind' => 'status', 'status' => 502, 'body' => '<html>')), -1);
        foreach ($this->storm()->round($job) as $report) {
            $this->assertSame(\Telemed\ApiException::class, $report['class'] ?? null, json_encode($report));
        }
        $this->assertLessThan(self::PROCESSES / 4, count($this->tokenRequests()));
        $this->zoom->forgetFaults();
        $this->zoom->forgetRequests();
        $this->assertAllSucceed($this->storm()->round($job), self::zoomUser(1), 'Zoom is back');
        $this->assertCount(1, $this->tokenRequests());
    }

    public function testDisconnectAgainstRefreshNeverLeavesALivingToken(): void
    {
        $this->useOAuth();
        for ($round = 1; $round <= 2 * self::ROUNDS; $round++) {
            $job = $this->doctorWhoseTokenIs(0 === $round % 2 ? 'expired' : 'refused', $round);
            $jobs = array_fill(0, 8, $job);
            $jobs[$round % 8]['do'] = 'disconnect';
            foreach ($this->storm()->roundOf($jobs) as $i => $report) {
                if ($i === $round % 8) {
                    $this->assertSame(array('result' => null), $report, "round {$round}");
                } elseif (isset($report['class'])) {
                    $this->assertSame(AuthenticationException::class, $report['class'], json_encode($report));
                } else {
                    $this->assertSame(self::zoomUser($round), $report['result'], 'it was faster');
                }
            }
            $this->assertNull($this->grantOf(self::zoomUser($round)), "round {$round}: no grant lives at Zoom");
            $this->assertSame(0, Records::of($this->site)->grants->count('connection'), "round {$round}");
        }
    }

    private function storm(): Storm
    {
        return self::$storm ??= $this->processes();
    }

    private function processes(): Storm
    {
        return new Storm(self::PROCESSES, __DIR__ . '/Support/storm-work.php', array(), array(
            'PHP_INI_SCAN_DIR' => $this->site->scanDirectory(),
            'TELEMED_STORM_WORDPRESS' => $this->site->wordpress(),
            'TELEMED_STORM_HOST' => substr($this->site->url(), strlen('http://')),
        ));
    }

    /**
     * A doctor has connected a Zoom user of their own, and the token is over; the log of requests is empty.
     *
     * @return array<string, mixed> the job
     */
    private function doctorWhoseTokenIs(string $end, int $number): array
    {
        $user = self::zoomUser($number);
        $this->zoom->seed(array('users' => array(array(
            'id' => $user,
            'account_id' => FakeZoom::ACCOUNT,
            'email' => "storm{$number}@clinic.example",
            'first_name' => 'Storm',
            'last_name' => (string) $number,
            'type' => 2,
            'timezone' => 'Europe/Berlin',
        ))));
        $job = array('do' => 'doctor', 'doctor' => 1000 + $number);
        $url = $this->site->php(self::APP . 'return $app->authorizationRequest($subject)->url();', $job);
        $this->site->php(
            self::APP . 'return $app->connect($arguments["code"], $arguments["state"], $subject)->status();',
            $job + $this->zoom->authorize($url, $user)
        );
        if ('expired' === $end) {
            $this->site->php(
                self::APP . '$grant = $arguments["grant"]; $past = new DateTimeImmutable("-1 minute");'
                . 'return $app->import($subject, $grant["access_token"], $grant["refresh_token"], $past, $grant["scope"], null)->status();',
                $job + array('grant' => $this->grantOf($user))
            );
        }
        $this->zoom->forgetAccessTokens();
        $this->zoom->forgetRequests();
        return $job;
    }

    /** @return array<int, array<string, string>> a job for each round, with an app that no process has met */
    private function accounts(string $end): array
    {
        $this->useServerToServer();
        $scopes = 'meeting:read:meeting:admin user:read:user:admin';
        $jobs = array();
        for ($round = 1; $round <= self::ROUNDS; $round++) {
            $jobs[$round] = array('do' => 'account', 'client' => "sToRmClIeNt{$end}{$round}", 'secret' => "sToRmSeCrEt{$end}{$round}456789abcdefgh");
            $this->zoom->seed(array('apps' => array(array(
                'client_id' => $jobs[$round]['client'],
                'client_secret' => $jobs[$round]['secret'],
                'name' => "Storm {$round}",
                'kind' => 's2s',
                'account_id' => FakeZoom::ACCOUNT,
                'scopes' => $scopes,
            ))));
        }
        return $jobs;
    }

    private static function zoomUser(int $number): string
    {
        return "sToRm{$number}oWnAcCoUnT_Zo-m1";
    }

    /**
     * One process begins; once its token request is at Zoom the others begin too, and it is killed while it holds the lock.
     *
     * @param array<string, mixed> $job
     * @return array<int, array<string, mixed>> what the others report
     */
    private function killTheFirstInItsRefresh(array $job): array
    {
        // Processes of this test alone, for one of them ends here; all are there before it begins.
        self::$storm = null;
        $storm = $this->processes();
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
        $counts = array_count_values(array_map('json_encode', $reports));
        $this->assertSame(array(json_encode(array('result' => $id)) => $count), $counts, "{$about}: " . self::$storm?->errors());
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
