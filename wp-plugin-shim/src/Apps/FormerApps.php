<?php
/**
 * Credentials that the settings page has replaced, kept for the meetings that were made with them: a meeting is moved and
 * cancelled only by what made it. Secrets stay sealed as they were. An app that made no meeting is not kept: it may be no
 * app at all but a secret pasted into the wrong field.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class FormerApps
{
    public const OPTION = Settings::OPTION_FORMER_APPS;

    public function __construct(private readonly LedgerQueries $queries)
    {
    }

    public function register(): void
    {
        add_action('update_option_' . Settings::OPTION, [$this, 'keep'], 10, 2);
    }

    /**
     * @param mixed $before
     * @param mixed $after
     */
    public function keep(#[\SensitiveParameter] mixed $before, #[\SensitiveParameter] mixed $after): void
    {
        if (!is_array($before) || !is_array($after)) {
            return;
        }
        $former = self::all();
        foreach (self::apps($before) as $id => $app) {
            if ($this->hasMadeMeetings($app)) {
                $former[$id] = $app;
            }
        }
        // What the settings hold is not former.
        $former = array_diff_key($former, self::apps($after));
        if ($former !== self::all()) {
            update_option(self::OPTION, $former, false);
        }
    }

    /**
     * Keeps an app that never stood in the settings: a doctor's own, or one that was taken over.
     *
     * @param array{mode: string, account_id: string, client_id: string, client_secret: string, redirect_uri: string} $app its secret sealed
     */
    public function add(array $app): void
    {
        update_option(self::OPTION, [self::id($app['mode'], $app['account_id'], $app['client_id']) => $app] + self::all(), false);
    }

    /** @return ?array{mode: string, account_id: string, client_id: string, client_secret: string, redirect_uri: string} */
    public function find(Mode $mode, string $account, string $client): ?array
    {
        $current = get_option(Settings::OPTION);
        $id = self::id($mode->value, $account, $client);
        return (is_array($current) ? self::apps($current) : [])[$id] ?? self::all()[$id] ?? null;
    }

    /** @return list<array{mode: string, account_id: string, client_id: string, client_secret: string, redirect_uri: string}> */
    public function everyApp(): array
    {
        $current = get_option(Settings::OPTION);
        return array_values((is_array($current) ? self::apps($current) : []) + self::all());
    }

    /**
     * @return int how many secrets no key opens any more
     */
    public function reseal(\Telemed\Vault $vault): int
    {
        $unreadable = 0;
        $apps = self::all();
        if ($apps === []) {
            return 0;
        }
        foreach ($apps as &$app) {
            try {
                $app['client_secret'] = $vault->reseal($app['client_secret'], self::context(Mode::from($app['mode'])));
            } catch (\Telemed\VaultException) {
                $unreadable++;
            }
        }
        update_option(self::OPTION, $apps, false);
        return $unreadable;
    }

    public static function context(Mode $mode): string
    {
        return Settings::context($mode->field('client_secret'));
    }

    /** @param array<string, string> $app */
    private function hasMadeMeetings(array $app): bool
    {
        try {
            return $this->queries->knowsApp(Mode::from($app['mode']), $app['client_id']);
        } catch (DatabaseException) {
            // Rather one too many than a meeting that nothing can cancel.
            return true;
        }
    }

    /** @return array<string, array<string, string>> */
    private static function all(): array
    {
        $stored = get_option(self::OPTION);
        return is_array($stored) ? $stored : [];
    }

    /**
     * The complete apps in the settings.
     *
     * @param array<string, mixed> $settings
     * @return array<string, array<string, string>>
     */
    private static function apps(#[\SensitiveParameter] array $settings): array
    {
        $apps = [];
        foreach (Mode::cases() as $mode) {
            $app = [
                'mode' => $mode->value,
                'account_id' => $mode->hostsAreMapped() ? (string) ($settings['s2s_account_id'] ?? '') : '',
                'client_id' => (string) ($settings[$mode->field('client_id')] ?? ''),
                'client_secret' => (string) ($settings[$mode->field('client_secret')] ?? ''),
                'redirect_uri' => $mode->takesRedirect() ? (string) ($settings['oauth_redirect_uri'] ?? '') : '',
            ];
            if ($app['client_id'] !== '' && $app['client_secret'] !== '') {
                $apps[self::id($mode->value, $app['account_id'], $app['client_id'])] = $app;
            }
        }
        return $apps;
    }

    private static function id(string $mode, string $account, string $client): string
    {
        return $mode . '|' . $account . '|' . $client;
    }
}
