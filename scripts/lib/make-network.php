<?php
/**
 * Makes a prepared site a network of two blogs: make-network.php FOLDER URL tables|blogs. Between the two steps the constants
 * of a network are added to wp-config.php.
 */

declare(strict_types=1);

[, $folder, $url, $step] = $argv;
$domain = substr($url, strlen('http://'));
$_SERVER['HTTP_HOST'] = $domain;
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['REMOTE_ADDR'] = '127.0.0.1';
require "$folder/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

if ($step === 'tables') {
    require_once ABSPATH . 'wp-admin/includes/network.php';
    foreach ($wpdb->tables('ms_global') as $table => $prefixed) {
        $wpdb->$table = $prefixed;
    }
    install_network();
    $result = populate_network(1, $domain, 'admin@clinic.example', 'Example Clinics', '/', false);
    if (is_wp_error($result)) {
        fwrite(STDERR, $result->get_error_message() . "\n");
        exit(1);
    }
    exit(0);
}

require_once ABSPATH . 'wp-admin/includes/plugin.php';
$failure = activate_plugin('telemed-zoom/telemed-zoom.php', '', true);
$blog = is_wp_error($failure) ? $failure : wpmu_create_blog($domain, '/second/', 'Second Clinic', get_user_by('login', 'admin')->ID);
if (is_wp_error($blog)) {
    fwrite(STDERR, $blog->get_error_message() . "\n");
    exit(1);
}
foreach (['doctor1', 'doctor2'] as $doctor) {
    add_user_to_blog($blog, get_user_by('login', $doctor)->ID, 'telemed_doctor');
}
// Older releases of WordPress take the colon before a port out of a new blog's address.
$wpdb->update($wpdb->blogs, ['domain' => $domain], ['blog_id' => $blog]);
clean_blog_cache($blog);
switch_to_blog($blog);
update_option('home', "$url/second");
update_option('siteurl', "$url/second");
update_option('permalink_structure', '/%postname%/');
update_option('timezone_string', 'Europe/Berlin');
