<?php
/**
 * The table in which KiviCare's core looks for an appointment's video link. It belongs to the host: written through $wpdb
 * only, so that the core's ROLLBACK takes our row with it, and so that the core's transaction is not lost by it. One row per
 * appointment, with the visit link as its join link and never a start link: the core takes the first row it finds and copies
 * its link into mails.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Site\Database;
use TelemedZoom\Site\HostTransaction;

defined('ABSPATH') || exit;

final class MappingTable
{
    /** What the core's convention writes in place of a number when no meeting could be made. */
    private const FAILED = '-1';
    /** Set once the table was seen; made on activation, for a missing option costs a query. */
    public const OPTION_READY = 'telemed_kivicare_table';
    private const PATHS_KEY = 'telemed-zoom';
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
        global $wpdb;
        $before = self::find($appointment);
        $notes = self::notes($before);
        unset($notes['error_code'], $notes['error_message']);
        if ($link !== '' && !in_array((string) ($before['join_url'] ?? ''), ['', $link], true)) {
            // What the core has mailed named another link.
            unset($notes[Source::NOTE_MAILED]);
        }
        if ($error !== null) {
            $notes += ['error_code' => 'telemed', 'error_message' => $error];
        }
        $row = [
            'appointment_id' => $appointment,
            'zoom_id' => $meeting ?? ($error === null ? '' : self::FAILED),
            'zoom_uuid' => $uuid ?? '',
            'start_url' => '',
            'join_url' => $link,
            'password' => '',
            'extra' => $notes === [] ? null : wp_json_encode($notes),
        ];
        if ($before === null) {
            $wpdb->insert(self::name(), $row + ['created_at' => current_time('mysql', true)]);
            $id = (int) $wpdb->insert_id;
            // The core's transaction sees what stood when it began: somebody else may have written a row since.
            self::$begun[$appointment] = true;
            add_action('shutdown', [self::class, 'tidyBegun'], self::TIDY_PRIORITY);
        } else {
            $id = (int) $before['id'];
            self::update($row, ['id' => $id]);
            self::tidy($appointment);
        }
        self::flush();
        return $id;
    }

    /** Leaves each appointment that this request gave a row with one. */
    public static function tidyBegun(): void
    {
        foreach (array_keys(self::$begun) as $appointment) {
            self::tidy($appointment);
        }
        self::$begun = [];
        self::flush();
    }

    /** The first row stays, with what was noted beside the others. */
    private static function tidy(int $appointment): void
    {
        global $wpdb;
        // phpcs:ignore WordPress.DB.PreparedSQL
        $rows = $wpdb->get_results($wpdb->prepare('SELECT id, extra FROM `' . self::name() . '` WHERE appointment_id = %d ORDER BY id', $appointment), ARRAY_A);
        if (!is_array($rows) || count($rows) < 2) {
            return;
        }
        $first = array_shift($rows);
        $notes = self::notes($first);
        // By their own ids: a deletion by appointment would lock the gaps in which other requests write, and meet them in a deadlock.
        foreach ($rows as $other) {
            $notes += array_diff_key(self::notes($other), ['error_code' => 1, 'error_message' => 1]);
            self::delete(['id' => (int) $other['id']]);
        }
        if ($notes !== self::notes($first)) {
            self::update(['extra' => wp_json_encode($notes)], ['id' => (int) $first['id']]);
        }
    }

    /** Notes something about an appointment beside its row, such as that the core has queued its mails. */
    public static function note(int $appointment, string $key, string $value): void
    {
        $row = self::find($appointment);
        if ($row !== null) {
            self::update(['extra' => wp_json_encode([$key => $value] + self::notes($row))], ['id' => (int) $row['id']]);
            self::flush();
        }
    }

    public static function noted(int $appointment, string $key): ?string
    {
        $value = self::notes(self::find($appointment))[$key] ?? null;
        return is_scalar($value) ? (string) $value : null;
    }

    /**
     * The same as it stands committed, whatever this request's transaction sees.
     *
     * @throws \TelemedZoom\Site\DatabaseException
     */
    public static function notedCommitted(int $appointment, string $key, Database $database): ?string
    {
        $row = $database->row('SELECT extra FROM `' . self::name() . '` WHERE appointment_id = ? ORDER BY id LIMIT 1', [$appointment]);
        $value = self::notes($row)[$key] ?? null;
        return is_scalar($value) ? (string) $value : null;
    }

    public static function forgetLink(int $appointment): void
    {
        self::update(['join_url' => '', 'start_url' => '', 'password' => ''], ['appointment_id' => $appointment]);
        self::flush();
    }

    public static function remove(int $appointment): void
    {
        self::delete(['appointment_id' => $appointment]);
        self::flush();
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

    /** @param array<string, int> $where */
    private static function delete(array $where): void
    {
        global $wpdb;
        HostTransaction::spare(static fn(): mixed => $wpdb->delete(self::name(), $where));
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

    private static function flush(): void
    {
        $model = 'KCTApp\models\KCTAppointmentZoomMapping';
        if (class_exists($model, false) && method_exists($model, 'flushCache')) {
            $model::flushCache();
        }
    }
}
