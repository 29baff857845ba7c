<?php
/**
 * What administrators and doctors are told at the top of wp-admin: once after an action (flash), or until it is mended.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Clinic\EncryptionKey;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class Notices
{
    public function __construct(
        private readonly Extension $extension,
        private readonly EncryptionKey $key,
        private readonly Settings $settings,
        private readonly HostMap $hosts
    ) {
    }

    public function register(): void
    {
        add_action('admin_notices', [$this, 'show']);
    }

    public function show(): void
    {
        if (!AdminPages::isDoctorsProfile()) {
            Notice::printFlash();
        }
        if (Capabilities::isAdmin()) {
            $this->showExtension();
            $this->showChangedEmails();
        }
        if (Capabilities::isAdmin() && AdminPages::isOwn()) {
            $this->showKey();
            $this->showRedirectUri();
        }
    }

    private function showExtension(): void
    {
        $problem = $this->extension->problem();
        if ($problem !== null) {
            Notice::print(
                'error',
                '<strong>' . esc_html__('Telemed for Zoom:', 'telemed-zoom') . '</strong> ' . esc_html($problem) . '<br>' . esc_html($this->extension->remedy()),
                'telemed-extension-notice'
            );
        }
    }

    private function showKey(): void
    {
        $problem = $this->key->problem();
        if ($problem !== null) {
            Notice::print(
                'error',
                esc_html__('No secret can be stored:', 'telemed-zoom') . ' ' . esc_html($problem) . ' ' . self::settingsLink('#telemed-key', __('Make an encryption key', 'telemed-zoom')),
                'telemed-key-notice'
            );
        } elseif ($this->extension->isUsable() && !$this->settings->secretIsReadable()) {
            Notice::print(
                'error',
                esc_html__('The stored client secret cannot be opened, because the site\'s encryption key has changed. Enter the client secret again.', 'telemed-zoom') . ' ' . self::settingsLink('', __('Settings', 'telemed-zoom')),
                'telemed-unreadable-notice'
            );
        } elseif ($this->key->source() === EncryptionKey::FROM_SALTS && str_ends_with((string) get_current_screen()?->id, AdminPages::SETTINGS)) {
            Notice::print(
                'warning',
                esc_html__('Secrets are encrypted with a key made from WordPress\' salts. If the salts change, which security plugins do, the client secret must be entered again and every doctor must connect again.', 'telemed-zoom') .
                    ' ' . self::settingsLink('#telemed-key', __('Make an encryption key of its own', 'telemed-zoom')),
                'telemed-salts-notice'
            );
        }
    }

    private function showRedirectUri(): void
    {
        if ($this->settings->doctorsConnect() && $this->settings->redirectUriIsOutdated()) {
            Notice::print(
                'warning',
                sprintf(
                    /* translators: 1: stored address, 2: address of today */
                    esc_html__('The redirect URL in use is %1$s, but the site\'s address would now give %2$s. Zoom knows the stored one; nothing changes until you change it in the settings.', 'telemed-zoom'),
                    '<code>' . esc_html($this->settings->redirectUri()) . '</code>',
                    '<code>' . esc_html($this->settings->currentRedirectUri()) . '</code>'
                ) . ' ' . self::settingsLink('#telemed-oauth', __('Settings', 'telemed-zoom')),
                'telemed-redirect-notice'
            );
        }
    }

    private function showChangedEmails(): void
    {
        if (!$this->settings->hostsAreMapped() || !AdminPages::isOwn()) {
            return;
        }
        foreach ($this->hosts->changedEmails() as $doctor) {
            Notice::print(
                'warning',
                sprintf(
                    /* translators: 1: name of a doctor, 2: Zoom user */
                    esc_html__('The e-mail of %1$s on this site has changed. The Zoom host is still %2$s, as an administrator confirmed.', 'telemed-zoom'),
                    '<strong>' . esc_html($doctor->display_name) . '</strong>',
                    esc_html((string) ($this->hosts->of($doctor->ID)?->email ?? $this->hosts->of($doctor->ID)?->id))
                ) . ' <a href="' . esc_url(admin_url('admin.php?page=' . AdminPages::DOCTORS)) . '">' . esc_html__('Look at the doctors', 'telemed-zoom') . '</a>',
                'telemed-email-notice-' . $doctor->ID
            );
        }
    }

    private static function settingsLink(string $anchor, string $text): string
    {
        return '<a href="' . esc_url(AdminPages::settings() . $anchor) . '">' . esc_html($text) . '</a>';
    }
}
