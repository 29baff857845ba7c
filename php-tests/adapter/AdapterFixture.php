<?php

declare(strict_types=1);

namespace Telemed\Tests\Adapter;

use Telemed\Tests\Site;

/**
 * An appointment system and how the conformance test works with it: by code within WordPress, its routes or its screens. Each method
 * does what a request of the system does, with all that hangs on it. Starts are Unix seconds, on whole minutes.
 */
interface AdapterFixture
{
    /** Makes the site ready: the system's plugin, its tables, without any appointment. */
    public function install(Site $site): void;

    public function uninstall(): void;

    /** The name that the system has registered. */
    public function source(): string;

    /** The patient's address. The doctor is the site's doctor1. */
    public function patient(): string;

    /** Books in a transaction. @return string the appointment's name */
    public function book(int $start): string;

    /** Books in a transaction, and rolls it back. */
    public function bookAndRollBack(int $start): void;

    public function move(string $appointment, int $start): void;

    public function cancel(string $appointment): void;

    /** Deletes it in the system's own table, as by somebody else's SQL: no hook fires, and the system itself tells nobody. */
    public function deleteWithoutHook(string $appointment): void;

    /** How many e-mails the system has sent to this address by ways that the site's own mailer does not see. */
    public function mailsElsewhere(string $address): int;
}
