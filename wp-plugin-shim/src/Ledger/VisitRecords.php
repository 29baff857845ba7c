<?php
/**
 * Visits as screens and e-mails show them: the visit's row with the meeting that serves it. For reading only; nothing is decided
 * from what is read here, and it is read without the extension too.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\SealedLinks;
use TelemedZoom\Store\StoredVisit;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class VisitRecords
{
    /** Of the meeting that serves, under their own names. */
    private const COLUMNS = [
        'mode', 'app', 'account', 'subject', 'host', 'number', 'uuid', 'host_at_zoom', 'host_email', 'join_url', 'passcode', 'passcode_in_link', 'overridden',
        'tries', 'problem', 'tracking_id',
    ];

    public function __construct(private readonly Database $database, private readonly VisitTables $tables, private readonly SealedLinks $links)
    {
    }

    /** @throws DatabaseException */
    public function find(int $id): ?MeetingRecord
    {
        return $this->where('v.id = ?', [$id])[0] ?? null;
    }

    /** A visit that was read elsewhere. */
    public function of(StoredVisit $stored): MeetingRecord
    {
        $byRole = array_column($stored->meetings, null, 'role');
        $serves = $byRole['serves'] ?? null;
        return $this->record([
            'meeting_generation' => $serves['generation'] ?? null,
            'next_try_at' => $serves['due_at'] ?? null,
            'next_problem' => $byRole['next']['problem'] ?? null,
        ] + array_combine(self::COLUMNS, array_map(static fn(string $column): mixed => $serves[$column] ?? null, self::COLUMNS)) + $stored->row);
    }

    /** @throws DatabaseException */
    public function ofAppointment(string $source, string $appointment): ?MeetingRecord
    {
        return $this->where('v.source = ? AND v.appointment = ?', [$source, $appointment])[0] ?? null;
    }

    /**
     * By what the visit link ends with.
     *
     * @throws DatabaseException
     */
    public function findByLink(#[\SensitiveParameter] string $key): ?MeetingRecord
    {
        return $this->where('v.link_hash = ?', [SealedLinks::hash($key)])[0] ?? null;
    }

    /**
     * @param list<int> $ids
     * @return array<int, MeetingRecord> by id
     * @throws DatabaseException
     */
    public function findAll(array $ids): array
    {
        if ($ids === []) {
            return [];
        }
        $records = $this->where('v.id IN (' . implode(', ', array_fill(0, count($ids), '?')) . ')', $ids);
        return array_combine(array_map(static fn(MeetingRecord $record): int => $record->id, $records), $records);
    }

    /**
     * @param string           $where  a condition, with what follows it, on visits `v` and the meeting `m` that serves each; never with
     *                                 outside text in it
     * @param list<int|string> $values
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function where(string $where, #[\SensitiveParameter] array $values): array
    {
        $rows = $this->database->rows('SELECT v.*, ' . self::ofMeeting() . " FROM {$this->from()} WHERE $where", $values);
        return array_map($this->record(...), $rows);
    }

    /**
     * A page of them. Which visits it holds is looked up first, in the visits' own index: only their meetings are read.
     *
     * @param string           $where  a condition on visits `v`; never with outside text in it
     * @param list<int|string> $values
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    public function page(string $where, #[\SensitiveParameter] array $values, string $order, int $limit, int $offset): array
    {
        $picked = "(SELECT v.id FROM {$this->tables->visits()} v WHERE $where ORDER BY $order LIMIT ? OFFSET ?)";
        $rows = $this->database->rows(
            'SELECT v.*, ' . self::ofMeeting() . " FROM $picked picked JOIN {$this->from('picked.id')} ORDER BY $order",
            [...$values, $limit, $offset]
        );
        return array_map($this->record(...), $rows);
    }

    /**
     * Visits, and the meetings that serve them and that are to serve next.
     *
     * @param ?string $picked the column of the table before that holds their numbers; null: all
     */
    public function from(?string $picked = null): string
    {
        $on = $picked === null ? '' : " ON v.id = $picked";
        return "{$this->tables->visits()} v$on LEFT JOIN {$this->tables->meetings()} m ON m.visit = v.id AND m.role = 'serves'
            LEFT JOIN {$this->tables->meetings()} n ON n.visit = v.id AND n.role = 'next'";
    }

    private static function ofMeeting(): string
    {
        return 'm.generation AS meeting_generation, m.due_at AS next_try_at, n.problem AS next_problem, m.' . implode(', m.', self::COLUMNS);
    }

    /** @param array<string, mixed> $row */
    private function record(#[\SensitiveParameter] array $row): MeetingRecord
    {
        if ($row['meeting_generation'] !== null) {
            $row = $this->links->opened((int) $row['id'], ['generation' => $row['meeting_generation']] + $row);
        }
        $problem = json_decode((string) ($row['problem'] ?? $row['next_problem']), true);
        return MeetingRecord::fromRow([
            'visit_key' => $row['link_key'] === null ? null : $this->links->key((string) $row['link_key']),
            'event' => $row['pending'],
            'generation' => $row['meeting_generation'] ?? 0,
            'zoom_account' => $row['account'],
            'connection' => $row['subject'],
            // In the place of the Zoom user's id stands the grant's name as long as nobody knows it.
            'host_id' => $row['host_at_zoom'] ?? ($row['host'] === $row['subject'] ? null : $row['host']),
            'meeting_id' => $row['number'],
            'tries' => $row['tries'] ?? 0,
            'last_error' => is_array($problem) ? ProblemText::of($problem) : null,
            'updated_at' => $row['changed_at'],
        ] + $row);
    }
}
