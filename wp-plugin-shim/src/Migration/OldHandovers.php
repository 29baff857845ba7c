<?php
/**
 * What version 0.1.0 has noted of who or what lets go of meetings: of an app beside each of its meetings, of doctors as signals. The
 * moments stay, for days are counted from them.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Migration;

use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Answer;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\Signals;

defined('ABSPATH') || exit;

final class OldHandovers
{
    /** Signals, each followed by a colon and the doctor's user id. */
    private const DISCONNECTED = 'disconnected';
    private const LEFT = 'left';
    private const ASKED = 'zoom_user_asked';
    /** Steps of carrying out that a doctor has accepted another Zoom user. */
    private const ACCEPTED = ['zoom_user_accepted', 'zoom_user_moving', 'zoom_user_ending'];

    public function __construct(
        private readonly Database $database,
        private readonly OldTables $old,
        private readonly Handovers $handovers,
        private readonly Site $site
    ) {
    }

    /**
     * Begun once more after it broke off, it changes nothing.
     *
     * @throws DatabaseException
     */
    public function bring(): void
    {
        $sql = "SELECT DISTINCT app FROM {$this->old->meetings()} WHERE state = 'moving' AND app IS NOT NULL AND end_utc >= ?";
        foreach ($this->database->rows($sql, [Clock::sql()]) as $row) {
            $this->handovers->note(Handover::ofApp((string) $row['app'])->answered(Answer::Move, null, 0));
        }
        $this->database->atomically(function (): void {
            $site = $this->site;
            // What was decided of visits was carried out at once there. Who disconnects takes along what is left; of who has left that is
            // still to be decided.
            $this->bringSignals(self::DISCONNECTED, static fn(int $doctor): Handover => Handover::ofDisconnected($site->subject($doctor), $doctor)->answered(Answer::Wait, null, 0));
            $this->bringSignals(self::LEFT, Handover::ofLeft(...));
            foreach (self::ACCEPTED as $name) {
                $this->bringSignals($name, static fn(int $doctor): Handover => Handover::ofZoomUser($site->subject($doctor))->answered(Answer::Move, null, 0));
            }
            $this->bringSignals(self::ASKED, static fn(int $doctor): Handover => Handover::ofZoomUser($site->subject($doctor)));
        });
    }

    /**
     * All visits have come along: whoever lets go of them is held against each.
     *
     * @throws DatabaseException
     */
    public function wake(): void
    {
        $this->handovers->wake(null);
    }

    /**
     * @param \Closure(int): Handover $of
     * @throws DatabaseException
     */
    private function bringSignals(string $name, \Closure $of): void
    {
        $signals = new Signals($this->database);
        foreach ($signals->startingWith("$name:") as $signal => $since) {
            $this->handovers->note($of((int) substr((string) $signal, strlen("$name:")))->isSince($since));
            $signals->clear((string) $signal);
        }
    }
}
