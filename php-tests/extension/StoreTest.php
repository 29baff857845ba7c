<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\StoreException;
use Telemed\TelemedException;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** Token stores written in PHP, well-behaved and not. */
final class StoreTest extends ExtensionTestCase
{
    private const METHODS = array('load', 'save', 'delete', 'lock', 'unlock');

    /** @return array<string, callable> everything that uses the store, on a connection whose token has run out */
    private function operations(): array
    {
        $app = $this->oauthApp();
        $callback = $this->zoom->authorize($app->authorizationRequest('8')->url(), FakeZoom::DOCTOR2_EMAIL);
        return array(
            'authorizationRequest' => static fn () => $app->authorizationRequest('7'),
            'connect' => static fn () => $app->connect($callback['code'], $callback['state'], '8'),
            'connection' => static fn () => $app->connection('7'),
            'refresh' => static fn () => $app->client('7')->user(),
            'renew' => static fn () => $app->renew('7'),
            'server token' => fn () => $this->serverApp()->client()->user(FakeZoom::DOCTOR1),
            'server disconnect' => fn () => $this->serverApp()->disconnect(),
            'disconnect' => static fn () => $app->disconnect('7'),
        );
    }

    /**
     * @dataProvider methodsAndOperations
     */
    #[DataProvider('methodsAndOperations')]
    public function testAThrowingMethodIsAStoreException(string $method, string $operation, bool $called): void
    {
        $this->connect($this->oauthApp());
        $this->zoom->advance(2 * 3600);
        $work = $this->operations()[$operation];
        $this->store->calls = array();
        $cause = new \LogicException("thrown by {$method}");
        $this->store->instead[$method] = static function () use ($cause): void {
            throw $cause;
        };
        try {
            $work();
            $this->assertSame($called, in_array($method, $this->store->calls, true), "whether {$operation} calls {$method}");
            if ('unlock' !== $method) {
                // What unlock() throws is dropped: the work is done, and its result counts.
                $this->assertFalse($called, "{$method} threw in {$operation} and nothing came of it");
            }
        } catch (StoreException $exception) {
            $this->assertTrue($called, "{$operation} was not to call {$method}");
            $this->assertSame($cause, $exception->getPrevious());
            $this->assertSame(__FILE__, $exception->getFile());
            $this->assertNotSame('', $exception->advice());
            $this->assertStringContainsString("{$method}()", $exception->getMessage());
            $this->assertStringNotContainsString('thrown by', $exception->getMessage(), 'foreign words stay in the previous exception');
            $this->assertNoSecret($exception->getMessage());
        }
        $this->assertSame(0, $this->store->locksLeft(), 'no lock is left');

        $this->store->instead = array();
        if (in_array($operation, array('refresh', 'renew', 'server token'), true)) {
            $work();
            $this->assertSame(0, $this->store->locksLeft());
        }
        // Whatever happened, the doctor is not cut off, unless disconnecting was what was asked for.
        if (! in_array($operation, array('disconnect', 'connect'), true)) {
            $this->assertSame(FakeZoom::DOCTOR1, $this->oauthApp()->client('7')->user()->id());
        }
    }

    /** @return iterable<string, array{string, string, bool}> */
    public static function methodsAndOperations(): iterable
    {
        $calls = array(
            'authorizationRequest' => array('load', 'save', 'lock', 'unlock'),
            'connect' => array('load', 'save', 'delete', 'lock', 'unlock'),
            'connection' => array('load'),
            'refresh' => array('load', 'save', 'lock', 'unlock'),
            'renew' => array('load', 'save', 'lock', 'unlock'),
            'server token' => array('load', 'save', 'lock', 'unlock'),
            'server disconnect' => array('load', 'delete', 'lock', 'unlock'),
            'disconnect' => array('load', 'save', 'delete', 'lock', 'unlock'),
        );
        foreach ($calls as $operation => $methods) {
            foreach (self::METHODS as $method) {
                yield "{$operation}, {$method}" => array($method, $operation, in_array($method, $methods, true));
            }
        }
    }

    /**
     * @dataProvider wrongResults
     * @param callable(): mixed $result
     */
    #[DataProvider('wrongResults')]
    public function testAWrongResultIsAStoreException(string $method, callable $result, ?string $previous): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->advance(2 * 3600);
        $this->store->instead[$method] = $result;
        try {
            $app->client('7')->user();
            $this->fail('nothing was thrown');
        } catch (StoreException $exception) {
            $this->assertSame($previous, $exception->getPrevious() ? get_class($exception->getPrevious()) : null);
        }
        $this->assertSame(0, $this->store->locksLeft());
        $this->store->instead = array();
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->user()->id());
    }

    /** @return array<string, array{string, callable, ?string}> */
    public static function wrongResults(): array
    {
        return array(
            'load gives a number' => array('load', static fn () => 5, \TypeError::class),
            'load gives bytes' => array('load', static fn () => "\xff\xfe", null),
            'save gives a text' => array('save', static fn () => 'yes', \TypeError::class),
            'save gives null' => array('save', static fn () => null, \TypeError::class),
            'lock gives a number' => array('lock', static fn () => 1, \TypeError::class),
            'lock is not to be had' => array('lock', static fn () => false, null),
        );
    }

    public function testALockThatIsNotToBeHadIsRetryable(): void
    {
        $this->store->instead['lock'] = static fn () => false;
        $exception = $this->failure(StoreException::class, fn () => $this->serverApp()->client()->user(FakeZoom::DOCTOR1));
        $this->assertTrue($exception->isRetryable());
        $this->assertNotContains('unlock', $this->store->calls, 'what was not locked is not unlocked');
        $this->assertNotContains('save', $this->store->calls);
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testTheLockIsWaitedForAFiniteTime(): void
    {
        $waits = array();
        $this->store->instead['lock'] = static function (string $key, float $seconds) use (&$waits): bool {
            $waits[] = $seconds;
            return true;
        };
        $this->serverApp()->client()->user(FakeZoom::DOCTOR1);
        $this->assertNotSame(array(), $waits);
        $this->assertGreaterThan(0, min($waits));
        $this->assertLessThanOrEqual(60, max($waits));
    }

    public function testASaveThatCameTooLateUsesWhatIsThere(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->advance(2 * 3600);
        // Another process replaced the record between our load and our save, without the lock.
        $this->store->instead['save'] = function (string $key, string $sealed): bool {
            unset($this->store->instead['save']);
            $this->store->records[$key] = $this->vault->reseal($sealed, $key);
            return false;
        };
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->user()->id());
        $this->assertSame(0, $this->store->locksLeft());
        $this->assertSame(FakeZoom::DOCTOR1, $app->renew('7')->zoomUserId(), 'what is stored is the living token');
    }

    public function testAStoreThatContradictsItselfLosesNoToken(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->advance(2 * 3600);
        $this->store->instead['save'] = static fn (): bool => false;
        $exception = $this->failure(StoreException::class, static fn () => $app->client('7')->user());
        $this->assertNull($exception->getPrevious());
        $this->assertSame(0, $this->store->locksLeft());
        $this->store->instead = array();
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->user()->id());
        $this->assertSame(FakeZoom::DOCTOR1, $app->renew('7')->zoomUserId());
    }

    public function testARotatedTokenThatCannotBeSavedIsSavedLater(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->advance(2 * 3600);
        $this->store->instead['save'] = static function (): void {
            throw new \RuntimeException('the disk is full');
        };
        $this->failure(StoreException::class, static fn () => $app->client('7')->user());
        $this->store->instead = array();
        $this->zoom->forgetRequests();
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->user()->id());
        $this->assertSame('connected', $app->connection('7')->status());
        $this->assertSame(FakeZoom::DOCTOR1, $app->renew('7')->zoomUserId(), 'what is stored is the living token');
    }

    public function testAStoreMayUseTheExtensionItself(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->connect($app, '8', FakeZoom::DOCTOR2_EMAIL);
        $this->zoom->advance(2 * 3600);
        $inside = array();
        $this->store->instead['lock'] = function (string $key) use ($app, &$inside): bool {
            unset($this->store->instead['lock']);
            // Another connection, over the network, in the middle of a refresh.
            $inside[] = $app->client('8')->user()->id();
            $inside[] = $this->vault->open($this->vault->seal('x', 'c'), 'c');
            $this->store->held[$key] = ($this->store->held[$key] ?? 0) + 1;
            return true;
        };
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->user()->id());
        $this->assertSame(array(FakeZoom::DOCTOR2, 'x'), $inside);
        $this->assertSame(0, $this->store->locksLeft());
    }

    public function testARefreshInsideARefreshOfTheSameKeyIsRefused(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->advance(2 * 3600);
        $inside = null;
        $this->store->instead['save'] = function (string $key, string $sealed) use ($app, &$inside): bool {
            unset($this->store->instead['save']);
            try {
                $app->renew('7');
            } catch (TelemedException $exception) {
                $inside = $exception;
            }
            $this->store->records[$key] = $sealed;
            return true;
        };
        $this->assertSame(FakeZoom::DOCTOR1, $app->client('7')->user()->id());
        $this->assertInstanceOf(TelemedException::class, $inside);
        $this->assertSame(0, $this->store->locksLeft());
        $this->assertSame(FakeZoom::DOCTOR1, $app->renew('7')->zoomUserId());
    }

    public function testAnAppMayBeMadeAnewWhileItWorks(): void
    {
        $app = $this->oauthApp();
        $this->connect($app);
        $this->zoom->advance(2 * 3600);
        $this->store->instead['load'] = function (string $key) use ($app): ?string {
            unset($this->store->instead['load']);
            $app->__construct(FakeZoom::CLIENT_ID, 'another', self::REDIRECT_URI, new Support\MemoryTokenStore(), $this->vault);
            return $this->store->records[$key] ?? null;
        };
        $this->assertSame('7', $app->connection('7')->subject());
        $this->assertNull($app->connection('7'), 'from now on with the new store');
    }

    public function testWhatTheStoreThrewIsNotKept(): void
    {
        $this->store->instead['load'] = static function (): void {
            throw new \LogicException('once');
        };
        $app = $this->oauthApp();
        $exception = $this->failure(StoreException::class, static fn () => $app->connection('7'));
        $reference = \WeakReference::create($exception->getPrevious());
        unset($exception);
        $this->assertNull($reference->get());
        $this->store->instead = array();
        $this->assertNull($app->connection('7'));
    }

    /**
     * @dataProvider endings
     */
    #[DataProvider('endings')]
    public function testExitInAMethodEndsTheScriptAtOnce(string $method, string $operation): void
    {
        $child = ChildPhp::run(
            $this->endingScript($method, $operation, 'exit(7);')
        );
        $this->assertSame(7, $child->status, $child->output . $child->errors);
        $this->assertSame('', $child->errors);
        $this->assertIsArray($child->report, $child->output);
        $this->assertSame($method, end($child->report['calls']), 'nothing in PHP was called any more: ' . json_encode($child->report));
        $this->assertFalse($child->report['went on']);
    }

    /**
     * @dataProvider endings
     */
    #[DataProvider('endings')]
    public function testAFatalErrorInAMethodIsNoCrash(string $method, string $operation): void
    {
        $child = ChildPhp::run(
            $this->endingScript($method, $operation, 'str_repeat("x", 1 << 40);'),
            array('memory_limit' => '64M')
        );
        $this->assertSame(255, $child->status, $child->output . $child->errors);
        $this->assertStringContainsString('Allowed memory size', $child->errors);
        $this->assertStringNotContainsString('panicked', $child->errors);
        $this->assertSame($method, end($child->report['calls']), json_encode($child->report));
        $this->assertFalse($child->report['went on']);
    }

    /** @return iterable<string, array{string, string}> */
    public static function endings(): iterable
    {
        foreach (array('load', 'save', 'lock', 'unlock') as $method) {
            yield "{$method} in a token request" => array($method, 'server_app($store)->client()->user(FakeZoom::DOCTOR1)');
            yield "{$method} in an authorization" => array($method, 'oauth_app($store)->authorizationRequest("7")');
        }
        yield 'delete in a disconnection' => array('delete', 'server_app($store)->disconnect()');
    }

    public function testAFatalErrorDoesNotBlockTheNextRequestOfTheProcess(): void
    {
        $script = tempnam(sys_get_temp_dir(), 'telemed');
        file_put_contents(
            $script,
            '<?php require ' . var_export(__DIR__ . '/bootstrap.php', true) . ';
            use Telemed\Tests\FakeZoom;
            $store = new Telemed\Tests\Extension\Support\MemoryTokenStore();
            if ("/fatal" === $_SERVER["REQUEST_URI"]) {
                $store->instead["save"] = static fn () => str_repeat("x", 1 << 40);
            }
            $vault = new Telemed\Vault(["' . \Telemed\Vault::generateKey() . '"]);
            $app = new Telemed\ServerToServerApp(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET, $store, $vault);
            echo getmypid(), " ", $app->client()->user(FakeZoom::DOCTOR1)->id();'
        );
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($socket, false);
        fclose($socket);
        $server = proc_open(
            array(
                PHP_BINARY,
                '-d', 'extension=' . ChildPhp::extension(),
                '-d', 'telemed.oauth_url=' . ini_get('telemed.oauth_url'),
                '-d', 'telemed.api_url=' . ini_get('telemed.api_url'),
                '-d', 'memory_limit=64M',
                '-d', 'display_errors=1',
                '-S', $address,
                $script,
            ),
            array(array('file', '/dev/null', 'r'), array('file', '/dev/null', 'w'), array('file', '/dev/null', 'w')),
            $pipes
        );
        try {
            $get = static function (string $path) use ($address): string {
                $context = stream_context_create(array('http' => array('ignore_errors' => true)));
                for ($i = 0; $i < 1000; $i++) {
                    $text = @file_get_contents("http://{$address}{$path}", false, $context);
                    if (false !== $text) {
                        return $text;
                    }
                    usleep(20000);
                }
                throw new \RuntimeException('The server did not start.');
            };
            $this->assertStringContainsString('Allowed memory size', $get('/fatal'));
            $this->assertStringContainsString(FakeZoom::DOCTOR1, $get('/'));
        } finally {
            proc_terminate($server);
            proc_close($server);
            unlink($script);
        }
    }

    private function endingScript(string $method, string $operation, string $ending): string
    {
        return '
            $store = new MemoryTokenStore();
            $wentOn = false;
            $store->instead["' . $method . '"] = static function () { ' . $ending . ' };
            register_shutdown_function(static function () use ($store, &$wentOn): void {
                report(["calls" => $store->calls, "went on" => $wentOn]);
            });
            if ("delete" === "' . $method . '") {
                server_app($store)->client()->user(FakeZoom::DOCTOR1);
            }
            try {
                ' . $operation . ';
            } finally {
                $wentOn = true;
            }';
    }
}
