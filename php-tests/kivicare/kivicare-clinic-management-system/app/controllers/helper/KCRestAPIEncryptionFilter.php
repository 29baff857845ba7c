<?php
/** Refuses anonymous requests to every kivicare route that was not registered with 'encryption' => false, before its permission callback. */

declare(strict_types=1);

namespace App\controllers\helper;

final class KCRestAPIEncryptionFilter
{
    public function register(): void
    {
        add_filter('rest_request_before_callbacks', [$this, 'refuse'], 10, 3);
    }

    public function refuse($response, $handler, \WP_REST_Request $request)
    {
        if (!str_starts_with($request->get_route(), '/' . KIVI_CARE_NAME . '/v') || is_user_logged_in()) {
            return $response;
        }
        if (($handler['encryption'] ?? true) === false || $request->get_header('X-KC-Client-Id') !== null) {
            return $response;
        }
        return new \WP_Error('unauthorized', 'You are not authorized.', ['status' => 401]);
    }
}
