<?php
/**
 * Says in wp-admin which connections have ended or are about to, until they are mended.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\Notice;

defined('ABSPATH') || exit;

final class ConnectionNotice
{
    public function __construct(private readonly Settings $settings)
    {
    }

    public function register(): void
    {
        add_action('admin_notices', [$this, 'show']);
    }

    public function show(): void
    {
        if (ConnectionMails::isTold(get_current_user_id()) && Capabilities::isDoctor() && $this->settings->doctorsConnect()) {
            $until = ConnectionMails::until(get_current_user_id());
            Notice::print(
                'error',
                ($until > Clock::now() ? self::endsAt($until) : esc_html__('Your connection to Zoom has ended, so no new video visit of yours can be made, and none that was made through it can be started from here.', 'telemed-zoom')) .
                    ' <a href="' . esc_url(AdminPages::profile()) . '">' . esc_html__('Authorize with Zoom again', 'telemed-zoom') . '</a>',
                'telemed-connection-notice'
            );
        }
        if (!Capabilities::isAdmin() || !AdminPages::isOwn() || !$this->settings->doctorsConnect()) {
            return;
        }
        $names = array_map([Doctors::class, 'name'], ConnectionMails::ended());
        if ($names !== []) {
            Notice::print(
                'error',
                sprintf(
                    /* translators: %s: names of doctors */
                    esc_html__('The connection to Zoom of these doctors has ended or is about to; each authorizes again on their own profile: %s', 'telemed-zoom'),
                    '<strong>' . esc_html(implode(', ', $names)) . '</strong>'
                ),
                'telemed-connections-notice'
            );
        }
    }

    private static function endsAt(int $until): string
    {
        return esc_html(sprintf(
            /* translators: %s: time of day */
            __('Your connection to Zoom ends at %s: Zoom\'s answer to its renewal was lost. From then on no new video visit of yours can be made, and none that was made through it can be started from here.', 'telemed-zoom'),
            (string) wp_date(get_option('time_format'), $until, Doctors::timezone(get_current_user_id()))
        ));
    }
}
