<?php
/**
 * A doctor's grant at Zoom is to end: on Disconnect, or because the doctor has left. Their upcoming visits go first, to another
 * doctor or off, and what was made for them is deleted at Zoom; then the grant is revoked and forgotten. What cannot be done at
 * once keeps the grant, sealed and for no new meeting, for some days at most. What becomes of each visit, and when the grant ends,
 * is the extension's decision.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Departures;

use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\LetsGo;
use TelemedZoom\Work\Answers;

defined('ABSPATH') || exit;

final class Departures
{
    private const MOST_VISITS = 1000;

    public function __construct(
        private readonly Handovers $handovers,
        private readonly Answers $answers,
        private readonly EndingGrants $grants,
        private readonly LedgerQueries $queries,
        private readonly Standing $standing,
        private readonly Site $site
    ) {
    }

    /**
     * The handover of a doctor who disconnects, or who has left, as it stands; one that does not yet if nothing is noted.
     *
     * @throws DatabaseException
     */
    public function handoverOf(int $doctor): Handover
    {
        $which = Capabilities::isDoctor($doctor) ? $this->disconnected($doctor) : Handover::ofLeft($doctor);
        return $this->handovers->find($which) ?? $which;
    }

    /** So many days after a doctor has left it is waited for an answer; null: not known, for the extension is not loaded. */
    public static function decideDays(): ?int
    {
        return self::hasExtension() ? intdiv(\Telemed\Handover::decideSeconds(), DAY_IN_SECONDS) : null;
    }

    /** So many days a grant is kept at most. */
    public static function keepDays(): ?int
    {
        return self::hasExtension() ? intdiv(\Telemed\Handover::keepSeconds(), DAY_IN_SECONDS) : null;
    }

    private static function hasExtension(): bool
    {
        return class_exists(\Telemed\Handover::class, false);
    }

    /**
     * The visits that have to be decided about, as their appointment systems have them: one may have told us of cancellations that it
     * does not carry out. On Disconnect those of the clinic's own account are not among them.
     *
     * @return list<MeetingRecord> upcoming, the soonest first
     * @throws DatabaseException
     */
    public function visits(Handover $which): array
    {
        $doctor = $which->doctor();
        $upcoming = $this->queries->upcomingOfDoctor($doctor, self::MOST_VISITS);
        if ($which->letsGo === LetsGo::Disconnected) {
            return array_values(array_filter($upcoming, static fn(MeetingRecord $row): bool => $row->app === null || $row->connection !== null));
        }
        $visits = $this->standing->takingPlace([...$upcoming, ...$this->queries->unconfirmedOffOfDoctor($doctor, self::MOST_VISITS)]);
        usort($visits, static fn(MeetingRecord $one, MeetingRecord $other): int => [$one->start, $one->id] <=> [$other->start, $other->id]);
        return $visits;
    }

    /**
     * The doctor has left; what becomes of the visits is not decided yet.
     *
     * @return bool whether nobody has noted that before
     * @throws DatabaseException
     */
    public function noteLeft(int $doctor): bool
    {
        return $this->handovers->note(Handover::ofLeft($doctor));
    }

    /**
     * Lets go of the upcoming visits as decided, and then of the grants, as far as the time reaches. The rest follows by itself.
     * Visits of an appointment system are that system's to move and to cancel: of a doctor who stays their meetings at Zoom are
     * deleted; of one who has left nothing is done, for they are still to be decided about there.
     *
     * @param ?int  $heir    with Answer::Doctor: who takes over
     * @param float $seconds at most, for requests to Zoom
     * @return bool whether nothing is left to do at Zoom
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function decide(Handover $which, Answer $answer, ?int $heir, float $seconds): bool
    {
        $this->answers->demandTaken($which, $answer);
        $this->answers->give($which, $answer, $heir, $seconds);
        return $this->goOn($which);
    }

    /**
     * A doctor whom no visit needs disconnects, or one whose visits wait for the next connection.
     *
     * @param float $seconds at most, for requests to Zoom
     * @return bool whether nothing is left to do at Zoom
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function disconnect(int $doctor, float $seconds): bool
    {
        return $this->decide($this->disconnected($doctor), Answer::Wait, null, $seconds);
    }

    /**
     * The visits to come that depend on the doctor's connection.
     *
     * @return list<MeetingRecord> the soonest first
     * @throws DatabaseException
     */
    public function ofConnection(int $doctor): array
    {
        return $this->visits($this->disconnected($doctor));
    }

    /** Everything that is still to be done about doctors' grants. For cron; never throws because of one doctor. */
    public function run(): void
    {
        foreach ([...$this->handovers->of(LetsGo::Disconnected), ...$this->handovers->of(LetsGo::Left)] as $one) {
            try {
                $this->goOn($one);
            } catch (Problem | \Telemed\TelemedException) {
                continue;
            }
        }
    }

    /** @return list<int> doctors who have left while visits of theirs are to come */
    public function undecided(): array
    {
        $open = array_filter(
            $this->handovers->of(LetsGo::Left),
            fn(Handover $one): bool => !Capabilities::isDoctor($one->doctor()) && $this->visits($one) !== []
        );
        return array_values(array_map(static fn(Handover $one): int => $one->doctor(), $open));
    }

    /** Whether Disconnect was clicked and Zoom has not been told everything yet. */
    public function isEnding(int $doctor): bool
    {
        return $this->handovers->find($this->disconnected($doctor)) !== null;
    }

    /** A doctor who has connected again has not disconnected. */
    public function connected(int $doctor): void
    {
        $this->handovers->forget($this->disconnected($doctor));
    }

    private function disconnected(int $doctor): Handover
    {
        return Handover::ofDisconnected($this->site->subject($doctor), $doctor);
    }

    /**
     * @return bool whether nothing is left to do at Zoom
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    private function goOn(Handover $which): bool
    {
        $one = $this->handovers->find($which);
        if ($one === null) {
            return true;
        }
        $grant = $this->grants->becomes($one);
        if ($grant === 'kept') {
            return false;
        }
        if ($grant !== 'stays') {
            $this->grants->end($one, $grant === 'ends_anyway');
        }
        if ($grant === 'stays' || \Telemed\Handover::isOver($one->facts(), $this->visits($one) !== [])) {
            $this->handovers->forget($one);
        }
        return true;
    }
}
