<?php
/**
 * Which visits a doctor's Zoom users hold through the OAuth app in force. Another app's are another matter (FormerMeetings).
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Handovers;

defined('ABSPATH') || exit;

final class ZoomUserVisits
{
    private const MOST_VISITS = 1000;

    public function __construct(
        private readonly LedgerQueries $queries,
        private readonly Handovers $handovers,
        private readonly Settings $settings
    ) {
    }

    /**
     * Visits to come that this Zoom user holds, or may hold.
     *
     * @param ?string $host null: not known, so that it may be any
     * @return list<MeetingRecord> the soonest first
     * @throws DatabaseException
     */
    public function heldBy(string $subject, ?string $host): array
    {
        return $this->upcoming($subject, static fn(?string $who): bool => $who === null || $host === null || $who === $host);
    }

    /**
     * Visits to come that other Zoom users hold.
     *
     * @return list<MeetingRecord> the soonest first
     * @throws DatabaseException
     */
    public function heldByOthers(string $subject, string $host): array
    {
        return $this->upcoming($subject, static fn(?string $who): bool => $who !== null && $who !== $host);
    }

    /** Whether its meeting is moved: what can be joined goes on where people are, what is being made stays where it is made. */
    public function canMove(MeetingRecord $row): bool
    {
        $isMade = $row->state === MeetingState::Made || $row->state === MeetingState::Updating;
        return $isMade && $row->joinsFrom($this->settings->joinMinutesBefore()) > Clock::now();
    }

    /**
     * Other Zoom users who hold something that is to come, or has to go.
     *
     * @return list<string> Zoom user ids
     * @throws DatabaseException
     */
    public function otherHolders(string $subject, string $host): array
    {
        return $this->handovers->formerZoomUsers($subject, $this->settings->text('oauth_client_id'), $host);
    }

    /**
     * @param \Closure(?string): bool $isMeant is given the Zoom user
     * @return list<MeetingRecord>
     */
    private function upcoming(string $subject, \Closure $isMeant): array
    {
        $app = $this->settings->text('oauth_client_id');
        return array_values(array_filter(
            $this->queries->upcomingOfConnection($subject, self::MOST_VISITS),
            static fn(MeetingRecord $row): bool => $row->app === $app && $isMeant($row->hostId)
        ));
    }
}
