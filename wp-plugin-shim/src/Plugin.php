<?php
/**
 * Hooks the plugin's parts into WordPress. The one place that knows them all: nobody else names it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Apps\ConnectionNews;
use TelemedZoom\Apps\FormerMeetings;
use TelemedZoom\Apps\ReplacedApps;
use TelemedZoom\Care\CopiedSite;
use TelemedZoom\Care\ExtensionWatch;
use TelemedZoom\Care\Heartbeat;
use TelemedZoom\Care\OthersMeetings;
use TelemedZoom\Care\PersonalData;
use TelemedZoom\Care\PersonalRows;
use TelemedZoom\Care\UninstallNotice;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Connections\ConnectionMails;
use TelemedZoom\Connections\ConnectionNotice;
use TelemedZoom\Connections\ConnectionWatch;
use TelemedZoom\Connections\Deauthorizations;
use TelemedZoom\Connections\Renewal;
use TelemedZoom\Connections\SecretWatch;
use TelemedZoom\Mail\WaitingMails;
use TelemedZoom\Reconcile\Reconcile;
use TelemedZoom\Screens\ChangeMeetingForm;
use TelemedZoom\Screens\CheckPanel;
use TelemedZoom\Screens\ConnectReminder;
use TelemedZoom\Screens\DepartureQuestion;
use TelemedZoom\Screens\DoctorLeaves;
use TelemedZoom\Screens\DoctorProfile;
use TelemedZoom\Screens\DoctorsScreen;
use TelemedZoom\Screens\FormerAppQuestion;
use TelemedZoom\Screens\GuardNotice;
use TelemedZoom\Screens\HandoverScreen;
use TelemedZoom\Screens\HandoverView;
use TelemedZoom\Screens\HeartbeatNotice;
use TelemedZoom\Screens\KeyChange;
use TelemedZoom\Screens\MeetingActions;
use TelemedZoom\Screens\MeetingFacts;
use TelemedZoom\Screens\MeetingScreen;
use TelemedZoom\Screens\MeetingsScreen;
use TelemedZoom\Screens\MeetingsTable;
use TelemedZoom\Screens\NewMeetingScreen;
use TelemedZoom\Screens\ReconcileScreen;
use TelemedZoom\Screens\RestController;
use TelemedZoom\Screens\SaveQuestion;
use TelemedZoom\Screens\SettingsPage;
use TelemedZoom\Screens\StartLink;
use TelemedZoom\Screens\UncertainMeetingForm;
use TelemedZoom\Screens\UpgradeNotice;
use TelemedZoom\Screens\VisitPage;
use TelemedZoom\Screens\WaitingMailsNotice;
use TelemedZoom\Screens\WebhookRoute;
use TelemedZoom\Screens\ZoomUserQuestion;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\PluginFile;
use TelemedZoom\Site\PublicAddress;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\LinkSeals;
use TelemedZoom\Work\Worker;

defined('ABSPATH') || exit;

final class Plugin
{
    private static ?Parts $instance = null;

    private function __construct(private readonly Parts $parts)
    {
    }

    public static function boot(string $file): void
    {
        PluginFile::set($file);
        Api::use(self::instance()->api);
        (new self(self::instance()))->register();
        register_activation_hook($file, [self::class, 'activate']);
        register_deactivation_hook($file, [Cron::class, 'unschedule']);
    }

    /** The parts of the running plugin, for code outside of it. */
    public static function instance(): Parts
    {
        return self::$instance ??= new Parts();
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

    /** A blog added to a network where the plugin is active for all. */
    public static function activateNewBlog(\WP_Site $blog): void
    {
        if (is_plugin_active_for_network(plugin_basename(PluginFile::path()))) {
            switch_to_blog((int) $blog->blog_id);
            self::activateBlog();
            restore_current_blog();
        }
    }

    /** Tables, capabilities and the site's id for the current blog. */
    public static function activateBlog(): void
    {
        self::instance()->migration->install();
        (new Capabilities())->grant();
        $site = new Site();
        $site->id();
        $site->secret();
        if (get_option(Guard::OPTION) === false) {
            (new Guard())->remember('');
        }
        add_option(ExtensionWatch::OPTION_MAILED, '');
        Cron::schedule();
    }

    private function register(): void
    {
        $this->parts->migration->register();
        add_action('wp_initialize_site', [self::class, 'activateNewBlog'], 20);
        (new Capabilities())->register();
        (new ExtensionWatch($this->parts->extension))->register();
        $this->parts->guard->register();
        PublicAddress::register();
        Edge::register();
        $this->parts->entered->register();
        (new ReplacedApps($this->parts->registry, $this->parts->settings, $this->parts->ownAccounts, $this->parts->queries))->register();
        $this->parts->oauthCallback->register();
        (new RestController($this->parts->manual, $this->parts->ledger, $this->parts->queries, $this->parts->overlaps, $this->parts->standing))->register();
        $this->parts->outbox->register();
        $this->parts->afterRequest->register();
        $this->parts->rate->register();
        (new Cron(fn(): Worker => $this->parts->worker, fn(): Reconcile => $this->parts->reconcile, $this->parts->settings, $this->parts->migration))->register();
        (new Renewal($this->parts->grants, $this->parts->permit))->register();
        $mails = new ConnectionMails($this->parts->database, $this->parts->queries);
        $watch = new ConnectionWatch($this->parts->apps, $mails, $this->parts->store->queue, $this->parts->handovers, $this->parts->permit);
        $watch->register();
        $this->parts->hosts->confirmed->add($watch->wake(...));
        $news = new ConnectionNews($this->parts->apps, $this->parts->site);
        $news->register();
        $this->parts->opener->news->add($news->note(...));
        (new SecretWatch($this->parts->settings, $watch, $this->parts->permit))->register();
        (new ConnectionNotice($this->parts->settings))->register();
        $deauthorizations = new Deauthorizations($this->parts->signals, $this->parts->opener, $this->parts->site, $this->parts->store, $mails, $this->parts->afterRequest);
        $this->parts->worker->begins->add($deauthorizations->carryOut(...));
        (new WebhookRoute($this->parts->settings, $this->parts->key, $this->parts->extension, $deauthorizations))->register();
        (new DoctorLeaves($this->parts->departures, new HandoverView($this->parts->sources), $this->parts->opener, $this->parts->queries, $this->parts->extension, $this->parts->guard, $this->parts->site))->register();
        $this->parts->otherZoomUser->register();
        $former = new FormerMeetings($this->parts->queries, $this->parts->handovers, $this->parts->apps, $this->parts->settings, $this->parts->ownAccounts);
        $former->register();
        Cli::register($this->parts);
        (new PersonalData(new PersonalRows($this->parts->database, $this->parts->tables, $this->parts->records, $this->parts->standing), $this->parts->migration, $this->parts->log, $this->parts->apps, $this->parts->hosts, $this->parts->settings, $this->parts->afterRequest))->register();
        $startLink = new StartLink($this->parts->visits, $this->parts->ledger, $this->parts->standing, $this->parts->settings, $this->parts->current);
        $startLink->register();
        (new VisitPage($this->parts->ledger, $this->parts->current, $this->parts->sources, $this->parts->standing, $this->parts->log, $this->parts->settings, $startLink))->register();
        (new Kivicare\Presence($this->parts))->register();
        add_action('init', static function (): void {
            load_plugin_textdomain('telemed-zoom', false, dirname(plugin_basename(PluginFile::path())) . '/languages');
        });
        if (!is_admin()) {
            return;
        }
        (new Notices($this->parts->extension, $this->parts->key, $this->parts->settings, $this->parts->hosts))->register();
        (new KeyChange($this->parts->key, $this->parts->extension, $this->parts->settings, $this->parts->registry, $this->parts->opener, new LinkSeals($this->parts->database, $this->parts->tables, $this->parts->links)))->register();
        $others = new OthersMeetings($this->parts->store, $this->parts->tables, $this->parts->database, $this->parts->moments);
        $copy = new CopiedSite($this->parts->guard, $this->parts->migration, $others, $this->parts->database, $this->parts->extension, $this->parts->settings);
        (new GuardNotice($this->parts->guard, $copy))->register();
        (new UpgradeNotice($this->parts->migration))->register();
        (new HeartbeatNotice(new Heartbeat($this->parts->queries, $this->parts->signals, $this->parts->guard, $this->parts->extension)))->register();
        $waiting = new WaitingMails($this->parts->database, $this->parts->tables);
        (new WaitingMailsNotice($waiting))->register();
        // The order is that of the menu.
        $parts = $this->parts;
        $table = static fn(): MeetingsTable => new MeetingsTable($parts->queries, $parts->overlaps, $parts->standing, $waiting, $startLink, $parts->settings);
        (new MeetingsScreen($table, new ConnectReminder($parts->settings, $parts->apps, $parts->queries)))->register();
        (new MeetingActions($parts->ledger, $parts->visits, $parts->manual, $parts->oneVisit))->register();
        $uncertain = new UncertainMeetingForm($this->parts->uncertain, $this->parts->ledger, $this->parts->oneVisit);
        $uncertain->register();
        $change = new ChangeMeetingForm($this->parts->manual, $this->parts->ledger, $this->parts->overlaps);
        $change->register();
        $facts = new MeetingFacts($parts->sources, $parts->overlaps, $parts->settings);
        (new MeetingScreen($parts->ledger, $parts->standing, $parts->log, $facts, $uncertain, $change))->register();
        (new ReconcileScreen($this->parts->reconcile, $this->parts->settings))->register();
        (new NewMeetingScreen($this->parts->manual, $this->parts->overlaps, $this->parts->extension))->register();
        (new DoctorsScreen($this->parts->settings, $this->parts->hosts, $this->parts->apps, $this->parts->opener))->register();
        $check = new CheckPanel($this->parts->settings, $this->parts->entered, $this->parts->extension, $this->parts->apps, $this->parts->hosts);
        $question = new SaveQuestion($this->parts->settings, $check, $this->parts->queries, $this->parts->extension, $this->parts->guard);
        (new SettingsPage($this->parts->settings, $this->parts->key, $this->parts->extension, $former, $check, $question))->register();
        $view = new HandoverView($this->parts->sources);
        $zoomUser = new ZoomUserQuestion($this->parts->otherZoomUser, $this->parts->zoomUserChange, $view);
        (new DoctorProfile($this->parts->settings, $this->parts->hosts, $this->parts->apps, $this->parts->site, $this->parts->queries, $this->parts->departures, $zoomUser))->register();
        $formerApps = new FormerAppQuestion($former, $this->parts->answers, $this->parts->guard, $view);
        (new HandoverScreen(new DepartureQuestion($this->parts->departures, $view), $formerApps, $zoomUser))->register();
        (new UninstallNotice($this->parts->queries, $this->parts->migration))->register();
        add_action('admin_enqueue_scripts', [$this, 'enqueue']);
    }

    public function enqueue(string $hook): void
    {
        if (!AdminPages::isOwn() && !in_array($hook, ['profile.php', 'user-edit.php'], true)) {
            return;
        }
        wp_enqueue_style('telemed-admin', plugins_url('assets/admin.css', PluginFile::path()), [], PluginFile::VERSION);
        wp_enqueue_script('telemed-admin', plugins_url('assets/admin.js', PluginFile::path()), [], PluginFile::VERSION, true);
        wp_localize_script('telemed-admin', 'telemedAdmin', ['copied' => __('Copied', 'telemed-zoom')]);
    }
}
