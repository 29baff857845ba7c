<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\Extension\Support\Fpm;
use Telemed\Tests\FakeZoom;
use Telemed\Vault;

/** The extension in php-fpm: loaded by the master, used by its workers, which are forked, recycled, reloaded and killed. */
final class FpmTest extends ExtensionTestCase
{
    private const TOKENS = array('method' => 'POST', 'path' => '/oauth/token');

    /** What a worker has open towards Zoom, and how many threads it runs. */
    private const HELPERS = '
        function sockets(): array {
            $port = sprintf("%04X", parse_url(ini_get("telemed.api_url"), PHP_URL_PORT));
            $ours = [];
            foreach (array_slice(file("/proc/self/net/tcp"), 1) as $line) {
                $columns = preg_split("/\s+/", trim($line));
                if (str_ends_with($columns[2], ":$port") && "01" === $columns[3]) { $ours["socket:[{$columns[9]}]"] = $columns[1]; }
            }
            // Newer PHP runs a preload in the master itself, whose connection each worker inherits and must not use.
            foreach (glob("/proc/" . posix_getppid() . "/fd/*") as $inherited) { unset($ours[@readlink($inherited)]); }
            $found = [];
            foreach (scandir("/proc/self/fd") as $fd) { $found[] = $ours[@readlink("/proc/self/fd/$fd")] ?? null; }
            return array_values(array_filter($found));
        }
        function threads(): int { return count(scandir("/proc/self/task")) - 2; }
        function facts(mixed $result = null): void {
            report(["pid" => getmypid(), "sockets" => sockets(), "threads" => threads(), "result" => $result]);
        }
    ';

    private string $directory;
    private string $key;

    protected function setUp(): void
    {
        parent::setUp();
        $this->directory = sys_get_temp_dir() . '/telemed-test-' . bin2hex(random_bytes(6));
        $this->key = Vault::generateKey();
    }

    protected function tearDown(): void
    {
        array_map('unlink', (array) glob("{$this->directory}*/*"));
        array_map('rmdir', (array) glob("{$this->directory}*", GLOB_ONLYDIR));
    }

    public function testEachWorkerHasOneConnectionOfItsOwnAndNoThread(): void
    {
        $fpm = new Fpm(self::HELPERS . $this->call('usleep(150000);'), 3);
        $this->assertSame(1, $this->threadsOf($fpm->master()));
        $seen = $this->gather($fpm, 24, 6);
        $this->assertCount(3, $seen, 'all workers had their turn');
        $sockets = array_merge(...array_values($seen));
        $this->assertCount(3, array_unique($sockets), 'one connection for each worker, kept over its requests: ' . json_encode($seen));
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/token'), 'one token for all workers');
        $this->assertSame(1, $this->threadsOf($fpm->master()));
        $this->assertNoTrouble($fpm);
    }

    public function testWhatWasUsedInAPreloadBeforeTheForkIsNotShared(): void
    {
        $fpm = new Fpm(self::HELPERS . $this->call('usleep(150000);'), 2, array(), array(), $this->call('', false));
        $before = $this->zoom->requests('GET', '/v2/');
        $this->assertNotSame(array(), $before, 'the preload made a call');
        $this->zoom->forgetRequests();
        $seen = $this->gather($fpm, 12, 4);
        $this->assertCount(2, $seen);
        $this->assertCount(2, array_unique(array_merge(...array_values($seen))));
        $after = array_unique(array_column($this->zoom->requests(), 'connection'));
        $this->assertCount(2, $after);
        $this->assertNotContains(end($before)['connection'], $after, 'the connection of the master stays the master\'s');
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/token'), 'its token serves the workers');
        $this->assertNoTrouble($fpm);
    }

    public function testRecycledWorkersEndCleanly(): void
    {
        $fpm = new Fpm(self::HELPERS . $this->call(), 2, array('pm.max_requests' => '3'));
        $workers = array();
        for ($i = 0; $i < 20; $i++) {
            $facts = $fpm->report();
            $this->assertSame(FakeZoom::DOCTOR1, $facts['result']);
            $workers[$facts['pid']] = true;
        }
        $this->assertGreaterThanOrEqual(6, count($workers));
        $this->assertStringContainsString('exited with code 0', $fpm->log());
        $this->assertNoTrouble($fpm);
    }

    public function testAGracefulReloadDropsNoCall(): void
    {
        $fpm = new Fpm(self::HELPERS . $this->call(), 2);
        $former = $fpm->workers();
        $fpm->report();
        $this->zoom->fault(array('path' => '/v2/users'), array('kind' => 'delay', 'ms' => 1500));
        $this->zoom->forgetRequests();
        $request = $fpm->begin();
        $fpm->until(fn (): bool => array() !== $this->apiRequests(), 'the call did not reach Zoom');
        $fpm->reload();
        $this->assertSame(FakeZoom::DOCTOR1, Fpm::reported($request->answer(), $fpm->log())['result']);
        $facts = $fpm->report();
        $this->assertSame(FakeZoom::DOCTOR1, $facts['result']);
        $this->assertNotContains($facts['pid'], $former);
        $this->assertSame(1, $facts['threads']);
        $this->assertNoTrouble($fpm);
    }

    public function testAWorkerKilledInARefreshHoldsNobodyUp(): void
    {
        $this->connectExpired();
        $fpm = new Fpm(self::HELPERS . 'file_put_contents("' . $this->directory . '/pid", getmypid());' . $this->doctorsCall('7'), 2);
        $this->zoom->fault(self::TOKENS, array('kind' => 'delay', 'ms' => 60000, 'then' => array('kind' => 'close_before_work')));
        $request = $fpm->begin();
        $fpm->until(fn (): bool => array() !== $this->zoom->requests('POST', '/oauth/token'), 'no refresh came');
        $victim = (int) file_get_contents("{$this->directory}/pid");
        // The second worker waits for the lock by then.
        $waiting = $fpm->begin();
        $fpm->until(fn (): bool => (int) file_get_contents("{$this->directory}/pid") !== $victim, 'the second did not begin');
        posix_kill($victim, SIGKILL);
        $this->assertNull($request->answer());
        $this->assertSame(FakeZoom::DOCTOR1, Fpm::reported($waiting->answer(), $fpm->log())['result']);
        $this->assertCount(2, $this->zoom->requests('POST', '/oauth/token'));
        $this->assertStringContainsString('exited on signal 9', $fpm->log());
        for ($i = 0; $i < 4; $i++) {
            $this->assertSame(FakeZoom::DOCTOR1, $fpm->report()['result'], 'a new worker took its place');
        }
        $this->assertStringNotContainsString('SIGSEGV', $fpm->log());
    }

    public function testOneWorkerKeepsTwoSitesAndTwoBlogsApart(): void
    {
        // Sites differ by key; blogs of one network share key and app, and have the blog in the subject.
        $places = array(
            'site a' => array("{$this->directory}-a", Vault::generateKey(), '12', FakeZoom::DOCTOR1),
            'site b' => array("{$this->directory}-b", Vault::generateKey(), '12', FakeZoom::DOCTOR2),
            'blog 1' => array("{$this->directory}-n", $network = Vault::generateKey(), 'network:1:12', FakeZoom::DOCTOR1),
            'blog 2' => array("{$this->directory}-n", $network, 'network:2:12', FakeZoom::DOCTOR2),
        );
        $code = '
            [$directory, $key, $subject] = json_decode($_GET["place"]);
            $app = new Telemed\OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, "https://clinic.example/callback",
                new Telemed\FileTokenStore($directory), new Telemed\Vault([$key]));
            if (isset($_GET["user"])) {
                $query = FakeZoom::fromEnvironment()->authorize($app->authorizationRequest($subject)->url(), $_GET["user"]);
                $app->connect($query["code"], $query["state"], $subject);
            }
            facts(outcome(fn () => $app->client($subject)->user()->id()));';
        $fpm = new Fpm(self::HELPERS . 'parse_str($_SERVER["QUERY_STRING"], $_GET);' . $code, 1);
        $workers = array();
        foreach (array(array('site a', 'site b'), array('blog 1', 'blog 2')) as $pair) {
            // A pair at a time: with one app, Zoom keeps one grant for each user.
            foreach ($pair as $name) {
                [, , , $user] = $places[$name];
                $fpm->report(http_build_query(array('place' => json_encode($places[$name]), 'user' => $user)));
            }
            for ($i = 0; $i < 6; $i++) {
                $name = $pair[$i % 2];
                $facts = $fpm->report(http_build_query(array('place' => json_encode($places[$name]))));
                $this->assertSame(array('result' => $places[$name][3]), $facts['result'], $name);
                $workers[$facts['pid']] = true;
            }
        }
        $this->assertCount(1, $workers, 'it was one worker');
    }

    /** @dataProvider endsInsideSave */
    #[DataProvider('endsInsideSave')]
    public function testARotatedTokenOutlivesARequestThatEndedInsideSave(string $end): void
    {
        $this->connectExpired();
        $code = '
            final class Failing implements Telemed\TokenStore {
                public function __construct(private Telemed\TokenStore $inner) {}
                public function load(string $key): ?string { return $this->inner->load($key); }
                public function save(string $key, string $sealed, ?string $replaces): bool {
                    if (str_contains($_SERVER["QUERY_STRING"], "fail")) { ' . $end . ' }
                    return $this->inner->save($key, $sealed, $replaces);
                }
                public function delete(string $key): void { $this->inner->delete($key); }
                public function lock(string $key, float $seconds): bool { return $this->inner->lock($key, $seconds); }
                public function unlock(string $key): void { $this->inner->unlock($key); }
            }
            $store = new Failing(new Telemed\FileTokenStore("' . $this->directory . '"));
            ' . $this->doctorsCall('7', '$store');
        $fpm = new Fpm(self::HELPERS . $code, 1, array(), array('memory_limit' => '64M'));
        $page = $fpm->get('fail');
        $this->assertNotNull($page, $fpm->log());
        $this->assertStringNotContainsString(FakeZoom::DOCTOR1, $page);
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/token'), 'Zoom has rotated');
        $facts = $fpm->report();
        $this->assertSame(FakeZoom::DOCTOR1, $facts['result'], 'the next request of this worker saved it');
        // What is stored by now is what Zoom holds.
        $this->assertSame(FakeZoom::DOCTOR1, $this->appHere()->renew('7')->zoomUserId());
    }

    /** @return array<string, array{string}> */
    public static function endsInsideSave(): array
    {
        return array(
            'exit' => array('exit;'),
            'an exception' => array('throw new LogicException("the disk is full");'),
            'out of memory' => array('str_repeat("x", 1 << 40);'),
            // PHP leaves by a long jump, past all of Rust.
            'a fatal error' => array('eval("function facts() {}");'),
            'it lies' => array('return false;'),
        );
    }

    /** The code of a call in the account's name, with a store and a key that all workers share. */
    private function call(string $then = '', bool $withHelpers = true): string
    {
        return '
            $app = new \Telemed\ServerToServerApp("' . FakeZoom::ACCOUNT . '", "' . FakeZoom::S2S_CLIENT_ID . '", "' . FakeZoom::S2S_CLIENT_SECRET . '",
                new \Telemed\FileTokenStore("' . $this->directory . '"), new \Telemed\Vault(["' . $this->key . '"]));
            $id = $app->client()->user("' . FakeZoom::DOCTOR1 . '")->id();'
            . $then . ($withHelpers ? 'facts($id);' : '');
    }

    /** The code of a doctor's call. */
    private function doctorsCall(string $subject, string $store = ''): string
    {
        $store = '' === $store ? 'new Telemed\FileTokenStore("' . $this->directory . '")' : $store;
        return '
            $app = new Telemed\OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, "https://clinic.example/callback",
                ' . $store . ', new Telemed\Vault(["' . $this->key . '"]));
            try {
                facts($app->client("' . $subject . '")->user()->id());
            } catch (Telemed\StoreException $e) {
                report("no");
            }';
    }

    private function appHere(): \Telemed\OAuthApp
    {
        $this->vault = new Vault(array($this->key));
        return $this->oauthApp(new \Telemed\FileTokenStore($this->directory));
    }

    /** Doctor 1 is connected as subject 7; the token is over, and everybody can know. */
    private function connectExpired(): void
    {
        $app = $this->appHere();
        $this->connect($app);
        [$grant] = $this->zoom->state()['grants'];
        $app->import('7', $grant['access_token'], $grant['refresh_token'], new \DateTimeImmutable('-1 minute'), $grant['scope']);
        $this->zoom->forgetRequests();
    }

    /**
     * Many requests, some at a time.
     *
     * @return array<int, list<string>> the sockets that each worker was seen with
     */
    private function gather(Fpm $fpm, int $requests, int $atATime): array
    {
        $seen = array();
        for ($i = 0; $i < $requests; $i += $atATime) {
            $open = array();
            for ($j = 0; $j < $atATime; $j++) {
                $open[] = $fpm->begin();
            }
            foreach ($open as $request) {
                $facts = Fpm::reported($request->answer(), $fpm->log());
                $this->assertSame(FakeZoom::DOCTOR1, $facts['result']);
                $this->assertSame(1, $facts['threads']);
                $this->assertCount(1, $facts['sockets']);
                $seen[$facts['pid']] = array_values(array_unique(array_merge($seen[$facts['pid']] ?? array(), $facts['sockets'])));
            }
        }
        return $seen;
    }

    private function threadsOf(int $pid): int
    {
        return count((array) scandir("/proc/{$pid}/task")) - 2;
    }

    private function assertNoTrouble(Fpm $fpm): void
    {
        $this->assertStringNotContainsString('on signal', $fpm->log());
        $this->assertStringNotContainsString('panicked', $fpm->log());
        $this->assertStringNotContainsString('PHP Fatal', $fpm->log());
    }
}
