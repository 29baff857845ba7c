<?php
/**
 * Leaves nothing behind, on each blog of a network.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

use TelemedZoom\Clinic\Guard;
use TelemedZoom\Parts;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class Uninstall
{
    private const MOVE_SECONDS = 20.0;

    public function run(): void
    {
        $plugin = new Parts();
        foreach (is_multisite() ? get_sites(['fields' => 'ids', 'number' => 0]) : [get_current_blog_id()] as $blog) {
            if (is_multisite()) {
                switch_to_blog((int) $blog);
            }
            $this->removeFromBlog($plugin);
            if (is_multisite()) {
                restore_current_blog();
            }
        }
        Guard::removeFile();
    }

    private function removeFromBlog(Parts $plugin): void
    {
        if (get_option(Schema::OPTION) === false) {
            return;
        }
        // What the version before has left is told as well.
        $plugin->migration->goOn(self::MOVE_SECONDS);
        (new UninstallNotice($plugin->queries, $plugin->migration))->tell();
        if ($plugin->extension->isUsable()) {
            $plugin->grants->revokeAll();
        }
        // Its open statements would hold the tables that are dropped.
        $plugin->database->close();
        $plugin->migration->drop();
        (new Capabilities())->revoke();
        self::deleteRows('options', 'option_name', ['telemed_', '_transient_telemed_', '_transient_timeout_telemed_']);
        global $wpdb;
        self::deleteRows('usermeta', 'meta_key', [$wpdb->get_blog_prefix() . 'telemed_']);
        wp_cache_flush();
    }

    /** @param list<string> $prefixes */
    private static function deleteRows(string $table, string $column, array $prefixes): void
    {
        global $wpdb;
        foreach ($prefixes as $prefix) {
            // phpcs:ignore WordPress.DB.PreparedSQL
            $wpdb->query($wpdb->prepare("DELETE FROM {$wpdb->$table} WHERE $column LIKE %s", $wpdb->esc_like($prefix) . '%'));
        }
    }
}
