<?php
/**
 * Tells administrators once that no key opens the client secret, so that it must be entered again.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Clinic\Permit;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Mail\Mail;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Hooks;

defined('ABSPATH') || exit;

final class SecretWatch
{
    /** While it cannot be opened. */
    public const OPTION_MAILED = 'telemed_secret_mailed';

    public function __construct(
        private readonly Settings $settings,
        private readonly ConnectionWatch $watch,
        private readonly Permit $permit
    ) {
    }

    public function register(): void
    {
        add_action(Hooks::RUN, [$this, 'look'], 5);
    }

    /** Says once that the client secret must be entered again, and is ready to say so again once it was. */
    public function look(): void
    {
        if (!$this->permit->isGiven()) {
            return;
        }
        $isTold = get_option(self::OPTION_MAILED) !== false;
        if ($this->settings->secretIsReadable()) {
            if ($isTold) {
                delete_option(self::OPTION_MAILED);
                $this->watch->wake(null);
            }
            return;
        }
        if ($isTold || !add_option(self::OPTION_MAILED, Clock::now())) {
            return;
        }
        Mail::administrators(
            __('Enter the client secret of the Zoom app again', 'telemed-zoom'),
            __('The stored client secret cannot be opened any more, because the site\'s encryption key has changed or was lost. Until it is entered again, no video visit can be made, moved, cancelled or started from the site. Nothing was deleted, and join links that exist keep working.', 'telemed-zoom') .
                "\n\n" . __('Enter it here:', 'telemed-zoom') . ' ' . AdminPages::settings()
        );
    }
}
