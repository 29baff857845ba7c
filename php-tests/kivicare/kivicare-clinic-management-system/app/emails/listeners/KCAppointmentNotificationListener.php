<?php
/**
 * Queues the core's mails in a table of its own; the core uses Action Scheduler's. The video link is copied from the mapping row into
 * the queue. A video visit without a link has no mail at all. Nothing listens to a move or a confirmation.
 */

declare(strict_types=1);

namespace App\emails\listeners;

use App\controllers\api\BookingServices;
use App\models\KCAppointment;

final class KCAppointmentNotificationListener
{
    public function register(): void
    {
        add_action('kc_after_create_appointment', [$this, 'handleAppointmentBooked'], 10, 1);
        add_action('kc_appointment_payment_completed', [$this, 'handleAppointmentBooked'], 10, 1);
        add_action('kc_appointment_cancelled', [$this, 'handleAppointmentCancelled'], 10, 1);
        add_action('kivicare_appointment_updated', [$this, 'handleAppointmentBooked'], 10, 1);
    }

    public function handleAppointmentBooked($id): void
    {
        $appointment = KCAppointment::find($id);
        if (!$appointment) {
            return;
        }
        if (!BookingServices::areTelemed((int) $id)) {
            $this->queue('book_appointment', $appointment, null, ['patientId', 'doctorId']);
            return;
        }
        $link = '';
        if (class_exists('KCTApp\\models\\KCTAppointmentZoomMapping')) {
            $mapping = \KCTApp\models\KCTAppointmentZoomMapping::query()->where('appointmentId', $id)->first();
            $link = $mapping ? (string) $mapping->joinUrl : '';
        }
        if ($link !== '') {
            $this->queue('zoom_link', $appointment, $link, ['patientId']);
            $this->queue('add_doctor_zoom_link', $appointment, $link, ['doctorId']);
        }
    }

    public function handleAppointmentCancelled($id): void
    {
        $appointment = KCAppointment::find($id);
        if ($appointment) {
            $this->queue('cancel_appointment', $appointment, null, ['patientId', 'doctorId']);
        }
    }

    private function queue(string $template, KCAppointment $appointment, ?string $link, array $people): void
    {
        global $wpdb;
        foreach ($people as $person) {
            $wpdb->insert("{$wpdb->prefix}kivicare_standin_mails", [
                'template' => $template,
                'recipient' => (string) (get_userdata((int) $appointment->$person) ?: null)?->user_email,
                'appointment' => $appointment->id,
                'link' => $link,
                'sent_at' => sprintf('%.6F', microtime(true)),
                'appointment_start_utc' => $appointment->appointmentStartUtc ?? null,
                'appointment_end_utc' => $appointment->appointmentEndUtc ?? null,
            ]);
        }
    }
}
