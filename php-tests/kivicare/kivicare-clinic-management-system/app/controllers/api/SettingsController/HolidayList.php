<?php
/** Holidays of a doctor or a clinic. What was booked for these days is cancelled, and no hook tells of it. */

declare(strict_types=1);

namespace App\controllers\api\SettingsController;

use App\baseClasses\KCBaseController;
use App\models\KCAppointment;

final class HolidayList extends KCBaseController
{
    protected $route = 'settings/holidays';

    public function registerRoutes()
    {
        $choice = ['type' => 'object', 'required' => true, 'validate_callback' => static fn($value): bool => is_array($value) && isset($value['id'], $value['label'])];
        $this->registerRoute('/' . $this->route . '/update', [
            'methods' => 'PUT, POST',
            'callback' => [$this, 'dataUpdate'],
            'permission_callback' => [$this, 'checkPermission'],
            'args' => ['module_type' => $choice, 'module_id' => $choice],
        ]);
    }

    public function dataUpdate(\WP_REST_Request $request)
    {
        $day = static fn(string $which): string => gmdate('Y-m-d', (int) strtotime((string) ($request['scheduleDate'][$which] ?? '')));
        $appointments = KCAppointment::query()
            ->where('appointmentStartDate', '>=', $day('start'))
            ->where('appointmentStartDate', '<=', $day('end'))
            ->where($request['module_type']['id'] === 'doctor' ? 'doctorId' : 'clinicId', (int) $request['module_id']['id'])
            ->where('status', KCAppointment::STATUS_BOOKED)
            ->disableCache()
            ->get();
        foreach ($appointments as $appointment) {
            $appointment->status = KCAppointment::STATUS_CANCELLED;
            $appointment->save();
        }
        return $this->response(null, 'Doctor holiday scheduled added successfully.');
    }
}
