<?php
/**
 * One visit with the meeting that serves it, for screens, mails and routes to read. What becomes of it is VisitStore's to write.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\StoredVisit;

defined('ABSPATH') || exit;

final class Ledger
{
    /** @param ?\Closure(string, list<int|string>): ?MeetingRecord $former finds a visit in the table of the version before, as long as it is there */
    public function __construct(private readonly VisitRecords $records, private readonly ?\Closure $former = null)
    {
    }

    /** @throws DatabaseException */
    public function find(int $id): ?MeetingRecord
    {
        return $this->former('id = ?', [$id]) ?? $this->records->find($id);
    }

    /** @throws DatabaseException */
    public function findAppointment(string $source, string $appointment): ?MeetingRecord
    {
        return $this->former('source = ? AND appointment = ?', [$source, $appointment]) ?? $this->records->ofAppointment($source, $appointment);
    }

    /**
     * By what its visit link ends with.
     *
     * @throws DatabaseException
     */
    public function findVisit(#[\SensitiveParameter] string $key): ?MeetingRecord
    {
        return $this->former('visit_key = ?', [$key]) ?? $this->records->findByLink($key);
    }

    /**
     * Whether the doctor has or had a visit with this user.
     *
     * @throws DatabaseException
     */
    public function hasPatient(int $doctor, int $user): bool
    {
        $isFormer = $this->former('doctor = ? AND patient = ? LIMIT 1', [$doctor, $user]) !== null;
        return $isFormer || $this->records->where('v.doctor = ? AND v.patient = ? LIMIT 1', [$doctor, $user]) !== [];
    }

    /** A visit that was read elsewhere. */
    public function of(StoredVisit $stored): MeetingRecord
    {
        return $this->records->of($stored);
    }

    /** @throws Problem|DatabaseException */
    public function demand(int $id): MeetingRecord
    {
        return $this->find($id) ?? throw self::noMeeting();
    }

    public static function noMeeting(): Problem
    {
        return new Problem('telemed_no_meeting', __('there is no such meeting', 'telemed-zoom'), '', 404);
    }

    /**
     * @param list<int|string> $values
     * @throws DatabaseException
     */
    private function former(string $where, #[\SensitiveParameter] array $values): ?MeetingRecord
    {
        return $this->former === null ? null : ($this->former)($where, $values);
    }
}
