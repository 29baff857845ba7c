<?php
/**
 * Plugin Name: Private site
 * Description: For demonstration and test sites: each mail becomes a file in place of being sent, and nothing asks wordpress.org.
 */

declare(strict_types=1);

add_filter('pre_wp_mail', static function ($sent, array $mail) {
    // A mail server that is slow to answer.
    while (is_file(TELEMED_TEST_MAIL . '/slow')) {
        usleep(10_000);
        clearstatcache();
    }
    $file = sprintf('%s/%s-%s.json', TELEMED_TEST_MAIL, number_format(microtime(true), 6, '.', ''), wp_generate_password(6, false));
    // Attached files may be gone by the time somebody looks.
    $mail['attachments'] = array_map(static fn(string $path): array => ['name' => basename($path), 'content' => file_get_contents($path)], array_values((array) $mail['attachments']));
    $text = wp_json_encode($mail, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES);
    // Written aside and renamed, so that whoever looks finds whole mails only.
    return file_put_contents("$file.new", $text) === strlen($text) && rename("$file.new", $file);
}, 10, 2);

// The list of languages that could be installed is asked for by screens with a choice of language.
add_filter('translations_api', static fn(): array => ['translations' => []]);

// Without network each of these would stand in the log as a warning, with network it would make pages slow.
add_action('init', static function (): void {
    remove_action('admin_init', '_maybe_update_core');
    remove_action('admin_init', '_maybe_update_plugins');
    remove_action('admin_init', '_maybe_update_themes');
    // What WordPress' own cron does.
    foreach (['wp_version_check', 'wp_update_plugins', 'wp_update_themes'] as $hook) {
        remove_action($hook, $hook);
    }
    foreach (['load-plugins.php', 'load-update.php', 'load-update-core.php'] as $hook) {
        remove_action($hook, 'wp_update_plugins');
    }
    foreach (['load-themes.php', 'load-update.php', 'load-update-core.php'] as $hook) {
        remove_action($hook, 'wp_update_themes');
    }
});

// A storm books for a few people, within minutes, what a clinic books for many in weeks.
if (getenv('STORM_CLOCK') !== false) {
    foreach (['telemed_mails_per_address', 'telemed_mails_per_doctor', 'telemed_visits_per_patient', 'telemed_recreate_seconds', 'telemed_writes_per_patient'] as $limit) {
        add_filter($limit, static fn(): int => 0);
    }
}
