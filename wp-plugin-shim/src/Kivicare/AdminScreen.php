<?php
/**
 * The administrator's screen "Zoom Telemed" in KiviCare: the same mode and app that Telemed, Settings shows. Secrets go in and
 * never come out.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Parts;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class AdminScreen
{
    /** Shown in place of a stored secret; sent back unchanged, it keeps the secret. */
    public const PLACEHOLDER = '••••••••';

    public function __construct(
        private readonly Parts $plugin,
        private readonly CoreSettings $coreSettings,
        private readonly ClinicAccountSetup $clinicAccount
    ) {
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
            'settings_url' => AdminPages::settings(),
        ] + $this->coreSettings->all();
    }

    /**
     * @param array<string, mixed> $fields auth_type, client_id, client_secret; in Server-to-Server mode account_id, and confirm_hosts:
     *        whether doctors with exactly one matching Zoom user get that as their host
     * @return string what to tell the administrator besides
     * @throws Problem|DatabaseException|\Telemed\TelemedException with what to do, in words for the screen
     */
    public function save(#[\SensitiveParameter] array $fields): string
    {
        $text = static fn(string $name): string => is_scalar($fields[$name] ?? null) ? trim((string) $fields[$name]) : '';
        $told = '';
        switch ($text('auth_type')) {
            case CoreSettings::OAUTH:
                $this->saveOAuth($text('client_id'), $text('client_secret'));
                break;
            case CoreSettings::S2S:
                $told = $this->saveServerToServer(
                    ['account_id' => $text('account_id'), 'client_id' => $text('client_id'), 'client_secret' => $text('client_secret')],
                    (bool) ($fields['confirm_hosts'] ?? false)
                );
                break;
            case CoreSettings::NONE:
                $this->store(['mode' => '']);
                break;
            default:
                throw new Problem('telemed_bad_mode', __('the mode is none of oauth, server-to-server, none', 'telemed-zoom'));
        }
        $this->coreSettings->sync();
        return $told;
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
        $this->store(['mode' => Mode::OAuth->value, 'oauth_client_id' => $id] + ($isNewSecret ? ['oauth_client_secret' => $secret] : []));
        if ($settings->text('oauth_client_id') !== $id) {
            throw new Problem('telemed_bad_client_id', __('the client ID holds a character that Zoom does not use', 'telemed-zoom'), __('Copy it from the page of your app at Zoom.', 'telemed-zoom'));
        }
        if ($isNewSecret && $settings->text('oauth_client_secret') === $sealed) {
            throw new Problem('telemed_bad_secret', __('the client secret was not stored: it holds a character that Zoom does not use', 'telemed-zoom'), __('Copy it from the page of your app at Zoom.', 'telemed-zoom'));
        }
    }

    /**
     * The core's switch has no fields for the clinic's account; who calls the route may send them, as the commercial add-on takes them.
     *
     * @param array{account_id: string, client_id: string, client_secret: string} $entered
     * @return string what to tell besides
     */
    private function saveServerToServer(#[\SensitiveParameter] array $entered, bool $confirmsHosts): string
    {
        if ($entered['client_secret'] === self::PLACEHOLDER) {
            $entered['client_secret'] = '';
        }
        $this->clinicAccount->use($entered);
        return $confirmsHosts ? $this->clinicAccount->confirmHosts() : '';
    }

    /** @param array<string, string> $fields */
    private function store(#[\SensitiveParameter] array $fields): void
    {
        update_option(Settings::OPTION, $fields + $this->plugin->settings->all());
    }
}
