<?php
/**
 * Plugin Name: Capture mail
 * Description: Writes each mail of a demonstration or test site to a file in place of sending it.
 */

declare(strict_types=1);

add_filter('pre_wp_mail', static function ($sent, array $mail) {
    $file = sprintf('%s/%s-%s.json', TELEMED_TEST_MAIL, number_format(microtime(true), 6, '.', ''), wp_generate_password(6, false));
    file_put_contents($file, wp_json_encode($mail, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES));
    return true;
}, 10, 2);
