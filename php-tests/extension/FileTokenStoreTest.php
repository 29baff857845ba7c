<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ConfigurationException;
use Telemed\FileTokenStore;
use Telemed\StoreException;
use Telemed\TokenStore;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** The embedded store. */
final class FileTokenStoreTest extends ExtensionTestCase
{
    private string $directory;

    protected function setUp(): void
    {
        parent::setUp();
        $this->directory = sys_get_temp_dir() . '/telemed-test-' . bin2hex(random_bytes(6));
    }

    protected function tearDown(): void
    {
        if (is_dir($this->directory)) {
            array_map('unlink', (array) glob("{$this->directory}/{,.}[!.]*", GLOB_BRACE));
            rmdir($this->directory);
        }
    }

    public function testItIsATokenStoreThatReplacesOnlyWhatItWasTold(): void
    {
        $store = new FileTokenStore($this->directory);
        $this->assertInstanceOf(TokenStore::class, $store);
        $this->assertNull($store->load('key'));
        $this->assertTrue($store->save('key', 'one'));
        $this->assertFalse($store->save('key', 'two'), 'there is a record by now');
        $this->assertFalse($store->save('key', 'two', 'zero'));
        $this->assertSame('one', $store->load('key'));
        $this->assertTrue($store->save('key', 'two', 'one'));
        $this->assertSame('two', (new FileTokenStore($this->directory))->load('key'));
        $this->assertNull($store->load('KEY'), 'keys differ by case too');
        $store->delete('key');
        $store->delete('key');
        $this->assertNull($store->load('key'));
        $this->assertFalse($store->save('key', 'x', 'two'), 'what is gone cannot be replaced');
    }

    public function testAnyTextIsAKey(): void
    {
        $store = new FileTokenStore($this->directory);
        foreach (array('../../etc/passwd', '/etc/passwd', '.', '..', "a\0b", str_repeat('ü', 5000), '', "a\nb") as $key) {
            $this->assertTrue($store->save($key, "record of {$key}"), $key);
            $this->assertSame("record of {$key}", $store->load($key));
            $this->assertTrue($store->lock($key, 0));
            $store->unlock($key);
        }
        $this->assertSame(array(), glob(dirname($this->directory) . '/*passwd*'));
    }

    public function testNobodyElseMayRead(): void
    {
        $mask = umask(0);
        try {
            $app = $this->oauthApp(new FileTokenStore($this->directory));
            $this->connect($app);
        } finally {
            umask($mask);
        }
        $this->assertSame('0700', substr(sprintf('%o', fileperms($this->directory)), -4));
        $files = glob("{$this->directory}/*");
        $this->assertNotSame(array(), $files);
        foreach ($files as $file) {
            $this->assertSame('0600', substr(sprintf('%o', fileperms($file)), -4), $file);
            $this->assertNoSecret((string) file_get_contents($file));
            $this->assertStringNotContainsString('doctor1', $file . file_get_contents($file));
        }
    }

    /** @dataProvider openModes */
    #[DataProvider('openModes')]
    public function testADirectoryThatOthersMayReadIsRefused(int $mode): void
    {
        mkdir($this->directory);
        chmod($this->directory, $mode);
        $exception = $this->failure(ConfigurationException::class, fn () => new FileTokenStore($this->directory));
        $this->assertStringContainsString('0700', $exception->getMessage() . $exception->advice());
    }

    /** @return array<string, array{int}> */
    public static function openModes(): array
    {
        return array('all' => array(0777), 'world' => array(0705), 'group' => array(0750));
    }

    /** @dataProvider badDirectories */
    #[DataProvider('badDirectories')]
    public function testABadDirectoryIsRefused(string $directory): void
    {
        $this->failure(ConfigurationException::class, static fn () => new FileTokenStore($directory));
    }

    /** @return array<string, array{string}> */
    public static function badDirectories(): array
    {
        return array(
            'empty' => array(''),
            'relative' => array('tokens'),
            'a file' => array(__FILE__),
            'below a file' => array(__FILE__ . '/tokens'),
            'NUL byte' => array("/tmp/a\0b"),
            'cannot be made' => array('/proc/telemed'),
        );
    }

    public function testOpenBasedirIsHonoured(): void
    {
        $code = '
            $inside = new Telemed\FileTokenStore(' . var_export($this->directory, true) . ');
            report([
                "inside" => $inside->save("k", "v"),
                "outside" => outcome(fn () => new Telemed\FileTokenStore(' . var_export($this->directory . '-outside', true) . ')),
                "by dots" => outcome(fn () => new Telemed\FileTokenStore(' . var_export($this->directory . '/../outside-telemed', true) . ')),
            ]);';
        mkdir($this->directory, 0700);
        $child = ChildPhp::run($code, array('open_basedir' => $this->directory . '/:' . sys_get_temp_dir() . '/telemed:' . dirname(__DIR__) . '/'));
        $this->assertTrue($child->report['inside'] ?? null, $child->errors . $child->output);
        foreach (array('outside', 'by dots') as $case) {
            $this->assertSame(ConfigurationException::class, $child->report[$case]['class'] ?? null, $case);
            $this->assertStringContainsString('open_basedir', $child->report[$case]['message']);
        }
        $this->assertDirectoryDoesNotExist($this->directory . '-outside');
        $this->assertSame('', $child->errors);
    }

    public function testALockIsHeldAcrossProcesses(): void
    {
        $store = new FileTokenStore($this->directory);
        $this->assertTrue($store->lock('key', 0));
        $try = 'report((new Telemed\FileTokenStore(' . var_export($this->directory, true) . '))->lock("key", 0.2));';
        $begun = microtime(true);
        $this->assertFalse(ChildPhp::run($try)->report);
        $this->assertGreaterThan(0.2, microtime(true) - $begun);
        $this->assertTrue(ChildPhp::run(str_replace('"key"', '"other"', $try))->report);
        $store->unlock('key');
        $this->assertTrue(ChildPhp::run($try)->report);
        $this->assertTrue($store->lock('key', 0), 'the child is gone, and its lock with it');
        $store->unlock('key');
    }

    public function testALockEndsWithItsProcessWhateverEndsIt(): void
    {
        $store = new FileTokenStore($this->directory);
        $child = ChildPhp::run(
            '$store = new Telemed\FileTokenStore(' . var_export($this->directory, true) . ');
             report($store->lock("key", 0));
             posix_kill(getmypid(), SIGKILL);'
        );
        $this->assertTrue($child->report);
        $this->assertTrue($store->lock('key', 1));
        $store->unlock('key');
    }

    public function testAWaitThatIsNoTimeIsNoWait(): void
    {
        $store = new FileTokenStore($this->directory);
        $this->assertTrue($store->lock('key', -1));
        $store->unlock('key');
        $this->assertTrue($store->lock('key', NAN));
        $store->unlock('key');
        $this->assertTrue($store->lock('key', 1e19), 'a wait beyond all clocks');
        $store->unlock('key');
    }

    public function testAFullRoundWithBothKindsOfApp(): void
    {
        $store = new FileTokenStore($this->directory);
        $app = $this->oauthApp($store);
        $this->connect($app);
        $this->assertSame(FakeZoom::DOCTOR1, $this->oauthApp(new FileTokenStore($this->directory))->client('7')->user()->id());
        $this->assertSame(FakeZoom::DOCTOR2, $this->serverApp($store)->client()->user(FakeZoom::DOCTOR2)->id());
        $app->disconnect('7');
        $this->assertNull($app->connection('7'));
    }

    public function testADirectoryThatVanishesIsAStoreException(): void
    {
        $store = new FileTokenStore($this->directory);
        $app = $this->oauthApp($store);
        rmdir($this->directory);
        file_put_contents($this->directory, 'a file in its place');
        try {
            $exception = $this->failure(StoreException::class, static fn () => $app->authorizationRequest('7'));
            $this->assertNull($exception->getPrevious());
            $this->failure(StoreException::class, static fn () => $store->save('k', 'v'));
        } finally {
            unlink($this->directory);
        }
    }
}
