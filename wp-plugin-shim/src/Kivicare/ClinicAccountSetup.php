<?php
/**
 * Takes the clinic's Server-to-Server credentials from KiviCare's settings route: tries them, seals them, and confirms hosts of
 * doctors where the administrator says so. What does not work leaves everything as it was.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Clinic\Host;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\ErrorText;
use TelemedZoom\Parts;
use TelemedZoom\Problem;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class ClinicAccountSetup
{
    private const SECONDS = 20.0;
    /** Our field by the core's. */
    private const FIELDS = ['account_id' => 's2s_account_id', 'client_id' => 's2s_client_id', 'client_secret' => 's2s_client_secret'];

    public function __construct(private readonly Parts $plugin)
    {
    }

    /**
     * @param array{account_id: string, client_id: string, client_secret: string} $entered '' keeps what is stored; a secret is kept
     *        only together with the app that it belongs to
     * @throws Problem|DatabaseException|\Telemed\TelemedException when nothing was changed
     */
    public function use(#[\SensitiveParameter] array $entered): void
    {
        $wanted = $this->complete($entered);
        $settings = $this->plugin->settings;
        if (array_filter($entered) !== []) {
            $this->try($wanted);
        }
        $before = $settings->text(self::FIELDS['client_secret']);
        $changes = ['mode' => Mode::ServerToServer->value];
        foreach (array_filter($wanted) as $name => $value) {
            $changes[self::FIELDS[$name]] = $value;
        }
        update_option(Settings::OPTION, $changes + $settings->all());
        if ($wanted['client_secret'] !== '' && $settings->text(self::FIELDS['client_secret']) === $before) {
            throw new Problem('telemed_bad_secret', __('the client secret was not stored: it holds a character that Zoom does not use', 'telemed-zoom'), __('Copy it from the page of your app at Zoom.', 'telemed-zoom'));
        }
    }

    /**
     * Gives each of KiviCare's doctors who has none the host with the doctor's own e-mail, where the account has exactly one and it
     * is nobody else's.
     *
     * @return string what to tell the administrator
     */
    public function confirmHosts(): string
    {
        try {
            $zoomUsers = $this->plugin->opener->serverToServer()->client()->within(self::SECONDS)->users();
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            return __('No host was confirmed:', 'telemed-zoom') . ' ' . ErrorText::of($failure);
        }
        $account = $this->plugin->settings->text(self::FIELDS['account_id']);
        $confirmed = 0;
        foreach (self::without($this->plugin) as $doctor) {
            $matches = array_values(array_filter($zoomUsers, static fn(\Telemed\User $user): bool => strcasecmp((string) $user->email(), $doctor->user_email) === 0));
            if (count($matches) === 1 && $this->plugin->hosts->othersWith($matches[0]->id(), $doctor->ID) === []) {
                $this->plugin->hosts->confirm($doctor->ID, Host::confirmed($matches[0], $account, $doctor));
                $confirmed++;
            }
        }
        $text = sprintf(
            /* translators: %d: number of doctors */
            _n('%d doctor\'s host is confirmed.', '%d doctors\' hosts are confirmed.', $confirmed, 'telemed-zoom'),
            $confirmed
        );
        $left = self::without($this->plugin);
        return $left === [] ? $text : $text . ' ' . self::missing($left);
    }

    /**
     * KiviCare's doctors whom neither the clinic's account nor one of their own gives a host.
     *
     * @return list<\WP_User>
     */
    public static function without(Parts $plugin): array
    {
        return array_values(array_filter(
            get_users(['role' => Capabilities::KIVICARE_ROLE, 'orderby' => 'display_name']),
            static fn(\WP_User $doctor): bool => $plugin->hosts->of($doctor->ID) === null && !$plugin->ownAccounts->isUsed($doctor->ID)
        ));
    }

    /** @param non-empty-list<\WP_User> $doctors who have no host */
    public static function missing(array $doctors): string
    {
        return sprintf(
            /* translators: 1: names of doctors, 2: address of a page */
            __('No Zoom host yet, so no video visit can be booked with: %1$s. Choose one under Telemed, Doctors: %2$s', 'telemed-zoom'),
            implode(', ', array_map(static fn(\WP_User $doctor): string => $doctor->display_name, $doctors)),
            AdminPages::doctors()
        );
    }

    /**
     * @param array{account_id: string, client_id: string, client_secret: string} $entered
     * @return array{account_id: string, client_id: string, client_secret: string} client_secret '': the stored one
     */
    private function complete(#[\SensitiveParameter] array $entered): array
    {
        $stored = array_map(fn(string $field): string => $this->plugin->settings->text($field), self::FIELDS);
        $wanted = [
            'account_id' => $entered['account_id'] !== '' ? $entered['account_id'] : $stored['account_id'],
            'client_id' => $entered['client_id'] !== '' ? $entered['client_id'] : $stored['client_id'],
            'client_secret' => $entered['client_secret'],
        ];
        $isStored = $stored['client_secret'] !== '' && $wanted['account_id'] === $stored['account_id'] && $wanted['client_id'] === $stored['client_id'];
        $missing = array_keys(array_filter([
            __('account ID', 'telemed-zoom') => $wanted['account_id'] === '',
            __('client ID', 'telemed-zoom') => $wanted['client_id'] === '',
            __('client secret', 'telemed-zoom') => $wanted['client_secret'] === '' && !$isStored,
        ]));
        if ($missing !== []) {
            throw new Problem(
                'telemed_incomplete',
                /* translators: %s: names of fields */
                sprintf(__('of the clinic\'s Zoom app these are missing: %s', 'telemed-zoom'), implode(', ', $missing)),
                /* translators: %s: address of a page */
                sprintf(__('Copy them from the page of the Server-to-Server app at Zoom; they can be entered under Telemed, Settings, too: %s', 'telemed-zoom'), AdminPages::settings()),
                409
            );
        }
        return $wanted;
    }

    /** @param array{account_id: string, client_id: string, client_secret: string} $wanted */
    private function try(#[\SensitiveParameter] array $wanted): void
    {
        $opener = $this->plugin->opener;
        $app = $wanted['client_secret'] === ''
            ? $opener->serverToServerOf($wanted['account_id'], $wanted['client_id'])
            : $opener->serverToServerWith($wanted['account_id'], $wanted['client_id'], $wanted['client_secret']);
        // Says why, where nothing can be sealed.
        $this->plugin->key->vault();
        $diagnosis = $app->client()->within(self::SECONDS)->check();
        if (!$diagnosis->passed()) {
            throw new Problem('telemed_check_failed', __('nothing was changed, for Zoom does not take these credentials', 'telemed-zoom'), $diagnosis->message(), 409);
        }
    }
}
