<?php

/** Counts what holds, with one line for each. */

declare(strict_types=1);

namespace Telemed\Tests\Demo;

final class Check
{
    private int $passed = 0;
    private int $failed = 0;

    /**
     * One claim. It holds when the work returns without an exception; what it returns is told beside it.
     *
     * @param callable(): string $work
     */
    public function that(string $claim, callable $work): bool
    {
        try {
            $told = $work();
        } catch (\Throwable $failure) {
            $this->failed++;
            echo "FAILED  {$claim}: {$failure->getMessage()}\n";
            return false;
        }
        $this->passed++;
        echo "ok      {$claim}" . ('' === $told ? '' : ": {$told}") . "\n";
        return true;
    }

    /** Ends the claim that is being looked at, unless $holds. */
    public static function demand(bool $holds, string $otherwise): void
    {
        if (! $holds) {
            throw new \RuntimeException($otherwise);
        }
    }

    public static function same(mixed $wanted, mixed $found, string $what): void
    {
        self::demand(
            $wanted === $found,
            sprintf('%s is %s, not %s', $what, json_encode($found, JSON_UNESCAPED_SLASHES), json_encode($wanted, JSON_UNESCAPED_SLASHES))
        );
    }

    /** Tells the sum and gives the exit status. */
    public function end(): int
    {
        printf("%d passed, %d failed\n", $this->passed, $this->failed);
        return 0 === $this->failed && $this->passed > 0 ? 0 : 1;
    }
}
