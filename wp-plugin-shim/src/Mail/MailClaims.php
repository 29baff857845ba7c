<?php
/**
 * Who is told what of a visit, kept in its log: taken down together with the change that is told, marked when the mail has gone.
 * What was taken and never marked, because its process died, is taken again: a mail twice is better than none.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Schema;

defined('ABSPATH') || exit;

final class MailClaims
{
    /** Log events. The notes name the change and the doctor's user number, never an address. */
    public const NEWS = 'mailing';
    public const TROUBLE = 'warning';
    public const MAILED = 'mailed';
    public const TOLD_BY_SOURCE = 'told_by_source';
    private const LOCK_SECONDS = 5.0;
    private const PORTION = 200;

    public function __construct(private readonly Database $database, private readonly MeetingLog $log)
    {
    }

    /**
     * Of several processes, and of all times, one tells.
     *
     * @param string $what   the change; 'booked', 'link 2'
     * @param int    $doctor whom it concerns
     * @param string $as     self::NEWS, self::TROUBLE or self::TOLD_BY_SOURCE
     * @return ?MailClaim null: it was told, or is being told
     * @throws DatabaseException
     */
    public function take(MeetingRecord $row, string $what, int $doctor, string $as): ?MailClaim
    {
        $key = 'mail:' . $row->id;
        if (!$this->database->lock($key, self::LOCK_SECONDS)) {
            return null;
        }
        try {
            foreach ($this->lines($row) as $line) {
                if (str_starts_with($line, self::note($row, $what) . ',')) {
                    return null;
                }
            }
            $id = $this->log->write($row->id, $as, null, sprintf('%s, doctor %d', self::note($row, $what), $doctor));
            return new MailClaim($id, $row->id, $what, $row->sequence, $doctor);
        } finally {
            $this->database->unlock($key);
        }
    }

    /** The mail has gone. */
    public function done(MailClaim $claim): void
    {
        $this->database->execute('UPDATE ' . Schema::log() . ' SET event = ? WHERE id = ?', [self::MAILED, $claim->id]);
    }

    /** It need not go any more; should it happen again, it is told. */
    public function drop(MailClaim $claim): void
    {
        $this->database->execute('DELETE FROM ' . Schema::log() . ' WHERE id = ?', [$claim->id]);
    }

    /**
     * What was taken so long ago and not marked: this process takes it over.
     *
     * @param self::NEWS|self::TROUBLE $kind
     * @return list<MailClaim> the oldest first
     */
    public function takeOver(string $kind, int $seconds): array
    {
        $taken = [];
        $lines = $this->database->rows(
            'SELECT id, meeting, at, note FROM ' . Schema::log() . ' WHERE event = ? AND at <= ? ORDER BY id LIMIT ' . self::PORTION,
            [$kind, Clock::sql(-$seconds)]
        );
        foreach ($lines as $line) {
            if (preg_match('/^(.+), sequence (\d+), doctor (\d+)$/', (string) $line['note'], $found) !== 1) {
                continue;
            }
            // Another process may do the same at the same moment.
            $isOurs = $this->database->execute(
                'UPDATE ' . Schema::log() . ' SET at = ? WHERE id = ? AND event = ? AND at = ?',
                [Clock::sql(), (int) $line['id'], $kind, (string) $line['at']]
            ) === 1;
            if ($isOurs) {
                $taken[] = new MailClaim((int) $line['id'], (int) $line['meeting'], $found[1], (int) $found[2], (int) $found[3]);
            }
        }
        return $taken;
    }

    /** Whose calendar holds the visit; null when nobody was told yet. What is just being told does not count. */
    public function lastToldDoctor(MeetingRecord $row, ?MailClaim $except = null): ?int
    {
        $lines = $this->lines($row);
        foreach (array_reverse($lines, true) as $id => $line) {
            if ($id !== $except?->id && preg_match('/^(booked|moved|reassigned|link \d+), sequence \d+, doctor (\d+)$/', $line, $found) === 1) {
                return (int) $found[2];
            }
        }
        return null;
    }

    /** @return array<int, string> notes by the number of the line */
    private function lines(MeetingRecord $row): array
    {
        $lines = array_filter($this->log->of($row->id), static fn(array $line): bool => in_array($line['event'], [self::NEWS, self::TROUBLE, self::MAILED, self::TOLD_BY_SOURCE], true));
        return array_column(array_map(static fn(array $line): array => [$line['id'], (string) $line['note']], $lines), 1, 0);
    }

    private static function note(MeetingRecord $row, string $what): string
    {
        return sprintf('%s, sequence %d', $what, $row->sequence);
    }
}
