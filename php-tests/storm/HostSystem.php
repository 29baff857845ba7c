<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Ledger\AppointmentSystem;
use TelemedZoom\Site\Database;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\People;
use TelemedZoom\Ledger\Wanted;
use TelemedZoom\Plugin;

/** An appointment system that books as such systems do: in a transaction of $wpdb, which it may roll back. */
final class HostSystem implements AppointmentSystem
{
    public const NAME = 'storm';

    /** Makes it known to the plugin in this process. */
    public static function register(): self
    {
        $system = new self();
        Plugin::instance()->sources->add($system);
        return $system;
    }

    public function name(): string
    {
        return self::NAME;
    }

    public function committed(array $appointments, Database $database): array
    {
        $marks = implode(', ', array_fill(0, count($appointments), '?'));
        $rows = $database->rows('SELECT * FROM ' . Plan::TABLE . " WHERE id IN ({$marks})", array_values(array_map('strval', $appointments)));
        $found = array();
        foreach ($rows as $row) {
            $found[(string) $row['id']] = new Wanted(
                (bool) $row['held'],
                (int) $row['doctor'],
                new \DateTimeImmutable($row['start_utc'], new \DateTimeZone('UTC')),
                (int) $row['minutes'],
                $row['timezone']
            );
        }
        return $found;
    }

    public function people(MeetingRecord $row): People
    {
        $doctor = get_userdata($row->doctor);
        return new People(Doctors::name($row->doctor), false === $doctor ? null : $doctor->user_email, 'Pat Example', Plan::patient((int) $row->appointment), $row->timezone);
    }

    public function can(string $appointment): array
    {
        return array();
    }

    public function title(): string
    {
        return 'the storm';
    }

    public function contradicted(Database $database, int $limit): array
    {
        return array();
    }

    public function mails(array $appointments, Database $database): array
    {
        return array();
    }
}
