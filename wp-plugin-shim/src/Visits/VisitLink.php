<?php
/**
 * The address that people hold: on this site, unguessable, there from booking on, and the same through every move.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Visits;

use TelemedZoom\Ledger\MeetingRecord;

defined('ABSPATH') || exit;

final class VisitLink
{
    public const PARAMETER = 'telemed_visit';
    private const KEY_BYTES = 16;

    /** Empty once the link was blanked. */
    public static function url(MeetingRecord $row): string
    {
        return $row->visitKey === null ? '' : add_query_arg(self::PARAMETER, $row->visitKey, home_url('/'));
    }

    /** 128 random bits as 32 hexadecimal digits. */
    public static function newKey(): string
    {
        return bin2hex(random_bytes(self::KEY_BYTES));
    }
}
