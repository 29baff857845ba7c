<?php
/**
 * The options of the settings page. Secrets are sealed before they reach the database and opened only to be handed to the extension.
 * Those of apps are kept with the apps: in their place the option has a mark.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\PublicAddress;
use TelemedZoom\Site\Routes;

defined('ABSPATH') || exit;

final class Settings
{
    public const OPTION = 'telemed_settings';
    public const GROUP = 'telemed_settings';
    public const WEBHOOK_SECRET = 'webhook_secret_token';
    public const CALLBACK_ROUTE = '/oauth/callback';
    /** Sealed text begins with this; Zoom's secrets do not. */
    private const SEALED = 'telemed1.';
    public const SECRETS = ['oauth_client_secret', 's2s_client_secret', self::WEBHOOK_SECRET];
    public const IDS = ['oauth_client_id', 's2s_account_id', 's2s_client_id'];
    /** What only a site has that was set up. */
    public const CREDENTIALS = [...self::IDS, ...self::SECRETS];
    private const DEFAULTS = [
        'mode' => '',
        'oauth_client_id' => '',
        'oauth_client_secret' => '',
        'oauth_redirect_uri' => '',
        's2s_account_id' => '',
        's2s_client_id' => '',
        's2s_client_secret' => '',
        self::WEBHOOK_SECRET => '',
        'admins_may_start' => false,
        'mail_patients' => true,
        'mail_zooms_link' => false,
        'join_minutes_before' => 15,
        'blank_days' => 30,
        'patient_days' => 365,
        'joins_at_once' => 5,
    ];

    /** @var ?array<string, mixed> what was entered and is not stored; null: these are the stored ones */
    private ?array $entered = null;

    public function __construct(private readonly EncryptionKey $key, private readonly AppRegistry $registry)
    {
    }

    /**
     * The same with what was entered in the place of what is stored.
     *
     * @param array<string, mixed> $entered as EnteredSettings::sanitize() leaves it
     */
    public function with(#[\SensitiveParameter] array $entered): self
    {
        $other = clone $this;
        $other->entered = $entered;
        return $other;
    }

    /** @return array<string, mixed> secrets are sealed, or a mark stands for them */
    public function all(): array
    {
        $stored = $this->entered ?? get_option(self::OPTION);
        return array_merge(self::DEFAULTS, is_array($stored) ? array_intersect_key($stored, self::DEFAULTS) : []);
    }

    public function text(string $field): string
    {
        return (string) $this->all()[$field];
    }

    /** Null: the clinic has not chosen. */
    public function mode(): ?Mode
    {
        return Mode::tryFrom($this->text('mode'));
    }

    public function doctorsConnect(): bool
    {
        return $this->mode()?->doctorsConnect() === true;
    }

    public function hostsAreMapped(): bool
    {
        return $this->mode()?->hostsAreMapped() === true;
    }

    /** Of the app in force; '' where there is none. */
    public function clientId(): string
    {
        $mode = $this->mode();
        return $mode === null ? '' : $this->text($mode->field('client_id'));
    }

    public function adminsMayStart(): bool
    {
        return (bool) $this->all()['admins_may_start'];
    }

    public function mailsPatients(): bool
    {
        return (bool) $this->all()['mail_patients'];
    }

    /** In place of the visit link. */
    public function mailsZoomsLink(): bool
    {
        return (bool) $this->all()['mail_zooms_link'];
    }

    /** How many people who join may wait for Zoom at a time. */
    public function joinsAtOnce(): int
    {
        return (int) $this->all()['joins_at_once'];
    }

    /** From so many minutes before a visit it can be joined. */
    public function joinMinutesBefore(): int
    {
        return (int) $this->all()['join_minutes_before'];
    }

    /** So many days after a visit its links and its passcode are forgotten. */
    public function blankDays(): int
    {
        return (int) $this->all()['blank_days'];
    }

    /** So many days after a visit it is forgotten whom it was with, and what its log says. */
    public function patientDays(): int
    {
        return (int) $this->all()['patient_days'];
    }

    public function secretIsSet(string $field): bool
    {
        return $this->text($field) !== '';
    }

    /** False when the secret of the chosen mode is stored and no key opens it any more. */
    public function secretIsReadable(): bool
    {
        $mode = $this->mode();
        if ($mode === null || !$this->secretIsSet($mode->field('client_secret'))) {
            return true;
        }
        try {
            return $this->app($mode)->openSecret($this->key->vault()) !== '';
        } catch (DatabaseException) {
            // That is not its fault.
            return true;
        } catch (Problem | \Telemed\TelemedException) {
            return false;
        }
    }

    /**
     * The app of a mode, in force or not. Without a secret where none is entered.
     *
     * @throws DatabaseException
     */
    public function app(Mode $mode): App
    {
        $names = [$mode->hostsAreMapped() ? $this->text('s2s_account_id') : '', $this->text($mode->field('client_id'))];
        $redirect = $mode->takesRedirect() ? $this->redirectUri() : '';
        $secret = $this->text($mode->field('client_secret'));
        if ($secret === '' || self::isSealed($secret)) {
            return new App($mode, ...$names, secret: $secret, context: App::contextOf($mode), redirectUrl: $redirect);
        }
        $known = $this->registry->find($mode, ...$names);
        if ($known === null && $this->entered !== null) {
            // Another app was named and no secret entered: it may be the same.
            $stored = clone $this;
            $stored->entered = null;
            $known = $stored->app($mode);
        }
        return $known?->named(...$names, redirectUrl: $redirect) ?? new App($mode, ...$names, secret: '', context: '', redirectUrl: $redirect);
    }

    /**
     * Apps that are kept and stand not, or not any more, in the settings.
     *
     * @return list<App>
     * @throws DatabaseException
     */
    public function otherApps(): array
    {
        $named = array_map($this->app(...), Mode::cases());
        return array_values(array_filter($this->registry->all(), static fn(App $app): bool => array_filter($named, $app->is(...)) === []));
    }

    /** @throws DatabaseException */
    public function forgetOtherApps(): void
    {
        array_map($this->registry->forget(...), $this->otherApps());
    }

    /** @return list<string> the fields that the chosen mode still needs */
    public function missing(): array
    {
        return array_values(array_filter($this->mode()?->fields() ?? ['mode'], fn(string $field): bool => $this->text($field) === ''));
    }

    /** Whether a mode is chosen and has all it needs. */
    public function isComplete(): bool
    {
        return $this->missing() === [];
    }

    /** Where Zoom sends the doctor back: the stored address, unchanged until an administrator changes it. */
    public function redirectUri(): string
    {
        return $this->text('oauth_redirect_uri') ?: $this->currentRedirectUri();
    }

    /** What the site's address would give today; an appointment system may have a callback of its own. */
    public function currentRedirectUri(): string
    {
        /**
         * Filters the redirect URL that a new app at Zoom is given.
         *
         * For an appointment system with a callback of its own, which leads the browser on to the plugin's own, with the whole query.
         *
         * @since 0.1.0
         * @api
         *
         * @param string $url The address of the plugin's own callback.
         */
        return (string) apply_filters('telemed_redirect_uri', PublicAddress::of(rest_url(Routes::V1 . self::CALLBACK_ROUTE)));
    }

    public function redirectUriIsOutdated(): bool
    {
        return $this->text('oauth_redirect_uri') !== '' && $this->text('oauth_redirect_uri') !== $this->currentRedirectUri();
    }

    /** The context that a secret is sealed under, so that one cannot be put in the other's place. */
    public static function context(string $field): string
    {
        return 'option:' . $field;
    }

    public static function isSealed(string $secret): bool
    {
        return str_starts_with($secret, self::SEALED);
    }

    /**
     * Seals every secret that is stored here anew under the first key.
     *
     * @return list<string> the fields that no key opens any more
     */
    public function reseal(\Telemed\Vault $vault): array
    {
        if (get_option(self::OPTION) === false) {
            return [];
        }
        $settings = $this->all();
        $unreadable = [];
        foreach (self::SECRETS as $field) {
            if (!self::isSealed($settings[$field])) {
                continue;
            }
            try {
                $settings[$field] = $vault->reseal($settings[$field], self::context($field));
            } catch (\Telemed\TelemedException) {
                $unreadable[] = $field;
            }
        }
        update_option(self::OPTION, $settings);
        return $unreadable;
    }

    public static function label(string $field): string
    {
        return match ($field) {
            'oauth_client_id' => __('Client ID (OAuth)', 'telemed-zoom'),
            'oauth_client_secret' => __('Client secret (OAuth)', 'telemed-zoom'),
            's2s_account_id' => __('Account ID', 'telemed-zoom'),
            's2s_client_id' => __('Client ID (Server-to-Server)', 'telemed-zoom'),
            's2s_client_secret' => __('Client secret (Server-to-Server)', 'telemed-zoom'),
            self::WEBHOOK_SECRET => __('Secret token', 'telemed-zoom'),
            'oauth_redirect_uri' => __('Redirect URL', 'telemed-zoom'),
            default => $field,
        };
    }
}
