<?php
/**
 * The tables of visits: what is wanted, the meetings at Zoom that were intended for it, the apps that make them, and what waits to be
 * told. Their columns are those of the extension's second core; a few more are the plugin's own.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

defined('ABSPATH') || exit;

final class VisitTables
{
    /** What both kinds of tables call names, Zoom's ids among them, which differ by case. */
    private const NAME = 'varchar(191) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL';
    private const WORD = 'varchar(16) CHARACTER SET ascii COLLATE ascii_bin';

    /** @param string $family what the names of the tables begin with, after the blog's prefix */
    public function __construct(private readonly string $family = 'telemed_')
    {
    }

    public function visits(): string
    {
        return $this->name('visits');
    }

    public function meetings(): string
    {
        return $this->name('meetings');
    }

    public function outbox(): string
    {
        return $this->name('outbox');
    }

    public function log(): string
    {
        return $this->name('log');
    }

    public function writes(): string
    {
        return $this->name('writes');
    }

    public function signals(): string
    {
        return $this->name('signals');
    }

    public function handovers(): string
    {
        return $this->name('handovers');
    }

    public function apps(): string
    {
        return $this->name('apps');
    }

    /** Of the blog that is the current one now. */
    private function name(string $table): string
    {
        global $wpdb;
        return $wpdb->prefix . $this->family . $table;
    }

    /** @return list<string> */
    public function all(): array
    {
        return [$this->visits(), $this->meetings(), $this->outbox(), $this->log(), $this->writes(), $this->signals(), $this->handovers(), $this->apps()];
    }

    /**
     * What makes them. DDL commits: never to be run in a request that may hold a host's transaction.
     *
     * @param int $firstVisit the number that the first visit gets
     * @return list<string> statements for dbDelta()
     */
    public function statements(string $options, int $firstVisit = 1): array
    {
        [$name, $word] = [self::NAME, self::WORD];
        $part = 'varchar(191) CHARACTER SET ascii COLLATE ascii_bin NOT NULL';
        $zone = 'varchar(64) CHARACTER SET ascii COLLATE ascii_bin';
        return [
            "CREATE TABLE {$this->visits()} (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  version int(10) unsigned NOT NULL,
  source varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  appointment varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  doctor bigint(20) unsigned NOT NULL,
  start_utc datetime NOT NULL,
  minutes int(10) unsigned NOT NULL,
  timezone $zone NOT NULL,
  topic varchar(200) NOT NULL,
  end_utc datetime NOT NULL,
  takes_place tinyint(1) NOT NULL,
  is_off tinyint(1) NOT NULL,
  state $word NOT NULL,
  host varchar(320) DEFAULT NULL,
  pending $word DEFAULT NULL,
  pending_since datetime DEFAULT NULL,
  wished_at datetime NOT NULL,
  was_seen tinyint(1) NOT NULL,
  told text NOT NULL,
  mails_heard int(10) unsigned NOT NULL,
  alarms text NOT NULL,
  unmailed text NOT NULL,
  sequence int(10) unsigned NOT NULL,
  generation int(10) unsigned NOT NULL,
  is_missed tinyint(1) NOT NULL,
  due_at datetime DEFAULT NULL,
  patient bigint(20) unsigned DEFAULT NULL,
  patient_email varchar(254) DEFAULT NULL,
  link_hash char(64) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL,
  link_key text DEFAULT NULL,
  changed_at datetime NOT NULL,
  created_at datetime NOT NULL,
  PRIMARY KEY  (id),
  UNIQUE KEY appointment (source,appointment),
  UNIQUE KEY link_hash (link_hash),
  KEY due_at (due_at,start_utc),
  KEY pending (pending,pending_since),
  KEY host_end (host(100),end_utc),
  KEY doctor_end (doctor,end_utc),
  KEY end_utc (end_utc)
) $options AUTO_INCREMENT=$firstVisit;",
            "CREATE TABLE {$this->meetings()} (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  visit bigint(20) unsigned NOT NULL,
  generation int(10) unsigned NOT NULL,
  reference varchar(191) NOT NULL,
  role $word NOT NULL,
  ended $word DEFAULT NULL,
  doctor bigint(20) unsigned NOT NULL,
  mode $word DEFAULT NULL,
  app $name,
  account $name,
  subject $name,
  host varchar(320) DEFAULT NULL,
  number bigint(20) unsigned DEFAULT NULL,
  uuid $name,
  host_at_zoom $name,
  host_email varchar(254) DEFAULT NULL,
  join_url text DEFAULT NULL,
  passcode text DEFAULT NULL,
  passcode_in_link tinyint(1) NOT NULL,
  has_start_utc datetime DEFAULT NULL,
  has_minutes int(10) unsigned DEFAULT NULL,
  has_timezone $zone DEFAULT NULL,
  has_topic varchar(200) DEFAULT NULL,
  overridden text NOT NULL,
  sent_at datetime DEFAULT NULL,
  sent_start_utc datetime DEFAULT NULL,
  sent_minutes int(10) unsigned DEFAULT NULL,
  sent_timezone $zone DEFAULT NULL,
  sent_topic varchar(200) DEFAULT NULL,
  has_ended tinyint(1) NOT NULL,
  is_going tinyint(1) NOT NULL,
  is_uncertain tinyint(1) NOT NULL,
  to_restore text NOT NULL,
  tries int(10) unsigned NOT NULL,
  due_at datetime DEFAULT NULL,
  problem text DEFAULT NULL,
  tracking_id $name,
  PRIMARY KEY  (id),
  UNIQUE KEY intended (visit,generation),
  KEY visit_role (visit,role),
  KEY number (number),
  KEY host_role (host(100),role),
  KEY app_role (app,role),
  KEY subject_role (subject,role),
  KEY role (role)
) $options;",
            "CREATE TABLE {$this->outbox()} (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  visit bigint(20) unsigned NOT NULL,
  about $word NOT NULL,
  recipient $word NOT NULL,
  doctor bigint(20) unsigned DEFAULT NULL,
  sequence int(10) unsigned NOT NULL,
  place $word NOT NULL,
  says text DEFAULT NULL,
  tries int(10) unsigned NOT NULL,
  due_at datetime NOT NULL,
  is_held_back tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY  (id),
  KEY visit_place (visit,place),
  KEY place_due (place,due_at)
) $options;",
            "CREATE TABLE {$this->log()} (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  visit bigint(20) unsigned NOT NULL,
  at datetime NOT NULL,
  actor bigint(20) unsigned NOT NULL DEFAULT 0,
  event varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  note varchar(191) DEFAULT NULL,
  tracking_id $name,
  PRIMARY KEY  (id),
  KEY visit (visit,id)
) $options;",
            "CREATE TABLE {$this->writes()} (
  host char(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  day date NOT NULL,
  writes int(10) unsigned NOT NULL DEFAULT 0,
  blocked_until datetime DEFAULT NULL,
  PRIMARY KEY  (host,day),
  KEY day (day)
) $options;",
            "CREATE TABLE {$this->handovers()} (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  kind $word NOT NULL,
  app $part,
  subject $part,
  host $part,
  doctor bigint(20) unsigned NOT NULL,
  since datetime NOT NULL,
  answer $word DEFAULT NULL,
  heir bigint(20) unsigned DEFAULT NULL,
  answered_by bigint(20) unsigned DEFAULT NULL,
  PRIMARY KEY  (id),
  UNIQUE KEY lets_go (kind,app,subject,host,doctor)
) $options;",
            "CREATE TABLE {$this->apps()} (
  id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  mode $word NOT NULL,
  account $part,
  client $part,
  secret text NOT NULL,
  context $part,
  redirect_url text NOT NULL,
  PRIMARY KEY  (id),
  UNIQUE KEY app (mode,account,client)
) $options;",
            "CREATE TABLE {$this->signals()} (
  name varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at datetime NOT NULL,
  PRIMARY KEY  (name)
) $options;",
        ];
    }
}
