<?php
/**
 * What doctors have granted this site at Zoom: in the OAuth app in force and in former ones.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

use TelemedZoom\Clinic\App;
use TelemedZoom\Clinic\AppRegistry;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;

defined('ABSPATH') || exit;

final class Grants
{
    public function __construct(
        private readonly AppOpener $opener,
        private readonly AppRegistry $registry,
        private readonly Site $site
    ) {
    }

    /**
     * Whether any of the doctor's grants can still be used.
     *
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function areAlive(int $doctor): bool
    {
        foreach ($this->of($this->site->subject($doctor)) as [, $connection]) {
            if ($connection->status() === 'connected') {
                return true;
            }
        }
        return false;
    }

    /**
     * Revokes and forgets all of the doctor's grants.
     *
     * @param bool $whateverZoomSays forgets also what Zoom could not be told about
     * @throws DatabaseException|Problem|\Telemed\TelemedException also when Zoom could not be told
     */
    public function end(int $doctor, bool $whateverZoomSays = false): void
    {
        $subject = $this->site->subject($doctor);
        try {
            foreach ($this->of($subject) as [$app]) {
                $app->disconnect($subject);
            }
        } catch (Problem | \Telemed\TelemedException $failure) {
            if (!$whateverZoomSays) {
                throw $failure;
            }
        }
        if ($whateverZoomSays) {
            $this->opener->tokenStore()->forget($subject);
        }
        delete_user_option($doctor, Doctors::META_CONNECTED);
    }

    /**
     * Refreshes those of the doctor's grants that have to be kept alive.
     *
     * @param int $now Unix seconds
     * @return list<int> when the access token of each living grant ended before that
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function renew(int $doctor, int $now): array
    {
        $subject = $this->site->subject($doctor);
        // One that has died is told of.
        $this->opener->news->tell($subject);
        $ends = [];
        foreach ($this->of($subject) as [$app, $connection]) {
            if ($connection->status() !== 'connected') {
                continue;
            }
            $ends[] = $end = $connection->expiresAt()?->getTimestamp() ?? 0;
            if (\Telemed\Renewal::isDue($end, $now)) {
                $app->renew($subject);
            }
        }
        return $ends;
    }

    /** Ends every grant that can be ended. Used when the plugin is uninstalled, which goes on whatever Zoom says. */
    public function revokeAll(): void
    {
        try {
            $apps = $this->registry->all();
        } catch (DatabaseException) {
            return;
        }
        foreach ($apps as $app) {
            try {
                $this->revoke($app);
            } catch (\Telemed\TelemedException $failure) {
                if ($failure->isLost()) {
                    // Zoom cannot be reached: not to wait for each of hundreds of doctors.
                    return;
                }
            } catch (Problem | DatabaseException) {
                continue;
            }
        }
    }

    /** @throws Problem|DatabaseException|\Telemed\TelemedException */
    private function revoke(App $app): void
    {
        if (!$app->mode->doctorsConnect()) {
            $this->opener->serverToServerOf($app->account, $app->client)->disconnect();
            return;
        }
        $oauth = $this->opener->oauthOf($app->client);
        foreach ($this->opener->tokenStore()->subjects() as $subject) {
            try {
                if ($oauth->connection($subject) !== null) {
                    $oauth->disconnect($subject);
                }
            } catch (\Telemed\TelemedException $failure) {
                // What Zoom refuses to revoke has ended already.
                if ($failure->isLost()) {
                    throw $failure;
                }
            }
        }
    }

    /**
     * What the subject has granted.
     *
     * @return list<array{\Telemed\OAuthApp, \Telemed\Connection}>
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    private function of(string $subject): array
    {
        $grants = [];
        foreach ($this->opener->allOauth() as $app) {
            $connection = $app->connection($subject);
            if ($connection !== null) {
                $grants[] = [$app, $connection];
            }
        }
        return $grants;
    }
}
