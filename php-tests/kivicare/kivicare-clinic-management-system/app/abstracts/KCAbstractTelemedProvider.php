<?php
/** What every video provider extends. Its method update_meeting_record() prints what it is given, as the core's does. */

declare(strict_types=1);

namespace App\abstracts;

use KCTApp\models\KCTAppointmentZoomMapping;

abstract class KCAbstractTelemedProvider
{
    protected $settings_key;
    protected $config;
    protected $provider_id;
    protected $provider_name;

    public function __construct($settings_key)
    {
        $this->settings_key = $settings_key;
        $this->config = $this->get_config();
        $this->init();
    }

    abstract protected function get_default_config();
    abstract public function get_provider_id();
    abstract public function get_provider_name();
    abstract public function is_configured();
    abstract public function create_meeting($meeting_data = array());
    abstract public function update_meeting($meeting_id, $meeting_data = array());
    abstract public function delete_meeting($meeting_id);
    abstract public function get_meeting($meeting_id);
    abstract public function test_connection($data = [], $doctor_id = 0);
    abstract public function update_doctor_config(int $doctor_id, array $config): bool;
    abstract public function get_authorization_url($doctor_id): string;
    abstract protected function save_zoom_meeting_record($meeting_data);
    abstract protected function delete_meeting_record($meeting_id);
    abstract public function get_meeting_by_appointment($appointment_id);
    abstract public function cancel_meeting_by_appointment($appointment_id);
    abstract public function get_doctor_access_token($doctor_id);
    abstract public function is_doctor_telemed_connected(): bool;

    protected function init()
    {
    }

    public function init_hook()
    {
        $id = $this->get_provider_id();
        add_action("wp_ajax_kc_test_{$id}_connection", [$this, 'ajax_test_connection']);
        add_action("wp_ajax_kc_{$id}_webhook", [$this, 'handle_webhook']);
        add_action("wp_ajax_nopriv_kc_{$id}_webhook", [$this, 'handle_webhook']);
    }

    public function ajax_test_connection()
    {
        check_ajax_referer('kc_telemed_test_connection', 'nonce');
        if (!current_user_can('manage_options')) {
            wp_send_json_error('no', 403);
        }
        wp_send_json_success($this->test_connection());
    }

    public function get_config()
    {
        return wp_parse_args(get_option($this->settings_key, []), $this->get_default_config());
    }

    public function is_enabled()
    {
        return !empty($this->config['enabled']) && $this->is_configured();
    }

    public function update_config($new_config)
    {
        $this->config = wp_parse_args($new_config, $this->get_default_config());
        return update_option($this->settings_key, $this->config);
    }

    public function disconnect_doctor(int $doctor_id): bool
    {
        return false;
    }

    public function supports_recording()
    {
        return false;
    }

    public function supports_waiting_room()
    {
        return false;
    }

    public function supports_password()
    {
        return false;
    }

    public function get_supported_meeting_types()
    {
        return ['instant', 'scheduled'];
    }

    public function get_max_duration()
    {
        return 0;
    }

    public function get_max_participants()
    {
        return 0;
    }

    public function handle_webhook()
    {
        wp_send_json_success();
    }

    protected function save_meeting_record($meeting_data)
    {
        error_log('saving a meeting');
        return $this->get_provider_id() === 'zoom' ? $this->save_zoom_meeting_record($meeting_data) : false;
    }

    protected function update_meeting_record($meeting_id, $meeting_data)
    {
        print_r($meeting_data);
        return $this->get_provider_id() === 'zoom' ? $this->update_zoom_meeting_record($meeting_id, $meeting_data) : false;
    }

    protected function update_zoom_meeting_record($meeting_id, $meeting_data)
    {
        $mapping = KCTAppointmentZoomMapping::query()->where('zoomId', $meeting_id)->first();
        if ($mapping) {
            $mapping->startUrl = $meeting_data['start_url'] ?? '';
            $mapping->joinUrl = $meeting_data['join_url'] ?? '';
            $mapping->password = $meeting_data['password'] ?? '';
            $mapping->save();
        }
    }

    protected function get_config_value($key, $default = null)
    {
        return $this->config[$key] ?? $default;
    }
}
