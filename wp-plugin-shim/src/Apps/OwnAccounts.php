<?php
/**
 * Server-to-Server accounts of single doctors, where an administrator allows one: a doctor who belongs to another clinic as
 * well, say. The host is a user of that account. The app stays when the doctor has left it again, so that what it made can
 * be handled.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\App;
use TelemedZoom\Clinic\AppRegistry;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class OwnAccounts
{
    /** User options, kept per blog. */
    public const META = 'telemed_own_account';
    public const META_ALLOWED = 'telemed_own_account_allowed';

    public function __construct(private readonly AppRegistry $registry)
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
     * The app of the doctor's account.
     *
     * @throws DatabaseException
     */
    public function app(int $doctor): ?App
    {
        $own = $this->of($doctor);
        return $own === null ? null : $this->registry->ofAccount($own['account_id'], $own['client_id']);
    }

    /** @throws DatabaseException */
    public function store(int $doctor, App $app, string $hostId, ?string $hostEmail): void
    {
        $this->registry->put($app);
        update_user_option($doctor, self::META, ['account_id' => $app->account, 'client_id' => $app->client, 'host_id' => $hostId, 'host_email' => $hostEmail]);
    }

    public function stop(int $doctor): void
    {
        delete_user_option($doctor, self::META);
    }
}
