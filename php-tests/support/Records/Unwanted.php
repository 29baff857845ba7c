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
        return array_map(
            static fn (array $row): array => array('problem' => ProblemText::of($row['problem'])) + $row,
            $this->tables->rows("SELECT visit, number AS meeting_id, problem FROM {$this->tables->meetings()} WHERE role = 'unwanted' ORDER BY id")
        );
    }

    public function count(): int
    {
        return $this->tables->number("SELECT COUNT(*) FROM {$this->tables->meetings()} WHERE role = 'unwanted'");
    }

    public function countOf(int $visit): int
    {
        return $this->tables->number("SELECT COUNT(*) FROM {$this->tables->meetings()} WHERE role = 'unwanted' AND visit = ?", $visit);
    }

    /** All may be deleted now. */
    public function makeDue(): void
    {
        $this->tables->execute(
            "UPDATE {$this->tables->meetings()} m JOIN {$this->tables->visits()} v ON v.id = m.visit
             SET m.due_at = NULL, v.due_at = UTC_TIMESTAMP() WHERE m.role = 'unwanted'"
        );
    }

    /** Their creations, and those of meetings that are to take another's place, were tried so much earlier. */
    public function attemptedEarlier(int $seconds): void
    {
        // A meeting that only may exist waits for that moment, and its visit with it.
        $this->tables->execute(
            "UPDATE {$this->tables->meetings()} m JOIN {$this->tables->visits()} v ON v.id = m.visit
             SET m.sent_at = m.sent_at - INTERVAL ? SECOND, m.due_at = m.due_at - INTERVAL ? SECOND, v.due_at = v.due_at - INTERVAL ? SECOND
             WHERE m.role IN ('next', 'unwanted') AND m.sent_at IS NOT NULL",
            $seconds,
            $seconds,
            $seconds
        );
    }
}
