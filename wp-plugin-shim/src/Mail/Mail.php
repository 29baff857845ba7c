<?php
/**
 * E-mail to people of the clinic.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Clinic\Guard;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\PublicAddress;

defined('ABSPATH') || exit;

final class Mail
{
    /**
     * To one person; a copy of a site mails nobody.
     *
     * @return bool false: the site's mailer has refused it
     */
    public static function send(string $address, string $subject, string $body): bool
    {
        return $address === '' || !(new Guard())->mayAct() || wp_mail(
            $address,
            self::subject($subject),
            PublicAddress::inText($body) . "\n\n" . PublicAddress::home() . "\n",
            PublicAddress::mailHeaders()
        );
    }

    /**
     * @param list<string> $except addresses that were told otherwise
     * @return bool false: the mails to all of them were refused
     */
    public static function administrators(string $subject, string $body, array $except = []): bool
    {
        $refused = $sent = 0;
        $addresses = array_column(get_users(['capability' => Capabilities::ADMIN, 'fields' => ['user_email']]), 'user_email');
        $addresses[] = (string) get_option('admin_email');
        $seen = array_fill_keys(array_map('strtolower', $except), true);
        foreach (array_filter($addresses) as $address) {
            if (!isset($seen[strtolower($address)])) {
                $seen[strtolower($address)] = true;
                self::send($address, $subject, $body) ? $sent++ : $refused++;
            }
        }
        return $sent > 0 || $refused === 0;
    }

    private static function subject(string $subject): string
    {
        return sprintf('[%s] %s', wp_specialchars_decode((string) get_option('blogname'), ENT_QUOTES), $subject);
    }
}
