<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Memory\Support\Child;
use Telemed\Tests\Memory\Support\MemoryTestCase;

/** What comes from outside in the middle of a call: signals, time limits, memory limits, forks. */
final class InterruptionTest extends MemoryTestCase
{
    /** A process of its own sends a signal all the time; another handler each time, and no system call is begun anew. */
    public function testSignalsAllTheTimeChangeNoResult(): void
    {
        $child = Child::run('
            pcntl_async_signals(true);
            $heard = 0;
            foreach ([SIGUSR1, SIGUSR2, SIGALRM] as $signal) {
                pcntl_signal($signal, function () use (&$heard) { $heard++; gc_collect_cycles(); vault()->seal("x", "c"); }, false);
            }
            $parent = getmypid();
            $sender = pcntl_fork();
            if ($sender === 0) {
                for ($i = 0; ; $i++) {
                    usleep(500);
                    if (posix_getppid() !== $parent || ! posix_kill($parent, [SIGUSR1, SIGUSR2, SIGALRM][$i % 3])) {
                        posix_kill(getmypid(), SIGKILL);
                    }
                }
            }
            $directory = sys_get_temp_dir() . "/telemed-signals-" . getmypid();
            $results = [];
            $end = microtime(true) + 3;
            do {
                foreach ([new MemoryTokenStore(), new Telemed\FileTokenStore($directory)] as $store) {
                    $client = server_app($store)->client();
                    $request = new Telemed\MeetingRequest("v", new DateTimeImmutable("+1 day"), 30, "UTC", FakeZoom::DOCTOR1);
                    $results[] = outcome(fn () => $client->deleteMeeting($client->createMeeting($request)->id()));
                    $results[] = outcome(fn () => server_app($store)->disconnect());
                }
                // Zoom takes a hundred creations of a host a day.
            } while (microtime(true) < $end && count($results) < 180);
            posix_kill($sender, SIGKILL);
            pcntl_waitpid($sender, $status);
            array_map("unlink", glob("{$directory}/*"));
            rmdir($directory);
            report([$heard, count($results), array_values(array_unique(array_map("json_encode", $results)))]);', Child::GUARDED, array('extension' => 'posix'));
        $this->assertEnded(0, $child);
        [$heard, $count, $results] = $child->report;
        $this->assertGreaterThan(20, $heard);
        $this->assertGreaterThanOrEqual(4, $count);
        $this->assertEqualsCanonicalizing(array('{"result":true}', '{"result":null}'), $results);
    }

    /** Another process compares and replaces the same record, and a signal comes while this one waits for it. */
    public function testASignalEndsNoWaitForAFile(): void
    {
        $child = Child::run('
            $directory = sys_get_temp_dir() . "/telemed-signal-" . getmypid();
            $store = new Telemed\FileTokenStore($directory);
            $store->save("key", "one", null);
            pcntl_async_signals(true);
            pcntl_signal(SIGALRM, function () use (&$heard) { $heard = true; }, false);
            $guard = fopen(glob("{$directory}/*.guard")[0], "r");
            flock($guard, LOCK_EX);
            $holder = pcntl_fork();
            if ($holder === 0) {
                sleep(2);
                posix_kill(getmypid(), SIGKILL);
            }
            fclose($guard);
            pcntl_alarm(1);
            $saved = outcome(fn () => $store->save("key", "two", "one"));
            pcntl_waitpid($holder, $status);
            $loaded = $store->load("key");
            array_map("unlink", glob("{$directory}/*"));
            rmdir($directory);
            report([$heard, $saved, $loaded]);', Child::GUARDED, array('extension' => 'posix'));
        $this->assertEnded(0, $child);
        $this->assertSame(array(true, array('result' => true), 'two'), $child->report);
    }

    /** The handler of a signal runs when PHP code runs again; what it throws goes its way. */
    public function testASignalDuringARequestIsHeardAfterIt(): void
    {
        $this->zoom->fault(array('method' => 'GET', 'path' => '/v2/users/'), array('kind' => 'delay', 'ms' => 1500), 2);
        $child = Child::run('
            pcntl_async_signals(true);
            $app = server_app($store = new MemoryTokenStore());
            pcntl_signal(SIGALRM, fn () => throw new LogicException("woken"));
            pcntl_alarm(1);
            try {
                $app->client()->user(FakeZoom::DOCTOR1);
                $caught = null;
            } catch (LogicException $e) {
                $caught = $e->getMessage();
            }
            pcntl_signal(SIGALRM, fn () => exit(5));
            $store->instead["lock"] = function () { pcntl_alarm(1); while (true) { usleep(1000); } };
            register_shutdown_function(fn () => report([$caught, $app->client()->user(FakeZoom::DOCTOR1)->id()]));
            $app->disconnect();');
        $this->assertEnded(5, $child);
        $this->assertSame(array('woken', 'dR0hOsTiD1exAmple_Zo-m'), $child->report);
    }

    /**
     * @dataProvider limits
     * @param string $passes PHP: what passes the limit
     */
    #[DataProvider('limits')]
    public function testALimitThatIsPassedInACallback(string $passes, string $mode, string $told): void
    {
        foreach (self::CALLBACKS as $place => $code) {
            $child = Child::run('
                $passes = function () { ' . $passes . ' };
                $store = new MemoryTokenStore();
                register_shutdown_function(function () use ($store) {
                    $store->instead = [];
                    set_time_limit(0);
                    report(server_app($store)->client()->user(FakeZoom::DOCTOR1)->id());
                });
                ' . $code . '
                exit(3);', $mode, array('memory_limit' => '48M', 'max_execution_time' => '0'));
            $this->assertEnded(255, $child);
            $this->assertStringContainsString($told, $child->errors, $place);
            $this->assertSame('dR0hOsTiD1exAmple_Zo-m', $child->report, "the extension works on in shutdown functions: {$place}");
        }
    }

    private const CALLBACKS = array(
        'load' => '$store->instead["load"] = $passes; server_app($store)->client()->user(FakeZoom::DOCTOR1);',
        'save' => '$store->instead["save"] = $passes; server_app($store)->client()->user(FakeZoom::DOCTOR1);',
        'lock' => '$store->instead["lock"] = $passes; server_app($store)->client()->user(FakeZoom::DOCTOR1);',
        'unlock' => '$store->instead["unlock"] = $passes; server_app($store)->client()->user(FakeZoom::DOCTOR1);',
        'delete' => '$store->instead["delete"] = $passes; server_app($store)->client()->user(FakeZoom::DOCTOR1); server_app($store)->disconnect();',
        'a date' => '
            final class Slow extends DateTimeImmutable { public function getTimestamp(): int { ($GLOBALS["passes"])(); return 0; } }
            (new Telemed\Reconciler("site"))->rest([["reference" => "site:1", "minutes" => 30, "start" => new Slow()]]);',
        'a fiber' => '
            $store->instead["load"] = function () use ($passes) { Fiber::suspend(); $passes(); };
            $fiber = new Fiber(fn () => server_app($store)->client()->user(FakeZoom::DOCTOR1));
            $fiber->start();
            $other = new Fiber(fn () => server_app($store)->client()->user(FakeZoom::DOCTOR1));
            $other->start();
            $fiber->resume();',
        'a destructor' => '
            $store->instead["load"] = function () use ($passes) {
                new class($passes) { public function __construct(private Closure $passes) {} public function __destruct() { ($this->passes)(); } };
                return null;
            };
            server_app($store)->client()->user(FakeZoom::DOCTOR1);',
    );

    /** @return array<string, array{string, string, string}> */
    public static function limits(): array
    {
        return array(
            'time' => array('set_time_limit(1); while (true);', Child::GUARDED, 'Maximum execution time'),
            // Only PHP's own allocator knows it.
            'memory' => array('$all = []; while (true) { $all[] = str_repeat("x", 100000); }', Child::PLAIN, 'Allowed memory size'),
            'memory at once' => array('str_repeat("x", 1 << 30);', Child::PLAIN, 'Allowed memory size'),
            'memory by recursion' => array('$again = function ($again) { $again($again); }; $again($again);', Child::PLAIN, 'Allowed memory size'),
        );
    }

    /**
     * Here it is the extension itself that asks for too much.
     *
     * @dataProvider largeResults
     * @param string $code PHP: fills memory until a result has no room
     */
    #[DataProvider('largeResults')]
    public function testALimitThatIsPassedByAResult(string $code): void
    {
        $child = Child::run('
            register_shutdown_function(function () {
                $GLOBALS["full"] = null;
                gc_collect_cycles();
                report([vault()->open(vault()->seal("x", "c"), "c"), server_app()->client()->user(FakeZoom::DOCTOR1)->id()]);
            });
            function fill(int $left): void
            {
                // Strings above 2 MB are counted to the page.
                $GLOBALS["full"] = str_repeat("x", 256 * 1048576 - memory_get_usage(true) - $left);
            }
            ' . $code . '
            exit(3);', Child::PLAIN, array('memory_limit' => '256M'));
        $this->assertEnded(255, $child);
        $this->assertStringContainsString('Allowed memory size', $child->errors);
        $this->assertSame(array('x', 'dR0hOsTiD1exAmple_Zo-m'), $child->report);
    }

    /** @return array<string, array{string}> */
    public static function largeResults(): array
    {
        return array(
            'sealed text' => array('$text = str_repeat("x", 40 << 20); fill(20 << 20); vault()->seal($text, "c");'),
            'opened text' => array('$sealed = vault()->seal(str_repeat("x", 30 << 20), "c"); fill(20 << 20); vault()->open($sealed, "c");'),
            'a text for the store' => array(
                '$store = new MemoryTokenStore();
                $store->instead["load"] = function () { fill(5 << 20); $GLOBALS["more"] = array_fill(0, 100000, 1); while (true) { $GLOBALS["all"][] = new Exception(str_repeat("x", 100)); } };
                server_app($store)->client()->user(FakeZoom::DOCTOR1);',
            ),
            'many exceptions' => array(
                '$client = server_app()->client();
                $wrong = array_fill(0, 300, new Telemed\MeetingRequest("v", new DateTimeImmutable("+1 day"), 30, "UTC", "nobody@clinic.example"));
                fill(3 << 20);
                for ($kept = []; ; ) { $kept[] = (new Telemed\Reconciler("s"))->rest(array_fill(0, 2000, ["reference" => "s:1", "minutes" => 30, "start" => null, "meeting" => 5])); $kept[] = str_repeat("k", 1000); $kept[] = $client->lastTrackingId(); $kept[] = new Telemed\Reconciler("s"); }',
            ),
        );
    }

    public function testAForkInTheMiddleOfACall(): void
    {
        foreach (array('load', 'lock', 'save', 'unlock') as $method) {
            $child = Child::run("
                \$store = new MemoryTokenStore();
                \$app = server_app(\$store);
                \$app->client()->user(FakeZoom::DOCTOR1);
                \$app->disconnect();
                \$store->instead['{$method}'] = function (...\$arguments) use (\$store, &\$process) {
                    unset(\$store->instead['{$method}']);
                    \$process = pcntl_fork();
                    return 'unlock' === '{$method}' ? null : \$store->{'{$method}'}(...\$arguments);
                };
                \$id = \$app->client()->user(FakeZoom::DOCTOR1)->id();
                \$meeting = \$app->client()->createMeeting(new Telemed\\MeetingRequest('v', new DateTimeImmutable('+1 day'), 30, 'UTC', FakeZoom::DOCTOR1));
                if (\$process === 0) {
                    exit(\$id === FakeZoom::DOCTOR1 && \$meeting->id() > 0 ? 0 : 9);
                }
                pcntl_waitpid(\$process, \$status);
                report([\$id, pcntl_wifexited(\$status), pcntl_wexitstatus(\$status)]);");
            $this->assertEnded(0, $child);
            $this->assertSame(array('dR0hOsTiD1exAmple_Zo-m', true, 0), $child->report, $method);
        }
    }
}
