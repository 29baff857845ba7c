<?php
/**
 * E-mails that have not gone yet, for screens: those that wait because there were too many, and those that were refused.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class WaitingMails
{
    private const IS_HELD_BACK = "place = 'waiting' AND is_held_back = 1";
    private const IS_REFUSED = "recipient <> 'staff' AND tries > 0 AND place IN ('waiting', 'sending', 'given_up')";

    public function __construct(private readonly Database $database, private readonly VisitTables $tables)
    {
    }

    /**
     * How many wait because there were too many.
     *
     * @throws DatabaseException
     */
    public function countHeldBack(): int
    {
        return (int) ($this->database->row("SELECT COUNT(*) AS n FROM {$this->tables->outbox()} WHERE " . self::IS_HELD_BACK)['n'] ?? 0);
    }

    /**
     * Of which of these visits such an e-mail waits.
     *
     * @param list<int> $visits
     * @return list<int>
     * @throws DatabaseException
     */
    public function heldBack(array $visits): array
    {
        return $this->among($visits, self::IS_HELD_BACK);
    }

    /**
     * Of which of these visits an e-mail was refused and has not gone since.
     *
     * @param list<int> $visits
     * @return list<int>
     * @throws DatabaseException
     */
    public function refused(array $visits): array
    {
        return $this->among($visits, self::IS_REFUSED);
    }

    /**
     * An e-mail waits because there were too many.
     *
     * @return bool whether that is new
     * @throws DatabaseException
     */
    public function holdBack(int $notice): bool
    {
        return $this->database->execute("UPDATE {$this->tables->outbox()} SET is_held_back = 1 WHERE id = ? AND is_held_back = 0", [$notice]) === 1;
    }

    /**
     * @param list<int> $visits
     * @return list<int>
     * @throws DatabaseException
     */
    private function among(array $visits, string $condition): array
    {
        if ($visits === []) {
            return [];
        }
        $marks = implode(', ', array_fill(0, count($visits), '?'));
        $rows = $this->database->rows("SELECT DISTINCT visit FROM {$this->tables->outbox()} WHERE visit IN ($marks) AND $condition", $visits);
        return array_map('intval', array_column($rows, 'visit'));
    }
}
