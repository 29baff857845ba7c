<?php
/**
 * The options of the settings page: reading, checking and sealing. Secrets are sealed before they reach the database and
 * opened only to be handed to the extension. Those of apps are kept with the apps: in their place the option has a mark.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

use TelemedZoom\ErrorText;
use TelemedZoom\Extension;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\PublicAddress;
use TelemedZoom\Site\Routes;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class Settings
{
    public const OPTION = 'telemed_settings';
    public const GROUP = 'telemed_settings';
    public const WEBHOOK_SECRET = 'webhook_secret_token';
    public const CALLBACK_ROUTE = '/oauth/callback';
    /** Sealed text begins with this; Zoom's secrets do not. */
    private const SEALED = 'telemed1.';
    /** What stands for a secret that is kept with its app: that there is one, and whether it is another than before. */
    private const MARK = '/^kept\.[0-9a-f]{16}$/';
    private const SECRETS = ['oauth_client_secret', 's2s_client_secret', self::WEBHOOK_SECRET];
    private const IDS = ['oauth_client_id', 's2s_account_id', 's2s_client_id'];
    /** What only a site has that was set up. */
    public const CREDENTIALS = [...self::IDS, ...self::SECRETS];
    /** The least and the most of each number. */
    private const NUMBERS = ['join_minutes_before' => [0, 240], 'blank_days' => [1, 3650], 'patient_days' => [1, 3650], 'joins_at_once' => [1, 100]];
    private const SWITCHES = ['admins_may_start', 'mail_patients', 'mail_zooms_link'];
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

    public function __construct(private readonly EncryptionKey $key, private readonly Extension $extension, private readonly AppRegistry $registry)
    {
    }

    /**
     * The same with what was entered in the place of what is stored.
     *
     * @param array<string, mixed> $entered as sanitize() leaves it
     */
    public function with(#[\SensitiveParameter] array $entered): self
    {
        $other = clone $this;
        $other->entered = $entered;
        return $other;
    }

    public function register(): void
    {
        // On init and not only on admin_init: however the option is written, its secrets are sealed. In the request that
        // activates the plugin, init is over.
        if (did_action('init')) {
            $this->registerSetting();
        } else {
            add_action('init', [$this, 'registerSetting']);
        }
        // After whoever asks a question first.
        add_filter('pre_update_option_' . self::OPTION, [$this, 'keepSecrets'], 100, 2);
    }

    public function registerSetting(): void
    {
        register_setting(self::GROUP, self::OPTION, [
            'type' => 'object',
            'description' => __('How the clinic uses Zoom.', 'telemed-zoom'),
            'sanitize_callback' => [$this, 'sanitize'],
            'show_in_rest' => false,
        ]);
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

    /** From so many minutes before a visit it can be joined. */
    /** How many people who join may wait for Zoom at a time. */
    public function joinsAtOnce(): int
    {
        return (int) $this->all()['joins_at_once'];
    }

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
        return array_values(array_filter(
            $this->registry->all(),
            static fn(App $app): bool => array_filter($named, static fn(App $one): bool => $one->is($app)) === []
        ));
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

    /** @throws DatabaseException */
    public function forgetOtherApps(): void
    {
        array_map($this->registry->forget(...), $this->otherApps());
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
     * What is stored of what was sent. Fields that were not sent stay; an empty secret keeps the stored one. Running it on
     * its own result changes nothing: WordPress does so when the option does not exist yet.
     *
     * @return array<string, mixed>
     */
    public function sanitize(#[\SensitiveParameter] mixed $input): array
    {
        $before = $this->all();
        $input = is_array($input) ? $input : [];
        $after = $before;
        // The form shows what was entered before and not saved: of that, too, an empty secret keeps what was entered.
        $kept = empty($input[Draft::FIELD]) ? $before : array_merge($before, Draft::settings() ?? []);
        if (!empty($input[Draft::FIELD]) && Draft::settings() === null) {
            $this->error(Draft::FIELD, __('Secrets that you entered and did not save are not kept any more: please enter them again.', 'telemed-zoom'), 'warning');
        }

        if (isset($input['mode']) && in_array($input['mode'], ['', ...array_column(Mode::cases(), 'value')], true)) {
            $after['mode'] = $input['mode'];
        }
        foreach (self::IDS as $field) {
            if (isset($input[$field]) && is_scalar($input[$field])) {
                $after[$field] = $this->sanitizeId($field, (string) $input[$field], $before[$field]);
            }
        }
        foreach (self::SECRETS as $field) {
            if (isset($input[$field]) && is_scalar($input[$field])) {
                $after[$field] = $this->sanitizeSecret($field, trim((string) $input[$field]), $kept[$field]);
            }
        }
        foreach (self::SWITCHES as $field) {
            if (isset($input[$field])) {
                $after[$field] = (bool) $input[$field];
            }
        }
        foreach (self::NUMBERS as $field => [$least, $most]) {
            if (isset($input[$field]) && is_numeric($input[$field])) {
                $after[$field] = max($least, min($most, (int) $input[$field]));
            }
        }
        if (isset($input['oauth_redirect_uri']) && is_string($input['oauth_redirect_uri']) && self::isOwnAddress($input['oauth_redirect_uri'])) {
            $after['oauth_redirect_uri'] = $input['oauth_redirect_uri'];
        }
        $renew = !empty($input['oauth_redirect_uri_renew']);
        if ($renew || $after['oauth_redirect_uri'] === '') {
            $after['oauth_redirect_uri'] = $this->currentRedirectUri();
        }
        $this->warn($before, $after, $input);
        return $after;
    }

    /**
     * Keeps the secrets of apps with the apps.
     *
     * @param mixed $new as it would be stored
     * @param mixed $old as it is stored
     * @return mixed what is stored
     */
    public function keepSecrets(#[\SensitiveParameter] mixed $new, #[\SensitiveParameter] mixed $old): mixed
    {
        if (!is_array($new)) {
            return $new;
        }
        if (!Schema::isCurrent()) {
            $isAnother = static fn(string $field): bool => ($new[$field] ?? '') !== ($old[$field] ?? '');
            if (!is_array($old) || array_filter(self::CREDENTIALS, $isAnother) === []) {
                return $new;
            }
            $this->error('not_ready', __('Nothing was saved: credentials can be changed once the plugin has been brought up to date.', 'telemed-zoom'));
            return $old;
        }
        try {
            return $this->withSecretsKept($new);
        } catch (DatabaseException $failure) {
            /* translators: %s: the reason */
            $this->error('not_kept', sprintf(__('Nothing was saved: %s', 'telemed-zoom'), ErrorText::of($failure)));
            return $old;
        }
    }

    /**
     * The same for what the version before has stored.
     *
     * @throws DatabaseException
     */
    public function keepAllSecrets(): void
    {
        if (is_array(get_option(self::OPTION))) {
            update_option(self::OPTION, $this->withSecretsKept($this->all()));
        }
    }

    /**
     * @param array<string, mixed> $new
     * @return array<string, mixed> with marks in the place of secrets
     * @throws DatabaseException
     */
    private function withSecretsKept(#[\SensitiveParameter] array $new): array
    {
        foreach (Mode::cases() as $mode) {
            $app = $this->with($new)->app($mode);
            if ($app->secret === '') {
                continue;
            }
            $this->registry->put($app);
            $field = $mode->field('client_secret');
            $new[$field] = self::isSealed((string) $new[$field]) ? 'kept.' . substr(hash('sha256', $app->secret), 0, 16) : $new[$field];
        }
        return $new;
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

    /** Zoom sends a code there: to no other site than this one. */
    private static function isOwnAddress(string $url): bool
    {
        foreach ([PublicAddress::home(), PublicAddress::of(site_url('/'))] as $own) {
            if (str_starts_with($url, $own) && esc_url_raw($url) === $url) {
                return true;
            }
        }
        return false;
    }

    private function sanitizeId(string $field, string $value, string $before): string
    {
        $value = trim($value);
        if (preg_match('/^[A-Za-z0-9._-]{0,191}$/', $value) === 1) {
            return $value;
        }
        $this->error($field, sprintf(
            /* translators: %s: name of a field */
            __('%s was not changed: it consists of letters, digits, ".", "_" and "-" only. Copy it from the app\'s page at Zoom.', 'telemed-zoom'),
            self::label($field)
        ));
        return $before;
    }

    private function sanitizeSecret(string $field, #[\SensitiveParameter] string $value, #[\SensitiveParameter] string $before): string
    {
        if ($value === '' || $value === $before) {
            return $before;
        }
        if ($field !== self::WEBHOOK_SECRET && preg_match(self::MARK, $value) === 1) {
            // The second run, where the first has kept it.
            return $value;
        }
        try {
            $this->extension->demand();
            $vault = $this->key->vault();
            if (self::isSealed($value)) {
                // The second run over a value that the first has sealed. What does not open is no secret of Zoom's either.
                $vault->open($value, self::context($field));
                return $value;
            }
            if (preg_match('/^[\x21-\x7e]{1,512}$/', $value) !== 1) {
                throw new Problem('telemed_bad_secret', __('it holds a space or a character that Zoom does not use', 'telemed-zoom'));
            }
            return $vault->seal($value, self::context($field));
        } catch (Problem | \Telemed\TelemedException $failure) {
            $this->error($field, sprintf(
                /* translators: 1: name of a field, 2: the reason */
                __('%1$s was not stored: %2$s', 'telemed-zoom'),
                self::label($field),
                ErrorText::of($failure)
            ));
            return $before;
        }
    }

    /**
     * @param array<string, mixed> $before
     * @param array<string, mixed> $after
     * @param array<string, mixed> $input
     */
    private function warn(#[\SensitiveParameter] array $before, #[\SensitiveParameter] array $after, #[\SensitiveParameter] array $input): void
    {
        foreach (Mode::cases() as $mode) {
            [$id, $secret] = [$mode->field('client_id'), $mode->field('client_secret')];
            if ($before[$id] !== '' && $before[$id] !== $after[$id] && $before[$secret] !== '' && $before[$secret] === $after[$secret] && !$this->isKnown($mode, $after)) {
                $this->error($secret, sprintf(
                    /* translators: 1: Client ID, 2: Client secret */
                    __('%1$s changed but %2$s did not: if this is another app, enter its secret too.', 'telemed-zoom'),
                    self::label($id),
                    self::label($secret)
                ), 'warning');
            }
        }
        $texts = static fn(array $fields): array => array_filter(array_map(
            static fn(string $field): string => in_array($field, self::SECRETS, true) ? trim((string) ($input[$field] ?? '')) : $after[$field],
            $fields
        ));
        foreach ([['oauth_client_secret', 'oauth_client_id'], ['s2s_client_secret', 's2s_client_id', 's2s_account_id']] as $fields) {
            $given = $texts($fields);
            if (count($given) !== count(array_unique($given))) {
                $this->error($fields[0], __('Two fields hold the same text: one of them was pasted into the wrong field.', 'telemed-zoom'), 'warning');
            }
        }
    }

    /**
     * Whether the app that is named has a secret of its own already.
     *
     * @param array<string, mixed> $settings
     */
    private function isKnown(Mode $mode, #[\SensitiveParameter] array $settings): bool
    {
        try {
            return $this->registry->find($mode, $mode->hostsAreMapped() ? $settings['s2s_account_id'] : '', $settings[$mode->field('client_id')]) !== null;
        } catch (DatabaseException) {
            return false;
        }
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

    private function error(string $field, string $message, string $type = 'error'): void
    {
        // Only wp-admin has the function; elsewhere the unchanged option is the answer.
        if (function_exists('add_settings_error')) {
            add_settings_error(self::OPTION, 'telemed_' . $field, $message, $type);
        }
    }
}
