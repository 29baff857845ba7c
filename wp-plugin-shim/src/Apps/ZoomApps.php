<?php
/**
 * Builds the extension's apps from the settings, and finds the credentials for a doctor or for a meeting that exists.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Extension;
use TelemedZoom\Ledger\Credentials;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;
use TelemedZoom\Store\Handover;
use TelemedZoom\Store\Handovers;
use TelemedZoom\Store\TokenStore;

defined('ABSPATH') || exit;

final class ZoomApps
{
    private const CHECK_SECONDS = 60.0;

    public function __construct(
        private readonly Settings $settings,
        private readonly FormerApps $formerApps,
        private readonly EncryptionKey $key,
        private readonly Extension $extension,
        private readonly Database $database,
        private readonly HostMap $hosts,
        private readonly OwnAccounts $ownAccounts,
        private readonly Site $site,
        private readonly Guard $guard,
        private readonly Handovers $handovers
    ) {
    }

    /** The same with settings that are not stored, to try them. */
    public function with(Settings $settings): self
    {
        return new self(
            $settings,
            $this->formerApps,
            $this->key,
            $this->extension,
            $this->database,
            $this->hosts,
            $this->ownAccounts,
            $this->site,
            $this->guard,
            $this->handovers
        );
    }

    /** @throws Problem|\Telemed\TelemedException */
    public function oauth(): \Telemed\OAuthApp
    {
        $this->demandMode(Settings::MODE_OAUTH);
        return $this->oauthApp($this->current(Settings::MODE_OAUTH));
    }

    /** @throws Problem|\Telemed\TelemedException */
    public function serverToServer(): \Telemed\ServerToServerApp
    {
        $this->demandMode(Settings::MODE_S2S);
        return $this->serverToServerApp($this->current(Settings::MODE_S2S));
    }

    /**
     * An OAuth app by its client id, in force or former, whatever the mode: to take over what it has.
     *
     * @param float $patience seconds to wait for whoever uses a connection
     * @throws Problem|\Telemed\TelemedException
     */
    public function oauthOf(string $client, float $patience = INF): \Telemed\OAuthApp
    {
        $this->extension->demand();
        return $this->oauthApp($this->formerApps->find(Settings::MODE_OAUTH, '', $client)
            ?? throw new Problem('telemed_credentials_gone', __('this app\'s credentials are not stored', 'telemed-zoom'), '', 409), $patience);
    }

    /** @return list<string> the client ids of all OAuth apps, in force or former */
    public function oauthClients(): array
    {
        $isOAuth = static fn(array $app): bool => $app['mode'] === Settings::MODE_OAUTH;
        return array_column(array_filter($this->formerApps->everyApp(), $isOAuth), 'client_id');
    }

    public function knowsOAuthApp(string $client): bool
    {
        return $this->formerApps->find(Settings::MODE_OAUTH, '', $client) !== null;
    }

    /**
     * A Server-to-Server app by its account and client id, in force or former, whatever the mode.
     *
     * @throws Problem|\Telemed\TelemedException
     */
    public function serverToServerOf(string $account, string $client): \Telemed\ServerToServerApp
    {
        $this->extension->demand();
        return $this->serverToServerApp($this->formerApps->find(Settings::MODE_S2S, $account, $client)
            ?? throw new Problem('telemed_credentials_gone', __('this app\'s credentials are not stored', 'telemed-zoom'), '', 409));
    }

    /**
     * With credentials that are tried before they are stored.
     *
     * @throws Problem|\Telemed\TelemedException
     */
    public function serverToServerWith(string $account, string $client, #[\SensitiveParameter] string $secret): \Telemed\ServerToServerApp
    {
        $this->extension->demand();
        $this->guard->demand();
        return new \Telemed\ServerToServerApp($account, $client, $secret, $this->tokenStore(), $this->key->vault());
    }

    /** The doctor's connection in the chosen app, without network; null when there is none. */
    public function connection(int $doctor): ?\Telemed\Connection
    {
        $connection = $this->readConnection($doctor);
        do_action('telemed_connection_seen', $doctor, $connection);
        return $connection;
    }

    /**
     * For a new meeting of this doctor.
     *
     * @throws Problem when the doctor has no Zoom user to host it
     * @throws \Telemed\TelemedException
     */
    public function forDoctor(int $doctor): Credentials
    {
        $this->extension->demand();
        $this->guard->demand();
        $this->demandDoctor($doctor);
        if ($this->settings->mode() === '') {
            throw new Problem(
                'telemed_not_set_up',
                __('the clinic has not chosen how it uses Zoom', 'telemed-zoom'),
                __('An administrator does so under Telemed, Settings.', 'telemed-zoom'),
                409
            );
        }
        $missing = $this->settings->missing();
        if ($missing !== []) {
            throw new Problem(
                'telemed_not_set_up',
                sprintf(
                    /* translators: %s: names of fields */
                    __('the clinic has not entered all that its Zoom app needs: %s', 'telemed-zoom'),
                    implode(', ', array_map([Settings::class, 'label'], $missing))
                ),
                __('An administrator does so under Telemed, Settings.', 'telemed-zoom'),
                409
            );
        }
        return $this->settings->mode() === Settings::MODE_S2S ? $this->forMappedDoctor($doctor) : $this->forConnectedDoctor($doctor);
    }

    /** Zoom user id of who would host a new meeting of this doctor, without network; null where that cannot be told. */
    public function presentHost(int $doctor): ?string
    {
        try {
            if (!Capabilities::isDoctor($doctor)) {
                return null;
            }
            if ($this->settings->mode() === Settings::MODE_S2S) {
                return $this->forMappedDoctor($doctor)->hostId;
            }
            $connection = $this->readConnection($doctor);
            return $connection?->status() === 'connected' ? $connection->zoomUserId() : null;
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            return null;
        }
    }

    /** @throws Problem when this user holds no visits, or no longer */
    public function demandDoctor(int $doctor): void
    {
        if (!Capabilities::isDoctor($doctor)) {
            throw new Problem(
                'telemed_not_a_doctor',
                __('this user holds no video visits', 'telemed-zoom'),
                __('An administrator gives the user the role Telemed doctor, or the visits to another doctor.', 'telemed-zoom'),
                409
            );
        }
    }

    /**
     * For a meeting that exists: exactly what made it, whatever the settings say today.
     *
     * @throws Problem when that is gone
     * @throws \Telemed\TelemedException
     */
    public function forMeeting(MeetingRecord $meeting): Credentials
    {
        return $this->thatMade((string) $meeting->mode, (string) $meeting->app, $meeting->zoomAccount, $meeting->connection, $meeting->hostId, $meeting->hostEmail);
    }

    /**
     * For what was made with these: exactly them, whatever the settings say today.
     *
     * @throws Problem when that is gone
     * @throws \Telemed\TelemedException
     */
    public function thatMade(string $mode, string $client, ?string $account, ?string $subject, ?string $hostId, ?string $hostEmail): Credentials
    {
        $this->extension->demand();
        $app = $this->formerApps->find($mode, $mode === Settings::MODE_S2S ? (string) $account : '', $client);
        if ($app === null) {
            throw new Problem(
                'telemed_credentials_gone',
                __('the credentials of the Zoom app that made this meeting are no longer stored', 'telemed-zoom'),
                __('Handle the meeting in Zoom itself, or enter that app\'s credentials again under Telemed, Settings.', 'telemed-zoom'),
                409
            );
        }
        if ($mode === Settings::MODE_S2S) {
            return new Credentials($this->serverToServerApp($app)->client(), $mode, $client, $account, null, $hostId, $hostEmail, $hostId);
        }
        $oauth = $this->oauthApp($app);
        $connection = $oauth->connection((string) $subject);
        if ($hostId !== null && $connection?->zoomUserId() !== $hostId && $oauth->formerConnection((string) $subject)?->zoomUserId() === $hostId) {
            // The doctor has changed to another Zoom user, and this is still to be moved.
            return new Credentials($oauth->formerClient((string) $subject), $mode, $client, $account, $subject, null, $hostEmail, $hostId);
        }
        $connection = $this->demandConnected($connection);
        if ($hostId !== null && $connection->zoomUserId() !== null && $connection->zoomUserId() !== $hostId) {
            throw new Problem(
                'telemed_other_zoom_user',
                sprintf(
                    /* translators: 1: e-mail or id of a Zoom user, 2: the same of another */
                    __('this meeting belongs to the Zoom user %1$s, and the doctor is now connected as %2$s', 'telemed-zoom'),
                    $hostEmail ?? $hostId,
                    $connection->zoomEmail() ?? $connection->zoomUserId()
                ),
                __('Handle the meeting in Zoom itself, or authorize again with the Zoom user that it belongs to.', 'telemed-zoom'),
                409
            );
        }
        return new Credentials($oauth->client((string) $subject), $mode, $client, $account, $subject, null, $hostEmail, $hostId);
    }

    /**
     * Looks at everything that a meeting of this doctor needs. Without a doctor at the account only; in OAuth mode at the app, whose
     * steps end where a doctor's connection is needed.
     *
     * @throws Problem|\Telemed\TelemedException
     */
    public function check(?int $doctor): \Telemed\Diagnosis
    {
        if ($this->settings->mode() === Settings::MODE_S2S) {
            $host = $doctor === null ? null : $this->forDoctor($doctor)->host;
            return $this->serverToServer()->client()->within(self::CHECK_SECONDS)->check($host);
        }
        // Nobody has the number 0, and nobody a connection under it.
        $subject = $this->site->subject($doctor ?? 0);
        return $this->oauth()->client($subject)->within(self::CHECK_SECONDS)->check();
    }

    public function tokenStore(): TokenStore
    {
        return new TokenStore($this->database);
    }

    private function readConnection(int $doctor): ?\Telemed\Connection
    {
        $this->demandMode(Settings::MODE_OAUTH);
        // A grant that is kept only to delete what it made connects nobody.
        $subject = $this->site->subject($doctor);
        return $this->handovers->find(Handover::ofDisconnected($subject, $doctor)) !== null
            ? null
            : $this->buildOAuth($this->current(Settings::MODE_OAUTH))->connection($subject);
    }

    private function forMappedDoctor(int $doctor): Credentials
    {
        $own = $this->ownAccounts->of($doctor);
        $app = $this->ownAccounts->app($doctor);
        if ($own !== null && $app !== null) {
            return new Credentials(
                $this->serverToServerApp($app)->client(),
                Settings::MODE_S2S,
                $own['client_id'],
                $own['account_id'],
                null,
                $own['host_id'],
                $own['host_email'],
                $own['host_id']
            );
        }
        $host = $this->hosts->of($doctor);
        if ($host === null || $host->account !== $this->settings->text('s2s_account_id')) {
            throw new Problem(
                'telemed_no_host',
                __('no Zoom user of the clinic is confirmed as this doctor\'s host', 'telemed-zoom'),
                __('An administrator confirms one under Telemed, Doctors.', 'telemed-zoom'),
                409
            );
        }
        return new Credentials(
            $this->serverToServer()->client(),
            Settings::MODE_S2S,
            $this->settings->text('s2s_client_id'),
            $this->settings->text('s2s_account_id'),
            null,
            $host->id,
            $host->email,
            $host->id
        );
    }

    private function forConnectedDoctor(int $doctor): Credentials
    {
        $oauth = $this->oauth();
        $subject = $this->site->subject($doctor);
        $connection = $this->demandConnected($this->connection($doctor));
        return new Credentials(
            $oauth->client($subject),
            Settings::MODE_OAUTH,
            $this->settings->text('oauth_client_id'),
            $connection->zoomAccountId(),
            $subject,
            null,
            $connection->zoomEmail(),
            $connection->zoomUserId()
        );
    }

    private function demandConnected(?\Telemed\Connection $connection): \Telemed\Connection
    {
        if ($connection !== null && $connection->status() === 'connected') {
            return $connection;
        }
        throw new Problem(
            $connection === null ? 'telemed_not_connected' : 'telemed_reconnect',
            $connection === null
                ? __('this doctor has not connected a Zoom account', 'telemed-zoom')
                : sprintf(
                    /* translators: %s: the reason */
                    __('this doctor\'s connection to Zoom has ended (%s)', 'telemed-zoom'),
                    (string) $connection->reason()
                ),
            __('The doctor opens their profile on this site and clicks Authorize with Zoom.', 'telemed-zoom'),
            409
        );
    }

    private function demandMode(string $mode): void
    {
        $this->extension->demand();
        if ($this->settings->mode() !== $mode) {
            throw new Problem('telemed_other_mode', __('the clinic uses Zoom in the other mode', 'telemed-zoom'), '', 409);
        }
    }

    /** @return array{mode: string, account_id: string, client_id: string, client_secret: string, redirect_uri: string} */
    private function current(string $mode): array
    {
        return [
            'mode' => $mode,
            'account_id' => $this->settings->text('s2s_account_id'),
            'client_id' => $this->settings->text($mode . '_client_id'),
            'client_secret' => $this->settings->text($mode . '_client_secret'),
            'redirect_uri' => $this->settings->redirectUri(),
        ];
    }

    /** @param array<string, string> $app */
    private function oauthApp(array $app, float $patience = INF): \Telemed\OAuthApp
    {
        $this->guard->demand();
        return $this->buildOAuth($app, $patience);
    }

    /**
     * Also on a site that does nothing at Zoom, for what is asked without network.
     *
     * @param array<string, string> $app
     */
    private function buildOAuth(array $app, float $patience = INF): \Telemed\OAuthApp
    {
        $vault = $this->key->vault();
        return new \Telemed\OAuthApp(
            $app['client_id'],
            $this->openSecret($vault, $app),
            $app['redirect_uri'],
            new TokenStore($this->database, $patience),
            $vault
        );
    }

    /** @param array<string, string> $app */
    private function serverToServerApp(array $app): \Telemed\ServerToServerApp
    {
        $this->guard->demand();
        $vault = $this->key->vault();
        return new \Telemed\ServerToServerApp(
            $app['account_id'],
            $app['client_id'],
            $this->openSecret($vault, $app),
            $this->tokenStore(),
            $vault
        );
    }

    /**
     * Nothing stored is an empty secret, which the extension names as what it is.
     *
     * @param array<string, string> $app
     */
    private function openSecret(\Telemed\Vault $vault, array $app): string
    {
        if ($app['client_secret'] === '') {
            return '';
        }
        try {
            return $vault->open($app['client_secret'], FormerApps::context($app['mode']));
        } catch (\Telemed\VaultException) {
            throw new Problem(
                'telemed_secret_unreadable',
                __('the stored client secret cannot be opened, because the site\'s encryption key has changed', 'telemed-zoom'),
                __('An administrator enters the client secret again under Telemed, Settings.', 'telemed-zoom'),
                500
            );
        }
    }
}
