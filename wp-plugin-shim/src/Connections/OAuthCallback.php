<?php
/**
 * Where Zoom sends the doctor's browser back to: GET telemed/v1/oauth/callback.
 *
 * REST treats a request without a nonce as nobody's, so the login cookie is read here. Who is logged in must be who began:
 * the extension refuses a state that another subject began, before it asks Zoom anything.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Apps\AppOpener;
use TelemedZoom\Apps\PendingStates;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Notice;
use TelemedZoom\Site\Routes;
use TelemedZoom\Site\Site;

defined('ABSPATH') || exit;

final class OAuthCallback
{
    /** Parameter of the profile page: the answer belonged to nothing that its user had begun. */
    private const UNKNOWN = 'telemed_unknown_authorization';

    public function __construct(
        private readonly AppOpener $opener,
        private readonly Settings $settings,
        private readonly Site $site,
        private readonly OtherZoomUser $others
    ) {
    }

    public function register(): void
    {
        add_action('rest_api_init', [$this, 'registerRoute']);
        add_action('admin_notices', static fn() => Capabilities::isDoctor() ? null : self::printUnknown());
    }

    public function registerRoute(): void
    {
        register_rest_route(Routes::V1, Settings::CALLBACK_ROUTE, [
            'methods' => \WP_REST_Server::READABLE,
            'callback' => [$this, 'handle'],
            // Public: what it does depends on the login cookie and on the one-time state.
            'permission_callback' => '__return_true',
        ]);
    }

    public function handle(\WP_REST_Request $request): \WP_REST_Response
    {
        // WordPress answers HEAD with the GET handler; a link scanner must not use up the code.
        if ($request->get_method() === 'HEAD') {
            return self::answer(200, null);
        }
        $user = (int) wp_validate_auth_cookie('', 'logged_in');
        if ($user === 0) {
            return self::answer(302, wp_login_url($this->sameAddress($request)));
        }
        if (!PendingStates::useUp($user, self::parameter($request, 'state'))) {
            // Any page can send a browser here: nothing of this user is touched, and nothing is kept to be told.
            $profile = add_query_arg(self::UNKNOWN, '1', strtok(AdminPages::profile(), '#')) . '#' . AdminPages::PROFILE_ANCHOR;
            /**
             * Filters where a doctor is led after the way through Zoom's consent page.
             *
             * For an appointment system whose doctors do not use wp-admin.
             *
             * @since 0.1.0
             * @api
             *
             * @param string $url       The profile page in wp-admin.
             * @param int    $user      The doctor: a user of WordPress.
             * @param bool   $connected Whether Zoom is connected now.
             */
            return self::answer(302, (string) apply_filters('telemed_oauth_destination', $profile, $user, false));
        }
        [$type, $text] = $this->connect($user, $request);
        Notice::flash($type, $text, $user);
        if ($type === 'warning') {
            // The question can be answered there only.
            return self::answer(302, AdminPages::profile());
        }
        /** This filter is documented above. */
        return self::answer(302, (string) apply_filters('telemed_oauth_destination', AdminPages::profile(), $user, $type === 'success'));
    }

    /** On the profile page, where that was said by its address alone. */
    public static function printUnknown(): void
    {
        if (isset($_GET[self::UNKNOWN])) { // phpcs:ignore WordPress.Security.NonceVerification
            printf(
                '<div id="telemed-unknown-authorization" class="notice notice-error inline telemed-flash" role="alert"><p>%s</p></div>',
                esc_html__('Zoom was not connected: you have begun no such authorization within the last ten minutes, or you are logged in as another user now. Click Authorize with Zoom to try again.', 'telemed-zoom')
            );
        }
    }

    /** @return array{'success'|'warning'|'error', string} what to tell the doctor */
    private function connect(int $user, \WP_REST_Request $request): array
    {
        // Zoom has answered, so nothing is asked about an authorization that never came back.
        delete_user_option($user, Doctors::META_AUTHORIZING);
        if (!Capabilities::isDoctor($user)) {
            return ['error', __('Only doctors of this site connect a Zoom account, and you are logged in as another user.', 'telemed-zoom')];
        }
        $code = self::parameter($request, 'code');
        $state = self::parameter($request, 'state');
        if ($code === '') {
            return ['error', self::parameter($request, 'error') === 'access_denied'
                ? __('Zoom was not connected: the authorization was declined. Click Authorize with Zoom and then Authorize (or Allow) at Zoom.', 'telemed-zoom')
                : __('Zoom was not connected: Zoom sent you back without an authorization. Click Authorize with Zoom to try again; if Zoom shows an error, tell an administrator of this site.', 'telemed-zoom')];
        }
        try {
            $granted = $this->opener->oauth()->connect($code, $state, $this->site->subject($user));
            $connection = $this->others->arrived($user, $granted);
            $isAsked = $this->others->question($user) !== null;
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            return ['error', __('Zoom was not connected:', 'telemed-zoom') . ' ' . ErrorText::of($failure)];
        }
        if ($connection->status() !== 'held') {
            update_user_option($user, Doctors::META_CONNECTED, time());
            /**
             * Fires when a doctor's Zoom account is connected and in force.
             *
             * @since 0.1.0
             * @api
             *
             * @param int $doctor The doctor: a user of WordPress.
             */
            do_action('telemed_doctor_connected', $user);
        }
        if ($isAsked) {
            return ['warning', __('You have logged in as another Zoom user than the one who holds your upcoming visits. Please say below what becomes of them; until then they stay as they are.', 'telemed-zoom')];
        }
        return ['success', OtherZoomUser::told($connection)];
    }

    /** The same call again, after the log-in. */
    private function sameAddress(\WP_REST_Request $request): string
    {
        $parameters = [];
        foreach (['code', 'state', 'error'] as $name) {
            if (self::parameter($request, $name) !== '') {
                $parameters[$name] = rawurlencode(self::parameter($request, $name));
            }
        }
        return add_query_arg($parameters, $this->settings->currentRedirectUri());
    }

    private static function parameter(\WP_REST_Request $request, string $name): string
    {
        $parameters = $request->get_query_params();
        if (!isset($parameters[$name])) {
            // WordPress takes "error" out of $_GET before REST sees it.
            wp_parse_str((string) wp_parse_url(wp_unslash($_SERVER['REQUEST_URI'] ?? ''), PHP_URL_QUERY), $parameters);
        }
        $value = $parameters[$name] ?? '';
        return is_string($value) ? wp_check_invalid_utf8($value) : '';
    }

    private static function answer(int $status, ?string $location): \WP_REST_Response
    {
        $response = new \WP_REST_Response(null, $status);
        $response->header('Cache-Control', 'no-store, private, max-age=0');
        $response->header('Referrer-Policy', 'no-referrer');
        if ($location !== null) {
            $response->header('Location', $location);
        }
        return $response;
    }
}
