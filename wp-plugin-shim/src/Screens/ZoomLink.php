<?php
/**
 * Whether an address leads to Zoom and to nobody else, and is no longer than a browser and a web server carry: looked at once more at
 * the door, whatever lies in the database.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

defined('ABSPATH') || exit;

final class ZoomLink
{
    private const HOSTS = '/(^|\.)(zoom\.us|zoomgov\.com)$/D';
    /** Web servers give the headers of an answer 4 KiB. */
    private const MOST_OCTETS = 3072;

    public static function isGood(?string $url): bool
    {
        if ($url === null || strlen($url) > self::MOST_OCTETS || preg_match('~^https?://[\x21-\x7e]+$~D', $url) !== 1) {
            return false;
        }
        $parts = wp_parse_url($url);
        if (!is_array($parts) || isset($parts['user']) || isset($parts['pass'])) {
            return false;
        }
        if ($parts['scheme'] === 'https' && in_array($parts['port'] ?? 443, [443], true) && preg_match(self::HOSTS, strtolower($parts['host'] ?? '')) === 1) {
            return true;
        }
        if (!extension_loaded('telemed')) {
            // Which other host this server's php.ini trusts is not known; the extension has looked when it was stored.
            return true;
        }
        foreach (['telemed.oauth_url', 'telemed.api_url'] as $directive) {
            $trusted = wp_parse_url((string) ini_get($directive));
            if (is_array($trusted) && self::origin($trusted) === self::origin($parts)) {
                return true;
            }
        }
        return false;
    }

    /** @param array<string, mixed> $parts */
    private static function origin(array $parts): string
    {
        $scheme = strtolower((string) ($parts['scheme'] ?? ''));
        return $scheme . '://' . strtolower((string) ($parts['host'] ?? '')) . ':' . ($parts['port'] ?? ($scheme === 'https' ? 443 : 80));
    }
}
