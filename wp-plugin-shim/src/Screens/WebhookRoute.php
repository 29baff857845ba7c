<?php
/**
 * Where Zoom sends its events: POST telemed/v1/webhook. It answers Zoom's check of the address, and forgets the connection of a
 * doctor who has removed the app at Zoom. Zoom's signature over the raw body is the permission.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Connections\Deauthorizations;
use TelemedZoom\ErrorText;
use TelemedZoom\Extension;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\PublicAddress;
use TelemedZoom\Site\Routes;

defined('ABSPATH') || exit;

final class WebhookRoute
{
    public const ROUTE = '/webhook';

    public function __construct(
        private readonly Settings $settings,
        private readonly EncryptionKey $key,
        private readonly Extension $extension,
        private readonly Deauthorizations $deauthorizations
    ) {
    }

    public function register(): void
    {
        add_action('rest_api_init', function (): void {
            register_rest_route(Routes::V1, self::ROUTE, [
                'methods' => \WP_REST_Server::CREATABLE,
                'callback' => [$this, 'handle'],
                'permission_callback' => fn(\WP_REST_Request $request): bool|\WP_Error => $this->isFromZoom($request),
            ]);
        });
    }

    /** What is entered at Zoom as the event notification endpoint URL. */
    public static function url(): string
    {
        return PublicAddress::of(rest_url(Routes::V1 . self::ROUTE));
    }

    public function handle(\WP_REST_Request $request): \WP_REST_Response|\WP_Error
    {
        try {
            $event = $this->receive($request);
            if ($event->answer() !== null) {
                return self::answer(json_decode((string) $event->answer(), true));
            }
            if ($event->name() === 'app_deauthorized' && $event->zoomUserId() !== null && $event->clientId() !== null) {
                $this->deauthorizations->note($event->clientId(), $event->zoomUserId(), $event->sentAt());
            }
            // Of other events the app may have been subscribed to, nothing is wanted.
            return self::answer(null);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            // Zoom sends it again.
            return new \WP_Error('telemed_webhook', ErrorText::of($failure), ['status' => 503]);
        }
    }

    private function isFromZoom(\WP_REST_Request $request): bool|\WP_Error
    {
        try {
            $this->receive($request);
            return true;
        } catch (Problem | \Telemed\TelemedException) {
            return new \WP_Error('telemed_webhook_refused', __('This is no event that Zoom has signed with this site\'s secret token.', 'telemed-zoom'), ['status' => 401]);
        }
    }

    /** @throws Problem|\Telemed\TelemedException also when no secret token is stored: nothing is believed then */
    private function receive(\WP_REST_Request $request): \Telemed\WebhookEvent
    {
        $this->extension->demand();
        $sealed = $this->settings->text(Settings::WEBHOOK_SECRET);
        if ($sealed === '') {
            throw new Problem('telemed_webhook_not_set_up', __('no secret token is stored', 'telemed-zoom'), '', 401);
        }
        $secret = $this->key->vault()->open($sealed, Settings::context(Settings::WEBHOOK_SECRET));
        return (new \Telemed\Webhook($secret))->receive($request->get_body(), self::signature($request));
    }

    /**
     * The two headers that matter: names and values of the others are anybody's.
     *
     * @return array<string, string>
     */
    private static function signature(\WP_REST_Request $request): array
    {
        $headers = [];
        foreach (['x-zm-request-timestamp', 'x-zm-signature'] as $name) {
            $value = (string) $request->get_header($name);
            if (preg_match('/^[\x21-\x7e]{1,200}$/D', $value) === 1) {
                $headers[$name] = $value;
            }
        }
        return $headers;
    }

    /** @param ?array<string, mixed> $body */
    private static function answer(?array $body): \WP_REST_Response
    {
        $response = new \WP_REST_Response($body, 200);
        $response->header('Cache-Control', 'no-store, private, max-age=0');
        return $response;
    }
}
