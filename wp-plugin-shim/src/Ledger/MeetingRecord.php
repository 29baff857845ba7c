<?php
/**
 * One row of the ledger, as it was read.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Clinic\Mode;
use TelemedZoom\Site\Clock;

defined('ABSPATH') || exit;

final class MeetingRecord
{
    /**
     * @param ?string      $visitKey   what the visit link ends with; null once it was blanked
     * @param int          $generation counts the meetings that were intended for this row; each has a marker of its own
     * @param ?Mode        $mode       with app, zoomAccount, connection and host: what made, or last tried to make, the meeting
     * @param ?string      $event      what was wished last and was not yet seen committed; 'doubt': the appointment says otherwise, seen once
     * @param list<string> $overridden settings that the Zoom account did not take as asked
     * @param array<string, mixed> $row the columns as they were read
     */
    private function __construct(
        public readonly int $id,
        public readonly string $source,
        public readonly string $appointment,
        public readonly int $doctor,
        public readonly ?int $patient,
        public readonly ?string $patientEmail,
        public readonly \DateTimeImmutable $start,
        public readonly int $minutes,
        public readonly string $timezone,
        public readonly string $topic,
        public readonly MeetingState $state,
        public readonly int $version,
        public readonly int $generation,
        public readonly int $sequence,
        public readonly ?string $visitKey,
        public readonly ?string $event,
        public readonly ?Mode $mode,
        public readonly ?string $app,
        public readonly ?string $zoomAccount,
        public readonly ?string $connection,
        public readonly ?string $hostId,
        public readonly ?string $hostEmail,
        public readonly ?int $meetingId,
        public readonly ?string $joinUrl,
        public readonly ?string $passcode,
        public readonly ?bool $passcodeInLink,
        public readonly array $overridden,
        public readonly int $tries,
        public readonly ?\DateTimeImmutable $nextTryAt,
        public readonly ?string $lastError,
        public readonly ?string $trackingId,
        public readonly \DateTimeImmutable $createdAt,
        public readonly \DateTimeImmutable $updatedAt,
        private readonly array $row
    ) {
    }

    /** @param array<string, mixed> $row */
    public static function fromRow(#[\SensitiveParameter] array $row): self
    {
        $utc = new \DateTimeZone('UTC');
        $text = static fn(string $column): ?string => $row[$column] === null ? null : (string) $row[$column];
        $number = static fn(string $column): ?int => $row[$column] === null ? null : (int) $row[$column];
        $moment = static fn(string $column): ?\DateTimeImmutable => $row[$column] === null ? null : new \DateTimeImmutable((string) $row[$column], $utc);
        $overridden = json_decode((string) $row['overridden'], true);
        return new self(
            (int) $row['id'],
            (string) $row['source'],
            (string) $row['appointment'],
            (int) $row['doctor'],
            $number('patient'),
            $text('patient_email'),
            new \DateTimeImmutable((string) $row['start_utc'], $utc),
            (int) $row['minutes'],
            (string) $row['timezone'],
            (string) $row['topic'],
            MeetingState::from((string) $row['state']),
            (int) $row['version'],
            (int) $row['generation'],
            (int) $row['sequence'],
            $text('visit_key'),
            $text('event'),
            Mode::tryFrom((string) $row['mode']),
            $text('app'),
            $text('zoom_account'),
            $text('connection'),
            $text('host_id'),
            $text('host_email'),
            $number('meeting_id'),
            $text('join_url'),
            $text('passcode'),
            $row['passcode_in_link'] === null ? null : (bool) $row['passcode_in_link'],
            is_array($overridden) ? array_values(array_map('strval', $overridden)) : [],
            (int) $row['tries'],
            $moment('next_try_at'),
            $text('last_error'),
            $text('tracking_id'),
            new \DateTimeImmutable((string) $row['created_at'], $utc),
            new \DateTimeImmutable((string) $row['updated_at'], $utc),
            $row
        );
    }

    /**
     * The row after these columns were written.
     *
     * @param array<string, int|string|null> $columns
     */
    public function after(#[\SensitiveParameter] array $columns): self
    {
        return self::fromRow($columns + $this->row);
    }

    public function end(): \DateTimeImmutable
    {
        return $this->start->modify(sprintf('+%d minutes', $this->minutes));
    }

    /** @return int from when on it can be joined, Unix seconds */
    public function joinsFrom(int $minutesBefore): int
    {
        return $this->start->getTimestamp() - $minutesBefore * MINUTE_IN_SECONDS;
    }

    public function isOver(): bool
    {
        return $this->end()->getTimestamp() < Clock::now();
    }

    /** Whether there is a meeting at Zoom to join and to start. */
    public function isReady(): bool
    {
        return $this->state->hasMeeting() && $this->meetingId !== null;
    }

    /**
     * What made, or last tried to make, the meeting.
     *
     * @return array<string, ?string> as \Telemed\Maker::fromColumns() takes it
     */
    public function maker(): array
    {
        return [
            'mode' => $this->mode?->value, 'app' => $this->app, 'account' => $this->zoomAccount, 'subject' => $this->connection,
            // As long as it is not known who it is at Zoom, the grant's name stands for the host.
            'host' => $this->hostId ?? $this->connection,
        ];
    }

    /** What is wanted. */
    public function visit(): Visit
    {
        return Visit::wanted($this->start, $this->minutes, $this->timezone, $this->topic);
    }

    /** As Zoom shows it: 934 1234 5678. */
    public function meetingNumber(): string
    {
        $digits = (string) $this->meetingId;
        $head = strlen($digits) > 10 ? 3 : max(0, strlen($digits) - 7);
        return trim(substr($digits, 0, $head) . ' ' . trim(chunk_split(substr($digits, $head), 4, ' ')));
    }
}
