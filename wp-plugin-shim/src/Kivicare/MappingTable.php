<?php
/**
 * The table in which KiviCare's core looks for an appointment's video link. It belongs to the host: written through $wpdb
 * only, so that the core's ROLLBACK takes our row with it, and so that the core's transaction is not lost by it. One row per
 * appointment, with the visit link as its join link and never a start link: the core takes the first row it finds and copies
 * its link into mails. Beside the row stands which e-mails the core has sent by itself: committed with what it tells, or not at all.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\HostTransaction;

defined('ABSPATH') || exit;

final class MappingTable
{
    /** What the core's convention writes in place of a number when no meeting could be made. */
    private const FAILED = '-1';
    /** Set once the table was seen; made on activation, for a missing option costs a query. */
    public const OPTION_READY = 'telemed_kivicare_table';
    private const PATHS_KEY = 'telemed-zoom';
    /** The note of the e-mails that the core has queued by itself, the oldest first. @see Source::mails() */
    public const MAILS = 'mailed';
    private const ERRORS = ['error_code' => 1, 'error_message' => 1];
    private const TRIES = 5;
    /** After the core's transaction, and after what this request wished was carried out. */
    private const TIDY_PRIORITY = 110;

    /** @var array<int, true> appointments of which this request has written the first row that it saw */
    private static array $begun = [];

    public static function name(): string
    {
        global $wpdb;
        return $wpdb->prefix . 'kc_appointment_zoom_mappings';
    }

    public function register(): void
    {
        add_filter('kc_wp_migrations_paths', [self::class, 'announceMigrations']);
        add_action('admin_init', [self::class, 'ensure'], 6);
    }

    /**
     * @param array<int|string, mixed> $paths
     * @return array<int|string, mixed>
     */
    public static function announceMigrations(array $paths): array
    {
        $paths[] = ['key' => self::PATHS_KEY, 'name' => 'Telemed for Zoom', 'path' => __DIR__ . '/migrations'];
        return $paths;
    }

    /** The core runs migrations when it is activated or updated, and it may have been there before us. */
    public static function ensure(): void
    {
        if (Core::isThere() && get_option(self::OPTION_READY) !== 'yes' && current_user_can('activate_plugins')) {
            self::create();
        }
    }

    /** DDL: never within a request of the core's that may hold a transaction. */
    public static function create(): void
    {
        global $wpdb;
        $table = self::name();
        // phpcs:disable WordPress.DB.PreparedSQL
        $wpdb->query("CREATE TABLE IF NOT EXISTS `$table` (
            id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
            appointment_id bigint(20) unsigned NOT NULL,
            zoom_id varchar(191) NOT NULL,
            zoom_uuid varchar(191) NOT NULL,
            start_url longtext,
            join_url longtext,
            password varchar(191) NOT NULL,
            created_at datetime NULL,
            extra text NULL,
            PRIMARY KEY (id),
            KEY idx_appointment_id (appointment_id),
            KEY idx_zoom_id (zoom_id),
            KEY idx_created_at (created_at)
        ) ENGINE=InnoDB {$wpdb->get_charset_collate()}");
        // Tables of the add-on's third generation lack it.
        if (!$wpdb->get_var("SHOW COLUMNS FROM `$table` LIKE 'extra'")) {
            $wpdb->query("ALTER TABLE `$table` ADD COLUMN extra text NULL");
        }
        // phpcs:enable
        update_option(self::OPTION_READY, 'yes');
    }

    /** @return ?array<string, string|null> columns by name */
    public static function find(int $appointment): ?array
    {
        global $wpdb;
        $table = self::name();
        // phpcs:ignore WordPress.DB.PreparedSQL
        $row = $wpdb->get_row($wpdb->prepare("SELECT * FROM `$table` WHERE appointment_id = %d ORDER BY id LIMIT 1", $appointment), ARRAY_A);
        return is_array($row) ? $row : null;
    }

    /** The appointment whose meeting has this number at Zoom; null when no row says so. */
    public static function appointmentOf(string $meeting): ?int
    {
        global $wpdb;
        $table = self::name();
        if ($meeting === '' || $meeting === self::FAILED) {
            return null;
        }
        // phpcs:ignore WordPress.DB.PreparedSQL
        $found = $wpdb->get_var($wpdb->prepare("SELECT appointment_id FROM `$table` WHERE zoom_id = %s ORDER BY id LIMIT 1", $meeting));
        return $found === null ? null : (int) $found;
    }

    /**
     * Writes the appointment's one row; what else there was of it goes.
     *
     * @param ?string $meeting Zoom's number, null while there is none
     * @param ?string $error   why there is none, for the people of the clinic
     * @return int its id, 0 when the database refused
     */
    public static function write(int $appointment, string $link, ?string $meeting = null, ?string $uuid = null, ?string $error = null): int
    {
        $columns = ['zoom_id' => $meeting ?? ($error === null ? '' : self::FAILED), 'zoom_uuid' => $uuid ?? ''];
        $errors = $error === null ? [] : ['error_code' => 'telemed', 'error_message' => $error];
        return self::put($appointment, $link, $columns, static fn(array $notes): array => array_diff_key($notes, self::ERRORS) + $errors);
    }

    /**
     * Writes the link of its visit alone: a number that somebody else has written meanwhile stays.
     *
     * @return int the row's id, 0 when the database refused
     */
    public static function writeLink(int $appointment, string $link): int
    {
        return self::put($appointment, $link, [], static fn(array $notes): array => $notes);
    }

    /**
     * @param array<string, string> $columns
     * @param \Closure(array<string, mixed>): array<string, mixed> $noted
     */
    private static function put(int $appointment, string $link, array $columns, \Closure $noted): int
    {
        global $wpdb;
        $columns += ['start_url' => '', 'join_url' => $link, 'password' => ''];
        $rows = self::rows($appointment);
        if (!self::change($rows, $columns, $noted)) {
            $wpdb->insert(self::name(), $columns + [
                'appointment_id' => $appointment,
                'zoom_id' => '',
                'zoom_uuid' => '',
                'extra' => self::text($noted([])),
                'created_at' => current_time('mysql', true),
            ]);
            $rows = [['id' => $wpdb->insert_id]];
            // The core's transaction sees what stood when it began: somebody else may have written a row since.
            self::$begun[$appointment] = true;
            add_action('shutdown', [self::class, 'tidyBegun'], self::TIDY_PRIORITY);
        }
        self::flush();
        return (int) $rows[0]['id'];
    }

    /** Leaves each appointment that this request gave a row with one. */
    public static function tidyBegun(): void
    {
        foreach (array_keys(self::$begun) as $appointment) {
            $rows = self::rows($appointment);
            if (count($rows) > 1) {
                self::change($rows, [], static fn(array $notes): array => $notes);
            }
        }
        self::$begun = [];
        self::flush();
    }

    /**
     * Notes an e-mail of the core's beside the appointment's row, behind those that are noted already.
     *
     * @param ?string $inPlaceOf a note that this one takes the place of
     * @param bool    $needsLink whether only a row with a link can have been mailed
     * @return bool false: there is no such row
     */
    public static function noteMail(int $appointment, string $mail, ?string $inPlaceOf = null, bool $needsLink = false): bool
    {
        $rows = self::rows($appointment);
        if ($needsLink && (string) ($rows[0]['join_url'] ?? '') === '') {
            return false;
        }
        $isNoted = self::change($rows, [], static function (array $notes) use ($mail, $inPlaceOf): array {
            $mails = self::mailsIn($notes);
            $mails[array_key_last(array_intersect($mails, [$inPlaceOf])) ?? count($mails)] = $mail;
            return [self::MAILS => $mails] + $notes;
        });
        self::flush();
        return $isNoted;
    }

    /**
     * The notes of the core's e-mails as they stand committed, whatever this request's transaction sees.
     *
     * @param list<int> $appointments
     * @return array<int, list<string>> by appointment, the oldest first; one without is left out
     * @throws DatabaseException
     */
    public static function mailsCommitted(array $appointments, Database $database): array
    {
        if ($appointments === []) {
            return [];
        }
        $marks = implode(', ', array_fill(0, count($appointments), '?'));
        $sql = 'SELECT appointment_id, extra FROM `' . self::name() . "` WHERE appointment_id IN ($marks) AND extra IS NOT NULL ORDER BY id";
        $mails = [];
        try {
            $rows = $database->rows($sql, $appointments);
        } catch (DatabaseException $failure) {
            // Without the add-on's table, which ours makes, nothing was mailed.
            return $failure->getCode() === Database::NO_TABLE ? [] : throw $failure;
        }
        foreach ($rows as $row) {
            foreach (self::mailsIn(self::notes($row)) as $mail) {
                $mails[(int) $row['appointment_id']][] = $mail;
            }
        }
        return $mails;
    }

    /**
     * The e-mails that a row's notes name.
     *
     * @param array<string, mixed> $row with the column `extra`
     * @return list<string>
     */
    public static function mailsOf(array $row): array
    {
        return self::mailsIn(self::notes($row));
    }

    public static function forgetLink(int $appointment): void
    {
        self::update(['join_url' => '', 'start_url' => '', 'password' => ''], ['appointment_id' => $appointment]);
        self::flush();
    }

    /** Of what was mailed the notes stay, until nobody need be told anything any more. @see forget() */
    public static function clear(int $appointment): void
    {
        $nothing = ['zoom_id' => '', 'zoom_uuid' => '', 'start_url' => '', 'join_url' => '', 'password' => ''];
        $kept = static fn(array $notes): ?array => self::mailsIn($notes) === [] ? null : array_diff_key($notes, self::ERRORS);
        self::change(self::rows($appointment), $nothing, $kept);
        self::flush();
    }

    /** With all that was noted. */
    public static function forget(int $appointment): void
    {
        global $wpdb;
        HostTransaction::spare(static fn(): mixed => $wpdb->delete(self::name(), ['appointment_id' => $appointment]));
        self::flush();
    }

    /**
     * All rows of an appointment, of which the first one counts.
     *
     * @return list<array<string, string|null>>
     */
    private static function rows(int $appointment): array
    {
        global $wpdb;
        $table = self::name();
        // phpcs:ignore WordPress.DB.PreparedSQL
        $sql = $wpdb->prepare("SELECT * FROM `$table` WHERE appointment_id = %d ORDER BY id", $appointment);
        return (array) $wpdb->get_results($sql, ARRAY_A); // phpcs:ignore WordPress.DB.PreparedSQL
    }

    /**
     * Changes the first of an appointment's rows, with what was noted beside the others, and these go. What somebody else has noted
     * since this transaction looked is kept: notes are written only over those that were read.
     *
     * @param list<array<string, string|null>> $rows
     * @param array<string, int|string|null>   $columns and their new values
     * @param \Closure(array<string, mixed>): ?array<string, mixed> $noted what is noted then; null: the row goes, too
     * @return bool false: there is no row
     */
    private static function change(array $rows, array $columns, \Closure $noted): bool
    {
        global $wpdb;
        return $rows !== [] && HostTransaction::spare(static function () use ($wpdb, $rows, $columns, $noted): bool {
            for ($try = 1; $rows !== [] && $try <= self::TRIES; $try++) {
                $first = ['id' => (int) $rows[0]['id'], 'extra' => $rows[0]['extra']];
                $notes = $noted(self::merged($rows));
                $count = $notes === null
                    ? $wpdb->delete(self::name(), $first)
                    : $wpdb->update(self::name(), $columns + self::numberOf($rows) + ['extra' => self::text($notes)], $first);
                if ($count === false) {
                    return true;
                }
                // None: nothing was to be changed, or it is another by now.
                $now = $count > 0 ? $rows : self::locked($rows);
                if ($count > 0 || ($now !== [] && $now[0]['id'] === $rows[0]['id'] && $now[0]['extra'] === $first['extra'])) {
                    // By their own ids: a deletion by appointment would lock the gaps in which others write, and meet them in a deadlock.
                    foreach (array_slice($now, 1) as $other) {
                        $wpdb->delete(self::name(), ['id' => (int) $other['id']]);
                    }
                    return true;
                }
                $rows = $now;
            }
            return $rows !== [];
        });
    }

    /**
     * The same rows as they are by now. Whoever holds one is waited for, as he would be to write it.
     *
     * @param non-empty-list<array<string, string|null>> $rows
     * @return list<array<string, string|null>>
     */
    private static function locked(array $rows): array
    {
        global $wpdb;
        $ids = implode(', ', array_map('intval', array_column($rows, 'id')));
        // phpcs:ignore WordPress.DB.PreparedSQL
        return (array) $wpdb->get_results('SELECT * FROM `' . self::name() . "` WHERE id IN ($ids) ORDER BY id FOR UPDATE", ARRAY_A);
    }

    /**
     * What is noted beside several rows of one appointment: every e-mail, in their order.
     *
     * @param non-empty-list<array<string, string|null>> $rows
     * @return array<string, mixed>
     */
    private static function merged(array $rows): array
    {
        $notes = self::notes(array_shift($rows));
        $mails = self::mailsIn($notes);
        foreach ($rows as $other) {
            $beside = self::notes($other);
            array_push($mails, ...self::mailsIn($beside));
            $notes += array_diff_key($beside, self::ERRORS);
        }
        return $mails === [] ? $notes : [self::MAILS => $mails] + $notes;
    }

    /**
     * Where there are several, the number need not be beside the first.
     *
     * @param non-empty-list<array<string, string|null>> $rows
     * @return array<string, string> columns
     */
    private static function numberOf(array $rows): array
    {
        foreach (count($rows) > 1 ? $rows : [] as $row) {
            if (ctype_digit((string) $row['zoom_id'])) {
                return ['zoom_id' => (string) $row['zoom_id'], 'zoom_uuid' => (string) $row['zoom_uuid']];
            }
        }
        return [];
    }

    /**
     * @param array<string, int|string|null> $changes columns and their new values
     * @param array<string, int>             $where
     */
    private static function update(array $changes, array $where): void
    {
        global $wpdb;
        HostTransaction::spare(static fn(): mixed => $wpdb->update(self::name(), $changes, $where));
    }

    /**
     * @param ?array<string, mixed> $row
     * @return array<string, mixed>
     */
    private static function notes(?array $row): array
    {
        $notes = json_decode((string) ($row['extra'] ?? ''), true);
        return is_array($notes) ? $notes : [];
    }

    /**
     * Version 0.1.0 kept the newest only.
     *
     * @param array<string, mixed> $notes
     * @return list<string>
     */
    private static function mailsIn(array $notes): array
    {
        return array_values(array_filter((array) ($notes[self::MAILS] ?? []), 'is_string'));
    }

    /** @param array<string, mixed> $notes */
    private static function text(array $notes): ?string
    {
        return $notes === [] ? null : (string) wp_json_encode($notes);
    }

    private static function flush(): void
    {
        $model = 'KCTApp\models\KCTAppointmentZoomMapping';
        if (class_exists($model, false) && method_exists($model, 'flushCache')) {
            $model::flushCache();
        }
    }
}
