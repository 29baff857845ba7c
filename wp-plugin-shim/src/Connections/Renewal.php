<?php
/**
 * Keeps doctors' connections alive: once an hour a small batch, whose turn it is as the extension says. In former apps too, whatever
 * the mode: what was made with them needs them until it is over. What it finds dead is told (ConnectionWatch).
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Connections;

use TelemedZoom\Apps\Grants;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Permit;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Hooks;

defined('ABSPATH') || exit;

final class Renewal
{
    /** User option, kept per blog: when to look again, in Unix seconds. */
    private const META_NEXT = 'telemed_renew_at';
    private const SECONDS = 40.0;

    public function __construct(private readonly Grants $grants, private readonly Permit $permit)
    {
    }

    public function register(): void
    {
        add_action(Hooks::RENEW, [$this, 'run']);
    }

    public function run(): void
    {
        if (!$this->permit->isGiven()) {
            return;
        }
        $end = microtime(true) + self::SECONDS;
        foreach (\Telemed\Renewal::turn(self::looks(), Clock::now()) as $doctor) {
            if (microtime(true) >= $end || !$this->renew($doctor, Clock::now())) {
                return;
            }
        }
    }

    /** @return bool false: with the others it would be the same */
    private function renew(int $doctor, int $now): bool
    {
        // Whatever happens to this process, the next one begins with others.
        self::lookAgain($doctor, [], $now);
        try {
            self::lookAgain($doctor, $this->grants->renew($doctor, $now), $now);
            return true;
        } catch (Problem) {
            return true;
        } catch (DatabaseException) {
            return false;
        } catch (\Telemed\TelemedException $failure) {
            return $failure->isOfOneConnection();
        }
    }

    /** @return array<int, int> by doctor: when to look */
    private static function looks(): array
    {
        $doctors = Doctors::everConnected();
        $next = static fn(int $doctor): int => (int) get_user_option(self::META_NEXT, $doctor);
        return array_combine($doctors, array_map($next, $doctors));
    }

    /** @param list<int> $tokenEnds of what was looked at now */
    private static function lookAgain(int $doctor, array $tokenEnds, int $now): void
    {
        update_user_option($doctor, self::META_NEXT, \Telemed\Renewal::nextLook($tokenEnds, $now));
    }
}
