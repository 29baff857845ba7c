<?php
/**
 * KiviCare's own settings of Zoom, kept true to ours: the core and its screens read flags from an option and from usermeta.
 * There is one stored mode, ours. What bears a secret in the add-on's formats is never written.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\HostMap;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Site\Capabilities;

defined('ABSPATH') || exit;

final class CoreSettings
{
    public const OPTION = 'kiviCare_zoom_telemed_setting';
    public const OPTION_S2S = 'kiviCare_zoom_telemed_server_to_server_oauth_status';
    public const OAUTH = 'oauth';
    public const S2S = 'server-to-server';
    public const NONE = 'none';
    public const META_TYPE = 'telemed_type';
    public const META_CONNECT = 'kiviCare_zoom_telemed_connect';
    public const META_MEET = 'kiviCare_google_meet_connect';
    /** What meetings are made with, for the core's screens; a clinic cannot loosen it here. */
    private const MEETING_SETTINGS = [
        'host_video' => true,
        'participant_video' => true,
        'join_before_host' => false,
        'mute_upon_entry' => true,
        'waiting_room' => true,
        'auto_recording' => 'none',
        'meeting_authentication' => false,
        'approval_type' => 2,
    ];

    public function __construct(
        private readonly Settings $settings,
        private readonly HostMap $hosts,
        private readonly OwnAccounts $ownAccounts
    ) {
    }

    public function register(): void
    {
        foreach (['add_option_', 'update_option_'] as $hook) {
            add_action($hook . Settings::OPTION, [$this, 'sync'], 20, 0);
        }
        foreach (['added_user_meta', 'updated_user_meta', 'deleted_user_meta'] as $hook) {
            add_action($hook, [$this, 'onUserMeta'], 10, 3);
        }
        foreach (['user_register', 'add_user_role', 'set_user_role'] as $hook) {
            add_action($hook, [$this, 'onUser']);
        }
    }

    /** The mode in the core's words. */
    public function mode(): string
    {
        return match ($this->settings->mode()) {
            Mode::OAuth => self::OAUTH,
            Mode::ServerToServer => self::S2S,
            null => self::NONE,
        };
    }

    /**
     * What the core and its screens may know; no secret.
     *
     * @return array<string, mixed>
     */
    public function all(): array
    {
        $on = $this->settings->isComplete();
        return [
            'enableCal' => $on && $this->mode() === self::OAUTH ? 'Yes' : 'No',
            'enabled' => $on,
            'auth_type' => $this->mode(),
            'client_id' => $this->settings->text('oauth_client_id'),
            'client_secret' => '',
            'redirect_url' => $this->settings->redirectUri(),
            'redirect_uri' => $this->settings->redirectUri(),
            'account_id' => $this->settings->text('s2s_account_id'),
            'default_settings' => self::MEETING_SETTINGS,
        ];
    }

    /** Writes every flag anew: the clinic's and each doctor's. */
    public function sync(): void
    {
        $stored = get_option(self::OPTION);
        $stored = is_array($stored) ? $stored : [];
        // What the add-on left there stays until it is taken over; nothing is added to it.
        $secret = isset($stored['client_secret']) ? ['client_secret' => $stored['client_secret']] : [];
        update_option(self::OPTION, $secret + array_diff_key($this->all(), ['enabled' => 0, 'redirect_uri' => 0]) + $stored);
        $s2s = $this->settings->isComplete() && $this->mode() === self::S2S ? 'Yes' : 'No';
        update_option(self::OPTION_S2S, $s2s);
        foreach (get_users(['role' => Capabilities::KIVICARE_ROLE, 'fields' => 'ID']) as $doctor) {
            $this->syncDoctor((int) $doctor);
        }
    }

    /** The core offers video services of exactly the doctors whose flag is on. */
    public function syncDoctor(int $doctor): void
    {
        $can = $this->settings->isComplete() && $this->canHold($doctor);
        $was = get_user_meta($doctor, self::META_CONNECT, true);
        if ($was !== ($can ? 'on' : 'off') && ($can || $was !== '')) {
            update_user_meta($doctor, self::META_CONNECT, $can ? 'on' : 'off');
        }
        if ($can && get_user_meta($doctor, self::META_TYPE, true) === '' && get_user_meta($doctor, self::META_MEET, true) !== 'on') {
            update_user_meta($doctor, self::META_TYPE, Core::PROVIDER);
        }
    }

    /** Connecting Zoom disconnects Google Meet, as the core's screen says before. */
    public function chooseZoom(int $doctor): void
    {
        update_user_meta($doctor, self::META_TYPE, Core::PROVIDER);
        if (get_user_meta($doctor, self::META_MEET, true) === 'on') {
            update_user_meta($doctor, self::META_MEET, 'off');
        }
        $this->syncDoctor($doctor);
    }

    /**
     * Whether visits can be booked with this doctor. A connection that has died counts: bookings go on, and their meetings
     * are made once the doctor has connected again.
     */
    public function canHold(int $doctor): bool
    {
        if ($this->settings->doctorsConnect()) {
            return (bool) get_user_option(Doctors::META_CONNECTED, $doctor);
        }
        return $this->settings->hostsAreMapped()
            && ($this->hosts->of($doctor) !== null || $this->ownAccounts->isUsed($doctor));
    }

    /** @param mixed $meta */
    public function onUserMeta(mixed $meta, mixed $user, mixed $key): void
    {
        global $wpdb;
        $prefix = $wpdb->get_blog_prefix();
        if (in_array($key, [$prefix . HostMap::META, $prefix . Doctors::META_CONNECTED, $prefix . OwnAccounts::META], true)) {
            $this->syncDoctor((int) $user);
        }
    }

    public function onUser(mixed $user): void
    {
        $data = get_userdata((int) $user);
        if ($data !== false && in_array(Capabilities::KIVICARE_ROLE, $data->roles, true)) {
            $this->syncDoctor((int) $user);
        }
    }
}
