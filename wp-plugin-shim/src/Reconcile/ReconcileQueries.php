<?php
/**
 * What the comparison with Zoom asks the tables of visits, host by host and in portions.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\SealedLinks;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class ReconcileQueries
{
    /** Orphans of visits that were so lately are still looked for. */
    private const PAST_DAYS = 2;
    private const COLUMNS = 'v.version, v.start_utc, v.minutes, v.timezone, v.topic, v.takes_place, v.pending, v.state, v.changed_at,
        m.visit, m.generation, m.reference, m.role, m.ended, m.mode, m.app, m.account, m.subject, m.host, m.number, m.host_at_zoom, m.join_url,
        m.passcode, m.overridden, m.to_restore';

    public function __construct(
        private readonly Database $database,
        private readonly VisitTables $tables,
        private readonly SealedLinks $links
    ) {
    }

    /**
     * @return list<ComparedHost> every host at which meetings of visits to come, or of late, were made, or may have been, or must go
     * @throws DatabaseException
     */
    public function hosts(): array
    {
        $columns = "m.mode, m.app, m.account, m.subject, m.host, m.host_email, m.role <> 'done' AS is_needed";
        $rows = $this->database->rows(
            "SELECT $columns FROM {$this->tables->visits()} v JOIN {$this->tables->meetings()} m ON m.visit = v.id
             WHERE v.end_utc >= ? AND m.mode IS NOT NULL
             UNION SELECT $columns FROM {$this->tables->meetings()} m WHERE m.role IN ('next', 'unwanted') AND m.mode IS NOT NULL
             ORDER BY host, app, is_needed DESC, host_email DESC",
            [Clock::sql(-self::PAST_DAYS * DAY_IN_SECONDS)]
        );
        $hosts = [];
        foreach ($rows as $row) {
            // Of one host the row that is of concern comes first, and then that which knows more.
            $host = ComparedHost::fromRow($row);
            $hosts[$host->key()] ??= $host;
        }
        return array_values($hosts);
    }

    /**
     * Meetings that may be at Zoom, at whatever host and through whatever app, and whose number nobody knows.
     *
     * @return list<IntendedMeeting>
     * @throws DatabaseException
     */
    public function withoutNumber(): array
    {
        return $this->rows("m.number IS NULL AND m.role <> 'done' AND (m.sent_at IS NOT NULL OR m.is_uncertain = 1)", []);
    }

    /**
     * Those that are known by one of these numbers, through whatever app they were made. What is done is at Zoom no more, or ought not
     * to be.
     *
     * @param list<int> $numbers
     * @return list<IntendedMeeting>
     * @throws DatabaseException
     */
    public function ofNumbers(array $numbers): array
    {
        if ($numbers === []) {
            return [];
        }
        return $this->rows('m.number IN (' . implode(', ', array_fill(0, count($numbers), '?')) . ") AND m.role <> 'done'", $numbers);
    }

    /**
     * The host's meetings that serve visits to come.
     *
     * @return list<IntendedMeeting> by visit
     * @throws DatabaseException
     */
    public function upcomingOfHost(ComparedHost $host, int $afterVisit, int $limit): array
    {
        return $this->rows(
            "m.host = ? AND m.role = 'serves' AND m.number IS NOT NULL AND m.mode = ? AND m.app = ? AND m.subject <=> ?
             AND v.end_utc >= ? AND v.takes_place = 1 AND m.visit > ? ORDER BY m.visit LIMIT ?",
            [$host->maker['host'], $host->maker['mode'], $host->maker['app'], $host->maker['subject'], Clock::sql(), $afterVisit, $limit]
        );
    }

    /** @throws DatabaseException */
    public function find(int $visit, int $generation): ?IntendedMeeting
    {
        return $this->rows('m.visit = ? AND m.generation = ?', [$visit, $generation])[0] ?? null;
    }

    /**
     * @param list<int|string|null> $values
     * @return list<IntendedMeeting>
     * @throws DatabaseException
     */
    private function rows(string $where, array $values): array
    {
        $rows = $this->database->rows(
            'SELECT ' . self::COLUMNS . " FROM {$this->tables->meetings()} m JOIN {$this->tables->visits()} v ON v.id = m.visit WHERE $where",
            $values
        );
        return array_map(fn(array $row): IntendedMeeting => IntendedMeeting::fromRow($this->links->opened((int) $row['visit'], $row)), $rows);
    }
}
