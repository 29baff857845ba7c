<?php
/**
 * Opens and seals what \Telemed\Vault does where the extension is absent, so that the links that people have lead on. With PHP's own
 * sodium, or what WordPress has in its place.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

defined('ABSPATH') || exit;

final class SodiumVault
{
    private const PREFIX = 'telemed1.';
    private const KEY_BYTES = 32;
    private const KEY_ID = 'telemed vault key id';
    private const KEY_ID_BYTES = 4;
    private const NONCE_BYTES = 24;
    private const TAG_BYTES = 16;

    /** @var ?\WeakMap<self, list<array{string, string}>> ids and keys; not in the object, which has nothing to show when it is dumped */
    private static ?\WeakMap $keys = null;

    /** @param list<string> $keys as base64 of 32 bytes each: the first seals, all open */
    public function __construct(#[\SensitiveParameter] array $keys)
    {
        if ($keys === []) {
            throw new \InvalidArgumentException('The vault has no key.');
        }
        $all = [];
        // Not by array_map(), which would show them in the trace of a failure.
        foreach ($keys as $key) {
            $all[] = self::key($key);
        }
        self::$keys ??= new \WeakMap();
        self::$keys[$this] = $all;
    }

    public function seal(#[\SensitiveParameter] string $plaintext, string $context): string
    {
        [$id, $key] = self::$keys[$this][0];
        $nonce = random_bytes(self::NONCE_BYTES);
        $sealed = sodium_crypto_aead_xchacha20poly1305_ietf_encrypt($plaintext, self::PREFIX . $id . $context, $nonce, $key);
        return self::PREFIX . self::text($id . $nonce . $sealed);
    }

    /** @throws Unopenable when it was changed, cut, moved to another context or sealed under another key */
    public function open(string $sealed, string $context): string
    {
        $bytes = str_starts_with($sealed, self::PREFIX) ? self::bytes(substr($sealed, strlen(self::PREFIX))) : '';
        $id = substr($bytes, 0, self::KEY_ID_BYTES);
        $nonce = substr($bytes, self::KEY_ID_BYTES, self::NONCE_BYTES);
        $ciphertext = substr($bytes, self::KEY_ID_BYTES + self::NONCE_BYTES);
        foreach (strlen($ciphertext) < self::TAG_BYTES ? [] : self::$keys[$this] as [$idOfKey, $key]) {
            if ($idOfKey !== $id) {
                continue;
            }
            $plaintext = sodium_crypto_aead_xchacha20poly1305_ietf_decrypt($ciphertext, self::PREFIX . $id . $context, $nonce, $key);
            if ($plaintext !== false) {
                return $plaintext;
            }
        }
        throw new Unopenable('A stored secret cannot be opened.');
    }

    /** @return array{string, string} its id, which is no secret, and the key */
    private static function key(#[\SensitiveParameter] string $text): array
    {
        $key = base64_decode(trim($text), true);
        if ($key === false || strlen($key) !== self::KEY_BYTES) {
            throw new \InvalidArgumentException('A vault key is not base64 of 32 bytes.');
        }
        // Each part after its length, a number of 64 bits.
        $hashed = pack('NN', 0, strlen(self::KEY_ID)) . self::KEY_ID . pack('NN', 0, self::KEY_BYTES) . $key;
        return [substr(hash('sha256', $hashed, true), 0, self::KEY_ID_BYTES), $key];
    }

    /** base64url without padding. */
    private static function text(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    /** @return string '' when it is no such text: PHP takes some that are none */
    private static function bytes(string $text): string
    {
        $bytes = (string) base64_decode(strtr($text, '-_', '+/'), true);
        return self::text($bytes) === $text ? $bytes : '';
    }
}
