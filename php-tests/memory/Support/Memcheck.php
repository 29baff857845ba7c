<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory\Support;

/** What valgrind's memcheck found in one process. */
final class Memcheck
{
    /** How the process ended. */
    public Child $child;
    /** @var list<string> each error with its stacks, innermost frame first */
    public array $errors = array();
    /** @var array<string, int> blocks that nothing points to any more, by the stack that allocated them */
    public array $lost = array();

    /**
     * @param list<string> $script a script and its arguments
     * @param array<string, string> $ini directives
     */
    public static function of(array $script, array $ini = array()): self
    {
        $xml = tempnam(sys_get_temp_dir(), 'telemed');
        try {
            return new self(Child::underValgrind($script, $xml, $ini), (string) file_get_contents($xml));
        } finally {
            unlink($xml);
        }
    }

    private function __construct(Child $child, string $xml)
    {
        $this->child = $child;
        if (! preg_match_all('~<error>(.*?)</error>~s', $xml, $errors) && ! str_contains($xml, '<state>FINISHED</state>')) {
            throw new \RuntimeException("valgrind did not come to its end: {$child->errors}");
        }
        foreach ($errors[1] as $error) {
            $stacks = implode("\n  and\n", array_map(array(self::class, 'stack'), self::all('stack', $error)));
            $kind = self::all('kind', $error)[0];
            if (str_starts_with($kind, 'Leak_')) {
                $this->lost[$stacks] = ($this->lost[$stacks] ?? 0) + (int) self::all('leakedblocks', $error)[0];
            } else {
                $this->errors[] = "{$kind}: " . (self::all('what', $error)[0] ?? '') . "\n{$stacks}\n" . implode(self::all('auxwhat', $error));
            }
        }
    }

    private static function stack(string $stack): string
    {
        $frames = array();
        foreach (self::all('frame', $stack) as $frame) {
            $frames[] = '    ' . basename(self::all('obj', $frame)[0] ?? '?') . ' ' . html_entity_decode(self::all('fn', $frame)[0] ?? '?');
        }
        return implode("\n", $frames);
    }

    /** @return list<string> */
    private static function all(string $tag, string $xml): array
    {
        preg_match_all("~<{$tag}>(.*?)</{$tag}>~s", $xml, $found);
        return $found[1];
    }
}
