<?php
/** The global functions of the core that a telemed provider meets. */

declare(strict_types=1);

defined('ABSPATH') || exit;

function isKiviCareTelemedActive(): bool
{
    return defined('KIVICARE_TELEMED_VERSION');
}

function isKiviCareGoogleMeetActive(): bool
{
    return defined('KIVICARE_GOOGLE_MEET_ADDON_VERSION');
}

function kcGetAddonVersion(string $addon): ?string
{
    $constant = strtoupper(str_replace('-', '_', $addon)) . '_VERSION';
    return defined($constant) ? (string) constant($constant) : null;
}

/** The dashboard page of a role, such as kiviCare_doctor. */
function kc_get_dashboard_url(string $role): string
{
    return home_url('/kivicare-' . str_replace('_', '-', str_replace(KIVI_CARE_PREFIX, '', $role)) . '-dashboard');
}
