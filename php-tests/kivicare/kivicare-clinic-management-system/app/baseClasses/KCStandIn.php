<?php
/**
 * What a test can make different, in the option kivicare_standin:
 *
 * version      KIVI_CARE_VERSION, in place of 4.3.0
 * contract     '' | 'added' | 'changed' | 'missing': the abstract provider as a core update might leave it
 * columns      'utc' (4.2 and newer) | 'local' (4.0, 4.1: no UTC columns, no zone) | 'stale' (4.2.0: a move leaves the UTC columns)
 * meet         true: the add-on for Google Meet is active
 * fail_after   true: a listener of kc_after_create_appointment throws, so that the core rolls back
 *
 * A request with ?standin_fail=1 has such a listener at each of the core's actions.
 */

declare(strict_types=1);

namespace App\baseClasses;

final class KCStandIn
{
    public static function get(string $name): mixed
    {
        $all = get_option('kivicare_standin');
        return is_array($all) ? ($all[$name] ?? null) : null;
    }

    public static function failIfAsked(string $hook): void
    {
        if (isset($_GET['standin_fail']) || ($hook === 'kc_after_create_appointment' && self::get('fail_after'))) {
            throw new \Exception('another listener failed');
        }
    }

    /** Declares the abstract provider, changed as the test wants it. */
    public static function loadContract(string $file): void
    {
        $changes = match (self::get('contract')) {
            'added' => ['public function is_doctor_telemed_connected(): bool;' => 'public function is_doctor_telemed_connected(): bool; abstract public function get_recording_url($meeting_id);'],
            'changed' => ['create_meeting($meeting_data = array());' => 'create_meeting(\\WP_REST_Request $request, array $meeting_data): array;'],
            'missing' => null,
            default => [],
        };
        if ($changes === []) {
            require $file;
        } elseif ($changes !== null) {
            eval(substr(strtr((string) file_get_contents($file), $changes), strlen('<?php')));
        }
    }
}
