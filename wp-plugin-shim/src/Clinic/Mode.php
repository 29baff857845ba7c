<?php
/**
 * The two ways in which a clinic uses Zoom. What follows from one is asked here; hardly anybody needs to know which it is.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

defined('ABSPATH') || exit;

enum Mode: string
{
    case OAuth = 'oauth';
    case ServerToServer = 's2s';

    /** Whether each doctor connects a Zoom user of their own, who hosts. */
    public function doctorsConnect(): bool
    {
        return $this === self::OAuth;
    }

    /** Whether hosts are users of one Zoom account, and an administrator says who hosts for whom. */
    public function hostsAreMapped(): bool
    {
        return $this === self::ServerToServer;
    }

    /** Whether Zoom sends people back to this site, to an address that the app names. */
    public function takesRedirect(): bool
    {
        return $this === self::OAuth;
    }

    /** @return list<string> the scopes to give its app at Zoom; nothing else is asked for. The extension has to be there */
    public function scopes(): array
    {
        return match ($this) {
            self::OAuth => \Telemed\OAuthApp::scopes(),
            self::ServerToServer => \Telemed\ServerToServerApp::scopes(),
        };
    }

    /** A setting of the app of this mode. */
    public function field(string $name): string
    {
        return "{$this->value}_$name";
    }

    /** @return list<string> the settings that its app needs */
    public function fields(): array
    {
        return match ($this) {
            self::OAuth => ['oauth_client_id', 'oauth_client_secret', 'oauth_redirect_uri'],
            self::ServerToServer => ['s2s_account_id', 's2s_client_id', 's2s_client_secret'],
        };
    }
}
