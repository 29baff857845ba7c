<?php
/** Lists and single appointments. The filters run for whoever asks, for strangers too. */

declare(strict_types=1);

namespace App\controllers\api;

use App\baseClasses\KCBaseController;
use App\models\KCAppointment;

final class AppointmentListController extends KCBaseController
{
    public function registerRoutes()
    {
        foreach ([
            '/appointments' => 'list',
            '/appointments/(?P<id>\d+)' => 'single',
            '/appointments/(?P<id>\d+)/view' => 'view',
            '/dashboard/upcoming-appointments' => 'upcoming',
        ] as $route => $callback) {
            $this->registerRoute($route, ['methods' => 'GET', 'callback' => [$this, $callback], 'permission_callback' => [$this, 'checkPermission']]);
        }
    }

    public function list(\WP_REST_Request $request)
    {
        return $this->response(['appointments' => $this->each(
            static fn(array $item, KCAppointment $row): array => apply_filters('kc_appointment_list_item', $item, $row)
        )]);
    }

    public function upcoming(\WP_REST_Request $request)
    {
        return $this->response($this->each(
            static fn(array $item, KCAppointment $row): array => apply_filters('kc_get_upcoming_appointment_data', $item, $row)
        ));
    }

    public function single(\WP_REST_Request $request)
    {
        $row = KCAppointment::find((int) $request['id']);
        return $row === null
            ? $this->response(null, 'not found', false, 404)
            : $this->response(apply_filters('kc_appointment_data', self::item($row), (int) $row->id));
    }

    public function view(\WP_REST_Request $request)
    {
        $row = KCAppointment::find((int) $request['id']);
        return $row === null
            ? $this->response(null, 'not found', false, 404)
            : $this->response(apply_filters('kc_appointment_details_data', self::item($row), $row));
    }

    private function each(callable $filter): array
    {
        return array_map(static fn(KCAppointment $row): array => $filter(self::item($row), $row), KCAppointment::query()->disableCache()->orderBy('id')->get()->all());
    }

    private static function item(KCAppointment $row): array
    {
        return [
            'id' => (int) $row->id,
            'doctorId' => (int) $row->doctorId,
            'patientId' => (int) $row->patientId,
            'status' => (int) $row->status,
            'video_consultation' => apply_filters('kc_is_video_consultation', false, absint($row->id)),
        ];
    }
}
