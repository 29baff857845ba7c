<?php
/** Installs WordPress into an empty database: install-wordpress.php FOLDER ADMIN_PASSWORD */

declare(strict_types=1);

[, $folder, $password] = $argv;
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1';
require "$folder/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
$result = wp_install('Example Clinic', 'admin', 'admin@clinic.example', false, '', wp_slash($password));
update_option('permalink_structure', '/%postname%/');
update_option('timezone_string', 'Europe/Berlin');
exit(empty($result['user_id']) ? 1 : 0);
