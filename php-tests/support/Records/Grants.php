<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** The sealed records of what Zoom users allowed. */
final class Grants
{
    public function __construct(private readonly Tables $tables)
    {
    }

    /** How many records are of one of these kinds: the first part of their key, as 'connection'. Of none named: how many there are. */
    public function count(string ...$kinds): int
    {
        $all = $this->kinds();
        return count(array() === $kinds ? $all : array_intersect($all, $kinds));
    }

    /** @return list<string> the kind of each record, in order */
    public function kinds(): array
    {
        $kinds = array_map(static fn (array $row): string => explode(':', (string) $row['record_key'], 2)[0], $this->everything());
        sort($kinds);
        return $kinds;
    }

    /** All that is kept of them. @return list<array<string, ?string>> */
    public function everything(): array
    {
        return $this->tables->rows("SELECT * FROM {$this->tables->grants()} ORDER BY id");
    }
}
