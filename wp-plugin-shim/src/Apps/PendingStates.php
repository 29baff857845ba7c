<?php
/**
 * Which authorizations a doctor has begun within the last minutes, as the extension keeps them too, by the hash of their states: so
 * that an answer which nobody has asked for touches nothing.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Apps;

defined('ABSPATH') || exit;

final class PendingStates
{
    private const META = 'telemed_pending_states';
    /** Of somebody who clicks again and again. */
    private const MOST_KEPT = 10;

    public static function add(int $user, \Telemed\AuthorizationRequest $request): void
    {
        $states = [self::hash($request->state()) => $request->expiresAt()->getTimestamp()] + self::of($user);
        update_user_option($user, self::META, array_slice($states, 0, self::MOST_KEPT, true));
    }

    /** @return bool whether it was begun; it counts once, as the extension takes it once */
    public static function useUp(int $user, string $state): bool
    {
        $states = self::of($user);
        if ($state === '' || !isset($states[self::hash($state)])) {
            return false;
        }
        unset($states[self::hash($state)]);
        update_user_option($user, self::META, $states);
        return true;
    }

    /** @return array<string, int> when it lapses, by hash, the newest first */
    private static function of(int $user): array
    {
        $stored = get_user_option(self::META, $user);
        return array_filter(is_array($stored) ? $stored : [], static fn(mixed $lapses): bool => is_int($lapses) && $lapses > time());
    }

    private static function hash(string $state): string
    {
        return hash('sha256', $state);
    }
}
