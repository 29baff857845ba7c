<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\StoreException;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\Extension\Support\Fpm;
use Telemed\Tests\Extension\Support\MemoryTokenStore;
use Telemed\Tests\FakeZoom;

/** Stores that lead back into the extension, and what is left of a call that ended inside a store. */
final class NestingTest extends ExtensionTestCase
{
    /** As many as there may be. */
    private const LIMIT = 16;

    public function testStoresNestSixteenDeepAndNoDeeper(): void
    {
        foreach (array(self::LIMIT, self::LIMIT + 1, 1000) as $wanted) {
            $reached = 0;
            $outcome = null;
            try {
                $this->nest($wanted, $reached);
            } catch (StoreException $exception) {
                for ($cause = $exception; null !== $cause->getPrevious(); $cause = $cause->getPrevious()) {
                    continue;
                }
                $outcome = $cause;
            }
            $this->assertSame(min($wanted, self::LIMIT), $reached);
            if ($wanted <= self::LIMIT) {
                $this->assertNull($outcome);
            } else {
                $this->assertInstanceOf(StoreException::class, $outcome);
                $this->assertStringContainsString('16 deep', $outcome->getMessage());
            }
            $this->assertNull($this->oauthApp()->connection('7'), 'the way is free again');
        }
    }

    public function testACallWithinAStoreDoesNotHideWhatTheStoreThrew(): void
    {
        $cause = new \LogicException('the first');
        $store = new MemoryTokenStore();
        $app = $this->oauthApp($store);
        $store->instead['save'] = static function () use ($cause): void {
            throw $cause;
        };
        $store->instead['unlock'] = static function () use ($app): void {
            $app->connection('8');
        };
        $refusal = $this->failure(StoreException::class, static fn () => $app->authorizationRequest('7'));
        $this->assertSame($cause, $refusal->getPrevious());
    }

    public function testADateThatAsksForItselfEnds(): void
    {
        $date = new class ('+1 day') extends \DateTimeImmutable {
            public int $depth = 0;
            public function getTimestamp(): int
            {
                $this->depth++;
                new \Telemed\MeetingRequest('Video visit', $this, 30, 'UTC');
                return 0;
            }
        };
        $this->failure(\Telemed\ConfigurationException::class, fn () => new \Telemed\MeetingRequest('Video visit', $date, 30, 'UTC'));
        $this->assertSame(self::LIMIT, $date->depth);
    }

    public function testFibersThatWaitInsideStoresAreNotNested(): void
    {
        $store = new MemoryTokenStore();
        $store->instead['load'] = static function (): ?string {
            \Fiber::suspend();
            return null;
        };
        $fibers = array();
        for ($i = 0; $i < 2 * self::LIMIT; $i++) {
            $fibers[$i] = new \Fiber(fn () => $this->oauthApp($store)->connection('7'));
            $fibers[$i]->start();
        }
        foreach ($fibers as $fiber) {
            $fiber->resume();
            $this->assertTrue($fiber->isTerminated());
            $this->assertNull($fiber->getReturn());
        }
        $reached = 0;
        $this->nest(self::LIMIT, $reached);
        $this->assertSame(self::LIMIT, $reached);
    }

    /** @dataProvider endings */
    #[DataProvider('endings')]
    public function testAShutdownFunctionCanStillUseTheRecord(string $method, string $ending, bool $isFatal): void
    {
        $child = ChildPhp::run($this->script($method, $ending), array('memory_limit' => '64M', 'max_execution_time' => '20'));
        $this->assertSame($isFatal ? 255 : 0, $child->status, $child->output . $child->errors);
        $this->assertSame(array('result' => FakeZoom::DOCTOR1), $child->report['again'] ?? null, $child->output . $child->errors);
        $this->assertSame(0, $child->report['locks left']);
        $this->assertFalse($child->report['went on']);
        $this->assertStringNotContainsString('defect', $child->errors);
    }

    /** @dataProvider endings */
    #[DataProvider('endings')]
    public function testAShutdownFunctionOfAWorkerCanStillUseTheRecord(string $method, string $ending): void
    {
        $fpm = new Fpm($this->script($method, $ending), 1, array(), array('memory_limit' => '64M'));
        for ($i = 0; $i < 2; $i++) {
            $report = $fpm->report();
            $this->assertSame(array('result' => FakeZoom::DOCTOR1), $report['again'], $fpm->log());
            $this->assertSame(0, $report['locks left']);
            $this->assertFalse($report['went on']);
        }
        $this->assertStringNotContainsString('on signal', $fpm->log());
    }

    /** @return iterable<string, array{string, string, bool}> */
    public static function endings(): iterable
    {
        $ways = array(
            'exit' => array('exit;', false),
            'out of memory' => array('str_repeat("x", 1 << 40);', true),
            'a fatal error' => array('trigger_error("the end", E_USER_ERROR);', true),
            'out of time' => array('set_time_limit(1); for (;;) { hash("sha256", "x"); }', true),
            'an error in the code' => array('eval("function outcome() {}");', true),
        );
        foreach ($ways as $name => [$code, $isFatal]) {
            yield "{$name} in save" => array('save', $code, $isFatal);
        }
        yield 'out of memory in unlock' => array('unlock', 'str_repeat("x", 1 << 40);', true);
        yield 'out of memory in load' => array('load', 'str_repeat("x", 1 << 40);', true);
    }

    /** A token request that ends inside a method of the store, once, and one of a shutdown function. */
    private function script(string $method, string $ending): string
    {
        return '
            $store = new MemoryTokenStore();
            // Locks as a server has them: who holds one does not get it again.
            $store->instead["lock"] = static function (string $key) use ($store): bool {
                if (0 !== ($store->held[$key] ?? 0)) { return false; }
                $store->held[$key] = 1;
                return true;
            };
            $wentOn = false;
            $vault = new Telemed\Vault([Telemed\Vault::generateKey()]);
            $app = fn () => new Telemed\ServerToServerApp(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET, $store, $vault);
            $store->instead["' . $method . '"] = static function () use ($store): mixed {
                unset($store->instead["' . $method . '"]);
                ' . $ending . '
            };
            register_shutdown_function(static function () use ($app, $store, &$wentOn): void {
                set_time_limit(20);
                report([
                    "again" => outcome(fn () => $app()->client()->user(FakeZoom::DOCTOR1)->id()),
                    "locks left" => $store->locksLeft(),
                    "went on" => $wentOn,
                ]);
            });
            try {
                $app()->client()->user(FakeZoom::DOCTOR1);
            } finally {
                $wentOn = true;
            }';
    }

    /** Asks for a connection within a store that asks for a connection, and so on. */
    private function nest(int $wanted, int &$reached): void
    {
        $store = new MemoryTokenStore();
        $store->instead['load'] = function () use ($store, $wanted, &$reached): ?string {
            $reached++;
            if ($reached < $wanted) {
                $this->oauthApp($store)->connection('7');
            }
            return null;
        };
        $this->oauthApp($store)->connection('7');
    }
}
