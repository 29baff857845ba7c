<?php
/**
 * One thing to be told of a visit, that this process has taken on.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

defined('ABSPATH') || exit;

final class MailClaim
{
    /**
     * @param int    $id       line of the log
     * @param int    $meeting  row of the ledger
     * @param int    $sequence of the row when it happened
     * @param int    $doctor   user whom it concerns
     * @param int    $refused  so often the mail was refused
     * @param bool   $waits    for there were too many within an hour
     */
    public function __construct(
        public readonly int $id,
        public readonly int $meeting,
        public readonly string $what,
        public readonly int $sequence,
        public readonly int $doctor,
        public readonly int $refused = 0,
        public readonly bool $waits = false
    ) {
    }
}
