<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

use Telemed\MeetingRequest;
use TelemedZoom\Parts;
use TelemedZoom\Plugin;
use TelemedZoom\Store\Schema;

/** For code that tests run within WordPress: what version 0.1.0 of the plugin has left there, whose tables these are. */
final class Schema5
{
    private const NAME = 'varchar(191) CHARACTER SET ascii COLLATE ascii_bin DEFAULT NULL';
    private const VISIT = array(
        'source' => 'manual', 'doctor' => 2, 'minutes' => 25, 'timezone' => 'Europe/Berlin', 'topic' => 'Video visit 1A2B3C', 'state' => 'due', 'version' => 3,
        'generation' => 1, 'sequence' => 0,
    );

    private readonly Parts $plugin;

    public function __construct()
    {
        $this->plugin = Plugin::instance();
    }

    /**
     * The update has just been unpacked: today's tables of visits are not there.
     *
     * @param bool $isAll false: those that version 0.1.0 knows nothing of are
     */
    public function begin(bool $isAll = true): void
    {
        global $wpdb;
        $this->plugin->database->close();
        $new = $isAll ? array($this->plugin->tables->visits(), $this->plugin->tables->outbox(), $this->plugin->tables->handovers()) : array();
        foreach (array_merge($new, $this->names()) as $table) {
            $wpdb->query("DROP TABLE IF EXISTS `{$table}`");
        }
        foreach ($this->statements() as $statement) {
            $wpdb->query("{$statement} ENGINE=InnoDB {$wpdb->get_charset_collate()}");
        }
        update_option(Schema::OPTION, 5);
        if ($isAll) {
            $this->keepSecretsInOptions();
        }
    }

    /** In the settings those of the apps that they name, in an option of their own those of the others. */
    private function keepSecretsInOptions(): void
    {
        global $wpdb;
        [$settings, $former] = array((array) get_option('telemed_settings', array()), array());
        foreach ($this->plugin->registry->all() as $app) {
            if ($app->is($this->plugin->settings->app($app->mode))) {
                $settings[$app->mode->field('client_secret')] = $app->secret;
            } else {
                $former["{$app->mode->value}|{$app->account}|{$app->client}"] = array(
                    'mode' => $app->mode->value, 'account_id' => $app->account, 'client_id' => $app->client, 'client_secret' => $app->secret, 'redirect_uri' => $app->redirectUrl,
                );
            }
        }
        $wpdb->update($wpdb->options, array('option_value' => serialize($settings)), array('option_name' => 'telemed_settings'));
        update_option('telemed_former_apps', $former, false);
        $wpdb->query("DROP TABLE `{$this->plugin->tables->apps()}`");
        wp_cache_flush();
    }

    /** @return array{string, string, string} meetings, leftovers and log, as they were called */
    public function names(): array
    {
        global $wpdb;
        return array("{$wpdb->prefix}telemed_meetings", "{$wpdb->prefix}telemed_leftovers", "{$wpdb->prefix}telemed_log");
    }

    /**
     * A visit that people were told of.
     *
     * @param array<string, int|string|null> $columns beside those of a visit that nobody has tried to make yet
     * @return int its number
     */
    public function visit(string $start, array $columns = array()): int
    {
        $now = gmdate('Y-m-d H:i:s');
        $row = $columns + self::VISIT;
        $begins = (new \DateTimeImmutable($start))->setTimezone(new \DateTimeZone('UTC'));
        $row += array(
            'appointment' => wp_generate_uuid4(), 'visit_key' => bin2hex(random_bytes(16)), 'start_utc' => $begins->format('Y-m-d H:i:s'),
            'end_utc' => $begins->modify("+{$row['minutes']} minutes")->format('Y-m-d H:i:s'), 'created_at' => $now, 'updated_at' => $now, 'wished_at' => $now, 'seen_at' => $now,
        );
        $row += array('told' => "{$row['doctor']}:" . self::fingerprint($row));
        $id = $this->insert(0, $row);
        $this->log($id, 'booked');
        $this->log($id, 'mailed', "booked, sequence 0, doctor {$row['doctor']}");
        return $id;
    }

    /**
     * A visit whose meeting was made.
     *
     * @param array<string, int|string|null> $columns
     */
    public function made(string $start, array $columns = array()): int
    {
        $id = $this->visit($start, $columns);
        $this->plugin->database->execute("UPDATE {$this->names()[0]} SET state = 'made' WHERE id = ?", array($id));
        $row = $this->row($id);
        $meeting = $this->atZoom($id);
        $has = array(
            'sent' => self::fingerprint($row), 'meeting_id' => $meeting->id(), 'uuid' => $meeting->uuid(), 'join_url' => $meeting->joinUrl(),
            'passcode' => $meeting->passcode(), 'passcode_in_link' => 1, 'overridden' => '[]', 'attempted_at' => $row['created_at'],
        ) + $this->maker((int) $row['doctor']);
        $this->change($id, $has);
        $this->log($id, 'attempting');
        $this->log($id, 'made');
        return $id;
    }

    /** It is off; its meeting was deleted, or is to be. */
    public function cancel(int $id, bool $isDeleted): void
    {
        $row = $this->row($id);
        $this->change($id, array('state' => 'cancelled', 'told' => 'off', 'sequence' => 1, 'meeting_id' => null, 'join_url' => null, 'passcode' => null));
        $this->log($id, 'cancelled');
        $this->log($id, 'mailed', "cancelled, sequence 1, doctor {$row['doctor']}");
        if ($isDeleted) {
            $this->plugin->apps->forDoctor((int) $row['doctor'])->client->deleteMeeting((int) $row['meeting_id']);
            $this->log($id, 'deleted');
            return;
        }
        $made = array_intersect_key($row, array_flip(array('generation', 'doctor', 'mode', 'app', 'zoom_account', 'connection', 'host_id', 'host_email', 'meeting_id')));
        $this->insert(1, array('meeting' => $id, 'tries' => 1, 'next_try_at' => $row['created_at'], 'last_error' => 'Zoom answered with HTTP 500.', 'created_at' => $row['created_at']) + $made);
    }

    /** Zoom's answer to its creation was lost, and the meeting is there. */
    public function lose(int $id): void
    {
        $this->fail($id, array('state' => 'attempting', 'attempted_at' => gmdate('Y-m-d H:i:s')) + $this->maker((int) $this->row($id)['doctor']));
        $this->atZoom($id);
    }

    /** @param array<string, int|string|null> $columns beside what a try that failed leaves */
    public function fail(int $id, array $columns = array()): void
    {
        $this->change($id, $columns + array('tries' => 1, 'next_try_at' => gmdate('Y-m-d H:i:s', time() + 60), 'last_error' => 'Zoom refused what was sent: no.'));
        foreach (array('attempting' => null, 'failed' => null, 'warning' => "failed, sequence 0, doctor {$this->row($id)['doctor']}") as $event => $note) {
            $this->log($id, $event, $note);
        }
    }

    /** By whom people were told that it was booked: 'mailed' by us, or 'told_by_source'. */
    public function told(int $id, string $event): void
    {
        $this->plugin->database->execute("UPDATE {$this->names()[2]} SET event = ? WHERE meeting = ? AND event IN ('mailed', 'told_by_source')", array($event, $id));
    }

    /** Many like this one, without meetings of their own; their appointments are copy1, copy2 and so on. */
    public function copy(int $id, int $count): void
    {
        $row = $this->row($id);
        unset($row['id']);
        $row['meeting_id'] = null;
        for ($number = 1; $number <= $count; $number++) {
            $this->insert(0, array('appointment' => "copy{$number}", 'visit_key' => md5("key{$number}")) + $row);
        }
    }

    /** @param array<string, int|string|null> $columns */
    public function change(int $id, array $columns): void
    {
        $this->plugin->database->execute("UPDATE {$this->names()[0]} SET " . implode(' = ?, ', array_keys($columns)) . ' = ? WHERE id = ?', array(...array_values($columns), $id));
    }

    /** @return array<string, mixed> as it is in the old table, under the name that this has now */
    public function row(int $id): array
    {
        return $this->plugin->database->row("SELECT * FROM {$this->names()[0]} WHERE id = ?", array($id));
    }

    /** @return array<string, ?string> who would host for this doctor, in the old columns */
    private function maker(int $doctor): array
    {
        $credentials = $this->plugin->apps->forDoctor($doctor);
        $maker = $credentials->maker->columns();
        return array(
            'mode' => $maker['mode'], 'app' => $maker['app'], 'zoom_account' => $maker['account'], 'connection' => $maker['subject'],
            'host_id' => $credentials->maker->hostAtZoom(), 'host_email' => $credentials->hostEmail,
        );
    }

    private function atZoom(int $id): \Telemed\Meeting
    {
        $row = $this->row($id);
        $credentials = $this->plugin->apps->forDoctor((int) $row['doctor']);
        $start = new \DateTimeImmutable($row['start_utc'], new \DateTimeZone('UTC'));
        $reference = "{$this->plugin->site->id()}:{$row['source']}:{$row['appointment']}";
        return $credentials->client->createMeeting(new MeetingRequest($row['topic'], $start, (int) $row['minutes'], $row['timezone'], $credentials->maker->namedHost(), $reference));
    }

    private function log(int $visit, string $event, ?string $note = null): void
    {
        $this->insert(2, array('meeting' => $visit, 'at' => gmdate('Y-m-d H:i:s'), 'actor' => 1, 'event' => $event, 'note' => $note));
    }

    /** @param array<string, mixed> $row */
    private function insert(int $table, array $row): int
    {
        $marks = implode(', ', array_fill(0, count($row), '?'));
        return $this->plugin->database->insert("INSERT INTO {$this->names()[$table]} (" . implode(', ', array_keys($row)) . ") VALUES ({$marks})", array_values($row));
    }

    /** @param array<string, mixed> $row */
    private static function fingerprint(array $row): string
    {
        return sha1(implode('|', array($row['start_utc'], $row['end_utc'], $row['minutes'], $row['timezone'], $row['topic'])));
    }

    /** @return list<string> */
    private function statements(): array
    {
        [$meetings, $leftovers, $log] = $this->names();
        $name = self::NAME;
        return array(
            "CREATE TABLE $meetings (
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
                PRIMARY KEY (id),
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
            )",
            "CREATE TABLE $leftovers (
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
                PRIMARY KEY (id),
                UNIQUE KEY meeting_id (meeting_id),
                KEY meeting (meeting),
                KEY next_try_at (next_try_at),
                KEY app (app)
            )",
            "CREATE TABLE $log (
                id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
                meeting bigint(20) unsigned NOT NULL,
                at datetime NOT NULL,
                actor bigint(20) unsigned NOT NULL DEFAULT 0,
                event varchar(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
                note varchar(191) DEFAULT NULL,
                tracking_id $name,
                PRIMARY KEY (id),
                KEY meeting (meeting,id),
                KEY event (event,at)
            )",
        );
    }
}
