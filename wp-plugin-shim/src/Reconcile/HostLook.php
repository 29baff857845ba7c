<?php
/**
 * One host's meetings as Zoom shows them, and the rows of visits that they are held against: fetched in the order in which the
 * extension's comparison wants them.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use Telemed\Comparison;
use Telemed\Meeting;
use TelemedZoom\ErrorText;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Problem;
use TelemedZoom\Run\Moments;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class HostLook
{
    private const PORTION = 300;
    public const CALL_SECONDS = 30.0;

    public function __construct(private readonly ReconcileQueries $queries, private readonly Moments $moments)
    {
    }

    /**
     * @return array{Comparison, list<Finding>} the comparison, and where settings could not be looked at
     * @throws Problem|\Telemed\TelemedException
     * @throws DatabaseException
     */
    public function at(ComparedHost $host, Credentials $credentials, SettingsLook $settings, Tally $tally): array
    {
        $comparison = new Comparison($host->maker, $this->moments->now());
        $this->list($comparison, $credentials);
        // After the list: what was begun meanwhile is known by then.
        $withoutNumber = $this->queries->withoutNumber();
        foreach ($comparison->hasStrays() ? $this->portions($host) : [] as $portion) {
            $comparison->bereft(IntendedMeeting::rows($portion));
        }
        $comparison->withoutNumber(IntendedMeeting::rows($withoutNumber));
        $tally->hosts++;
        $unreachable = [];
        foreach ($this->portions($host) as $portion) {
            array_walk($portion, static fn(IntendedMeeting $meeting) => $tally->note($meeting, $comparison->isBusy($meeting->row)));
            foreach ($comparison->rest(IntendedMeeting::rows($portion), $settings->isNightly) as $place) {
                if ($unreachable === [] && $settings->hasTime()) {
                    try {
                        $this->settings($comparison, $portion[$place], $credentials);
                    } catch (Problem | \Telemed\TelemedException $failure) {
                        // What the lists have told stands all the same.
                        $unreachable[] = Finding::unreachable($host, ErrorText::of($failure));
                    }
                }
            }
        }
        return [$comparison, $unreachable];
    }

    /**
     * The meeting of this number as it is at Zoom, with its settings compared; null when Zoom has lost it.
     *
     * @throws Problem|\Telemed\TelemedException
     */
    public static function find(int $number, IntendedMeeting $meeting, Credentials $credentials): ?Meeting
    {
        try {
            return $credentials->client->within(self::CALL_SECONDS)->meeting($number, $meeting->request($credentials->maker->namedHost()));
        } catch (\Telemed\TelemedException $failure) {
            return $failure->isGone() ? null : throw $failure;
        }
    }

    /**
     * @throws \Telemed\TelemedException
     * @throws DatabaseException
     */
    private function list(Comparison $comparison, Credentials $credentials): void
    {
        $client = $credentials->client->within(self::CALL_SECONDS);
        $token = null;
        do {
            try {
                $page = $client->meetingPage($credentials->maker->namedHost(), $token);
            } catch (\Telemed\TelemedException $failure) {
                if (!$comparison->beginsAgain($failure->id())) {
                    throw $failure;
                }
                $page = $client->meetingPage($credentials->maker->namedHost(), null);
            }
            $numbers = array_map(static fn(Meeting $meeting): int => $meeting->id(), $page->meetings());
            $comparison->page(IntendedMeeting::rows($this->queries->ofNumbers($numbers)), $page->meetings());
            $token = $page->next();
        } while ($token !== null);
    }

    /** @throws Problem|\Telemed\TelemedException */
    private function settings(Comparison $comparison, IntendedMeeting $meeting, Credentials $credentials): void
    {
        $found = self::find((int) $meeting->number, $meeting, $credentials);
        if ($found !== null) {
            $comparison->settings($meeting->row, $found);
        }
    }

    /**
     * @return \Generator<list<IntendedMeeting>> the host's meetings that serve visits to come
     * @throws DatabaseException
     */
    private function portions(ComparedHost $host): \Generator
    {
        $last = 0;
        do {
            $portion = $this->queries->upcomingOfHost($host, $last, self::PORTION);
            yield $portion;
            $last = $portion === [] ? $last : $portion[count($portion) - 1]->visit;
        } while (count($portion) === self::PORTION);
    }
}
