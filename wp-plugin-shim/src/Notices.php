<?php
/**
 * What administrators and doctors are told at the top of wp-admin: once after an action (flash), or until it is mended.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Doctors\Capabilities;
use TelemedZoom\Doctors\DoctorProfile;
use TelemedZoom\Doctors\DoctorsScreen;
use TelemedZoom\Doctors\HostMap;
use TelemedZoom\Settings\EncryptionKey;
use TelemedZoom\Settings\Settings;
use TelemedZoom\Settings\SettingsPage;

defined('ABSPATH') || exit;

final class Notices
{
    private const FLASH_SECONDS = 600;

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

    /** @param 'success'|'warning'|'error'|'info' $type */
    public static function flash(string $type, string $text, ?int $user = null): void
    {
        $name = self::flashName($user ?? get_current_user_id());
        $waiting = get_transient($name);
        $waiting = is_array($waiting) ? $waiting : [];
        $waiting[] = ['type' => $type, 'text' => $text];
        set_transient($name, $waiting, self::FLASH_SECONDS);
    }

    public function show(): void
    {
        if (!DoctorProfile::isShown()) {
            self::printFlash();
        }
        if (Capabilities::isAdmin()) {
            $this->showExtension();
            $this->showChangedEmails();
        }
        if (Capabilities::isAdmin() && Plugin::isOwnScreen()) {
            $this->showKey();
            $this->showRedirectUri();
        }
    }

    public static function print(string $type, string $html, string $id = ''): void
    {
        printf(
            '<div class="notice notice-%s"%s><p>%s</p></div>',
            esc_attr($type),
            $id === '' ? '' : ' id="' . esc_attr($id) . '"',
            wp_kses($html, ['a' => ['href' => true], 'strong' => [], 'code' => [], 'br' => []])
        );
    }

    /** What an action has left to tell, once. */
    public static function printFlash(bool $isInline = false): void
    {
        $name = self::flashName(get_current_user_id());
        $waiting = get_transient($name);
        if (!is_array($waiting)) {
            return;
        }
        delete_transient($name);
        foreach ($waiting as $message) {
            printf(
                '<div class="notice notice-%s is-dismissible telemed-flash%s" role="%s"><p>%s</p></div>',
                esc_attr((string) $message['type']),
                // WordPress takes every other notice to the top of the page.
                $isInline ? ' inline' : '',
                $message['type'] === 'error' ? 'alert' : 'status',
                esc_html((string) $message['text'])
            );
        }
    }

    private function showExtension(): void
    {
        $problem = $this->extension->problem();
        if ($problem !== null) {
            self::print(
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
            self::print(
                'error',
                esc_html__('No secret can be stored:', 'telemed-zoom') . ' ' . esc_html($problem) . ' ' . self::settingsLink('#telemed-key', __('Make an encryption key', 'telemed-zoom')),
                'telemed-key-notice'
            );
        } elseif ($this->extension->isUsable() && !$this->settings->secretIsReadable()) {
            self::print(
                'error',
                esc_html__('The stored client secret cannot be opened, because the site\'s encryption key has changed. Enter the client secret again.', 'telemed-zoom') . ' ' . self::settingsLink('', __('Settings', 'telemed-zoom')),
                'telemed-unreadable-notice'
            );
        } elseif ($this->key->source() === EncryptionKey::FROM_SALTS && str_ends_with((string) get_current_screen()?->id, SettingsPage::PAGE)) {
            self::print(
                'warning',
                esc_html__('Secrets are encrypted with a key made from WordPress\' salts. If the salts change, which security plugins do, the client secret must be entered again and every doctor must connect again.', 'telemed-zoom') .
                    ' ' . self::settingsLink('#telemed-key', __('Make an encryption key of its own', 'telemed-zoom')),
                'telemed-salts-notice'
            );
        }
    }

    private function showRedirectUri(): void
    {
        if ($this->settings->mode() === Settings::MODE_OAUTH && $this->settings->redirectUriIsOutdated()) {
            self::print(
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
        if ($this->settings->mode() !== Settings::MODE_S2S || !Plugin::isOwnScreen()) {
            return;
        }
        foreach ($this->hosts->changedEmails() as $doctor) {
            self::print(
                'warning',
                sprintf(
                    /* translators: 1: name of a doctor, 2: Zoom user */
                    esc_html__('The e-mail of %1$s on this site has changed. The Zoom host is still %2$s, as an administrator confirmed.', 'telemed-zoom'),
                    '<strong>' . esc_html($doctor->display_name) . '</strong>',
                    esc_html((string) ($this->hosts->of($doctor->ID)?->email ?? $this->hosts->of($doctor->ID)?->id))
                ) . ' <a href="' . esc_url(admin_url('admin.php?page=' . DoctorsScreen::PAGE)) . '">' . esc_html__('Look at the doctors', 'telemed-zoom') . '</a>',
                'telemed-email-notice-' . $doctor->ID
            );
        }
    }

    private static function settingsLink(string $anchor, string $text): string
    {
        return '<a href="' . esc_url(SettingsPage::url() . $anchor) . '">' . esc_html($text) . '</a>';
    }

    private static function flashName(int $user): string
    {
        return 'telemed_flash_' . $user;
    }
}
