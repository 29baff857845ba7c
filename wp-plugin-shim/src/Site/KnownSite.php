<?php
/**
 * The site as it was when it was set up, and its address: the one that leaves a request is that one, whatever host was asked for.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class KnownSite
{
    public const OPTION = 'telemed_fingerprint';

    /** Host and path; www and https come and go without the site being another. */
    public static function address(): string
    {
        return self::inShort(self::presentUrl());
    }

    /**
     * The site's address for what leaves a request, without a slash at its end: as it is now where that is the site which was set
     * up, else as it was set up.
     */
    public static function publicUrl(): string
    {
        $known = self::stored();
        if ($known === null || $known['address'] === self::address()) {
            return self::presentUrl();
        }
        return $known['url'] !== '' ? $known['url'] : (is_ssl() ? 'https://' : 'http://') . $known['address'];
    }

    /** The same of wp-admin, where that is at a host of its own. */
    public static function publicSiteUrl(): string
    {
        $known = self::stored()['site_url'] ?? '';
        $present = untrailingslashit((string) get_option('siteurl'));
        if ($known === '') {
            return self::publicUrl();
        }
        return self::inShort($known) === self::inShort($present) ? $present : $known;
    }

    /** Its address now, without a slash at its end. */
    public static function presentUrl(): string
    {
        /**
         * Filters the address of this site in all that leaves a request: e-mails, calendars, REST answers, redirect URLs.
         *
         * For a site with several addresses, or one whose address follows the request. It must always be the same.
         *
         * @since 0.1.0
         * @api
         *
         * @param string $url The address, as the option home has it: home_url() may change with the language.
         */
        return untrailingslashit((string) apply_filters('telemed_site_address', (string) get_option('home')));
    }

    private static function inShort(string $url): string
    {
        $parts = wp_parse_url($url);
        $port = isset($parts['port']) ? ':' . $parts['port'] : '';
        return preg_replace('/^www\./', '', strtolower($parts['host'] ?? '')) . $port . rtrim($parts['path'] ?? '', '/');
    }

    /**
     * What was noted when it was set up.
     *
     * @return ?array{address: string, url: string, site_url: string, database: string, install: string, environment: string, resting: bool}
     */
    public static function stored(): ?array
    {
        $stored = get_option(self::OPTION);
        if (!is_array($stored)) {
            return null;
        }
        return [
            'address' => (string) ($stored['address'] ?? ''),
            'url' => (string) ($stored['url'] ?? ''),
            'site_url' => (string) ($stored['site_url'] ?? ''),
            'database' => (string) ($stored['database'] ?? ''),
            'install' => (string) ($stored['install'] ?? ''),
            'environment' => (string) ($stored['environment'] ?? ''),
            'resting' => (bool) ($stored['resting'] ?? false),
        ];
    }
}
