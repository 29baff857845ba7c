<?php
/**
 * What an administrator has entered on the settings page and not saved: it waits here for ten minutes, each secret sealed as it
 * would be stored, so that nothing that was typed is lost while it is checked or asked about.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

defined('ABSPATH') || exit;

final class Draft
{
    /** A field of the form that shows it: secrets that were entered before need not be entered again. */
    public const FIELD = 'draft';
    private const KEEP_SECONDS = 600;

    /**
     * @param array<string, mixed> $settings as EnteredSettings::sanitize() leaves them
     * @param list<string> $doubts why they were not saved; empty: nobody wanted to save them yet
     */
    public static function put(#[\SensitiveParameter] array $settings, array $doubts = []): void
    {
        set_transient(self::name(), ['settings' => $settings, 'doubts' => $doubts], self::KEEP_SECONDS);
    }

    /** @return ?array<string, mixed> what the current user has entered; null: nothing */
    public static function settings(): ?array
    {
        return self::read()['settings'] ?? null;
    }

    /** @return list<string> */
    public static function doubts(): array
    {
        return self::read()['doubts'] ?? [];
    }

    public static function forget(): void
    {
        delete_transient(self::name());
    }

    /** @return ?array{settings: array<string, mixed>, doubts: list<string>} */
    private static function read(): ?array
    {
        $kept = get_transient(self::name());
        return is_array($kept) && is_array($kept['settings'] ?? null) ? $kept : null;
    }

    private static function name(): string
    {
        return 'telemed_draft_' . get_current_user_id();
    }
}
