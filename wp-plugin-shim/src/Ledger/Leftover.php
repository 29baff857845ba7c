<?php
/**
 * A meeting at Zoom that nobody wants any more, or may exist without being wanted, and what made it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;


defined('ABSPATH') || exit;

final class Leftover
{
    /**
     * @param ?int                $meetingId   null: it must be looked for
     * @param ?\DateTimeImmutable $attemptedAt when a creation was begun whose end nobody has noted
     */
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
        public readonly ?int $meetingId,
        public readonly ?\DateTimeImmutable $attemptedAt,
        public readonly int $tries,
        public readonly ?\DateTimeImmutable $nextTryAt
    ) {
    }

    /** @param array<string, mixed> $row */
    public static function fromRow(array $row): self
    {
        $text = static fn(string $column): ?string => $row[$column] === null ? null : (string) $row[$column];
        $moment = static fn(string $column): ?\DateTimeImmutable => $row[$column] === null
            ? null
            : new \DateTimeImmutable((string) $row[$column], new \DateTimeZone('UTC'));
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
            $row['meeting_id'] === null ? null : (int) $row['meeting_id'],
            $moment('attempted_at'),
            (int) $row['tries'],
            $moment('next_try_at')
        );
    }

    /** Whether these credentials made it: the same app, account, connection and host. */
    public function isOf(Credentials $credentials): bool
    {
        return [$this->mode, $this->app, $this->zoomAccount, $this->connection, $this->hostId]
            === [$credentials->mode, $credentials->app, $credentials->zoomAccount, $credentials->connection, $credentials->hostId];
    }
}
