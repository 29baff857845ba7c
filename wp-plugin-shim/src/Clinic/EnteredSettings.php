<?php
/**
 * Takes what is entered in the settings: checks it, seals secrets, and keeps those of apps with the apps.
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
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class EnteredSettings
{
    /** What stands for a secret that is kept with its app: that there is one, and whether it is another than before. */
    private const MARK = '/^kept\.[0-9a-f]{16}$/';
    /** The least and the most of each number. */
    private const NUMBERS = ['join_minutes_before' => [0, 240], 'blank_days' => [1, 3650], 'patient_days' => [1, 3650], 'joins_at_once' => [1, 100]];
    private const SWITCHES = ['admins_may_start', 'mail_patients', 'mail_zooms_link'];

    public function __construct(
        private readonly Settings $settings,
        private readonly AppRegistry $registry,
        private readonly EncryptionKey $key,
        private readonly Extension $extension
    ) {
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
        add_filter('pre_update_option_' . Settings::OPTION, [$this, 'keepSecrets'], 100, 2);
    }

    public function registerSetting(): void
    {
        register_setting(Settings::GROUP, Settings::OPTION, [
            'type' => 'object',
            'description' => __('How the clinic uses Zoom.', 'telemed-zoom'),
            'sanitize_callback' => [$this, 'sanitize'],
            'show_in_rest' => false,
        ]);
    }

    /**
     * What is stored of what was sent. Fields that were not sent stay; an empty secret keeps the stored one. Running it on
     * its own result changes nothing: WordPress does so when the option does not exist yet.
     *
     * @return array<string, mixed>
     */
    public function sanitize(#[\SensitiveParameter] mixed $input): array
    {
        $before = $this->settings->all();
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
        foreach (Settings::IDS as $field) {
            if (isset($input[$field]) && is_scalar($input[$field])) {
                $after[$field] = $this->sanitizeId($field, (string) $input[$field], $before[$field]);
            }
        }
        foreach (Settings::SECRETS as $field) {
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
            $after['oauth_redirect_uri'] = $this->settings->currentRedirectUri();
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
            if (!is_array($old) || array_filter(Settings::CREDENTIALS, $isAnother) === []) {
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
        if (is_array(get_option(Settings::OPTION))) {
            update_option(Settings::OPTION, $this->withSecretsKept($this->settings->all()));
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
            $app = $this->settings->with($new)->app($mode);
            if ($app->secret === '') {
                continue;
            }
            $this->registry->put($app);
            $field = $mode->field('client_secret');
            $new[$field] = Settings::isSealed((string) $new[$field]) ? 'kept.' . substr(hash('sha256', $app->secret), 0, 16) : $new[$field];
        }
        return $new;
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
            Settings::label($field)
        ));
        return $before;
    }

    private function sanitizeSecret(string $field, #[\SensitiveParameter] string $value, #[\SensitiveParameter] string $before): string
    {
        if ($value === '' || $value === $before) {
            return $before;
        }
        if ($field !== Settings::WEBHOOK_SECRET && preg_match(self::MARK, $value) === 1) {
            // The second run, where the first has kept it.
            return $value;
        }
        try {
            $this->extension->demand();
            $vault = $this->key->vault();
            if (Settings::isSealed($value)) {
                // The second run over a value that the first has sealed. What does not open is no secret of Zoom's either.
                $vault->open($value, Settings::context($field));
                return $value;
            }
            if (preg_match('/^[\x21-\x7e]{1,512}$/', $value) !== 1) {
                throw new Problem('telemed_bad_secret', __('it holds a space or a character that Zoom does not use', 'telemed-zoom'));
            }
            return $vault->seal($value, Settings::context($field));
        } catch (Problem | \Telemed\TelemedException $failure) {
            $this->error($field, sprintf(
                /* translators: 1: name of a field, 2: the reason */
                __('%1$s was not stored: %2$s', 'telemed-zoom'),
                Settings::label($field),
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
                    Settings::label($id),
                    Settings::label($secret)
                ), 'warning');
            }
        }
        $texts = static fn(array $fields): array => array_filter(array_map(
            static fn(string $field): string => in_array($field, Settings::SECRETS, true) ? trim((string) ($input[$field] ?? '')) : $after[$field],
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

    private function error(string $field, string $message, string $type = 'error'): void
    {
        // Only wp-admin has the function; elsewhere the unchanged option is the answer.
        if (function_exists('add_settings_error')) {
            add_settings_error(Settings::OPTION, 'telemed_' . $field, $message, $type);
        }
    }
}
