<?php
/**
 * Visits of one host at the same time: Zoom runs one meeting of a host at a time. The host of a visit whose meeting is not made
 * yet is who would host it now, so that an overlap is seen at booking, also of two doctors who share a Zoom user.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class Overlaps
{
    public function __construct(private readonly Database $database, private readonly VisitTables $tables, private readonly ZoomApps $apps)
    {
    }

    /**
     * @param list<MeetingRecord> $records a page of them: it is one query to the ledger
     * @return array<int, list<int>> ids of the others by the id of each that has some
     * @throws DatabaseException
     */
    public function of(array $records): array
    {
        $presentHosts = [];
        $presentHost = function (int $doctor) use (&$presentHosts): ?string {
            return array_key_exists($doctor, $presentHosts) ? $presentHosts[$doctor] : $presentHosts[$doctor] = $this->apps->presentHost($doctor);
        };
        $parts = $values = $wanted = [];
        foreach ($records as $record) {
            $host = $record->hostId ?? $presentHost($record->doctor);
            $wanted[$record->id] = [$record, $host];
            $conditions = ($host === null ? [] : ['host = ?' => [$host], 'host IS NULL' => []]) + ($record->hostId === null ? ['doctor = ?' => [$record->doctor]] : []);
            foreach ($conditions as $condition => $value) {
                // No visit is longer than a day, so what overlaps ends within a day of this one's end.
                $parts[] = "SELECT ? AS one, id AS other, doctor, host AS host_id FROM {$this->tables->visits()}
                    WHERE $condition AND end_utc > ? AND end_utc < ? AND start_utc < ? AND id <> ? AND state NOT IN ('cancelled', 'missed')";
                array_push(
                    $values,
                    $record->id,
                    ...$value,
                    ...[
                        $record->start->format('Y-m-d H:i:s'),
                        $record->end()->modify('+1 day')->format('Y-m-d H:i:s'),
                        $record->end()->format('Y-m-d H:i:s'),
                        $record->id,
                    ]
                );
            }
        }
        $rows = $parts === [] ? [] : $this->database->rows(implode(' UNION ALL ', $parts), $values);
        $unmade = array_filter($rows, static fn(array $row): bool => $row['host_id'] === null);
        cache_users(array_unique(array_map('intval', array_column($unmade, 'doctor'))));
        $found = [];
        foreach ($rows as $row) {
            [$record, $host] = $wanted[(int) $row['one']];
            $isSameDoctor = (int) $row['doctor'] === $record->doctor;
            if ($row['host_id'] !== null || $isSameDoctor || ($host !== null && $presentHost((int) $row['doctor']) === $host)) {
                $found[$record->id][(int) $row['other']] = (int) $row['other'];
            }
        }
        return array_map(static function (array $others): array {
            sort($others);
            return $others;
        }, $found);
    }

    /**
     * As of(), for what has just been done and stands: a database that fails here must not make it look undone. The list tells it.
     *
     * @param list<MeetingRecord> $records
     * @return array<int, list<int>>
     */
    public function ifKnown(array $records): array
    {
        try {
            return $this->of($records);
        } catch (DatabaseException) {
            return [];
        }
    }

    /** Warns who has just booked or moved a visit. */
    public function flash(MeetingRecord $row): void
    {
        if ($this->ifKnown([$row]) !== []) {
            Notice::flash('warning', __('It overlaps with another visit of the same host. Zoom runs one meeting of a host at a time: move one of them.', 'telemed-zoom'));
        }
    }
}
