<?php
/**
 * A Zoom host together with the credentials that made meetings there.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Ledger\MeetingRecord;

defined('ABSPATH') || exit;

final class HostOfMeetings
{
    public function __construct(
        public readonly string $mode,
        public readonly string $app,
        public readonly ?string $zoomAccount,
        public readonly ?string $connection,
        public readonly string $hostId,
        public readonly ?string $hostEmail
    ) {
    }

    /** @param Credentials $credentials that name their host */
    public static function with(Credentials $credentials): self
    {
        return new self(
            $credentials->mode,
            $credentials->app,
            $credentials->zoomAccount,
            $credentials->connection,
            (string) $credentials->hostId,
            $credentials->hostEmail
        );
    }

    /** Whether these are the credentials that made, or tried to make, the row's meeting. */
    public function made(MeetingRecord $row): bool
    {
        return [$row->mode, $row->app, $row->zoomAccount, $row->connection] === [$this->mode, $this->app, $this->zoomAccount, $this->connection];
    }
}
