<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Site;

/** What the commands of WP-CLI say and their exit status, where arguments are wrong and where nothing can or may be done. */
final class CommandLineTest extends ClinicTestCase
{
    private const WITHOUT_WORK = array('telemed run', 'telemed reconcile', 'telemed reconcile --dry-run', 'telemed reseal');

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
        $this->zoom->forgetRequests();
    }

    /** @dataProvider wrongLines */
    #[DataProvider('wrongLines')]
    public function testWrongArgumentsAreRefusedBeforeAnythingIsDone(string $line, string $said): void
    {
        $this->make('admin', 'doctor1');
        $this->zoom->forgetRequests();
        $told = $this->wpCli($line);
        $this->assertSame(1, $told['status'], implode($told['out']));
        $this->assertSame(array(), $told['out']);
        $this->assertStringContainsString($said, end($told['err']));
        $this->assertSame(array(), $this->zoom->requests());
    }

    /** @return iterable<string, array{string, string}> */
    public static function wrongLines(): iterable
    {
        foreach (array('abc', '0', '-5', '', 'INF', '1e999') as $seconds) {
            yield "run for '{$seconds}' seconds" => array("telemed run --seconds={$seconds}", "--seconds wants a number above 0, not '{$seconds}'.");
        }
        yield 'seconds without a number' => array('telemed run --seconds', '--seconds wants a number above 0');
        yield 'a misspelt option' => array('telemed run --secondz=5', 'unknown --secondz parameter');
        yield 'a stray word' => array('telemed run now', 'Too many positional arguments: now');
        yield 'a dry run that is false or not' => array('telemed reconcile --dry-run=false', '--dry-run takes no value.');
        yield 'a format that there is not' => array('telemed reconcile --format=xml', "Invalid value specified for 'format'");
        yield 'a dry run of what has none' => array('telemed reseal --dry-run', 'takes no arguments');
        yield 'a command that there is not' => array('telemed repair', 'not a registered');
    }

    public function testAPhpWithoutTheExtensionFailsAloudAndIsNoSignThatTheWorkerRuns(): void
    {
        $this->make('admin', 'doctor1');
        $bare = $this->site->inPhpOf(Site::fromEnvironment('TELEMED_BARE_SITE_STATE'));
        $this->zoom->forgetRequests();
        foreach (self::WITHOUT_WORK as $line) {
            $told = $this->wpCli("{$line} --quiet", $bare);
            $this->assertSame(array(1, array()), array($told['status'], $told['out']), $line);
            $this->assertStringContainsString('telemed is not loaded in this PHP', implode($told['err']), $line);
            $this->assertStringContainsString('"extension=telemed"', implode($told['err']), "{$line}: what to do");
        }
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertFalse($this->records()->counters->hasSignal('worker_ran'));
        $this->assertSame(0, $this->wpCli('telemed run')['status']);
        $this->assertTrue($this->records()->counters->hasSignal('worker_ran'));
    }

    public function testACopyRestsWithoutComplainingEveryMinuteAndRefusesToCompare(): void
    {
        $this->make('admin', 'doctor1');
        $this->site->database()->query("UPDATE wp_options SET option_value = 'http://staging.clinic.example' WHERE option_name = 'home'");
        $this->zoom->forgetRequests();
        try {
            $told = $this->wpCli('telemed run');
            $this->assertSame(array(0, array()), array($told['status'], $told['out']));
            $this->assertStringContainsString('answers whether the site has moved or is a copy', implode($told['err']));
            $this->assertSame(array('status' => 0, 'bar' => null, 'out' => array(), 'err' => array()), $this->wpCli('telemed run --quiet'));
            foreach (array('telemed reconcile', 'telemed reconcile --dry-run') as $line) {
                $told = $this->wpCli($line);
                $this->assertSame(array(1, array()), array($told['status'], $told['out']), $line);
                $this->assertStringContainsString('staging.clinic.example', implode($told['err']), $line);
            }
        } finally {
            $this->site->database()->query("UPDATE wp_options SET option_value = '{$this->site->url()}' WHERE option_name = 'home'");
        }
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testARunDuringAnOutageSaysWhyNothingIsDone(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), -1);
        foreach (array(30, 31, 32) as $days) {
            $this->booked(array('start' => self::start($days)));
        }
        $told = $this->wpCli('telemed run');
        $this->assertSame(array(0, array('Success: 0 visits worked on.')), array($told['status'], $told['out']));
        $this->assertMatchesRegularExpression('/Zoom could not be reached, and is tried again in \d+ seconds\./', implode($told['err']));
    }

    public function testADatabaseThatIsAwayIsToldWithoutATrace(): void
    {
        $this->records()->outOfReach(function (): void {
            foreach (array('telemed run', 'telemed reconcile') as $line) {
                $told = $this->wpCli($line);
                $this->assertSame(array(1, array()), array($told['status'], $told['out']), $line);
                $this->assertStringStartsWith('Error: The plugin\'s own database connection failed', implode($told['err']), $line);
            }
        });
    }
}
