<?php
/**
 * Where Zoom sends a doctor's browser back to, on the route that KiviCare's screens show. It is the one redirect URL of the
 * site while KiviCare is there; what happens on it is OAuthCallback's.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Connections\OAuthCallback;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\PublicAddress;

defined('ABSPATH') || exit;

final class Callback
{
    /** The address that the add-on's third generation gave to Zoom; kept for apps that still name it. */
    private const FORMER_ACTION = 'check_zoom_code';

    public function __construct(private readonly OAuthCallback $callback, private readonly CoreSettings $coreSettings)
    {
    }

    public function register(): void
    {
        add_filter('telemed_redirect_uri', static fn(): string => self::url());
        add_filter('telemed_oauth_destination', [$this, 'destination'], 10, 3);
        add_action('telemed_doctor_connected', [$this->coreSettings, 'chooseZoom']);
        add_action('wp_ajax_' . self::FORMER_ACTION, [$this, 'formerAddress']);
        add_action('wp_ajax_nopriv_' . self::FORMER_ACTION, [$this, 'formerAddress']);
    }

    public static function url(): string
    {
        return PublicAddress::of(rest_url(ZoomTelemedController::REST_NAMESPACE . ZoomTelemedController::BASE . '/callback'));
    }

    public function handle(\WP_REST_Request $request): \WP_REST_Response
    {
        return $this->callback->handle($request);
    }

    /** KiviCare's doctors live in the core's dashboard, not in wp-admin. */
    public function destination(string $url, int $user, bool $connected): string
    {
        $data = get_userdata($user);
        if ($data === false || !in_array(Capabilities::KIVICARE_ROLE, $data->roles, true) || !function_exists('kc_get_dashboard_url')) {
            return $url;
        }
        return add_query_arg(
            $connected ? 'zoom_connected' : 'zoom_error',
            1,
            trailingslashit(untrailingslashit((string) kc_get_dashboard_url(Capabilities::KIVICARE_ROLE)) . '/setting/zoom-configuration')
        );
    }

    public function formerAddress(): never
    {
        $request = new \WP_REST_Request('GET', '/');
        $request->set_query_params(wp_unslash($_GET)); // phpcs:ignore WordPress.Security.NonceVerification
        $response = $this->callback->handle($request);
        status_header($response->get_status());
        foreach ($response->get_headers() as $name => $value) {
            header("$name: $value");
        }
        exit;
    }
}
