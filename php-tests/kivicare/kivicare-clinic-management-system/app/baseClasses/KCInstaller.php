<?php
/** Roles, tables and one clinic, made on activation. The add-ons' migrations run here too. */

declare(strict_types=1);

namespace App\baseClasses;

use App\database\classes\KCMigrator;

final class KCInstaller
{
    public static function install(): void
    {
        foreach (KCBase::ROLES as $role) {
            add_role(KIVI_CARE_PREFIX . $role, $role, ['read' => true]);
        }
        (new KCMigrator())->run();
    }
}
