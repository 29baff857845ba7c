<?php
/**
 * The key that seals secrets, from wp-config.php and never from the database: TELEMED_KEY, else WordPress' own salts, else
 * none, and then secrets are refused.
 *
 * Salts serve only as constants of wp-config.php: those that WordPress makes up by itself lie in the database, beside what
 * they would protect.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Clinic;

use TelemedZoom\Problem;
use TelemedZoom\Store\SodiumVault;

defined('ABSPATH') || exit;

final class EncryptionKey
{
    /** A hash of the key that was last seen in use. */
    public const OPTION_KNOWN = 'telemed_key_fingerprint';
    public const CONSTANT = 'TELEMED_KEY';
    public const FROM_CONSTANT = 'constant';
    public const FROM_SALTS = 'salts';
    public const NONE = 'none';

    /** The two that the key is made from: the fewer, the rarer they change. */
    private const SECRET = 'AUTH_KEY';
    private const SALT = 'AUTH_SALT';
    private const SALTS = [
        'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY',
        'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT',
    ];
    /** What wp-config-sample.php says. */
    private const SAMPLE = 'put your unique phrase here';
    private const BYTES = 32;
    /** As \Telemed\Vault::deriveKey() has it, which gives the same key. */
    private const DERIVE_INFO = 'telemed vault key v1';

    /** @param ?array<string, mixed> $constants for tests; null takes those of wp-config.php */
    public function __construct(#[\SensitiveParameter] private readonly ?array $constants = null)
    {
    }

    /** @return self::FROM_CONSTANT|self::FROM_SALTS|self::NONE */
    public function source(): string
    {
        if (array_key_exists(self::CONSTANT, $this->constants())) {
            return $this->constantIsKey() ? self::FROM_CONSTANT : self::NONE;
        }
        return $this->problemOfSalts() === null ? self::FROM_SALTS : self::NONE;
    }

    /** Why there is no key; null when there is one. */
    public function problem(): ?string
    {
        if ($this->source() !== self::NONE) {
            return null;
        }
        if (array_key_exists(self::CONSTANT, $this->constants())) {
            return __('TELEMED_KEY in wp-config.php is not the base64 text of 32 bytes. Replace the whole line by the one shown on the settings page.', 'telemed-zoom');
        }
        return $this->problemOfSalts();
    }

    /** @throws Problem|\Telemed\TelemedException */
    public function vault(): \Telemed\Vault
    {
        return new \Telemed\Vault($this->keysOrProblem());
    }

    /**
     * What opens and seals the same where the extension is absent.
     *
     * @throws Problem
     */
    public function vaultWithoutExtension(): SodiumVault
    {
        return new SodiumVault($this->keysOrProblem());
    }

    /** Tells one first key from another without telling anything about it. */
    public function fingerprint(): string
    {
        $keys = $this->keys();
        return $keys === [] ? '' : substr(hash('sha256', 'telemed key fingerprint:' . base64_decode($keys[0])), 0, 16);
    }

    /**
     * @return list<string>
     * @throws Problem when there is none
     */
    private function keysOrProblem(): array
    {
        return $this->keys() ?: throw new Problem(
            'telemed_no_key',
            (string) $this->problem(),
            __('Secrets can be stored only once the site has an encryption key.', 'telemed-zoom'),
            500
        );
    }

    /**
     * The first seals, all open: what was sealed under the salts still opens after TELEMED_KEY was added.
     *
     * @return list<string>
     */
    private function keys(): array
    {
        $keys = [];
        if ($this->source() === self::FROM_CONSTANT) {
            $keys[] = trim((string) $this->constants()[self::CONSTANT]);
        }
        if ($this->source() !== self::NONE && $this->problemOfSalts() === null) {
            $keys[] = base64_encode(hash_hkdf('sha256', $this->constants()[self::SECRET], self::BYTES, self::DERIVE_INFO, $this->constants()[self::SALT]));
        }
        return $keys;
    }

    /**
     * Those of wp-config.php. Read anew each time, so that the object has nothing to show when it is dumped or serialized.
     *
     * @return array<string, mixed>
     */
    private function constants(): array
    {
        if ($this->constants !== null) {
            return $this->constants;
        }
        $constants = [];
        foreach ([self::CONSTANT, ...self::SALTS] as $name) {
            if (defined($name)) {
                $constants[$name] = constant($name);
            }
        }
        return $constants;
    }

    private function constantIsKey(): bool
    {
        $value = $this->constants()[self::CONSTANT];
        $bytes = is_string($value) ? base64_decode(trim($value), true) : false;
        // PHP takes texts that are not quite base64, and no vault does.
        return $bytes !== false && strlen($bytes) === self::BYTES && base64_encode($bytes) === trim($value);
    }

    private function problemOfSalts(): ?string
    {
        $values = array_filter(
            array_intersect_key($this->constants(), array_flip(self::SALTS)),
            static fn(mixed $value): bool => is_string($value)
        );
        foreach ([self::SECRET, self::SALT] as $name) {
            $value = $values[$name] ?? '';
            if ($value === '') {
                return sprintf(
                    /* translators: %s: name of a constant */
                    __('wp-config.php has neither TELEMED_KEY nor its own %s, and keys that WordPress keeps in the database protect nothing that lies in the same database.', 'telemed-zoom'),
                    $name
                );
            }
            // phpcs:ignore WordPress.WP.I18n.MissingArgDomain -- WordPress' own translation of the sample is meant.
            if ($value === self::SAMPLE || $value === __('put your unique phrase here')) {
                return sprintf(
                    /* translators: %s: name of a constant */
                    __('%s in wp-config.php is still the sample phrase that everybody knows.', 'telemed-zoom'),
                    $name
                );
            }
            if (strlen($value) < self::BYTES) {
                return sprintf(
                    /* translators: %s: name of a constant */
                    __('%s in wp-config.php is shorter than 32 characters.', 'telemed-zoom'),
                    $name
                );
            }
            if (count(array_keys($values, $value, true)) > 1) {
                return sprintf(
                    /* translators: %s: name of a constant */
                    __('%s in wp-config.php has the same value as another key or salt there.', 'telemed-zoom'),
                    $name
                );
            }
        }
        return null;
    }
}
