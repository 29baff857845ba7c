<?php
/**
 * What was found is looked at once more, alone, and told to the extension, which decides what comes of it. Only orphans, which are no
 * visit's, are deleted here.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use Telemed\Comparison;
use Telemed\Visit;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Work\OneVisit;

defined('ABSPATH') || exit;

final class Treatment
{
    public function __construct(
        private readonly ReconcileQueries $queries,
        private readonly VisitStore $store,
        private readonly OneVisit $oneVisit,
        private readonly Moments $moments,
        private readonly MeetingLog $log
    ) {
    }

    /**
     * @param array<string, mixed> $found as Telemed\Comparison gives it
     * @return ?Finding null: nothing was to be done any more
     * @throws DatabaseException
     */
    public function of(array $found, Comparison $comparison, Credentials $credentials, ComparedHost $host): ?Finding
    {
        $finding = Finding::of($found, $host);
        try {
            $isDone = $finding->row === null
                ? $this->deleteOrphan((int) $finding->meeting, $comparison, $credentials)
                : $this->tell($found, $comparison, $credentials);
            return $isDone ? $finding : null;
        } catch (Problem | \Telemed\TelemedException $failure) {
            return $finding->butFailed(ErrorText::of($failure));
        }
    }

    /**
     * Lists leave out whether it is in progress, and it may have been taken meanwhile: read it once more, then act.
     *
     * @throws Problem|\Telemed\TelemedException
     * @throws DatabaseException
     */
    private function deleteOrphan(int $number, Comparison $comparison, Credentials $credentials): bool
    {
        $client = $credentials->client->within(HostLook::CALL_SECONDS);
        try {
            $found = $client->meeting($number);
        } catch (\Telemed\TelemedException $failure) {
            return $failure->isGone() ? false : throw $failure;
        }
        $meetings = [...$this->queries->ofNumbers([$number]), ...$this->queries->withoutNumber()];
        if (!$comparison->isOrphan(IntendedMeeting::rows($meetings), $found, $this->moments->now())) {
            return false;
        }
        $client->deleteMeeting($number);
        $this->log->write(0, 'orphan_deleted', $client->lastTrackingId(), (string) $number);
        return true;
    }

    /**
     * @param array<string, mixed> $finding
     * @return bool whether anything comes of it
     * @throws Problem|\Telemed\TelemedException
     * @throws DatabaseException
     */
    private function tell(array $finding, Comparison $comparison, Credentials $credentials): bool
    {
        $meeting = $this->queries->find((int) $finding['visit'], (int) $finding['generation']);
        if ($meeting === null || $comparison->isBusy($meeting->row)) {
            return false;
        }
        $seen = null;
        foreach (Comparison::looksUp($finding, $meeting->row) as $number) {
            $seen ??= HostLook::find($number, $meeting, $credentials);
        }
        $at = $this->moments->now();
        $input = static fn(Visit $now): ?Visit => $now->compared($comparison, $finding, $meeting->row, $seen, $at);
        if ($this->store->change($meeting->visit, $input, $at) === null) {
            return false;
        }
        if ($finding['action'] === Finding::RESTORE) {
            $this->restoreNow($meeting);
        }
        return true;
    }

    /**
     * Puts the private settings back at once.
     *
     * @throws Problem they are as they were, or nobody knows
     * @throws DatabaseException
     */
    private function restoreNow(IntendedMeeting $meeting): void
    {
        $problem = $this->oneVisit->tryNow($meeting->visit, HostLook::CALL_SECONDS)?->lastError;
        if ($problem !== null && $this->queries->find($meeting->visit, $meeting->generation)?->isToBeRestored()) {
            throw new Problem('telemed_not_restored', $problem);
        }
    }
}
