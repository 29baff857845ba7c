<?php
/**
 * Visits that are due, and notices: in the order in which they are worked on; and what wakes them. Whether one is due is decided by the
 * extension, here it is only brought nearer.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class VisitQueue
{
    private const ROWS_AT_ONCE = 50;

    public function __construct(private readonly Database $database, private readonly VisitTables $tables)
    {
    }

    /**
     * Looks at a visit again then, if it has not changed since.
     *
     * @param ?string $until UTC; null: not by itself
     * @return bool false: it has
     * @throws DatabaseException
     */
    public function lookAgain(int $id, int $version, ?string $until): bool
    {
        return $this->database->execute('UPDATE ' . $this->tables->visits() . ' SET due_at = ? WHERE id = ? AND version = ?', [$until, $id, $version]) === 1;
    }

    /**
     * Visits that are due, the soonest first.
     *
     * @return list<int>
     * @throws DatabaseException
     */
    public function due(string $now, int $most): array
    {
        $sql = 'SELECT id FROM ' . $this->tables->visits() . ' WHERE due_at <= ? ORDER BY start_utc, id LIMIT ' . $most;
        return array_map('intval', array_column($this->database->rows($sql, [$now]), 'id'));
    }

    /**
     * Visits of which something is wished, or doubted, and was not seen committed yet, the oldest first.
     *
     * @return list<int>
     * @throws DatabaseException
     */
    public function pending(int $most): array
    {
        $sql = 'SELECT id FROM ' . $this->tables->visits() . ' WHERE pending IS NOT NULL ORDER BY pending_since, id LIMIT ' . $most;
        return array_map('intval', array_column($this->database->rows($sql), 'id'));
    }

    /**
     * Notices that are due.
     *
     * @return list<array{visit: int, notice: int}>
     * @throws DatabaseException
     */
    public function dueNotices(string $now, int $most): array
    {
        $sql = 'SELECT visit, id FROM ' . $this->tables->outbox() . ' WHERE ' . VisitRows::OPEN_NOTICES . " AND due_at <= ? ORDER BY due_at, id LIMIT $most";
        return array_map(
            static fn(array $row): array => ['visit' => (int) $row['visit'], 'notice' => (int) $row['id']],
            $this->database->rows($sql, [$now])
        );
    }

    /**
     * Whatever waits for its next try need not wait any longer: what stood in its way has been mended. What may still come of a creation
     * that was sent is remembered by the extension.
     *
     * @param ?int $doctor null: everybody's
     * @throws DatabaseException
     */
    public function wake(?int $doctor, string $now): void
    {
        $this->wakeWhere($doctor === null ? '1 = 1' : 'v.doctor = ?', $doctor === null ? [] : [$doctor], $now);
    }

    /**
     * The same of one visit.
     *
     * @throws DatabaseException
     */
    public function wakeOne(int $id, string $now): void
    {
        $this->wakeWhere('v.id = ?', [$id], $now);
    }

    /**
     * Which they are is looked up first: a statement over two tables would take its locks in another order than change() does.
     *
     * @param list<int> $values
     * @throws DatabaseException
     */
    private function wakeWhere(string $condition, array $values, string $now): void
    {
        $waits = "m.role <> 'done' AND m.is_uncertain = 0 AND m.due_at > ?";
        $rows = $this->database->rows(
            "SELECT DISTINCT v.id FROM {$this->tables->visits()} v JOIN {$this->tables->meetings()} m ON m.visit = v.id WHERE $condition AND $waits ORDER BY v.id",
            [...$values, $now]
        );
        foreach (array_chunk(array_map('intval', array_column($rows, 'id')), self::ROWS_AT_ONCE) as $ids) {
            $marks = implode(', ', array_fill(0, count($ids), '?'));
            $this->database->atomically(function () use ($ids, $marks, $waits, $now): void {
                $this->database->execute("UPDATE {$this->tables->visits()} SET due_at = ?, version = version + 1 WHERE id IN ($marks) ORDER BY id", [$now, ...$ids]);
                $this->database->execute("UPDATE {$this->tables->meetings()} m SET m.due_at = NULL, m.tries = 0 WHERE m.visit IN ($marks) AND $waits", [...$ids, $now]);
            });
        }
    }
}
