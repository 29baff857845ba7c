<?php
/** The add-on for Google Meet as far as it meets a Zoom provider: connected doctors, and its events in an option by appointment. */

declare(strict_types=1);

namespace App\baseClasses;

use App\abstracts\KCAbstractTelemedProvider;

final class KCStandInMeet extends KCAbstractTelemedProvider
{
    public static function register(): void
    {
        define('KIVICARE_GOOGLE_MEET_ADDON_VERSION', '4.0.0');
        add_filter('kc_telemed_providers', static fn(array $providers): array => $providers + [
            'googlemeet' => ['class' => self::class, 'settings_key' => 'kiviCare_google_meet_setting', 'name' => 'Google Meet', 'description' => ''],
        ]);
    }

    protected function get_default_config()
    {
        return ['auth_type' => 'oauth'];
    }

    public function get_provider_id()
    {
        return 'googlemeet';
    }

    public function get_provider_name()
    {
        return 'Google Meet';
    }

    public function is_configured()
    {
        return true;
    }

    public function create_meeting($meeting_data = array())
    {
        global $wpdb;
        $wpdb->insert("{$wpdb->prefix}kc_appointment_google_meet_mappings", ['appointment_id' => $meeting_data['appointment_id'], 'event_id' => 'event']);
        return ['id' => 'event'];
    }

    public function update_meeting($meeting_id, $meeting_data = array())
    {
        return ['id' => $meeting_id];
    }

    public function delete_meeting($meeting_id)
    {
        return true;
    }

    public function get_meeting($meeting_id)
    {
        return false;
    }

    public function test_connection($data = [], $doctor_id = 0)
    {
        return ['success' => true, 'message' => ''];
    }

    public function update_doctor_config(int $doctor_id, array $config): bool
    {
        return true;
    }

    public function get_authorization_url($doctor_id): string
    {
        return '';
    }

    protected function save_zoom_meeting_record($meeting_data)
    {
        return false;
    }

    protected function delete_meeting_record($meeting_id)
    {
        return true;
    }

    public function get_meeting_by_appointment($appointment_id)
    {
        global $wpdb;
        $event = $wpdb->get_var($wpdb->prepare("SELECT event_id FROM {$wpdb->prefix}kc_appointment_google_meet_mappings WHERE appointment_id = %d LIMIT 1", $appointment_id));
        return $event === null ? null : (object) ['eventId' => $event];
    }

    public function cancel_meeting_by_appointment($appointment_id)
    {
        global $wpdb;
        $wpdb->delete("{$wpdb->prefix}kc_appointment_google_meet_mappings", ['appointment_id' => $appointment_id]);
        return true;
    }

    public function get_doctor_access_token($doctor_id)
    {
        return get_user_meta((int) $doctor_id, 'kiviCare_google_meet_connect', true) === 'on' ? 'token' : '';
    }

    public function is_doctor_telemed_connected(): bool
    {
        return true;
    }
}
