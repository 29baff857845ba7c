<?php
/**
 * The end of a doctor. The provider is told of each appointment, and then all are deleted at once, which the core's query builder
 * cannot do: of several none goes, they stay booked, and everything else of the doctor goes.
 */

declare(strict_types=1);

namespace App\controllers\api;

use App\baseClasses\KCBaseController;
use App\baseClasses\KCTelemedFactory;
use App\models\KCAppointment;
use App\models\KCPatientEncounter;

final class DoctorController extends KCBaseController
{
    public function registerRoutes()
    {
        foreach ([['/doctors/(?P<id>\d+)', 'DELETE', 'deleteDoctor'], ['/doctors/bulk/delete', 'POST', 'bulkDeleteDoctors']] as [$route, $method, $callback]) {
            $this->registerRoute($route, ['methods' => $method, 'callback' => [$this, $callback], 'permission_callback' => [$this, 'checkPermission']]);
        }
    }

    public function deleteDoctor(\WP_REST_Request $request)
    {
        return $this->deleteAll([(int) $request['id']]);
    }

    public function bulkDeleteDoctors(\WP_REST_Request $request)
    {
        return $this->deleteAll(array_map('intval', (array) $request['ids']));
    }

    /** @param list<int> $doctors */
    private function deleteAll(array $doctors)
    {
        if (!current_user_can('delete_users')) {
            return $this->permissionDeniedResponse();
        }
        require_once ABSPATH . 'wp-admin/includes/user.php';
        foreach ($doctors as $doctor) {
            self::deleteDoctorData($doctor);
            wp_delete_user($doctor);
        }
        return $this->response(null, 'Doctor deleted successfully');
    }

    private static function deleteDoctorData(int $doctor): void
    {
        global $wpdb;
        $ids = array_map(static fn(KCAppointment $one): int => (int) $one->id, KCAppointment::query()->where('doctorId', $doctor)->disableCache()->get()->all());
        if ($ids !== []) {
            BookingServices::detach($ids);
            KCPatientEncounter::query()->whereIn('appointmentId', $ids)->delete();
            $provider = KCTelemedFactory::get_provider_by_doctor_id($doctor);
            foreach ($ids as $id) {
                $provider?->cancel_meeting_by_appointment($id);
            }
            KCAppointment::query()->whereIn('id', $ids)->delete();
        }
        $wpdb->delete("{$wpdb->prefix}kc_doctor_clinic_mappings", ['doctor_id' => $doctor]);
        $wpdb->delete("{$wpdb->prefix}kc_service_doctor_mapping", ['doctor_id' => $doctor]);
    }
}
