<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\TestCase;

/**
 * What can be held of the plugin's source without running it: types that comments name exist, what a class keeps is read, and no
 * constant bears a word that PHP keeps for itself. And of the tests': one reader knows the tables. A static analyser would see more; none is needed for these.
 */
final class SourceCodeTest extends TestCase
{
    private const SOURCE = __DIR__ . '/../../wp-plugin-shim/src';
    private const STUBS = array(__DIR__ . '/../../stubs/telemed.php', __DIR__ . '/../../stubs/visit.php');
    private const TESTS = __DIR__ . '/..';
    /** Who may know the plugin's tables beside the classes that read them for all tests. */
    private const KNOW_TABLES = array(
        'support/Site.php' => 'drops them before each test',
        'wordpress/MigrationTest.php' => 'what moves rows from one kind of tables into another',
        'wordpress/NoticeSenderTest.php' => 'the outbox itself',
        'wordpress/QueryPlanTest.php' => 'asks the plugin every question that it has for them',
        'wordpress/Support/ReplayRows.php' => 'holds their rows against the simulation\'s',
        'wordpress/Support/VisitWorld.php' => 'makes tables of its own, for the two beside it',
        'wordpress/VisitLoopTest.php' => 'what the loop keeps in them',
    );
    /** What a comment may name without a backslash: PHP's words and those of analysers. */
    private const WORDS = array(
        'array', 'bool', 'callable', 'false', 'float', 'int', 'iterable', 'list', 'mixed', 'never', 'non', 'empty', 'null', 'object',
        'self', 'static', 'string', 'true', 'void', 'class', 'key', 'of',
    );

    public function testTypesThatCommentsNameExist(): void
    {
        $this->assertSame(array(), self::findings(static function (string $code): array {
            $imports = self::imports($code);
            $templates = 1 === preg_match('/@template (\w+)/', $code, $found) ? array($found[1]) : array();
            $missing = array();
            preg_match_all('/@(?:param|return|var|throws|implements|extends)\s+(.+)/', $code, $lines);
            foreach ($lines[1] as $line) {
                foreach (array_diff(self::namesIn(self::typeAtTheStartOf($line)), $templates) as $one) {
                    $first = strtok($one, '\\');
                    $class = match (true) {
                        str_starts_with($one, '\\') => substr($one, 1),
                        isset($imports[$first]) => $imports[$first] . substr($one, strlen($first)),
                        default => self::namespaceOf($code) . "\\{$one}",
                    };
                    if (! in_array(strtolower($one), self::WORDS, true) && ! self::exists($class)) {
                        $missing[] = "{$one} is {$class}";
                    }
                }
            }
            return $missing;
        }));
    }

    public function testWhatAClassKeepsForItselfIsRead(): void
    {
        $this->assertSame(array(), self::findings(static function (string $code): array {
            $unread = array();
            preg_match_all('/\bprivate\s+(?:static\s+|readonly\s+)*(?:[?\w\\\\|]+\s+)?\$(\w+)/', $code, $properties);
            foreach ($properties[1] as $property) {
                // Written to is not read: what follows is no plain assignment.
                if (1 !== preg_match('/(?:->|::\$)' . $property . '\b(?!\s*(?:=(?![=>])|\[\]\s*=))/', $code)) {
                    $unread[] = "\${$property}";
                }
            }
            preg_match_all('/\bprivate\s+const\s+(\w+)/', $code, $constants);
            preg_match_all('/\bprivate\s+(?:static\s+)?function\s+(\w+)/', $code, $functions);
            foreach (array_diff(array_merge($constants[1], $functions[1]), array('__construct')) as $one) {
                if (1 !== preg_match('/(?:::|->|[\'"])' . $one . '\b/', $code)) {
                    $unread[] = $one;
                }
            }
            return $unread;
        }));
    }

    public function testEveryPublicConstantIsUsed(): void
    {
        $all = implode("\n", self::files());
        $this->assertSame(array(), self::findings(static function (string $code) use ($all): array {
            preg_match_all('/^\s+public\s+const\s+(\w+)/m', $code, $constants);
            return array_values(array_filter($constants[1], static fn (string $name): bool => ! str_contains($all, "::{$name}")));
        }));
    }

    public function testNoConstantBearsAWordOfPhp(): void
    {
        $this->assertSame(array(), self::findings(static function (string $code): array {
            $words = array();
            $tokens = array_values(array_filter(\PhpToken::tokenize($code), static fn (\PhpToken $token): bool => ! $token->isIgnorable()));
            foreach ($tokens as $place => $token) {
                if ($token->is(T_CONST) && 1 === preg_match('/^(namespace|class)$/i', $tokens[$place + 1]->text)) {
                    $words[] = $tokens[$place + 1]->text;
                }
            }
            return $words;
        }));
    }

    /** When the tables change, support/Records.php changes with them, and no test that is not about them. */
    public function testOneReaderTellsAllTestsWhatTheTablesHold(): void
    {
        preg_match_all('/(?:\$wpdb->prefix \. \'telemed_|\$this->name\(\')(\w+)\'/', implode("\n", self::files()), $found);
        $tables = array_unique($found[1]);
        $this->assertSame(array(), array_diff(array('tokens', 'visits', 'meetings', 'outbox', 'signals'), $tables));
        $named = '~(?:\bwp_(?:\d+_)?|[}%]|prefix \. ["\'])telemed\\\\*_(?:(?:' . implode('|', $tables) . ')\b|\{?\$)|\bSchema::|\bVisitTables\b|\bOldTables\b|->tables->'
            . '|->(?:ledger->(?:find|demand)|queries->)|(?:plugin|instance\(\))->store->(?:find|due|idOf|pending|wake)~';
        $knowing = array();
        foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(self::TESTS, \FilesystemIterator::SKIP_DOTS)) as $file) {
            $name = substr($file->getPathname(), strlen(self::TESTS) + 1);
            if (in_array($file->getExtension(), array('php', 'mjs'), true) && __FILE__ !== realpath($file->getPathname())
                && ! preg_match('~^(?:support/Records\b|\w+/node_modules/)~', $name) && preg_match($named, (string) file_get_contents($file->getPathname()))) {
                $knowing[] = $name;
            }
        }
        sort($knowing);
        $this->assertSame(array_keys(self::KNOW_TABLES), $knowing);
    }

    /**
     * @param callable(string): list<string> $look is given a file's code
     * @return array<string, list<string>> what it found, by file
     */
    private static function findings(callable $look): array
    {
        return array_filter(array_map($look, self::files()));
    }

    /** @return array<string, string> code by file */
    private static function files(): array
    {
        static $files = array();
        if (array() === $files) {
            foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(self::SOURCE, \FilesystemIterator::SKIP_DOTS)) as $file) {
                if ('php' === $file->getExtension()) {
                    $files[substr($file->getPathname(), strlen(self::SOURCE) + 1)] = (string) file_get_contents($file->getPathname());
                }
            }
            ksort($files);
        }
        return $files;
    }

    private static function namespaceOf(string $code): string
    {
        return 1 === preg_match('/^namespace ([\w\\\\]+);/m', $code, $found) ? $found[1] : '';
    }

    /** @return array<string, string> classes by the name that the file has for them */
    private static function imports(string $code): array
    {
        preg_match_all('/^use ([\w\\\\]+?)(\w+)(?: as (\w+))?;/m', $code, $uses, PREG_SET_ORDER);
        $imports = array();
        foreach ($uses as $use) {
            $imports[$use[3] ?? $use[2]] = $use[1] . $use[2];
        }
        return $imports;
    }

    /** Up to the first space that is outside of brackets. */
    private static function typeAtTheStartOf(string $line): string
    {
        $depth = 0;
        foreach (str_split($line) as $place => $sign) {
            $depth += (int) in_array($sign, array('<', '{', '('), true) - (int) in_array($sign, array('>', '}', ')'), true);
            $before = rtrim(substr($line, 0, $place));
            if (' ' === $sign && 0 === $depth && ! str_ends_with($before, ':') && ! str_ends_with($before, '|')) {
                return $before;
            }
        }
        return $line;
    }

    /** @return list<string> what may be classes, without the keys of shapes, literals and constants */
    private static function namesIn(string $type): array
    {
        $type = (string) preg_replace(array('/\'[^\']*\'|"[^"]*"/', '/[\w?]+\??\s*:(?=\s)(?!:)/', '/::\w+\*?/', '/[$&]\w+/'), '', $type);
        preg_match_all('/\\\\?[A-Za-z_][\w\\\\]*/', $type, $found);
        return $found[0];
    }

    private static function exists(string $class): bool
    {
        if (str_starts_with($class, 'TelemedZoom\\')) {
            return is_file(self::SOURCE . '/' . str_replace('\\', '/', substr($class, strlen('TelemedZoom\\'))) . '.php');
        }
        if (str_starts_with($class, 'Telemed\\')) {
            return 1 === preg_match('/\b(?:class|interface) ' . preg_quote(substr($class, strlen('Telemed\\')), '/') . '\b/', implode('', array_map('file_get_contents', self::STUBS)));
        }
        // WordPress' and KiviCare's own are not loaded here.
        return 1 === preg_match('/^(WP_|wpdb$|PHPMailer\\\\|App\\\\)/', $class) || class_exists($class) || interface_exists($class);
    }
}
