<?php
/**
 * Moving in: takes over what the commercial telemed add-on has left, so that no doctor needs to reconnect and every booked
 * visit goes on. Secrets are sealed first; only then the clear copies go. Run again it finds what is left, if anything, and
 * harms nothing.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Clinic\App;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Parts;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class TakeOver
{
    /** What was done, when and by whom; no secret. */
    public const OPTION = 'telemed_kivicare_takeover';

    /** @var list<array{'done'|'todo', string}> */
    private array $report = [];

    public function __construct(
        private readonly Parts $plugin,
        private readonly CoreSettings $coreSettings,
        private readonly OwnAccounts $ownAccounts,
        private readonly AddonStorage $storage,
        private readonly AdoptedVisits $visits
    ) {
    }

    /**
     * What would be taken over, without secrets.
     *
     * @return array{mode: string, client_id: string, redirect_url: string, connected: list<int>, accounts: list<int>, visits: int, start_urls: int, useless: int}
     */
    public function preview(): array
    {
        $app = $this->storage->app();
        return [
            'mode' => $this->storage->mode(),
            'client_id' => $app['client_id'] ?? '',
            'redirect_url' => $app['redirect_url'] ?? '',
            'connected' => $this->storage->doctorsWithTokens(),
            'accounts' => $this->storage->doctorsWithAccounts(),
            'visits' => count($this->visits->waiting()),
            'start_urls' => $this->visits->startUrls(),
            'useless' => count($this->storage->usersWithUselessSecrets()),
        ];
    }

    /** @param array<string, mixed> $preview */
    public static function isEmpty(array $preview): bool
    {
        return $preview['client_id'] === '' && $preview['connected'] === [] && $preview['accounts'] === []
            && $preview['visits'] === 0 && $preview['start_urls'] === 0 && $preview['useless'] === 0;
    }

    /**
     * @return list<array{'done'|'todo', string}> what was done, and what a person still has to do
     * @throws Problem when nothing can be sealed here, before anything was touched
     */
    public function run(): array
    {
        $this->plugin->extension->demand();
        $vault = $this->plugin->key->vault();
        $this->report = [];
        $mode = $this->storage->mode();
        $hadSecrets = $this->storage->app() !== null || $this->storage->doctorsWithAccounts() !== [];
        $makers = $this->makers($mode);
        $this->takeApp($vault, $mode);
        $this->takeConnections((string) ($makers[0]['app'] ?? ''));
        if ($this->storage->doctorsWithTokens() === []) {
            $this->storage->forgetAppSecret();
        }
        $this->takeAccounts($vault, $mode);
        foreach ($this->visits->adopt($makers) as $line) {
            $this->report[] = $line;
        }
        foreach ($this->storage->usersWithUselessSecrets() as $user) {
            $this->storage->forgetUselessSecrets($user);
            /* translators: %s: name of a doctor */
            $this->done(sprintf(__('Old keys of %s that Zoom no longer takes were removed.', 'telemed-zoom'), Doctors::name($user)));
        }
        $this->coreSettings->sync();
        if ($hadSecrets) {
            $this->todo(__('Rotate the client secret at Zoom and enter the new one under Telemed, Settings: old backups of the database hold the present one in clear.', 'telemed-zoom'));
        }
        if ($this->report !== []) {
            update_option(self::OPTION, ['at' => time(), 'by' => get_current_user_id(), 'report' => $this->report], false);
        }
        return $this->report;
    }

    /**
     * What made each doctor's meetings, as far as the add-on tells.
     *
     * @return array<int, array{mode: string, app: string, account: ?string}> by doctor; 0 is the clinic's OAuth app
     */
    private function makers(string $mode): array
    {
        $app = $this->storage->app();
        $client = $app['client_id'] ?? $this->plugin->settings->text('oauth_client_id');
        $makers = $client === '' ? [] : [0 => ['mode' => Mode::OAuth->value, 'app' => $client, 'account' => null]];
        foreach ($this->storage->doctorsWithAccounts() as $doctor) {
            $account = (array) $this->storage->account($doctor);
            if ($account['enabled'] && ($mode === CoreSettings::S2S || $this->storage->tokens($doctor) === null)) {
                $makers[$doctor] = ['mode' => Mode::ServerToServer->value, 'app' => $account['client_id'], 'account' => $account['account_id']];
            }
        }
        return $makers;
    }

    private function takeApp(\Telemed\Vault $vault, string $mode): void
    {
        $settings = $this->plugin->settings;
        $app = $this->storage->app();
        if ($app === null) {
            return;
        }
        $own = $settings->text('oauth_client_id');
        if ($own !== '' && $own !== $app['client_id'] && $settings->secretIsSet('oauth_client_secret')) {
            // Ours stays; the other handles what it has made.
            $redirect = $app['redirect_url'] ?: $settings->redirectUri();
            $this->plugin->registry->put(App::seal(Mode::OAuth, '', $app['client_id'], $app['client_secret'], $vault, $redirect));
            $this->todo(__('Telemed, Settings holds another OAuth app than the add-on had. The add-on\'s app was sealed for the visits that it made; for new ones the doctors connect once to the app in Telemed, Settings.', 'telemed-zoom'));
            return;
        }
        $fields = ['oauth_client_id' => $app['client_id'], 'oauth_client_secret' => $app['client_secret']];
        // Zoom knows this address; the app at Zoom needs no change.
        $fields += $app['redirect_url'] === '' ? [] : ['oauth_redirect_uri' => $app['redirect_url']];
        if ($settings->mode() === null && $mode === CoreSettings::OAUTH) {
            $fields['mode'] = Mode::OAuth->value;
        }
        update_option(Settings::OPTION, $fields + $settings->all());
        if ($settings->text('oauth_client_id') !== $app['client_id'] || !$settings->secretIsSet('oauth_client_secret')) {
            $this->todo(__('The add-on\'s client ID or client secret holds a character that Zoom does not use; nothing was taken over. Enter them under Telemed, Settings.', 'telemed-zoom'));
            return;
        }
        $this->done(__('The OAuth app was sealed and taken over with its redirect URL.', 'telemed-zoom'));
    }

    /** @param string $client the app that the tokens belong to */
    private function takeConnections(string $client): void
    {
        foreach ($this->storage->doctorsWithTokens() as $doctor) {
            $this->takeConnection($doctor, $client);
        }
    }

    private function takeConnection(int $doctor, string $client): void
    {
        $tokens = (array) $this->storage->tokens($doctor);
        $subject = $this->plugin->site->subject($doctor);
        try {
            $oauth = $this->plugin->opener->oauthOf($client);
            if ($oauth->connection($subject)?->status() !== 'connected') {
                // When it ends is not known: what the add-on keeps is a length without a beginning. It is renewed at the first use.
                $oauth->import($subject, $tokens['access_token'], $tokens['refresh_token'], null, $tokens['scope'], $tokens['api_url']);
            }
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            /* translators: 1: name of a doctor, 2: reason */
            $this->todo(sprintf(__('The connection of %1$s was not taken over: %2$s', 'telemed-zoom'), Doctors::name($doctor), ErrorText::of($failure)));
            return;
        }
        if ($client === $this->plugin->settings->text('oauth_client_id')) {
            update_user_option($doctor, Doctors::META_CONNECTED, time());
        }
        $this->storage->forgetTokens($doctor);
        /* translators: %s: name of a doctor */
        $this->done(sprintf(__('The connection of %s was sealed, and the clear copy removed.', 'telemed-zoom'), Doctors::name($doctor)));
        try {
            $this->tellScopes($doctor, $oauth->renew($subject));
        } catch (\Telemed\TransportException $failure) {
            /* translators: 1: name of a doctor, 2: reason */
            $this->todo(sprintf(__('Whether the connection of %1$s still lives is not known yet: %2$s', 'telemed-zoom'), Doctors::name($doctor), ErrorText::of($failure)));
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            /* translators: 1: name of a doctor, 2: reason */
            $this->todo(sprintf(__('%1$s must connect again: %2$s', 'telemed-zoom'), Doctors::name($doctor), ErrorText::of($failure)));
        }
    }

    /** An app that was made for the add-on lacks scopes, and so its visits lack features. */
    private function tellScopes(int $doctor, \Telemed\Connection $connection): void
    {
        $missing = array_values(array_filter(
            ['meeting:read:list_meetings', 'user:read:settings'],
            static fn(string $scope): bool => !self::covers($connection->scopes(), $scope)
        ));
        if ($missing !== []) {
            $this->todo(sprintf(
                /* translators: 1: name of a doctor, 2: list of scopes */
                __('The app runs with fewer features for %1$s, because it lacks scopes: %2$s. Without the first, lost answers of Zoom need a person; without the second, passcodes are conservative. Add them at Zoom; the doctor then connects again.', 'telemed-zoom'),
                Doctors::name($doctor),
                implode(' ', $missing)
            ));
        }
    }

    /** @param list<string> $scopes granular or classic */
    private static function covers(array $scopes, string $scope): bool
    {
        return in_array($scope, $scopes, true) || in_array(str_starts_with($scope, 'meeting:') ? 'meeting:read' : 'user:read', $scopes, true);
    }

    private function takeAccounts(\Telemed\Vault $vault, string $mode): void
    {
        $doctors = $this->storage->doctorsWithAccounts();
        $accounts = array_map(fn(int $doctor): array => (array) $this->storage->account($doctor), $doctors);
        $distinct = array_unique(array_map(static fn(array $one): string => $one['account_id'] . '|' . $one['client_id'], $accounts));
        $isClinics = count($distinct) === 1 && in_array($this->plugin->settings->text('s2s_client_id'), ['', $accounts[0]['client_id']], true);
        if ($isClinics) {
            $fields = ['s2s_account_id' => $accounts[0]['account_id'], 's2s_client_id' => $accounts[0]['client_id'], 's2s_client_secret' => $accounts[0]['client_secret']];
            update_option(Settings::OPTION, $fields + ($this->plugin->settings->mode() === null && $mode === CoreSettings::S2S ? ['mode' => Mode::ServerToServer->value] : []) + $this->plugin->settings->all());
            if (!$this->plugin->settings->secretIsSet('s2s_client_secret')) {
                $this->todo(__('The Server-to-Server credentials hold a character that Zoom does not use; nothing was taken over. Enter them under Telemed, Settings.', 'telemed-zoom'));
                return;
            }
            $this->done(__('The Server-to-Server account that the doctors had entered is now the clinic\'s own.', 'telemed-zoom'));
            $this->todo(__('Confirm each doctor\'s Zoom user under Telemed, Doctors: until then the add-on\'s way, one user who hosts for all, has no successor.', 'telemed-zoom'));
        }
        foreach ($doctors as $index => $doctor) {
            if (!$isClinics) {
                $this->takeOwnAccount($vault, $doctor, $accounts[$index]);
            }
            $this->storage->forgetAccount($doctor, false);
            /* translators: %s: name of a doctor */
            $this->done(sprintf(__('The Server-to-Server credentials of %s were sealed, and the clear copy removed.', 'telemed-zoom'), Doctors::name($doctor)));
        }
        if ($doctors !== [] && !$isClinics && $this->plugin->settings->mode() === null && $mode === CoreSettings::S2S) {
            update_option(Settings::OPTION, ['mode' => Mode::ServerToServer->value] + $this->plugin->settings->all());
        }
    }

    /** @param array{account_id: string, client_id: string, client_secret: string} $account */
    private function takeOwnAccount(\Telemed\Vault $vault, int $doctor, #[\SensitiveParameter] array $account): void
    {
        $app = App::seal(Mode::ServerToServer, $account['account_id'], $account['client_id'], $account['client_secret'], $vault);
        if ($app->is($this->plugin->settings->app($app->mode))) {
            // The clinic's own: what was entered for it stays.
            $this->plugin->registry->add($app);
        } else {
            $this->plugin->registry->put($app);
        }
        $this->ownAccounts->allow($doctor, true);
        try {
            (new OwnAccountSetup($this->plugin, $this->ownAccounts))->use($doctor, $account['account_id'], $account['client_id'], $account['client_secret'], '');
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            /* translators: 1: name of a doctor, 2: reason */
            $this->todo(sprintf(__('Who hosts for %1$s in their own account is not known: %2$s', 'telemed-zoom'), Doctors::name($doctor), ErrorText::of($failure)));
        }
    }

    private function done(string $text): void
    {
        $this->report[] = ['done', $text];
    }

    private function todo(string $text): void
    {
        $this->report[] = ['todo', $text];
    }
}
