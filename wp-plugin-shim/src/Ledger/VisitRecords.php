<?php
/**
 * Visits as screens and e-mails show them: the visit's row with the meeting that serves it. For reading only; nothing is decided
 * from what is read here.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use Telemed\Visit;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\SealedLinks;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class VisitRecords
{
    /** What the core calls a state, where screens call it otherwise. */
    private const STATES = ['updating' => MeetingState::Changing];

    public function __construct(private readonly Database $database, private readonly VisitTables $tables, private readonly SealedLinks $links)
    {
    }

    /** @throws DatabaseException */
    public function find(int $id): ?MeetingRecord
    {
        return $this->all('id = ?', [$id])[0] ?? null;
    }

    /**
     * By what the visit link ends with.
     *
     * @throws DatabaseException
     */
    public function findByLink(#[\SensitiveParameter] string $key): ?MeetingRecord
    {
        return $this->all('link_hash = ?', [SealedLinks::hash($key)])[0] ?? null;
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
        $records = $this->all('id IN (' . implode(', ', array_fill(0, count($ids), '?')) . ')', $ids);
        return array_combine(array_map(static fn(MeetingRecord $record): int => $record->id, $records), $records);
    }

    /**
     * @param list<int|string> $values
     * @return list<MeetingRecord>
     * @throws DatabaseException
     */
    private function all(string $where, #[\SensitiveParameter] array $values): array
    {
        $visits = $this->database->rows("SELECT * FROM {$this->tables->visits()} WHERE $where", $values);
        $ids = array_map('intval', array_column($visits, 'id'));
        if ($ids === []) {
            return [];
        }
        $meetings = [];
        $marks = implode(', ', array_fill(0, count($ids), '?'));
        foreach ($this->database->rows("SELECT * FROM {$this->tables->meetings()} WHERE visit IN ($marks) AND role <> 'done'", $ids) as $meeting) {
            $meetings[(int) $meeting['visit']][] = $this->links->opened((int) $meeting['visit'], $meeting);
        }
        return array_map(fn(array $visit): MeetingRecord => $this->record($visit, $meetings[(int) $visit['id']] ?? []), $visits);
    }

    /**
     * @param array<string, mixed> $visit
     * @param list<array<string, mixed>> $meetings
     */
    private function record(#[\SensitiveParameter] array $visit, #[\SensitiveParameter] array $meetings): MeetingRecord
    {
        $serving = array_values(array_filter($meetings, static fn(array $meeting): bool => $meeting['role'] === 'serves'))[0] ?? [];
        $state = Visit::fromRows($visit, $meetings, [])->state();
        $of = static fn(string $column): mixed => $serving[$column] ?? null;
        $problem = json_decode((string) $of('problem'), true);
        return MeetingRecord::fromRow([
            'state' => (self::STATES[$state] ?? MeetingState::from($state))->value,
            'visit_key' => $visit['link_key'] === null ? null : $this->links->key((string) $visit['link_key']),
            'event' => $visit['pending'],
            'told' => null,
            'mode' => $of('mode'), 'app' => $of('app'), 'zoom_account' => $of('account'), 'connection' => $of('subject'),
            'host_id' => $of('host_at_zoom') ?? $of('host'), 'host_email' => $of('host_email'),
            'meeting_id' => $of('number'), 'uuid' => $of('uuid'), 'join_url' => $of('join_url'), 'passcode' => $of('passcode'), 'passcode_in_link' => $of('passcode_in_link'),
            'overridden' => $of('overridden'), 'tries' => $of('tries') ?? 0, 'next_try_at' => $of('due_at'), 'attempted_at' => $of('sent_at'),
            'seen_at' => $visit['was_seen'] ? $visit['wished_at'] : null,
            'last_error' => is_array($problem) ? ProblemText::of($problem) : null,
            'tracking_id' => $of('tracking_id'),
            'updated_at' => $visit['wished_at'],
        ] + $visit + ['sent' => null]);
    }
}
