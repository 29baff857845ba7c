<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory\Support;

use PHPUnit\Framework\TestCase;
use Telemed\Tests\FakeZoom;

/** A fresh fake-zoom for each test, and how children may end. */
abstract class MemoryTestCase extends TestCase
{
    protected FakeZoom $zoom;

    protected function setUp(): void
    {
        $this->zoom = FakeZoom::fromEnvironment();
        $this->zoom->reset();
    }

    /** Whether this is the long form: scripts/test with MEMORY_TESTS=long. */
    protected static function isLong(): bool
    {
        return 'long' === getenv('MEMORY_TESTS');
    }

    /** Asserts that it ended by itself with this status, touched nothing outside, and that nothing in Rust panicked. */
    protected function assertEnded(int $status, Child $child): void
    {
        $told = "\n{$child->errors}\n" . substr($child->output, -2000);
        $this->assertFalse($child->isLate, "it ended by itself{$told}");
        $this->assertNull($child->signal, "it ended by a signal{$told}");
        foreach (array('panic', 'a defect in telemed') as $trace) {
            $this->assertStringNotContainsStringIgnoringCase($trace, $child->output . $child->errors, 'nothing panicked');
        }
        $this->assertSame($status, $child->status, "its status{$told}");
    }
}
