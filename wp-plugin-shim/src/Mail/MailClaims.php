<?php
/**
 * Who is told what of a visit, kept in its log: taken down together with the change that is told, marked when the mail has gone.
 * What was taken and never marked, because its process died, is taken again: a mail twice is better than none. So is what the
 * site's mailer refused.
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
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class MailClaims
{
    /** Log events. The notes name the change and the doctor's user number, never an address. */
    public const NEWS = 'mailing';
    public const TROUBLE = 'warning';
    public const MAILED = 'mailed';
    public const GIVEN_UP = 'mail_given_up';
    /** Too many within an hour: it goes later. */
    public const WAITS = 'mail_waits';
    public const TOLD_BY_SOURCE = 'told_by_source';
    private const PORTION = 200;
    private const LINE = '/^(.+), sequence (\d+), doctor (\d+)(?:, refused (\d+))?(, waits)?$/';

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
        return $this->database->atomically(function () use ($row, $what, $doctor, $as): ?MailClaim {
            // Who changes the row holds this lock already; everybody else waits for the change.
            $this->database->row('SELECT id FROM ' . Schema::meetings() . ' WHERE id = ? FOR UPDATE', [$row->id]);
            if ($this->wasTold($row, $what)) {
                return null;
            }
            $id = $this->log->write($row->id, $as, null, sprintf('%s, doctor %d', self::note($row, $what), $doctor));
            return new MailClaim($id, $row->id, $what, $row->sequence, $doctor);
        });
    }

    /** The mail has gone. */
    public function done(MailClaim $claim): void
    {
        $this->database->execute('UPDATE ' . Schema::log() . ' SET event = ? WHERE id = ?', [self::MAILED, $claim->id]);
        if ($claim->waits) {
            $this->database->execute('UPDATE ' . Schema::log() . ' SET note = ? WHERE id = ?', [self::line($claim, $claim->what, $claim->refused), $claim->id]);
        }
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
            $claim = self::claim($line);
            // Another process may do the same at the same moment.
            $isOurs = $claim !== null && $this->database->execute(
                'UPDATE ' . Schema::log() . ' SET at = ? WHERE id = ? AND event = ? AND at = ?',
                [Clock::sql(), $claim->id, $kind, (string) $line['at']]
            ) === 1;
            if ($isOurs) {
                $taken[] = $claim;
            }
        }
        return $taken;
    }

    /**
     * What was taken for all, waits to be sent and is still true.
     *
     * @return list<MailClaim> the oldest first
     */
    public function waiting(MeetingRecord $row): array
    {
        $lines = $this->database->rows('SELECT id, meeting, at, note FROM ' . Schema::log() . ' WHERE meeting = ? AND event = ? ORDER BY id', [$row->id, self::NEWS]);
        $isMeant = fn(?MailClaim $claim): bool => $claim !== null
            && preg_match('/^(booked|moved|reassigned|link \d+)$/', $claim->what) === 1 && !$this->isOutdated($claim);
        return array_values(array_filter(array_map([self::class, 'claim'], $lines), $isMeant));
    }

    /**
     * The site's mailer has refused the mail: it is repeated then.
     *
     * @param string $what as of the claim, or a part of it, 'booked to patient', where the rest has gone
     * @param int    $from Unix seconds
     * @param int    $seconds what takeOver() is asked with
     */
    public function repeat(MailClaim $claim, string $what, int $from, int $seconds): void
    {
        $this->putOff($claim, $what, self::line($claim, $what, $claim->refused + 1), $from - $seconds);
    }

    /**
     * There were too many: it goes then, if it is still true.
     *
     * @param string $what    as of repeat()
     * @param int    $from    Unix seconds
     * @param int    $seconds what takeOver() is asked with
     */
    public function wait(MailClaim $claim, string $what, int $from, int $seconds): void
    {
        $this->putOff($claim, $what, self::line($claim, $what, $claim->refused) . ', waits', $from - $seconds);
        if (!$claim->waits) {
            $this->log->write($claim->meeting, self::WAITS);
        }
    }

    private function putOff(MailClaim $claim, string $what, string $line, int $at): void
    {
        $id = $what === $claim->what ? $claim->id : $this->log->write($claim->meeting, self::NEWS);
        $this->database->execute('UPDATE ' . Schema::log() . ' SET note = ?, at = ? WHERE id = ?', [$line, gmdate('Y-m-d H:i:s', $at), $id]);
    }

    /** Mails that wait because there were too many. */
    public function countHeldBack(): int
    {
        return (int) ($this->database->row('SELECT COUNT(*) AS n FROM ' . Schema::log() . ' WHERE event = ? AND note LIKE ?', [self::NEWS, '%, waits'])['n'] ?? 0);
    }

    /**
     * Of which of these rows such a mail waits.
     *
     * @param list<int> $meetings
     * @return list<int>
     */
    public function heldBack(array $meetings): array
    {
        if ($meetings === []) {
            return [];
        }
        $rows = $this->database->rows(
            'SELECT DISTINCT meeting FROM ' . Schema::log() . ' WHERE meeting IN (' . implode(', ', array_fill(0, count($meetings), '?')) . ') AND event = ? AND note LIKE ?',
            [...$meetings, self::NEWS, '%, waits']
        );
        return array_map('intval', array_column($rows, 'meeting'));
    }

    /** It was refused so often that it is not repeated any more. */
    public function giveUp(MailClaim $claim): void
    {
        $this->database->execute('UPDATE ' . Schema::log() . ' SET event = ? WHERE id = ?', [self::GIVEN_UP, $claim->id]);
    }

    /**
     * Of which of these rows a mail was refused and has not gone since.
     *
     * @param list<int> $meetings
     * @return list<int>
     */
    public function refused(array $meetings): array
    {
        if ($meetings === []) {
            return [];
        }
        $rows = $this->database->rows(
            'SELECT DISTINCT meeting FROM ' . Schema::log() . ' WHERE meeting IN (' . implode(', ', array_fill(0, count($meetings), '?')) . ')
             AND event IN (?, ?) AND note LIKE ?',
            [...$meetings, self::NEWS, self::GIVEN_UP, '%, refused %']
        );
        return array_map('intval', array_column($rows, 'meeting'));
    }

    /** Whether something newer of the visit was told to all since, or is being told. */
    public function isOutdated(MailClaim $claim): bool
    {
        foreach ($this->lines($claim->meeting) as $line) {
            if (preg_match('/^(?:booked|moved|reassigned|cancelled|link \d+), sequence (\d+), doctor /', $line, $found) === 1 && (int) $found[1] > $claim->sequence) {
                return true;
            }
        }
        return false;
    }

    /** Whether this was told of the visit as it is planned now, or is being told. */
    public function wasTold(MeetingRecord $row, string $what): bool
    {
        foreach ($this->lines($row->id) as $line) {
            if (str_starts_with($line, self::note($row, $what) . ',')) {
                return true;
            }
        }
        return false;
    }

    /** Whether everybody was told that the visit, as it is planned now, is off. */
    public function isToldOff(MeetingRecord $row): bool
    {
        foreach ($this->log->of($row->id) as $line) {
            if (in_array($line['event'], [self::MAILED, self::TOLD_BY_SOURCE], true) && str_starts_with((string) $line['note'], self::note($row, 'cancelled') . ',')) {
                return true;
            }
        }
        return false;
    }

    /** Whose calendar holds the visit; null when nobody was told yet. What is just being told does not count. */
    public function lastToldDoctor(MeetingRecord $row, ?MailClaim $except = null): ?int
    {
        $lines = $this->lines($row->id);
        foreach (array_reverse($lines, true) as $id => $line) {
            if ($id !== $except?->id && preg_match('/^(booked|moved|reassigned|link \d+), sequence \d+, doctor (\d+)$/', $line, $found) === 1) {
                return (int) $found[2];
            }
        }
        return null;
    }

    /** @return array<int, string> notes by the number of the line */
    private function lines(int $meeting): array
    {
        $lines = array_filter($this->log->of($meeting), static fn(array $line): bool => in_array($line['event'], [self::NEWS, self::TROUBLE, self::MAILED, self::TOLD_BY_SOURCE], true));
        return array_column(array_map(static fn(array $line): array => [$line['id'], (string) $line['note']], $lines), 1, 0);
    }

    /** @param array<string, mixed> $line of the log */
    private static function claim(array $line): ?MailClaim
    {
        if (preg_match(self::LINE, (string) $line['note'], $found) !== 1) {
            return null;
        }
        return new MailClaim((int) $line['id'], (int) $line['meeting'], $found[1], (int) $found[2], (int) $found[3], (int) ($found[4] ?? 0), isset($found[5]));
    }

    private static function line(MailClaim $claim, string $what, int $refused): string
    {
        return sprintf('%s, sequence %d, doctor %d', $what, $claim->sequence, $claim->doctor) . ($refused === 0 ? '' : ", refused $refused");
    }

    private static function note(MeetingRecord $row, string $what): string
    {
        return sprintf('%s, sequence %d', $what, $row->sequence);
    }
}
