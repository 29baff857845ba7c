<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Memory\Support\Child;
use Telemed\Tests\Memory\Support\Memcheck;
use Telemed\Tests\Memory\Support\MemoryTestCase;

/** Every method of every class with arguments that nobody would give it (arguments.php). */
final class HostileArgumentTest extends MemoryTestCase
{
    /** @dataProvider classes */
    #[DataProvider('classes')]
    public function testWhateverIsGivenEndsInAResultOrAnException(string $class): void
    {
        $script = array(__DIR__ . '/arguments.php', $class);
        $child = Child::file($script, Child::GUARDED, array('memory_limit' => '-1'), 600);
        $this->assertEnded(0, $child);
        $this->assertGreaterThan(0, $child->report['argument error'], 'too few and too many arguments at least');
        $kinds = array('result', 'exception', 'argument error', 'thrown by an argument');
        $this->assertSame(array(), array_diff(array_keys($child->report), $kinds));
        if (self::isLong()) {
            $memcheck = Memcheck::of($script, array('memory_limit' => '-1'));
            $this->assertEnded(0, $memcheck->child);
            $this->assertSame('', implode("\n\n", $memcheck->errors));
        }
    }

    /** @return array<string, array{string}> */
    public static function classes(): array
    {
        $classes = array();
        foreach (get_declared_classes() as $class) {
            $reflection = new \ReflectionClass($class);
            if ('telemed' === $reflection->getExtensionName() && ! $reflection->isSubclassOf(\Throwable::class)) {
                $classes[$class] = array($class);
            }
        }
        return $classes;
    }
}
