<?php
/**
 * What becomes of an app that the settings have named and name no more. It is kept for the meetings that were made with it: a meeting
 * is moved and cancelled only by what made it. One that has made none goes: it may be no app at all but a secret pasted into the wrong
 * field.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\App;
use TelemedZoom\Clinic\AppRegistry;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class ReplacedApps
{
    public function __construct(
        private readonly AppRegistry $registry,
        private readonly Settings $settings,
        private readonly OwnAccounts $ownAccounts,
        private readonly LedgerQueries $queries
    ) {
    }

    public function register(): void
    {
        add_action('update_option_' . Settings::OPTION, [$this, 'tidy'], 10, 1);
        // With them a copy of the site could still handle what they have made.
        add_filter('telemed_is_set_up', fn(bool $isSetUp): bool => $isSetUp || $this->areThere());
    }

    /** Whether any is kept, or a doctor's own. */
    private function areThere(): bool
    {
        try {
            return $this->settings->otherApps() !== [];
        } catch (DatabaseException) {
            return true;
        }
    }

    /** @param mixed $before the settings */
    public function tidy(#[\SensitiveParameter] mixed $before): void
    {
        if (!is_array($before)) {
            return;
        }
        try {
            foreach (Mode::cases() as $mode) {
                $app = $this->settings->with($before)->app($mode);
                if (!$app->is($this->settings->app($mode)) && !$this->isNeeded($app)) {
                    $this->registry->forget($app);
                }
            }
        } catch (DatabaseException) {
            // Rather one too many than a meeting that nothing can cancel.
            return;
        }
    }

    /** @throws DatabaseException */
    private function isNeeded(App $app): bool
    {
        return $this->queries->knowsApp($app->mode, $app->client) || ($app->mode->hostsAreMapped() && in_array($app->client, $this->ownAccounts->clients(), true));
    }
}
