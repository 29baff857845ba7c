<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** What was done to each visit. */
final class Log
{
    public function __construct(private readonly Tables $tables)
    {
    }

    /** How often one of these events is told, or how many lines there are. */
    public function count(string ...$events): int
    {
        return self::countAmong($this->lines(), $events);
    }

    /** The same of one visit. */
    public function countOf(int $visit, string ...$events): int
    {
        return self::countAmong(array_filter($this->lines(), static fn (array $line): bool => (string) $visit === $line['visit']), $events);
    }

    /** How many lines tell of what a user did. */
    public function countBy(int $actor): int
    {
        return count(array_filter($this->lines(), static fn (array $line): bool => (string) $actor === $line['actor']));
    }

    /** @return list<string> */
    public function notes(): array
    {
        return array_values(array_filter(array_column($this->lines(), 'note'), is_string(...)));
    }

    public function forget(string $event): void
    {
        $this->tables->execute("DELETE FROM {$this->tables->log()} WHERE event = ?", $event);
    }

    /** All mails that were sent are still to be sent: their processes died, so long ago. */
    public function unmail(int $secondsAgo): void
    {
        $this->tables->execute("UPDATE {$this->tables->log()} SET event = 'mailing', at = at - INTERVAL ? SECOND WHERE event = 'mailed'", $secondsAgo);
    }

    /** Mails that were to be sent and are not known to have been. */
    public function countUnsent(): int
    {
        return $this->count('mailing');
    }

    /** Of these the warnings that something is wrong with a visit. */
    public function countUnsentWarnings(): int
    {
        return $this->count('warning');
    }

    /**
     * Does something while the database has no room for mails that are to be sent: by root's connection.
     *
     * @param callable(): void $work
     */
    public function withoutRoomForMails(callable $work): void
    {
        $this->tables->execute(
            "CREATE TRIGGER telemed_no_room BEFORE INSERT ON {$this->tables->log()} FOR EACH ROW
             BEGIN IF NEW.event = 'mailing' THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114; END IF; END"
        );
        try {
            $work();
        } finally {
            $this->tables->execute('DROP TRIGGER telemed_no_room');
        }
    }

    /**
     * @param array<int, array<string, ?string>> $lines
     * @param list<string> $events
     */
    private static function countAmong(array $lines, array $events): int
    {
        return count(array() === $events ? $lines : array_filter($lines, static fn (array $line): bool => in_array($line['event'], $events, true)));
    }

    /** @return list<array<string, ?string>> oldest first */
    private function lines(): array
    {
        return $this->tables->rows("SELECT meeting AS visit, actor, event, note FROM {$this->tables->log()} ORDER BY id");
    }
}
