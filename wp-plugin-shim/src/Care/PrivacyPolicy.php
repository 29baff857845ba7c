<?php
/**
 * What the site's privacy policy may say of video visits: WordPress offers it beside its own suggestions.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Care;

defined('ABSPATH') || exit;

final class PrivacyPolicy
{
    public static function suggest(): void
    {
        if (function_exists('wp_add_privacy_policy_content')) {
            wp_add_privacy_policy_content(__('Telemed for Zoom', 'telemed-zoom'), wp_kses_post(self::text()));
        }
    }

    private static function text(): string
    {
        $paragraphs = [
            __('Video visits are held with Zoom. When you join a visit, your browser or the Zoom app connects to Zoom, which then processes your name as you enter it, your IP address, sound and picture. Zoom\'s own privacy statement applies there.', 'telemed-zoom'),
            __('We send Zoom the time and length of a visit, a neutral topic and an opaque reference. We do not send Zoom your name, your e-mail address or the reason of the visit.', 'telemed-zoom'),
            __('On this site we keep the time of your visit, whom it is with, your e-mail address, a personal link to the visit, and a log of what was done and which mails were sent. The link is removed a while after the visit (30 days, unless we say otherwise), your address and the log later (one year, unless we say otherwise).', 'telemed-zoom'),
            __('Doctors: we keep which Zoom user holds your visits and, where you authorized it, sealed access tokens. They end with Disconnect, or when your user is deleted.', 'telemed-zoom'),
        ];
        return '<p class="privacy-policy-tutorial">' . esc_html__('Adapt the periods to what is set under Telemed, Settings.', 'telemed-zoom') . '</p>'
            . implode('', array_map(static fn(string $text): string => '<p>' . esc_html($text) . '</p>', $paragraphs));
    }
}
