<?php
/** An appointment. save() fills the UTC columns from the local ones; updates through the query builder do not. */

declare(strict_types=1);

namespace App\models;

use App\baseClasses\KCBaseModel;
use App\baseClasses\KCStandIn;
use KCTApp\models\KCTAppointmentZoomMapping;

class KCAppointment extends KCBaseModel
{
    public const STATUS_CANCELLED = 0;
    public const STATUS_BOOKED = 1;
    public const STATUS_PENDING = 2;
    public const STATUS_CHECK_OUT = 3;
    public const STATUS_CHECK_IN = 4;

    protected static function initSchema(): array
    {
        $text = static fn(string $column): array => ['column' => $column, 'type' => 'string', 'nullable' => true];
        $number = static fn(string $column): array => ['column' => $column, 'type' => 'bigint', 'nullable' => true];
        $columns = [
            'id' => ['column' => 'id', 'type' => 'bigint', 'auto_increment' => true],
            'appointmentStartDate' => $text('appointment_start_date'),
            'appointmentStartTime' => $text('appointment_start_time'),
            'appointmentEndDate' => $text('appointment_end_date'),
            'appointmentEndTime' => $text('appointment_end_time'),
            'visitType' => $text('visit_type'),
            'clinicId' => $number('clinic_id'),
            'doctorId' => $number('doctor_id'),
            'patientId' => $number('patient_id'),
            'description' => $text('description'),
            'status' => ['column' => 'status', 'type' => 'int', 'default' => 0],
            'createdAt' => $text('created_at'),
        ];
        if (KCStandIn::get('columns') !== 'local') {
            $columns += [
                'appointmentStartUtc' => $text('appointment_start_utc'),
                'appointmentEndUtc' => $text('appointment_end_utc'),
                'createdAtUtc' => $text('created_at_utc'),
                'appointmentTimezone' => ['column' => 'appointment_timezone', 'type' => 'string', 'default' => 'UTC'],
            ];
        }
        return ['table_name' => 'kc_appointments', 'primary_key' => 'id', 'timestamps' => false, 'soft_deletes' => false, 'columns' => $columns];
    }

    public function save()
    {
        if (KCStandIn::get('columns') !== 'local') {
            $zone = self::zone((string) ($this->appointmentTimezone ?? ''), (int) $this->doctorId);
            $utc = static fn(string $date, string $time): string => (new \DateTimeImmutable("$date $time", $zone))->setTimezone(new \DateTimeZone('UTC'))->format('Y-m-d H:i:s');
            $this->appointmentStartUtc = $utc((string) $this->appointmentStartDate, (string) $this->appointmentStartTime);
            $this->appointmentEndUtc = $utc((string) $this->appointmentEndDate, (string) $this->appointmentEndTime);
            $this->createdAtUtc ??= gmdate('Y-m-d H:i:s');
        }
        return parent::save();
    }

    public function getZoomMeeting()
    {
        return KCTAppointmentZoomMapping::query()->where('appointmentId', $this->id)->first();
    }

    /** IANA, UTC+5.5, UTC+05:30, +05:30; anything else is UTC; nothing or UTC is the doctor's zone. */
    public static function zone(string $name, int $doctor): \DateTimeZone
    {
        if ($name === '' || $name === 'UTC') {
            $name = (string) get_user_meta($doctor, 'timezone', true);
        }
        if (in_array($name, \DateTimeZone::listIdentifiers(), true)) {
            return new \DateTimeZone($name);
        }
        if (preg_match('/^(?:UTC)?([+-])(\d{1,2})(?::(\d{2})|(\.5))?$/', $name, $part)) {
            return new \DateTimeZone(sprintf('%s%02d:%02d', $part[1], $part[2], isset($part[4]) ? 30 : (int) ($part[3] ?? 0)));
        }
        return new \DateTimeZone('UTC');
    }
}
