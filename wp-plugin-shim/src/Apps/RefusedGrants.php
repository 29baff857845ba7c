<?php
/**
 * A doctor's connection that Zoom has just refused: whoever watches over connections hears of it at once.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

defined('ABSPATH') || exit;

final class RefusedGrants
{
    /** Action, with the doctor's number. */
    public const HOOK = 'telemed_connection_refused';
    /** What the extension says of a connection that is not there or does not serve any more (docs/errors.md), and this plugin. */
    private const PROBLEMS = ['not_connected', 'connection_dead', 'authorization_refused', 'telemed_reconnect'];

    /**
     * A dead connection is told at once, not when somebody next looks.
     *
     * @param ?string $problem the stable name of what stood in the way; null: nothing did
     * @param ?int    $doctor  whose connection it went through; null: nobody's of this site
     */
    public static function note(?string $problem, ?int $doctor): void
    {
        if ($doctor !== null && in_array($problem, self::PROBLEMS, true)) {
            /**
             * Fires when Zoom has refused a doctor's connection.
             *
             * @since 0.2.0
             * @internal
             *
             * @param int $doctor The doctor: a user of WordPress.
             */
            do_action(self::HOOK, $doctor);
        }
    }
}
