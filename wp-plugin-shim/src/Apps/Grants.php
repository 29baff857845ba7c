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
     * @throws DatabaseException|Problem|\Telemed\TelemedException also when Zoom could not be told
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
     * When the first of the grants' access tokens ends or has ended, in Unix seconds; null when no grant lives.
     *
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function firstEnd(int $doctor): ?int
    {
        $ends = array_map(fn(\Telemed\OAuthApp $app): int => $this->endOfToken($app, $doctor), $this->keptAlive($doctor));
        return $ends === [] ? null : min($ends);
    }

    /**
     * Refreshes the doctor's grants whose access token had ended by a moment.
     *
     * @param int $moment in Unix seconds
     * @throws DatabaseException|Problem|\Telemed\TelemedException
     */
    public function renew(int $doctor, int $moment): void
    {
        foreach ($this->keptAlive($doctor) as $app) {
            if ($this->endOfToken($app, $doctor) > $moment) {
                continue;
            }
            try {
                $app->renew($this->site->subject($doctor));
            } catch (\Telemed\TelemedException $failure) {
                RefusedGrants::note($failure->id(), $doctor);
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
            $this->apps->serverToServerOf($app->account, $app->client)->disconnect();
            return;
        }
        $oauth = $this->apps->oauthOf($app->client);
        foreach ($this->apps->tokenStore()->subjects() as $subject) {
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

    private function endOfToken(\Telemed\OAuthApp $app, int $doctor): int
    {
        return $app->connection($this->site->subject($doctor))?->expiresAt()?->getTimestamp() ?? 0;
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
