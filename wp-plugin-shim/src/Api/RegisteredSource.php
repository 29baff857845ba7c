<?php
/**
 * Another plugin's appointment system as this plugin asks it. What goes wrong there stays there: it counts as away, its visits go on
 * as they are known, and the others' are not kept waiting.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Api;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Edge;
use TelemedZoom\Ledger\AppointmentSystem;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Patient;
use TelemedZoom\Ledger\People;
use TelemedZoom\Site\Database;

defined('ABSPATH') || exit;

final class RegisteredSource implements AppointmentSystem
{
    /** @param array{title: string, standing: callable, mails: callable} $source what it has registered with */
    public function __construct(
        private readonly string $name,
        private readonly array $source,
        private readonly Database $database,
        private readonly LedgerQueries $queries
    ) {
    }

    public function name(): string
    {
        return $this->name;
    }

    /** No function of an adapter's is called for it. */
    public function can(string $appointment): array
    {
        return [];
    }

    public function title(): string
    {
        return $this->source['title'];
    }

    public function committed(array $appointments, Database $database): ?array
    {
        return $this->ask('standing', $appointments, $database, VisitFields::wanted(...));
    }

    /** The soonest of those to come are looked at each time, the others by the sweep of the night. */
    public function contradicted(Database $database, int $limit): array
    {
        $rows = $this->queries->upcomingOfSource($this->name, $limit);
        $names = array_map(static fn(MeetingRecord $row): string => $row->appointment, $rows);
        $standing = $rows === [] ? null : $this->committed($names, $database);
        $contradicted = [];
        foreach ($standing === null ? [] : $rows as $row) {
            if (($standing[$row->appointment] ?? null)?->contradicts($row) !== false) {
                $contradicted[$row->id] = $row->appointment;
            }
        }
        return $contradicted;
    }

    public function mails(array $appointments, Database $database): ?array
    {
        $read = static fn(array $mails): array => array_map(VisitFields::mail(...), array_values($mails));
        return $this->ask('mails', $appointments, $database, $read);
    }

    public function people(MeetingRecord $row): People
    {
        $doctor = get_userdata($row->doctor);
        [$name, $email] = Patient::nameAndEmail($row->patient, $row->patientEmail);
        $standing = $this->ask('standing', [$row->appointment], $this->database, static fn(array $said): array => $said);
        $said = $standing[$row->appointment] ?? [];
        // The site's own zone may be an offset, which a visit cannot have.
        $timezone = (string) ($said['patient_timezone'] ?? '') ?: $row->timezone;
        return new People(
            Doctors::nameForPatients($row->doctor),
            $doctor === false ? null : $doctor->user_email,
            (string) ($said['patient_name'] ?? '') ?: $name,
            (string) ($said['patient_email'] ?? '') ?: $email,
            $timezone === VisitFields::UTC ? null : $timezone
        );
    }

    /**
     * @template T
     * @param 'standing'|'mails' $question
     * @param list<string> $appointments
     * @param \Closure(array<mixed>): T $read what it says of one
     * @return ?array<int|string, T> by appointment; null: it cannot be asked now
     */
    private function ask(string $question, array $appointments, Database $database, \Closure $read): ?array
    {
        $names = array_map('strval', $appointments);
        $rows = static fn(string $sql, array $values = []): array => $database->rows($sql, array_values($values));
        $asked = fn(): array => array_intersect_key($this->source[$question]($names, $rows), array_flip($names));
        return Edge::within(static fn(): array => array_map($read, $asked()), null);
    }
}
