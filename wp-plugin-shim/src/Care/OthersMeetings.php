<?php
/**
 * Leaves the meetings alone that belong to the site of which this one is a copy, with everything that was to become of them.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use Telemed\Visit;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class OthersMeetings
{
    /** In one transaction: what is written as one waits for the disk once. */
    private const PORTION = 100;

    public function __construct(
        private readonly VisitStore $visits,
        private readonly VisitTables $tables,
        private readonly Database $database,
        private readonly Moments $moments
    ) {
    }

    /**
     * Meetings at Zoom are the other site's, also those that must go; and the same people hear of them from there.
     *
     * @throws DatabaseException
     */
    public function leave(): void
    {
        $last = 0;
        do {
            $ids = array_map('intval', array_column($this->database->rows(
                "SELECT id FROM {$this->tables->visits()} v WHERE id > ? AND (EXISTS (SELECT 1 FROM {$this->tables->meetings()} m WHERE m.visit = v.id AND m.role <> 'done')
                 OR EXISTS (SELECT 1 FROM {$this->tables->outbox()} o WHERE o.visit = v.id AND o.place IN ('waiting', 'sending'))) ORDER BY id LIMIT " . self::PORTION,
                [$last]
            ), 'id'));
            $this->database->atomically(function () use ($ids): void {
                $at = $this->moments->now();
                foreach ($ids as $id) {
                    $this->visits->change($id, static fn(Visit $visit): Visit => $visit->copied($at), $at);
                }
            });
            $last = $ids === [] ? $last : end($ids);
        } while (count($ids) === self::PORTION);
        $this->database->execute('DELETE FROM ' . $this->tables->handovers());
    }
}
