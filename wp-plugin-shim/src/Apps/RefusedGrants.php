<?php
/**
 * A doctor's connection that Zoom has just refused: whoever watches over connections hears of it at once.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Problem;

defined('ABSPATH') || exit;

final class RefusedGrants
{
    /** Action, with the doctor's number. */
    public const HOOK = 'telemed_connection_refused';

    /** A dead connection is told at once, not when somebody next looks. */
    public static function note(\Throwable $failure, int $doctor): void
    {
        if ($failure instanceof \Telemed\AuthenticationException || ($failure instanceof Problem && $failure->id === 'telemed_reconnect')) {
            do_action(self::HOOK, $doctor);
        }
    }
}
