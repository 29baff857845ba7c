<?php
/** What an appointment's services say: names, price, length, and whether it is a video visit. */

declare(strict_types=1);

namespace App\controllers\api;

use App\baseClasses\KCTelemedFactory;

final class BookingServices
{
    /** @return list<array<string, mixed>> rows of the mapping with the service's name */
    public static function ofMappings(array $mappings): array
    {
        global $wpdb;
        $ids = implode(',', array_map('intval', $mappings)) ?: '0';
        return $wpdb->get_results(
            "SELECT m.*, s.name FROM {$wpdb->prefix}kc_service_doctor_mapping m JOIN {$wpdb->prefix}kc_services s ON s.id = m.service_id WHERE m.id IN ($ids)",
            ARRAY_A
        );
    }

    public static function attach(int $appointment, array $services): void
    {
        global $wpdb;
        foreach ($services as $service) {
            $wpdb->insert("{$wpdb->prefix}kc_appointment_service_mapping", ['appointment_id' => $appointment, 'service_id' => $service['service_id']]);
        }
    }

    /** As the core's query builder does it: of several appointments none. @param list<int> $appointments */
    public static function detach(array $appointments): void
    {
        global $wpdb;
        if (count($appointments) === 1) {
            $wpdb->delete("{$wpdb->prefix}kc_appointment_service_mapping", ['appointment_id' => $appointments[0]]);
        }
    }

    /** Of any doctor who has the service, not of the one who is booked. */
    public static function areTelemed(int $appointment): bool
    {
        global $wpdb;
        return (bool) $wpdb->get_var($wpdb->prepare(
            "SELECT COUNT(*) FROM {$wpdb->prefix}kc_appointment_service_mapping a JOIN {$wpdb->prefix}kc_service_doctor_mapping m ON m.service_id = a.service_id
             WHERE a.appointment_id = %d AND m.telemed_service = 'yes'",
            $appointment
        ));
    }

    public static function provider(int $doctor): object
    {
        if (!isKiviCareTelemedActive() && !isKiviCareGoogleMeetActive()) {
            throw new \Exception('Telemed services cannot be booked as telemed addon is not active', 400);
        }
        return KCTelemedFactory::get_provider_by_doctor_id($doctor) ?? throw new \Exception('Telemed provider not found for the selected doctor', 400);
    }

    /** What create_meeting() is called with: local time beside a zone that need not be its own, and names of services as topic. */
    public static function meeting(object $appointment, string $topic, int|float $minutes, ?string $start = null): array
    {
        return [
            'topic' => $topic,
            'type' => 'scheduled',
            'start_time' => $start ?? $appointment->appointmentStartDate . ' ' . $appointment->appointmentStartTime,
            'duration' => $minutes,
            'timezone' => wp_timezone_string(),
            'password' => '',
            'waiting_room' => false,
            'auto_recording' => false,
            'host_video' => true,
            'participant_video' => true,
            'mute_upon_entry' => true,
            'patient_id' => $appointment->patientId,
            'doctor_id' => $appointment->doctorId,
            'appointment_id' => $appointment->id,
        ];
    }
}
