<?php
/** Activates the stand-in for KiviCare and gives two clinics their people and services: prepare-kivicare.php FOLDER PASSWORD */

declare(strict_types=1);

[, $folder, $password] = $argv;
$_SERVER['HTTP_HOST'] = '127.0.0.1';
require "$folder/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/plugin.php';

$failure = activate_plugin('kivicare-clinic-management-system/kivicare-clinic-management-system.php');
if (is_wp_error($failure)) {
    fwrite(STDERR, $failure->get_error_message() . "\n");
    exit(1);
}
foreach (['doctor1' => 'kiviCare_doctor', 'doctor2' => 'kiviCare_doctor', 'patient' => 'kiviCare_patient'] as $login => $role) {
    get_user_by('login', $login)->set_role($role);
}
$ids = [];
foreach ([
    'patient2' => 'kiviCare_patient',
    'clinicadmin' => 'kiviCare_clinic_admin',
    'receptionist' => 'kiviCare_receptionist',
    'otheradmin' => 'kiviCare_clinic_admin',
    'otherreceptionist' => 'kiviCare_receptionist',
] as $login => $role) {
    $id = wp_insert_user([
        'user_login' => $login,
        'user_pass' => $password,
        'user_email' => "$login@clinic.example",
        'display_name' => ucfirst($login),
        'role' => $role,
    ]);
    if (is_wp_error($id)) {
        fwrite(STDERR, $id->get_error_message() . "\n");
        exit(1);
    }
    $ids[$login] = $id;
}
global $wpdb;
$table = $wpdb->prefix . 'kc_';
$wpdb->update("{$table}clinics", ['clinic_admin_id' => $ids['clinicadmin']], ['id' => 1]);
$wpdb->update("{$table}clinics", ['clinic_admin_id' => $ids['otheradmin']], ['id' => 2]);
$wpdb->insert("{$table}receptionist_clinic_mappings", ['receptionist_id' => $ids['receptionist'], 'clinic_id' => 1]);
$wpdb->insert("{$table}receptionist_clinic_mappings", ['receptionist_id' => $ids['otherreceptionist'], 'clinic_id' => 2]);

// Mappings 1 and 2: the video services of both doctors, free; 3 and 4: with a price; 5: a visit at the clinic.
foreach (['Depression therapy by video', 'Paid video consultation', 'Check-up'] as $name) {
    $wpdb->insert("{$table}services", ['type' => 'general', 'name' => $name]);
}
foreach ([[1, 'doctor1', '0', 'yes'], [1, 'doctor2', '0', 'yes'], [2, 'doctor1', '50', 'yes'], [2, 'doctor2', '50', 'yes'], [3, 'doctor1', '0', 'no']] as [$service, $doctor, $price, $telemed]) {
    $wpdb->insert("{$table}service_doctor_mapping", [
        'service_id' => $service,
        'doctor_id' => get_user_by('login', $doctor)->ID,
        'clinic_id' => 1,
        'charges' => $price,
        'telemed_service' => $telemed,
        'duration' => 30,
    ]);
}
foreach (['doctor1', 'doctor2'] as $doctor) {
    $wpdb->insert("{$table}doctor_clinic_mappings", ['doctor_id' => get_user_by('login', $doctor)->ID, 'clinic_id' => 1]);
}
