<?php
/**
 * A meeting at Zoom that nobody wants any more, and what made it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class Leftover
{
    private function __construct(
        public readonly int $id,
        public readonly int $meeting,
        public readonly int $generation,
        public readonly int $doctor,
        public readonly string $mode,
        public readonly string $app,
        public readonly ?string $zoomAccount,
        public readonly ?string $connection,
        public readonly ?string $hostId,
        public readonly ?string $hostEmail,
        public readonly int $meetingId,
        public readonly int $tries,
        public readonly ?\DateTimeImmutable $nextTryAt,
        public readonly ?string $lastError
    ) {
    }

    /** @param array<string, mixed> $row */
    public static function fromRow(array $row): self
    {
        $text = static fn(string $column): ?string => $row[$column] === null ? null : (string) $row[$column];
        return new self(
            (int) $row['id'],
            (int) $row['meeting'],
            (int) $row['generation'],
            (int) $row['doctor'],
            (string) $row['mode'],
            (string) $row['app'],
            $text('zoom_account'),
            $text('connection'),
            $text('host_id'),
            $text('host_email'),
            (int) $row['meeting_id'],
            (int) $row['tries'],
            $row['next_try_at'] === null ? null : new \DateTimeImmutable((string) $row['next_try_at'], new \DateTimeZone('UTC')),
            $text('last_error')
        );
    }
}
