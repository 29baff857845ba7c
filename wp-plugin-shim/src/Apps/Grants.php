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
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Problem;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Site;

defined('ABSPATH') || exit;

final class Grants
{
    /** An access token lives so long from its refresh. */
    private const TOKEN_SECONDS = HOUR_IN_SECONDS;

    public function __construct(
        private readonly ZoomApps $apps,
        private readonly AppRegistry $registry,
        private readonly Settings $settings,
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
        foreach ($this->of($this->site->subject($doctor)) as $app) {
            if ($app->connection($this->site->subject($doctor))?->status() === 'connected') {
                return true;
            }
        }
        return false;
    }

    /**
     * Revokes and forgets all of the doctor's grants.
     *
     * @param bool $whateverZoomSays forgets also what Zoom could not be told about
     * @throws \Telemed\TransportException when Zoom could not be told
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function end(int $doctor, bool $whateverZoomSays = false): void
    {
        $subject = $this->site->subject($doctor);
        try {
            foreach ($this->of($subject) as $app) {
                $app->disconnect($subject);
            }
        } catch (Problem | \Telemed\TelemedException $failure) {
            if (!$whateverZoomSays) {
                throw $failure;
            }
        }
        if ($whateverZoomSays) {
            $this->apps->tokenStore()->forget($subject);
        }
        delete_user_option($doctor, Doctors::META_CONNECTED);
    }

    /**
     * When the grant that was refreshed longest ago was refreshed, in Unix seconds; null when none lives.
     *
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function oldestRefresh(int $doctor): ?int
    {
        $refreshed = array_map(fn(\Telemed\OAuthApp $app): int => $this->refreshedAt($app, $doctor), $this->keptAlive($doctor));
        return $refreshed === [] ? null : min($refreshed);
    }

    /**
     * Refreshes the doctor's grants that were not refreshed since a moment.
     *
     * @param int $moment in Unix seconds
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function renew(int $doctor, int $moment): void
    {
        foreach ($this->keptAlive($doctor) as $app) {
            if ($this->refreshedAt($app, $doctor) > $moment) {
                continue;
            }
            try {
                $app->renew($this->site->subject($doctor));
            } catch (\Telemed\AuthenticationException $failure) {
                RefusedGrants::note($failure, $doctor);
                throw $failure;
            }
        }
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
            } catch (\Telemed\TransportException) {
                // Zoom cannot be reached: not to wait for each of hundreds of doctors.
                return;
            } catch (Problem | DatabaseException | \Telemed\TelemedException) {
                continue;
            }
        }
    }

    /** @throws Problem|DatabaseException|\Telemed\TelemedException */
    private function revoke(App $app): void
    {
        if (!$app->mode->doctorsConnect()) {
            $this->apps->serverToServerOf($app->account, $app->client)->disconnect();
            return;
        }
        $oauth = $this->apps->oauthOf($app->client);
        foreach ($this->apps->tokenStore()->subjects() as $subject) {
            try {
                if ($oauth->connection($subject) !== null) {
                    $oauth->disconnect($subject);
                }
            } catch (\Telemed\TransportException $failure) {
                throw $failure;
            } catch (\Telemed\TelemedException) {
                // What Zoom refuses to revoke has ended already.
                continue;
            }
        }
    }

    /** @return list<\Telemed\OAuthApp> whose grants of the doctor live */
    private function keptAlive(int $doctor): array
    {
        if ($this->settings->doctorsConnect()) {
            // Whoever finds the grant in the app in force dead tells (telemed_connection_seen).
            $this->apps->connection($doctor);
        }
        $subject = $this->site->subject($doctor);
        return array_values(array_filter(
            $this->of($subject),
            static fn(\Telemed\OAuthApp $app): bool => $app->connection($subject)?->status() === 'connected'
        ));
    }

    private function refreshedAt(\Telemed\OAuthApp $app, int $doctor): int
    {
        $expires = $app->connection($this->site->subject($doctor))?->expiresAt();
        return ($expires?->getTimestamp() ?? 0) - self::TOKEN_SECONDS;
    }

    /**
     * The apps that hold a grant of the subject.
     *
     * @return list<\Telemed\OAuthApp>
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    private function of(string $subject): array
    {
        $found = [];
        foreach ($this->registry->all() as $known) {
            if ($known->mode->doctorsConnect()) {
                $app = $this->apps->oauthOf($known->client);
                if ($app->connection($subject) !== null) {
                    $found[] = $app;
                }
            }
        }
        return $found;
    }
}
