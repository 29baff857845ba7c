<?php
/**
 * Whom a visit is with, as far as this site knows; never sent to Zoom.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Problem;

defined('ABSPATH') || exit;

final class Patient
{
    /** @param ?int $user WordPress user, where the patient is one */
    public function __construct(public readonly ?int $user, public readonly ?string $email)
    {
    }

    /**
     * As they are now: who is a user of this site no more has no address here either.
     *
     * @param ?int    $user  the patient's, where they were one when the visit was booked
     * @param ?string $email what the visit was booked with
     * @return array{?string, ?string} name and e-mail, as far as known
     */
    public static function nameAndEmail(?int $user, ?string $email): array
    {
        if ($user === null || $user === 0) {
            return [null, $email];
        }
        $data = get_userdata($user);
        return $data === false ? [null, null] : [$data->display_name, $data->user_email];
    }

    /**
     * From what a person or a program gives: a user's number or an e-mail.
     *
     * @param bool                   $mayList whether they may know the site's users
     * @param (callable(int): bool)|null $isGiven whether they may name the user with this number; null: none
     * @throws Problem when it is neither; the same, whether or not there is such a user
     */
    public static function from(string $text, bool $mayList = false, ?callable $isGiven = null): ?self
    {
        $text = trim($text);
        if ($text === '') {
            return null;
        }
        if (ctype_digit($text) && strlen($text) < 19 && $isGiven !== null && $isGiven((int) $text)) {
            $user = get_userdata((int) $text);
        } else {
            $user = $mayList && is_email($text) !== false ? get_user_by('email', $text) : false;
        }
        if ($user instanceof \WP_User) {
            return new self($user->ID, $user->user_email);
        }
        if (is_email($text) !== false) {
            return new self(null, $text);
        }
        throw new Problem(
            'telemed_bad_patient',
            __('the patient is neither an e-mail address nor the number of a user whom you may name', 'telemed-zoom'),
            __('Enter an e-mail address, the number of one of the doctor\'s own patients, or nothing.', 'telemed-zoom')
        );
    }
}
