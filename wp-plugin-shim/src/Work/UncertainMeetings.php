<?php
/**
 * Where only a person can tell whether a visit's meeting exists: what Zoom has near its time, and taking over the one that the
 * person names. Whether that can be it the extension says, of what Zoom says to the credentials of the row.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use Telemed\Meeting;
use Telemed\Visit;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class UncertainMeetings
{
    private const CALL_SECONDS = 15.0;
    /** Zoom's meeting numbers, written with or without spaces and hyphens. */
    private const NUMBER = '/^\d{9,12}$/';
    private const FITS = 'fits';
    private const NEAR = [self::FITS, 'another_start'];

    public function __construct(
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly ZoomApps $apps,
        private readonly VisitStore $store,
        private readonly Moments $moments,
        private readonly MeetingLog $log
    ) {
    }

    /**
     * The host's meetings near the visit's start that belong to no other visit, the nearest first.
     *
     * @return list<Meeting>
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function near(MeetingRecord $row): array
    {
        $credentials = $this->apps->forMeeting($row);
        $meetings = $credentials->client->within(self::CALL_SECONDS)->meetings($credentials->maker->namedHost());
        $visit = $this->store->find($row->id);
        if ($visit === null) {
            return [];
        }
        $found = array_filter($meetings, fn(Meeting $meeting): bool => in_array($visit->fit($meeting, false), self::NEAR, true)
            && !$this->queries->isTaken($meeting->id(), $row->id));
        $distance = static fn(Meeting $meeting): int => abs(($meeting->start()?->getTimestamp() ?? 0) - $row->start->getTimestamp());
        usort($found, static fn(Meeting $one, Meeting $other): int => $distance($one) <=> $distance($other));
        return $found;
    }

    /**
     * The meeting of this number is the visit's.
     *
     * @param string $number as a person types it
     * @throws Problem when it is not
     * @throws DatabaseException|\Telemed\TelemedException
     */
    public function adopt(int $id, string $number): MeetingRecord
    {
        $digits = (string) preg_replace('/[\s-]+/', '', $number);
        if (preg_match(self::NUMBER, $digits) !== 1) {
            throw new Problem('telemed_bad_number', __('this is no meeting number of Zoom', 'telemed-zoom'), __('Enter its 9 to 12 digits, such as 934 1234 5678.', 'telemed-zoom'));
        }
        $row = $this->ledger->demand($id);
        $credentials = $this->apps->forMeeting($row);
        $client = $credentials->client->within(self::CALL_SECONDS);
        try {
            $meeting = $client->meeting((int) $digits);
        } catch (\Telemed\TelemedException $failure) {
            if (!$failure->isGone()) {
                throw $failure;
            }
            throw new Problem('telemed_no_such_meeting', __('Zoom knows no meeting of this number that this app may see', 'telemed-zoom'), __('Compare the number with the one in Zoom.', 'telemed-zoom'), 404);
        }
        $at = $this->moments->now();
        $adopted = $this->store->change($id, function (Visit $now) use ($meeting, $row, $credentials, $at): Visit {
            $fit = $now->fit($meeting, $this->queries->isTaken($meeting->id(), $row->id));
            return $fit === self::FITS ? $now->resolved($meeting, $at) : throw self::refusal($fit, $row->hostEmail ?? $credentials->maker->hostAtZoom());
        }, $at);
        if ($adopted === null) {
            throw Ledger::noMeeting();
        }
        $this->log->write($id, 'taken', $client->lastTrackingId(), $digits);
        return $this->ledger->demand($id);
    }

    /** Why a meeting cannot be the visit's, in words. */
    private static function refusal(string $fit, ?string $host): Problem
    {
        if ($fit === 'not_sought') {
            return new Problem('telemed_wrong_state', __('this meeting is not uncertain any more', 'telemed-zoom'), __('Look at its state below.', 'telemed-zoom'), 409);
        }
        [$what, $advice] = match ($fit) {
            'another_host' => [
                __('this meeting belongs to another host', 'telemed-zoom'),
                sprintf(
                    /* translators: %s: e-mail or id of a Zoom user */
                    __('It must be one of %s.', 'telemed-zoom'),
                    (string) $host
                ),
            ],
            'another_visit' => [
                __('this meeting belongs to another visit', 'telemed-zoom'),
                __('Name another one, or make a new one.', 'telemed-zoom'),
            ],
            default => [
                __('this meeting begins at another time than the visit', 'telemed-zoom'),
                __('If it is the visit\'s all the same, move it in Zoom to the visit\'s start first.', 'telemed-zoom'),
            ],
        };
        return new Problem('telemed_not_this_meeting', $what, $advice, 409);
    }
}
