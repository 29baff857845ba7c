<?php
/**
 * One row of the ledger, as it was read.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class MeetingRecord
{
    /** @param list<string> $overridden settings that the Zoom account did not take as asked */
    private function __construct(
        public readonly int $id,
        public readonly string $source,
        public readonly string $appointment,
        public readonly int $doctor,
        public readonly \DateTimeImmutable $start,
        public readonly int $minutes,
        public readonly string $timezone,
        public readonly string $topic,
        public readonly MeetingState $state,
        public readonly int $version,
        public readonly string $mode,
        public readonly string $app,
        public readonly ?string $zoomAccount,
        public readonly ?string $connection,
        public readonly ?string $hostId,
        public readonly ?string $hostEmail,
        public readonly ?int $meetingId,
        public readonly ?string $joinUrl,
        public readonly ?string $passcode,
        public readonly array $overridden,
        public readonly ?string $lastError,
        public readonly ?string $trackingId,
        public readonly \DateTimeImmutable $createdAt,
        public readonly \DateTimeImmutable $updatedAt
    ) {
    }

    /** @param array<string, mixed> $row */
    public static function fromRow(array $row): self
    {
        $utc = new \DateTimeZone('UTC');
        $text = static fn(string $column): ?string => $row[$column] === null ? null : (string) $row[$column];
        $overridden = json_decode((string) $row['overridden'], true);
        return new self(
            (int) $row['id'],
            (string) $row['source'],
            (string) $row['appointment'],
            (int) $row['doctor'],
            new \DateTimeImmutable((string) $row['start_utc'], $utc),
            (int) $row['minutes'],
            (string) $row['timezone'],
            (string) $row['topic'],
            MeetingState::from((string) $row['state']),
            (int) $row['version'],
            (string) $row['mode'],
            (string) $row['app'],
            $text('zoom_account'),
            $text('connection'),
            $text('host_id'),
            $text('host_email'),
            $row['meeting_id'] === null ? null : (int) $row['meeting_id'],
            $text('join_url'),
            $text('passcode'),
            is_array($overridden) ? array_values(array_map('strval', $overridden)) : [],
            $text('last_error'),
            $text('tracking_id'),
            new \DateTimeImmutable((string) $row['created_at'], $utc),
            new \DateTimeImmutable((string) $row['updated_at'], $utc)
        );
    }

    public function end(): \DateTimeImmutable
    {
        return $this->start->modify(sprintf('+%d minutes', $this->minutes));
    }

    public function isOver(): bool
    {
        return $this->end() < new \DateTimeImmutable();
    }

    /** Whether there is a meeting at Zoom to join and to start. */
    public function isReady(): bool
    {
        return $this->state === MeetingState::Made && $this->meetingId !== null;
    }

    /** As Zoom shows it: 934 1234 5678. */
    public function meetingNumber(): string
    {
        $digits = (string) $this->meetingId;
        $head = strlen($digits) > 10 ? 3 : max(0, strlen($digits) - 7);
        return trim(substr($digits, 0, $head) . ' ' . trim(chunk_split(substr($digits, $head), 4, ' ')));
    }
}
