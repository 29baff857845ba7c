<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/**
 * Opens and seals links as a site's plugin does, by the key in its wp-config.php, from outside: a process of the site for every link
 * that a test reads would take longer than the test.
 */
final class SiteVault
{
    private const PREFIX = 'telemed1.';
    private const ID_BYTES = 4;
    private const NONCE_BYTES = 24;

    /** @param string $folder of the site's WordPress */
    public function __construct(private readonly string $folder)
    {
    }

    /** @return ?string null where no key of the site opens it */
    public function open(string $sealed, string $context): ?string
    {
        $bytes = sodium_base642bin(substr($sealed, strlen(self::PREFIX)), SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING);
        $id = substr($bytes, 0, self::ID_BYTES);
        $nonce = substr($bytes, self::ID_BYTES, self::NONCE_BYTES);
        foreach ($this->keys() as $key) {
            $text = sodium_crypto_aead_xchacha20poly1305_ietf_decrypt(
                substr($bytes, self::ID_BYTES + self::NONCE_BYTES),
                self::PREFIX . $id . $context,
                $nonce,
                $key
            );
            if (false !== $text) {
                return $text;
            }
        }
        return null;
    }

    public function seal(string $text, string $context): string
    {
        $key = $this->keys()[0] ?? throw new \LogicException('The site has no key.');
        $id = substr(hash('sha256', pack('J', 20) . 'telemed vault key id' . pack('J', strlen($key)) . $key, true), 0, self::ID_BYTES);
        $nonce = random_bytes(self::NONCE_BYTES);
        $sealed = sodium_crypto_aead_xchacha20poly1305_ietf_encrypt($text, self::PREFIX . $id . $context, $nonce, $key);
        return self::PREFIX . sodium_bin2base64($id . $nonce . $sealed, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING);
    }

    /** @return list<string> the first seals, all open; read each time, for a test may give the site another */
    private function keys(): array
    {
        $configuration = (string) file_get_contents("{$this->folder}/wp-config.php");
        preg_match_all("/^define\\(\\s*'(TELEMED_KEY|AUTH_KEY|AUTH_SALT)',\\s*'([^']*)'\\s*\\);/m", $configuration, $found);
        $constants = array_combine($found[1], $found[2]);
        $keys = isset($constants['TELEMED_KEY']) ? array((string) base64_decode($constants['TELEMED_KEY'])) : array();
        if (isset($constants['AUTH_KEY'], $constants['AUTH_SALT'])) {
            $keys[] = hash_hkdf('sha256', $constants['AUTH_KEY'], 32, 'telemed vault key v1', $constants['AUTH_SALT']);
        }
        return array_values(array_filter($keys, static fn (string $key): bool => 32 === strlen($key)));
    }
}
