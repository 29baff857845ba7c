<?php
/**
 * Takes a doctor's own Server-to-Server credentials: tries them, finds the host, seals them. The host is the account's user
 * with the doctor's e-mail, else the one that was chosen.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Apps\OwnAccounts;
use TelemedZoom\Clinic\App;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Parts;
use TelemedZoom\Problem;

defined('ABSPATH') || exit;

final class OwnAccountSetup
{
    private const SECONDS = 20.0;
    private const CHECK_SECONDS = 60.0;

    public function __construct(private readonly Parts $plugin, private readonly OwnAccounts $ownAccounts)
    {
    }

    /**
     * @param string $secret '' keeps the stored one
     * @param string $chosen Zoom id or e-mail, where the doctor's e-mail names no user of the account
     * @return string the host, for people
     * @throws Problem|\Telemed\TelemedException
     */
    public function use(int $doctor, string $account, string $client, #[\SensitiveParameter] string $secret, string $chosen): string
    {
        $secret = $this->secret($doctor, $account, $client, $secret);
        $host = $this->host($this->plugin->opener->serverToServerWith($account, $client, $secret)->client()->within(self::SECONDS), $doctor, $chosen);
        $app = App::seal(Mode::ServerToServer, $account, $client, $secret, $this->plugin->key->vault());
        $this->ownAccounts->store($doctor, $app, $host->id(), $host->email());
        return $host->email() ?? $host->id();
    }

    /** @throws Problem|\Telemed\TelemedException */
    public function check(int $doctor, string $account, string $client, #[\SensitiveParameter] string $secret): \Telemed\Diagnosis
    {
        $app = $this->plugin->opener->serverToServerWith($account, $client, $this->secret($doctor, $account, $client, $secret));
        return $app->client()->within(self::CHECK_SECONDS)->check((string) get_userdata($doctor)->user_email);
    }

    private function host(\Telemed\Client $client, int $doctor, string $chosen): \Telemed\User
    {
        $email = (string) get_userdata($doctor)->user_email;
        foreach (array_filter([$email, $chosen]) as $wanted) {
            try {
                return $client->user($wanted);
            } catch (\Telemed\NotFoundException) {
                continue;
            }
        }
        throw new Problem(
            'telemed_no_host',
            /* translators: %s: e-mail address */
            sprintf(__('that Zoom account has no user with the e-mail %s', 'telemed-zoom'), $email),
            __('Add one there, or name the Zoom user who hosts for you.', 'telemed-zoom'),
            409
        );
    }

    private function secret(int $doctor, string $account, string $client, #[\SensitiveParameter] string $secret): string
    {
        if ($account === '' || $client === '') {
            throw new Problem('telemed_incomplete', __('account ID, client ID and client secret are needed', 'telemed-zoom'), __('Copy them from the page of the app at Zoom.', 'telemed-zoom'));
        }
        if ($secret !== '') {
            return $secret;
        }
        $app = $this->ownAccounts->app($doctor);
        // The clinic's secret is not the doctor's to use by naming its ids.
        if ($app === null || !$app->isNamed(Mode::ServerToServer, $account, $client)) {
            throw new Problem('telemed_incomplete', __('account ID, client ID and client secret are needed', 'telemed-zoom'), __('Copy them from the page of the app at Zoom.', 'telemed-zoom'));
        }
        return $app->openSecret($this->plugin->key->vault());
    }
}
