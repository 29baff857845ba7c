<?php
/**
 * The outermost of every route: what nobody expected becomes a calm answer 500 there, and not a fatal error with WordPress' mail to
 * administrators, which an anonymous request could cause at will; text that is no UTF-8 becomes a 400.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Site\PlainPage;

defined('ABSPATH') || exit;

final class Edge
{
    /** Routes of REST that are this plugin's, also those on KiviCare's names. */
    private const ROUTES = '#^/(telemed/v1|kivicare/v1/settings/zoom-telemed)(/|$)#';
    private const DEPTH = 16;

    public static function register(): void
    {
        add_filter('rest_pre_dispatch', [self::class, 'demandText'], 1, 3);
        add_filter('rest_endpoints', [self::class, 'guardEndpoints']);
    }

    /**
     * WordPress' own sanitizing would make such a text an empty one, which may mean something else.
     *
     * @param mixed $answer of another plugin
     */
    public static function demandText(mixed $answer, \WP_REST_Server $server, \WP_REST_Request $request): mixed
    {
        if ($answer !== null || !self::isOurs($request->get_route())) {
            return $answer;
        }
        return self::isText([$request->get_route(), $request->get_params(), $_GET]) // phpcs:ignore WordPress.Security.NonceVerification
            ? null
            : new \WP_Error('telemed_bad_text', self::badText(), ['status' => 400]);
    }

    /**
     * @param array<string, array<int|string, mixed>> $endpoints
     * @return array<string, array<int|string, mixed>>
     */
    public static function guardEndpoints(array $endpoints): array
    {
        foreach ($endpoints as $route => $handlers) {
            if (!self::isOurs($route)) {
                continue;
            }
            foreach ($handlers as $key => $handler) {
                if (is_array($handler) && is_int($key)) {
                    $endpoints[$route][$key] = self::guarded($handler);
                }
            }
            if (isset($handlers['callback'])) {
                $endpoints[$route] = self::guarded($endpoints[$route]);
            }
        }
        return $endpoints;
    }

    /**
     * A page of the site, or an action of wp-admin, that answers by itself.
     *
     * @param callable(): void $work
     */
    public static function page(callable $work): void
    {
        try {
            $work();
        } catch (\Throwable $failure) {
            self::note($failure);
            PlainPage::send(500, __('This page cannot be shown just now', 'telemed-zoom'), '<p>' . esc_html(self::unexpected()) . '</p>', 'unavailable');
        }
    }

    /**
     * Something of ours within somebody else's route.
     *
     * @template T
     * @param callable(): T $work
     * @param T $otherwise
     * @return T
     */
    public static function within(callable $work, mixed $otherwise): mixed
    {
        try {
            return $work();
        } catch (\Throwable $failure) {
            self::note($failure);
            return $otherwise;
        }
    }

    /** Whether all of it is UTF-8, keys too. */
    public static function isText(mixed $value, int $depth = 0): bool
    {
        if (is_array($value)) {
            foreach ($value as $key => $one) {
                if ($depth >= self::DEPTH || !self::isText((string) $key) || !self::isText($one, $depth + 1)) {
                    return false;
                }
            }
            return true;
        }
        return !is_string($value) || preg_match('//u', $value) === 1;
    }

    public static function badText(): string
    {
        return __('The request holds text that cannot be read (no UTF-8).', 'telemed-zoom');
    }

    public static function unexpected(): string
    {
        return __('Something went wrong on this site. Please try again in a minute; if it lasts, tell the clinic.', 'telemed-zoom');
    }

    /** Where it was, and never what was at work: a message may hold what people have entered. */
    public static function note(\Throwable $failure): void
    {
        error_log(sprintf('telemed-zoom: %s in %s on line %d', get_class($failure), $failure->getFile(), $failure->getLine())); // phpcs:ignore
    }

    private static function isOurs(string $route): bool
    {
        return preg_match(self::ROUTES, $route) === 1;
    }

    /**
     * @param array<string, mixed> $handler
     * @return array<string, mixed>
     */
    private static function guarded(array $handler): array
    {
        foreach (['callback', 'permission_callback'] as $name) {
            $work = $handler[$name] ?? null;
            if (is_callable($work)) {
                $handler[$name] = static fn(...$arguments): mixed => self::within(
                    static fn(): mixed => $work(...$arguments),
                    new \WP_Error('telemed_unexpected', self::unexpected(), ['status' => 500])
                );
            }
        }
        return $handler;
    }
}
