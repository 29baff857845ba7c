<?php
/**
 * E-mail to people of the clinic.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class Mail
{
    public static function administrators(string $subject, string $body): void
    {
        if (!Plugin::instance()->guard->mayAct()) {
            return;
        }
        $addresses = array_column(get_users(['capability' => Capabilities::ADMIN, 'fields' => ['user_email']]), 'user_email');
        $addresses[] = (string) get_option('admin_email');
        $seen = [];
        foreach (array_filter($addresses) as $address) {
            if (!isset($seen[strtolower($address)])) {
                $seen[strtolower($address)] = true;
                wp_mail($address, self::subject($subject), $body . "\n\n" . home_url('/') . "\n");
            }
        }
    }

    private static function subject(string $subject): string
    {
        return sprintf('[%s] %s', wp_specialchars_decode((string) get_option('blogname'), ENT_QUOTES), $subject);
    }
}
