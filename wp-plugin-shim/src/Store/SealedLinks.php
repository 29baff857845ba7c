<?php
/**
 * Join links and passcodes as rows keep them: sealed, each bound to its meeting. Where the key that sealed them is lost they are
 * unknown, and read from Zoom again.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

defined('ABSPATH') || exit;

final class SealedLinks
{
    private const COLUMNS = ['join_url', 'passcode'];

    public function __construct(private readonly \Telemed\Vault $vault)
    {
    }

    /**
     * @param array<string, mixed> $meeting a meeting's row
     * @return array<string, mixed>
     */
    public function sealed(int $visit, #[\SensitiveParameter] array $meeting): array
    {
        foreach (self::COLUMNS as $column) {
            if ($meeting[$column] !== null) {
                $meeting[$column] = $this->vault->seal((string) $meeting[$column], self::context($visit, $meeting, $column));
            }
        }
        return $meeting;
    }

    /**
     * @param array<string, mixed> $meeting a meeting's row, as it is stored
     * @return array<string, mixed>
     */
    public function opened(int $visit, array $meeting): array
    {
        foreach (self::COLUMNS as $column) {
            if ($meeting[$column] !== null) {
                try {
                    $meeting[$column] = $this->vault->open((string) $meeting[$column], self::context($visit, $meeting, $column));
                } catch (\Telemed\VaultException) {
                    $meeting[$column] = null;
                }
            }
        }
        return $meeting;
    }

    /** @param array<string, mixed> $meeting */
    private static function context(int $visit, array $meeting, string $column): string
    {
        return "visit $visit, meeting {$meeting['generation']}, $column";
    }
}
