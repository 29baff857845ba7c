<?php
/** The tables that a telemed provider meets, and one clinic with another beside it. */

declare(strict_types=1);

namespace KiviCare\Migrations;

use App\database\classes\KCAbstractMigration;

class CreateClinicTables extends KCAbstractMigration
{
    public function run()
    {
        global $wpdb;
        $tables = [
            'kc_appointments' => "id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, appointment_start_date date, appointment_start_time time,
                appointment_end_date date, appointment_end_time time, visit_type varchar(191), clinic_id bigint unsigned NOT NULL,
                doctor_id bigint unsigned NOT NULL, patient_id bigint unsigned NOT NULL, description text, status tinyint unsigned DEFAULT 0,
                created_at datetime, appointment_start_utc datetime NULL, appointment_end_utc datetime NULL, created_at_utc datetime NULL,
                appointment_timezone varchar(64) NOT NULL DEFAULT 'UTC', KEY idx_appointment_start_utc (appointment_start_utc)",
            'kc_clinics' => 'id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(191), clinic_admin_id bigint NOT NULL DEFAULT 0',
            'kc_receptionist_clinic_mappings' => 'id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, receptionist_id bigint NOT NULL, clinic_id bigint NOT NULL',
            'kc_doctor_clinic_mappings' => 'id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, doctor_id bigint NOT NULL, clinic_id bigint NOT NULL, owner tinyint DEFAULT 0',
            'kc_services' => "id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, type varchar(191), name varchar(191), price varchar(50) DEFAULT '0', status tinyint DEFAULT 1",
            'kc_service_doctor_mapping' => "id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, service_id bigint NOT NULL, doctor_id bigint NOT NULL,
                clinic_id bigint NOT NULL, charges varchar(50) DEFAULT '0', telemed_service varchar(10) NULL, status tinyint DEFAULT 1, duration int DEFAULT 30",
            'kc_appointment_service_mapping' => 'id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, appointment_id bigint NOT NULL, service_id bigint NOT NULL, status tinyint DEFAULT 1',
            'kc_patient_encounters' => 'id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, clinic_id bigint, doctor_id bigint, patient_id bigint, appointment_id bigint',
            'kc_appointment_google_meet_mappings' => 'id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, appointment_id bigint NOT NULL, event_id varchar(191)',
            'kivicare_standin_mails' => 'id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, template varchar(191), recipient varchar(191), appointment bigint, link text,
                sent_at decimal(16,6), appointment_start_utc datetime, appointment_end_utc datetime',
        ];
        foreach ($tables as $name => $columns) {
            $wpdb->query("CREATE TABLE IF NOT EXISTS {$wpdb->prefix}$name ($columns) ENGINE=InnoDB {$this->get_collation()}");
        }
        $wpdb->insert("{$wpdb->prefix}kc_clinics", ['name' => 'First clinic']);
        $wpdb->insert("{$wpdb->prefix}kc_clinics", ['name' => 'Second clinic']);
    }
}
