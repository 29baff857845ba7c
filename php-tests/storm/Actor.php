<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Records\InPlugin;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Parts;
use TelemedZoom\Ledger\Visit;

/** Lives the lives of some appointments, one operation after another, as the requests of a site would. */
final class Actor
{
    /** As long as a request goes on after its answer. */
    private const SETTLE_SECONDS = 20.0;

    /** @param list<int> $doctors WordPress users, by their index in the plan */
    public function __construct(private readonly Parts $plugin, private readonly array $doctors)
    {
    }

    /**
     * One operation. Done again after a kill it does no harm.
     *
     * @param array<string, mixed> $operation of Plan
     * @throws \RuntimeException when the database refuses it
     */
    public function act(int $appointment, array $operation): void
    {
        global $wpdb;
        $visit = Visit::upcoming(
            new \DateTimeImmutable($operation['start'], new \DateTimeZone('UTC')),
            $operation['minutes'],
            $operation['timezone'],
            ''
        );
        $doctor = $this->doctors[$operation['doctor']];
        $wpdb->query('START TRANSACTION');
        $isWritten = $wpdb->replace(Plan::TABLE, array(
            'id' => $appointment,
            'doctor' => $doctor,
            'start_utc' => $operation['start'],
            'minutes' => $operation['minutes'],
            'timezone' => $operation['timezone'],
            'held' => (int) $operation['held'],
        ));
        if (false === $isWritten) {
            throw new \RuntimeException("Appointment {$appointment} could not be written: {$wpdb->last_error}");
        }
        $row = $this->wish($operation['what'], (string) $appointment, $doctor, $visit);
        if (false === $wpdb->query($operation['commits'] ? 'COMMIT' : 'ROLLBACK')) {
            throw new \RuntimeException("Appointment {$appointment} could not be committed: {$wpdb->last_error}");
        }
        if ($row !== null && $operation['settles']) {
            $this->plugin->oneVisit->bringOn($row->id, self::SETTLE_SECONDS, $row->version);
        }
    }

    private function wish(string $what, string $appointment, int $doctor, Visit $visit): ?MeetingRecord
    {
        if (in_array($what, array('book', 'rebook'), true)) {
            return $this->plugin->visits->book(HostSystem::NAME, $appointment, $doctor, $visit);
        }
        $row = InPlugin::ofAppointment(HostSystem::NAME, $appointment);
        return match (true) {
            null === $row => $this->plugin->visits->book(HostSystem::NAME, $appointment, $doctor, $visit),
            'cancel' === $what => $this->plugin->visits->cancel($row),
            default => $this->plugin->visits->reschedule($row, $visit, $doctor),
        };
    }
}
