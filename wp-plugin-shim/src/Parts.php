<?php
/**
 * The parts of the plugin, put together; hooking them into WordPress is Plugin's. Nothing here is kept per blog, so switch_to_blog() is
 * safe.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Apps\FormerApps;
use TelemedZoom\Apps\Grants;
use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\DepartureMarks;
use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Connections\OAuthCallback;
use TelemedZoom\Connections\OtherZoomUser;
use TelemedZoom\Departures\Departures;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\Leftovers;
use TelemedZoom\Ledger\Limits;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\RateLimit;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Reconcile\Reconcile;
use TelemedZoom\Reconcile\ReconcileQueries;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Signals;
use TelemedZoom\Visits\Committed;
use TelemedZoom\Visits\Overlaps;
use TelemedZoom\Visits\Visits;
use TelemedZoom\Work\AfterRequest;
use TelemedZoom\Work\Breaker;
use TelemedZoom\Work\CurrentMeeting;
use TelemedZoom\Work\JoinSlots;
use TelemedZoom\Work\ManualVisits;
use TelemedZoom\Work\MeetingMaker;
use TelemedZoom\Work\MeetingMover;
use TelemedZoom\Work\UncertainMeetings;
use TelemedZoom\Work\Worker;
use TelemedZoom\Work\WriteBudget;

defined('ABSPATH') || exit;

final class Parts
{
    public readonly Site $site;
    public readonly Extension $extension;
    public readonly EncryptionKey $key;
    public readonly Settings $settings;
    public readonly FormerApps $formerApps;
    public readonly Database $database;
    public readonly HostMap $hosts;
    public readonly OwnAccounts $ownAccounts;
    public readonly Guard $guard;
    public readonly ZoomApps $apps;
    public readonly Grants $grants;
    public readonly Departures $departures;
    public readonly Ledger $ledger;
    public readonly AppointmentSources $sources;
    public readonly Standing $standing;
    public readonly LedgerQueries $queries;
    public readonly Overlaps $overlaps;
    public readonly Leftovers $leftovers;
    public readonly MeetingLog $log;
    public readonly RateLimit $rate;
    public readonly Limits $limits;
    public readonly Visits $visits;
    public readonly ManualVisits $manual;
    public readonly Worker $worker;
    public readonly CurrentMeeting $current;
    public readonly AfterRequest $afterRequest;
    public readonly Reconcile $reconcile;
    public readonly OtherZoomUser $otherZoomUser;
    public readonly UncertainMeetings $uncertain;
    public readonly OAuthCallback $oauthCallback;

    /** Either argument may be another one in a test. */
    public function __construct(?Extension $extension = null, ?EncryptionKey $key = null)
    {
        $this->site = new Site();
        $this->extension = $extension ?? new Extension();
        $this->key = $key ?? new EncryptionKey();
        $this->settings = new Settings($this->key, $this->extension);
        $this->database = new Database($this->site);
        $this->sources = new AppointmentSources();
        $this->standing = new Standing($this->sources, $this->database);
        $this->log = new MeetingLog($this->database);
        $this->ledger = new Ledger($this->database, $this->log);
        $this->queries = new LedgerQueries($this->database);
        $this->leftovers = new Leftovers($this->database);
        $this->formerApps = new FormerApps($this->queries);
        $this->hosts = new HostMap();
        $this->ownAccounts = new OwnAccounts($this->formerApps);
        $this->guard = new Guard();
        $signals = new Signals($this->database);
        $departing = new DepartureMarks($signals);
        $this->apps = new ZoomApps(
            $this->settings,
            $this->formerApps,
            $this->key,
            $this->extension,
            $this->database,
            $this->hosts,
            $this->ownAccounts,
            $this->site,
            $this->guard,
            $departing
        );
        $this->overlaps = new Overlaps($this->database, $this->apps);
        $this->grants = new Grants($this->apps, $this->formerApps, $this->settings, $this->site);
        $this->rate = new RateLimit($this->database, $this->site);
        $this->limits = new Limits($this->rate);
        $this->visits = new Visits($this->ledger, $this->leftovers, $this->database, $this->log, $this->apps, $this->limits);
        $breaker = new Breaker($signals);
        $budget = new WriteBudget($this->database);
        $mover = new MeetingMover($this->ledger, $this->queries, $this->leftovers, $this->apps, $this->site, $budget, $breaker, $this->database, $this->settings);
        $maker = new MeetingMaker($this->ledger, $this->queries, $this->leftovers, $this->apps, $this->site, $budget, $breaker, $this->log, $mover, $this->database);
        $this->worker = new Worker(
            $this->ledger,
            $this->queries,
            $this->leftovers,
            new Committed($this->ledger, $this->queries, $this->leftovers, $this->sources, $this->database, $this->visits),
            $maker,
            $breaker,
            $budget,
            $signals,
            $this->extension,
            $this->guard
        );
        $this->departures = new Departures($departing, $this->grants, $this->apps, $this->visits, $this->queries, $this->standing, $this->leftovers, $this->worker, $this->log, $this->site);
        $this->current = new CurrentMeeting($this->ledger, $this->worker, $maker, $this->apps, $breaker, new JoinSlots($this->database, $this->settings));
        $this->manual = new ManualVisits($this->visits, $this->ledger, $this->worker, $this->apps, $this->site, $this->limits);
        $this->afterRequest = new AfterRequest($this->worker);
        $this->uncertain = new UncertainMeetings($this->ledger, $this->queries, $this->apps, $maker, $this->log, $this->site);
        $this->reconcile = new Reconcile($this->ledger, new ReconcileQueries($this->database), $this->apps, $maker, $budget, $this->log, $this->site);
        $this->otherZoomUser = new OtherZoomUser($signals, $this->apps, $this->queries, $this->leftovers, $this->ledger, $this->worker, $this->settings, $this->database, $this->extension, $this->guard, $this->site);
        $this->oauthCallback = new OAuthCallback($this->apps, $this->settings, $this->site, $this->otherZoomUser);
    }
}
