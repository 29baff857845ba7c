<?php
/**
 * Links as rows keep them. Join links and passcodes are sealed, each bound to its meeting; where the key that sealed them is lost they
 * are unknown, and read from Zoom again. What a visit link ends with is sealed too, and found by its hash, so that the links that
 * people have go on without that key.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Problem;

defined('ABSPATH') || exit;

final class SealedLinks
{
    private const KEY_BYTES = 16;
    private const KEY_CONTEXT = 'visit link';
    private const COLUMNS = ['join_url', 'passcode'];
    /** A sealed text begins with the name of its form, a dot, and what tells its key from others, in five characters of base64. */
    private const BEGINNING = 14;

    private \Telemed\Vault|SodiumVault|null $made = null;

    /** @param \Closure(): (\Telemed\Vault|SodiumVault) $vault called once it is needed; throws a Problem where the site has no key */
    public function __construct(private readonly \Closure $vault)
    {
    }

    /**
     * @return array{link_hash: string, link_key: string} the columns of a visit's new link
     * @throws Problem when there is no key
     */
    public function newKey(): array
    {
        return $this->keyColumns(self::randomKey());
    }

    /** 128 random bits as 32 hexadecimal digits. */
    public static function randomKey(): string
    {
        return bin2hex(random_bytes(self::KEY_BYTES));
    }

    /**
     * @return array{link_hash: string, link_key: string}
     * @throws Problem when there is no key
     */
    public function keyColumns(#[\SensitiveParameter] string $key): array
    {
        return ['link_hash' => self::hash($key), 'link_key' => $this->vault()->seal($key, self::KEY_CONTEXT)];
    }

    /** What a visit is found by. The key itself is 128 random bits: nobody finds it from its hash. */
    public static function hash(#[\SensitiveParameter] string $key): string
    {
        return hash('sha256', $key);
    }

    /** @return ?string what the visit link ends with; null where the key that sealed it is lost */
    public function key(string $sealed): ?string
    {
        return $this->open($sealed, self::KEY_CONTEXT);
    }

    /**
     * @param array<string, mixed> $meeting a meeting's row
     * @return array<string, mixed>
     * @throws Problem when there is no key
     */
    public function sealed(int $visit, #[\SensitiveParameter] array $meeting): array
    {
        foreach (self::COLUMNS as $column) {
            if ($meeting[$column] !== null) {
                $meeting[$column] = $this->vault()->seal((string) $meeting[$column], self::context($visit, $meeting, $column));
            }
        }
        return $meeting;
    }

    /**
     * @param array<string, mixed> $meeting a meeting's row, as it is stored
     * @param array<string, mixed> $opened  the same row, as it was opened
     * @return list<string> its columns that no key opens now; perhaps one will again
     */
    public static function unreadable(array $meeting, #[\SensitiveParameter] array $opened): array
    {
        return array_values(array_filter(self::COLUMNS, static fn(string $column): bool => $meeting[$column] !== null && $opened[$column] === null));
    }

    /**
     * @param array<string, mixed> $meeting a meeting's row, as it is stored
     * @return array<string, mixed>
     */
    public function opened(int $visit, array $meeting): array
    {
        foreach (self::COLUMNS as $column) {
            if ($meeting[$column] !== null) {
                $meeting[$column] = $this->open((string) $meeting[$column], self::context($visit, $meeting, $column));
            }
        }
        return $meeting;
    }

    /**
     * What all texts begin with that the first key has sealed.
     *
     * @throws Problem when there is no key
     */
    public function beginning(): string
    {
        return substr($this->vault()->seal('', ''), 0, self::BEGINNING);
    }

    /**
     * The same under the first key.
     *
     * @param array<string, mixed> $row a visit's or a meeting's, as it is stored
     * @return ?string null: no key opens it
     * @throws Problem when there is no key
     */
    public function resealed(array $row, string $column): ?string
    {
        $context = in_array($column, self::COLUMNS, true) ? self::context((int) $row['visit'], $row, $column) : self::KEY_CONTEXT;
        $open = $this->open((string) $row[$column], $context);
        return $open === null ? null : $this->vault()->seal($open, $context);
    }

    /** @return ?string null: no key opens it, or there is none */
    private function open(string $sealed, string $context): ?string
    {
        try {
            return $this->vault()->open($sealed, $context);
        } catch (\Telemed\TelemedException | Unopenable | Problem) {
            return null;
        }
    }

    private function vault(): \Telemed\Vault|SodiumVault
    {
        return $this->made ??= ($this->vault)();
    }

    /** @param array<string, mixed> $meeting */
    private static function context(int $visit, array $meeting, string $column): string
    {
        return "visit $visit, meeting {$meeting['generation']}, $column";
    }
}
