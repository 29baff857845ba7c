<?php
/**
 * The address that people hold: on this site, unguessable, there from booking on, and the same through every move.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Site\PublicAddress;

defined('ABSPATH') || exit;

final class VisitLink
{
    public const PARAMETER = 'telemed_visit';

    /** Empty once the link was blanked. */
    public static function url(MeetingRecord $row): string
    {
        return $row->visitKey === null ? '' : add_query_arg(self::PARAMETER, $row->visitKey, PublicAddress::home());
    }

    /** At the address that this request came to, where whoever looks may be logged in; for its own page only. */
    public static function here(MeetingRecord $row): string
    {
        return $row->visitKey === null ? '' : add_query_arg(self::PARAMETER, $row->visitKey, home_url('/'));
    }
}
