<?php
/**
 * Whom a visit is with, as far as this site knows; never sent to Zoom.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Visits;

use TelemedZoom\Problem;

defined('ABSPATH') || exit;

final class Patient
{
    /** @param ?int $user WordPress user, where the patient is one */
    public function __construct(public readonly ?int $user, public readonly ?string $email)
    {
    }

    /**
     * From what a person or a program gives: a user's number or an e-mail.
     *
     * @throws Problem when it is neither
     */
    public static function from(string $text): ?self
    {
        $text = trim($text);
        if ($text === '') {
            return null;
        }
        $user = ctype_digit($text) ? get_userdata((int) $text) : get_user_by('email', $text);
        if ($user instanceof \WP_User) {
            return new self($user->ID, $user->user_email);
        }
        if (is_email($text) !== false) {
            return new self(null, $text);
        }
        throw new Problem('telemed_bad_patient', __('the patient is neither a user of this site nor an e-mail address', 'telemed-zoom'), __('Enter the number of a user, or an e-mail address, or nothing.', 'telemed-zoom'));
    }
}
