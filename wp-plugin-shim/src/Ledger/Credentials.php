<?php
/**
 * With what a meeting is made and, from then on, handled: the client, and the maker that its row names.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

defined('ABSPATH') || exit;

final class Credentials
{
    /** @param ?string $hostEmail of the Zoom user who hosts, where it is known */
    public function __construct(
        public readonly \Telemed\Client $client,
        public readonly \Telemed\Maker $maker,
        public readonly ?string $hostEmail
    ) {
    }
}
