<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension\Support;

/** The API under `Telemed\` as reflection sees it, sorted, as plain arrays that can be compared. */
final class ApiDump
{
    /** @return array<string, array<string, mixed>> */
    public static function all(): array
    {
        $all = array();
        foreach (array_merge(get_declared_classes(), get_declared_interfaces()) as $name) {
            if (0 === strpos($name, 'Telemed\\') && 0 !== strpos($name, 'Telemed\\Tests\\')) {
                $all[$name] = self::type(new \ReflectionClass($name));
            }
        }
        ksort($all);
        return $all;
    }

    /** @return array<string, mixed> */
    private static function type(\ReflectionClass $class): array
    {
        $interfaces = $class->getInterfaceNames();
        sort($interfaces);
        $properties = array();
        foreach ($class->getProperties(\ReflectionProperty::IS_PUBLIC) as $property) {
            if ($property->getDeclaringClass()->getName() === $class->getName()) {
                $properties[$property->getName()] = (string) $property->getType();
            }
        }
        ksort($properties);
        $methods = array();
        foreach ($class->getMethods() as $method) {
            if ($method->getDeclaringClass()->getName() === $class->getName()) {
                $methods[$method->getName()] = self::method($method);
            }
        }
        ksort($methods);
        return array(
            'interface' => $class->isInterface(),
            'final' => $class->isFinal(),
            'parent' => $class->getParentClass() ? $class->getParentClass()->getName() : null,
            'interfaces' => $interfaces,
            'constants' => $class->getConstants(),
            'properties' => $properties,
            'methods' => $methods,
        );
    }

    /** @return array<string, mixed> */
    private static function method(\ReflectionMethod $method): array
    {
        return array(
            'modifiers' => implode(' ', \Reflection::getModifierNames($method->getModifiers())),
            'returns' => (string) $method->getReturnType(),
            'parameters' => array_map(array(self::class, 'parameter'), $method->getParameters()),
        );
    }

    /** @return array<string, mixed> */
    private static function parameter(\ReflectionParameter $parameter): array
    {
        return array(
            'name' => $parameter->getName(),
            'type' => (string) $parameter->getType(),
            'optional' => $parameter->isOptional(),
            'default' => $parameter->isDefaultValueAvailable() ? var_export($parameter->getDefaultValue(), true) : null,
            'reference' => $parameter->isPassedByReference(),
            'variadic' => $parameter->isVariadic(),
            'sensitive' => array() !== $parameter->getAttributes(\SensitiveParameter::class),
        );
    }
}
