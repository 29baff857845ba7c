<?php
/**
 * The log of version 0.1.0: what it says of e-mails, which that version read back; and its lines, moved.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Migration;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class OldLog
{
    /** Who is, or was, told what. */
    private const ABOUT_MAILS = ['mailing', 'warning', 'mailed', 'told_by_source'];

    public function __construct(private readonly Database $database, private readonly OldTables $old, private readonly VisitTables $tables)
    {
    }

    /**
     * @param string $list of numbers of visits
     * @return list<array<string, mixed>> the lines about e-mails, the oldest first
     * @throws DatabaseException
     */
    public function aboutMails(string $list): array
    {
        $events = "'" . implode("', '", self::ABOUT_MAILS) . "'";
        return $this->database->rows("SELECT * FROM {$this->old->log()} WHERE meeting IN ($list) AND event IN ($events) ORDER BY id");
    }

    /** @throws DatabaseException */
    public function move(string $list): void
    {
        $this->database->execute(
            "INSERT INTO {$this->tables->log()} (visit, at, actor, event, note, tracking_id)
             SELECT meeting, at, actor, event, note, tracking_id FROM {$this->old->log()} WHERE meeting IN ($list) ORDER BY id"
        );
        $this->database->execute("DELETE FROM {$this->old->log()} WHERE meeting IN ($list)");
    }
}
