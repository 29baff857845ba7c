<?php
/**
 * The WordPress site of the bench: site.php FOLDER WHAT
 *
 * ca          prints the file of certificates that WordPress' HTTP API trusts
 * session     reads {account, client ids, host} from stdin, sets the plugin up and logs the doctor in: prints the cookie and nonce
 * activate    makes the plugin active
 * deactivate  makes it inactive
 */

declare(strict_types=1);

[, $folder, $what] = $argv;
$_SERVER['HTTP_HOST'] = '127.0.0.1';
require "$folder/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/plugin.php';

const PLUGIN = 'telemed-zoom/telemed-zoom.php';

switch ($what) {
    case 'ca':
        add_filter('pre_http_request', static function ($answer, array $arguments): \WP_Error {
            echo $arguments['sslcertificates'];
            return new \WP_Error('none', 'never sent');
        }, 10, 2);
        wp_remote_get('https://localhost/');
        break;
    case 'session':
        $given = json_decode((string) stream_get_contents(STDIN), true, 8, JSON_THROW_ON_ERROR);
        $doctor = get_user_by('login', 'doctor1');
        update_option('telemed_settings', [
            'mode' => 's2s',
            's2s_account_id' => $given['account_id'],
            's2s_client_id' => $given['client_id'],
            's2s_client_secret' => $given['client_secret'],
        ]);
        $host = new TelemedZoom\Clinic\Host($given['host'], $doctor->user_email, $doctor->display_name, true, $given['account_id'], $doctor->user_email);
        (new TelemedZoom\Clinic\HostMap())->confirm($doctor->ID, $host);
        $ends = time() + HOUR_IN_SECONDS;
        $token = WP_Session_Tokens::get_instance($doctor->ID)->create($ends);
        $cookie = wp_generate_auth_cookie($doctor->ID, $ends, 'logged_in', $token);
        $_COOKIE[LOGGED_IN_COOKIE] = $cookie;
        wp_set_current_user($doctor->ID);
        echo json_encode([
            'cookie' => LOGGED_IN_COOKIE . '=' . rawurlencode($cookie),
            'nonce' => wp_create_nonce('wp_rest'),
            'doctor' => $doctor->ID,
        ], JSON_THROW_ON_ERROR);
        break;
    case 'activate':
        $failure = activate_plugin(PLUGIN);
        if (is_wp_error($failure)) {
            throw new \RuntimeException($failure->get_error_message());
        }
        break;
    case 'deactivate':
        deactivate_plugins(PLUGIN);
        break;
    default:
        throw new \InvalidArgumentException("unknown: $what");
}
