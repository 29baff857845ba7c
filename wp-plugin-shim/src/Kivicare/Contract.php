<?php
/**
 * Whether the core's classes are still as ours expect them. A subclass that misses an abstract method or does not fit a
 * signature is a fatal error that takes the whole site down, so this is looked at by reflection before ours are loaded.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

defined('ABSPATH') || exit;

final class Contract
{
    public const PROVIDER = 'App\abstracts\KCAbstractTelemedProvider';
    public const CONTROLLER = 'App\baseClasses\KCBaseController';
    public const CONTROLLER_INTERFACE = 'App\interfaces\KCIController';
    public const MODEL = 'App\baseClasses\KCBaseModel';

    /**
     * What our classes implement or override: visibility, parameters ("-" without a type, "=" with a default), return type.
     */
    private const EXPECTED = [
        self::PROVIDER => [
            '__construct' => 'public(-)',
            'init_hook' => 'public()',
            'get_default_config' => 'protected()',
            'get_config' => 'public()',
            'update_config' => 'public(-)',
            'is_enabled' => 'public()',
            'get_provider_id' => 'public()',
            'get_provider_name' => 'public()',
            'is_configured' => 'public()',
            'create_meeting' => 'public(-=)',
            'update_meeting' => 'public(-,-=)',
            'delete_meeting' => 'public(-)',
            'get_meeting' => 'public(-)',
            'test_connection' => 'public(-=,-=)',
            'update_doctor_config' => 'public(int,array):bool',
            'disconnect_doctor' => 'public(int):bool',
            'get_authorization_url' => 'public(-):string',
            'save_zoom_meeting_record' => 'protected(-)',
            'delete_meeting_record' => 'protected(-)',
            'get_meeting_by_appointment' => 'public(-)',
            'cancel_meeting_by_appointment' => 'public(-)',
            'get_doctor_access_token' => 'public(-)',
            'is_doctor_telemed_connected' => 'public():bool',
            'supports_waiting_room' => 'public()',
            'supports_password' => 'public()',
            'handle_webhook' => 'public()',
        ],
        self::CONTROLLER_INTERFACE => [
            'registerRoutes' => 'public()',
            'checkPermission' => 'public(-)',
        ],
        self::CONTROLLER => [
            'registerRoutes' => 'public()',
            'checkPermission' => 'public(-)',
        ],
        self::MODEL => [
            'initSchema' => 'protected static():array',
        ],
    ];

    /** What the core has changed, in words; null when our classes fit. */
    public static function problem(): ?string
    {
        foreach (self::EXPECTED as $class => $methods) {
            if (!class_exists($class) && !interface_exists($class)) {
                /* translators: %s: name of a class */
                return sprintf(__('the class %s is missing', 'telemed-zoom'), $class);
            }
            $problem = self::compare(new \ReflectionClass($class), $methods);
            if ($problem !== null) {
                return $problem;
            }
        }
        return null;
    }

    /** @param array<string, string> $expected */
    private static function compare(\ReflectionClass $class, array $expected): ?string
    {
        if ($class->isFinal()) {
            /* translators: %s: name of a class */
            return sprintf(__('the class %s cannot be extended any more', 'telemed-zoom'), $class->getName());
        }
        foreach ($class->getMethods() as $method) {
            $name = $method->getName();
            $known = $expected[$name] ?? null;
            $spelled = $class->getName() . '::' . $name . '()';
            if ($known === null) {
                if ($method->isAbstract()) {
                    /* translators: %s: name of a method */
                    return sprintf(__('%s is new', 'telemed-zoom'), $spelled);
                }
            } elseif ($method->isFinal() || self::signature($method) !== $known) {
                /* translators: %s: name of a method */
                return sprintf(__('%s has changed', 'telemed-zoom'), $spelled);
            }
        }
        return null;
    }

    private static function signature(\ReflectionMethod $method): string
    {
        $parameters = array_map(static fn(\ReflectionParameter $parameter): string =>
            ($parameter->isPassedByReference() ? '&' : '') . ($parameter->isVariadic() ? '...' : '') .
            ($parameter->hasType() ? (string) $parameter->getType() : '-') . ($parameter->isOptional() ? '=' : ''), $method->getParameters());
        return ($method->isPublic() ? 'public' : ($method->isProtected() ? 'protected' : 'private')) .
            ($method->isStatic() ? ' static' : '') . '(' . implode(',', $parameters) . ')' .
            ($method->hasReturnType() ? ':' . $method->getReturnType() : '');
    }
}
