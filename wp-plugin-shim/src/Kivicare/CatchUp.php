<?php
/**
 * Finds what no event told of: booked video visits that the ledger does not know, from a moment when our database connection
 * failed or when this plugin was off, which would be missed in silence; such as were cancelled and stand again, from a request that
 * died before it could tell; links of ours for appointments that are gone, from a request that died within a deletion;
 * e-mails of the core's that nobody has reckoned with; visits whose link is not in the core's table, which took no writes when it was to
 * be written there; and appointments that the core deletes with their patient or clinic, whom alone
 * it names.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Store\VisitTables;

defined('ABSPATH') || exit;

final class CatchUp
{
    private const AT_ONCE = 50;
    /** Of a patient or a clinic. */
    private const MOST_AT_ONCE = 1000;
    private const FORGOTTEN_AT_ONCE = 2000;

    public function __construct(
        private readonly Database $database,
        private readonly VisitTables $tables,
        private readonly VisitStore $store,
        private readonly Bookings $bookings
    ) {
    }

    public function register(): void
    {
        add_action('telemed_nightly', [$this, 'run']);
        add_action('telemed_run', [$this, 'runNow'], 20);
        // When the ledger has forgotten its own.
        add_action('telemed_nightly', [$this, 'forgetLinks'], 30);
        foreach (['kc_patient_delete', 'kc_clinic_delete'] as $hook) {
            add_action($hook, [$this, 'onDeletion']);
        }
    }

    /** By now the appointments are gone, and that stands committed. Where it does not, the minute's look finds them. */
    public function onDeletion(): void
    {
        try {
            $appointments = Appointments::contradicted($this->database, $this->tables, self::MOST_AT_ONCE);
        } catch (DatabaseException) {
            return;
        }
        foreach ($appointments as $id) {
            if (Appointments::find((int) $id) === null) {
                $this->bookings->onDelete((int) $id);
            }
        }
    }

    /** Every quarter of an hour is enough for what should not happen. */
    public function runNow(): void
    {
        if (get_transient('telemed_kivicare_caught_up') === false) {
            set_transient('telemed_kivicare_caught_up', 1, 15 * MINUTE_IN_SECONDS);
            $this->run();
        }
    }

    public function run(): void
    {
        $appointments = Appointments::table('kc_appointments');
        $booked = Appointments::table('kc_appointment_service_mapping');
        $offered = Appointments::table('kc_service_doctor_mapping');
        $mappings = MappingTable::name();
        $visits = $this->tables->visits();
        try {
            // A link in the core's table that the ledger does not know is the other add-on's, and waits to be taken over. One of ours leads
            // nowhere: its row was taken for rolled back, or came out of a backup without it.
            $rows = $this->database->rows(
                "SELECT DISTINCT a.id FROM `$appointments` a
                 JOIN `$booked` b ON b.appointment_id = a.id
                 JOIN `$offered` o ON o.service_id = b.service_id AND o.doctor_id = a.doctor_id AND o.clinic_id = a.clinic_id AND o.telemed_service = 'yes'
                 LEFT JOIN $visits v ON v.source = ? AND v.appointment = CAST(a.id AS CHAR CHARACTER SET ascii)
                 LEFT JOIN `$mappings` z ON z.appointment_id = a.id AND z.join_url <> '' AND z.join_url NOT LIKE ?
                 WHERE a.status IN (?, ?) AND a.appointment_start_date >= UTC_DATE() - INTERVAL 1 DAY AND v.id IS NULL AND z.id IS NULL
                 ORDER BY a.appointment_start_date LIMIT ?",
                [Source::NAME, '%' . VisitLink::PARAMETER . '=%', Appointment::BOOKED, Appointment::CHECK_IN, self::AT_ONCE]
            );
            $again = $this->database->rows(
                "SELECT a.id FROM $visits v JOIN `$appointments` a ON a.id = CAST(v.appointment AS UNSIGNED)
                 WHERE v.source = ? AND v.is_off = 1 AND v.pending IS NULL AND v.end_utc >= ? AND a.status IN (?, ?) ORDER BY v.end_utc, v.id LIMIT ?",
                [Source::NAME, Clock::sql(), Appointment::BOOKED, Appointment::CHECK_IN, self::AT_ONCE]
            );
            $elsewhere = Appointments::onGoogleMeet(array_map('intval', array_column($again, 'id')), $this->database);
            $gone = $this->gone();
            $unheard = $this->unheard();
            $linkless = $this->linkless();
        } catch (DatabaseException) {
            return;
        }
        foreach ([...$rows, ...$again] as $row) {
            if (!isset($elsewhere[(int) $row['id']])) {
                $this->bookings->onChange((int) $row['id']);
            }
        }
        foreach ($gone as $row) {
            $row['is_past'] ? MappingTable::forget((int) $row['id']) : MappingTable::clear((int) $row['id']);
        }
        foreach ($unheard as $id => $version) {
            $this->store->queue->lookAgain($id, $version, Clock::sql());
        }
        foreach ($linkless as $row) {
            $this->bookings->writeMapping((int) $row['id'], (int) $row['appointment']);
        }
    }

    /**
     * Visits to come that stand, and whose row in the core's table is missing or has no link.
     *
     * @return list<array<string, mixed>>
     * @throws DatabaseException
     */
    private function linkless(): array
    {
        return $this->database->rows(
            "SELECT v.id, v.appointment FROM {$this->tables->visits()} v FORCE INDEX (end_utc)
             LEFT JOIN `" . MappingTable::name() . "` z ON z.appointment_id = CAST(v.appointment AS UNSIGNED) AND z.join_url <> ''
             WHERE v.source = ? AND v.end_utc >= ? AND v.is_off = 0 AND v.pending IS NULL AND v.link_hash IS NOT NULL AND z.id IS NULL
             ORDER BY v.end_utc, v.id LIMIT ?",
            [Source::NAME, Clock::sql(), self::AT_ONCE]
        );
    }

    /**
     * Rows of ours in the core's table whose appointment is gone. What was mailed is remembered until the visit is over, or forgotten.
     *
     * @return list<array<string, mixed>>
     * @throws DatabaseException
     */
    private function gone(): array
    {
        [$appointments, $mappings, $visits] = [Appointments::table('kc_appointments'), MappingTable::name(), $this->tables->visits()];
        return $this->database->rows(
            "SELECT z.appointment_id AS id, v.id IS NULL OR v.end_utc < ? AS is_past FROM `$mappings` z
             LEFT JOIN `$appointments` a ON a.id = z.appointment_id
             LEFT JOIN $visits v ON v.source = ? AND v.appointment = CAST(z.appointment_id AS CHAR CHARACTER SET ascii)
             WHERE a.id IS NULL AND (v.end_utc < ?
                OR (v.is_off = 1 AND (z.join_url <> '' OR z.zoom_id <> '' OR z.extra IS NULL))
                OR (v.id IS NULL AND (z.join_url LIKE ? OR (z.join_url = '' AND z.extra LIKE ?))))
             LIMIT ?",
            [Clock::sql(), Source::NAME, Clock::sql(), '%' . VisitLink::PARAMETER . '=%', '%"' . MappingTable::MAILS . '"%', self::AT_ONCE]
        );
    }

    /**
     * Visits to come whose people the core has mailed since anybody has looked: the request died that noted it.
     *
     * @return array<int, int> versions by visit
     * @throws DatabaseException
     */
    private function unheard(): array
    {
        $rows = $this->database->rows(
            "SELECT v.id, v.version, v.mails_heard, z.extra FROM {$this->tables->visits()} v FORCE INDEX (end_utc)
             JOIN `" . MappingTable::name() . '` z ON z.appointment_id = CAST(v.appointment AS UNSIGNED)
             WHERE v.source = ? AND v.end_utc >= ? AND v.pending IS NULL AND z.extra IS NOT NULL',
            [Source::NAME, Clock::sql()]
        );
        $versions = $mails = [];
        foreach ($rows as $row) {
            $mails[$row['id']] = ($mails[$row['id']] ?? 0) + count(MappingTable::mailsOf($row));
            if ($mails[$row['id']] > (int) $row['mails_heard']) {
                $versions[(int) $row['id']] = (int) $row['version'];
            }
        }
        return $versions;
    }

    /** The core's table keeps no link that the ledger has forgotten. */
    public function forgetLinks(): void
    {
        [$mappings, $visits] = [MappingTable::name(), $this->tables->visits()];
        try {
            $rows = $this->database->rows(
                "SELECT z.appointment_id AS id FROM `$mappings` z
                 JOIN $visits v ON v.source = ? AND v.appointment = CAST(z.appointment_id AS CHAR CHARACTER SET ascii) AND v.link_hash IS NULL
                 WHERE z.join_url <> '' LIMIT ?",
                [Source::NAME, self::FORGOTTEN_AT_ONCE]
            );
        } catch (DatabaseException) {
            return;
        }
        foreach ($rows as $row) {
            MappingTable::forgetLink((int) $row['id']);
        }
    }
}
