<?php
/**
 * Visits of version 0.1.0, moved: what an old row means is the extension's reading.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Migration;

use Telemed\Visit;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\AppointmentSystem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\SealedLinks;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class OldVisits
{
    public function __construct(
        private readonly Database $database,
        private readonly OldTables $old,
        private readonly OldLog $log,
        private readonly VisitStore $visits,
        private readonly SealedLinks $links,
        private readonly AppointmentSources $sources,
        private readonly Moments $moments
    ) {
    }

    /**
     * @param list<int> $ids
     * @return list<int> those that cannot be read
     * @throws DatabaseException
     */
    public function move(array $ids): array
    {
        if ($ids === []) {
            return [];
        }
        $list = implode(', ', $ids);
        // Before our transaction: it reads the host's tables.
        $mailsNoted = $this->mailsNoted($this->database->rows("SELECT id, source, appointment FROM {$this->old->meetings()} WHERE id IN ($list)"));
        return $this->database->atomically(function () use ($list, $mailsNoted): array {
            $at = $this->moments->now();
            // Who moves the same row at this moment has the lock, and afterwards it is not there any more.
            $rows = $this->database->rows("SELECT * FROM {$this->old->meetings()} WHERE id IN ($list) FOR UPDATE");
            $leftovers = self::grouped($this->database->rows("SELECT * FROM {$this->old->leftovers()} WHERE meeting IN ($list) ORDER BY id"));
            $log = self::grouped($this->log->aboutMails($list));
            $visits = $moved = $unreadable = [];
            foreach ($rows as $row) {
                $id = (int) $row['id'];
                try {
                    $visit = Visit::fromSchema5($row, $leftovers[$id] ?? [], $log[$id] ?? [], $mailsNoted[$id] ?? 0, $at);
                } catch (\Telemed\ConfigurationException) {
                    $unreadable[] = $id;
                    continue;
                }
                $key = $row['visit_key'] === null ? ['link_hash' => null, 'link_key' => null] : $this->links->keyColumns((string) $row['visit_key']);
                $own = $key + ['patient' => $row['patient'], 'patient_email' => $row['patient_email']]
                    + ['created_at' => $row['created_at'], 'changed_at' => $row['updated_at']];
                $visits[] = ['rows' => $visit->rows($at), 'own' => $own];
                $moved[] = $id;
            }
            if ($moved !== []) {
                $this->visits->import($visits);
                $this->forget(implode(', ', $moved));
            }
            return $unreadable;
        });
    }

    /**
     * How many e-mails of its own the appointment system has noted for each: nobody is to hear of these again.
     *
     * @param list<array<string, mixed>> $rows
     * @return array<int, int> by id
     */
    private function mailsNoted(array $rows): array
    {
        $bySource = $noted = [];
        foreach ($rows as $row) {
            $bySource[$row['source']][$row['appointment']] = (int) $row['id'];
        }
        foreach ($bySource as $name => $ids) {
            $source = $this->sources->find((string) $name);
            if (!$source instanceof AppointmentSystem) {
                continue;
            }
            try {
                $mails = $source->mails(array_map('strval', array_keys($ids)), $this->database);
            } catch (DatabaseException) {
                // Rather told once more than not moved.
                continue;
            }
            foreach (array_intersect_key($mails ?? [], $ids) as $appointment => $ofOne) {
                $noted[$ids[$appointment]] = count($ofOne);
            }
        }
        return $noted;
    }

    /** @throws DatabaseException */
    private function forget(string $list): void
    {
        $this->log->move($list);
        $this->database->execute("DELETE FROM {$this->old->leftovers()} WHERE meeting IN ($list)");
        $this->database->execute("DELETE FROM {$this->old->meetings()} WHERE id IN ($list)");
    }

    /**
     * @param list<array<string, mixed>> $rows
     * @return array<int, list<array<string, mixed>>> by the meeting that they belong to
     */
    private static function grouped(array $rows): array
    {
        $grouped = [];
        foreach ($rows as $row) {
            $grouped[(int) $row['meeting']][] = $row;
        }
        return $grouped;
    }
}
