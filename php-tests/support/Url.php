<?php

/** Addresses in pages: as a browser would understand them. */

declare(strict_types=1);

namespace Telemed\Tests;

final class Url
{
    /** What $reference on the page $base leads to. */
    public static function resolve(string $base, string $reference): string
    {
        if (1 === preg_match('~^[a-z][a-z0-9+.-]*:~i', $reference)) {
            return $reference;
        }
        $parts = parse_url($base);
        $origin = $parts['scheme'] . '://' . $parts['host'] . (isset($parts['port']) ? ':' . $parts['port'] : '');
        $path = $parts['path'] ?? '/';
        if (str_starts_with($reference, '//')) {
            return $parts['scheme'] . ':' . $reference;
        }
        if (str_starts_with($reference, '/')) {
            return $origin . $reference;
        }
        if ('' === $reference) {
            return $origin . $path . (isset($parts['query']) ? '?' . $parts['query'] : '');
        }
        if (str_starts_with($reference, '?')) {
            return $origin . $path . $reference;
        }
        return $origin . substr($path, 0, (int) strrpos($path, '/') + 1) . $reference;
    }
}
