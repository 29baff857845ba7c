<?php
/**
 * Carries out what a doctor has answered about another Zoom user. The question is a handover that names no Zoom user yet; once its
 * answer is carried out, there is one for each Zoom user who has let go, until nothing is left of them. An answer is written down
 * first, and after each step the extension is asked what is next, so that the worker finishes what a process left undone.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Apps\AppOpener;
use TelemedZoom\Problem;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\LetsGo;
use TelemedZoom\Store\Schema;
use TelemedZoom\Work\Answers;

defined('ABSPATH') || exit;

final class ZoomUserChange
{
    /** Nothing needs more turns: the extension holds that a few bring any change to rest. */
    private const MOST_TURNS = 10;

    public function __construct(
        private readonly AppOpener $opener,
        private readonly ZoomUserVisits $visits,
        private readonly Handovers $handovers,
        private readonly Answers $answers,
        private readonly Database $database,
        private readonly Site $site
    ) {
    }

    /**
     * The question whether another Zoom user shall hold the visits to come.
     *
     * @throws DatabaseException
     */
    public function ask(int $doctor): void
    {
        $this->handovers->note($this->question($doctor));
    }

    /**
     * An earlier question, or an answer that was not carried out, was about another Zoom user.
     *
     * @throws DatabaseException
     */
    public function forgetQuestion(int $doctor): void
    {
        $this->handovers->forget($this->question($doctor));
    }

    /**
     * The doctor wants the new Zoom user, who is in force already.
     *
     * @throws DatabaseException
     */
    public function accept(int $doctor): void
    {
        $this->handovers->answer($this->question($doctor), Answer::Move);
    }

    /**
     * The doctor wants the Zoom user who waits.
     *
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function putInForce(int $doctor): \Telemed\Connection
    {
        $this->accept($doctor);
        // Where there is nothing to accept, another process has done so, or the question is over.
        return $this->opener->oauth()->acceptHeld($this->site->subject($doctor));
    }

    /**
     * Ends the held grant; the connection before stays.
     *
     * @throws \Telemed\TelemedException also when Zoom could not be told: the grant is unusable here, and the worker tells it later
     * @throws DatabaseException|Problem
     */
    public function decline(int $doctor): void
    {
        // An answer that was not carried out is not to be any more.
        $this->forgetQuestion($doctor);
        $this->ask($doctor);
        $this->opener->oauth()->declineHeld($this->site->subject($doctor));
        $this->forgetQuestion($doctor);
    }

    /**
     * What is noted of a change to another Zoom user, whether or not it is answered.
     *
     * @throws DatabaseException
     */
    public function handover(int $doctor): ?Handover
    {
        return $this->handovers->ofZoomUsers($this->site->subject($doctor))[0] ?? null;
    }

    /**
     * Whether visits are still with a Zoom user before.
     *
     * @throws DatabaseException
     */
    public function isMoving(int $doctor): bool
    {
        return $this->answered($doctor) !== [];
    }

    /**
     * Does what is to be done, as far as the time reaches. Of several processes one does.
     *
     * @param bool $isTold whether others know that the new Zoom user is in force
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function goOn(int $doctor, bool $isTold, float $end): void
    {
        $lock = 'zoom_user:' . $doctor;
        // While visits are brought along from the version before, those that need the grant before may not be known here yet.
        if (Schema::isMoving() || !$this->database->lock($lock, 0.0)) {
            return;
        }
        try {
            $next = '';
            for ($turn = 0; $turn < self::MOST_TURNS && $next !== 'rest'; $turn++) {
                $next = \Telemed\Handover::ofZoomUser($this->facts($doctor, $isTold));
                $this->carryOut($next, $doctor, $end);
                $isTold = $isTold || $next === 'accept';
            }
        } finally {
            $this->database->unlock($lock);
        }
    }

    /**
     * Doctors of whose change something is left to do.
     *
     * @return list<int>
     * @throws DatabaseException
     */
    public function doctors(): array
    {
        $subjects = array_map(static fn(Handover $one): string => $one->subject(), $this->handovers->of(LetsGo::ZoomUser));
        return array_values(array_map(fn(string $subject): int => (int) $this->site->userOf($subject), array_unique($subjects)));
    }

    /** @return array<string, mixed> as \Telemed\Handover::ofZoomUser() takes it */
    private function facts(int $doctor, bool $isTold): array
    {
        [$oauth, $subject] = [$this->opener->oauth(), $this->site->subject($doctor)];
        $question = $this->handovers->find($this->question($doctor));
        $host = $oauth->connection($subject)?->zoomUserId();
        return [
            'question' => $question === null ? null : ($question->answer() === null ? 'open' : 'accepted'),
            'is_held' => $oauth->heldConnection($subject) !== null,
            'is_told' => $isTold,
            'is_connected' => $host !== null,
            'is_letting_go' => $this->isMoving($doctor),
            'is_needed' => $host !== null && $this->isNeeded($oauth, $subject, $host),
        ];
    }

    private function isNeeded(\Telemed\OAuthApp $oauth, string $subject, string $host): bool
    {
        // Without the grant before, what has to be deleted stays; what is to come is moved all the same.
        $hasGrant = $oauth->formerConnection($subject) !== null;
        $hasWork = $hasGrant && $this->visits->otherHolders($subject, $host) !== [];
        return $hasWork || $this->visits->heldByOthers($subject, $host) !== [];
    }

    private function carryOut(string $next, int $doctor, float $end): void
    {
        match ($next) {
            'accept' => $this->acceptAgain($doctor),
            'decline' => $this->decline($doctor),
            'let_go' => $this->letGo($doctor, $end),
            'end' => $this->end($doctor),
            'forget' => $this->finish($doctor),
            'rest' => null,
        };
    }

    /** A process has died after the answer. */
    private function acceptAgain(int $doctor): void
    {
        [$oauth, $subject] = [$this->opener->oauth(), $this->site->subject($doctor)];
        if ($oauth->heldConnection($subject) !== null) {
            $oauth->acceptHeld($subject);
        }
        /** This action is documented in src/Connections/OAuthCallback.php. */
        do_action('telemed_doctor_connected', $doctor);
    }

    /** Those who let go: whose grant is to end, or who hold something. */
    private function letGo(int $doctor, float $end): void
    {
        [$oauth, $subject] = [$this->opener->oauth(), $this->site->subject($doctor)];
        $before = $oauth->formerConnection($subject)?->zoomUserId();
        $holders = $this->visits->otherHolders($subject, (string) $oauth->connection($subject)?->zoomUserId());
        $hosts = array_values(array_unique([...$holders, ...($before === null ? [] : [$before])]));
        $accepted = $this->handovers->find($this->question($doctor));
        if ($accepted === null || $hosts === []) {
            $this->end($doctor);
            return;
        }
        $this->answers->bringOn($this->handovers->moveFromZoomUsers($accepted, $hosts), $end);
    }

    private function end(int $doctor): void
    {
        $this->opener->oauth()->endFormer($this->site->subject($doctor));
        $this->finish($doctor);
    }

    /** Whoever connects as that Zoom user again starts anew. A question that is open stays. */
    private function finish(int $doctor): void
    {
        array_map($this->handovers->forget(...), $this->answered($doctor));
    }

    /** @return list<Handover> */
    private function answered(int $doctor): array
    {
        $all = $this->handovers->ofZoomUsers($this->site->subject($doctor));
        return array_values(array_filter($all, static fn(Handover $one): bool => $one->answer() !== null));
    }

    private function question(int $doctor): Handover
    {
        return Handover::ofZoomUser($this->site->subject($doctor));
    }
}
