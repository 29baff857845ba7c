<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Memory\Support\Child;
use Telemed\Tests\Memory\Support\MemoryTestCase;

/** The rounds with every block against an untouchable page (guard.c): whatever is touched outside ends by a signal at once. */
final class GuardPageTest extends MemoryTestCase
{
    public function testTheRoundsTouchNothingOutside(): void
    {
        $rounds = self::isLong() ? 60 : 6;
        $child = Child::file(array(__DIR__ . '/rounds.php', (string) $rounds), Child::GUARDED, array(), 60 + 10 * $rounds);
        $this->assertEnded(0, $child);
        $this->assertStringContainsString("{$rounds} rounds", $child->output);
        $this->assertGreaterThan(10_000, $child->guarded);
        $this->assertSame(0, $child->unguarded, 'every block was watched');
    }

    /**
     * What finds nothing proves little as long as it is not known to find something.
     *
     * @dataProvider wrongs
     */
    #[DataProvider('wrongs')]
    public function testWhatIsWrongIsFound(string $what, int $size, int $offset, int $signal, string $told): void
    {
        $child = Child::file(array(__DIR__ . '/wrong.php', $what, (string) $size, (string) $offset), Child::GUARDED, array('extension' => 'ffi'));
        $this->assertSame($signal, $child->signal, $child->errors . $child->output);
        $this->assertStringContainsString($told, $child->errors);
        $this->assertStringNotContainsString('went on', $child->output);
    }

    /** @return array<string, array{string, int, int, int, string}> */
    public static function wrongs(): array
    {
        return array(
            'a read past the end' => array('read', 136, 144, SIGSEGV, 'guard: byte 144 of a block of 136 bytes was touched'),
            'a read past the end of a large block' => array('read', 70_000, 70_000, SIGSEGV, 'guard: byte 70000 of a block of 70000 bytes'),
            'a write past the end' => array('write', 4_000, 4_000, SIGSEGV, 'guard: byte 4000 of a block of 4000 bytes'),
            'a write between the end and the page' => array('write', 130, 131, SIGABRT, 'written past its end: a block of 130 bytes'),
            'a write before the start' => array('write', 136, -3, SIGABRT, 'written before its start: a block of 136 bytes'),
            'a read after free' => array('read after free', 136, 0, SIGSEGV, 'guard: byte 0 of a block of 136 bytes that was freed'),
            'freed twice' => array('free twice', 136, 0, SIGABRT, 'after it was freed: a block of 136 bytes'),
        );
    }
}
