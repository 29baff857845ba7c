<?php
/**
 * The doctor's screen "Zoom Telemed Setting" in KiviCare: connect, disconnect and test in OAuth mode; in Server-to-Server mode
 * the clinic hosts, unless an administrator lets this doctor use an account of their own.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\DatabaseException;
use TelemedZoom\Departure;
use TelemedZoom\Departures;
use TelemedZoom\DepartureScreen;
use TelemedZoom\Doctors;
use TelemedZoom\ErrorText;
use TelemedZoom\OwnAccounts;
use TelemedZoom\Plugin;
use TelemedZoom\Problem;

defined('ABSPATH') || exit;

final class DoctorScreen
{
    private const SECONDS = 8.0;

    public function __construct(
        private readonly Plugin $plugin,
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
        $url = $this->plugin->apps->oauth()->authorizationRequest($this->plugin->site->subject($doctor))->url();
        update_user_option($doctor, Doctors::META_AUTHORIZING, time());
        return $url;
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
        $visits = $this->plugin->departures->visits(Departure::Disconnected, $doctor);
        if ($visits !== [] && !$this->hasAgreed($doctor)) {
            throw new Problem(
                'telemed_visits_to_come',
                sprintf(
                    /* translators: %d: number of visits */
                    _n('%d upcoming visit depends on this connection to Zoom', '%d upcoming visits depend on this connection to Zoom', count($visits), 'telemed-zoom'),
                    count($visits)
                ),
                __('Disconnect again within ten minutes to delete their meetings at Zoom: the appointments stay, with the same visit links, and wait until you connect again. Or let your clinic give them to another doctor, or cancel them, first.', 'telemed-zoom'),
                409
            );
        }
        try {
            $told = $this->plugin->departures->decide(Departure::Disconnected, $doctor, Departures::WAIT, self::SECONDS)
                ? DepartureScreen::done(Departure::Disconnected)
                : DepartureScreen::pending();
        } catch (\Telemed\TransportException) {
            $told = DepartureScreen::pending();
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

    /** The core's screen has no room for a question: asking for the same again is the answer. */
    private function hasAgreed(int $doctor): bool
    {
        $name = 'telemed_disconnect_asked_' . $doctor;
        if (get_transient($name) !== false) {
            delete_transient($name);
            return true;
        }
        set_transient($name, 1, 10 * MINUTE_IN_SECONDS);
        return false;
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
