<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\TestCase;

/**
 * Between the folders of the plugin's source arrows run down only, no class is in a large knot with others, and nobody names the place
 * that hooks all parts into WordPress.
 */
final class FoldersTest extends TestCase
{
    private const SOURCE = __DIR__ . '/../../wp-plugin-shim/src';
    private const ROOT = 'TelemedZoom';
    /** From the ground up. A file at the top stands for itself. */
    private const ORDER = array(
        'Problem', 'Site', 'Extension', 'ErrorText', 'Edge', 'Store', 'Clinic', 'Ledger', 'Apps', 'Mail', 'Run', 'Migration', 'Work', 'Connections',
        'Reconcile', 'Cron', 'Departures', 'Api', 'Parts', 'Care', 'AdminPost', 'Notices', 'Screens', 'Kivicare', 'Cli', 'Plugin',
    );
    private const LARGEST_KNOT = 10;

    public function testArrowsBetweenFoldersRunDown(): void
    {
        $up = array();
        $place = array_flip(self::ORDER);
        foreach (self::arrows() as $from => $targets) {
            foreach ($targets as $to) {
                [$above, $below] = array(self::folder($from), self::folder($to));
                $this->assertArrayHasKey($above, $place, "{$above} has no place in the order");
                if ($place[$below] > $place[$above]) {
                    $up[] = "{$from} names {$to}";
                }
            }
        }
        $this->assertSame(array(), $up);
    }

    public function testNoKnotOfClassesIsLarge(): void
    {
        $large = array_filter(self::knots(self::arrows()), static fn (array $knot): bool => count($knot) > self::LARGEST_KNOT);
        $this->assertSame(array(), array_values($large));
    }

    public function testNobodyNamesThePlaceThatKnowsAllParts(): void
    {
        $naming = array_keys(array_filter(self::arrows(), static fn (array $targets): bool => in_array(self::ROOT . '\Plugin', $targets, true)));
        $this->assertSame(array(), $naming);
    }

    /** The test finds what it is for. */
    public function testAKnotIsFound(): void
    {
        $arrows = array('A' => array('B'), 'B' => array('C'), 'C' => array('A', 'D'), 'D' => array(), 'E' => array('D'));
        $this->assertSame(array(array('A', 'B', 'C')), self::knots($arrows));
        $code = "<?php namespace TelemedZoom\\Mail; use TelemedZoom\\Site\\Clock; /** @param Guard \$x */ final class Mail { const A = 'Ledger'; function f(): ?Outbox { return Clock::now(); } }";
        $classes = array('TelemedZoom\Site\Clock', 'TelemedZoom\Mail\Outbox', 'TelemedZoom\Mail\Mail', 'TelemedZoom\Mail\Guard', 'TelemedZoom\Mail\Ledger');
        $this->assertEqualsCanonicalizing(array('TelemedZoom\Site\Clock', 'TelemedZoom\Mail\Outbox', 'TelemedZoom\Mail\Mail'), self::named($code, $classes));
    }

    /** @return array<string, list<string>> by class, the classes of the plugin that it names */
    private static function arrows(): array
    {
        static $arrows = null;
        if (null === $arrows) {
            $files = array();
            foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(self::SOURCE, \FilesystemIterator::SKIP_DOTS)) as $file) {
                $code = (string) file_get_contents($file->getPathname());
                if ('php' === $file->getExtension() && preg_match('/^namespace (' . self::ROOT . '[\w\\\\]*);.*?^(?:final |abstract )?(?:class|interface|enum|trait) (\w+)/ms', $code, $found)) {
                    $files["{$found[1]}\\{$found[2]}"] = $code;
                }
            }
            $arrows = array();
            foreach ($files as $class => $code) {
                $arrows[$class] = array_values(array_diff(self::named($code, array_keys($files)), array($class)));
            }
        }
        return $arrows;
    }

    /**
     * @param list<string> $classes
     * @return list<string> those of them that the code names
     */
    private static function named(string $code, array $classes): array
    {
        preg_match('/^(?:<\?php )?namespace ([\w\\\\]+);/m', $code, $namespace);
        preg_match_all('/\buse ([\w\\\\]+);/', $code, $uses);
        $imports = array();
        foreach ($uses[1] as $use) {
            $imports[substr((string) strrchr("\\{$use}", '\\'), 1)] = $use;
        }
        $named = array();
        foreach (\PhpToken::tokenize($code) as $token) {
            $name = match ($token->id) {
                T_NAME_FULLY_QUALIFIED => substr($token->text, 1),
                T_STRING => $imports[$token->text] ?? "{$namespace[1]}\\{$token->text}",
                T_NAME_QUALIFIED => "{$namespace[1]}\\{$token->text}",
                default => '',
            };
            $named[$name] = true;
        }
        return array_values(array_intersect($classes, array_map('strval', array_keys($named))));
    }

    private static function folder(string $class): string
    {
        return explode('\\', $class)[1];
    }

    /**
     * Classes that each lead to each other, the largest group first.
     *
     * @param array<string, list<string>> $arrows
     * @return list<list<string>>
     */
    private static function knots(array $arrows): array
    {
        $reached = array();
        foreach (array_keys($arrows) as $from) {
            $ahead = $arrows[$from];
            while (array() !== $ahead) {
                $next = array_pop($ahead);
                if (! isset($reached[$from][$next])) {
                    $reached[$from][$next] = true;
                    array_push($ahead, ...($arrows[$next] ?? array()));
                }
            }
        }
        $knots = array();
        foreach (array_keys($arrows) as $one) {
            $knot = array_values(array_filter(array_keys($reached[$one] ?? array()), static fn (string $other): bool => isset($reached[$other][$one])));
            sort($knot);
            if (count($knot) > 1) {
                $knots[implode(' ', $knot)] = $knot;
            }
        }
        usort($knots, static fn (array $one, array $other): int => count($other) <=> count($one));
        return $knots;
    }
}
