<?php
/** Starts the stand-in: routes, factory, listeners, in the order of the core. */

declare(strict_types=1);

namespace App\baseClasses;

use App\controllers\api\AppointmentListController;
use App\controllers\api\AppointmentsController;
use App\controllers\api\ClinicController;
use App\controllers\api\DoctorController;
use App\controllers\api\EncounterController;
use App\controllers\api\PatientController;
use App\controllers\api\PaymentController;
use App\controllers\api\SettingsController\HolidayList;
use App\controllers\helper\KCRestAPIEncryptionFilter;
use App\emails\listeners\KCAppointmentNotificationListener;

final class KCApp
{
    public static function boot(): void
    {
        add_action('init', [self::class, 'init'], 10);
        (new KCRestAPIEncryptionFilter())->register();
        (new KCAppointmentNotificationListener())->register();
        add_action('kivicare_standin_auto_close', [KCAutoClose::class, 'run']);
        add_action('kivicare_standin_order_completed', [PaymentController::class, 'handle_order_status_change']);
        if (KCStandIn::get('meet')) {
            KCStandInMeet::register();
        }
        foreach (['kc_after_create_appointment', 'kc_appointment_updated', 'kc_appointment_payment_completed', 'kc_appointment_status_update'] as $hook) {
            add_action($hook, static fn() => KCStandIn::failIfAsked($hook), 20);
        }
    }

    public static function init(): void
    {
        $registry = new KCModuleRegistry();
        foreach ([
            'appointments/base' => AppointmentsController::class,
            'appointments/list' => AppointmentListController::class,
            'appointments/payment' => PaymentController::class,
            'system/clinic' => ClinicController::class,
            'doctor/base' => DoctorController::class,
            'patient/base' => PatientController::class,
            'encounter/base' => EncounterController::class,
            'settings/holidays' => HolidayList::class,
        ] as $key => $class) {
            [$module, $controller] = explode('/', $key);
            $registry->registerModuleController($module, $controller, $class);
        }
        do_action('kivicare_register_modules', $registry);
        add_action('rest_api_init', [$registry, 'registerRoutes']);
        KCTelemedFactory::get_available_providers();
    }
}
