<?php
/** The cron job that cancels appointments which have passed. It asks no provider. */

declare(strict_types=1);

namespace App\baseClasses;

use App\models\KCAppointment;

final class KCAutoClose
{
    public static function run(): void
    {
        foreach (KCAppointment::query()->where('status', 1)->get() as $appointment) {
            $end = $appointment->appointmentEndDate . ' ' . $appointment->appointmentEndTime;
            if (strtotime($end) < time() - DAY_IN_SECONDS) {
                KCAppointment::query()->where('id', $appointment->id)->update(['status' => 0]);
                do_action('kc_appointment_cancelled', (int) $appointment->id);
                do_action('kc_appointment_status_update', (int) $appointment->id, 0, null);
            }
        }
    }
}
