<?php
/** Routes under kivicare/v1 and the core's envelope around answers. */

declare(strict_types=1);

namespace App\baseClasses;

use App\interfaces\KCIController;

abstract class KCBaseController implements KCIController
{
    protected $namespace = KIVI_CARE_NAME . '/v1';
    protected $route = '';
    protected $kcbase;

    public function __construct($moduleId = '', $controllerId = '')
    {
        $this->kcbase = new KCBase();
    }

    abstract public function registerRoutes();

    public function checkPermission($request)
    {
        return is_user_logged_in();
    }

    protected function registerRoute($route, $args)
    {
        register_rest_route($this->namespace, $route, $args);
    }

    protected function response($data = null, $message = '', $status = true, $code = 200)
    {
        return new \WP_REST_Response(['status' => $status, 'message' => $message, 'data' => $data], $code);
    }

    protected function permissionDeniedResponse()
    {
        return $this->response(null, 'permission denied', false, 403);
    }
}
