<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;
use Telemed\ConfigurationException;
use Telemed\Vault;
use Telemed\VaultException;

/** Sealing and opening. */
final class VaultTest extends TestCase
{
    public function testWhatIsSealedOpensUnderItsContextOnly(): void
    {
        $vault = new Vault(array(Vault::generateKey()));
        $plaintext = "any \0 bytes \xff";
        $sealed = $vault->seal($plaintext, "context \xfe");
        $this->assertMatchesRegularExpression('/^telemed1\.[A-Za-z0-9_-]+$/', $sealed);
        $this->assertSame($plaintext, $vault->open($sealed, "context \xfe"));
        $this->assertNotSame($sealed, $vault->seal($plaintext, "context \xfe"), 'a nonce of its own each time');
        $this->assertSame('', $vault->open($vault->seal('', ''), ''));
        foreach (array('', 'context', "context \xff") as $context) {
            $this->assertRefused($vault, $sealed, $context);
        }
    }

    public function testWhatWasChangedDoesNotOpen(): void
    {
        $vault = new Vault(array(Vault::generateKey()));
        $sealed = $vault->seal('secret', 'c');
        $changed = array('', 'secret', 'telemed1.', substr($sealed, 0, -1), $sealed . 'A', "\xff" . $sealed, "{$sealed}\xff");
        for ($i = 0; $i < strlen($sealed) - 1; $i += 3) {
            $copy = $sealed;
            $copy[$i] = 'A' === $copy[$i] ? 'B' : 'A';
            $changed[] = $copy;
        }
        foreach ($changed as $text) {
            $this->assertRefused($vault, $text, 'c');
        }
    }

    public function testTheFirstKeySealsAndAllOpen(): void
    {
        $old = Vault::generateKey();
        $new = Vault::generateKey();
        $sealed = (new Vault(array($old)))->seal('secret', 'c');
        $both = new Vault(array($new, $old));
        $this->assertSame('secret', $both->open($sealed, 'c'));
        $resealed = $both->reseal($sealed, 'c');
        $this->assertSame('secret', (new Vault(array($new)))->open($resealed, 'c'));
        $this->assertRefused(new Vault(array($old)), $resealed, 'c');
        $this->assertRefused(new Vault(array($new)), $sealed, 'c');
        $this->expectException(VaultException::class);
        $both->reseal($sealed, 'other');
    }

    public function testKeys(): void
    {
        $this->assertSame(32, strlen((string) base64_decode(Vault::generateKey(), true)));
        $this->assertNotSame(Vault::generateKey(), Vault::generateKey());
        $secret = str_repeat("\xff", 32);
        $derived = Vault::deriveKey($secret, 'salt');
        $this->assertSame($derived, Vault::deriveKey($secret, 'salt'));
        $this->assertNotSame($derived, Vault::deriveKey($secret, 'other'));
        $this->assertSame(
            base64_encode(hash_hkdf('sha256', $secret, 32, 'telemed vault key v1', 'salt')),
            $derived,
            'HKDF-SHA256 as PHP computes it'
        );
    }

    /**
     * @dataProvider badKeys
     * @param list<string> $keys
     */
    #[DataProvider('badKeys')]
    public function testABadKeyIsRefusedWithoutShowingIt(array $keys): void
    {
        try {
            new Vault($keys);
            $this->fail('it was taken');
        } catch (ConfigurationException $exception) {
            foreach ($keys as $key) {
                if ('' !== $key) {
                    $this->assertStringNotContainsString($key, (string) $exception);
                }
            }
            $this->assertNotSame('', $exception->advice());
        }
    }

    /** @return array<string, array{list<string>}> */
    public static function badKeys(): array
    {
        return array(
            'none' => array(array()),
            'empty' => array(array('')),
            'no base64' => array(array('this-is-no-base64-at-all!')),
            'too short' => array(array(base64_encode(str_repeat('k', 31)))),
            'too long' => array(array(base64_encode(str_repeat('k', 33)))),
            'the second' => array(array(base64_encode(str_repeat('k', 32)), 'second-bad-key')),
        );
    }

    public function testAShortSecretGivesNoKey(): void
    {
        $this->expectException(ConfigurationException::class);
        Vault::deriveKey(str_repeat('x', 31), 'salt');
    }

    public function testKeysAreText(): void
    {
        $this->expectException(\TypeError::class);
        new Vault(array(1));
    }

    private function assertRefused(Vault $vault, string $sealed, string $context): void
    {
        try {
            $vault->open($sealed, $context);
        } catch (VaultException $exception) {
            $this->assertFalse($exception->isRetryable());
            $this->assertNotSame('', $exception->advice());
            return;
        }
        $this->fail('it opened');
    }
}
