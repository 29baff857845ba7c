<?php
/**
 * Builds the extension's apps from the settings, and finds the credentials for a doctor or for a meeting that exists.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\App;
use TelemedZoom\Clinic\AppRegistry;
use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Mode;
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
        private readonly AppRegistry $registry,
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
            $this->registry,
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
        $this->demandMode(Mode::ofGrants());
        return $this->oauthApp($this->settings->app(Mode::ofGrants()));
    }

    /** @throws Problem|\Telemed\TelemedException */
    public function serverToServer(): \Telemed\ServerToServerApp
    {
        $this->demandMode(Mode::ofAccounts());
        return $this->serverToServerApp($this->settings->app(Mode::ofAccounts()));
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
        return $this->oauthApp($this->registry->find(Mode::ofGrants(), '', $client)
            ?? throw new Problem('telemed_credentials_gone', __('this app\'s credentials are not stored', 'telemed-zoom'), '', 409), $patience);
    }

    /** @return list<string> the client ids of all OAuth apps, in force or former */
    public function oauthClients(): array
    {
        $ofGrants = array_filter($this->registry->all(), static fn(App $app): bool => $app->mode->doctorsConnect());
        return array_values(array_map(static fn(App $app): string => $app->client, $ofGrants));
    }

    public function knowsOAuthApp(string $client): bool
    {
        return $this->registry->find(Mode::ofGrants(), '', $client) !== null;
    }

    /**
     * A Server-to-Server app by its account and client id, in force or former, whatever the mode.
     *
     * @throws Problem|\Telemed\TelemedException
     */
    public function serverToServerOf(string $account, string $client): \Telemed\ServerToServerApp
    {
        $this->extension->demand();
        return $this->serverToServerApp($this->registry->find(Mode::ofAccounts(), $account, $client)
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
        /**
         * Fires when what is stored of a doctor's connection was looked at.
         *
         * @since 0.1.0
         * @internal
         *
         * @param int                  $doctor     The doctor: a user of WordPress.
         * @param ?\Telemed\Connection $connection Null: there is none.
         */
        do_action('telemed_connection_seen', $doctor, $connection);
        return $connection;
    }

    /**
     * For a new meeting of this doctor.
     *
     * @throws Problem when nobody can host it
     * @throws \Telemed\TelemedException
     */
    public function forDoctor(int $doctor): Credentials
    {
        [$maker, $connection] = $this->present($doctor);
        $own = $this->ownAccount($doctor);
        return $this->through($maker, match (true) {
            $connection !== null => $connection->zoomEmail(),
            $own !== null => $own['host_email'],
            default => $this->hosts->of($doctor)?->email,
        });
    }

    /**
     * The same where no client is needed: nothing is asked of Zoom.
     *
     * @throws Problem when nobody can host it
     * @throws \Telemed\TelemedException
     */
    public function makerFor(int $doctor): \Telemed\Maker
    {
        [$maker] = $this->present($doctor);
        // A secret that no key opens stands in the way as well.
        $this->openSecret($this->key->vault(), $this->demandApp($maker));
        return $maker;
    }

    /** Zoom user id of who would host a new meeting of this doctor, without network; null where that cannot be told. */
    public function presentHost(int $doctor): ?string
    {
        try {
            return $this->maker($doctor, $this->needsGrant($doctor) ? $this->readConnection($doctor) : null)->hostAtZoom();
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            return null;
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
        return $this->thatMade($meeting->maker(), $meeting->hostEmail);
    }

    /**
     * For what was made with these: exactly them, whatever the settings say today.
     *
     * @param array<string, ?string> $maker as \Telemed\Maker::fromColumns() takes it
     * @throws Problem when that is gone
     * @throws \Telemed\TelemedException
     */
    public function thatMade(array $maker, ?string $hostEmail = null): Credentials
    {
        $this->extension->demand();
        $this->guard->demand();
        return $this->through(\Telemed\Maker::fromColumns($maker), $hostEmail);
    }

    /**
     * Looks at everything that a meeting of this doctor needs. Without a doctor at the account only; in OAuth mode at the app, whose
     * steps end where a doctor's connection is needed.
     *
     * @throws Problem|\Telemed\TelemedException
     */
    public function check(?int $doctor): \Telemed\Diagnosis
    {
        if ($this->settings->hostsAreMapped()) {
            $host = $doctor === null ? null : $this->makerFor($doctor)->namedHost();
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
        $this->demandMode(Mode::ofGrants());
        // A grant that is kept only to delete what it made connects nobody.
        $subject = $this->site->subject($doctor);
        return $this->handovers->find(Handover::ofDisconnected($subject, $doctor)) !== null
            ? null
            : $this->buildOAuth($this->settings->app(Mode::ofGrants()))->connection($subject);
    }

    /**
     * Who would host a new meeting of this doctor, and with which connection.
     *
     * @return array{\Telemed\Maker, ?\Telemed\Connection}
     * @throws Problem when nobody can host it
     * @throws \Telemed\TelemedException
     */
    private function present(int $doctor): array
    {
        $this->extension->demand();
        $this->guard->demand();
        $connection = $this->needsGrant($doctor) ? $this->connection($doctor) : null;
        $maker = $this->maker($doctor, $connection);
        return $maker->problem() === null ? [$maker, $connection] : throw $this->noHost($maker->problem(), $connection);
    }

    /** Who would host a new meeting of this doctor, or why nobody can. */
    private function maker(int $doctor, ?\Telemed\Connection $connection): \Telemed\Maker
    {
        $this->extension->demand();
        $own = $this->ownAccount($doctor);
        $host = $this->hosts->of($doctor);
        return \Telemed\Maker::present([
            'is_doctor' => Capabilities::isDoctor($doctor),
            'mode' => $this->settings->mode()?->value,
            'is_complete' => $this->settings->isComplete(),
            'app' => $this->settings->clientId(),
            'account' => $this->settings->text('s2s_account_id'),
            'subject' => $this->site->subject($doctor),
            'own_app' => $own['client_id'] ?? null,
            'own_account' => $own['account_id'] ?? null,
            'own_host' => $own['host_id'] ?? null,
            'confirmed_account' => $host?->account,
            'confirmed_host' => $host?->id,
            'grant_is_alive' => $connection === null ? null : $connection->status() === 'connected',
            'grant_account' => $connection?->zoomAccountId(),
            'grant_host' => $connection?->zoomUserId(),
        ]);
    }

    /** @return ?array{account_id: string, client_id: string, host_id: string, host_email: ?string} one whose app is stored */
    private function ownAccount(int $doctor): ?array
    {
        return $this->ownAccounts->app($doctor) === null ? null : $this->ownAccounts->of($doctor);
    }

    /**
     * @throws Problem when what the maker needs is gone
     * @throws \Telemed\TelemedException
     */
    private function through(\Telemed\Maker $maker, ?string $hostEmail): Credentials
    {
        $app = $this->demandApp($maker);
        $vault = $this->key->vault();
        try {
            $client = \Telemed\Client::through($maker, $this->openSecret($vault, $app), $app->redirectUrl, $this->tokenStore(), $vault);
        } catch (\Telemed\TelemedException $failure) {
            throw match ($failure->id()) {
                'not_connected' => $this->noHost('not_connected', null),
                'connection_dead' => $this->noHost('reconnect', null),
                'another_zoom_user' => new Problem(
                    'telemed_other_zoom_user',
                    sprintf(
                        /* translators: %s: e-mail or id of a Zoom user */
                        __('this meeting belongs to the Zoom user %s, and the doctor is now connected as another one', 'telemed-zoom'),
                        $hostEmail ?? (string) $maker->hostAtZoom()
                    ),
                    __('Handle the meeting in Zoom itself, or authorize again with the Zoom user that it belongs to.', 'telemed-zoom'),
                    409
                ),
                default => $failure,
            };
        }
        return new Credentials($client, $maker, $hostEmail);
    }

    /**
     * The app that a maker names, in force or former. What was entered and is not stored comes first.
     *
     * @throws Problem when it is gone
     */
    private function demandApp(\Telemed\Maker $maker): App
    {
        $columns = $maker->columns();
        $mode = Mode::from((string) $columns['mode']);
        // A grant's account is its Zoom user's, and not the app's.
        $names = [$mode->hostsAreMapped() ? (string) $columns['account'] : '', (string) $columns['app']];
        $inForce = $this->settings->app($mode);
        return $inForce->isNamed($mode, ...$names) ? $inForce : $this->registry->find($mode, ...$names) ?? throw new Problem(
            'telemed_credentials_gone',
            __('the credentials of the Zoom app that made this meeting are no longer stored', 'telemed-zoom'),
            __('Handle the meeting in Zoom itself, or enter that app\'s credentials again under Telemed, Settings.', 'telemed-zoom'),
            409
        );
    }

    private function noHost(string $why, ?\Telemed\Connection $connection): Problem
    {
        $missing = $this->settings->missing();
        [$message, $advice] = match ($why) {
            'not_a_doctor' => [
                __('this user holds no video visits', 'telemed-zoom'),
                __('An administrator gives the user the role Telemed doctor, or the visits to another doctor.', 'telemed-zoom'),
            ],
            'not_set_up' => [
                $this->settings->mode() === null ? __('the clinic has not chosen how it uses Zoom', 'telemed-zoom') : sprintf(
                    /* translators: %s: names of fields */
                    __('the clinic has not entered all that its Zoom app needs: %s', 'telemed-zoom'),
                    implode(', ', array_map([Settings::class, 'label'], $missing))
                ),
                __('An administrator does so under Telemed, Settings.', 'telemed-zoom'),
            ],
            'no_host' => [
                __('no Zoom user of the clinic is confirmed as this doctor\'s host', 'telemed-zoom'),
                __('An administrator confirms one under Telemed, Doctors.', 'telemed-zoom'),
            ],
            'not_connected' => [
                __('this doctor has not connected a Zoom account', 'telemed-zoom'),
                __('The doctor opens their profile on this site and clicks Authorize with Zoom.', 'telemed-zoom'),
            ],
            default => [
                $connection?->reason() === null ? __('this doctor\'s connection to Zoom has ended', 'telemed-zoom') : sprintf(
                    /* translators: %s: the reason */
                    __('this doctor\'s connection to Zoom has ended (%s)', 'telemed-zoom'),
                    (string) $connection->reason()
                ),
                __('The doctor opens their profile on this site and clicks Authorize with Zoom.', 'telemed-zoom'),
            ],
        };
        return new Problem("telemed_$why", $message, $advice, 409);
    }

    /** Whether a grant of the doctor's own tells who hosts. */
    private function needsGrant(int $doctor): bool
    {
        return $this->settings->doctorsConnect() && $this->settings->isComplete() && Capabilities::isDoctor($doctor);
    }

    private function demandMode(Mode $mode): void
    {
        $this->extension->demand();
        if ($this->settings->mode() !== $mode) {
            throw new Problem('telemed_other_mode', __('the clinic uses Zoom in the other mode', 'telemed-zoom'), '', 409);
        }
    }

    private function oauthApp(App $app, float $patience = INF): \Telemed\OAuthApp
    {
        $this->guard->demand();
        return $this->buildOAuth($app, $patience);
    }

    /** Also on a site that does nothing at Zoom, for what is asked without network. */
    private function buildOAuth(App $app, float $patience = INF): \Telemed\OAuthApp
    {
        $vault = $this->key->vault();
        return new \Telemed\OAuthApp(
            $app->client,
            $this->openSecret($vault, $app),
            $app->redirectUrl,
            new TokenStore($this->database, $patience),
            $vault
        );
    }

    private function serverToServerApp(App $app): \Telemed\ServerToServerApp
    {
        $this->guard->demand();
        $vault = $this->key->vault();
        return new \Telemed\ServerToServerApp(
            $app->account,
            $app->client,
            $this->openSecret($vault, $app),
            $this->tokenStore(),
            $vault
        );
    }

    /** Nothing stored is an empty secret, which the extension names as what it is. */
    private function openSecret(\Telemed\Vault $vault, App $app): string
    {
        try {
            return $app->openSecret($vault);
        } catch (\Telemed\TelemedException) {
            throw new Problem(
                'telemed_secret_unreadable',
                __('the stored client secret cannot be opened, because the site\'s encryption key has changed', 'telemed-zoom'),
                __('An administrator enters the client secret again under Telemed, Settings.', 'telemed-zoom'),
                500
            );
        }
    }
}
