<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\TestCase;
use Telemed\Tests\Extension\Support\ChildPhp;

/** stubs/telemed.php and stubs/visit.php say what the extension is: no less, no more. */
final class StubTest extends TestCase
{
    public function testTheStubEqualsReflection(): void
    {
        $dump = 'require ' . var_export(__DIR__ . '/Support/ApiDump.php', true) . ';'
            . 'report(Telemed\Tests\Extension\Support\ApiDump::all());';
        $stubs = dirname(__DIR__, 2) . '/stubs';
        $stub = 'require ' . var_export("{$stubs}/telemed.php", true) . '; require ' . var_export("{$stubs}/visit.php", true) . ';' . $dump;
        $promised = ChildPhp::run($stub, array(), array(), false);
        $present = ChildPhp::run($dump);
        $this->assertIsArray($promised->report, $promised->errors . $promised->output);
        $this->assertIsArray($present->report, $present->errors . $present->output);
        $this->assertGreaterThan(20, count($promised->report));
        $this->assertSame(array_keys($promised->report), array_keys($present->report), 'the classes');
        foreach ($promised->report as $class => $members) {
            $this->assertSame($members, $present->report[$class], $class);
        }
    }

    public function testTheStubHasTheVersionOfTheExtension(): void
    {
        $stub = (string) file_get_contents(dirname(__DIR__, 2) . '/stubs/telemed.php');
        $this->assertStringContainsString('@version ' . phpversion('telemed') . "\n", $stub);
    }
}
