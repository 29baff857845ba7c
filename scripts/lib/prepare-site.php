<?php
/** Gives a fresh site its address, the active plugin and its people: prepare-site.php FOLDER URL PASSWORD */

declare(strict_types=1);

[, $folder, $url, $password] = $argv;
$_SERVER['HTTP_HOST'] = (string) parse_url($url, PHP_URL_HOST) . ':' . parse_url($url, PHP_URL_PORT);
require "$folder/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/plugin.php';

update_option('siteurl', $url);
update_option('home', $url);
flush_rewrite_rules();

$failure = activate_plugin('telemed-zoom/telemed-zoom.php');
if (is_wp_error($failure)) {
    fwrite(STDERR, $failure->get_error_message() . "\n");
    exit(1);
}
$people = [
    ['doctor1', 'Dora Example', 'doctor1@clinic.example', 'telemed_doctor'],
    ['doctor2', 'Ben Example', 'doctor2@clinic.example', 'telemed_doctor'],
    ['patient', 'Pat Example', 'patient@example.com', 'subscriber'],
];
foreach ($people as [$login, $name, $email, $role]) {
    $id = wp_insert_user([
        'user_login' => $login,
        'user_pass' => $password,
        'user_email' => $email,
        'display_name' => $name,
        'role' => $role,
    ]);
    if (is_wp_error($id)) {
        fwrite(STDERR, $id->get_error_message() . "\n");
        exit(1);
    }
}
