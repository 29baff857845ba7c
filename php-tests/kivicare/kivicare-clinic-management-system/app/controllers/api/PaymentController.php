<?php
/** The ways in which a pending appointment becomes a booked one by money. */

declare(strict_types=1);

namespace App\controllers\api;

use App\baseClasses\KCBaseController;
use App\models\KCAppointment;

final class PaymentController extends KCBaseController
{
    public function registerRoutes()
    {
        $this->registerRoute('/appointments/payment-success', [
            'methods' => 'GET, POST',
            'callback' => [$this, 'paymentSuccess'],
            'permission_callback' => [$this, 'checkPermission'],
        ]);
    }

    /** Where the gateway sends the browser back to. Anybody logged in may "pay" anybody's, any number of times. */
    public function paymentSuccess(\WP_REST_Request $request)
    {
        global $wpdb;
        $id = (int) $request['appointment_id'];
        // Its first look is what this transaction sees to its end, whatever others commit while it waits for them.
        $wpdb->query('START TRANSACTION');
        try {
            $appointment = KCAppointment::find($id);
            if ($appointment === null) {
                return $this->response(null, 'not found', false, 404);
            }
            $appointment->update(['status' => KCAppointment::STATUS_BOOKED]);
            if (BookingServices::areTelemed($id)) {
                $minutes = (strtotime("$appointment->appointmentEndDate $appointment->appointmentEndTime") - strtotime("$appointment->appointmentStartDate $appointment->appointmentStartTime")) / 60;
                BookingServices::provider((int) $appointment->doctorId)->create_meeting(BookingServices::meeting($appointment, ', ', max($minutes, 30)));
            }
            do_action('kc_appointment_payment_completed', $id, $request->get_params());
            $wpdb->query('COMMIT');
            return $this->response(['appointment_id' => $id], 'Payment completed');
        } catch (\Exception $failure) {
            $wpdb->query('ROLLBACK');
            KCAppointment::query()->where('id', $id)->update(['status' => KCAppointment::STATUS_CANCELLED]);
            do_action('kc_appointment_payment_cancelled', $id);
            return $this->response(null, $failure->getMessage(), false, 500);
        }
    }

    /** Inside the booking's transaction: only the status and its action. */
    public static function payLater(int $id): void
    {
        KCAppointment::query()->where('id', $id)->update(['status' => KCAppointment::STATUS_BOOKED]);
        do_action('kc_appointment_status_update', $id, KCAppointment::STATUS_BOOKED, null);
    }

    /** A WooCommerce order moved to completed or processing. */
    public static function handle_order_status_change(int $id): void
    {
        KCAppointment::query()->where('id', $id)->update(['status' => KCAppointment::STATUS_BOOKED]);
        do_action('kc_appointment_status_update', $id, KCAppointment::STATUS_BOOKED, null);
    }
}
