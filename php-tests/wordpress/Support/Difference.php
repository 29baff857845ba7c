<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress\Support;

/** What PHP's loop does otherwise than the simulation's. */
final class Difference extends \RuntimeException
{
    public static function between(string $of, mixed $expected, mixed $found): self
    {
        $text = static fn (mixed $value): string => (string) json_encode($value, JSON_UNESCAPED_SLASHES);
        if (is_array($expected) && is_array($found)) {
            foreach (array_keys($expected + $found) as $key) {
                [$one, $other] = array($expected[$key] ?? null, $found[$key] ?? null);
                if ($one !== $other) {
                    return self::between("{$of}, {$key}", $one, $other);
                }
            }
        }
        return new self("{$of}: the simulation has {$text($expected)}, PHP has {$text($found)}");
    }

    public static function unlessSame(string $of, mixed $expected, mixed $found): void
    {
        if ($expected !== $found) {
            throw self::between($of, $expected, $found);
        }
    }
}
