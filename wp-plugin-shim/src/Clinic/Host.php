<?php
/**
 * The Zoom user that an administrator has confirmed as a doctor's host (Server-to-Server mode).
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

defined('ABSPATH') || exit;

final class Host
{
    /**
     * @param string  $id        Zoom's user id, which no change of e-mail changes
     * @param string  $account   the Zoom account that it belongs to
     * @param string  $siteEmail the doctor's e-mail on this site at the confirmation
     */
    public function __construct(
        public readonly string $id,
        public readonly ?string $email,
        public readonly string $name,
        public readonly bool $isLicensed,
        public readonly string $account,
        public readonly string $siteEmail
    ) {
    }

    /** The Zoom user as an administrator confirms it for a doctor. */
    public static function confirmed(\Telemed\User $zoomUser, string $account, \WP_User $doctor): self
    {
        return new self($zoomUser->id(), $zoomUser->email(), $zoomUser->name(), $zoomUser->isLicensed(), $account, $doctor->user_email);
    }

    /** @param array<string, mixed> $stored */
    public static function fromArray(array $stored): self
    {
        return new self(
            (string) $stored['id'],
            isset($stored['email']) ? (string) $stored['email'] : null,
            (string) ($stored['name'] ?? ''),
            (bool) ($stored['licensed'] ?? false),
            (string) ($stored['account'] ?? ''),
            (string) ($stored['site_email'] ?? '')
        );
    }

    /** @return array<string, mixed> */
    public function toArray(): array
    {
        return [
            'id' => $this->id,
            'email' => $this->email,
            'name' => $this->name,
            'licensed' => $this->isLicensed,
            'account' => $this->account,
            'site_email' => $this->siteEmail,
        ];
    }
}
