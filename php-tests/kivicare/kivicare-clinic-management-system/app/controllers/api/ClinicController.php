<?php
/** The rest that a telemed provider meets: configuration, bookable doctors, the end of a doctor, migrations. */

declare(strict_types=1);

namespace App\controllers\api;

use App\baseClasses\KCBaseController;
use App\baseClasses\KCTelemedFactory;
use App\database\classes\KCMigrator;
use App\models\KCAppointment;

final class ClinicController extends KCBaseController
{
    public function registerRoutes()
    {
        foreach ([
            ['/config', 'GET', 'config'],
            ['/static-data/telemed-doctors', 'GET', 'telemedDoctors'],
            ['/static-data/video-providers', 'GET', 'videoProviders'],
            ['/doctors/(?P<id>\d+)', 'DELETE', 'deleteDoctor'],
            ['/system-notices/migrations', 'GET', 'migrations'],
        ] as [$route, $method, $callback]) {
            $this->registerRoute($route, ['methods' => $method, 'callback' => [$this, $callback], 'permission_callback' => [$this, 'checkPermission']]);
        }
    }

    public function config(\WP_REST_Request $request)
    {
        $prefix = defined('KIVICARE_TELEMED_PREFIX') ? KIVICARE_TELEMED_PREFIX : 'kiviCare_';
        return $this->response([
            'addOns' => ['telemed' => ['active' => isKiviCareTelemedActive(), 'version' => kcGetAddonVersion('kivicare-telemed')]],
            'is_telemed_activated' => self::isOn($prefix) ? 'yes' : 'no',
        ]);
    }

    /** Whose video services can be booked. */
    public function telemedDoctors(\WP_REST_Request $request)
    {
        global $wpdb;
        $on = isKiviCareTelemedActive() && self::isOn(KIVICARE_TELEMED_PREFIX);
        $doctors = [];
        foreach (get_users(['role' => $this->kcbase->getDoctorRole(), 'fields' => 'ID']) as $doctor) {
            $flag = (int) $wpdb->get_var($wpdb->prepare(
                "SELECT COUNT(*) FROM {$wpdb->usermeta} WHERE user_id = %d AND meta_key = 'zoom_server_to_server_oauth_config_data' AND meta_value LIKE %s",
                $doctor,
                '%"enableServerToServerOauthconfig":"true"%'
            ));
            $doctors[] = [
                'id' => (int) $doctor,
                'is_telemed_connected' => $on && (get_user_meta((int) $doctor, 'kiviCare_zoom_telemed_connect', true) === 'on' || $flag > 0),
            ];
        }
        return $this->response($doctors);
    }

    public function videoProviders(\WP_REST_Request $request)
    {
        return $this->response(array_values(KCTelemedFactory::get_available_providers(true)));
    }

    public function deleteDoctor(\WP_REST_Request $request)
    {
        if (!current_user_can('delete_users')) {
            return $this->permissionDeniedResponse();
        }
        $doctor = (int) $request['id'];
        foreach (KCAppointment::query()->where('doctorId', $doctor)->disableCache()->get() as $appointment) {
            KCTelemedFactory::get_provider_by_doctor_id($doctor)?->cancel_meeting_by_appointment($appointment->id);
            $appointment->delete();
        }
        require_once ABSPATH . 'wp-admin/includes/user.php';
        wp_delete_user($doctor);
        return $this->response(null, 'deleted');
    }

    public function migrations(\WP_REST_Request $request)
    {
        return $this->response(KCMigrator::notices());
    }

    private static function isOn(string $prefix): bool
    {
        $setting = get_option('kiviCare_zoom_telemed_setting');
        return get_option($prefix . 'zoom_telemed_server_to_server_oauth_status') === 'Yes'
            || (is_array($setting) && ($setting['enableCal'] ?? '') === 'Yes');
    }
}
