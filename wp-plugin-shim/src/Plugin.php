<?php
/**
 * Puts the parts together and hooks them into WordPress. Nothing here is kept per blog, so switch_to_blog() is safe.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Apps\FormerApps;
use TelemedZoom\Apps\FormerMeetings;
use TelemedZoom\Apps\FormerMeetingsScreen;
use TelemedZoom\Apps\ZoomApps;
use TelemedZoom\Care\PersonalData;
use TelemedZoom\Care\PersonalRows;
use TelemedZoom\Connections\ConnectionWatch;
use TelemedZoom\Connections\Deauthorizations;
use TelemedZoom\Connections\Grants;
use TelemedZoom\Connections\OAuthCallback;
use TelemedZoom\Connections\OtherZoomUser;
use TelemedZoom\Connections\OtherZoomUserQuestion;
use TelemedZoom\Connections\Renewal;
use TelemedZoom\Connections\SavedConnections;
use TelemedZoom\Connections\WebhookRoute;
use TelemedZoom\Departures\DepartureMarks;
use TelemedZoom\Departures\DepartureScreen;
use TelemedZoom\Departures\Departures;
use TelemedZoom\Departures\DoctorLeaves;
use TelemedZoom\Doctors\Capabilities;
use TelemedZoom\Doctors\DoctorProfile;
use TelemedZoom\Doctors\DoctorsScreen;
use TelemedZoom\Doctors\HostMap;
use TelemedZoom\Doctors\OwnAccounts;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Committed;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\Leftovers;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Mail\MailClaims;
use TelemedZoom\Mail\Outbox;
use TelemedZoom\Mail\TroubleMails;
use TelemedZoom\Mail\VisitMailer;
use TelemedZoom\Mail\VisitMails;
use TelemedZoom\Mail\WaitingMailsNotice;
use TelemedZoom\Meetings\ChangeMeetingForm;
use TelemedZoom\Meetings\MeetingScreen;
use TelemedZoom\Meetings\MeetingsScreen;
use TelemedZoom\Meetings\NewMeetingScreen;
use TelemedZoom\Meetings\RestController;
use TelemedZoom\Meetings\UncertainMeetingForm;
use TelemedZoom\Meetings\UncertainMeetings;
use TelemedZoom\Reconcile\Reconcile;
use TelemedZoom\Reconcile\ReconcileQueries;
use TelemedZoom\Reconcile\ReconcileScreen;
use TelemedZoom\Settings\CheckPanel;
use TelemedZoom\Settings\EncryptionKey;
use TelemedZoom\Settings\KeyChange;
use TelemedZoom\Settings\SaveQuestion;
use TelemedZoom\Settings\Settings;
use TelemedZoom\Settings\SettingsPage;
use TelemedZoom\Site\CopiedSite;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\Guard;
use TelemedZoom\Site\GuardNotice;
use TelemedZoom\Site\PublicAddress;
use TelemedZoom\Site\Schema;
use TelemedZoom\Site\Site;
use TelemedZoom\Site\UninstallNotice;
use TelemedZoom\Visits\Limits;
use TelemedZoom\Visits\ManualVisits;
use TelemedZoom\Visits\Overlaps;
use TelemedZoom\Visits\StartLink;
use TelemedZoom\Visits\VisitPage;
use TelemedZoom\Visits\Visits;
use TelemedZoom\Work\AfterRequest;
use TelemedZoom\Work\Breaker;
use TelemedZoom\Work\Cron;
use TelemedZoom\Work\CurrentMeeting;
use TelemedZoom\Work\Heartbeat;
use TelemedZoom\Work\HeartbeatNotice;
use TelemedZoom\Work\JoinSlots;
use TelemedZoom\Work\MeetingMaker;
use TelemedZoom\Work\MeetingMover;
use TelemedZoom\Work\RateLimit;
use TelemedZoom\Work\Signals;
use TelemedZoom\Work\Worker;
use TelemedZoom\Work\WriteBudget;

defined('ABSPATH') || exit;

final class Plugin
{
    public const VERSION = '0.1.0';

    private static ?self $instance = null;
    private static string $file = '';

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
    private readonly Standing $standing;
    public readonly LedgerQueries $queries;
    public readonly Overlaps $overlaps;
    public readonly Leftovers $leftovers;
    public readonly MeetingLog $log;
    private readonly RateLimit $rate;
    public readonly Limits $limits;
    public readonly Visits $visits;
    public readonly ManualVisits $manual;
    public readonly Worker $worker;
    private readonly CurrentMeeting $current;
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

    public static function boot(string $file): void
    {
        self::$file = $file;
        self::$instance = new self();
        self::$instance->register();
        register_activation_hook($file, [self::class, 'activate']);
        register_deactivation_hook($file, [Cron::class, 'unschedule']);
    }

    /** The running plugin, for code outside of it (an appointment system's adapter, tests). */
    public static function instance(): self
    {
        return self::$instance ??= new self();
    }

    public static function file(): string
    {
        return self::$file;
    }

    public static function activate(bool $network): void
    {
        if (!$network || !is_multisite()) {
            self::activateBlog();
            return;
        }
        foreach (get_sites(['fields' => 'ids', 'number' => 0]) as $blog) {
            switch_to_blog((int) $blog);
            self::activateBlog();
            restore_current_blog();
        }
    }

    /** Tables, capabilities and the site's id for the current blog. */
    public static function activateBlog(): void
    {
        (new Schema())->create();
        (new Capabilities())->grant();
        $site = new Site();
        $site->id();
        $site->secret();
        if (get_option(Guard::OPTION) === false) {
            (new Guard())->take('');
        }
        add_option(Extension::OPTION_MAILED, '');
        Cron::schedule();
    }

    /** Whether the current page of wp-admin is one of the plugin's. */
    public static function isOwnScreen(): bool
    {
        $screen = function_exists('get_current_screen') ? get_current_screen() : null;
        return $screen !== null && str_contains($screen->id, 'telemed-');
    }

    private function register(): void
    {
        (new Schema())->register();
        (new Capabilities())->register();
        $this->extension->register();
        $this->guard->register();
        PublicAddress::register();
        Edge::register();
        $this->settings->register();
        $this->formerApps->register();
        $this->oauthCallback->register();
        (new RestController($this->manual, $this->ledger, $this->queries, $this->overlaps, $this->standing))->register();
        $this->afterRequest->register();
        $this->rate->register();
        (new Cron(fn(): Worker => $this->worker, fn(): Reconcile => $this->reconcile, $this->settings))->register();
        (new Renewal($this->grants, $this->guard, $this->extension))->register();
        $watch = new ConnectionWatch($this->apps, $this->settings, $this->extension, $this->guard, $this->database, $this->queries, $this->ledger);
        $watch->register();
        (new SavedConnections($this->apps, $this->site))->register();
        $deauthorizations = new Deauthorizations(new Signals($this->database), $this->apps, $this->site, $this->ledger, $watch, $this->afterRequest);
        $deauthorizations->register();
        (new WebhookRoute($this->settings, $this->key, $this->extension, $deauthorizations))->register();
        (new DoctorLeaves($this->departures, $this->sources, $this->apps, $this->queries, $this->extension, $this->guard, $this->site))->register();
        $this->otherZoomUser->register();
        Cli::register($this);
        (new PersonalData(new PersonalRows($this->database, $this->standing), $this->log, $this->apps, $this->hosts, $this->settings, $this->afterRequest))->register();
        [$told, $mailer] = [new MailClaims($this->database, $this->log), new VisitMailer($this->sources, $this->log, $this->settings, $this->site, $this->limits)];
        $outbox = new Outbox();
        $outbox->register();
        (new VisitMails($told, $mailer, $outbox, $this->sources, $this->ledger, $this->visits, $this->settings, $this->guard))->register();
        (new TroubleMails($told, $mailer, $outbox, $this->ledger, $this->queries, $this->overlaps, $this->guard))->register();
        $startLink = new StartLink($this->visits, $this->ledger, $this->standing, $this->settings, $this->current);
        $startLink->register();
        (new VisitPage($this->ledger, $this->current, $this->sources, $this->standing, $this->log, $this->settings, $startLink))->register();
        (new Kivicare\Presence($this))->register();
        add_action('init', static function (): void {
            load_plugin_textdomain('telemed-zoom', false, dirname(plugin_basename(self::$file)) . '/languages');
        });
        if (!is_admin()) {
            return;
        }
        (new Notices($this->extension, $this->key, $this->settings, $this->hosts))->register();
        (new KeyChange($this->key, $this->extension, $this->settings, $this->formerApps, $this->apps))->register();
        (new GuardNotice($this->guard, new CopiedSite($this->guard, $this->ledger, $this->leftovers, $this->database)))->register();
        (new HeartbeatNotice(new Heartbeat($this->queries, $this->leftovers, new Signals($this->database), $this->guard, $this->extension)))->register();
        (new WaitingMailsNotice($told))->register();
        // The order is that of the menu.
        (new MeetingsScreen($this->manual, $this->ledger, $this->queries, $this->overlaps, $this->standing, $told, $this->settings, $this->apps, $startLink))->register();
        $uncertain = new UncertainMeetingForm($this->uncertain, $this->ledger, $this->worker);
        $uncertain->register();
        $change = new ChangeMeetingForm($this->manual, $this->ledger, $this->overlaps);
        $change->register();
        (new MeetingScreen($this->ledger, $this->overlaps, $this->log, $this->visits, $this->worker, $this->sources, $this->standing, $this->settings, $uncertain, $change))->register();
        (new ReconcileScreen($this->reconcile, $this->settings))->register();
        (new NewMeetingScreen($this->manual, $this->overlaps, $this->extension))->register();
        (new DoctorsScreen($this->settings, $this->hosts, $this->apps))->register();
        $former = new FormerMeetings($this->ledger, $this->queries, $this->apps, $this->settings, $this->ownAccounts);
        $check = new CheckPanel($this->settings, $this->extension, $this->apps, $this->hosts);
        $question = new SaveQuestion($this->settings, $check, $this->queries, $this->extension, $this->guard);
        (new SettingsPage($this->settings, $this->key, $this->extension, $former, $check, $question))->register();
        (new FormerMeetingsScreen($former, $this->worker, $this->guard))->register();
        $question = new OtherZoomUserQuestion($this->otherZoomUser);
        $question->register();
        (new DoctorProfile($this->settings, $this->hosts, $this->apps, $this->site, $this->queries, $this->departures, $question))->register();
        (new DepartureScreen($this->departures, $this->sources))->register();
        (new UninstallNotice($this->queries, $this->leftovers))->register();
        add_action('admin_enqueue_scripts', [$this, 'enqueue']);
    }

    public function enqueue(string $hook): void
    {
        if (!self::isOwnScreen() && !in_array($hook, ['profile.php', 'user-edit.php'], true)) {
            return;
        }
        wp_enqueue_style('telemed-admin', plugins_url('assets/admin.css', self::$file), [], self::VERSION);
        wp_enqueue_script('telemed-admin', plugins_url('assets/admin.js', self::$file), [], self::VERSION, true);
        wp_localize_script('telemed-admin', 'telemedAdmin', ['copied' => __('Copied', 'telemed-zoom')]);
    }
}
