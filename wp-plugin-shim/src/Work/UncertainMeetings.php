<?php
/**
 * Where only a person can tell whether a visit's meeting exists: what Zoom has near its time, and taking over the one that the
 * person names. It must be with the host, at the start, and of no other visit, as Zoom says to the credentials of the row.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Work;

use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\VisitStore;

defined('ABSPATH') || exit;

final class UncertainMeetings
{
    private const NEAR_SECONDS = 12 * HOUR_IN_SECONDS;
    private const CALL_SECONDS = 15.0;
    /** Zoom's meeting numbers, written with or without spaces and hyphens. */
    private const NUMBER = '/^\d{9,12}$/';

    public function __construct(
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly ZoomApps $apps,
        private readonly VisitStore $store,
        private readonly Moments $moments,
        private readonly MeetingLog $log,
        private readonly Site $site
    ) {
    }

    /**
     * The host's meetings near the visit's start that belong to no other visit, the nearest first.
     *
     * @return list<\Telemed\Meeting>
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function near(MeetingRecord $row): array
    {
        $credentials = $this->apps->forMeeting($row);
        $reference = $this->reference($row);
        $distance = static fn(\Telemed\Meeting $meeting): int => abs(($meeting->start()?->getTimestamp() ?? 0) - $row->start->getTimestamp());
        $found = array_filter(
            $credentials->client->within(self::CALL_SECONDS)->meetings($credentials->maker->namedHost()),
            fn(\Telemed\Meeting $meeting): bool => $distance($meeting) <= self::NEAR_SECONDS && $this->isFree($meeting, $row, $reference)
        );
        usort($found, static fn(\Telemed\Meeting $one, \Telemed\Meeting $other): int => $distance($one) <=> $distance($other));
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
        if ($row->state !== MeetingState::Uncertain) {
            throw self::notUncertain();
        }
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
        $this->demandThatItIsThis($meeting, $row, $credentials);
        $at = $this->moments->now();
        $resolved = static fn(\Telemed\Visit $now): ?\Telemed\Visit => $now->state() === MeetingState::Uncertain->value
            ? $now->resolved($meeting, $at)
            : null;
        if ($this->store->change($id, $resolved, $at) === null) {
            throw self::notUncertain();
        }
        $this->log->write($id, 'taken', $client->lastTrackingId(), $digits);
        return $this->ledger->demand($id);
    }

    private static function notUncertain(): Problem
    {
        return new Problem('telemed_wrong_state', __('this meeting is not uncertain any more', 'telemed-zoom'), __('Look at its state below.', 'telemed-zoom'), 409);
    }

    /** @throws Problem|DatabaseException */
    private function demandThatItIsThis(\Telemed\Meeting $meeting, MeetingRecord $row, Credentials $credentials): void
    {
        $host = $row->hostId ?? $credentials->maker->hostAtZoom();
        [$what, $advice] = match (true) {
            $host !== null && $meeting->hostId() !== $host => [
                __('this meeting belongs to another host', 'telemed-zoom'),
                sprintf(
                    /* translators: %s: e-mail or id of a Zoom user */
                    __('It must be one of %s.', 'telemed-zoom'),
                    $row->hostEmail ?? $host
                ),
            ],
            !$this->isFree($meeting, $row, $this->reference($row)) => [
                __('this meeting belongs to another visit', 'telemed-zoom'),
                __('Name another one, or make a new one.', 'telemed-zoom'),
            ],
            $meeting->start()?->getTimestamp() !== $row->start->getTimestamp() => [
                __('this meeting begins at another time than the visit', 'telemed-zoom'),
                __('If it is the visit\'s all the same, move it in Zoom to the visit\'s start first.', 'telemed-zoom'),
            ],
            default => [null, ''],
        };
        if ($what !== null) {
            throw new Problem('telemed_not_this_meeting', $what, $advice, 409);
        }
    }

    /**
     * Whether neither our tables nor the meeting's own mark give it to another.
     *
     * @throws DatabaseException
     */
    private function isFree(\Telemed\Meeting $meeting, MeetingRecord $row, string $reference): bool
    {
        if ($this->queries->isTaken($meeting->id(), $row->id)) {
            return false;
        }
        if ($meeting->marker() === null) {
            return true;
        }
        $wanted = [
            'reference' => $reference, 'meeting' => null, 'host' => null, 'start' => $row->start, 'minutes' => $row->minutes,
            'overridden' => [], 'busy' => false,
        ];
        $reconciler = new \Telemed\Reconciler($this->site->id(), new \DateTimeImmutable('@' . $this->moments->seconds()));
        $actions = [...$reconciler->page([$wanted], [$meeting]), ...$reconciler->rest([$wanted])];
        return in_array('adopt', array_column($actions, 'action'), true);
    }

    /**
     * What the marker of the meeting that was to serve the visit is made of, byte for byte.
     *
     * @throws DatabaseException
     */
    private function reference(MeetingRecord $row): string
    {
        $meetings = $this->store->find($row->id)?->rows($this->moments->now())['meetings'] ?? [];
        return (string) (array_column($meetings, 'reference', 'generation')[$row->generation] ?? '');
    }
}
