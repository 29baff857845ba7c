<?php
/**
 * Who or what lets go of meetings, and what becomes of the visits: an app of which another is in force, a Zoom user whom a doctor has
 * replaced, a doctor who disconnects or has left. An answer stands, for visits that are found later as well; what it means for a visit
 * is the extension's decision. Written on the plugin's own connection, so that neither a host's rollback nor the deletion of a user
 * takes them along.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class Handovers
{
    /** Whoever wishes something for one of them must not wait for all. */
    private const ROWS_AT_ONCE = 200;

    public function __construct(private readonly Database $database, private readonly VisitTables $tables)
    {
    }

    /**
     * @return list<Handover>
     * @throws DatabaseException
     */
    public function all(): array
    {
        return $this->where('1 = 1', []);
    }

    /**
     * @return list<Handover> the oldest first
     * @throws DatabaseException
     */
    public function of(LetsGo $letsGo): array
    {
        return $this->where('kind = ?', [$letsGo->value]);
    }

    /**
     * All that are about Zoom users of a doctor's connection.
     *
     * @return list<Handover>
     * @throws DatabaseException
     */
    public function ofZoomUsers(string $subject): array
    {
        return $this->where('kind = ? AND subject = ?', [LetsGo::ZoomUser->value, $subject]);
    }

    /**
     * The same as it stands; null: nothing is let go of.
     *
     * @throws DatabaseException
     */
    public function find(Handover $which): ?Handover
    {
        [$where, $values] = self::named($which);
        return $this->where($where, $values)[0] ?? null;
    }

    /**
     * Notes that somebody lets go. What is noted already keeps its moment, from which days are counted, and its answer.
     *
     * @return bool whether it is new
     * @throws DatabaseException
     */
    public function note(Handover $new): bool
    {
        $isNew = $this->insert('INSERT IGNORE', $new, '') === 1;
        if ($isNew && self::asksForWork($new)) {
            $this->makeDue($new);
        }
        return $isNew;
    }

    /**
     * Its visits are looked at again.
     *
     * @param ?int $heir with Answer::Doctor: who holds them
     * @return list<int> those visits, the soonest first
     * @throws DatabaseException
     */
    public function answer(Handover $which, Answer $answer, ?int $heir = null): array
    {
        $this->write($which->answered($answer, $heir, get_current_user_id()));
        return $this->makeDue($which);
    }

    /**
     * The answer of who has chosen another Zoom user is carried out: it is about these, and about no others of that doctor.
     *
     * @param Handover     $answered by the doctor
     * @param list<string> $hosts    Zoom user ids
     * @return list<int> visits, those of each the soonest first
     * @throws DatabaseException
     */
    public function moveFromZoomUsers(Handover $answered, array $hosts): array
    {
        $rows = array_map($answered->ofHost(...), $hosts);
        $this->database->atomically(function () use ($answered, $rows): void {
            $this->forgetZoomUsers($answered->subject());
            array_walk($rows, $this->write(...));
        });
        return array_merge(...array_map($this->makeDue(...), $rows));
    }

    /**
     * It is in force again, or has nothing left.
     *
     * @throws DatabaseException
     */
    public function forget(Handover $which): void
    {
        [$where, $values] = self::named($which);
        $this->database->execute("DELETE FROM {$this->tables->handovers()} WHERE $where", $values);
    }

    /** @throws DatabaseException */
    public function forgetZoomUsers(string $subject): void
    {
        $this->database->execute("DELETE FROM {$this->tables->handovers()} WHERE kind = ? AND subject = ?", [LetsGo::ZoomUser->value, $subject]);
    }

    /**
     * Zoom users other than the one in force who hold a visit to come through a doctor's connection, or a meeting that must go.
     *
     * @param ?string $inForce Zoom user id; null: nobody is
     * @return list<string> Zoom user ids
     * @throws DatabaseException
     */
    public function formerZoomUsers(string $subject, string $app, ?string $inForce): array
    {
        $rows = $this->database->rows(
            "SELECT DISTINCT m.host FROM {$this->tables->meetings()} m JOIN {$this->tables->visits()} v ON v.id = m.visit
             WHERE m.subject = ? AND m.role <> 'done' AND m.app = ? AND m.host NOT IN (?, ?) AND (m.role = 'unwanted' OR v.end_utc >= ?)
             ORDER BY m.host",
            // Where the host is not known, the connection is named in its place.
            [$subject, $app, $subject, (string) $inForce, Clock::sql()]
        );
        return array_column($rows, 'host');
    }

    /**
     * What is to be handed over and could not, because somebody could not hold meetings, is looked at again.
     *
     * @param ?int $doctor null: everybody's
     * @throws DatabaseException
     */
    public function wake(?int $doctor): void
    {
        foreach ($this->all() as $one) {
            if (self::asksForWork($one)) {
                $this->makeDue($one, $doctor);
            }
        }
    }

    /** Of a doctor's departure days are counted; else nothing happens without an answer. */
    private static function asksForWork(Handover $one): bool
    {
        return $one->doctor() !== 0 || $one->answer() === Answer::Move;
    }

    /** @throws DatabaseException */
    private function write(Handover $one): void
    {
        $this->insert('INSERT', $one, ' ON DUPLICATE KEY UPDATE answer = VALUES(answer), heir = VALUES(heir), answered_by = VALUES(answered_by)');
    }

    private function insert(string $insert, Handover $one, string $else): int
    {
        $row = array_diff_key($one->row(), ['id' => 0]);
        [$columns, $marks] = [implode(', ', array_keys($row)), implode(', ', array_fill(0, count($row), '?'))];
        return $this->database->execute("$insert INTO {$this->tables->handovers()} ($columns) VALUES ($marks)$else", array_values($row));
    }

    /**
     * Visits to come that are let go of are looked at again. Whoever works on one now, and may not know of the answer yet, finds another
     * version, and asks once more.
     *
     * @return list<int> their numbers, the soonest first
     * @throws DatabaseException
     */
    private function makeDue(Handover $one, ?int $doctor = null): array
    {
        [$from, $values] = $this->visitsOf($one);
        $where = $doctor === null ? '' : ' AND v.doctor = ?';
        $rows = $this->database->rows(
            "SELECT v.id FROM $from$where AND v.takes_place = 1 AND v.end_utc >= ? ORDER BY v.end_utc, v.id",
            [...$values, ...($doctor === null ? [] : [$doctor]), Clock::sql()]
        );
        $ids = array_map('intval', array_column($rows, 'id'));
        foreach (array_chunk($ids, self::ROWS_AT_ONCE) as $portion) {
            $marks = implode(', ', array_fill(0, count($portion), '?'));
            $update = "UPDATE {$this->tables->visits()} SET due_at = ?, version = version + 1 WHERE id IN ($marks)";
            $this->database->execute($update, [Clock::sql(), ...$portion]);
        }
        return $ids;
    }

    /**
     * A doctor takes along visits that have no meeting yet; others only what they have made.
     *
     * @return array{string, list<int|string>} tables with a condition, and its values
     */
    private function visitsOf(Handover $one): array
    {
        if ($one->doctor() !== 0) {
            return ["{$this->tables->visits()} v WHERE v.doctor = ?", [$one->doctor()]];
        }
        $of = $one->letsGo === LetsGo::App ? ['app' => $one->app()] : ['subject' => $one->subject(), 'host' => $one->host()];
        $where = implode(' AND ', array_map(static fn(string $column): string => "m.$column = ?", array_keys($of)));
        return ["{$this->tables->meetings()} m JOIN {$this->tables->visits()} v ON v.id = m.visit WHERE $where AND m.role = 'serves'", array_values($of)];
    }

    /** @return array{string, list<int|string>} a condition and its values */
    private static function named(Handover $which): array
    {
        $names = $which->names();
        return [implode(' = ? AND ', array_keys($names)) . ' = ?', array_values($names)];
    }

    /**
     * @param list<int|string> $values
     * @return list<Handover>
     * @throws DatabaseException
     */
    private function where(string $where, array $values): array
    {
        try {
            $rows = $this->database->rows("SELECT * FROM {$this->tables->handovers()} WHERE $where ORDER BY since, id", $values);
        } catch (DatabaseException $failure) {
            if ($failure->getCode() !== Database::NO_TABLE) {
                throw $failure;
            }
            // The tables are those of the version before, and nothing is carried out yet.
            return [];
        }
        return array_map(Handover::fromRow(...), $rows);
    }
}
