<?php
/**
 * The administrator's screen "Zoom Telemed" in KiviCare: the same mode and app that Telemed, Settings shows. Secrets go in and
 * never come out.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Plugin;
use TelemedZoom\Problem;
use TelemedZoom\Settings\Settings;
use TelemedZoom\Settings\SettingsPage;

defined('ABSPATH') || exit;

final class AdminScreen
{
    /** Shown in place of a stored secret; sent back unchanged, it keeps the secret. */
    public const PLACEHOLDER = '••••••••';

    public function __construct(private readonly Plugin $plugin, private readonly CoreSettings $coreSettings)
    {
    }

    /** @return array<string, mixed> */
    public function get(): array
    {
        $settings = $this->plugin->settings;
        return [
            'client_secret' => $settings->secretIsSet('oauth_client_secret') ? self::PLACEHOLDER : '',
            'server_to_server_enabled' => $this->coreSettings->mode() === CoreSettings::S2S ? 'Yes' : 'No',
            'webhook_url' => '',
            'webhook_secret' => '',
            'settings_url' => SettingsPage::url(),
        ] + $this->coreSettings->all();
    }

    /**
     * @param array<string, mixed> $fields auth_type, client_id, client_secret
     * @throws Problem with what to do, in words for the screen
     */
    public function save(#[\SensitiveParameter] array $fields): void
    {
        $text = static fn(string $name): string => is_scalar($fields[$name] ?? null) ? trim((string) $fields[$name]) : '';
        match ($text('auth_type')) {
            CoreSettings::OAUTH => $this->saveOAuth($text('client_id'), $text('client_secret')),
            CoreSettings::S2S => $this->saveServerToServer(),
            CoreSettings::NONE => $this->store(['mode' => '']),
            default => throw new Problem('telemed_bad_mode', __('the mode is none of oauth, server-to-server, none', 'telemed-zoom')),
        };
        $this->coreSettings->sync();
    }

    private function saveOAuth(string $id, #[\SensitiveParameter] string $secret): void
    {
        $settings = $this->plugin->settings;
        $id = $id === '' ? $settings->text('oauth_client_id') : $id;
        $isNewSecret = $secret !== '' && $secret !== self::PLACEHOLDER;
        if ($id === '' || (!$isNewSecret && !$settings->secretIsSet('oauth_client_secret'))) {
            throw new Problem('telemed_incomplete', __('client ID and client secret are needed', 'telemed-zoom'), __('Copy both from the page of your app at Zoom.', 'telemed-zoom'));
        }
        if ($isNewSecret) {
            // Says why, where nothing can be sealed.
            $this->plugin->extension->demand();
            $this->plugin->key->vault();
        }
        $sealed = $settings->text('oauth_client_secret');
        $this->store(['mode' => Settings::MODE_OAUTH, 'oauth_client_id' => $id] + ($isNewSecret ? ['oauth_client_secret' => $secret] : []));
        if ($settings->text('oauth_client_id') !== $id) {
            throw new Problem('telemed_bad_client_id', __('the client ID holds a character that Zoom does not use', 'telemed-zoom'), __('Copy it from the page of your app at Zoom.', 'telemed-zoom'));
        }
        if ($isNewSecret && $settings->text('oauth_client_secret') === $sealed) {
            throw new Problem('telemed_bad_secret', __('the client secret was not stored: it holds a character that Zoom does not use', 'telemed-zoom'), __('Copy it from the page of your app at Zoom.', 'telemed-zoom'));
        }
    }

    /** The core's switch has no fields for the clinic's account; ours has. */
    private function saveServerToServer(): void
    {
        foreach (['s2s_account_id', 's2s_client_id', 's2s_client_secret'] as $field) {
            if ($this->plugin->settings->text($field) === '') {
                throw new Problem(
                    'telemed_incomplete',
                    __('the clinic\'s account ID, client ID and client secret are not stored yet', 'telemed-zoom'),
                    /* translators: %s: address of a page */
                    sprintf(__('Enter them under Telemed, Settings: %s', 'telemed-zoom'), SettingsPage::url()),
                    409
                );
            }
        }
        $this->store(['mode' => Settings::MODE_S2S]);
    }

    /** @param array<string, string> $fields */
    private function store(#[\SensitiveParameter] array $fields): void
    {
        update_option(Settings::OPTION, $fields + $this->plugin->settings->all());
    }
}
