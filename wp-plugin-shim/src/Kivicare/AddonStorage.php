<?php
/**
 * What the commercial telemed add-on has left in the database, in the formats of its third and fourth generation: the app, the
 * doctors' tokens and own accounts, flags. Everything that bears a secret stands there in clear.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

defined('ABSPATH') || exit;

final class AddonStorage
{
    public const META_TOKENS = 'kiviCare_doctor_zoom_telemed_config';
    public const META_S2S = 'zoom_server_to_server_oauth_config_data';
    /** A short-lived newer name of the same. */
    public const META_S2S_NEWER = 'zoom_telemed_config';
    /** What is of no use and bears secrets: the old API keys, cached Server-to-Server tokens and a flag beside them. */
    private const USELESS = ['zoom_config_data', 'kiviCare_doctor_zoom_telemed_server_to_server_oauth_config', 'kiviCare_zoom_telemed_server_to_server_oauth_connect'];

    /**
     * The OAuth app of the clinic.
     *
     * @return ?array{client_id: string, client_secret: string, redirect_url: string}
     */
    public function app(): ?array
    {
        foreach ($this->settingsEverywhere() as $settings) {
            $app = [
                'client_id' => self::text($settings, 'client_id'),
                'client_secret' => self::text($settings, 'client_secret'),
                'redirect_url' => self::text($settings, 'redirect_url'),
            ];
            if ($app['client_id'] !== '' && $app['client_secret'] !== '') {
                return $app;
            }
        }
        return null;
    }

    /** Whether there is anything that leads to Zoom. */
    public function hasCredentials(): bool
    {
        return $this->app() !== null || $this->doctorsWithTokens() !== [] || $this->doctorsWithAccounts() !== [];
    }

    /** The mode as the add-on resolves it: what was chosen, else the older switches. */
    public function mode(): string
    {
        $settings = $this->settingsEverywhere();
        foreach ($settings as $one) {
            if (in_array(self::text($one, 'auth_type'), [CoreSettings::OAUTH, CoreSettings::S2S], true)) {
                return self::text($one, 'auth_type');
            }
        }
        if (get_option(CoreSettings::OPTION_S2S) === 'Yes') {
            return CoreSettings::S2S;
        }
        foreach ($settings as $one) {
            if (self::text($one, 'enableCal') === 'Yes') {
                return CoreSettings::OAUTH;
            }
        }
        return CoreSettings::NONE;
    }

    /** @return list<int> doctors with tokens of their own Zoom account */
    public function doctorsWithTokens(): array
    {
        return array_values(array_filter(self::usersWith(self::META_TOKENS), fn(int $user): bool => $this->tokens($user) !== null));
    }

    /** @return ?array{access_token: string, refresh_token: string, scope: string, api_url: ?string} */
    public function tokens(int $doctor): ?array
    {
        $stored = self::decoded(get_user_meta($doctor, self::META_TOKENS, true));
        if ($stored === null || self::text($stored, 'refresh_token') === '') {
            return null;
        }
        return [
            'access_token' => self::text($stored, 'access_token'),
            'refresh_token' => self::text($stored, 'refresh_token'),
            'scope' => self::text($stored, 'scope'),
            'api_url' => self::text($stored, 'api_url') ?: null,
        ];
    }

    /** @return list<int> doctors with Server-to-Server credentials of their own */
    public function doctorsWithAccounts(): array
    {
        $users = array_unique([...self::usersWith(self::META_S2S), ...self::usersWith(self::META_S2S_NEWER)]);
        return array_values(array_filter($users, fn(int $user): bool => $this->account($user) !== null));
    }

    /** @return ?array{enabled: bool, account_id: string, client_id: string, client_secret: string} */
    public function account(int $doctor): ?array
    {
        foreach ([self::META_S2S, self::META_S2S_NEWER] as $key) {
            $stored = self::decoded(get_user_meta($doctor, $key, true));
            if ($stored !== null && self::text($stored, 'client_secret') !== '' && self::text($stored, 'account_id') !== '') {
                return [
                    'enabled' => self::text($stored, 'enableServerToServerOauthconfig') === 'true',
                    'account_id' => self::text($stored, 'account_id'),
                    'client_id' => self::text($stored, 'client_id'),
                    'client_secret' => self::text($stored, 'client_secret'),
                ];
            }
        }
        return null;
    }

    /** @return list<int> users with leftovers that are of no use to anybody: those of old, tokens that cannot be renewed, parts of credentials */
    public function usersWithUselessSecrets(): array
    {
        return array_values(array_unique(array_merge(
            ...array_map([self::class, 'usersWith'], self::USELESS),
            ...[array_filter(self::usersWith(self::META_TOKENS), fn(int $user): bool => $this->tokens($user) === null)],
            ...[array_filter([...self::usersWith(self::META_S2S), ...self::usersWith(self::META_S2S_NEWER)], $this->hasPartOfAccount(...))],
        )));
    }

    public function forgetAppSecret(): void
    {
        $stored = get_option(CoreSettings::OPTION);
        if (is_array($stored) && self::text($stored, 'client_secret') !== '') {
            update_option(CoreSettings::OPTION, ['client_secret' => ''] + $stored);
        }
        foreach (self::usersWith(CoreSettings::OPTION) as $user) {
            delete_user_meta($user, CoreSettings::OPTION);
        }
    }

    public function forgetTokens(int $doctor): void
    {
        delete_user_meta($doctor, self::META_TOKENS);
    }

    /** The core still reads the flag beside the secrets. */
    public function forgetAccount(int $doctor, bool $enabled): void
    {
        delete_user_meta($doctor, self::META_S2S_NEWER);
        update_user_meta($doctor, self::META_S2S, wp_slash(sprintf(
            '{"enableServerToServerOauthconfig":"%s","account_id":"","client_id":"","client_secret":""}',
            $enabled ? 'true' : 'false'
        )));
    }

    public function forgetUselessSecrets(int $user): void
    {
        foreach (self::USELESS as $key) {
            delete_user_meta($user, $key);
        }
        if ($this->tokens($user) === null) {
            $this->forgetTokens($user);
        }
        if ($this->hasPartOfAccount($user)) {
            $this->forgetAccount($user, false);
        }
    }

    /** A client secret without its account opens nothing, and stands in clear all the same. */
    private function hasPartOfAccount(int $doctor): bool
    {
        if ($this->account($doctor) !== null) {
            return false;
        }
        foreach ([self::META_S2S, self::META_S2S_NEWER] as $key) {
            $stored = self::decoded(get_user_meta($doctor, $key, true));
            if ($stored !== null && self::text($stored, 'client_secret') !== '') {
                return true;
            }
        }
        return false;
    }

    /** @return list<array<string, mixed>> the option, then what the earliest builds kept with an administrator */
    private function settingsEverywhere(): array
    {
        $found = [get_option(CoreSettings::OPTION)];
        foreach (self::usersWith(CoreSettings::OPTION) as $user) {
            $found[] = get_user_meta($user, CoreSettings::OPTION, true);
        }
        return array_values(array_filter(array_map([self::class, 'decoded'], $found), 'is_array'));
    }

    /** @return list<int> */
    private static function usersWith(string $key): array
    {
        global $wpdb;
        return array_map('intval', $wpdb->get_col($wpdb->prepare("SELECT DISTINCT user_id FROM {$wpdb->usermeta} WHERE meta_key = %s AND meta_value <> '' ORDER BY user_id", $key)));
    }

    /**
     * An array, JSON, or an object of no class of its own; anything else is not looked into.
     *
     * @return ?array<string, mixed>
     */
    private static function decoded(#[\SensitiveParameter] mixed $stored): ?array
    {
        $stored = is_string($stored) ? json_decode($stored, true) : ($stored instanceof \stdClass ? (array) $stored : $stored);
        return is_array($stored) ? $stored : null;
    }

    /** @param array<string, mixed> $from */
    private static function text(#[\SensitiveParameter] array $from, string $name): string
    {
        return is_scalar($from[$name] ?? null) ? trim((string) $from[$name]) : '';
    }
}
