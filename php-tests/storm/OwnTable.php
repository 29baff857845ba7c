<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Site;

/** The storm's own appointment table, written from within WordPress. @see HostSystem its side in the plugin */
final class OwnTable implements AppointmentSystem
{
    public function source(): string
    {
        return 'storm';
    }

    public function doctorRole(): string
    {
        return 'telemed_doctor';
    }

    public function appointmentsPerDoctor(): int
    {
        // A life takes up to four writes with its retries.
        return 12;
    }

    public function prepare(Site $site, array $doctors, int $actors): array
    {
        $database = $site->database();
        $database->query('DROP TABLE IF EXISTS ' . Plan::TABLE);
        $database->query('CREATE TABLE ' . Plan::TABLE . ' (id bigint unsigned NOT NULL PRIMARY KEY, doctor bigint unsigned NOT NULL,
            start_utc datetime NOT NULL, minutes int NOT NULL, timezone varchar(64) NOT NULL, held tinyint NOT NULL) ENGINE=InnoDB');
        $database->close();
        return array();
    }

    public function actor(Site $site, int $number): array
    {
        return array(__DIR__ . '/process.php', $site->wordpress(), $site->url(), 'actor');
    }

    public function kill(Site $site, \Random\Randomizer $random): int
    {
        return 0;
    }

    public function appointments(\mysqli $database): array
    {
        return array_map(
            static fn (array $row): array => array(
                'id' => (int) $row['id'],
                'doctor' => (int) $row['doctor'],
                'patient' => Plan::patient((int) $row['id']),
                'start_utc' => $row['start_utc'],
                'minutes' => (int) $row['minutes'],
                'held' => (bool) $row['held'],
            ),
            $database->query('SELECT * FROM ' . Plan::TABLE)->fetch_all(MYSQLI_ASSOC)
        );
    }

    public function mails(\mysqli $database): array
    {
        return array();
    }

    public function damage(\mysqli $database, Site $site): array
    {
        return array();
    }
}
