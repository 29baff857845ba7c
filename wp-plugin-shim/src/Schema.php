<?php
/**
 * The plugin's two tables: sealed token records and the ledger of meetings. Made on activation and when an administrator
 * opens wp-admin after an update; never in a request that may hold a host's transaction, which DDL would commit.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class Schema
{
    public const OPTION = 'telemed_schema';
    private const VERSION = 1;

    public function register(): void
    {
        add_action('admin_init', [$this, 'upgrade'], 5);
        add_action('wp_initialize_site', [$this, 'newBlog'], 20);
        add_filter('wpmu_drop_tables', [$this, 'tablesToDrop']);
    }

    public function upgrade(): void
    {
        if ((int) get_option(self::OPTION) < self::VERSION && Capabilities::isAdmin()) {
            $this->create();
        }
    }

    public function create(): void
    {
        global $wpdb;
        require_once ABSPATH . 'wp-admin/includes/upgrade.php';
        $options = 'ENGINE=InnoDB ' . $wpdb->get_charset_collate();
        $tokens = self::tokens();
        $meetings = self::meetings();
        // Sealed text is compared byte by byte, hence a blob. Identifiers of Zoom differ by case, hence binary collations.
        dbDelta("CREATE TABLE $tokens (
  id char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  record_key varbinary(1024) NOT NULL,
  sealed longblob NOT NULL,
  updated_at datetime NOT NULL,
  PRIMARY KEY  (id)
) $options;");
        dbDelta("CREATE TABLE $meetings (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  source varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  appointment varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  doctor bigint(20) unsigned NOT NULL,
  start_utc datetime NOT NULL,
  end_utc datetime NOT NULL,
  minutes smallint(5) unsigned NOT NULL,
  timezone varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  topic varchar(200) NOT NULL,
  state varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version int(10) unsigned NOT NULL DEFAULT 1,
  mode varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  app varchar(191) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  zoom_account varchar(191) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  connection varchar(191) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  host_id varchar(191) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  host_email varchar(254) DEFAULT NULL,
  meeting_id bigint(20) unsigned DEFAULT NULL,
  uuid varchar(191) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  join_url text DEFAULT NULL,
  passcode varchar(64) DEFAULT NULL,
  overridden text DEFAULT NULL,
  last_error text DEFAULT NULL,
  tracking_id varchar(191) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  created_at datetime NOT NULL,
  updated_at datetime NOT NULL,
  PRIMARY KEY  (id),
  UNIQUE KEY appointment (source,appointment),
  KEY doctor_end (doctor,end_utc),
  KEY end_utc (end_utc),
  KEY state (state,updated_at),
  KEY host_id (host_id,end_utc),
  KEY connection (connection,end_utc),
  KEY app (app)
) $options;");
        update_option(self::OPTION, self::VERSION);
    }

    public function drop(): void
    {
        global $wpdb;
        foreach ([self::tokens(), self::meetings()] as $table) {
            $wpdb->query("DROP TABLE IF EXISTS `$table`"); // phpcs:ignore WordPress.DB.PreparedSQL
        }
    }

    /** A blog added to a network where the plugin is active for all. */
    public function newBlog(\WP_Site $blog): void
    {
        if (is_plugin_active_for_network(plugin_basename(Plugin::file()))) {
            switch_to_blog((int) $blog->blog_id);
            Plugin::activateBlog();
            restore_current_blog();
        }
    }

    /**
     * @param string[] $tables
     * @return string[]
     */
    public function tablesToDrop(array $tables): array
    {
        return [...$tables, self::tokens(), self::meetings()];
    }

    public static function tokens(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'telemed_tokens';
    }

    public static function meetings(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'telemed_meetings';
    }
}
