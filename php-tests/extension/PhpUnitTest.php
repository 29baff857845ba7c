<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\TestCase;

/** All suites run under Debian 12's PHPUnit 9.6 and Debian 13's 11: the one reads annotations, the other is to read attributes. */
final class PhpUnitTest extends TestCase
{
    public function testEachAnnotationHasItsAttribute(): void
    {
        $annotations = 0;
        foreach (self::suites() as $path => $code) {
            preg_match_all('~/\*\*(?:(?!\*/).)*?\s@(dataProvider|after|before|afterClass|beforeClass|depends|group|requires|testWith|test)\b(?:(?!\*/).)*\*/~s', $code, $found, PREG_OFFSET_CAPTURE);
            foreach ($found[0] as $n => [$comment, $offset]) {
                ++$annotations;
                $attribute = ucfirst($found[1][$n][0]);
                $this->assertMatchesRegularExpression(
                    "/^\\s*#\\[{$attribute}\\b/",
                    substr($code, $offset + strlen($comment), 100),
                    "{$path}: @{$found[1][$n][0]} without #[{$attribute}]: " . trim($comment)
                );
            }
        }
        $this->assertGreaterThan(50, $annotations);
    }

    public function testEachAttributeHasItsAnnotationAndItsStaticProvider(): void
    {
        $providers = 0;
        foreach (self::suites() as $path => $code) {
            preg_match_all("/#\\[DataProvider\\('(\\w+)'\\)\\]/", $code, $found);
            foreach ($found[1] as $provider) {
                ++$providers;
                $this->assertStringContainsString("@dataProvider {$provider}", $code, $path);
                $this->assertMatchesRegularExpression("/public static function {$provider}\\(/", $code, $path);
            }
        }
        $this->assertGreaterThan(50, $providers);
    }

    /** @return iterable<string, string> the code of each test by its path */
    private static function suites(): iterable
    {
        foreach (array('extension', 'kivicare', 'memory', 'wordpress') as $suite) {
            foreach (glob(dirname(__DIR__) . "/{$suite}/*Test*.php") ?: array() as $path) {
                yield "{$suite}/" . basename($path) => (string) file_get_contents($path);
            }
        }
    }
}
