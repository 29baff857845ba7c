<?php
/**
 * The exact scopes to give the Zoom app, by mode. Nothing else is asked for.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

defined('ABSPATH') || exit;

final class Scopes
{
    private const BOTH_MODES = [
        'meeting:write:meeting',
        'meeting:update:meeting',
        'meeting:delete:meeting',
        'meeting:read:meeting',
        'user:read:user',
        'meeting:read:list_meetings',
        'user:read:settings',
    ];

    /** @return list<string> */
    public static function ofMode(Mode $mode): array
    {
        if ($mode->doctorsConnect()) {
            return self::BOTH_MODES;
        }
        return array_map(
            static fn(string $scope): string => $scope . ':admin',
            [...self::BOTH_MODES, 'user:read:list_users']
        );
    }
}
