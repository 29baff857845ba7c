<?php
/**
 * Where version 0.1.0 has kept the secrets of Zoom apps: in the settings those in force, in an option of their own former ones and
 * those of single doctors.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Migration;

use TelemedZoom\Clinic\App;
use TelemedZoom\Clinic\AppRegistry;
use TelemedZoom\Clinic\EnteredSettings;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class OldApps
{
    private const FORMER = 'telemed_former_apps';

    public function __construct(private readonly AppRegistry $registry, private readonly EnteredSettings $settings)
    {
    }

    /**
     * Into the table, unopened. Begun once more after it broke off, it goes on.
     *
     * @throws DatabaseException
     */
    public function bring(): void
    {
        foreach (self::all() as $app) {
            $this->registry->add($app);
        }
        $this->settings->keepAllSecrets();
        delete_option(self::FORMER);
    }

    /** @return list<App> until they are moved */
    public static function unmoved(): array
    {
        return !Schema::isCurrent() || Schema::isMoving() ? self::all() : [];
    }

    /** @return list<App> those in force first: their secrets are the latest */
    private static function all(): array
    {
        [$settings, $former] = [(array) get_option(Settings::OPTION), (array) get_option(self::FORMER)];
        $apps = [];
        foreach (Mode::cases() as $mode) {
            $apps[] = self::app($mode, [
                'account_id' => $settings[$mode->field('account_id')] ?? '',
                'client_id' => $settings[$mode->field('client_id')] ?? '',
                'client_secret' => $settings[$mode->field('client_secret')] ?? '',
                'redirect_uri' => $settings[$mode->field('redirect_uri')] ?? '',
            ]);
        }
        foreach (array_filter($former, 'is_array') as $row) {
            $mode = Mode::tryFrom((string) ($row['mode'] ?? ''));
            $apps[] = $mode === null ? null : self::app($mode, $row);
        }
        return array_values(array_filter($apps));
    }

    /** @param array<string, mixed> $row */
    private static function app(Mode $mode, #[\SensitiveParameter] array $row): ?App
    {
        $text = static fn(string $name): string => (string) ($row[$name] ?? '');
        return $text('client_id') === '' || !Settings::isSealed($text('client_secret'))
            ? null
            : new App($mode, $text('account_id'), $text('client_id'), $text('client_secret'), App::contextOf($mode), $text('redirect_uri'));
    }
}
