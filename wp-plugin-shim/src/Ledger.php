<?php
/**
 * The table of meetings: what is wanted and what is known. Written through the plugin's own connection only, and only from
 * one state to the next (MeetingState).
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class Ledger
{
    /** An attempt that is older has lost its process; Zoom's answer takes seconds. */
    private const ABANDONED_AFTER_SECONDS = 300;
    private const LOCK_SECONDS = 10.0;
    private const ERROR_LENGTH = 2000;
    private const TRACKING_ID_LENGTH = 191;
    private const CHANGEABLE = [
        'start_utc', 'end_utc', 'minutes', 'timezone', 'topic', 'zoom_account', 'host_id', 'host_email', 'meeting_id',
        'uuid', 'join_url', 'passcode', 'overridden', 'last_error', 'tracking_id',
    ];

    public function __construct(private readonly Database $database)
    {
    }

    /**
     * Writes down a wanted meeting.
     *
     * @throws Problem when this appointment has a row already
     * @throws DatabaseException
     */
    public function plan(string $source, string $appointment, int $doctor, Visit $visit, Credentials $credentials): MeetingRecord
    {
        try {
            $id = $this->database->insert(
                'INSERT INTO ' . Schema::meetings() . ' (source, appointment, doctor, start_utc, end_utc, minutes, timezone,
                    topic, state, mode, app, zoom_account, connection, host_id, host_email, created_at, updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(), UTC_TIMESTAMP())',
                [
                    $source, $appointment, $doctor, ...array_values(self::times($visit)), $visit->timezone,
                    $visit->topic, MeetingState::Planned->value, $credentials->mode, $credentials->app,
                    $credentials->zoomAccount, $credentials->connection, $credentials->host, $credentials->hostEmail,
                ]
            );
        } catch (DatabaseException $failure) {
            if ($failure->getCode() === Database::DUPLICATE) {
                throw new Problem('telemed_duplicate', __('this visit has been recorded before', 'telemed-zoom'), __('It is in the list of meetings.', 'telemed-zoom'), 409);
            }
            throw $failure;
        }
        return $this->demand($id);
    }

    /**
     * Brings a row into its next state.
     *
     * @param array<string, int|string|null> $changes columns and their new values
     * @throws Problem when the way is closed or another process was there first
     * @throws DatabaseException
     */
    public function move(MeetingRecord $record, MeetingState $next, #[\SensitiveParameter] array $changes = []): MeetingRecord
    {
        if (!$record->state->canBecome($next)) {
            throw new Problem(
                'telemed_wrong_state',
                sprintf(
                    /* translators: %s: state of a meeting */
                    __('a meeting that is "%s" cannot be changed this way', 'telemed-zoom'),
                    $record->state->label()
                ),
                '',
                409
            );
        }
        $changes = self::fit(array_intersect_key($changes, array_flip(self::CHANGEABLE)));
        $sets = implode('', array_map(static fn(string $column): string => "$column = ?, ", array_keys($changes)));
        $matched = $this->database->execute(
            'UPDATE ' . Schema::meetings() . " SET $sets state = ?, version = version + 1, updated_at = UTC_TIMESTAMP()
             WHERE id = ? AND version = ?",
            [...array_values($changes), $next->value, $record->id, $record->version]
        );
        if ($matched !== 1) {
            throw new Problem('telemed_changed_meanwhile', __('somebody else has just changed this meeting', 'telemed-zoom'), __('Load the list again.', 'telemed-zoom'), 409);
        }
        return $this->demand($record->id);
    }

    /** Notes why something that was tried did not work; the state stays. */
    public function noteError(MeetingRecord $record, string $error, ?string $trackingId): void
    {
        $fitting = self::fit(['last_error' => $error, 'tracking_id' => $trackingId]);
        $this->database->execute(
            'UPDATE ' . Schema::meetings() . ' SET last_error = ?, tracking_id = ?, version = version + 1 WHERE id = ?',
            [$fitting['last_error'], $fitting['tracking_id'], $record->id]
        );
    }

    /** @throws DatabaseException */
    public function find(int $id): ?MeetingRecord
    {
        $row = $this->database->row('SELECT * FROM ' . Schema::meetings() . ' WHERE id = ?', [$id]);
        return $row === null ? null : MeetingRecord::fromRow($row);
    }

    /** @throws DatabaseException */
    public function findAppointment(string $source, string $appointment): ?MeetingRecord
    {
        $row = $this->database->row(
            'SELECT * FROM ' . Schema::meetings() . ' WHERE source = ? AND appointment = ?',
            [$source, $appointment]
        );
        return $row === null ? null : MeetingRecord::fromRow($row);
    }

    /** @throws Problem|DatabaseException */
    public function demand(int $id): MeetingRecord
    {
        return $this->find($id) ?? throw new Problem('telemed_no_meeting', __('there is no such meeting', 'telemed-zoom'), '', 404);
    }

    /**
     * Works on one row while no other process does.
     *
     * @template T
     * @param callable(MeetingRecord): T $work is given the row as it is now
     * @return T
     * @throws Problem|DatabaseException
     */
    public function exclusively(int $id, callable $work): mixed
    {
        $key = 'meeting:' . $id;
        if (!$this->database->lock($key, self::LOCK_SECONDS)) {
            throw new Problem('telemed_busy', __('this meeting is being changed by somebody else', 'telemed-zoom'), __('Try again in a moment.', 'telemed-zoom'), 409);
        }
        try {
            return $work($this->demand($id));
        } finally {
            $this->database->unlock($key);
        }
    }

    /**
     * A page of the list.
     *
     * @param 'upcoming'|'past'|'all' $when
     * @return array{records: list<MeetingRecord>, total: int}
     * @throws DatabaseException
     */
    public function page(?int $doctor, string $when, int $page, int $perPage): array
    {
        [$where, $values] = self::filter($doctor, $when);
        $order = $when === 'upcoming' ? 'end_utc, id' : 'end_utc DESC, id DESC';
        $rows = $this->database->rows(
            'SELECT * FROM ' . Schema::meetings() . "$where ORDER BY $order LIMIT ? OFFSET ?",
            [...$values, $perPage, max(0, $page - 1) * $perPage]
        );
        return ['records' => array_map([MeetingRecord::class, 'fromRow'], $rows), 'total' => $this->count($doctor, $when)];
    }

    /**
     * @param 'upcoming'|'past'|'all' $when
     * @throws DatabaseException
     */
    public function count(?int $doctor, string $when): int
    {
        [$where, $values] = self::filter($doctor, $when);
        return (int) ($this->database->row('SELECT COUNT(*) AS n FROM ' . Schema::meetings() . $where, $values)['n'] ?? 0);
    }

    /** Whether any row was made with this app. */
    public function knowsApp(string $mode, string $app): bool
    {
        return $this->database->row('SELECT id FROM ' . Schema::meetings() . ' WHERE app = ? AND mode = ? LIMIT 1', [$app, $mode]) !== null;
    }

    /** Meetings at Zoom that are still to come and were made through this connection. */
    public function countOfConnection(string $connection): int
    {
        return (int) ($this->database->row(
            'SELECT COUNT(*) AS n FROM ' . Schema::meetings() . ' WHERE connection = ? AND end_utc >= UTC_TIMESTAMP() AND state = ?',
            [$connection, MeetingState::Made->value]
        )['n'] ?? 0);
    }

    /** An attempt whose process died may have made a meeting. */
    public function settleAbandoned(): void
    {
        $this->database->execute(
            'UPDATE ' . Schema::meetings() . ' SET state = ?, last_error = ?, version = version + 1, updated_at = UTC_TIMESTAMP()
             WHERE state = ? AND updated_at < UTC_TIMESTAMP() - INTERVAL ? SECOND',
            [
                MeetingState::Uncertain->value,
                __('The attempt was cut off before Zoom answered. Look in Zoom whether the meeting exists.', 'telemed-zoom'),
                MeetingState::Attempting->value,
                self::ABANDONED_AFTER_SECONDS,
            ]
        );
    }

    /** @return array{start_utc: string, end_utc: string, minutes: int} */
    public static function times(Visit $visit): array
    {
        return [
            'start_utc' => $visit->start->format('Y-m-d H:i:s'),
            'end_utc' => $visit->start->modify(sprintf('+%d minutes', $visit->minutes))->format('Y-m-d H:i:s'),
            'minutes' => $visit->minutes,
        ];
    }

    /**
     * What others worded must not be the reason why a meeting that exists is not written down.
     *
     * @param array<string, int|string|null> $changes
     * @return array<string, int|string|null>
     */
    private static function fit(#[\SensitiveParameter] array $changes): array
    {
        if (isset($changes['last_error'])) {
            $changes['last_error'] = mb_substr((string) $changes['last_error'], 0, self::ERROR_LENGTH);
        }
        if (isset($changes['tracking_id'])) {
            $changes['tracking_id'] = substr((string) preg_replace('/[^\x20-\x7e]/', '', (string) $changes['tracking_id']), 0, self::TRACKING_ID_LENGTH);
        }
        return $changes;
    }

    /** @return array{string, list<int|string>} */
    private static function filter(?int $doctor, string $when): array
    {
        $conditions = match ($when) {
            'upcoming' => ['end_utc >= UTC_TIMESTAMP()'],
            'past' => ['end_utc < UTC_TIMESTAMP()'],
            default => ['1 = 1'],
        };
        $values = [];
        if ($doctor !== null) {
            array_unshift($conditions, 'doctor = ?');
            $values[] = $doctor;
        }
        return [' WHERE ' . implode(' AND ', $conditions), $values];
    }
}
