<?php
/** Collects the controllers of modules; they are built without arguments on rest_api_init. */

declare(strict_types=1);

namespace App\baseClasses;

use App\interfaces\KCIController;

final class KCModuleRegistry
{
    /** @var array<string, string> */
    private array $controllers = [];

    public function registerModuleController($module, $controller, $class)
    {
        if (is_a($class, KCIController::class, true)) {
            $this->controllers["$module/$controller"] = $class;
        }
    }

    public function registerRoutes(): void
    {
        foreach ($this->controllers as $key => $class) {
            $class = apply_filters("kivicare_controller_{$key}", $class);
            (new $class())->registerRoutes();
            do_action("kivicare_after_register_routes_{$key}");
        }
    }
}
