<?php
/**
 * The table beside the choice of mode: what a clinic has to know to choose.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;

defined('ABSPATH') || exit;

final class ModeComparison
{
    /**
     * Row id, what is compared, OAuth, Server-to-Server.
     *
     * @return list<array{string, string, string, string}>
     */
    public static function lines(): array
    {
        return [
            [
                'best-for',
                __('Best for', 'telemed-zoom'),
                __('Multi-specialty clinics where each doctor pays for a Zoom Pro account', 'telemed-zoom'),
                __('Hospitals and large clinics with one central Zoom account for all staff', 'telemed-zoom'),
            ],
            [
                'how-it-works',
                __('How it works', 'telemed-zoom'),
                __('The administrator makes an app shell at Zoom (client ID, client secret, redirect URL); each doctor then authorizes it with their own Zoom account', 'telemed-zoom'),
                __('The administrator makes one app in the clinic\'s Zoom account (account ID, client ID, client secret); meetings are made on behalf of any user of that account', 'telemed-zoom'),
            ],
            [
                'user-setup',
                __('User set-up needed for each doctor', 'telemed-zoom'),
                __('Yes: each doctor clicks Authorize with Zoom once', 'telemed-zoom'),
                __('No: doctors do nothing; an administrator confirms which Zoom user hosts for which doctor', 'telemed-zoom'),
            ],
            [
                'owner',
                __('Who owns the meetings', 'telemed-zoom'),
                __('The doctor', 'telemed-zoom'),
                __('The clinic\'s organisation', 'telemed-zoom'),
            ],
            [
                'app-type',
                __('App type at Zoom', 'telemed-zoom'),
                __('General app, user-managed', 'telemed-zoom'),
                __('Server-to-Server OAuth app, account-managed', 'telemed-zoom'),
            ],
            [
                'personal-login',
                __('Personal Zoom login needed', 'telemed-zoom'),
                __('Yes', 'telemed-zoom'),
                __('No', 'telemed-zoom'),
            ],
            [
                'admin-complexity',
                __('Complexity for the administrator', 'telemed-zoom'),
                __('Low', 'telemed-zoom'),
                __('High', 'telemed-zoom'),
            ],
            [
                'doctor-complexity',
                __('Complexity for the doctor', 'telemed-zoom'),
                __('High: a Zoom account of their own, authorized once', 'telemed-zoom'),
                __('None: instant', 'telemed-zoom'),
            ],
            [
                'permissions',
                __('Account-level permissions needed', 'telemed-zoom'),
                __('No', 'telemed-zoom'),
                __('Yes: the Zoom role of whoever makes the app needs Server-to-Server OAuth and the permissions behind each scope', 'telemed-zoom'),
            ],
            [
                'agreement',
                __('Whose agreement (BAA) with Zoom', 'telemed-zoom'),
                __('Each doctor\'s own, for their own paid account; a free account cannot have one', 'telemed-zoom'),
                __('The clinic\'s, for the clinic\'s paid account; a free account cannot have one', 'telemed-zoom'),
            ],
            [
                'beware',
                __('Note', 'telemed-zoom'),
                __('Doctors outside the Zoom account that owns the app can connect only once Zoom has published the app or approved sharing it', 'telemed-zoom'),
                __('The credentials act for every user of the account: whoever has them can make, change and delete anybody\'s meetings', 'telemed-zoom'),
            ],
        ];
    }

    public static function label(Mode $mode): string
    {
        return $mode === Mode::OAuth
            ? __('OAuth 2.0: each doctor\'s own Zoom account', 'telemed-zoom')
            : __('Server-to-Server OAuth: the clinic\'s Zoom account', 'telemed-zoom');
    }

    public static function print(?Mode $chosen): void
    {
        echo '<fieldset><legend class="screen-reader-text">' . esc_html__('How the clinic uses Zoom', 'telemed-zoom') . '</legend>';
        echo '<table class="widefat striped" id="telemed-comparison"><thead><tr><td></td>';
        foreach (Mode::cases() as $mode) {
            printf(
                '<th scope="col"><label for="telemed-mode-%1$s"><input type="radio" name="%2$s[mode]" id="telemed-mode-%1$s" value="%1$s"%3$s> <strong>%4$s</strong></label></th>',
                esc_attr($mode->value),
                esc_attr(Settings::OPTION),
                checked($chosen === $mode, true, false),
                esc_html(self::label($mode))
            );
        }
        echo '</tr></thead><tbody>';
        foreach (self::lines() as [$id, $title, $oauth, $s2s]) {
            printf(
                '<tr id="telemed-compare-%s"><th scope="row">%s</th><td>%s</td><td>%s</td></tr>',
                esc_attr($id),
                esc_html($title),
                esc_html($oauth),
                esc_html($s2s)
            );
        }
        echo '</tbody></table></fieldset>';
    }
}
