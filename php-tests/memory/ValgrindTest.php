<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory;

use Telemed\Tests\Memory\Support\Memcheck;
use Telemed\Tests\Memory\Support\MemoryTestCase;

/** The rounds under valgrind's memcheck: nothing is read or written outside, used before it is set, or lost round after round. */
final class ValgrindTest extends MemoryTestCase
{
    private const SCRIPT = __DIR__ . '/rounds.php';

    public function testTheRoundsAreCleanAndLoseNothing(): void
    {
        $once = Memcheck::of(array(self::SCRIPT, '1'));
        $this->assertClean($once);
        $this->assertSame(array(), preg_grep('/request_startup/', array_keys($once->lost)), 'the start of a request loses nothing');
        $rounds = self::isLong() ? 40 : 4;
        $often = Memcheck::of(array(self::SCRIPT, (string) $rounds));
        $this->assertClean($often);
        $this->assertStringContainsString("{$rounds} rounds", $often->child->output);

        // What is made once and kept until the process ends is told as lost too; valgrind splits it as it comes. What is lost
        // by each round is there as often as there were more rounds.
        $growing = array();
        foreach ($often->lost as $stack => $blocks) {
            $more = $blocks - ($once->lost[$stack] ?? 0);
            if ($more >= $rounds - 1) {
                $growing[] = "{$more} blocks more, allocated at\n{$stack}";
            }
        }
        $this->assertSame('', implode("\n\n", $growing), 'nothing is lost round after round');
    }

    /** What finds nothing proves little as long as it is not known to find something. */
    public function testWhatIsWrongIsFound(): void
    {
        $wrong = Memcheck::of(array(__DIR__ . '/wrong.php', 'read', '136', '144'), array('extension' => 'ffi'));
        $this->assertCount(1, $wrong->errors);
        $this->assertStringContainsString('InvalidRead', $wrong->errors[0]);
        $this->assertStringContainsString('8 bytes after a block of size 136', $wrong->errors[0]);
        $lost = Memcheck::of(array(__DIR__ . '/wrong.php', 'lose', '136', '7'), array('extension' => 'ffi'));
        $this->assertSame(array(), $lost->errors);
        $this->assertContains(7, $lost->lost);
    }

    private function assertClean(Memcheck $memcheck): void
    {
        $this->assertEnded(0, $memcheck->child);
        $this->assertSame('', implode("\n\n", array_slice($memcheck->errors, 0, 5)), count($memcheck->errors) . ' errors');
    }
}
