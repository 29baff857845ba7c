<?php
/**
 * What went wrong, as REST answers it: ErrorText's words and names with an HTTP status.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class RestError
{
    public static function of(\Throwable $failure): \WP_Error
    {
        $error = ErrorText::error($failure);
        $data = ['status' => self::status(ErrorText::cause($failure))] + (array) $error->get_error_data();
        return new \WP_Error($error->get_error_code(), $error->get_error_message(), $data);
    }

    private static function status(\Throwable $failure): int
    {
        return match (true) {
            $failure instanceof Problem => $failure->passes() && $failure->status < 500 ? 429 : $failure->status,
            $failure instanceof DatabaseException => 503,
            $failure instanceof \Telemed\RateLimitException => 429,
            $failure instanceof \Telemed\AuthenticationException => 409,
            $failure instanceof \Telemed\ApiException => 502,
            $failure instanceof \Telemed\TransportException => 503,
            default => 500,
        };
    }
}
