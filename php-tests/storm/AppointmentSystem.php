<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Site;

/** An appointment system in a storm: who its people are, how its appointments come and go, and what it holds in the end. */
interface AppointmentSystem
{
    /** Its name in the ledger. */
    public function source(): string;

    /** The role of its doctors. */
    public function doctorRole(): string;

    /** So many that the writes of a host, retries included, stay below Zoom's hundred of a day. */
    public function appointmentsPerDoctor(): int;

    /**
     * Empties it and makes what it needs.
     *
     * @param list<int> $doctors WordPress users
     * @return array<string, mixed> what its actors must know
     */
    public function prepare(Site $site, array $doctors, int $actors): array;

    /**
     * A process that lives a share of the appointments.
     *
     * @return list<string> its script and arguments, to which the files of share and progress are added
     */
    public function actor(Site $site, int $number): array;

    /** Kills what else works for it beside actors and workers, as a crash would. @return int how many processes */
    public function kill(Site $site, \Random\Randomizer $random): int;

    /**
     * The appointments that stand, those that are off included.
     *
     * @return list<array{id: int, doctor: int, patient: string, start_utc: string, minutes: int, held: bool}> patient: e-mail
     */
    public function appointments(\mysqli $database): array;

    /**
     * What it has mailed itself.
     *
     * @return array<int, array<string, list<array<string, mixed>>>> notices by appointment and address. @see Mailbox
     */
    public function mails(\mysqli $database): array;

    /**
     * What its own tables show wrongly about the visits of the ledger.
     *
     * @return list<string>
     */
    public function damage(\mysqli $database, Site $site): array;
}
