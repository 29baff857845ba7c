<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** What was done to each visit, and what waits to be told of it. */
final class Log
{
    private const NEWS = "about IN ('booked', 'rescheduled', 'reassigned', 'released', 'cancelled', 'new_link')";

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

    /** The newest mail that each person was sent of a visit is still to be sent: its process died after taking it on, so long ago. */
    public function unmail(int $secondsAgo): void
    {
        $sent = $this->tables->rows(
            'SELECT id, visit, recipient, doctor, says, ' . self::NEWS . " AS is_news FROM {$this->tables->outbox()} WHERE place = 'sent' ORDER BY id"
        );
        $byPerson = array();
        foreach ($sent as $notice) {
            // Of trouble nobody has to believe anything: each is one of its own.
            $byPerson[$notice['is_news'] === '1' ? "{$notice['visit']} {$notice['recipient']} {$notice['doctor']}" : $notice['id']][] = $notice;
        }
        foreach ($byPerson as $notices) {
            $newest = array_pop($notices);
            $this->tables->execute(
                "UPDATE {$this->tables->outbox()} SET place = 'sending', due_at = UTC_TIMESTAMP() - INTERVAL ? SECOND WHERE id = ?",
                $secondsAgo,
                (int) $newest['id']
            );
            if ($newest['is_news'] === '1') {
                $this->believe($newest, array_pop($notices)['says'] ?? null);
            }
        }
    }

    /**
     * The person of a notice believes what another said; null: nothing, for they had none.
     *
     * @param array<string, ?string> $notice
     */
    private function believe(array $notice, ?string $says): void
    {
        [$visits, $visit] = array($this->tables->visits(), (int) $notice['visit']);
        $person = $notice['recipient'] === 'doctor' ? array('doctor' => (int) $notice['doctor']) : $notice['recipient'];
        $told = json_decode((string) $this->tables->rows("SELECT told FROM {$visits} WHERE id = ?", $visit)[0]['told'], true, 16, JSON_THROW_ON_ERROR);
        $told = array_values(array_filter($told, static fn (array $one): bool => $one[0] !== $person));
        if ($says !== null) {
            $told[] = array($person, json_decode($says, true, 16, JSON_THROW_ON_ERROR));
        }
        $this->tables->execute("UPDATE {$visits} SET told = ? WHERE id = ?", json_encode($told, JSON_THROW_ON_ERROR), $visit);
    }

    /** What was to be told and is not known to have been; to several of a visit's people at once counts once. */
    public function countUnsent(): int
    {
        return $this->countOpen('1 = 1');
    }

    /** Of these the warnings that something is wrong with a visit. */
    public function countUnsentWarnings(): int
    {
        return $this->countOpen('NOT ' . self::NEWS);
    }

    /**
     * Does something while the database has no room for mails that are to be sent: by root's connection.
     *
     * @param callable(): void $work
     */
    public function withoutRoomForMails(callable $work): void
    {
        $this->tables->execute(
            "CREATE TRIGGER telemed_no_room BEFORE INSERT ON {$this->tables->outbox()} FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114"
        );
        try {
            $work();
        } finally {
            $this->tables->execute('DROP TRIGGER telemed_no_room');
        }
    }

    private function countOpen(string $condition): int
    {
        return $this->tables->number(
            "SELECT COUNT(DISTINCT visit, about) FROM {$this->tables->outbox()} WHERE place IN ('waiting', 'sending') AND {$condition}"
        );
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
        return $this->tables->rows("SELECT visit, actor, event, note FROM {$this->tables->log()} ORDER BY id");
    }
}
