<?php
/**
 * A notice of wp-admin: printed where it is, or left for the page that comes after an action.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Site;

defined('ABSPATH') || exit;

final class Notice
{
    private const FLASH_SECONDS = 600;

    /** @param 'success'|'warning'|'error'|'info' $type */
    public static function flash(string $type, string $text, ?int $user = null): void
    {
        $name = self::flashName($user ?? get_current_user_id());
        $waiting = get_transient($name);
        $waiting = is_array($waiting) ? $waiting : [];
        $waiting[] = ['type' => $type, 'text' => $text];
        set_transient($name, $waiting, self::FLASH_SECONDS);
    }

    public static function print(string $type, string $html, string $id = ''): void
    {
        printf(
            '<div class="notice notice-%s"%s><p>%s</p></div>',
            esc_attr($type),
            $id === '' ? '' : ' id="' . esc_attr($id) . '"',
            wp_kses($html, ['a' => ['href' => true], 'strong' => [], 'code' => [], 'br' => []])
        );
    }

    /** What an action has left to tell, once. */
    public static function printFlash(bool $isInline = false): void
    {
        $name = self::flashName(get_current_user_id());
        $waiting = get_transient($name);
        if (!is_array($waiting)) {
            return;
        }
        delete_transient($name);
        foreach ($waiting as $message) {
            printf(
                '<div class="notice notice-%s is-dismissible telemed-flash%s" role="%s"><p>%s</p></div>',
                esc_attr((string) $message['type']),
                // WordPress takes every other notice to the top of the page.
                $isInline ? ' inline' : '',
                $message['type'] === 'error' ? 'alert' : 'status',
                esc_html((string) $message['text'])
            );
        }
    }

    private static function flashName(int $user): string
    {
        return 'telemed_flash_' . $user;
    }
}
