<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Records;
use Telemed\Tests\Site;

/** What a storm has left behind: the appointments that stand committed, against the ledger, against fake-zoom's own state. */
final class Verdict
{
    /** Faults shown of each kind. */
    private const SHOWN = 5;

    /** @var array<string, list<string>> by kind of damage */
    private array $damage = array(
        'lost appointments' => array(),
        'duplicate meetings' => array(),
        'orphans' => array(),
        'wrong times' => array(),
        'wrong hosts' => array(),
        'rows that are not settled' => array(),
        'changed or missing visit links' => array(),
        'wrong rows in the appointment system' => array(),
        'visits that began without a working link, Zoom reachable for ten minutes' => array(),
        'people holding a dead link unmailed' => array(),
    );
    private int $held = 0;

    /**
     * @param array<int, string> $links the visit key of each appointment as it was first given
     * @param array<int, array{id: string, email: string}> $hosts Zoom user of each doctor
     */
    public function __construct(Site $site, FakeZoom $zoom, AppointmentSystem $system, array $links, array $hosts, Attendance $attendance, Mailbox $mailbox)
    {
        $this->damage['visits that began without a working link, Zoom reachable for ten minutes'] = $attendance->damage();
        $notices = $mailbox->notices();
        $database = $site->database();
        $appointments = $system->appointments($database);
        $records = Records::over($database, site: $site);
        $rows = $records->visits->bySource($system->source());
        $unwanted = $records->unwanted->all();
        $this->damage['wrong rows in the appointment system'] = $system->damage($database, $site);
        $database->close();
        $atZoom = array_column($zoom->state()['meetings'], null, 'id');
        $claimed = array();
        foreach ($appointments as $appointment) {
            $id = (string) $appointment['id'];
            $row = $rows[$id] ?? null;
            if (($row === null && $appointment['held']) || ($links[$appointment['id']] ?? $row['visit_key'] ?? null) !== ($row['visit_key'] ?? null)) {
                $this->damage['changed or missing visit links'][] = "appointment {$id}";
            }
            if ($appointment['held']) {
                $this->held++;
                $claimed[(int) ($row['meeting_id'] ?? 0)][] = $id;
                $meeting = $atZoom[(int) ($row['meeting_id'] ?? 0)] ?? null;
                $this->judge($appointment, $row, $meeting, $hosts, $attendance->isExcused($appointment['id']));
                $living = array($site->url("/?telemed_visit={$row['visit_key']}"), $meeting['join_url'] ?? null);
                foreach (array($appointment['patient'], $hosts[$appointment['doctor']]['email']) as $person) {
                    $this->judgeMails($appointment, $person, $notices[$id][$person] ?? array(), $living);
                    unset($notices[$id][$person]);
                }
            } elseif ($row !== null && $row['state'] !== 'cancelled') {
                $this->damage['rows that are not settled'][] = "appointment {$id} is off, its row is {$row['state']}: {$row['problem']}";
            }
        }
        foreach (array_diff_key($rows, array_column($appointments, null, 'id')) as $id => $row) {
            if ('cancelled' !== $row['state']) {
                $this->damage['rows that are not settled'][] = "appointment {$id} is gone, its row is {$row['state']}: {$row['problem']}";
            }
        }
        // Whoever is left has nothing to do with a visit that is held, any more or ever.
        foreach ($notices as $id => $byPerson) {
            foreach ($byPerson as $person => $sent) {
                if (! end($sent)['off']) {
                    $this->damage['people holding a dead link unmailed'][] = "{$person} was never told that appointment {$id} is off or another's: " . self::shown(end($sent));
                }
            }
        }
        foreach ($atZoom as $id => $meeting) {
            if (! isset($claimed[$id])) {
                $this->damage['orphans'][] = "meeting {$id} of {$meeting['host_id']} at {$meeting['start_time']}";
            }
        }
        foreach (array_count_values(array_filter(array_column($atZoom, 'agenda'))) as $marker => $count) {
            if ($count > 1) {
                $this->damage['duplicate meetings'][] = "{$count} meetings bear {$marker}";
            }
        }
        foreach ($unwanted as $meeting) {
            $this->damage['rows that are not settled'][] = "a meeting of row {$meeting['visit']} is still to be deleted: {$meeting['problem']}";
        }
    }

    public function isClean(): bool
    {
        return array() === array_filter($this->damage);
    }

    public function text(): string
    {
        $text = "{$this->held} visits held\n";
        foreach ($this->damage as $kind => $cases) {
            $text .= sprintf("%5d %s\n", count($cases), $kind);
            foreach (array_slice($cases, 0, self::SHOWN) as $case) {
                $text .= "        {$case}\n";
            }
        }
        return $text;
    }

    /**
     * @param array<string, mixed> $appointment
     * @param ?array<string, mixed> $row
     * @param ?array<string, mixed> $meeting
     * @param array<int, array{id: string, email: string}> $hosts
     * @param bool $mayBeLate whether Zoom may lack its last time
     */
    private function judge(array $appointment, ?array $row, ?array $meeting, array $hosts, bool $mayBeLate): void
    {
        $name = "appointment {$appointment['id']}";
        if ($row !== null && ! in_array($row['state'], $mayBeLate ? array('made', 'updating') : array('made'), true)) {
            $this->damage['rows that are not settled'][] = "{$name} is {$row['state']}: {$row['problem']}";
        }
        if ($meeting === null) {
            $this->damage['lost appointments'][] = $name;
            return;
        }
        $start = gmdate('Y-m-d H:i:s', (int) strtotime((string) $meeting['start_time']));
        if (! $mayBeLate && ($start !== $appointment['start_utc'] || (int) $meeting['duration'] !== $appointment['minutes'])) {
            $this->damage['wrong times'][] = "{$name}: {$appointment['start_utc']} for {$appointment['minutes']}, at Zoom {$start} for {$meeting['duration']}";
        }
        if ($meeting['host_id'] !== $hosts[$appointment['doctor']]['id']) {
            $this->damage['wrong hosts'][] = "{$name}: {$meeting['host_id']}";
        }
    }

    /**
     * The newest mail names the visit's time and a link that leads to it, and no other; the calendar keeps the same.
     *
     * @param array<string, mixed> $appointment
     * @param list<array<string, mixed>> $sent to this person about it
     * @param list<?string> $living the links that lead to the visit
     */
    private function judgeMails(array $appointment, string $person, array $sent, array $living): void
    {
        $newest = end($sent);
        $isRight = false !== $newest
            && ! $newest['off']
            && $newest['start'] === $appointment['start_utc']
            && $newest['minutes'] === $appointment['minutes']
            && array() !== $newest['links']
            && array() === array_diff($newest['links'], array_filter($living))
            && (null === $newest['sequence'] || $newest['sequence'] >= max(array_map(intval(...), array_column($sent, 'sequence'))));
        if (! $isRight) {
            $this->damage['people holding a dead link unmailed'][] = "{$person} of appointment {$appointment['id']} at {$appointment['start_utc']} for {$appointment['minutes']}, by "
                . implode(' or ', array_filter($living)) . ', has ' . count($sent) . ' mails, the newest: ' . self::shown($newest);
        }
    }

    /** @param array<string, mixed>|false $notice */
    private static function shown(array|false $notice): string
    {
        return (string) json_encode($notice, JSON_UNESCAPED_SLASHES);
    }
}
