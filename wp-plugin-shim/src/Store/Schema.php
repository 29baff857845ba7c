<?php
/**
 * The plugin's tables: sealed token records, the ledger of meetings, meetings that are to be deleted at Zoom, the log of what was
 * done, the writes of each host and day, and what processes tell each other. Made on activation and when an administrator
 * opens wp-admin after an update; never in a request that may hold a host's transaction, which DDL would commit.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Site\Capabilities;

defined('ABSPATH') || exit;

final class Schema
{
    public const OPTION = 'telemed_schema';
    private const VERSION = 5;

    public function register(): void
    {
        add_action('admin_init', [$this, 'upgrade'], 5);
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
        [$leftovers, $log, $writes, $signals] = [self::leftovers(), self::log(), self::writes(), self::signals()];
        // Sealed text is compared byte by byte, hence a blob. Identifiers of Zoom differ by case, hence binary collations.
        dbDelta("CREATE TABLE $tokens (
  id char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  record_key varbinary(1024) NOT NULL,
  sealed longblob NOT NULL,
  updated_at datetime NOT NULL,
  PRIMARY KEY  (id)
) $options;");
        $name = 'varchar(191) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL';
        dbDelta("CREATE TABLE $meetings (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  source varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  appointment varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  doctor bigint(20) unsigned NOT NULL,
  patient bigint(20) unsigned DEFAULT NULL,
  patient_email varchar(254) DEFAULT NULL,
  start_utc datetime NOT NULL,
  end_utc datetime NOT NULL,
  minutes smallint(5) unsigned NOT NULL,
  timezone varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  topic varchar(200) NOT NULL,
  state varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version int(10) unsigned NOT NULL DEFAULT 1,
  generation smallint(5) unsigned NOT NULL DEFAULT 1,
  sequence int(10) unsigned NOT NULL DEFAULT 0,
  visit_key char(32) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  event varchar(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  told varchar(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  sent char(40) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  mode varchar(16) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  app $name,
  zoom_account $name,
  connection $name,
  host_id $name,
  host_email varchar(254) DEFAULT NULL,
  meeting_id bigint(20) unsigned DEFAULT NULL,
  uuid $name,
  join_url text DEFAULT NULL,
  passcode varchar(64) DEFAULT NULL,
  passcode_in_link tinyint(1) DEFAULT NULL,
  overridden text DEFAULT NULL,
  tries smallint(5) unsigned NOT NULL DEFAULT 0,
  next_try_at datetime DEFAULT NULL,
  attempted_at datetime DEFAULT NULL,
  seen_at datetime DEFAULT NULL,
  wished_at datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
  last_error text DEFAULT NULL,
  tracking_id $name,
  created_at datetime NOT NULL,
  updated_at datetime NOT NULL,
  PRIMARY KEY  (id),
  UNIQUE KEY appointment (source,appointment),
  UNIQUE KEY visit_key (visit_key),
  KEY doctor_end (doctor,end_utc),
  KEY end_utc (end_utc),
  KEY state_start (state,start_utc),
  KEY event (event,wished_at),
  KEY host_id (host_id,end_utc),
  KEY connection (connection,end_utc),
  KEY app_end (app,end_utc),
  KEY meeting_id (meeting_id)
) $options;");
        dbDelta("CREATE TABLE $leftovers (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  meeting bigint(20) unsigned NOT NULL,
  generation smallint(5) unsigned NOT NULL,
  doctor bigint(20) unsigned NOT NULL,
  mode varchar(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  app $name,
  zoom_account $name,
  connection $name,
  host_id $name,
  host_email varchar(254) DEFAULT NULL,
  meeting_id bigint(20) unsigned DEFAULT NULL,
  attempted_at datetime DEFAULT NULL,
  tries smallint(5) unsigned NOT NULL DEFAULT 0,
  next_try_at datetime DEFAULT NULL,
  last_error text DEFAULT NULL,
  created_at datetime NOT NULL,
  PRIMARY KEY  (id),
  UNIQUE KEY meeting_id (meeting_id),
  KEY meeting (meeting),
  KEY next_try_at (next_try_at),
  KEY app (app)
) $options;");
        dbDelta("CREATE TABLE $log (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  meeting bigint(20) unsigned NOT NULL,
  at datetime NOT NULL,
  actor bigint(20) unsigned NOT NULL DEFAULT 0,
  event varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  note varchar(191) DEFAULT NULL,
  tracking_id $name,
  PRIMARY KEY  (id),
  KEY meeting (meeting,id),
  KEY event (event,at)
) $options;");
        dbDelta("CREATE TABLE $writes (
  host char(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  day date NOT NULL,
  writes int(10) unsigned NOT NULL DEFAULT 0,
  blocked_until datetime DEFAULT NULL,
  PRIMARY KEY  (host,day),
  KEY day (day)
) $options;");
        dbDelta("CREATE TABLE $signals (
  name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at datetime NOT NULL,
  PRIMARY KEY  (name)
) $options;");
        $this->fromVersion1();
        $this->fromVersion2();
        update_option(self::OPTION, self::VERSION);
    }

    public function drop(): void
    {
        global $wpdb;
        foreach (self::all() as $table) {
            $wpdb->query("DROP TABLE IF EXISTS `$table`"); // phpcs:ignore WordPress.DB.PreparedSQL
        }
    }

    /**
     * @param string[] $tables
     * @return string[]
     */
    public function tablesToDrop(array $tables): array
    {
        return [...$tables, ...self::all()];
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

    public static function leftovers(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'telemed_leftovers';
    }

    public static function log(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'telemed_log';
    }

    public static function writes(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'telemed_writes';
    }

    public static function signals(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'telemed_signals';
    }

    /** @return list<string> */
    private static function all(): array
    {
        return [self::tokens(), self::meetings(), self::leftovers(), self::log(), self::writes(), self::signals()];
    }

    /** Version 1 knew other states, and no visit link. Rows whose meeting was never made are tried again only by a person. */
    private function fromVersion1(): void
    {
        global $wpdb;
        $meetings = self::meetings();
        // phpcs:disable WordPress.DB.PreparedSQL
        $wpdb->query("UPDATE `$meetings` SET state = 'cancelled' WHERE state IN ('planned', 'failed')");
        foreach ((array) $wpdb->get_col("SELECT id FROM `$meetings` WHERE visit_key IS NULL AND end_utc >= UTC_TIMESTAMP() AND state <> 'cancelled'") as $id) {
            $wpdb->query($wpdb->prepare("UPDATE `$meetings` SET visit_key = %s, seen_at = updated_at WHERE id = %d", SealedLinks::randomKey(), $id));
        }
        // phpcs:enable
    }

    /** In version 2 only meetings that are known were to be deleted. dbDelta does not see that a column may be NULL by now. */
    private function fromVersion2(): void
    {
        global $wpdb;
        $leftovers = self::leftovers();
        $wpdb->query("ALTER TABLE `$leftovers` MODIFY meeting_id bigint(20) unsigned DEFAULT NULL"); // phpcs:ignore WordPress.DB.PreparedSQL
    }
}
