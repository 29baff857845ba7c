<?php
/**
 * A doctor's grant at Zoom is to end: on Disconnect, or because the doctor has left. Their upcoming visits go first, to another
 * doctor or off, and what was made for them is deleted at Zoom; then the grant is revoked and forgotten. What cannot be done at
 * once keeps the grant, sealed and for no new meeting, for seven days at most.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Departures;

use Telemed\Visit;
use TelemedZoom\Apps\Grants;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Departure;
use TelemedZoom\Clinic\DepartureMarks;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\ManualSource;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Work\Visits;
use TelemedZoom\Work\Worker;

defined('ABSPATH') || exit;

final class Departures
{
    /** What nobody has decided about by then is deleted at Zoom, while that can still be done. */
    public const DECIDE_SECONDS = 6 * DAY_IN_SECONDS;
    public const KEEP_SECONDS = WEEK_IN_SECONDS;
    /** A capability that was lost for so long does not come back by itself. */
    public const ROLE_SECONDS = DAY_IN_SECONDS;
    /** Answers to what becomes of the visits: they stay booked and wait for a connection; they are off. */
    public const WAIT = 'wait';
    public const CANCEL = 'cancel';
    private const MOST_VISITS = 1000;

    public function __construct(
        private readonly DepartureMarks $marks,
        private readonly Grants $grants,
        private readonly ZoomApps $apps,
        private readonly Visits $visits,
        private readonly LedgerQueries $queries,
        private readonly Standing $standing,
        private readonly VisitStore $store,
        private readonly Moments $moments,
        private readonly Worker $worker,
        private readonly Site $site
    ) {
    }

    /**
     * The visits that have to be decided about, as their appointment systems have them: one may have told us of cancellations that it
     * does not carry out. On Disconnect those of the clinic's own account are not among them.
     *
     * @return list<MeetingRecord> upcoming, the soonest first
     * @throws DatabaseException
     */
    public function visits(Departure $why, int $doctor): array
    {
        $upcoming = $this->queries->upcomingOfDoctor($doctor, self::MOST_VISITS);
        if ($why === Departure::Disconnected) {
            return array_values(array_filter($upcoming, static fn(MeetingRecord $row): bool => $row->mode !== Settings::MODE_S2S));
        }
        $visits = $this->standing->takingPlace([...$upcoming, ...$this->queries->unsettledOffOfDoctor($doctor, self::MOST_VISITS)]);
        usort($visits, static fn(MeetingRecord $one, MeetingRecord $other): int => [$one->start, $one->id] <=> [$other->start, $other->id]);
        return $visits;
    }

    /** Whether this site can move and cancel it; of an appointment system's only its meeting at Zoom. */
    public static function isOwn(MeetingRecord $visit): bool
    {
        return $visit->source === ManualSource::NAME;
    }

    /**
     * The doctor has left; what becomes of the visits is not decided yet.
     *
     * @return bool whether nobody has noted that before
     * @throws DatabaseException
     */
    public function noteLeft(int $doctor): bool
    {
        return $this->marks->set(Departure::Left, $doctor);
    }

    /**
     * Lets go of the upcoming visits as decided, and then of the grants, as far as the time reaches. The rest follows by itself.
     * Visits of an appointment system are that system's to move and to cancel: of a doctor who stays their meetings at Zoom are
     * deleted; of one who has left nothing is done, for they are still to be decided about there.
     *
     * @param string $choice  self::WAIT, self::CANCEL or the user id of the doctor who takes over
     * @param float  $seconds at most, for requests to Zoom
     * @return bool whether nothing is left to do at Zoom
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function decide(Departure $why, int $doctor, string $choice, float $seconds): bool
    {
        $decision = $this->decision($why, $doctor, $choice);
        $this->marks->set($why, $doctor);
        $end = microtime(true) + $seconds;
        $visits = array_filter($this->visits($why, $doctor), static fn(MeetingRecord $row): bool => $why === Departure::Disconnected || self::isOwn($row));
        $decided = array_map(fn(MeetingRecord $row): MeetingRecord => self::isOwn($row) ? $decision($row) : $this->letGo($row), $visits);
        foreach ($decided as $row) {
            if (microtime(true) < $end) {
                $this->worker->settle($row->id, $end - microtime(true), $row->version);
            }
        }
        return $this->goOn($why, $doctor);
    }

    /** Everything that is still to be done about doctors' grants. For cron; never throws because of one doctor. */
    public function run(): void
    {
        foreach (Departure::cases() as $why) {
            foreach (array_keys($this->marks->all($why)) as $doctor) {
                try {
                    $this->goOn($why, $doctor);
                } catch (Problem | \Telemed\TelemedException) {
                    continue;
                }
            }
        }
    }

    /** @return list<int> doctors who have left while visits of theirs are to come */
    public function undecided(): array
    {
        return array_values(array_filter(
            array_keys($this->marks->all(Departure::Left)),
            fn(int $doctor): bool => !Capabilities::isDoctor($doctor) && $this->visits(Departure::Left, $doctor) !== []
        ));
    }

    /** Whether Disconnect was clicked and Zoom has not been told everything yet. */
    public function isEnding(int $doctor): bool
    {
        return $this->marks->since(Departure::Disconnected, $doctor) !== null;
    }

    /** A doctor who has connected again has not disconnected. */
    public function connected(int $doctor): void
    {
        $this->marks->clear(Departure::Disconnected, $doctor);
    }

    /**
     * @return callable(MeetingRecord): MeetingRecord
     * @throws Problem|\Telemed\TelemedException when it cannot be carried out: nothing was changed
     */
    private function decision(Departure $why, int $doctor, string $choice): callable
    {
        if ($choice === self::WAIT && $why === Departure::Disconnected) {
            return $this->letGo(...);
        }
        if ($choice === self::CANCEL) {
            return $this->visits->cancel(...);
        }
        $heir = ctype_digit($choice) ? (int) $choice : 0;
        if ($heir === 0 || $heir === $doctor || !Capabilities::isDoctor($heir)) {
            throw new Problem('telemed_undecided', __('what becomes of the upcoming visits was not chosen', 'telemed-zoom'), __('Choose one of the answers.', 'telemed-zoom'));
        }
        // Whoever cannot hold visits cannot take them over.
        $this->apps->forDoctor($heir);
        return fn(MeetingRecord $row): MeetingRecord => $this->visits->move($row, null, $heir);
    }

    /**
     * @return bool whether nothing is left to do at Zoom
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    private function goOn(Departure $why, int $doctor): bool
    {
        $since = $this->marks->since($why, $doctor);
        if ($since === null) {
            return true;
        }
        if ($why === Departure::Left && Capabilities::isDoctor($doctor)) {
            // The deletion was rolled back, or the role given back.
            $this->marks->clear($why, $doctor);
            return true;
        }
        $age = Clock::now() - $since;
        $connection = $this->site->subject($doctor);
        if ($age >= self::DECIDE_SECONDS) {
            foreach ($this->queries->upcomingOfConnection($connection, self::MOST_VISITS) as $row) {
                $this->letGo($row);
            }
        }
        $isOld = $age >= self::KEEP_SECONDS;
        if (!$isOld && Schema::isMoving()) {
            // Visits that need the grant may not be known here yet.
            return false;
        }
        if (!$isOld && $this->isNeeded($connection) && $this->grants->areAlive($doctor)) {
            return false;
        }
        // Where only the capability is gone, it comes back if a role was taken away or rewritten for a moment.
        if ($why === Departure::Left && $age < self::ROLE_SECONDS && Doctors::isHere($doctor)) {
            return false;
        }
        $this->grants->end($doctor, $isOld);
        $this->giveUp($connection);
        if ($why === Departure::Disconnected || $this->visits($why, $doctor) === []) {
            $this->marks->clear($why, $doctor);
        }
        return true;
    }

    private function isNeeded(string $connection): bool
    {
        return $this->queries->upcomingOfConnection($connection, 1) !== [] || $this->queries->unwantedOfConnection($connection) !== [];
    }

    /** The visit stays booked, without a meeting. */
    private function letGo(MeetingRecord $row): MeetingRecord
    {
        return $row->connection === null ? $row : $this->visits->renew($row);
    }

    /** Without the grant nothing can delete them: they remain at Zoom, and their logs say so. */
    private function giveUp(string $connection): void
    {
        foreach (array_unique(array_column($this->queries->unwantedOfConnection($connection), 'visit')) as $visit) {
            $at = $this->moments->now();
            $this->store->change($visit, static fn(Visit $now): Visit => $now->abandoned($connection), $at);
        }
    }
}
