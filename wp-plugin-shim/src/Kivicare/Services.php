<?php
/**
 * The parts of the adapter, made once per request where KiviCare is, and reached by the classes that the core builds itself,
 * without arguments.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Parts;

defined('ABSPATH') || exit;

final class Services
{
    private static ?self $instance = null;

    public readonly CoreSettings $coreSettings;
    public readonly OwnAccounts $ownAccounts;
    public readonly Bookings $bookings;
    public readonly CoreMails $coreMails;
    public readonly Lists $lists;
    public readonly DoctorScreen $doctorScreen;
    public readonly AdminScreen $adminScreen;
    public readonly Source $source;
    public readonly Callback $callback;
    public readonly TakeOver $takeOver;

    public function __construct(public readonly Parts $plugin)
    {
        $this->ownAccounts = $plugin->ownAccounts;
        $this->coreSettings = new CoreSettings($plugin->settings, $plugin->hosts, $this->ownAccounts);
        $this->source = new Source($plugin->tables);
        $this->bookings = new Bookings($plugin->ledger, $plugin->visits);
        $this->coreMails = new CoreMails($plugin->ledger, $this->source, $plugin->store, $plugin->database, $plugin->afterRequest);
        $this->lists = new Lists($plugin->queries, $plugin->ledger, $plugin->settings);
        $this->doctorScreen = new DoctorScreen($plugin, $this->coreSettings, $this->ownAccounts, new OwnAccountSetup($plugin, $this->ownAccounts));
        $this->adminScreen = new AdminScreen($plugin, $this->coreSettings, new ClinicAccountSetup($plugin));
        $this->callback = new Callback($plugin->oauthCallback, $this->coreSettings);
        $this->takeOver = new TakeOver(
            $plugin,
            $this->coreSettings,
            $this->ownAccounts,
            new AddonStorage(),
            new AdoptedVisits($plugin, $this->bookings)
        );
        self::$instance = $this;
    }

    /** For the provider and the controller. */
    public static function instance(): self
    {
        return self::$instance ?? throw new \LogicException('KiviCare asks before the plugin has begun.');
    }

    public function register(): void
    {
        $this->plugin->sources->add($this->source);
        $this->coreSettings->register();
        $this->bookings->register();
        $this->coreMails->register();
        $this->lists->register();
        $this->callback->register();
        (new CatchUp($this->plugin->database, $this->plugin->tables, $this->plugin->store, $this->bookings))->register();
        // A copy of the site holds the add-on's credentials too.
        add_filter('telemed_is_set_up', static fn(bool $isSetUp): bool => $isSetUp || (new AddonStorage())->hasCredentials());
        if (is_admin()) {
            (new OwnAccountField($this->ownAccounts, $this->coreSettings))->register();
            (new TakeOverScreen($this->takeOver))->register();
            (new HostlessNotice($this->plugin))->register();
        }
    }
}
