<?php
/** The end of a patient: the appointments are gone by the time of the one hook, which names only the patient. */

declare(strict_types=1);

namespace App\controllers\api;

use App\baseClasses\KCBaseController;
use App\models\KCAppointment;
use App\models\KCPatientEncounter;

final class PatientController extends KCBaseController
{
    public function registerRoutes()
    {
        $this->registerRoute('/patients/(?P<id>\d+)', ['methods' => 'DELETE', 'callback' => [$this, 'deletePatient'], 'permission_callback' => [$this, 'checkPermission']]);
    }

    public function deletePatient(\WP_REST_Request $request)
    {
        if (!current_user_can('delete_users')) {
            return $this->permissionDeniedResponse();
        }
        $patient = (int) $request['id'];
        KCAppointment::query()->where('patientId', $patient)->delete();
        KCPatientEncounter::query()->where('patientId', $patient)->delete();
        do_action('kc_patient_delete', $patient);
        require_once ABSPATH . 'wp-admin/includes/user.php';
        wp_delete_user($patient);
        return $this->response(['id' => $patient], 'Patient and all related data deleted successfully');
    }
}
