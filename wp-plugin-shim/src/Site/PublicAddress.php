<?php
/**
 * The one address of this site that is written into what leaves a request: mails, calendars, REST answers, redirect URLs. It is the
 * guarded one, so whoever names another host in a request, on a site whose address follows that, gets no link led there.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class PublicAddress
{
    public static function register(): void
    {
        // Who is at another address of this site may be led to the one that is guarded.
        add_filter('allowed_redirect_hosts', static fn(array $hosts): array => [...$hosts, (string) wp_parse_url(KnownSite::publicUrl(), PHP_URL_HOST)]);
    }

    /** A page of the site. */
    public static function home(string $path = '/'): string
    {
        return KnownSite::publicUrl() . '/' . ltrim($path, '/');
    }

    /** An address that WordPress has made from its own, such as one of wp-admin or of REST. */
    public static function of(string $url): string
    {
        $parts = wp_parse_url($url);
        if (!is_array($parts) || !isset($parts['host'])) {
            return $url;
        }
        $isAdmin = self::isSplit() && self::origin($url) === self::origin((string) get_option('siteurl'));
        $own = self::origin($isAdmin ? KnownSite::publicSiteUrl() : KnownSite::publicUrl());
        return $own . substr($url, strlen(self::origin($url)));
    }

    /** A text for people, with every address of this site in it made the public one. */
    public static function inText(string $text): string
    {
        foreach ([(string) get_option('siteurl'), (string) get_option('home')] as $asked) {
            $origin = self::origin($asked);
            $public = self::origin(self::of($asked));
            if ($origin !== '' && $origin !== $public) {
                $text = (string) preg_replace_callback(
                    '~' . preg_quote($origin, '~') . '(?![A-Za-z0-9.:@-]*[A-Za-z0-9])~i',
                    static fn(): string => $public,
                    $text
                );
            }
        }
        return $text;
    }

    /** Whom mails of this site come from, as wp_mail() names it. */
    public static function sender(): string
    {
        // A network's own address lies in its database, and no request changes it.
        $host = (string) wp_parse_url(is_multisite() ? network_home_url() : KnownSite::publicUrl(), PHP_URL_HOST);
        return 'wordpress@' . (str_starts_with($host, 'www.') ? substr($host, 4) : $host);
    }

    /** Headers for wp_mail(): none where WordPress would name the sender by the public address anyhow. */
    public static function mailHeaders(): string
    {
        $asked = (string) wp_parse_url(network_home_url(), PHP_URL_HOST);
        $isOther = 'wordpress@' . (str_starts_with($asked, 'www.') ? substr($asked, 4) : $asked) !== self::sender();
        return $isOther ? 'From: ' . self::sender() : '';
    }

    /** Whether wp-admin is at another host than the site. */
    private static function isSplit(): bool
    {
        return self::hostOf((string) get_option('siteurl')) !== self::hostOf((string) get_option('home'));
    }

    private static function hostOf(string $url): string
    {
        $parts = wp_parse_url($url);
        return strtolower((string) ($parts['host'] ?? '')) . (isset($parts['port']) ? ':' . $parts['port'] : '');
    }

    /** Scheme, host and port, as they are written. */
    private static function origin(string $url): string
    {
        return preg_match('~^[a-z][a-z0-9+.-]*://[^/?#]*~i', $url, $found) === 1 ? $found[0] : '';
    }
}
