<?php
/**
 * On a doctor's user page, for administrators: whether this doctor may use a Zoom account of their own in
 * Server-to-Server mode.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Site\Capabilities;

defined('ABSPATH') || exit;

final class OwnAccountField
{
    private const FIELD = 'telemed_own_account_allowed';
    private const SHOWN = 'telemed_own_account_shown';

    public function __construct(private readonly OwnAccounts $ownAccounts, private readonly CoreSettings $coreSettings)
    {
    }

    public function register(): void
    {
        add_action('edit_user_profile', [$this, 'show'], 20);
        add_action('edit_user_profile_update', [$this, 'save']);
    }

    public function show(\WP_User $user): void
    {
        if (!Capabilities::isAdmin() || !Capabilities::isDoctor($user->ID) || $this->coreSettings->mode() !== CoreSettings::S2S) {
            return;
        }
        printf(
            '<table class="form-table" role="presentation"><tr><th scope="row">%1$s</th><td><input type="hidden" name="%2$s" value="1"><label><input type="checkbox" name="%3$s" id="%3$s" value="1"%4$s> %5$s</label><p class="description">%6$s</p></td></tr></table>',
            esc_html__('Own Zoom account', 'telemed-zoom'),
            esc_attr(self::SHOWN),
            esc_attr(self::FIELD),
            checked($this->ownAccounts->isAllowed($user->ID), true, false),
            esc_html__('This doctor may enter Server-to-Server credentials of their own in KiviCare', 'telemed-zoom'),
            esc_html__('Their visits then belong to that account. Without it the clinic hosts.', 'telemed-zoom')
        );
    }

    /** WordPress has checked its nonce already. */
    public function save(int $user): void
    {
        // phpcs:disable WordPress.Security.NonceVerification
        if (isset($_POST[self::SHOWN]) && Capabilities::isAdmin() && current_user_can('edit_user', $user) && Capabilities::isDoctor($user)) {
            $this->ownAccounts->allow($user, !empty($_POST[self::FIELD]));
            $this->coreSettings->syncDoctor($user);
        }
        // phpcs:enable
    }
}
