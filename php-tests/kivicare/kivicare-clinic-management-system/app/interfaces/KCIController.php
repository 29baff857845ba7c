<?php
/** What the registry takes as a controller. */

declare(strict_types=1);

namespace App\interfaces;

interface KCIController
{
    public function registerRoutes();

    public function checkPermission($request);
}
