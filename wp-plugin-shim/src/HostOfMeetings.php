<?php
/**
 * A Zoom host together with the credentials that made meetings there.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

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
}
