<?php
/**
 * Who or what lets go of meetings, and what becomes of the visits: an app of which another is in force, a Zoom user whom a doctor has
 * replaced. An answer stands, for visits that are found later as well; what it means for a visit is the extension's decision.
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
    /** Answers: the visits stay with what made their meetings; each gets another from what is in force now. */
    public const STAY = 'stay';
    public const MOVE = 'move';

    private const APP = 'app';
    private const ZOOM_USER = 'zoom_user';
    /** Whoever wishes something for one of them must not wait for all. */
    private const ROWS_AT_ONCE = 200;

    public function __construct(private readonly Database $database, private readonly VisitTables $tables)
    {
    }

    /**
     * All of them, as \Telemed\Visit::next() takes them. What is in force lets go of nothing, whatever was answered while it was not.
     *
     * @param ?string $inForce the app in force for the visit; null: none
     * @return list<array<string, int|string|null>>
     * @throws DatabaseException
     */
    public function facts(?string $inForce): array
    {
        $rows = array_filter($this->rows(), static fn(array $row): bool => $row['kind'] !== self::APP || $row['app'] !== $inForce);
        return array_values(array_map(static fn(array $row): array => [
            'lets_go' => $row['kind'],
            'app' => $row['app'],
            'subject' => $row['subject'],
            'host' => $row['host'],
            'doctor' => $row['doctor'],
            'since' => $row['since'],
            'answer' => $row['answer'],
            'to_doctor' => $row['heir'],
        ], $rows));
    }

    /**
     * @return array<string, ?string> answers, by the client id of the app
     * @throws DatabaseException
     */
    public function ofApps(): array
    {
        $apps = array_filter($this->rows(), static fn(array $row): bool => $row['kind'] === self::APP);
        return array_column($apps, 'answer', 'app');
    }

    /**
     * @param self::STAY|self::MOVE $answer
     * @throws DatabaseException
     */
    public function answerForApp(string $app, string $answer): void
    {
        $this->answer(self::APP, ['app' => $app], $answer);
    }

    /**
     * It is in force again, or has nothing left.
     *
     * @throws DatabaseException
     */
    public function forgetApp(string $app): void
    {
        $this->database->execute('DELETE FROM ' . $this->tables->handovers() . ' WHERE kind = ? AND app = ?', [self::APP, $app]);
    }

    /**
     * The meetings that these Zoom users hold through a doctor's connection move to the one in force. No other of the doctor's lets go.
     *
     * @param list<string> $hosts their Zoom user ids
     * @throws DatabaseException
     */
    public function moveFromZoomUsers(string $subject, array $hosts): void
    {
        $this->database->atomically(function () use ($subject, $hosts): void {
            $this->forgetZoomUsers($subject);
            foreach ($hosts as $host) {
                $this->write(self::ZOOM_USER, ['subject' => $subject, 'host' => $host], self::MOVE);
            }
        });
        foreach ($hosts as $host) {
            $this->makeDue(['subject' => $subject, 'host' => $host]);
        }
    }

    /** @throws DatabaseException */
    public function forgetZoomUsers(string $subject): void
    {
        $this->database->execute("DELETE FROM {$this->tables->handovers()} WHERE kind = ? AND subject = ?", [self::ZOOM_USER, $subject]);
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
     * What is to move and could not, because somebody could not hold meetings, is looked at again.
     *
     * @param ?int $doctor null: everybody's
     * @throws DatabaseException
     */
    public function wake(?int $doctor): void
    {
        foreach ($this->rows() as $row) {
            if ($row['answer'] === self::MOVE) {
                $of = array_intersect_key($row, ['app' => 0, 'subject' => 0, 'host' => 0]);
                $this->makeDue(array_filter($of, is_string(...)), $doctor);
            }
        }
    }

    /**
     * @param non-empty-array<string, string> $of columns
     * @throws DatabaseException
     */
    private function answer(string $kind, array $of, string $answer): void
    {
        $this->database->atomically(fn() => $this->write($kind, $of, $answer));
        $this->makeDue($of);
    }

    /**
     * Two of the same, written at the same moment, are changed and forgotten together.
     *
     * @param non-empty-array<string, string> $of columns
     * @throws DatabaseException
     */
    private function write(string $kind, array $of, string $answer): void
    {
        $of = ['kind' => $kind] + $of;
        $new = ['answer' => $answer, 'since' => Clock::sql()];
        [$set, $where] = [implode(' = ?, ', array_keys($new)), implode(' = ? AND ', array_keys($of))];
        $update = "UPDATE {$this->tables->handovers()} SET $set = ? WHERE $where = ?";
        if ($this->database->execute($update, [...array_values($new), ...array_values($of)]) === 0) {
            $columns = implode(', ', array_keys($of + $new));
            $marks = implode(', ', array_fill(0, count($of + $new), '?'));
            $this->database->insert("INSERT INTO {$this->tables->handovers()} ($columns) VALUES ($marks)", array_values($of + $new));
        }
    }

    /**
     * Visits to come whose meetings are let go of are looked at again. Whoever works on one now, and may not know of the answer yet,
     * finds another version, and asks once more.
     *
     * @param non-empty-array<string, string> $of columns of the meeting that serves
     * @throws DatabaseException
     */
    private function makeDue(array $of, ?int $doctor = null): void
    {
        $where = implode(' AND ', array_map(static fn(string $column): string => "m.$column = ?", array_keys($of)));
        $where .= $doctor === null ? '' : ' AND v.doctor = ?';
        $rows = $this->database->rows(
            "SELECT v.id FROM {$this->tables->meetings()} m JOIN {$this->tables->visits()} v ON v.id = m.visit
             WHERE $where AND m.role = 'serves' AND v.takes_place = 1 AND v.end_utc >= ? ORDER BY v.id",
            [...array_values($of), ...($doctor === null ? [] : [$doctor]), Clock::sql()]
        );
        foreach (array_chunk(array_column($rows, 'id'), self::ROWS_AT_ONCE) as $ids) {
            $marks = implode(', ', array_fill(0, count($ids), '?'));
            $update = "UPDATE {$this->tables->visits()} SET due_at = ?, version = version + 1 WHERE id IN ($marks)";
            $this->database->execute($update, [Clock::sql(), ...$ids]);
        }
    }

    /**
     * @return list<array<string, mixed>>
     * @throws DatabaseException
     */
    private function rows(): array
    {
        return $this->database->rows('SELECT * FROM ' . $this->tables->handovers() . ' ORDER BY id');
    }
}
