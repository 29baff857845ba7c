<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** The names of the plugin's tables, and the way to them. */
final class Tables
{
    /**
     * @param \Closure(): \mysqli $connect
     * @param ?SiteVault $vault without it links stay sealed
     */
    public function __construct(
        private readonly string $prefix,
        private readonly \Closure $connect,
        private readonly bool $closes = true,
        private readonly ?SiteVault $vault = null
    ) {
    }

    /** What is wanted. */
    public function visits(): string
    {
        return "{$this->prefix}telemed_visits";
    }

    /** Every meeting that was ever intended for a visit. */
    public function meetings(): string
    {
        return "{$this->prefix}telemed_meetings";
    }

    /** What waits to be told, and what was. */
    public function outbox(): string
    {
        return "{$this->prefix}telemed_outbox";
    }

    public function log(): string
    {
        return "{$this->prefix}telemed_log";
    }

    public function writes(): string
    {
        return "{$this->prefix}telemed_writes";
    }

    public function signals(): string
    {
        return "{$this->prefix}telemed_signals";
    }

    public function grants(): string
    {
        return "{$this->prefix}telemed_tokens";
    }

    public function apps(): string
    {
        return "{$this->prefix}telemed_apps";
    }

    public function options(): string
    {
        return "{$this->prefix}options";
    }

    /** @return ?string null where nothing is sealed, or it cannot be opened */
    public function opened(?string $sealed, string $context): ?string
    {
        return $sealed === null ? null : $this->vault?->open($sealed, $context);
    }

    public function sealed(string $text, string $context): string
    {
        return $this->vault?->seal($text, $context) ?? throw new \LogicException('Only a site\'s own records are sealed: Records::of().');
    }

    /** Whether links can be opened and sealed. */
    public function hasVault(): bool
    {
        return $this->vault !== null;
    }

    /** What the row of a visit says of its host follows from the meeting that serves it. */
    public function alignHosts(): void
    {
        $this->execute(
            "UPDATE {$this->visits()} v LEFT JOIN {$this->meetings()} m ON m.visit = v.id AND m.role = 'serves' SET v.host = COALESCE(m.host_at_zoom, m.host)"
        );
    }

    /** @return list<array<string, ?string>> */
    public function rows(string $sql, int|string|null ...$values): array
    {
        $text = static fn (int|float|string|null $value): ?string => $value === null ? null : (string) $value;
        return $this->run($sql, $values, static fn (\mysqli $connection, \mysqli_result|bool $result): array => array_map(
            static fn (array $row): array => array_map($text, $row),
            $result->fetch_all(MYSQLI_ASSOC)
        ));
    }

    /** The first column of the first row, of which there is one. */
    public function number(string $sql, int|string|null ...$values): int
    {
        return (int) current($this->rows($sql, ...$values)[0]);
    }

    public function execute(string $sql, int|string|null ...$values): void
    {
        $this->run($sql, $values, static fn (): bool => true);
    }

    /** @return int the new row's number */
    public function insert(string $sql, int|string|null ...$values): int
    {
        return $this->run($sql, $values, static fn (\mysqli $connection): int => (int) $connection->insert_id);
    }

    /**
     * @template T
     * @param list<int|string|null> $values
     * @param callable(\mysqli, \mysqli_result|bool): T $take
     * @return T
     */
    private function run(string $sql, array $values, callable $take): mixed
    {
        $connection = ($this->connect)();
        try {
            // Not everything can be prepared.
            return $take($connection, array() === $values ? self::asked($connection, $sql) : self::executed($connection, $sql, $values));
        } finally {
            if ($this->closes) {
                $connection->close();
            }
        }
    }

    private static function asked(\mysqli $connection, string $sql): \mysqli_result|bool
    {
        $result = $connection->query($sql);
        // Within WordPress mysqli does not throw.
        return false === $result ? throw new \mysqli_sql_exception($connection->error, $connection->errno) : $result;
    }

    /** @param list<int|string|null> $values */
    private static function executed(\mysqli $connection, string $sql, array $values): \mysqli_result|bool
    {
        $statement = $connection->prepare($sql);
        if (false === $statement || false === $statement->execute($values)) {
            throw new \mysqli_sql_exception($statement->error ?? $connection->error, $statement->errno ?? $connection->errno);
        }
        return $statement->get_result();
    }
}
