<?php
/**
 * Who this site is: the random id that references and subjects begin with, and the secret behind the names of locks.
 *
 * Both are made at activation and belong to one blog, so that two blogs or two sites in one database, or two sites
 * served by one PHP pool, never name the same thing.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class Site
{
    public const OPTION_ID = 'telemed_site_id';
    public const OPTION_SECRET = 'telemed_site_secret';

    public function id(): string
    {
        return self::madeOnce(self::OPTION_ID, 8);
    }

    public function secret(): string
    {
        return self::madeOnce(self::OPTION_SECRET, 32);
    }

    /** The name under which the extension keeps a doctor's connection. */
    public function subject(int $user): string
    {
        return $this->id() . ':' . get_current_blog_id() . ':' . $user;
    }

    /** The doctor behind such a name; null when it is another site's or blog's. */
    public function userOf(string $subject): ?int
    {
        $prefix = $this->subject(0);
        $user = substr($subject, strlen($prefix) - 1);
        return str_starts_with($subject, substr($prefix, 0, -1)) && ctype_digit($user) ? (int) $user : null;
    }

    /**
     * The name of one intended meeting: each generation of an appointment's row has its own. Zoom sees only a hash of it.
     */
    public function reference(string $source, string $appointment, int $generation = 1): string
    {
        return $this->id() . ':' . $source . ':' . $appointment . ($generation === 1 ? '' : ':' . $generation);
    }

    private static function madeOnce(string $option, int $bytes): string
    {
        $value = get_option($option);
        if (is_string($value) && $value !== '') {
            return $value;
        }
        // add_option overwrites what another request has just added; here the first one must win.
        global $wpdb;
        $wpdb->query($wpdb->prepare(
            "INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'yes')",
            $option,
            bin2hex(random_bytes($bytes))
        ));
        wp_cache_delete('alloptions', 'options');
        wp_cache_delete('notoptions', 'options');
        wp_cache_delete($option, 'options');
        return (string) get_option($option);
    }
}
