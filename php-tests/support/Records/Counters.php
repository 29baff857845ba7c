<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** What processes count and tell each other: the writes of a host's day, and signals. */
final class Counters
{
    public function __construct(private readonly Tables $tables)
    {
    }

    /** Of all hosts and days. */
    public function writes(): int
    {
        return $this->tables->number("SELECT COALESCE(SUM(writes), 0) FROM {$this->tables->writes()}");
    }

    /** @return list<array{string, int}> day and writes of each host, the earliest day first */
    public function writesByDay(): array
    {
        return array_map(
            static fn (array $row): array => array((string) $row['day'], (int) $row['writes']),
            $this->tables->rows("SELECT day, writes FROM {$this->tables->writes()} ORDER BY day")
        );
    }

    /** Each host has written so often on each day that is counted. */
    public function setWrites(int $writes): void
    {
        $this->tables->execute("UPDATE {$this->tables->writes()} SET writes = ?", $writes);
    }

    /** @param string $day Y-m-d */
    public function addWrites(string $zoomUser, string $day, int $writes): void
    {
        $this->tables->execute("INSERT INTO {$this->tables->writes()} (host, day, writes) VALUES (?, ?, ?)", sha1($zoomUser), $day, $writes);
    }

    public function hasSignal(string $name): bool
    {
        return array() !== $this->tables->rows("SELECT name FROM {$this->tables->signals()} WHERE name = ?", $name);
    }

    /** @return list<string> names of signals, of those that begin so */
    public function signals(string $beginning = ''): array
    {
        $names = array_column($this->tables->rows("SELECT name FROM {$this->tables->signals()} ORDER BY name"), 'name');
        return array_values(array_filter($names, static fn (string $name): bool => str_starts_with($name, $beginning)));
    }

    /** The signals that begin so were given so much earlier. */
    public function ageSignals(string $beginning, int $seconds): void
    {
        foreach ($this->signals($beginning) as $name) {
            $this->tables->execute("UPDATE {$this->tables->signals()} SET at = at - INTERVAL ? SECOND WHERE name = ?", $seconds, $name);
        }
    }

    public function forgetSignals(): void
    {
        $this->tables->execute("DELETE FROM {$this->tables->signals()}");
    }
}
