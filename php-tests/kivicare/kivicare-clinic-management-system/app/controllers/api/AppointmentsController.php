<?php
/** Booking, moving, cancelling, deleting, regenerating: who owns an appointment is never asked, save by DELETE. */

declare(strict_types=1);

namespace App\controllers\api;

use App\baseClasses\KCBaseController;
use App\baseClasses\KCStandIn;
use App\baseClasses\KCTelemedFactory;
use App\models\KCAppointment;
use App\models\KCPatientEncounter;

final class AppointmentsController extends KCBaseController
{
    /** Of the clinic's session; moving an appointment gives it this length. */
    private const TIME_SLOT = 20;

    public function registerRoutes()
    {
        $id = '/appointments/(?P<id>\d+)';
        $route = fn(string $path, string $methods, string $callback) => $this->registerRoute($path, [
            'methods' => $methods,
            'callback' => [$this, $callback],
            'permission_callback' => [$this, 'checkPermission'],
        ]);
        $route('/appointments', 'POST', 'createAppointment');
        $route($id, 'PUT', 'updateAppointment');
        $route($id, 'DELETE', 'deleteAppointment');
        $route("$id/status", 'PUT', 'updateStatus');
        $route('/appointments/bulk/delete', 'POST', 'bulkDelete');
        $this->registerRoute("$id/regenerate-video-conference", [
            'methods' => 'GET',
            'callback' => [$this, 'regenerate'],
            // A closure is as good as true.
            'permission_callback' => static fn() => static fn(): bool => false,
        ]);
    }

    public function createAppointment(\WP_REST_Request $request)
    {
        global $wpdb;
        // Each look from here on is one of the transaction's, as in the core; also who goes before its end leaves it open.
        $wpdb->query('START TRANSACTION');
        $mappings = is_string($request['serviceId']) ? json_decode($request['serviceId'], true) : $request['serviceId'];
        if (!is_array($mappings)) {
            return $this->response(null, 'serviceId must be an array', false, 400);
        }
        $services = BookingServices::ofMappings($mappings);
        try {
            $appointment = $this->newAppointment($request, $services);
            $id = $appointment->save();
            BookingServices::attach($id, $services);
            $telemed = array_filter($services, static fn(array $one): bool => $one['telemed_service'] === 'yes' && (int) $one['clinic_id'] === (int) $appointment->clinicId);
            $data = ['id' => $id];
            if ($appointment->status !== KCAppointment::STATUS_PENDING && $telemed !== []) {
                $minutes = array_sum(array_column($services, 'duration'));
                $made = BookingServices::provider((int) $appointment->doctorId)
                    ->create_meeting(BookingServices::meeting($appointment, implode(', ', array_column($telemed, 'name')), $minutes));
                // A WP_Error is something, too.
                if (!$made) {
                    throw new \Exception('Failed to create telemed meeting link');
                }
            }
            if ($request['paymentGateway'] === 'paylater') {
                PaymentController::payLater($id);
                $appointment->status = KCAppointment::STATUS_BOOKED;
            } elseif ($appointment->status !== KCAppointment::STATUS_PENDING) {
                do_action('kc_after_create_appointment', $id, $appointment->toArray(), $request);
            }
            $wpdb->query('COMMIT');
            return $this->response($data, 'Appointment created successfully', true, 201);
        } catch (\Throwable $failure) {
            $wpdb->query('ROLLBACK');
            $code = (int) $failure->getCode();
            return $this->response(['error' => $failure->getMessage()], $failure->getMessage(), false, in_array($code, [400, 409], true) ? $code : 500);
        }
    }

    public function updateAppointment(\WP_REST_Request $request)
    {
        global $wpdb;
        $wpdb->query('START TRANSACTION');
        $appointment = KCAppointment::find((int) $request['id']);
        if ($appointment === null) {
            return $this->response(null, 'not found', false, 404);
        }
        try {
            $start = ($request['appointmentStartDate'] ?? $appointment->appointmentStartDate) . ' ' . ($request['appointmentStartTime'] ?? $appointment->appointmentStartTime);
            $end = new \DateTimeImmutable($start . ' +' . self::TIME_SLOT . ' minutes');
            $provider = KCTelemedFactory::get_provider_by_doctor_id($appointment->doctorId);
            if ($provider !== null && $provider->get_provider_id() === 'zoom') {
                // Before the row changes: the provider cannot learn the right time from it yet.
                $mapping = $provider->get_meeting_by_appointment($appointment->id);
                if ($mapping && !empty($mapping->zoomId)) {
                    $provider->update_meeting($mapping->zoomId, [
                        'start_time' => (new \DateTimeImmutable($start))->format('Y-m-d H:i:s'),
                        'duration' => self::TIME_SLOT,
                        'doctor_id' => $appointment->doctorId,
                    ]);
                }
            }
            $changes = [
                'appointmentStartDate' => (new \DateTimeImmutable($start))->format('Y-m-d'),
                'appointmentStartTime' => (new \DateTimeImmutable($start))->format('H:i:s'),
                'appointmentEndDate' => $end->format('Y-m-d'),
                'appointmentEndTime' => $end->format('H:i:s'),
                'description' => (string) $request['description'],
            ];
            if (isset($request['status'])) {
                $changes['status'] = (int) $request['status'];
            }
            if (isset($request['timezone'])) {
                $changes['appointmentTimezone'] = (string) $request['timezone'];
            }
            if (KCStandIn::get('columns') === 'stale') {
                KCAppointment::query()->where('id', $appointment->id)->update(array_diff_key($changes, ['appointmentTimezone' => 1]));
                $appointment = KCAppointment::find((int) $appointment->id);
            } else {
                $appointment->update($changes);
            }
            do_action('kc_appointment_updated', (int) $appointment->id, $changes, $appointment, $request);
            $wpdb->query('COMMIT');
            return $this->response(['id' => (int) $appointment->id], 'Appointment updated successfully');
        } catch (\Exception $failure) {
            $wpdb->query('ROLLBACK');
            return $this->response(null, $failure->getMessage(), false, 500);
        }
    }

    public function updateStatus(\WP_REST_Request $request)
    {
        $id = (int) $request['id'];
        $status = (int) $request['status'];
        KCAppointment::query()->where('id', $id)->update(['status' => $status]);
        if ($status === KCAppointment::STATUS_CANCELLED) {
            do_action('kc_appointment_cancelled', $id);
        }
        $appointment = KCAppointment::find($id);
        if ($status === KCAppointment::STATUS_CHECK_IN && $appointment !== null && KCPatientEncounter::query()->where('appointmentId', $id)->first() === null) {
            KCPatientEncounter::create([
                'clinicId' => $appointment->clinicId, 'doctorId' => $appointment->doctorId, 'patientId' => $appointment->patientId, 'appointmentId' => $id,
            ]);
        }
        do_action('kc_appointment_status_update', $id, $status, KCAppointment::find($id));
        return $this->response(['id' => $id], 'Status updated');
    }

    public function deleteAppointment(\WP_REST_Request $request)
    {
        if ($this->kcbase->getLoginUserRole() === $this->kcbase->getPatientRole()) {
            return $this->permissionDeniedResponse();
        }
        return self::delete((int) $request['id']) ? $this->response(null, 'deleted') : $this->response(null, 'not found', false, 404);
    }

    public function bulkDelete(\WP_REST_Request $request)
    {
        return $this->response(['deleted' => count(array_filter(array_map([self::class, 'delete'], array_map('intval', (array) $request['ids']))))]);
    }

    public static function delete(int $id): bool
    {
        $appointment = KCAppointment::find($id);
        if ($appointment === null) {
            return false;
        }
        KCTelemedFactory::get_provider_by_doctor_id($appointment->doctorId)?->cancel_meeting_by_appointment($id);
        $appointment->delete();
        do_action('kc_appointment_deleted', $id, $appointment);
        return true;
    }

    public function regenerate(\WP_REST_Request $request)
    {
        global $wpdb;
        $wpdb->query('START TRANSACTION');
        $appointment = KCAppointment::find((int) $request['id']);
        if ($appointment === null) {
            return $this->response(null, 'not found', false, 404);
        }
        try {
            $made = BookingServices::provider((int) $appointment->doctorId)
                ->create_meeting(BookingServices::meeting($appointment, 'Regenerated Telemed Service', 30, current_time('mysql')));
            if (is_wp_error($made)) {
                throw new \Exception($made->get_error_message());
            }
            $wpdb->query('COMMIT');
            return $this->response($made, 'Video conference link regenerated');
        } catch (\Exception $failure) {
            $wpdb->query('ROLLBACK');
            return $this->response(['error' => $failure->getMessage()], $failure->getMessage(), false, 500);
        }
    }

    private function newAppointment(\WP_REST_Request $request, array $services): KCAppointment
    {
        global $wpdb;
        $isPatient = $this->kcbase->getLoginUserRole() === $this->kcbase->getPatientRole();
        $appointment = new KCAppointment();
        $appointment->appointmentStartDate = (string) $request['appointmentStartDate'];
        $start = new \DateTimeImmutable($request['appointmentStartDate'] . ' ' . $request['appointmentStartTime']);
        $end = $start->modify('+' . max(1, (int) array_sum(array_column($services, 'duration'))) . ' minutes');
        $appointment->appointmentStartTime = $start->format('H:i:s');
        $appointment->appointmentEndDate = $end->format('Y-m-d');
        $appointment->appointmentEndTime = $end->format('H:i:s');
        $appointment->clinicId = (int) $request['clinicId'];
        $appointment->doctorId = (int) $request['doctorId'];
        $appointment->patientId = $isPatient ? get_current_user_id() : (int) $request['patientId'];
        $appointment->description = (string) $request['description'];
        $appointment->createdAt = current_time('mysql');
        $appointment->appointmentTimezone = (string) ($request['timezone'] ?? (get_user_meta($appointment->doctorId, 'timezone', true) ?: wp_timezone_string()));
        $price = array_sum(array_map(static fn(array $one): float => (float) $one['charges'], $services));
        if ($isPatient) {
            if ($price > 0 && !$request['paymentGateway']) {
                throw new \Exception('Payment gateway is required', 400);
            }
            $appointment->status = $price > 0 ? KCAppointment::STATUS_PENDING : KCAppointment::STATUS_BOOKED;
        } else {
            // Without a status it is stored as cancelled, and a meeting is asked for all the same.
            $appointment->status = (int) ($request['status'] ?? 0);
        }
        $taken = $wpdb->get_var($wpdb->prepare(
            "SELECT COUNT(*) FROM {$wpdb->prefix}kc_appointments WHERE doctor_id = %d AND status IN (1, 2) AND appointment_start_date = %s AND appointment_start_time = %s",
            $appointment->doctorId,
            $appointment->appointmentStartDate,
            $appointment->appointmentStartTime
        ));
        if ($taken > 0) {
            throw new \Exception('This slot is taken', 409);
        }
        return $appointment;
    }
}
