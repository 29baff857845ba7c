<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** Meetings at Zoom that must go, among them those of which it is not known whether they were made. */
final class Unwanted
{
    public function __construct(private readonly Tables $tables)
    {
    }

    /** @return list<array{visit: ?string, meeting_id: ?string, problem: ?string}> */
    public function all(): array
    {
        return $this->tables->rows("SELECT meeting AS visit, meeting_id, last_error AS problem FROM {$this->tables->unwanted()} ORDER BY id");
    }

    public function count(): int
    {
        return $this->tables->number("SELECT COUNT(*) FROM {$this->tables->unwanted()}");
    }

    public function countOf(int $visit): int
    {
        return $this->tables->number("SELECT COUNT(*) FROM {$this->tables->unwanted()} WHERE meeting = ?", $visit);
    }

    /** All may be deleted now. */
    public function makeDue(): void
    {
        $this->tables->execute("UPDATE {$this->tables->unwanted()} SET next_try_at = NULL");
    }

    /** Their creations were tried so much earlier. */
    public function attemptedEarlier(int $seconds): void
    {
        $this->tables->execute("UPDATE {$this->tables->unwanted()} SET attempted_at = attempted_at - INTERVAL ? SECOND", $seconds);
    }
}
