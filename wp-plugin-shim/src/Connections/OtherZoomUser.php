<?php
/**
 * A doctor has authorized as another Zoom user than before. If no upcoming visit is held by the one before, the new one takes its
 * place at once; else it is held until the doctor has answered, and the connection before goes on unchanged. If that one had
 * ended, the new one is in force at once, and the same is asked about the visits.
 *
 * Accepted, the new one is in force, and each visit keeps its meeting until it has another there; what is left of the Zoom user
 * before is started and deleted through that one's own grant, which ends when nothing needs it any more.
 *
 * The question is a handover that names no Zoom user yet; once its answer is carried out, there is one for each Zoom user who has let
 * go, until nothing is left of them. An answer is written down first, so that the worker finishes what a process left undone.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Apps\AppOpener;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\LetsGo;
use TelemedZoom\Store\Schema;
use TelemedZoom\Work\Answers;

defined('ABSPATH') || exit;

final class OtherZoomUser
{
    private const MOST_VISITS = 1000;
    private const RUN_SECONDS = 40.0;

    public function __construct(
        private readonly ZoomApps $apps,
        private readonly AppOpener $opener,
        private readonly LedgerQueries $queries,
        private readonly Handovers $handovers,
        private readonly Answers $answers,
        private readonly Settings $settings,
        private readonly Database $database,
        private readonly Extension $extension,
        private readonly Guard $guard,
        private readonly Site $site
    ) {
    }

    /** Who is connected now, in one sentence. */
    public static function told(\Telemed\Connection $connection): string
    {
        $who = $connection->zoomEmail() ?? $connection->zoomName() ?? '';
        return $who === ''
            ? __('Zoom is connected.', 'telemed-zoom')
            /* translators: %s: e-mail of a Zoom user */
            : sprintf(__('Zoom is connected as %s.', 'telemed-zoom'), $who);
    }

    public function register(): void
    {
        add_action(Hooks::RUN, [$this, 'run'], 15);
    }

    /**
     * Zoom has sent the doctor back.
     *
     * @param \Telemed\Connection $connection what the authorization gave
     * @return \Telemed\Connection the same, still 'held' where the doctor has to be asked; else the one in force
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function arrived(int $doctor, \Telemed\Connection $connection): \Telemed\Connection
    {
        // An earlier question, or an answer that was not carried out, was about another Zoom user.
        $this->handovers->forget($this->asked($doctor));
        if ($connection->status() !== 'held') {
            return $connection;
        }
        $this->handovers->note($this->asked($doctor));
        // Who has clicked Disconnect, which Zoom has not been told yet, has let go of the Zoom user before already.
        $isConnected = $this->apps->connection($doctor) !== null;
        if ($isConnected && $this->upcoming($doctor) !== []) {
            return $connection;
        }
        $connection = $this->putInForce($doctor);
        if ($isConnected) {
            $this->move($doctor, 0.0);
        }
        return $connection;
    }

    /**
     * The question that is open.
     *
     * @return ?array{new: \Telemed\Connection, before: string, visits: list<MeetingRecord>, handover: ?Handover} 'new' is held, or
     *         connected if the one before has ended; 'before': its e-mail, name or id
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function question(int $doctor): ?array
    {
        $connection = $this->apps->connection($doctor);
        if ($connection === null || $connection->status() !== 'connected') {
            return null;
        }
        $subject = $this->site->subject($doctor);
        $held = $this->opener->oauth()->heldConnection($subject);
        if ($held !== null) {
            $handover = $this->handover($doctor);
            return ['new' => $held, 'before' => self::name($connection), 'visits' => $this->upcoming($doctor), 'handover' => $handover];
        }
        $elsewhere = $this->isMoving($doctor) ? [] : $this->elsewhere($subject, (string) $connection->zoomUserId());
        $rows = array_values(array_filter($elsewhere, $this->canMove(...)));
        if ($rows === []) {
            return null;
        }
        $before = $rows[0]->hostEmail ?? (string) $rows[0]->hostId;
        return ['new' => $connection, 'before' => $before, 'visits' => $rows, 'handover' => null];
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

    /** Whether visits are still with the Zoom user before. */
    public function isMoving(int $doctor): bool
    {
        return $this->answered($doctor) !== [];
    }

    /**
     * Puts the held Zoom user in force, if one is, and moves the upcoming visits to it as far as the time reaches. The worker does the rest.
     *
     * @param float $seconds at most, for requests to Zoom
     * @return \Telemed\Connection the one in force
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function accept(int $doctor, float $seconds): \Telemed\Connection
    {
        $end = microtime(true) + $seconds;
        $connection = $this->question($doctor)['new'] ?? throw new Problem(
            'telemed_nothing_asked',
            __('this was answered already, or too long ago', 'telemed-zoom'),
            __('Log in to Zoom again as the Zoom user who shall hold your visits.', 'telemed-zoom'),
            409
        );
        if ($connection->status() === 'held') {
            $connection = $this->putInForce($doctor);
            /** This action is documented in src/Connections/OAuthCallback.php. */
            do_action('telemed_doctor_connected', $doctor);
        } else {
            $this->handovers->answer($this->asked($doctor), Answer::Move);
        }
        $this->move($doctor, $end);
        return $connection;
    }

    /**
     * Ends the held grant; the connection before stays.
     *
     * @throws \Telemed\TelemedException also when Zoom could not be told: the grant is unusable here, and the worker tells it later
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function decline(int $doctor): void
    {
        $asked = $this->asked($doctor);
        // An answer that was not carried out is not to be any more.
        $this->handovers->forget($asked);
        $this->handovers->note($asked);
        $this->opener->oauth()->declineHeld($this->site->subject($doctor));
        $this->handovers->forget($asked);
    }

    /** What is left to do. For cron; never throws because of one doctor. */
    public function run(): void
    {
        if (!$this->extension->isUsable() || !$this->guard->mayAct() || Schema::isMoving()) {
            return;
        }
        $end = microtime(true) + self::RUN_SECONDS;
        try {
            $subjects = array_map(static fn(Handover $one): string => $one->subject(), $this->handovers->of(LetsGo::ZoomUser));
            foreach (array_unique($subjects) as $subject) {
                try {
                    $this->goOn((int) $this->site->userOf($subject), $end);
                } catch (Problem | \Telemed\TelemedException) {
                    continue;
                }
            }
        } catch (DatabaseException) {
            // The next run tries again.
            return;
        }
    }

    private function goOn(int $doctor, float $end): void
    {
        $asked = $this->handovers->find($this->asked($doctor));
        $isHeld = $asked !== null && $this->opener->oauth()->heldConnection($asked->subject()) !== null;
        if ($asked?->answer() !== null) {
            $this->goOnAccepting($doctor, $isHeld);
        } elseif ($asked !== null && !$isHeld) {
            // Nobody has answered in time.
            $this->decline($doctor);
        }
        if ($this->isMoving($doctor)) {
            $this->move($doctor, $end);
        }
    }

    /** A process has died after the answer; what it still did is seen in the store. */
    private function goOnAccepting(int $doctor, bool $isHeld): void
    {
        if ($isHeld) {
            $this->opener->oauth()->acceptHeld($this->site->subject($doctor));
        }
        /** This action is documented in src/Connections/OAuthCallback.php. */
        do_action('telemed_doctor_connected', $doctor);
    }

    private function putInForce(int $doctor): \Telemed\Connection
    {
        $this->handovers->answer($this->asked($doctor), Answer::Move);
        // Where there is nothing to accept, another process has done so, or the question is over.
        return $this->opener->oauth()->acceptHeld($this->site->subject($doctor));
    }

    /** Of several processes one moves. */
    private function move(int $doctor, float $end): void
    {
        $lock = 'zoom_user:' . $doctor;
        if (!$this->database->lock($lock, 0.0)) {
            return;
        }
        try {
            $this->moveAlone($doctor, $end);
        } finally {
            $this->database->unlock($lock);
        }
    }

    private function moveAlone(int $doctor, float $end): void
    {
        if (Schema::isMoving()) {
            // Visits that need the grant before may not be known here yet.
            return;
        }
        $oauth = $this->opener->oauth();
        $subject = $this->site->subject($doctor);
        $host = $oauth->connection($subject)?->zoomUserId();
        if ($host === null) {
            // Disconnected, and the grant before has ended with it.
            $this->finish($doctor);
            return;
        }
        $answered = $this->handovers->find($this->asked($doctor));
        if ($answered?->answer() !== null) {
            $this->answers->bringOn($this->handovers->moveFromZoomUsers($answered, $this->lettingGo($subject, $host)), $end);
        }
        $isNeeded = $oauth->formerConnection($subject) !== null && $this->formerZoomUsers($subject, $host) !== [];
        if ($isNeeded || $this->elsewhere($subject, $host) !== []) {
            return;
        }
        $oauth->endFormer($subject);
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

    private function asked(int $doctor): Handover
    {
        return Handover::ofZoomUser($this->site->subject($doctor));
    }

    /** @return list<string> Zoom users before whose grant is to end, or who hold something */
    private function lettingGo(string $subject, string $host): array
    {
        $before = $this->opener->oauth()->formerConnection($subject)?->zoomUserId();
        return array_values(array_unique([...$this->formerZoomUsers($subject, $host), ...($before === null ? [] : [$before])]));
    }

    /** @return list<string> Zoom users before who hold something that is to come, or has to go */
    private function formerZoomUsers(string $subject, string $host): array
    {
        return $this->handovers->formerZoomUsers($subject, $this->settings->text('oauth_client_id'), $host);
    }

    /** @return list<MeetingRecord> visits to come, the soonest first, that the Zoom user in force holds */
    private function upcoming(int $doctor): array
    {
        $host = $this->apps->connection($doctor)?->zoomUserId();
        return array_values(array_filter(
            $this->queries->upcomingOfConnection($this->site->subject($doctor), self::MOST_VISITS),
            fn(MeetingRecord $row): bool => $this->isOfApp($row) && ($row->hostId === null || $host === null || $row->hostId === $host)
        ));
    }

    /** @return list<MeetingRecord> visits to come, the soonest first, that other Zoom users hold through this connection */
    private function elsewhere(string $subject, string $host): array
    {
        return array_values(array_filter(
            $this->queries->upcomingOfConnection($subject, self::MOST_VISITS),
            fn(MeetingRecord $row): bool => $this->isOfApp($row) && $row->hostId !== null && $row->hostId !== $host
        ));
    }

    /** A Zoom user, for people. */
    public static function name(\Telemed\Connection $connection): string
    {
        return $connection->zoomEmail() ?? $connection->zoomName() ?? $connection->zoomUserId() ?? __('another Zoom user', 'telemed-zoom');
    }

    /** Another app's meetings are another matter (FormerMeetings). */
    private function isOfApp(MeetingRecord $row): bool
    {
        return $row->mode?->doctorsConnect() === true && $row->app === $this->settings->text('oauth_client_id');
    }

    /** What can be joined goes on where people are; what is being made stays where it is made. */
    private function canMove(MeetingRecord $row): bool
    {
        return ($row->state === MeetingState::Made || $row->state === MeetingState::Updating) && $row->joinsFrom($this->settings->joinMinutesBefore()) > Clock::now();
    }
}
