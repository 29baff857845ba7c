<?php
/**
 * A page for people outside of wp-admin: whole by itself, kept nowhere, framed by nobody, without a script or style of its own text.
 * Themes and their scripts have nothing to do here.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;


defined('ABSPATH') || exit;

final class PlainPage
{
    /**
     * Sends it and ends the request.
     *
     * @param string $html   escaped
     * @param string $what   one word for programs
     * @param int    $reload seconds until it looks again by itself; 0: never
     */
    public static function send(int $status, string $title, string $html, string $what, int $reload = 0): never
    {
        self::headers();
        status_header($status);
        header('Content-Type: text/html; charset=UTF-8');
        if ($status === 503 && $reload > 0) {
            header("Retry-After: $reload");
        }
        $clinic = wp_specialchars_decode((string) get_option('blogname'), ENT_QUOTES);
        printf(
            '<!DOCTYPE html><html %s><head><meta charset="UTF-8"><meta name="viewport" content="width=device-width, initial-scale=1">' .
            '<meta name="robots" content="noindex, nofollow"><meta name="referrer" content="no-referrer">%s<title>%s</title>' .
            '<link rel="stylesheet" href="%s"></head><body><main id="telemed-visit" data-state="%s"><p class="clinic">%s</p><h1>%s</h1>%s</main><script src="%s"></script></body></html>',
            get_language_attributes(), // phpcs:ignore WordPress.Security.EscapeOutput
            $reload > 0 ? sprintf('<meta http-equiv="refresh" content="%d">', $reload) : '',
            esc_html($title . ' – ' . $clinic),
            esc_url(self::assets() . 'visit.css?ver=' . PluginFile::VERSION),
            esc_attr($what),
            esc_html($clinic),
            esc_html($title),
            $html, // phpcs:ignore WordPress.Security.EscapeOutput -- escaped piece by piece
            esc_url(self::assets() . 'visit.js?ver=' . PluginFile::VERSION)
        );
        exit;
    }

    /** Of every answer that leads into a visit, also of one that only leads on. */
    public static function headers(): void
    {
        nocache_headers();
        header('Cache-Control: no-store, private, max-age=0');
        header('Referrer-Policy: no-referrer');
        header('X-Robots-Tag: noindex, nofollow');
        header('X-Content-Type-Options: nosniff');
        header('X-Frame-Options: DENY');
        header(sprintf(
            "Content-Security-Policy: default-src 'none'; style-src %1\$s; script-src %1\$s; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            self::assets()
        ));
    }

    /** A browser, or whatever looks at links before it, asks only what there is: nothing is to be done and nothing to be given. */
    public static function isOnlyAsked(): bool
    {
        return !in_array($_SERVER['REQUEST_METHOD'] ?? '', ['GET', 'POST'], true) || self::said('SEC_PURPOSE', 'PURPOSE', 'X_MOZ') !== '';
    }

    /** Whether a person goes there with a whole window, as far as the browser says. */
    public static function isGoneTo(): bool
    {
        return in_array(self::said('SEC_FETCH_MODE'), ['', 'navigate'], true) && in_array(self::said('SEC_FETCH_DEST'), ['', 'document'], true);
    }

    /** Whether a page of another site led there, as far as the browser says. */
    public static function isLedFromElsewhere(): bool
    {
        return self::said('SEC_FETCH_SITE') === 'cross-site';
    }

    private static function said(string ...$headers): string
    {
        return implode('', array_map(static fn(string $name): string => strtolower((string) ($_SERVER['HTTP_' . $name] ?? '')), $headers));
    }

    /** With a slash at its end. */
    private static function assets(): string
    {
        // Blanks, commas and semicolons would end a source of the policy.
        return strtr(plugins_url('assets/', PluginFile::path()), [' ' => '%20', ',' => '%2C', ';' => '%3B']);
    }
}
