<?php
/**
 * kivicare/v1/settings/zoom-telemed: the eight routes that the core's screens call. The core builds it without arguments.
 * Every route checks by itself who asks, and a doctor's routes act on that doctor alone.
 *
 * Loaded only after Contract has found the core's base class to fit.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use App\baseClasses\KCBaseController;
use TelemedZoom\Problem;
use TelemedZoom\Screens\RestError;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class ZoomTelemedController extends KCBaseController
{
    public const REST_NAMESPACE = 'kivicare/v1';
    public const BASE = '/settings/zoom-telemed';
    /** The core's screen of the administrator shows the reason of a failure in this answer alone, and nothing with any other status. */
    private const SHOWN = 200;

    public function registerRoutes()
    {
        $mode = ['type' => 'string', 'enum' => [CoreSettings::OAUTH, CoreSettings::S2S, CoreSettings::NONE]];
        $text = ['type' => 'string', 'maxLength' => 512];
        $app = ['client_id' => $text, 'client_secret' => $text, 'account_id' => $text];
        $this->route('', 'GET', 'getSettings', 'isAdministrator');
        $this->route('', 'PUT, POST', 'saveSettings', 'isAdministrator', ['auth_type' => $mode + ['required' => true], 'confirm_hosts' => ['type' => 'boolean', 'default' => false]] + $app);
        $this->route('/doctor-config', 'GET', 'getDoctor', 'isDoctor');
        $this->route('/doctor-config', 'PUT', 'saveDoctor', 'isDoctor', ['auth_type' => $mode, 'host' => $text] + $app);
        $this->route('/authorize', 'GET', 'authorize', 'isDoctor');
        $this->route('/disconnect', 'GET', 'disconnect', 'isDoctor');
        $this->route('/test-connection', 'PUT', 'testConnection', 'isDoctor', ['auth_type' => $mode] + $app);
        // Public: what it does depends on the login cookie and on the one-time state. The core answers 401 to whoever sends no
        // nonce, which Zoom's redirect cannot, save on routes without its encryption.
        $this->route('/callback', 'GET', 'callback', null);
    }

    public function checkPermission($request)
    {
        return self::isAdministrator();
    }

    public static function isAdministrator(): bool
    {
        return Capabilities::isAdmin();
    }

    /** The routes know no other doctor than the one who asks; a request that names another is refused. */
    public static function isDoctor(\WP_REST_Request $request): bool
    {
        $user = wp_get_current_user();
        if ($user->ID === 0 || !in_array(Capabilities::KIVICARE_ROLE, $user->roles, true) || !Capabilities::isDoctor()) {
            return false;
        }
        foreach (['doctor_id', 'doctorId', 'user_id'] as $name) {
            if ($request[$name] !== null && (int) $request[$name] !== $user->ID) {
                return false;
            }
        }
        return true;
    }

    public function getSettings(): \WP_REST_Response
    {
        return $this->answer(static fn(): array => ['', Services::instance()->adminScreen->get()]);
    }

    public function saveSettings(\WP_REST_Request $request): \WP_REST_Response
    {
        return $this->answer(static function () use ($request): array {
            $told = Services::instance()->adminScreen->save($request->get_params());
            return [trim(__('Zoom settings saved.', 'telemed-zoom') . ' ' . $told), ''];
        }, self::SHOWN);
    }

    public function getDoctor(): \WP_REST_Response
    {
        return $this->answer(static fn(): array => ['', Services::instance()->doctorScreen->get(get_current_user_id())]);
    }

    public function saveDoctor(\WP_REST_Request $request): \WP_REST_Response
    {
        return $this->answer(static fn(): array => [Services::instance()->doctorScreen->save(get_current_user_id(), $request->get_params()), '']);
    }

    public function authorize(): \WP_REST_Response
    {
        return $this->answer(static fn(): array => ['', ['redirect_url' => Services::instance()->doctorScreen->authorizationUrl(get_current_user_id())]]);
    }

    public function disconnect(): \WP_REST_Response
    {
        return $this->answer(static fn(): array => [Services::instance()->doctorScreen->disconnectClicked(get_current_user_id()), []]);
    }

    public function testConnection(\WP_REST_Request $request): \WP_REST_Response
    {
        $found = Services::instance()->doctorScreen->test(get_current_user_id(), $request->get_params());
        return $this->privately(
            $found['success'] ? $found : ['error' => $found['message']],
            $found['message'],
            $found['success'],
            $found['success'] ? 200 : 500
        );
    }

    public function callback(\WP_REST_Request $request): \WP_REST_Response
    {
        return Services::instance()->callback->handle($request);
    }

    /**
     * @param ?string $guard method that decides; null for the public one
     * @param array<string, array<string, mixed>> $arguments
     */
    private function route(string $path, string $methods, string $callback, ?string $guard, array $arguments = []): void
    {
        $this->registerRoute(self::BASE . $path, [
            'methods' => $methods,
            'callback' => [$this, $callback],
            'permission_callback' => $guard === null ? '__return_true' : [self::class, $guard],
            'args' => $arguments,
        ] + ($guard === null ? ['encryption' => false] : []));
    }

    /**
     * @param callable(): array{string, mixed} $work gives message and data
     * @param ?int $failed the status of every failure; else the failure's own
     */
    private function answer(callable $work, ?int $failed = null): \WP_REST_Response
    {
        try {
            [$message, $data] = $work();
            return $this->privately($data, $message, true, 200);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            $error = RestError::of($failure);
            return $this->privately(['error' => $error->get_error_message(), 'code' => $error->get_error_code()], $error->get_error_message(), false, $failed ?? (int) ($error->get_error_data()['status'] ?? 500));
        }
    }

    /** The core's envelope, made here: what private answers carry must not change with the core. */
    private function privately(mixed $data, string $message, bool $status, int $code): \WP_REST_Response
    {
        $response = new \WP_REST_Response(['status' => $status, 'message' => $message, 'data' => $data], $code);
        $response->header('Cache-Control', 'no-store, private, max-age=0');
        return $response;
    }
}
