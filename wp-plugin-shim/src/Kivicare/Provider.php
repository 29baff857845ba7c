<?php
/**
 * The video provider "zoom" as KiviCare's core knows it. The core calls it inside open transactions and ignores most answers,
 * so nothing here speaks to Zoom on the way of a booking: wishes are recorded, the visit link is given, and Zoom is called once
 * the appointment stands committed.
 *
 * Loaded only after Contract has found the core's class to fit.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use App\abstracts\KCAbstractTelemedProvider;
use TelemedZoom\ErrorText;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class Provider extends KCAbstractTelemedProvider
{
    /** In place of a token, which the core only asks whether it is empty. */
    private const MARKER = 'telemed';

    private static bool $hooked = false;

    /** The core makes new instances all the time and calls this on each. */
    public function init_hook()
    {
        if (self::$hooked) {
            return;
        }
        self::$hooked = true;
        add_action('wp_ajax_kc_test_' . Core::PROVIDER . '_connection', static function (): void {
            check_ajax_referer('kc_telemed_test_connection', 'nonce');
            if (!current_user_can('manage_options')) {
                wp_send_json_error(['message' => __('You are not allowed to do this.', 'telemed-zoom')], 403);
            }
            wp_send_json_success((new self(CoreSettings::OPTION))->test_connection());
        });
        foreach (['wp_ajax_kc_zoom_webhook', 'wp_ajax_nopriv_kc_zoom_webhook'] as $hook) {
            add_action($hook, static fn() => (new self(CoreSettings::OPTION))->handle_webhook());
        }
    }

    protected function get_default_config()
    {
        return Services::instance()->coreSettings->all();
    }

    /**
     * Computed from our settings, without secrets. The mode is told as OAuth in both modes: at Server-to-Server the core
     * would give every doctor to Zoom unasked, those without a host and those on Google Meet too; this way it asks for each.
     */
    public function get_config()
    {
        $config = $this->get_default_config();
        if ($config['auth_type'] === CoreSettings::S2S) {
            $config['auth_type'] = CoreSettings::OAUTH;
        }
        return $config;
    }

    public function update_config($new_config)
    {
        try {
            Services::instance()->adminScreen->save(is_array($new_config) ? $new_config : []);
        } catch (Problem | DatabaseException) {
            return false;
        }
        $this->config = $this->get_config();
        return true;
    }

    public function is_enabled()
    {
        return $this->is_configured();
    }

    public function get_provider_id()
    {
        return Core::PROVIDER;
    }

    public function get_provider_name()
    {
        return 'Zoom';
    }

    public function is_configured()
    {
        return Services::instance()->plugin->settings->isComplete();
    }

    /** Never falsy and never thrown: a WP_Error only where regenerating makes no sense, which the core shows. */
    public function create_meeting($meeting_data = array())
    {
        $appointment = is_array($meeting_data) ? (int) ($meeting_data['appointment_id'] ?? 0) : 0;
        try {
            return Services::instance()->bookings->created($appointment);
        } catch (\Throwable $failure) {
            return new \WP_Error('telemed', ErrorText::of($failure));
        }
    }

    /**
     * Called before the appointment's row changes, and in the site's zone whichever is right: the row, once it has changed,
     * is what counts (kc_appointment_updated).
     */
    public function update_meeting($meeting_id, $meeting_data = array())
    {
        return ['id' => $meeting_id];
    }

    public function delete_meeting($meeting_id)
    {
        $appointment = MappingTable::appointmentOf((string) $meeting_id);
        return $appointment !== null && $this->cancel_meeting_by_appointment($appointment);
    }

    public function get_meeting($meeting_id)
    {
        $appointment = MappingTable::appointmentOf((string) $meeting_id);
        $row = $appointment === null ? null : MappingTable::find($appointment);
        return $row === null ? false : ['id' => $row['zoom_id'], 'appointment_id' => $appointment, 'join_url' => $row['join_url'], 'start_url' => '', 'password' => ''];
    }

    public function get_meeting_by_appointment($appointment_id)
    {
        return \KCTApp\models\KCTAppointmentZoomMapping::query()->where('appointmentId', (int) $appointment_id)->first();
    }

    public function cancel_meeting_by_appointment($appointment_id)
    {
        return Services::instance()->bookings->cancelled((int) $appointment_id);
    }

    public function test_connection($data = [], $doctor_id = 0)
    {
        try {
            return Services::instance()->doctorScreen->test((int) $doctor_id, is_array($data) ? $data : []);
        } catch (\Throwable $failure) {
            return ['success' => false, 'message' => ErrorText::of($failure)];
        }
    }

    public function update_doctor_config(int $doctor_id, array $config): bool
    {
        try {
            Services::instance()->doctorScreen->save($doctor_id, $config);
            return true;
        } catch (\Throwable) {
            return false;
        }
    }

    public function disconnect_doctor(int $doctor_id): bool
    {
        try {
            Services::instance()->doctorScreen->disconnect($doctor_id);
            return true;
        } catch (\Throwable) {
            return false;
        }
    }

    public function get_authorization_url($doctor_id): string
    {
        try {
            return Services::instance()->doctorScreen->authorizationUrl((int) $doctor_id);
        } catch (\Throwable) {
            return '';
        }
    }

    /** Never a token. Non-empty for every doctor whose visits can be booked, also while the connection is dead. */
    public function get_doctor_access_token($doctor_id)
    {
        $services = Services::instance();
        return $services->plugin->settings->mode() !== null && $services->coreSettings->canHold((int) $doctor_id) ? self::MARKER : '';
    }

    public function is_doctor_telemed_connected(): bool
    {
        return $this->get_doctor_access_token(get_current_user_id()) !== '';
    }

    public function supports_waiting_room()
    {
        return true;
    }

    public function supports_password()
    {
        return true;
    }

    /** Rows are written by MappingTable; the core's own ways print what they are given. */
    protected function save_zoom_meeting_record($meeting_data)
    {
        $appointment = is_array($meeting_data) ? (int) ($meeting_data['appointment_id'] ?? 0) : 0;
        return (int) (MappingTable::find($appointment)['id'] ?? 0) ?: false;
    }

    protected function delete_meeting_record($meeting_id)
    {
        return $this->delete_meeting($meeting_id);
    }

    /** Zoom's events are verified where the plugin receives them; this address, which the add-on used, believes nothing. */
    public function handle_webhook()
    {
        wp_send_json_error(['message' => __('Zoom\'s events go to the address that Telemed, Settings shows.', 'telemed-zoom')], 410);
    }
}
