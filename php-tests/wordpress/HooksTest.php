<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\TestCase;

/**
 * Actions and filters of the plugin are documented where they are applied, in WordPress' own form; which of them are public, the
 * documents say.
 */
final class HooksTest extends TestCase
{
    private const SOURCE = __DIR__ . '/../../wp-plugin-shim/src';
    private const DOCUMENTS = array(__DIR__ . '/../../docs/adapters.md', __DIR__ . '/../../docs/limits.md');
    private const APPLIED = '/\b(?:do_action|apply_filters)\(\s*(?:\'(?<name>telemed_\w+)\'|self::HOOK)(?<arguments>[^;]*)/';
    private const ELSEWHERE = '~/\*\* This (?:action|filter) is documented (?:above|in (?<file>src/[\w/]+\.php))\. \*/~';

    public function testEachIsDocumentedWhereItIsApplied(): void
    {
        $faults = array();
        foreach (self::applied() as [$file, $name, $code, $comment]) {
            if (1 === preg_match(self::ELSEWHERE, $comment, $found)) {
                $there = (string) file_get_contents(dirname(self::SOURCE) . '/' . ($found['file'] ?? "src/{$file}"));
                if (1 !== preg_match("/@since[^;]*{$name}|@since[^;]*self::HOOK/", $there)) {
                    $faults[] = "{$file}: {$name} is not documented where it says";
                }
                continue;
            }
            $isWhole = 1 === preg_match('/^\s*\/\*\*\s+\* (?:Fires|Filters) .+\.$.*^\s+\* @since \d+\.\d+\.\d+$.*^\s+\* @(?:api|internal)\b/ms', $comment);
            if (! $isWhole) {
                $faults[] = "{$file}: {$name} has no docblock with a summary, @since, and @api or @internal";
            } elseif (preg_match_all('/^\s+\* @param .*\$\w+ .+$/m', $comment) !== self::arguments($code)) {
                $faults[] = "{$file}: {$name} does not say what it gives";
            }
        }
        $this->assertSame(array(), $faults);
    }

    public function testTheDocumentsListThePublicOnes(): void
    {
        $public = array();
        foreach (self::applied() as [, $name, , $comment]) {
            if (str_contains($comment, '* @api')) {
                $public[] = $name;
            }
        }
        preg_match_all('/^\| `(telemed_\w+)` \|/m', implode("\n", array_map('file_get_contents', self::DOCUMENTS)), $listed);
        sort($public);
        sort($listed[1]);
        $this->assertSame(array_values(array_unique($public)), $listed[1]);
        $this->assertContains('telemed_visit_changed', $public);
    }

    /** Each method of the facade is in the document, and says since when it is there. */
    public function testTheDocumentNamesWhatCanBeCalled(): void
    {
        $code = (string) file_get_contents(self::SOURCE . '/Api.php');
        preg_match_all('/\/\*\*((?:(?!\*\/).)*)\*\/\s+public (?:static )?function (\w+)\(/s', $code, $found, PREG_SET_ORDER);
        $public = array_column(array_filter($found, static fn (array $one): bool => ! str_contains($one[1], '@internal')), 1, 2);
        $this->assertSame(array('version', 'register', 'book', 'reschedule', 'reassign', 'cancel', 'find', 'link'), array_keys($public));
        preg_match_all('/^\| `(\w+)\(/m', (string) file_get_contents(self::DOCUMENTS[0]), $listed);
        $this->assertSame(array_keys($public), $listed[1]);
        $this->assertSame(array(), array_filter($public, static fn (string $comment): bool => ! str_contains($comment, '@since ')));
    }

    /** @return list<array{string, string, string, string}> file, name, the rest of the call, the comment before its statement */
    private static function applied(): array
    {
        $applied = array();
        foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(self::SOURCE, \FilesystemIterator::SKIP_DOTS)) as $file) {
            $code = (string) file_get_contents($file->getPathname());
            preg_match_all(self::APPLIED, $code, $found, PREG_SET_ORDER | PREG_OFFSET_CAPTURE);
            foreach ($found as $one) {
                $before = substr($code, 0, strrpos(substr($code, 0, $one[0][1]), "\n") + 1);
                $comment = 1 === preg_match('~/\*\*(?:(?!\*/).)*\*/\n\z~s', $before, $last) ? $last[0] : '';
                preg_match('/const HOOK = \'(telemed_\w+)\'/', $code, $constant);
                $name = '' !== $one['name'][0] ? $one['name'][0] : $constant[1];
                $applied[] = array(substr($file->getPathname(), strlen(self::SOURCE) + 1), $name, $one['arguments'][0], $comment);
            }
        }
        return $applied;
    }

    /** How many arguments follow the name in a call. */
    private static function arguments(string $rest): int
    {
        $depth = $count = 0;
        foreach (\PhpToken::tokenize("<?php f('name'{$rest};") as $token) {
            $depth += in_array($token->text, array('(', '['), true) ? 1 : (in_array($token->text, array(')', ']'), true) ? -1 : 0);
            $count += (int) (',' === $token->text && 1 === $depth);
            if (0 === $depth && ')' === $token->text) {
                break;
            }
        }
        return $count;
    }
}
