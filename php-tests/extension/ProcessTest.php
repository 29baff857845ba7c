<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** What the extension does to the PHP process that loads it. */
final class ProcessTest extends ExtensionTestCase
{
    private const COUNT = '
        function threads(): int { return count(scandir("/proc/self/task")) - 2; }
        function files(): array {
            $all = [];
            foreach (scandir("/proc/self/fd") as $fd) {
                $target = @readlink("/proc/self/fd/$fd");
                if (false !== $target && !str_starts_with($target, "/proc/")) { $all[] = $target; }
            }
            sort($all);
            return $all;
        }
    ';

    public function testNoThreadAndNoFileBeforeTheFirstUse(): void
    {
        $code = self::COUNT . 'report([threads(), count(files()), files()]);';
        $without = ChildPhp::run($code, array(), array(), false);
        $with = ChildPhp::run($code);
        $this->assertSame(1, $with->report[0]);
        $this->assertSame($without->report[1], $with->report[1], json_encode($with->report));
    }

    public function testObjectsNeedNoNetwork(): void
    {
        $child = ChildPhp::run(
            self::COUNT . '
            $before = count(files());
            $app = oauth_app();
            $app->authorizationRequest("7");
            $app->connection("7");
            $client = server_app()->client()->within(3);
            new Telemed\MeetingRequest("Video visit", new DateTime("+1 day"), 30, "Europe/Berlin");
            report([threads(), count(files()) - $before]);'
        );
        $this->assertSame(array(1, 0), $child->report, $child->errors);
    }

    public function testNoThreadEverAndOneConnectionForAll(): void
    {
        $child = ChildPhp::run(
            self::COUNT . '
            $client = server_app()->client();
            for ($i = 0; $i < 10; $i++) {
                $client->user(FakeZoom::DOCTOR1);
                server_app()->client()->user(FakeZoom::DOCTOR2);
            }
            report([threads(), count(preg_grep("/^socket:/", files()))]);'
        );
        $this->assertSame(array(1, 1), $child->report, $child->errors);
        $connections = array_unique(array_column($this->zoom->requests(), 'connection'));
        $this->assertCount(1, $connections);
        $this->assertGreaterThan(20, count($this->zoom->requests()));
    }

    public function testAForkedProcessHasAConnectionOfItsOwn(): void
    {
        $child = ChildPhp::run(
            '$client = server_app()->client();
            $client->user(FakeZoom::DOCTOR1);
            $pid = pcntl_fork();
            if (0 === $pid) {
                $client->user(FakeZoom::DOCTOR2);
                exit(5);
            }
            pcntl_waitpid($pid, $status);
            $client->user(FakeZoom::OWNER);
            report(pcntl_wexitstatus($status));'
        );
        $this->assertSame(5, $child->report, $child->errors . $child->output);
        $this->assertSame(0, $child->status);
        $used = array();
        foreach ($this->apiRequests() as $request) {
            $used[basename($request['path'])] = $request['connection'];
        }
        $this->assertSame($used[FakeZoom::DOCTOR1], $used[FakeZoom::OWNER], 'the parent goes on with its own');
        $this->assertNotSame($used[FakeZoom::DOCTOR1], $used[FakeZoom::DOCTOR2], 'the child has another');
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/token'), 'the token serves both');
    }

    public function testProcessesForkedBeforeTheFirstUseShareNothing(): void
    {
        $child = ChildPhp::run(
            self::COUNT . '
            $client = server_app()->client();
            $pids = [];
            for ($i = 0; $i < 4; $i++) {
                if (0 === ($pid = pcntl_fork())) {
                    $client->user(FakeZoom::DOCTOR1);
                    $client->user(FakeZoom::DOCTOR2);
                    exit(1 === threads() ? 5 : 6);
                }
                $pids[] = $pid;
            }
            $client->user(FakeZoom::OWNER);
            $ends = [];
            foreach ($pids as $pid) {
                pcntl_waitpid($pid, $status);
                $ends[] = pcntl_wifexited($status) ? pcntl_wexitstatus($status) : "killed";
            }
            report([$ends, threads()]);'
        );
        $this->assertSame(array(array(5, 5, 5, 5), 1), $child->report, $child->errors . $child->output);
        $this->assertSame('', $child->errors);
        $connections = array_count_values(array_column($this->apiRequests(), 'connection'));
        sort($connections);
        $this->assertSame(array(1, 2, 2, 2, 2), $connections, 'each has a connection of its own and keeps it');
    }

    public function testAGrandchildOfAProcessThatWasUsedHasAConnectionOfItsOwnToo(): void
    {
        $child = ChildPhp::run(
            '$client = server_app()->client();
            $client->user(FakeZoom::DOCTOR1);
            for ($depth = 0; $depth < 3 && 0 === ($pid = pcntl_fork()); $depth++) {
                $client->user(FakeZoom::DOCTOR1);
                $pid = null;
            }
            if (null === ($pid ?? null)) { exit(0); }
            pcntl_waitpid($pid, $status);
            if (0 === $depth) { report(pcntl_wifexited($status) ? pcntl_wexitstatus($status) : "killed"); }
            exit(pcntl_wexitstatus($status));'
        );
        $this->assertSame(0, $child->report, $child->errors . $child->output);
        $this->assertCount(4, array_unique(array_column($this->apiRequests(), 'connection')));
        $this->assertSame('', $child->errors);
    }

    public function testProcessesEndCleanlyAfterARequest(): void
    {
        for ($i = 0; $i < 5; $i++) {
            $child = ChildPhp::run('server_app()->client()->user(FakeZoom::DOCTOR1); report("done");');
            $this->assertSame('done', $child->report);
            $this->assertSame(0, $child->status);
            $this->assertSame('', $child->errors);
        }
    }

    public function testMemoryStaysFlat(): void
    {
        $child = ChildPhp::run(
            'function round_of_work(): void {
                $vault = new Telemed\Vault([Telemed\Vault::generateKey()]);
                $vault->open($vault->seal(str_repeat("x", 500), "c"), "c");
                $app = new Telemed\OAuthApp("id", "secret", "https://clinic.example/", new MemoryTokenStore(), $vault);
                $app->authorizationRequest("7")->expiresAt();
                try {
                    $app->connect("code", "state", "7");
                } catch (Telemed\AuthenticationException $e) {
                    $e->advice();
                }
                $store = new MemoryTokenStore();
                $store->instead["load"] = static fn () => throw new LogicException("x");
                try {
                    (new Telemed\OAuthApp("id", "secret", "https://clinic.example/", $store, $vault))->connection("7");
                } catch (Telemed\StoreException $e) {
                    $e->getPrevious();
                }
                new Telemed\MeetingRequest("t", new DateTimeImmutable("+1 day"), 30, "europe/berlin", null, "r", ["jbh_time" => 5]);
            }
            function resident(): int { return (int) preg_replace("/.*VmRSS:\s+(\d+).*/s", "$1", file_get_contents("/proc/self/status")); }
            for ($i = 0; $i < 3000; $i++) { round_of_work(); }
            gc_collect_cycles();
            $before = [resident(), memory_get_usage()];
            for ($i = 0; $i < 6000; $i++) { round_of_work(); }
            gc_collect_cycles();
            report([resident() - $before[0], memory_get_usage() - $before[1]]);'
        );
        $this->assertIsArray($child->report, $child->errors . $child->output);
        $this->assertLessThan(600, $child->report[0], 'kilobytes after 6000 rounds');
        $this->assertLessThan(20000, $child->report[1], 'bytes of PHP\'s own heap');
    }
}
