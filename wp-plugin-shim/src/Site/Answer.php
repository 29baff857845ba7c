<?php
/**
 * Sends a request's answer before the request is over, where the server allows it: what takes long is then nobody's wait.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class Answer
{
    private const FINISH = ['fastcgi_finish_request', 'litespeed_finish_request'];

    private static bool $isSent = false;

    /** Whether somebody waits for this request: a browser or a program, but no cron. */
    public static function isAwaited(): bool
    {
        return PHP_SAPI !== 'cli' && !wp_doing_cron() && !self::$isSent;
    }

    /** Lets the browser go; false where it would wait for us. */
    public static function send(): bool
    {
        if (!self::isAwaited()) {
            return true;
        }
        foreach (self::FINISH as $finish) {
            if (function_exists($finish)) {
                ignore_user_abort(true);
                return self::$isSent = (bool) $finish();
            }
        }
        return false;
    }
}
