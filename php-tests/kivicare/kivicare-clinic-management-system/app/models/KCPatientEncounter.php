<?php
/** What a check-in begins. */

declare(strict_types=1);

namespace App\models;

use App\baseClasses\KCBaseModel;

class KCPatientEncounter extends KCBaseModel
{
    protected static function initSchema(): array
    {
        $number = static fn(string $column): array => ['column' => $column, 'type' => 'bigint', 'nullable' => true];
        return ['table_name' => 'kc_patient_encounters', 'primary_key' => 'id', 'timestamps' => false, 'soft_deletes' => false, 'columns' => [
            'id' => ['column' => 'id', 'type' => 'bigint', 'auto_increment' => true],
            'clinicId' => $number('clinic_id'),
            'doctorId' => $number('doctor_id'),
            'patientId' => $number('patient_id'),
            'appointmentId' => $number('appointment_id'),
        ]];
    }
}
