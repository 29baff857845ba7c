<?php
/**
 * Keeps doctors' connections alive: once an hour a small batch of those whose access token ended a week ago, long before Zoom lets
 * a grant lapse from disuse. In former apps too, whatever the mode: what was made with them needs them until it is
 * over. What it finds dead is told (ConnectionWatch).
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Apps\Grants;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Guard;
use TelemedZoom\Extension;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;

defined('ABSPATH') || exit;

final class Renewal
{
    /** User option, kept per blog: when to look again, in Unix seconds. */
    private const META_NEXT = 'telemed_renew_at';
    private const AFTER_SECONDS = WEEK_IN_SECONDS;
    private const AGAIN_SECONDS = 6 * HOUR_IN_SECONDS;
    private const BATCH = 25;
    /** What the extension says of one doctor's connection alone: refused, unreadable, or used by somebody. */
    private const OF_ONE_DOCTOR = [
        'not_connected', 'connection_dead', 'authorization_refused', 'secret_unreadable', 'record_unreadable', 'record_locked', 'record_changed',
    ];
    private const SECONDS = 40.0;

    public function __construct(
        private readonly Grants $grants,
        private readonly Guard $guard,
        private readonly Extension $extension
    ) {
    }

    public function register(): void
    {
        add_action(Hooks::RENEW, [$this, 'run']);
    }

    /** @return int how many connections were refreshed */
    public function run(): int
    {
        if (!$this->extension->isUsable() || !$this->guard->mayAct()) {
            return 0;
        }
        $end = microtime(true) + self::SECONDS;
        $renewed = 0;
        foreach (array_slice(self::due(), 0, self::BATCH) as $doctor) {
            if (microtime(true) >= $end) {
                break;
            }
            // Whatever happens to this process, the next one begins with others.
            self::lookAgain($doctor, Clock::now() + self::AGAIN_SECONDS);
            try {
                $renewed += (int) $this->renew($doctor);
            } catch (Problem) {
                continue;
            } catch (DatabaseException) {
                break;
            } catch (\Telemed\TelemedException $failure) {
                if (!in_array($failure->id(), self::OF_ONE_DOCTOR, true)) {
                    // The others would fare the same.
                    break;
                }
            }
        }
        return $renewed;
    }

    /** @throws Problem|DatabaseException|\Telemed\TelemedException */
    private function renew(int $doctor): bool
    {
        $before = Clock::now();
        $end = $this->grants->firstEnd($doctor);
        if ($end === null) {
            return false;
        }
        if ($end + self::AFTER_SECONDS > $before) {
            self::lookAgain($doctor, $end + self::AFTER_SECONDS);
            return false;
        }
        $this->grants->renew($doctor, $before - self::AFTER_SECONDS);
        self::lookAgain($doctor, $before + self::AFTER_SECONDS);
        return true;
    }

    /** @return list<int> doctors, the longest waiting first */
    private static function due(): array
    {
        $waiting = [];
        foreach (Doctors::everConnected() as $doctor) {
            $at = (int) get_user_option(self::META_NEXT, $doctor);
            if ($at <= Clock::now()) {
                $waiting[$doctor] = $at;
            }
        }
        asort($waiting);
        return array_keys($waiting);
    }

    private static function lookAgain(int $doctor, int $at): void
    {
        update_user_option($doctor, self::META_NEXT, $at);
    }
}
