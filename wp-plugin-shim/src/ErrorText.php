<?php
/**
 * One place that turns whatever went wrong into words for people and a name for programs. The caller escapes.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class ErrorText
{
    /** What happened and what can be done about it. */
    public static function of(\Throwable $failure): string
    {
        $failure = self::cause($failure);
        if ($failure instanceof DatabaseException && $failure->getCode() === Database::NO_LOCKS) {
            return sprintf(
                /* translators: %s: what the database said */
                __('The site\'s database gave no lock (%s), and without one nothing is renewed at Zoom. Try again; if it lasts, ask your host for a MySQL or MariaDB on which the function GET_LOCK works: some clusters and proxies do not pass it on.', 'telemed-zoom'),
                $failure->getMessage()
            );
        }
        if ($failure instanceof DatabaseException) {
            return sprintf(
                /* translators: %s: what the database said */
                __('The plugin\'s own database connection failed (%s). Try again; if it lasts, ask your host whether the database allows another connection.', 'telemed-zoom'),
                $failure->getMessage()
            );
        }
        $advice = match (true) {
            $failure instanceof Problem => $failure->advice,
            $failure instanceof \Telemed\TelemedException => $failure->advice(),
            default => '',
        };
        return trim(self::sentence($failure->getMessage()) . ' ' . self::sentence($advice));
    }

    /** The same for programs: under its stable name, with what helps to try again. */
    public static function error(\Throwable $failure): \WP_Error
    {
        $told = $failure instanceof Problem ? $failure->getPrevious() : $failure;
        $data = [];
        if ($told instanceof \Telemed\TelemedException) {
            $data = ['retryable' => $told === $failure && $told->isRetryable(), 'tracking_id' => $told->trackingId];
            $retryAt = $failure->retryAt ?? null;
            $data += $retryAt === null ? [] : ['retry_at' => $retryAt->format('Y-m-d\TH:i:s\Z')];
        }
        $id = self::id($failure);
        return new \WP_Error(str_starts_with($id, 'telemed_') ? $id : "telemed_$id", self::of($failure), $data);
    }

    /** Its stable name. */
    public static function id(\Throwable $failure): string
    {
        $failure = self::cause($failure);
        return match (true) {
            $failure instanceof Problem => $failure->id,
            $failure instanceof DatabaseException => 'telemed_database',
            $failure instanceof \Telemed\TelemedException => $failure->id(),
            default => 'telemed_error',
        };
    }

    /** When the extension found our own store failing, the store knows more about it. */
    public static function cause(\Throwable $failure): \Throwable
    {
        $previous = $failure->getPrevious();
        return $failure instanceof \Telemed\TelemedException && $previous instanceof DatabaseException ? $previous : $failure;
    }

    private static function sentence(string $text): string
    {
        $text = trim($text);
        if ($text === '') {
            return '';
        }
        $text = ucfirst($text);
        return preg_match('/[.!?]$/u', $text) === 1 ? $text : $text . '.';
    }
}
