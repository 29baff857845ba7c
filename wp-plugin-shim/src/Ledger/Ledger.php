<?php
/**
 * The table of meetings: what is wanted and what is known. Written through the plugin's own connection only, from one state to
 * the next only (MeetingState), and only while the row is still the version that was read.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\SealedLinks;

defined('ABSPATH') || exit;

final class Ledger
{
    private const LOCK_SECONDS = 10.0;
    private const ERROR_LENGTH = 2000;
    private const TRACKING_ID_LENGTH = 191;
    private const CHANGEABLE = [
        'doctor', 'patient', 'patient_email', 'start_utc', 'end_utc', 'minutes', 'timezone', 'topic', 'generation', 'sequence', 'visit_key',
        'event', 'told', 'sent', 'mode', 'app', 'zoom_account', 'connection', 'host_id', 'host_email', 'meeting_id', 'uuid', 'join_url', 'passcode',
        'passcode_in_link', 'overridden', 'tries', 'next_try_at', 'attempted_at', 'seen_at', 'wished_at', 'last_error', 'tracking_id',
    ];
    /** What is known of a meeting; null where none is. */
    public const NO_MEETING = [
        'sent' => null, 'mode' => null, 'app' => null, 'zoom_account' => null, 'connection' => null, 'host_id' => null, 'host_email' => null,
        'meeting_id' => null, 'uuid' => null, 'join_url' => null, 'passcode' => null, 'passcode_in_link' => null, 'overridden' => null,
        'attempted_at' => null,
    ];
    /** Nothing stands in the way of trying now. */
    public const TRY_NOW = ['tries' => 0, 'next_try_at' => null, 'last_error' => null];

    public function __construct(private readonly Database $database, private readonly MeetingLog $log)
    {
    }

    /**
     * Writes down a wanted meeting.
     *
     * @param bool $isCommitted whether the appointment stands with the row, so that people are told at once
     * @throws Problem when this appointment has a row already
     * @throws DatabaseException
     */
    public function plan(string $source, string $appointment, int $doctor, Visit $visit, ?Patient $patient, bool $isCommitted = false): MeetingRecord
    {
        $now = Clock::sql();
        $values = [
            'source' => $source, 'appointment' => $appointment, 'doctor' => $doctor, 'patient' => $patient?->user, 'patient_email' => $patient?->email,
        ] + $visit->columns() + [
            'state' => MeetingState::Due->value, 'visit_key' => SealedLinks::randomKey(), 'event' => $isCommitted ? null : 'booked', 'seen_at' => $isCommitted ? $now : null,
            'told' => $isCommitted ? self::told($doctor, $visit) : null,
            'wished_at' => $now, 'created_at' => $now, 'updated_at' => $now,
        ];
        try {
            // With its line of the log: what is written as one waits for the disk once.
            $row = $this->database->atomically(function () use ($values, $isCommitted): MeetingRecord {
                $row = $this->demand($this->database->insert(
                    'INSERT INTO ' . Schema::meetings() . ' (' . implode(', ', array_keys($values)) . ') VALUES (' .
                        implode(', ', array_fill(0, count($values), '?')) . ')',
                    array_values($values)
                ));
                $this->log->write($row->id, 'booked');
                if ($isCommitted) {
                    do_action('telemed_row_settling', $row, $row, 'booked');
                }
                return $row;
            });
        } catch (DatabaseException $failure) {
            if ($failure->getCode() === Database::DUPLICATE) {
                throw new Problem('telemed_duplicate', __('this visit has been recorded before', 'telemed-zoom'), __('It is in the list of meetings.', 'telemed-zoom'), 409);
            }
            throw $failure;
        }
        $this->tell($row, null, 'booked', $isCommitted ? 'booked' : null);
        return $row;
    }

    /**
     * Brings a row into its next state.
     *
     * @param array<string, int|string|null> $changes columns and their new values
     * @param string                         $event   what happened, for the log and for listeners; '' is not told
     * @throws Problem when the way is closed, or telemed_changed_meanwhile: another process was there first
     * @throws DatabaseException
     */
    public function move(MeetingRecord $record, MeetingState $next, #[\SensitiveParameter] array $changes = [], string $event = ''): MeetingRecord
    {
        $now = $this->database->atomically(fn(): MeetingRecord => $this->change($record, $next, $changes, $event));
        $this->tell($now, $record, $event, null);
        return $now;
    }

    /**
     * As move(), where people are to be told of it: what listeners to telemed_row_settling write down on this connection stands
     * or falls with the change, and listeners to telemed_row_settled act on it afterwards.
     *
     * @param array<string, int|string|null> $changes
     * @param string                         $news    what is told
     * @param ?\Closure                      $also    writes that stand or fall with the change as well
     * @throws Problem|DatabaseException
     */
    public function settle(MeetingRecord $record, MeetingState $next, #[\SensitiveParameter] array $changes, string $event, string $news, ?\Closure $also = null): MeetingRecord
    {
        $now = $this->database->atomically(function () use ($record, $next, $changes, $event, $news, $also): MeetingRecord {
            if ($also !== null) {
                $also();
            }
            $now = $this->change($record, $next, $changes, $event);
            do_action('telemed_row_settling', $now, $record, $news);
            return $now;
        });
        $this->tell($now, $record, $event, $news);
        return $now;
    }

    /**
     * Listeners may wait for others, as for a lock in the host's tables: none is called within a transaction of ours.
     *
     * @param ?string $news what people are told, null: nothing
     */
    private function tell(MeetingRecord $now, ?MeetingRecord $before, string $event, ?string $news): void
    {
        $this->database->afterCommit(static function () use ($now, $before, $event, $news): void {
            if ($event !== '') {
                do_action('telemed_row_changed', $now, $before, $event);
            }
            if ($news !== null) {
                do_action('telemed_row_settled', $now, $before ?? $now, $news);
            }
        });
    }

    /**
     * The row and its line of the log.
     *
     * @param array<string, int|string|null> $changes
     */
    private function change(MeetingRecord $record, MeetingState $next, #[\SensitiveParameter] array $changes, string $event): MeetingRecord
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
        // Over a version that was read only: what stands there afterwards is known without another look.
        $changes += ['state' => $next->value, 'version' => $record->version + 1, 'updated_at' => Clock::sql()];
        $matched = $this->database->execute(
            'UPDATE ' . Schema::meetings() . ' SET ' . implode(' = ?, ', array_keys($changes)) . ' = ? WHERE id = ? AND version = ?',
            [...array_values($changes), $record->id, $record->version]
        );
        if ($matched !== 1) {
            throw new Problem('telemed_changed_meanwhile', __('somebody else has just changed this meeting', 'telemed-zoom'), __('Load the list again.', 'telemed-zoom'), 409);
        }
        $now = $record->after($changes);
        if ($event !== '') {
            $this->log->write($now->id, $event, $now->trackingId);
        }
        return $now;
    }

    /**
     * Does it again with the row as it is by then, when another process was there first.
     *
     * @param callable(MeetingRecord): MeetingRecord $work
     * @throws Problem|DatabaseException
     */
    public function persistently(MeetingRecord $record, callable $work): MeetingRecord
    {
        for ($try = 1;; $try++) {
            try {
                return $work($record);
            } catch (Problem $failure) {
                if ($failure->id !== 'telemed_changed_meanwhile' || $try === 5) {
                    throw $failure;
                }
                $record = $this->demand($record->id);
            }
        }
    }

    /**
     * Zoom has lost the row's meeting: another is wanted.
     *
     * @throws Problem|DatabaseException
     */
    public function lose(MeetingRecord $record, ?string $trackingId): MeetingRecord
    {
        $changes = ['generation' => $this->nextGeneration($record), 'tracking_id' => $trackingId] + self::NO_MEETING + self::TRY_NOW;
        return $this->settle($record, MeetingState::Due, $changes, 'lost_at_zoom', 'lost');
    }

    /** The number of the row's next intended meeting; none that a meeting still to be deleted may bear. */
    public function nextGeneration(MeetingRecord $record): int
    {
        $row = $this->database->row('SELECT MAX(generation) AS last FROM ' . Schema::leftovers() . ' WHERE meeting = ?', [$record->id]);
        return max($record->generation, (int) ($row['last'] ?? 0)) + 1;
    }

    /** A booking whose transaction was rolled back has never been. */
    public function forget(MeetingRecord $record): void
    {
        if ($this->database->execute('DELETE FROM ' . Schema::meetings() . ' WHERE id = ? AND version = ?', [$record->id, $record->version]) !== 1) {
            return;
        }
        $this->log->forget($record->id);
        $this->database->afterCommit(static fn() => do_action('telemed_row_forgotten', $record));
    }

    /**
     * Open rows need not wait any longer: what stood in their way has been mended.
     *
     * @param ?int $doctor null: everybody's
     */
    public function wake(?int $doctor): void
    {
        $this->database->execute(
            'UPDATE ' . Schema::meetings() . ' SET next_try_at = NULL, tries = 0 WHERE state IN ' . MeetingState::open() . ' AND next_try_at IS NOT NULL' .
                ($doctor === null ? '' : ' AND doctor = ?'),
            $doctor === null ? [] : [$doctor]
        );
        $this->database->execute(
            'UPDATE ' . Schema::leftovers() . ' SET next_try_at = NULL, tries = 0 WHERE next_try_at IS NOT NULL' . ($doctor === null ? '' : ' AND doctor = ?'),
            $doctor === null ? [] : [$doctor]
        );
    }

    /** One row need not wait for its next try. Nothing else changes, so it stays the same version. */
    public function wakeRow(int $id): void
    {
        $this->database->execute(
            'UPDATE ' . Schema::meetings() . ' SET next_try_at = NULL WHERE id = ? AND state IN ' . MeetingState::open() . ' AND next_try_at IS NOT NULL',
            [$id]
        );
    }

    /** Who hosted through a connection is no business of this site any more; the meetings keep their ids. */
    public function forgetHostEmail(string $connection): void
    {
        foreach ([Schema::meetings(), Schema::leftovers()] as $table) {
            $this->database->execute("UPDATE $table SET host_email = NULL WHERE connection = ?", [$connection]);
        }
    }

    /**
     * A copy of a site does not touch the other's meetings: what is to come is made anew under another reference, and what is
     * over has no credentials here.
     */
    public function detachFromZoom(): void
    {
        $nothing = static fn(array $columns): string => implode(' = NULL, ', $columns) . ' = NULL';
        $this->database->execute(
            'UPDATE ' . Schema::meetings() . ' SET ' . $nothing(array_keys(self::NO_MEETING)) . ", generation = generation + 1, tries = 0, next_try_at = NULL,
             last_error = NULL, tracking_id = NULL, state = ?, version = version + 1 WHERE end_utc >= ? AND state NOT IN (?, ?)",
            [MeetingState::Due->value, Clock::sql(), MeetingState::Cancelled->value, MeetingState::Missed->value]
        );
        $this->database->execute(
            'UPDATE ' . Schema::meetings() . ' SET ' . $nothing(['mode', 'app', 'zoom_account', 'connection', 'host_id']) . ', version = version + 1
             WHERE mode IS NOT NULL'
        );
    }

    /** Removes what gave access to visits that are over for so many days. */
    public function blank(int $days): void
    {
        $this->database->execute(
            'UPDATE ' . Schema::meetings() . ' SET visit_key = NULL, join_url = NULL, passcode = NULL, version = version + 1
             WHERE end_utc < ? AND (visit_key IS NOT NULL OR join_url IS NOT NULL OR passcode IS NOT NULL)',
            [Clock::sql(-$days * DAY_IN_SECONDS)]
        );
    }

    /** @throws DatabaseException */
    public function find(int $id): ?MeetingRecord
    {
        return $this->one('id = ?', [$id]);
    }

    /** @throws DatabaseException */
    public function findAppointment(string $source, string $appointment): ?MeetingRecord
    {
        return $this->one('source = ? AND appointment = ?', [$source, $appointment]);
    }

    /** Whether the doctor has or had a visit with this user. */
    public function hasPatient(int $doctor, int $user): bool
    {
        return $this->one('doctor = ? AND patient = ? LIMIT 1', [$doctor, $user]) !== null;
    }

    /** By what its visit link ends with. */
    public function findVisit(string $key): ?MeetingRecord
    {
        return $this->one('visit_key = ?', [$key]);
    }

    /** @throws Problem|DatabaseException */
    public function demand(int $id): MeetingRecord
    {
        return $this->find($id) ?? throw self::noMeeting();
    }

    public static function noMeeting(): Problem
    {
        return new Problem('telemed_no_meeting', __('there is no such meeting', 'telemed-zoom'), '', 404);
    }

    /**
     * Works on one row while no other process does.
     *
     * @template T
     * @param callable(MeetingRecord): T $work is given the row as it is now
     * @return T
     * @throws Problem|DatabaseException
     */
    public function exclusively(int $id, callable $work, float $seconds = self::LOCK_SECONDS): mixed
    {
        $key = 'meeting:' . $id;
        if (!$this->database->lock($key, $seconds)) {
            throw new Problem('telemed_busy', __('this meeting is being changed by somebody else', 'telemed-zoom'), __('Try again in a moment.', 'telemed-zoom'), 409);
        }
        try {
            return $work($this->demand($id));
        } finally {
            $this->database->unlock($key);
        }
    }

    /** What people know of a visit that takes place, in short: its doctor, and what makes Visit::fingerprint() differ. */
    public static function told(int $doctor, Visit $visit): string
    {
        return $doctor . ':' . $visit->fingerprint();
    }

    /** @param list<int|string> $values */
    private function one(string $where, array $values): ?MeetingRecord
    {
        $row = $this->database->row('SELECT * FROM ' . Schema::meetings() . " WHERE $where", $values);
        return $row === null ? null : MeetingRecord::fromRow($row);
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
}
