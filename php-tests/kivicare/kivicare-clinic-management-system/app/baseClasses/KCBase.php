<?php
/** Roles of the clinic's people. */

declare(strict_types=1);

namespace App\baseClasses;

final class KCBase
{
    public const ROLES = ['clinic_admin', 'receptionist', 'doctor', 'patient'];

    public function getLoginUserRole()
    {
        $roles = array_intersect(
            array_merge(['administrator'], array_map(static fn(string $role): string => KIVI_CARE_PREFIX . $role, self::ROLES)),
            wp_get_current_user()->roles
        );
        return $roles === [] ? false : array_shift($roles);
    }

    public function getDoctorRole()
    {
        return KIVI_CARE_PREFIX . 'doctor';
    }

    public function getPatientRole()
    {
        return KIVI_CARE_PREFIX . 'patient';
    }
}
