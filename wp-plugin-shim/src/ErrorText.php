<?php
/**
 * One place that turns whatever went wrong into words for people and into REST answers. The caller escapes.
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

    /** @param array<string, mixed> $data joined to the error's data */
    public static function restError(\Throwable $failure, array $data = []): \WP_Error
    {
        $failure = self::cause($failure);
        $status = match (true) {
            $failure instanceof Problem => $failure->status,
            $failure instanceof DatabaseException => 503,
            $failure instanceof \Telemed\RateLimitException => 429,
            $failure instanceof \Telemed\AuthenticationException => 409,
            $failure instanceof \Telemed\ApiException => 502,
            $failure instanceof \Telemed\TransportException => 503,
            default => 500,
        };
        $id = match (true) {
            $failure instanceof Problem => $failure->id,
            $failure instanceof DatabaseException => 'telemed_database',
            $failure instanceof \Telemed\ConfigurationException => 'telemed_configuration',
            $failure instanceof \Telemed\AuthenticationException => 'telemed_reconnect',
            $failure instanceof \Telemed\ScopeException => 'telemed_scope',
            $failure instanceof \Telemed\RateLimitException => 'telemed_rate_limit',
            $failure instanceof \Telemed\NotFoundException => 'telemed_zoom_not_found',
            $failure instanceof \Telemed\ApiException => 'telemed_zoom_refused',
            $failure instanceof \Telemed\TransportException => 'telemed_transport',
            $failure instanceof \Telemed\VaultException => 'telemed_vault',
            $failure instanceof \Telemed\StoreException => 'telemed_store',
            default => 'telemed_error',
        };
        $data += ['status' => $status];
        if ($failure instanceof Problem && $failure->getPrevious() instanceof \Telemed\TelemedException) {
            $data += ['retryable' => false, 'tracking_id' => $failure->getPrevious()->trackingId];
        } elseif ($failure instanceof \Telemed\TelemedException) {
            $data += ['retryable' => $failure->isRetryable(), 'tracking_id' => $failure->trackingId];
        }
        if ($failure instanceof \Telemed\RateLimitException && $failure->retryAt !== null) {
            $data += ['retry_at' => $failure->retryAt->format('Y-m-d\TH:i:s\Z')];
        }
        return new \WP_Error($id, self::of($failure), $data);
    }

    /** When the extension found our own store failing, the store knows more about it. */
    private static function cause(\Throwable $failure): \Throwable
    {
        $previous = $failure->getPrevious();
        return $failure instanceof \Telemed\StoreException && $previous instanceof DatabaseException ? $previous : $failure;
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
