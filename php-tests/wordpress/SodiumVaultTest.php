<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\TestCase;
use Telemed\Tests\Site;

/** What goes on without the extension opens what the extension has sealed, and the other way round; what the one refuses, the other does. */
final class SodiumVaultTest extends TestCase
{
    /** PHP in WordPress: both vaults with the same keys, and what each makes of a text. */
    private const BOTH = <<<'CODE'
        $keys = array_map(static fn (string $letter): string => base64_encode(str_repeat($letter, 32)), ['old' => 'k', 'new' => "\xfe", 'other' => 'x']);
        $vaults = static fn (string ...$names): array => [
            new \Telemed\Vault(array_map(static fn (string $name): string => $keys[$name], $names)),
            new \TelemedZoom\Store\SodiumVault(array_map(static fn (string $name): string => $keys[$name], $names)),
        ];
        $opened = static function (object $vault, string $sealed, string $context): ?string {
            try {
                return $vault->open($sealed, $context);
            } catch (\Telemed\VaultException | \TelemedZoom\Store\Unopenable) {
                return null;
            }
        };
        CODE;
    /** Also where PHP has no sodium, and WordPress brings one that is written in PHP. */
    private const WITHOUT_SODIUM = array(
        // What was compiled while the functions were there takes them for there.
        'opcache.enable' => '0',
        'disable_functions' => 'sodium_crypto_box,sodium_crypto_stream_xchacha20_xor,sodium_crypto_aead_xchacha20poly1305_ietf_encrypt,sodium_crypto_aead_xchacha20poly1305_ietf_decrypt',
    );
    private const IN_PHP = <<<'CODE'
        \ParagonIE_Sodium_Compat::$disableFallbackForUnitTests = true;
        $isInPhp = (new \ReflectionFunction('sodium_crypto_aead_xchacha20poly1305_ietf_encrypt'))->isUserDefined();
        CODE;

    private Site $site;

    protected function setUp(): void
    {
        $this->site = Site::fromEnvironment();
    }

    public function testEachOpensWhatTheOtherSeals(): void
    {
        $this->assertSame(array(), $this->site->php(self::BOTH . self::differences()));
    }

    public function testSoDoesWhatWordPressBringsWherePhpHasNoSodium(): void
    {
        $this->assertSame(
            array(true, array()),
            $this->site->withDirectives(self::WITHOUT_SODIUM)->php(self::IN_PHP . self::BOTH . '$differences = (static function () use ($vaults, $opened): array {' . self::differences() . '})(); return [$isInPhp, $differences];')
        );
    }

    /** PHP in WordPress: texts of any bytes and lengths, under contexts of any bytes. */
    private static function differences(): string
    {
        return <<<'CODE'
            $differences = [];
            foreach (['', 'x', "any \0 bytes \xff", 'https://zoom.us/j/93412345678?pwd=abc', str_repeat('long ', 1000)] as $text) {
                foreach (['', 'visit 7, meeting 1, join_url', "context \xfe"] as $context) {
                    foreach ([[0, 1], [1, 0]] as [$one, $other]) {
                        $sealed = $vaults('new')[$one]->seal($text, $context);
                        if (!str_starts_with($sealed, 'telemed1.') || $opened($vaults('old', 'new')[$other], $sealed, $context) !== $text) {
                            $differences[] = [$one, $text, $context];
                        }
                        if ($sealed === $vaults('new')[$one]->seal($text, $context)) {
                            $differences[] = 'a nonce is not used once';
                        }
                    }
                }
            }
            return $differences;
            CODE;
    }

    public function testBothRefuseAnotherKeyAnotherContextAndWhatWasChanged(): void
    {
        $refusals = <<<'CODE'
            $taken = [];
            foreach ([0, 1] as $sealing) {
                $sealed = $vaults('old')[$sealing]->seal('secret', 'c');
                $tries = [['other', $sealed, 'c'], ['old', $sealed, 'd'], ['old', $sealed, ''], ['old', $sealed, 'c ']];
                $changed = ['', 'secret', 'telemed1.', 'telemed1.AAAA', substr($sealed, 0, -1), substr($sealed, 0, -4), substr($sealed, 0, 50), "{$sealed}A", "{$sealed}=", "{$sealed}\n",
                    " $sealed", "\xff$sealed", "$sealed\xff", substr_replace($sealed, ' ', 40, 0), substr_replace($sealed, "\n", 40, 0), strtoupper($sealed), 'telemed2.' . substr($sealed, 9)];
                for ($place = 0; $place < strlen($sealed) - 1; $place++) {
                    $changed[] = substr_replace($sealed, $sealed[$place] === 'A' ? 'B' : 'A', $place, 1);
                }
                // base64 has several ways to write the same bytes.
                $last = strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', $sealed[-1]);
                $changed[] = substr($sealed, 0, -1) . 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[$last ^ 1];
                foreach ($changed as $text) {
                    $tries[] = ['old', $text, 'c'];
                }
                foreach ($tries as [$key, $text, $context]) {
                    foreach ($vaults($key) as $opening => $vault) {
                        if ($opened($vault, $text, $context) !== null) {
                            $taken[] = [$sealing, $opening, $key, bin2hex($text), $context];
                        }
                    }
                }
                // As it was, it opens.
                foreach ($vaults('other', 'old') as $opening => $vault) {
                    if ($opened($vault, $sealed, 'c') !== 'secret') {
                        $taken[] = ['closed', $sealing, $opening];
                    }
                }
            }
            return $taken;
            CODE;
        $this->assertSame(array(), $this->site->php(self::BOTH . $refusals));
        $this->assertSame(array(), $this->site->withDirectives(self::WITHOUT_SODIUM)->php(self::IN_PHP . self::BOTH . $refusals));
    }

    public function testBothRefuseABadKeyWithoutShowingIt(): void
    {
        $this->assertSame(
            array_fill(0, 6, array(\Telemed\ConfigurationException::class, 'InvalidArgumentException', false)),
            $this->site->php(<<<'CODE'
                $good = base64_encode(str_repeat('k', 32));
                $all = [];
                foreach ([[], [''], ['this-is-no-base64-at-all!'], [base64_encode(str_repeat('k', 31))], [base64_encode(str_repeat('k', 33))], [$good, 'second-bad-key']] as $keys) {
                    $seen = $shown = [];
                    foreach ([\Telemed\Vault::class, \TelemedZoom\Store\SodiumVault::class] as $class) {
                        try {
                            new $class($keys);
                            $seen[] = 'taken';
                        } catch (\Telemed\TelemedException | \InvalidArgumentException $refused) {
                            $seen[] = get_class($refused);
                            $shown[] = implode('', $keys) !== '' && str_contains($refused . print_r($refused->getTrace(), true), end($keys));
                        }
                    }
                    $all[] = [...$seen, in_array(true, $shown, true)];
                }
                return $all;
                CODE)
        );
    }

    public function testTheSiteFindsTheSameKeysWithoutTheExtension(): void
    {
        $this->assertSame(array('both', 'TELEMED_KEY alone', 'salts alone'), $this->site->php(self::BOTH . <<<'CODE'
            $salts = ['AUTH_KEY' => str_repeat('a', 40) . "\xff", 'AUTH_SALT' => str_repeat('b', 40)];
            $same = [];
            foreach (['both' => ['TELEMED_KEY' => " {$keys['new']}\n"] + $salts, 'TELEMED_KEY alone' => ['TELEMED_KEY' => $keys['new']], 'salts alone' => $salts] as $name => $constants) {
                $key = new \TelemedZoom\Clinic\EncryptionKey($constants);
                [$one, $other] = [$key->vault(), $key->vaultWithoutExtension()];
                $isSame = $opened($other, $one->seal('secret', 'c'), 'c') === 'secret' && $opened($one, $other->seal('secret', 'c'), 'c') === 'secret';
                // What was sealed under the salts opens after TELEMED_KEY was added; the extension derives the same key from them.
                $bySalts = new \Telemed\Vault([\Telemed\Vault::deriveKey($salts['AUTH_KEY'], $salts['AUTH_SALT'])]);
                if ($isSame && $opened($other, $bySalts->seal('old', 'c'), 'c') === (isset($constants['AUTH_KEY']) ? 'old' : null)) {
                    $same[] = $name;
                }
            }
            return $same;
            CODE));
    }

    public function testItHasNothingToShow(): void
    {
        [$shown, $key] = $this->site->php(<<<'CODE'
            $key = str_repeat('k', 32);
            $vault = new \TelemedZoom\Store\SodiumVault([base64_encode($key)]);
            $links = new \TelemedZoom\Store\SealedLinks(static fn () => $vault);
            $links->newKey();
            ob_start();
            foreach ([$vault, $links] as $object) {
                var_dump($object, (array) $object);
                print_r($object);
                var_export($object);
                echo json_encode($object);
            }
            echo serialize($vault);
            return [bin2hex((string) ob_get_clean()), $key];
            CODE);
        $shown = (string) hex2bin($shown);
        $this->assertStringContainsString('SodiumVault', $shown);
        foreach (array($key, base64_encode($key), bin2hex($key)) as $form) {
            $this->assertStringNotContainsString($form, $shown);
        }
    }

    public function testWhereThereIsNoKeyNothingIsOpenedAndNothingIsSealed(): void
    {
        $this->assertSame(array(null, null, 'telemed_no_key'), $this->site->php(<<<'CODE'
            $sealed = (new \TelemedZoom\Store\SodiumVault([base64_encode(str_repeat('k', 32))]))->seal('secret', 'visit link');
            $key = new \TelemedZoom\Clinic\EncryptionKey([]);
            $links = new \TelemedZoom\Store\SealedLinks($key->vaultWithoutExtension(...));
            try {
                $links->newKey();
            } catch (\TelemedZoom\Problem $refused) {
                $id = $refused->id;
            }
            return [$links->key($sealed), $links->opened(7, ['generation' => 1, 'join_url' => $sealed, 'passcode' => null])['join_url'], $id ?? 'sealed'];
            CODE));
    }
}
