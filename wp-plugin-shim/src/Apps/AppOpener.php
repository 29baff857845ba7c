<?php
/**
 * The one place that opens apps at Zoom, in force or former and of either mode: with their secrets, on this site's records.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\App;
use TelemedZoom\Clinic\AppRegistry;
use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Permit;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Problem;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Listeners;
use TelemedZoom\Store\TokenStore;

defined('ABSPATH') || exit;

final class AppOpener
{
    /** Who hears of which subject's connection there may be news. The extension may be in the midst of its work on it. */
    public readonly Listeners $news;

    public function __construct(
        private Settings $settings,
        private readonly AppRegistry $registry,
        private readonly EncryptionKey $key,
        private readonly Database $database,
        private readonly Permit $permit
    ) {
        $this->news = new Listeners();
    }

    /** The same with settings that are not stored, to try them. */
    public function with(Settings $settings): self
    {
        $other = clone $this;
        $other->settings = $settings;
        return $other;
    }

    /**
     * The app in force, if it holds what Zoom users have granted.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function oauth(): \Telemed\OAuthApp
    {
        $this->permit->demand();
        return $this->openOAuth($this->ofGrants());
    }

    /**
     * What is stored of a grant in the app in force, also on a site that may ask nothing of Zoom.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function storedConnection(string $subject): ?\Telemed\Connection
    {
        $this->permit->demandExtension();
        return $this->openOAuth($this->ofGrants())->connection($subject);
    }

    /**
     * The app in force, if it acts for a whole account of Zoom's.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function serverToServer(): \Telemed\ServerToServerApp
    {
        return $this->openServerToServer($this->inForce(static fn(Mode $mode): bool => $mode->hostsAreMapped()));
    }

    /**
     * An OAuth app by its client id, in force or former, whatever the mode: to take over what it has.
     *
     * @param float $patience seconds to wait for whoever uses a connection
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function oauthOf(string $client, float $patience = INF): \Telemed\OAuthApp
    {
        $this->permit->demand();
        return $this->openOAuth($this->registry->ofGrants()[$client] ?? throw self::gone(), $patience);
    }

    /**
     * All OAuth apps, in force and former.
     *
     * @return iterable<\Telemed\OAuthApp>
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function allOauth(): iterable
    {
        foreach ($this->oauthClients() as $client) {
            yield $this->oauthOf($client);
        }
    }

    /**
     * @return list<string> the client ids of all OAuth apps, in force and former
     * @throws DatabaseException
     */
    public function oauthClients(): array
    {
        return array_map('strval', array_keys($this->registry->ofGrants()));
    }

    /**
     * A Server-to-Server app by its account and client id, in force or former, whatever the mode.
     *
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function serverToServerOf(string $account, string $client): \Telemed\ServerToServerApp
    {
        return $this->openServerToServer($this->registry->ofAccount($account, $client) ?? throw self::gone());
    }

    /**
     * With credentials that are tried before they are stored.
     *
     * @throws Problem|\Telemed\TelemedException
     */
    public function serverToServerWith(
        string $account,
        string $client,
        #[\SensitiveParameter] string $secret
    ): \Telemed\ServerToServerApp {
        $this->permit->demand();
        return new \Telemed\ServerToServerApp($account, $client, $secret, $this->tokenStore(), $this->key->vault());
    }

    /**
     * What handles exactly what the maker has made.
     *
     * @throws Problem when its app is gone
     * @throws DatabaseException|\Telemed\TelemedException
     */
    public function client(\Telemed\Maker $maker): \Telemed\Client
    {
        $app = $this->madeBy($maker);
        $secret = $this->openSecret($app);
        try {
            return \Telemed\Client::through($maker, $secret, $app->redirectUrl, $this->tokenStore(), $this->key->vault());
        } catch (\Telemed\TelemedException $failure) {
            // Whoever found the connection dead may have died before it was told.
            $this->news->tell((string) $maker->columns()['subject']);
            throw $failure;
        }
    }

    /**
     * Without a client: a secret that no key opens stands in the way as well.
     *
     * @throws Problem|DatabaseException
     */
    public function demandApp(\Telemed\Maker $maker): void
    {
        $this->openSecret($this->madeBy($maker));
    }

    public function tokenStore(float $patience = INF): TokenStore
    {
        return new TokenStore($this->database, $patience, $this->news);
    }

    /**
     * The app that a maker names, in force or former. What was entered and is not stored comes first.
     *
     * @throws Problem when it is gone
     * @throws DatabaseException
     */
    private function madeBy(\Telemed\Maker $maker): App
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

    private function ofGrants(): App
    {
        return $this->inForce(static fn(Mode $mode): bool => $mode->doctorsConnect());
    }

    /** @param \Closure(Mode): bool $isMeant */
    private function inForce(\Closure $isMeant): App
    {
        $mode = $this->settings->mode();
        if ($mode === null || !$isMeant($mode)) {
            throw new Problem('telemed_other_mode', __('the clinic uses Zoom in the other mode', 'telemed-zoom'), '', 409);
        }
        return $this->settings->app($mode);
    }

    private function openOAuth(App $app, float $patience = INF): \Telemed\OAuthApp
    {
        [$secret, $store] = [$this->openSecret($app), $this->tokenStore($patience)];
        return new \Telemed\OAuthApp($app->client, $secret, $app->redirectUrl, $store, $this->key->vault());
    }

    private function openServerToServer(App $app): \Telemed\ServerToServerApp
    {
        $this->permit->demand();
        return $this->serverToServerWith($app->account, $app->client, $this->openSecret($app));
    }

    /** Nothing stored is an empty secret, which the extension names as what it is. */
    private function openSecret(App $app): string
    {
        try {
            return $app->openSecret($this->key->vault());
        } catch (\Telemed\TelemedException) {
            throw new Problem(
                'telemed_secret_unreadable',
                __('the stored client secret cannot be opened, because the site\'s encryption key has changed', 'telemed-zoom'),
                __('An administrator enters the client secret again under Telemed, Settings.', 'telemed-zoom'),
                500
            );
        }
    }

    private static function gone(): Problem
    {
        return new Problem('telemed_credentials_gone', __('this app\'s credentials are not stored', 'telemed-zoom'), '', 409);
    }
}
