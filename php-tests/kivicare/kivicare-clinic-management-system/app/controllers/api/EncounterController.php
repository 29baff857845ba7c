<?php
/** The end of an encounter, which begins with a check-in: its appointment goes with it, and no hook tells of it. */

declare(strict_types=1);

namespace App\controllers\api;

use App\baseClasses\KCBaseController;
use App\models\KCAppointment;
use App\models\KCPatientEncounter;

final class EncounterController extends KCBaseController
{
    public function registerRoutes()
    {
        $this->registerRoute('/encounters/(?P<id>\d+)', ['methods' => 'DELETE', 'callback' => [$this, 'deleteEncounter'], 'permission_callback' => [$this, 'checkPermission']]);
    }

    public function deleteEncounter(\WP_REST_Request $request)
    {
        global $wpdb;
        $encounter = KCPatientEncounter::find((int) $request['id']);
        if ($encounter === null) {
            return $this->response(null, 'Encounter not found', false, 404);
        }
        $wpdb->query('START TRANSACTION');
        do_action('kc_before_delete_encounter', (int) $encounter->id);
        if ($encounter->appointmentId) {
            BookingServices::detach([(int) $encounter->appointmentId]);
            KCAppointment::query()->where('id', $encounter->appointmentId)->delete();
        }
        $encounter->delete();
        $wpdb->query('COMMIT');
        return $this->response(['id' => (int) $encounter->id], 'Encounter deleted successfully');
    }
}
