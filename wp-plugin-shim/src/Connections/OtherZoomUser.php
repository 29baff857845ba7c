<?php
/**
 * A doctor has authorized as another Zoom user than before. If no upcoming visit is held by the one before, the new one takes its
 * place at once; else it is held until the doctor has answered, and the connection before goes on unchanged. If that one had
 * ended, the new one is in force at once, and the same is asked about the visits.
 *
 * Accepted, the new one is in force, and each visit keeps its meeting until it has another there; what is left of the Zoom user
 * before is started and deleted through that one's own grant, which ends when nothing needs it any more (ZoomUserChange).
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Apps\AppOpener;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\Permit;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Handover;

defined('ABSPATH') || exit;

final class OtherZoomUser
{
    private const RUN_SECONDS = 40.0;

    public function __construct(
        private readonly ZoomApps $apps,
        private readonly AppOpener $opener,
        private readonly ZoomUserVisits $visits,
        private readonly ZoomUserChange $change,
        private readonly Permit $permit,
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

    /** A Zoom user, for people. */
    public static function name(\Telemed\Connection $connection): string
    {
        return $connection->zoomEmail() ?? $connection->zoomName() ?? $connection->zoomUserId() ?? __('another Zoom user', 'telemed-zoom');
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
        $this->change->forgetQuestion($doctor);
        if ($connection->status() !== 'held') {
            return $connection;
        }
        $this->change->ask($doctor);
        // Who has clicked Disconnect, which Zoom has not been told yet, has let go of the Zoom user before already.
        $before = $this->apps->connection($doctor);
        if ($before !== null && $this->visits->heldBy($this->site->subject($doctor), $before->zoomUserId()) !== []) {
            return $connection;
        }
        $connection = $this->change->putInForce($doctor);
        if ($before !== null) {
            $this->change->goOn($doctor, true, 0.0);
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
            return [
                'new' => $held,
                'before' => self::name($connection),
                'visits' => $this->visits->heldBy($subject, $connection->zoomUserId()),
                'handover' => $this->change->handover($doctor),
            ];
        }
        $elsewhere = $this->visits->heldByOthers($subject, (string) $connection->zoomUserId());
        $rows = array_values(array_filter($elsewhere, $this->visits->canMove(...)));
        if ($rows === [] || $this->change->isMoving($doctor)) {
            return null;
        }
        $before = $rows[0]->hostEmail ?? (string) $rows[0]->hostId;
        return ['new' => $connection, 'before' => $before, 'visits' => $rows, 'handover' => null];
    }

    /**
     * Puts the held Zoom user in force, if one is, and moves the upcoming visits to it as far as the time reaches. The worker does
     * the rest.
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
            $connection = $this->change->putInForce($doctor);
            /** This action is documented in src/Connections/OAuthCallback.php. */
            do_action('telemed_doctor_connected', $doctor);
        } else {
            $this->change->accept($doctor);
        }
        $this->change->goOn($doctor, true, $end);
        return $connection;
    }

    /** What is left to do. For cron; never throws because of one doctor. */
    public function run(): void
    {
        if (!$this->permit->isGiven()) {
            return;
        }
        $end = microtime(true) + self::RUN_SECONDS;
        try {
            foreach ($this->change->doctors() as $doctor) {
                try {
                    $this->change->goOn($doctor, false, $end);
                } catch (Problem | \Telemed\TelemedException) {
                    continue;
                }
            }
        } catch (DatabaseException) {
            // The next run tries again.
            return;
        }
    }
}
