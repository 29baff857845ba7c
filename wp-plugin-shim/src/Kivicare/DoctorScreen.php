<?php
/**
 * The doctor's screen "Zoom Telemed Setting" in KiviCare: connect, disconnect and test in OAuth mode; in Server-to-Server mode
 * the clinic hosts, unless an administrator lets this doctor use an account of their own.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\ErrorText;
use TelemedZoom\Mail\Mail;
use TelemedZoom\Parts;
use TelemedZoom\Problem;
use TelemedZoom\Screens\DepartureQuestion;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\LetsGo;

defined('ABSPATH') || exit;

final class DoctorScreen
{
    private const SECONDS = 8.0;
    /** A person takes at least so long from seeing the screen to confirming; what the screen asks by itself comes at once. */
    private const CLICK_SECONDS = 1.0;
    private const META_SHOWN = 'telemed_shown_connected';

    public function __construct(
        private readonly Parts $plugin,
        private readonly CoreSettings $coreSettings,
        private readonly OwnAccounts $ownAccounts,
        private readonly OwnAccountSetup $setup
    ) {
    }

    /** @return array<string, mixed> */
    public function get(int $doctor): array
    {
        $meet = get_user_meta($doctor, CoreSettings::META_MEET, true) === 'on';
        if ($this->coreSettings->mode() !== CoreSettings::S2S) {
            $connected = $this->coreSettings->mode() === CoreSettings::OAUTH && $this->isConnected($doctor);
            $this->noteShown($doctor, $connected);
            return [
                'auth_type' => $this->coreSettings->mode(),
                'is_connected' => $connected,
                'connection_status' => $connected ? 'connected' : 'not_connected',
                'is_google_meet_connected' => $meet,
            ];
        }
        $own = $this->ownAccounts->of($doctor);
        $mayOwn = $this->ownAccounts->isAllowed($doctor);
        return [
            'auth_type' => CoreSettings::S2S,
            'is_google_meet_connected' => $meet,
            'is_connected' => $this->coreSettings->canHold($doctor),
            'server_to_server_enabled' => $this->coreSettings->canHold($doctor) ? 'Yes' : 'No',
            'account_id' => $mayOwn ? $own['account_id'] ?? '' : '',
            'client_id' => $mayOwn ? $own['client_id'] ?? '' : '',
            'client_secret' => $mayOwn && $own !== null ? AdminScreen::PLACEHOLDER : '',
            'default_settings' => $this->coreSettings->all()['default_settings'],
            'host' => $this->host($doctor),
            'own_account_allowed' => $mayOwn,
        ];
    }

    /**
     * Own Server-to-Server credentials of the doctor.
     *
     * @param array<string, mixed> $fields account_id, client_id, client_secret, enable_server_to_server; host where no Zoom
     *                                     user of that account has the doctor's e-mail
     * @return string what to tell the doctor
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function save(int $doctor, #[\SensitiveParameter] array $fields): string
    {
        if ($this->coreSettings->mode() !== CoreSettings::S2S || !$this->ownAccounts->isAllowed($doctor)) {
            throw $this->coreSettings->mode() === CoreSettings::OAUTH
                ? new Problem('telemed_other_mode', __('your clinic connects each doctor by Authorize', 'telemed-zoom'), __('Click Connect; there are no credentials to enter.', 'telemed-zoom'), 403)
                : new Problem('telemed_clinic_hosts', __('your clinic hosts for you', 'telemed-zoom'), __('There is nothing to set up; an administrator can let you use an account of your own.', 'telemed-zoom'), 403);
        }
        $text = static fn(string $name): string => is_scalar($fields[$name] ?? null) ? trim((string) $fields[$name]) : '';
        if (in_array(strtolower($text('enable_server_to_server')), ['no', 'false', '0', 'off'], true) || $text('auth_type') === CoreSettings::NONE) {
            $this->ownAccounts->stop($doctor);
            $this->coreSettings->syncDoctor($doctor);
            return __('Your own account is no longer used; your clinic hosts for you.', 'telemed-zoom');
        }
        $secret = $text('client_secret');
        $host = $this->setup->use($doctor, $text('account_id'), $text('client_id'), $secret === AdminScreen::PLACEHOLDER ? '' : $secret, $text('host'));
        $this->coreSettings->chooseZoom($doctor);
        /* translators: %s: e-mail of a Zoom user */
        return sprintf(__('Saved. Your visits are hosted by %s.', 'telemed-zoom'), $host);
    }

    /** @throws Problem|DatabaseException|\Telemed\TelemedException */
    public function authorizationUrl(int $doctor): string
    {
        return $this->plugin->apps->authorizationUrl($doctor);
    }

    /**
     * The core's screen asks for this when the doctor has confirmed Disconnect, and also by itself: when it opens for a doctor who
     * is not connected, when its window comes back to the front, and once more after each failure. It shows no answer but the new
     * state. So only who was shown as connected for a while is taken at their word, and nothing is ever agreed to by asking twice.
     *
     * @return string what to tell the doctor
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function disconnectClicked(int $doctor): string
    {
        if ($this->coreSettings->mode() !== CoreSettings::S2S) {
            $shown = (float) get_user_option(self::META_SHOWN, $doctor);
            if ($shown <= 0 || (float) ($_SERVER['REQUEST_TIME_FLOAT'] ?? microtime(true)) < $shown + self::CLICK_SECONDS) {
                return __('Nothing was changed: Disconnect counts only while this screen shows a connection.', 'telemed-zoom');
            }
        }
        return $this->disconnect($doctor);
    }

    /**
     * @return string what to tell the doctor
     * @throws Problem|DatabaseException|\Telemed\TelemedException
     */
    public function disconnect(int $doctor): string
    {
        if ($this->coreSettings->mode() === CoreSettings::S2S) {
            $this->ownAccounts->stop($doctor);
            $this->coreSettings->syncDoctor($doctor);
            return __('Your own account is no longer used; your clinic hosts for you.', 'telemed-zoom');
        }
        $visits = count($this->plugin->departures->ofConnection($doctor));
        if ($visits > 0) {
            throw $this->question($doctor, $visits);
        }
        try {
            $told = $this->plugin->departures->disconnect($doctor, self::SECONDS)
                ? DepartureQuestion::done(LetsGo::Disconnected)
                : DepartureQuestion::pending();
        } catch (\Telemed\TransportException) {
            $told = DepartureQuestion::pending();
        }
        delete_user_option($doctor, Doctors::META_CONNECTED);
        $this->coreSettings->syncDoctor($doctor);
        return $told;
    }

    /**
     * @param array<string, mixed> $fields credentials to try in place of the stored ones
     * @return array{success: bool, message: string}
     */
    public function test(int $doctor, #[\SensitiveParameter] array $fields = []): array
    {
        try {
            $text = static fn(string $name): string => is_scalar($fields[$name] ?? null) ? trim((string) $fields[$name]) : '';
            $diagnosis = $this->coreSettings->mode() === CoreSettings::S2S && $this->ownAccounts->isAllowed($doctor) && $text('account_id') !== ''
                ? $this->setup->check($doctor, $text('account_id'), $text('client_id'), $text('client_secret') === AdminScreen::PLACEHOLDER ? '' : $text('client_secret'))
                : $this->plugin->apps->check($doctor > 0 ? $doctor : null);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            return ['success' => false, 'message' => ErrorText::of($failure)];
        }
        return ['success' => $diagnosis->passed(), 'message' => $diagnosis->message()];
    }

    /** The core's screen shows no answer, so the doctor is mailed, too. */
    private function question(int $doctor, int $visits): Problem
    {
        /* translators: %d: number of visits */
        $title = sprintf(_n('%d upcoming visit depends on this connection to Zoom', '%d upcoming visits depend on this connection to Zoom', $visits, 'telemed-zoom'), $visits);
        /* translators: %s: address */
        $advice = sprintf(__('Zoom stays connected until it is decided what becomes of them. Decide here: %s', 'telemed-zoom'), AdminPages::departure($doctor));
        $mailed = 'telemed_disconnect_mailed_' . $doctor;
        $data = get_userdata($doctor);
        if ($data !== false && get_transient($mailed) === false) {
            set_transient($mailed, 1, 10 * MINUTE_IN_SECONDS);
            Mail::send($data->user_email, __('Zoom is still connected: visits depend on it', 'telemed-zoom'), $title . '. ' . $advice);
        }
        return new Problem('telemed_visits_to_come', $title, $advice, 409);
    }

    /** Since when the doctor has been shown as connected. */
    private function noteShown(int $doctor, bool $connected): void
    {
        $isNoted = (float) get_user_option(self::META_SHOWN, $doctor) > 0;
        if ($connected && !$isNoted) {
            update_user_option($doctor, self::META_SHOWN, sprintf('%.3F', microtime(true)));
        } elseif (!$connected && $isNoted) {
            delete_user_option($doctor, self::META_SHOWN);
        }
    }

    private function isConnected(int $doctor): bool
    {
        if (!$this->plugin->extension->isUsable()) {
            // Nobody can look; what was connected is most likely so.
            return (bool) get_user_option(Doctors::META_CONNECTED, $doctor);
        }
        try {
            return $this->plugin->apps->connection($doctor)?->status() === 'connected';
        } catch (Problem | DatabaseException | \Telemed\TelemedException) {
            return false;
        }
    }

    private function host(int $doctor): string
    {
        $host = $this->plugin->hosts->of($doctor);
        return $this->ownAccounts->of($doctor)['host_email'] ?? $host?->email ?? $host?->id ?? '';
    }
}
