<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Memory\Support\Child;
use Telemed\Tests\Memory\Support\MemoryTestCase;

/** Stores and dates that suspend their fiber in the middle of the extension's work, and come back late or never. */
final class FiberTest extends MemoryTestCase
{
    /** Doctors who are connected and whose tokens have run out; and work in a fiber, which the store suspends. */
    private const DOCTORS = <<<'PHP'
        $store = new MemoryTokenStore();
        $zoom = FakeZoom::fromEnvironment();
        $app = oauth_app($store);
        foreach (['7', '8', '9'] as $subject) {
            $query = $zoom->authorize($app->authorizationRequest($subject)->url(), [7 => FakeZoom::DOCTOR1_EMAIL, FakeZoom::DOCTOR2_EMAIL, FakeZoom::BASIC][$subject]);
            $app->connect($query['code'], $query['state'], $subject);
        }
        $zoom->advance(7200);
        foreach (['load', 'save', 'lock', 'unlock', 'delete'] as $method) {
            $store->instead[$method] = function (...$arguments) use ($store, $method) {
                if (Fiber::getCurrent() !== null) {
                    Fiber::suspend($method);
                }
                if (in_array($method, ['unlock', 'delete'], true)) {
                    return; // These two do their work besides.
                }
                $instead = $store->instead;
                $store->instead = [];
                try {
                    return $store->{$method}(...$arguments);
                } finally {
                    $store->instead = $instead;
                }
            };
        }
        function outcome_of(callable $work): string
        {
            try {
                return (string) $work();
            } catch (Telemed\TelemedException $e) {
                return get_class($e);
            }
        }
        function held_locks(MemoryTokenStore $store): int
        {
            return count(array_filter($store->held));
        }

        PHP;

    public function testWhatIsResumedLaterEndsAsEver(): void
    {
        $child = Child::run(self::DOCTORS . '
            $between = [];
            $fiber = new Fiber(fn () => outcome_of(fn () => $app->renew("7")->status()));
            for ($at = $fiber->start(); ! $fiber->isTerminated(); $at = $fiber->resume()) {
                // The same record, others, other classes, a collection: whatever the method was in the middle of.
                $between[$at][] = outcome_of(fn () => $app->connection("7")->status());
                if ("load" !== $at) {
                    $between[$at][] = outcome_of(fn () => $app->renew("7")->status());
                }
                $between["others"][] = outcome_of(fn () => $app->client("8")->user()->id());
                vault()->open(vault()->seal("x", "c"), "c");
                gc_collect_cycles();
            }
            report([$fiber->getReturn(), $between, held_locks($store), outcome_of(fn () => $app->renew("7")->status())]);');
        $this->assertEnded(0, $child);
        [$result, $between, $held, $after] = $child->report;
        $this->assertSame('connected', $result);
        $this->assertSame(array('dR0hOsTiD2exAmple_Zo-m'), array_values(array_unique($between['others'])));
        foreach (array('lock', 'save', 'unlock') as $method) {
            $this->assertSame(array('connected', 'Telemed\StoreException'), $between[$method], "what is at work can be read and is not begun again: {$method}");
        }
        $this->assertSame(array(0, 'connected'), array($held, $after));
    }

    public function testManyFibersAtOnceEndInAnyOrder(): void
    {
        foreach (array('$fibers', 'array_reverse($fibers, true)', '(function () use ($fibers) { mt_srand(1); $keys = array_keys($fibers); shuffle($keys); foreach ($keys as $key) { yield $key => $fibers[$key]; } })()') as $order) {
            $this->zoom->reset();
            $child = Child::run(self::DOCTORS . "
                \$fibers = \$results = [];
                for (\$i = 0; \$i < 60; \$i++) {
                    \$subject = ['7', '8', '9'][\$i % 3];
                    \$fibers[\$i] = new Fiber(fn () => outcome_of([
                        fn () => \$app->client(\$subject)->user()->id(),
                        fn () => \$app->connection(\$subject)->status(),
                        fn () => \$app->renew(\$subject)->status(),
                        fn () => strlen(\$app->authorizationRequest(\$subject)->state()) > 10,
                    ][\$i % 4]));
                    \$fibers[\$i]->start();
                }
                while (\$fibers !== []) {
                    foreach ({$order} as \$i => \$fiber) {
                        if (\$fiber->isTerminated()) {
                            \$results[] = \$fiber->getReturn();
                            unset(\$fibers[\$i]);
                        } else {
                            \$fiber->resume();
                        }
                    }
                }
                report([array_count_values(\$results), held_locks(\$store), array_map(fn (string \$subject) => outcome_of(fn () => \$app->renew(\$subject)->status()), ['7', '8', '9'])]);");
            $this->assertEnded(0, $child);
            [$results, $held, $after] = $child->report;
            $this->assertSame(60, array_sum($results));
            // Whoever finds its record at work is told so.
            $this->assertGreaterThanOrEqual(3, $results['1']);
            $this->assertGreaterThanOrEqual(3, $results['connected']);
            $this->assertSame(array(), array_diff(array_keys($results), array(1, 'connected', 'dR0hOsTiD1exAmple_Zo-m', 'dR0hOsTiD2exAmple_Zo-m', 'bAs1cUsEr1exAmple_Zo-m', 'Telemed\StoreException')));
            $this->assertSame(0, $held);
            $this->assertSame(array('connected', 'connected', 'connected'), $after);
        }
    }

    /**
     * @dataProvider endings
     * @param string $ends PHP: what happens to the fiber $fiber that is suspended in $at
     */
    #[DataProvider('endings')]
    public function testAFiberThatNeverComesBack(string $ends, int $status, ?string $last): void
    {
        foreach (array('lock', 'load', 'save', 'unlock') as $method) {
            $this->zoom->reset();
            $child = Child::run(self::DOCTORS . "
                \$fiber = new Fiber(fn () => outcome_of(fn () => \$app->renew('7')->status()));
                for (\$at = \$fiber->start(); \$at !== '{$method}'; \$at = \$fiber->resume());
                {$ends}
                report('went on');");
            $this->assertEnded($status, $child);
            $this->assertSame($last, $child->report, $method);
        }
    }

    /** @return array<string, array{string, int, ?string}> */
    public static function endings(): array
    {
        return array(
            'the script ends' => array('', 0, 'went on'),
            'it is let go' => array('unset($fiber); gc_collect_cycles(); outcome_of(fn () => $app->connection("7")->status());', 0, 'went on'),
            'it is let go, with the store and the app' => array('unset($fiber, $app, $store); gc_collect_cycles();', 0, 'went on'),
            'the script exits' => array('exit(7);', 7, null),
            'the script exits in a fiber' => array('(new Fiber(fn () => exit(7)))->start();', 7, null),
            'the script exits in this fiber' => array('$store->instead["save"] = $store->instead["load"] = $store->instead["unlock"] = $store->instead["lock"] = fn () => exit(7); while (! $fiber->isTerminated()) { $fiber->resume(); } exit(7);', 7, null),
            'a fatal error' => array('eval("class A extends Missing { function x() {} } final class B {} class C extends B {}");', 255, null),
            'it is thrown at' => array('$fiber->throw(new LogicException("x")); while (! $fiber->isTerminated()) { $fiber->resume(); }', 0, 'went on'),
            'it resumes itself' => array('try { (new Fiber(fn () => $fiber->resume()))->start(); } catch (Error $e) { } while (! $fiber->isTerminated()) { $fiber->resume(); }', 0, 'went on'),
        );
    }

    /** A lock that nobody gives back keeps every other process from the doctor's tokens. */
    public function testAFiberThatIsLetGoLeavesTheRecordUsable(): void
    {
        $child = Child::run(self::DOCTORS . '
            foreach (["load", "save"] as $method) {
                $fiber = new Fiber(fn () => outcome_of(fn () => $app->renew("7")->status()));
                for ($at = $fiber->start(); $at !== $method; $at = $fiber->resume());
                unset($fiber);
                gc_collect_cycles();
                $report[$method] = outcome_of(fn () => $app->renew("7")->status());
            }
            report([$report, held_locks($store)]);');
        $this->assertEnded(0, $child);
        $this->assertSame(array(array('load' => 'connected', 'save' => 'connected'), 0), $child->report);
    }

    public function testADateThatSuspendsMeetsWhatHasChangedMeanwhile(): void
    {
        $child = Child::run('
            final class Late extends DateTimeImmutable
            {
                public function getTimestamp(): int
                {
                    Fiber::suspend();
                    return parent::getTimestamp();
                }
            }
            $visit = ["reference" => str_repeat("site:1", 30), "meeting" => null, "host" => str_repeat("h", 100), "start" => new Late("+1 day"), "minutes" => 30, "overridden" => [str_repeat("o", 100)]];
            $wanted = [&$visit, ["reference" => "site:2", "start" => new Late("+2 days"), "minutes" => 30]];
            $reconciler = new Telemed\Reconciler("site");
            $settings = ["a" => &$visit, "b" => [&$wanted]];
            $works = [
                fn () => count($reconciler->rest($wanted)),
                fn () => get_class(new Telemed\MeetingRequest("v", new Late("+1 day"), 30, "UTC", null, null, $settings)),
                fn () => get_class(new Telemed\Reconciler("site", new Late())),
            ];
            foreach ($works as $work) {
                $fiber = new Fiber($work);
                $fiber->start();
                // Everything that the work was begun with is something else by now.
                $visit = null;
                $wanted = str_repeat("w", 100);
                $settings = null;
                $reconciler->__construct("other");
                $reconciler->rest([]);
                gc_collect_cycles();
                try {
                    while (! $fiber->isTerminated()) { $fiber->resume(); }
                    $results[] = $fiber->getReturn();
                } catch (Telemed\ConfigurationException $e) {
                    $results[] = "refused";
                }
            }
            report($results);');
        $this->assertEnded(0, $child);
        $this->assertSame(array(2, 'refused', 'Telemed\Reconciler'), $child->report);
    }
}
