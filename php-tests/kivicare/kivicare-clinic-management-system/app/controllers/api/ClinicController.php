<?php
/** The rest that a telemed provider meets: configuration, bookable doctors, the end of a clinic, migrations. */

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
            ['/clinics/(?P<id>\d+)', 'DELETE', 'deleteClinic'],
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

    /** Its appointments go with it; the one hook comes afterwards and names only the clinic. */
    public function deleteClinic(\WP_REST_Request $request)
    {
        global $wpdb;
        if (!current_user_can('manage_options')) {
            return $this->permissionDeniedResponse();
        }
        $clinic = (int) $request['id'];
        $wpdb->query('START TRANSACTION');
        $wpdb->delete("{$wpdb->prefix}kc_clinics", ['id' => $clinic]);
        $wpdb->delete("{$wpdb->prefix}kc_doctor_clinic_mappings", ['clinic_id' => $clinic]);
        $wpdb->delete("{$wpdb->prefix}kc_receptionist_clinic_mappings", ['clinic_id' => $clinic]);
        foreach (KCAppointment::query()->where('clinicId', $clinic)->disableCache()->get() as $appointment) {
            $appointment->delete();
        }
        $wpdb->query('COMMIT');
        do_action('kc_clinic_delete', $clinic);
        return $this->response(['id' => $clinic], 'Clinic deleted successfully');
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
