<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\StoreException;
use Telemed\Tests\Memory\Support\Child;
use Telemed\Tests\Memory\Support\MemoryTestCase;

/** Token stores that do what no store should, in the middle of the extension's work. */
final class HostileStoreTest extends MemoryTestCase
{
    /** All that uses a store, on a doctor who is connected and whose token has run out; and whether the store works again. */
    private const WORK = <<<'PHP'
        $store = new MemoryTokenStore();
        $zoom = FakeZoom::fromEnvironment();
        $app = oauth_app($store);
        $query = $zoom->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL);
        $app->connect($query['code'], $query['state'], '7');
        $zoom->advance(7200);
        $work = [
            'connection' => fn () => $app->connection('7')?->status(),
            'authorization' => fn () => strlen($app->authorizationRequest('7')->state()) > 10,
            'callback' => fn () => $app->connect('code', 'state', '7'),
            'refresh' => fn () => $app->client('7')->user()->id(),
            'renewal' => fn () => $app->renew('7')->status(),
            'account' => fn () => server_app($store)->client()->user(FakeZoom::DOCTOR1)->id(),
            'account left' => fn () => server_app($store)->disconnect(),
            'held' => fn () => $app->heldConnection('7'),
            'former' => fn () => $app->formerConnection('7'),
            'subject' => fn () => $app->subjectOf(FakeZoom::DOCTOR1),
            'forgotten' => fn () => $app->forgetBeside('7', FakeZoom::DOCTOR2),
            'disconnected' => fn () => $app->disconnect('8'),
        ];
        function all(array $work): array
        {
            return array_map(function (callable $one): string {
                try {
                    return json_encode($one());
                } catch (Telemed\TelemedException $e) {
                    return get_class($e) . ' after ' . ($e->getPrevious() ? get_class($e->getPrevious()) : 'nothing');
                }
            }, $work);
        }
        function works_again(MemoryTokenStore $store, Telemed\OAuthApp $app): array
        {
            $store->instead = [];
            return [$app->renew('7')->status(), $app->client('7')->user()->id(), server_app($store)->client()->user(FakeZoom::DOCTOR1)->id()];
        }

        PHP;

    private const METHODS = array('load', 'save', 'lock', 'unlock', 'delete');
    private const WORKS = array('connected', 'dR0hOsTiD1exAmple_Zo-m', 'dR0hOsTiD1exAmple_Zo-m');

    /**
     * @dataProvider mischief
     * @param string $does PHP: what a method of the store does before its work, with its arguments in $arguments
     * @param ?string $cause the class that every StoreException names as its cause; null where nothing is to fail
     * @param list<string> $methods which of its methods do that, one after another
     */
    #[DataProvider('mischief')]
    public function testWhateverAMethodDoes(string $does, ?string $cause, array $methods = self::METHODS): void
    {
        $child = Child::run(self::WORK . "
            foreach (json_decode('" . json_encode($methods) . "') as \$method) {
                fwrite(STDERR, \"{\$method}\\n\");
                \$did = 0;
                \$store->instead[\$method] = function (...\$arguments) use (\$store, \$app, &\$did, \$method) {
                    \$did++;
                    \$values = \$arguments;
                    {$does}
                    if (in_array(\$method, ['unlock', 'delete'], true)) {
                        return; // These two do their work besides.
                    }
                    \$instead = \$store->instead;
                    \$store->instead = [];
                    try {
                        return \$store->{\$method}(...\$values);
                    } finally {
                        \$store->instead = \$instead;
                    }
                };
                \$outcomes = all(\$work);
                \$report[\$method] = ['did' => \$did, 'outcomes' => \$outcomes, 'after' => works_again(\$store, \$app)];
            }
            report(\$report);");
        $this->assertEnded(0, $child);
        $this->assertSame($methods, array_keys($child->report));
        foreach ($child->report as $method => $report) {
            $this->assertGreaterThan(0, $report['did'], $method);
            $failures = preg_grep('/StoreException/', $report['outcomes']);
            foreach ($failures as $work => $failure) {
                $this->assertSame(StoreException::class . ' after ' . ($cause ?? 'nothing'), $failure, "{$method}, {$work}");
            }
            // What unlock() throws is dropped: the work is done by then.
            $this->assertSame(null !== $cause && 'unlock' !== $method, array() !== $failures, $method . json_encode($report['outcomes']));
            $this->assertSame(self::WORKS, $report['after'], $method);
        }
    }

    /** @return array<string, array{0: string, 1: ?string, 2?: list<string>}> */
    public static function mischief(): array
    {
        $typed = array('load', 'save', 'lock');
        return array(
            'it throws' => array('throw new LogicException("x", 3, new RuntimeException(str_repeat("y", 1 << 20)));', 'LogicException'),
            'it throws an Error' => array('null->x();', 'Error'),
            'it throws one of ours' => array('throw new Telemed\TelemedException("made by PHP");', 'Telemed\TelemedException'),
            'it throws what works when it is let go' => array(
                'if (! class_exists("Bomb")) {
                    class Bomb extends LogicException
                    {
                        private static bool $falls = false;
                        public function __destruct()
                        {
                            if (! self::$falls && isset($GLOBALS["app"])) {
                                self::$falls = true;
                                outcome(fn () => $GLOBALS["app"]->connection("7"));
                                outcome(fn () => $GLOBALS["app"]->heldConnection("7"));
                                outcome(fn () => $GLOBALS["app"]->client("8")->user());
                                self::$falls = false;
                            }
                        }
                    }
                }
                if ("load" !== $method || $did % 2 === 0) {
                    $store->instead["unlock"] = fn () => throw new Bomb("unlock");
                    throw new Bomb("first");
                }',
                'Bomb',
                array('load', 'save', 'lock', 'delete'),
            ),
            'it lets go of the app and collects' => array(
                '$cycle = new stdClass(); $cycle->self = $cycle; $cycle->exception = new Exception("x"); unset($cycle);
                $app = null;
                $GLOBALS["held"] = [server_app($store), oauth_app($store)];
                gc_collect_cycles();',
                null,
            ),
            'it makes the app anew' => array(
                '$app->__construct(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, "https://clinic.example/callback", $store, vault());
                try { $app->__construct("", "", "", $store, vault()); } catch (Telemed\ConfigurationException $e) { }',
                null,
            ),
            'it asks for the record it is asked about' => array(
                'static $deep = 0;
                if ($deep < 3) {
                    $deep++;
                    outcome(fn () => $app->connection("7"));
                    outcome(fn () => server_app($store)->client()->lastTrackingId());
                    $deep--;
                }',
                null,
            ),
            'it changes its arguments' => array(
                '$keys = (function () use (&$arguments) { foreach ($arguments as &$argument) { yield $argument; $argument = null; } })();
                foreach ($keys as $key) { $fiber = new Fiber(fn () => Fiber::suspend($key)); $fiber->start(); }
                $key .= "x";',
                null,
            ),
            'it gives a number' => array('return 5;', 'TypeError', $typed),
            'it gives an object' => array('return $store;', 'TypeError', $typed),
            'it gives a handle' => array('return STDERR;', 'TypeError', $typed),
            'it gives what refers to itself' => array('$array = []; $array[] = &$array; return $array;', 'TypeError', $typed),
        );
    }

    /**
     * @dataProvider texts
     * @param string $text PHP: what load() gives
     */
    #[DataProvider('texts')]
    public function testWhateverIsLoaded(string $text): void
    {
        $child = Child::run(self::WORK . "
            \$text = {$text};
            \$store->instead['load'] = fn () => \$text;
            \$outcomes = all(\$work);
            report(['outcomes' => \$outcomes, 'after' => works_again(\$store, \$app)]);");
        $this->assertEnded(0, $child);
        $expected = '/^("unreadable"|"connected"|true|false|null|"dR0.*"|Telemed\\\\(Store|Vault|Authentication)Exception after nothing)$/';
        $this->assertSame(array(), preg_grep($expected, $child->report['outcomes'], PREG_GREP_INVERT));
        $this->assertNotSame('"connected"', $child->report['outcomes']['renewal']);
        $this->assertSame(self::WORKS, $child->report['after']);
    }

    /** @return array<string, array{string}> */
    public static function texts(): array
    {
        return array(
            'nothing' => array("''"),
            'bytes' => array("\"\\xff\\xfe\\0\""),
            'half a character' => array("\"telemed1.\\xf0\\x9f\""),
            'a long text' => array("str_repeat('x', 64 << 20)"),
            'a long sealed text' => array("'telemed1.' . str_repeat('QUFB', 16 << 20)"),
            'long bytes' => array("str_repeat(\"\\xff\", 64 << 20)"),
            'another record' => array("(string) current(\$store->records)"),
            'a record cut short' => array("substr((string) current(\$store->records), 0, 40)"),
            'what was sealed by hand' => array("vault()->seal('{\"state\":\"connected\",\"since\":1e400,\"access_token\":[[[[]]]]}', (string) key(\$store->records))"),
            'a deep record' => array("vault()->seal(str_repeat('[', 100000), (string) key(\$store->records))"),
        );
    }

    /** @dataProvider methods */
    #[DataProvider('methods')]
    public function testAMethodThatEndsTheScriptEndsItAtOnce(string $method): void
    {
        foreach (array('refresh', 'account', 'authorization') as $work) {
            $child = Child::run(self::WORK . "
                \$store->calls = [];
                \$store->instead['{$method}'] = fn () => exit(7);
                register_shutdown_function(function () use (\$store, \$app) {
                    \$calls = \$store->calls;
                    \$store->instead = [];
                    report([end(\$calls), outcome(fn () => \$app->connection('7')->status())]);
                });
                \$work['{$work}']();
                report('went on');");
            $this->assertEnded(7, $child);
            $this->assertSame(array($method, array('result' => 'connected')), $child->report, $work);
        }
    }

    /** @return array<string, array{string}> */
    public static function methods(): array
    {
        return array('load' => array('load'), 'save' => array('save'), 'lock' => array('lock'), 'unlock' => array('unlock'));
    }

    /** Each level is another record, so that only the stack, or who looks after it, sets a limit. */
    public function testStoresThatAskForEverMoreRecordsAreStopped(): void
    {
        $child = Child::run(self::WORK . '
            $deepest = $deep = 0;
            $stopped = [];
            $store->instead["load"] = function () use ($app, &$deep, &$deepest, &$stopped) {
                $deepest = max($deepest, ++$deep);
                if ($deep < 5000) {
                    try {
                        $app->connection("doctor {$deep}");
                    } catch (Telemed\StoreException $e) {
                        $stopped[] = $e->getMessage();
                    }
                }
                $deep--;
                return null;
            };
            $app->connection("7");
            report([$deepest, $stopped, works_again($store, $app)]);');
        $this->assertEnded(0, $child);
        [$deepest, $stopped, $after] = $child->report;
        $this->assertLessThanOrEqual(64, $deepest);
        $this->assertCount(1, $stopped, 'the innermost call is refused, all others go on');
        $this->assertSame(self::WORKS, $after);
    }
}
