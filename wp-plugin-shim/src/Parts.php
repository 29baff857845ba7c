<?php
/**
 * The parts of the plugin, put together; hooking them into WordPress is Plugin's. Nothing here is kept per blog, so switch_to_blog() is
 * safe.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Apps\AppOpener;
use TelemedZoom\Apps\Grants;
use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Clinic\AppRegistry;
use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\EnteredSettings;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Permit;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Connections\OAuthCallback;
use TelemedZoom\Connections\OtherZoomUser;
use TelemedZoom\Connections\ZoomUserChange;
use TelemedZoom\Connections\ZoomUserVisits;
use TelemedZoom\Departures\Departures;
use TelemedZoom\Departures\EndingGrants;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\Limits;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\RateLimit;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Ledger\VisitRecords;
use TelemedZoom\Mail\Outbox;
use TelemedZoom\Mail\VisitMailer;
use TelemedZoom\Mail\WaitingMails;
use TelemedZoom\Migration\FromSchema5;
use TelemedZoom\Migration\OldApps;
use TelemedZoom\Migration\OldHandovers;
use TelemedZoom\Migration\OldLog;
use TelemedZoom\Migration\OldTables;
use TelemedZoom\Migration\OldVisits;
use TelemedZoom\Migration\Upgrade;
use TelemedZoom\Reconcile\HostLook;
use TelemedZoom\Reconcile\Reconcile;
use TelemedZoom\Reconcile\ReconcileQueries;
use TelemedZoom\Reconcile\Treatment;
use TelemedZoom\Run\ClinicWorld;
use TelemedZoom\Run\NoticeSender;
use TelemedZoom\Run\SiteMoments;
use TelemedZoom\Run\VisitLoop;
use TelemedZoom\Run\ZoomExchange;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Counters;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\Outages;
use TelemedZoom\Store\Schema;
use TelemedZoom\Store\SealedLinks;
use TelemedZoom\Store\Signals;
use TelemedZoom\Store\SodiumVault;
use TelemedZoom\Store\VisitStore;
use TelemedZoom\Store\VisitTables;
use TelemedZoom\Work\AfterRequest;
use TelemedZoom\Work\Answers;
use TelemedZoom\Work\AppointmentWatch;
use TelemedZoom\Work\CurrentMeeting;
use TelemedZoom\Work\JoinSlots;
use TelemedZoom\Work\ManualVisits;
use TelemedZoom\Work\MeetingLook;
use TelemedZoom\Work\OneVisit;
use TelemedZoom\Work\OverlapWatch;
use TelemedZoom\Work\UncertainMeetings;
use TelemedZoom\Work\Visits;
use TelemedZoom\Work\Worker;

defined('ABSPATH') || exit;

final class Parts
{
    public readonly Site $site;
    public readonly Extension $extension;
    public readonly EncryptionKey $key;
    public readonly Settings $settings;
    public readonly EnteredSettings $entered;
    public readonly AppRegistry $registry;
    public readonly Database $database;
    public readonly HostMap $hosts;
    public readonly OwnAccounts $ownAccounts;
    public readonly Guard $guard;
    public readonly Permit $permit;
    public readonly AppOpener $opener;
    public readonly ZoomApps $apps;
    public readonly Grants $grants;
    public readonly Answers $answers;
    public readonly Departures $departures;
    public readonly VisitTables $tables;
    public readonly SealedLinks $links;
    public readonly Counters $counters;
    public readonly Outages $outages;
    public readonly VisitStore $store;
    public readonly Upgrade $migration;
    public readonly SiteMoments $moments;
    public readonly VisitRecords $records;
    public readonly Handovers $handovers;
    public readonly NoticeSender $sender;
    public readonly Outbox $outbox;
    public readonly VisitMailer $mailer;
    public readonly VisitLoop $loop;
    public readonly ClinicWorld $world;
    public readonly Signals $signals;
    public readonly Ledger $ledger;
    public readonly AppointmentSources $sources;
    public readonly Standing $standing;
    public readonly LedgerQueries $queries;
    public readonly Overlaps $overlaps;
    public readonly MeetingLog $log;
    public readonly RateLimit $rate;
    public readonly Limits $limits;
    public readonly Visits $visits;
    public readonly ManualVisits $manual;
    public readonly Worker $worker;
    public readonly OneVisit $oneVisit;
    public readonly CurrentMeeting $current;
    public readonly AfterRequest $afterRequest;
    public readonly Reconcile $reconcile;
    public readonly ZoomUserChange $zoomUserChange;
    public readonly OtherZoomUser $otherZoomUser;
    public readonly UncertainMeetings $uncertain;
    public readonly OAuthCallback $oauthCallback;
    public readonly Api $api;

    /** Either argument may be another one in a test. */
    public function __construct(?Extension $extension = null, ?EncryptionKey $key = null)
    {
        $this->site = new Site();
        $this->extension = $extension ?? new Extension();
        $this->key = $key ?? new EncryptionKey();
        $this->database = new Database($this->site);
        $this->tables = new VisitTables();
        $this->registry = new AppRegistry($this->database, $this->tables, OldApps::unmoved(...));
        $this->settings = new Settings($this->key, $this->registry);
        $this->entered = new EnteredSettings($this->settings, $this->registry, $this->key, $this->extension);
        $this->guard = new Guard();
        $this->sources = new AppointmentSources($this->askForSources(...));
        $this->standing = new Standing($this->sources, $this->database);
        $this->signals = new Signals($this->database);
        $this->rate = new RateLimit($this->database, $this->site);
        $this->limits = new Limits($this->rate);
        $settings = $this->settings;
        $this->moments = new SiteMoments($this->site, static fn(): array => [
            'join_minutes_before' => $settings->joinMinutesBefore(),
            'mails_zooms_link' => $settings->mailsZoomsLink(),
            'writes_of_patient' => Limits::writesOfPatient(),
        ]);
        $this->prepareVisits();
        $this->prepareZoom();
        $this->prepareWork();
    }

    /** The tables of visits, what reads them and what writes them. */
    private function prepareVisits(): void
    {
        [$extension, $key] = [$this->extension, $this->key];
        $this->links = new SealedLinks(static fn(): \Telemed\Vault|SodiumVault => $extension->isUsable() ? $key->vault() : $key->vaultWithoutExtension());
        $this->counters = new Counters($this->database, $this->tables);
        $this->outages = new Outages($this->database, $this->tables);
        [$schema, $old] = [new Schema($this->tables), new OldTables()];
        $log = new OldLog($this->database, $old, $this->tables);
        $moved = new VisitStore($this->database, $this->tables, $this->counters, $this->outages, $this->links);
        $migration = new FromSchema5(
            $this->database,
            $schema,
            $old,
            $this->tables,
            new OldVisits($this->database, $old, $log, $moved, $this->links, $this->sources, $this->moments),
            $log,
            new OldHandovers($this->database, $old, $this->handovers = new Handovers($this->database, $this->tables), $this->site)
        );
        $this->migration = new Upgrade($schema, $old, $migration, new OldApps($this->registry, $this->entered), $this->database, $this->extension, $this->key);
        $this->store = new VisitStore($this->database, $this->tables, $this->counters, $this->outages, $this->links, $this->migration->bring(...));
        $this->records = new VisitRecords($this->database, $this->tables, $this->links);
        $this->ledger = new Ledger($this->records, $this->migration->find(...));
        $this->queries = new LedgerQueries($this->database, $this->tables, $this->records);
        $this->log = new MeetingLog($this->database, $this->tables);
    }

    /** The clinic's apps at Zoom, and who hosts. */
    private function prepareZoom(): void
    {
        $this->hosts = new HostMap();
        $this->ownAccounts = new OwnAccounts($this->registry);
        $this->permit = new Permit($this->extension, $this->guard);
        $this->opener = new AppOpener($this->settings, $this->registry, $this->key, $this->database, $this->permit);
        $this->apps = new ZoomApps($this->settings, $this->opener, $this->hosts, $this->ownAccounts, $this->handovers, $this->permit, $this->site);
        $this->grants = new Grants($this->opener, $this->registry, $this->site);
        $this->overlaps = new Overlaps($this->database, $this->tables, $this->apps);
    }

    /** What brings visits on, and what people ask for. */
    private function prepareWork(): void
    {
        $this->world = new ClinicWorld($this->sources, $this->database, $this->apps, $this->store, $this->handovers);
        $this->loop = new VisitLoop($this->database, $this->store, $this->counters, $this->outages, $this->world, new ZoomExchange($this->store, $this->world), $this->moments);
        $this->mailer = new VisitMailer($this->sources, $this->log, $this->settings, $this->site, $this->limits);
        $this->sender = new NoticeSender($this->store, $this->records, $this->mailer, new WaitingMails($this->database, $this->tables), $this->log, $this->moments, $this->guard);
        $overlaps = new OverlapWatch($this->overlaps, $this->sources, $this->ledger, $this->store, $this->moments);
        $this->oneVisit = new OneVisit($this->loop, $this->store, $this->ledger, $this->sender, $this->outbox = new Outbox(), $overlaps, $this->permit);
        $appointments = new AppointmentWatch($this->loop, $this->store, $this->queries, $this->sources, $this->database, $overlaps);
        $this->worker = new Worker($this->loop, $appointments, $this->store, $this->sender, $this->counters, $this->signals, $this->permit);
        $this->afterRequest = new AfterRequest($this->oneVisit);
        $this->visits = new Visits($this->store, $this->ledger, $this->moments, $this->afterRequest, $this->extension, $this->apps, $this->log, $this->limits);
        $this->api = new Api($this->visits, $this->ledger, $this->queries, $this->sources, $this->database);
        $this->manual = new ManualVisits($this->visits, $this->ledger, $this->oneVisit, $this->afterRequest, $this->extension, $this->apps, $this->site, $this->limits);
        $this->answers = new Answers($this->handovers, $this->oneVisit, $this->apps, $this->extension);
        $grants = new EndingGrants($this->grants, $this->queries, $this->store, $this->moments, $this->site);
        $this->departures = new Departures($this->handovers, $this->answers, $grants, $this->queries, $this->standing, $this->site);
        $look = new MeetingLook($this->store, $this->apps, $this->outages, $this->moments, $this->permit);
        $this->current = new CurrentMeeting($this->ledger, $this->oneVisit, $look, new JoinSlots($this->database, $this->settings));
        $this->uncertain = new UncertainMeetings($this->ledger, $this->queries, $this->apps, $this->store, $this->moments, $this->log);
        $compared = new ReconcileQueries($this->database, $this->tables, $this->links);
        $treatment = new Treatment($compared, $this->store, $this->oneVisit, $this->moments, $this->log);
        $this->reconcile = new Reconcile($compared, $this->apps, new HostLook($compared, $this->moments), $treatment);
        $visits = new ZoomUserVisits($this->queries, $this->handovers, $this->settings);
        $this->zoomUserChange = new ZoomUserChange($this->opener, $visits, $this->handovers, $this->answers, $this->database, $this->site);
        $this->otherZoomUser = new OtherZoomUser($this->apps, $this->opener, $visits, $this->zoomUserChange, $this->permit, $this->site);
        $this->oauthCallback = new OAuthCallback($this->opener, $this->settings, $this->site, $this->otherZoomUser);
    }

    private function askForSources(): void
    {
        /**
         * Fires when appointment systems are first needed in a request: other plugins register theirs.
         *
         * @since 0.2.0
         * @api
         *
         * @param \TelemedZoom\Api $visits What telemed_visits() gives.
         */
        do_action('telemed_register_sources', $this->api);
    }
}
