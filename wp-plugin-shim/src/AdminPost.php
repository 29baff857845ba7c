<?php
/**
 * Actions of the screens: POST only, with a capability and a nonce; ownership is the handler's to check. Afterwards the
 * browser is sent to a page by GET, so that a reload repeats nothing.
 *
 * The nonce's action is the action's own name, its field _wpnonce.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class AdminPost
{
    /**
     * @param callable(array<string, mixed>): string $handler is given the fields and returns where to go
     * @param ?string $nonce the nonce's action, where the button belongs to another form
     */
    public static function on(string $action, string $capability, callable $handler, ?string $nonce = null): void
    {
        add_action('admin_post_' . $action, static function () use ($action, $capability, $handler, $nonce): void {
            if (($_SERVER['REQUEST_METHOD'] ?? '') !== 'POST') {
                wp_die(esc_html__('This address is for a button of this site.', 'telemed-zoom'), '', ['response' => 405, 'back_link' => true]);
            }
            if (!current_user_can($capability)) {
                self::forbid();
            }
            check_admin_referer($nonce ?? $action);
            nocache_headers();
            $fields = wp_unslash($_POST);
            if (!Edge::isText($fields)) {
                wp_die(esc_html(Edge::badText()), '', ['response' => 400, 'back_link' => true]);
            }
            $next = Edge::within(static fn(): string => $handler($fields), null);
            if ($next === null) {
                wp_die(esc_html(Edge::unexpected()), '', ['response' => 500, 'back_link' => true]);
            }
            wp_safe_redirect($next);
            exit;
        });
    }

    public static function forbid(): never
    {
        wp_die(esc_html__('You are not allowed to do this.', 'telemed-zoom'), '', ['response' => 403, 'back_link' => true]);
    }

    public static function url(): string
    {
        return admin_url('admin-post.php');
    }

    /**
     * The fields every form needs.
     *
     * @param array<string, int|string> $values further hidden fields
     */
    public static function fields(string $action, array $values = []): void
    {
        printf('<input type="hidden" name="action" value="%s">', esc_attr($action));
        // No id on the field: several forms share a page.
        printf('<input type="hidden" name="_wpnonce" value="%s">', esc_attr(wp_create_nonce($action)));
        foreach ($values as $name => $value) {
            printf('<input type="hidden" name="%s" value="%s">', esc_attr($name), esc_attr((string) $value));
        }
    }

    /**
     * A form that is one button.
     *
     * @param array<string, int|string> $values
     */
    public static function button(string $action, string $label, array $values = [], string $class = 'button', string $confirm = ''): void
    {
        printf(
            '<form method="post" action="%s" class="telemed-inline"%s>',
            esc_url(self::url()),
            $confirm === '' ? '' : ' data-telemed-confirm="' . esc_attr($confirm) . '"'
        );
        self::fields($action, $values);
        printf('<button type="submit" class="%s">%s</button></form>', esc_attr($class), esc_html($label));
    }

    /** @param array<string, mixed> $fields */
    public static function text(array $fields, string $name): string
    {
        $value = $fields[$name] ?? '';
        return is_scalar($value) ? sanitize_text_field((string) $value) : '';
    }

    /** @param array<string, mixed> $fields */
    public static function number(array $fields, string $name): int
    {
        return (int) self::text($fields, $name);
    }
}
