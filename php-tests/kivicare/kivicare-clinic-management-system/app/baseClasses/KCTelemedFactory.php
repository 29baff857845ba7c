<?php
/** Makes the video providers; anew on each call, with init_hook() each time. */

declare(strict_types=1);

namespace App\baseClasses;

final class KCTelemedFactory
{
    /** @return array<string, object|array> */
    public static function get_available_providers(bool $for_front_end = false): array
    {
        $found = [];
        foreach ((array) apply_filters('kc_telemed_providers', []) as $id => $entry) {
            if (!class_exists($entry['class'])) {
                continue;
            }
            $provider = new $entry['class']($entry['settings_key']);
            $provider->init_hook();
            if (!$for_front_end) {
                $found[$id] = $provider;
            } elseif ($provider->is_enabled()) {
                $found[$id] = [
                    'id' => $id,
                    'name' => $entry['name'],
                    'description' => $entry['description'],
                    'enabled' => true,
                    'supports_recording' => $provider->supports_recording(),
                    'supports_waiting_room' => $provider->supports_waiting_room(),
                ];
            }
        }
        return $found;
    }

    /** The doctor's preferred provider first, then whichever answers; is_enabled() is not asked. */
    public static function get_provider_by_doctor_id($doctor_id)
    {
        $providers = self::get_available_providers();
        $preferred = get_user_meta((int) $doctor_id, 'telemed_type', true);
        if (isset($providers[$preferred])) {
            $providers = [$preferred => $providers[$preferred]] + $providers;
        }
        foreach ($providers as $provider) {
            if (($provider->get_config()['auth_type'] ?? '') === 'server-to-server' || $provider->get_doctor_access_token($doctor_id)) {
                return $provider;
            }
        }
        return null;
    }
}
