<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress\Support;

use TelemedZoom\Site\Database;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\SealedLinks;
use TelemedZoom\Store\VisitTables;

/** The tables of visits as a replay looks at them. */
final class ReplayRows
{
    public function __construct(
        private readonly Database $database,
        private readonly VisitTables $tables,
        private readonly SealedLinks $links
    ) {
    }

    /** @param bool $isNew whether Zoom knows none of the tokens any more */
    public function forgetAll(bool $isNew): void
    {
        foreach ($this->tables->all() as $table) {
            $this->database->execute("DELETE FROM {$table}");
        }
        $this->database->execute('DELETE FROM ' . Schema::tokens() . ($isNew ? '' : " WHERE record_key LIKE 'attempt:%'"));
    }

    /**
     * Others have used up so many writes of each host's day.
     *
     * @param array<int, string> $hosts
     */
    public function useUp(int $writes, array $hosts, string $day): void
    {
        foreach ($hosts as $host) {
            $this->database->execute('INSERT INTO ' . $this->tables->writes() . ' (host, day, writes) VALUES (?, ?, ?)', array(sha1($host), $day, $writes));
        }
    }

    /** @return list<array{string, string, int, ?string}> */
    public function versions(): array
    {
        $rows = $this->database->rows('SELECT source, appointment, version, due_at FROM ' . $this->tables->visits() . ' ORDER BY id');
        return array_map('array_values', $rows);
    }

    /** @return array{string, string} the appointment of a visit */
    public function nameOf(int $visit): array
    {
        $row = $this->database->row('SELECT source, appointment FROM ' . $this->tables->visits() . ' WHERE id = ?', array($visit));
        return array_values((array) $row);
    }

    /** Which of the visit's notices it is. */
    public function placeOf(int $visit, int $notice): int
    {
        $row = $this->database->row('SELECT COUNT(*) AS n FROM ' . $this->tables->outbox() . ' WHERE visit = ? AND id < ?', array($visit, $notice));
        return (int) $row['n'];
    }

    /**
     * All visits with all that hangs on them. Links and passcodes are held against Zoom's.
     *
     * @param array<int, array<string, mixed>> $atZoom Zoom's meetings, by number
     * @return list<array<string, mixed>>
     */
    public function visits(array $atZoom): array
    {
        $all = array();
        foreach ($this->database->rows('SELECT * FROM ' . $this->tables->visits() . ' ORDER BY id') as $visit) {
            $id = $visit['id'];
            $meetings = array();
            foreach ($this->of($this->tables->meetings(), $id, 'generation') as $sealed) {
                $meeting = $this->links->opened($id, $sealed);
                foreach (array('passcode' => 'password', 'join_url' => 'join_url', 'uuid' => 'uuid') as $column => $zooms) {
                    if (null !== $meeting[$column] && $meeting[$column] !== ($atZoom[$meeting['number']][$zooms] ?? null)) {
                        throw new Difference("{$column} of generation {$meeting['generation']} is not Zoom's");
                    }
                }
                $meetings[] = $meeting;
            }
            $all[] = array(
                'visit' => $visit,
                'meetings' => $meetings,
                'notices' => $this->of($this->tables->outbox(), $id, 'id'),
                'log' => array_column($this->of($this->tables->log(), $id, 'id'), 'event'),
            );
        }
        $this->demandNothingLeft();
        return $all;
    }

    /** @return array<string, mixed> what all processes know of writes and of Zoom's being there, as the simulation has it */
    public function counters(): array
    {
        $writes = $this->database->rows('SELECT host, day, writes FROM ' . $this->tables->writes() . ' WHERE writes > 0 ORDER BY host, day');
        $blocked = $this->database->rows('SELECT host, MAX(blocked_until) AS until FROM ' . $this->tables->writes() . ' WHERE blocked_until IS NOT NULL GROUP BY host ORDER BY host');
        $signals = array_column($this->database->rows('SELECT name, at FROM ' . $this->tables->signals()), 'at', 'name');
        $outage = $signals['breaker'] ?? null;
        unset($signals['breaker']);
        return array(
            'blocked' => array_map('array_values', $blocked),
            'lost' => count($signals),
            'outage' => $outage,
            'writes' => array_map('array_values', $writes),
        );
    }

    /** What was forgotten is forgotten whole. */
    private function demandNothingLeft(): void
    {
        foreach (array($this->tables->meetings(), $this->tables->outbox(), $this->tables->log()) as $table) {
            $left = $this->database->row("SELECT COUNT(*) AS n FROM {$table} WHERE visit NOT IN (SELECT id FROM {$this->tables->visits()})");
            Difference::unlessSame("rows of {$table} without a visit", 0, $left['n'] ?? null);
        }
    }

    /** @return list<array<string, mixed>> */
    private function of(string $table, int $visit, string $order): array
    {
        return $this->database->rows("SELECT * FROM {$table} WHERE visit = ? ORDER BY {$order}", array($visit));
    }
}
