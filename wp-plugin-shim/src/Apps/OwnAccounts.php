<?php
/**
 * Server-to-Server accounts of single doctors, where an administrator allows one: a doctor who belongs to another clinic as
 * well, say. The host is a user of that account. The app's secret lies sealed with the former apps, so that what it made
 * can be handled when the doctor has left it again.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Mode;

defined('ABSPATH') || exit;

final class OwnAccounts
{
    /** User options, kept per blog. */
    public const META = 'telemed_own_account';
    public const META_ALLOWED = 'telemed_own_account_allowed';

    public function __construct(private readonly FormerApps $apps)
    {
    }

    public function isAllowed(int $doctor): bool
    {
        return (bool) get_user_option(self::META_ALLOWED, $doctor);
    }

    public function allow(int $doctor, bool $allowed): void
    {
        if ($allowed) {
            update_user_option($doctor, self::META_ALLOWED, 1);
            return;
        }
        delete_user_option($doctor, self::META_ALLOWED);
        $this->stop($doctor);
    }

    /** @return ?array{account_id: string, client_id: string, host_id: string, host_email: ?string} */
    public function of(int $doctor): ?array
    {
        $stored = $this->isAllowed($doctor) ? get_user_option(self::META, $doctor) : null;
        return is_array($stored) && !empty($stored['host_id']) ? $stored : null;
    }

    /** @return list<string> client ids of all that are in use */
    public function clients(): array
    {
        $accounts = array_filter(array_map(fn(\WP_User $doctor): ?array => $this->of($doctor->ID), Doctors::all()));
        return array_values(array_unique(array_column($accounts, 'client_id')));
    }

    public function isUsed(int $doctor): bool
    {
        return $this->of($doctor) !== null;
    }

    /**
     * The sealed app of the doctor's account.
     *
     * @return ?array{mode: string, account_id: string, client_id: string, client_secret: string, redirect_uri: string}
     */
    public function app(int $doctor): ?array
    {
        $own = $this->of($doctor);
        return $own === null ? null : $this->apps->find(Mode::ofAccounts(), $own['account_id'], $own['client_id']);
    }

    /** @param string $sealed the client secret under FormerApps::context() of the mode */
    public function store(int $doctor, string $account, string $client, #[\SensitiveParameter] string $sealed, string $hostId, ?string $hostEmail): void
    {
        $this->apps->add([
            'mode' => Mode::ofAccounts()->value,
            'account_id' => $account,
            'client_id' => $client,
            'client_secret' => $sealed,
            'redirect_uri' => '',
        ]);
        update_user_option($doctor, self::META, ['account_id' => $account, 'client_id' => $client, 'host_id' => $hostId, 'host_email' => $hostEmail]);
    }

    public function stop(int $doctor): void
    {
        delete_user_option($doctor, self::META);
    }
}
