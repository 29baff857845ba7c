<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\TestCase;

/**
 * What Zoom's answers mean, and what Zoom's limits are, the extension decides. The plugin asks it: outside of the few places that show
 * or set it, no file tells exceptions apart by their class, none knows a number of Zoom's, and none names a mode.
 */
final class DecisionsTest extends TestCase
{
    private const SOURCE = __DIR__ . '/../../wp-plugin-shim/src';
    private const STUBS = __DIR__ . '/../../stubs/telemed.php';
    private const CORE = __DIR__ . '/../../src';
    private const WITH_NUMBERS = array('schedule', 'handover', 'entry', 'limit', 'fit', 'intended', 'comparison');
    /** Who speaks with Zoom, shows what it said, brings old rows along, or sets up which of its apps are used. */
    private const MAY_KNOW = '~^(Run/Zoom|Screens/|Migration/|Clinic/(Mode|Settings)\.php$'
        . '|Kivicare/(OwnAccountSetup|ClinicAccountSetup|CoreSettings|AddonStorage|DoctorScreen|AdminScreen|ZoomTelemedController|TakeOver)\.php$)~';
    /** Whose 60 is not Zoom's. */
    private const SIXTY = array(
        'Kivicare/Appointment.php' => 'an hour\'s minutes, a minute\'s seconds',
    );
    /** Codes of Zoom's that are other things' numbers too. Whoever means the code reads it from an exception. */
    private const COMMON = array(200, 300);

    public function testExceptionsAreToldApartByTheirIds(): void
    {
        $this->assertSame(array(), self::findings(self::subclasses(...)));
    }

    public function testNoNumberOfZoomsIsRepeated(): void
    {
        $this->assertSame(array(), self::findings(self::numbers(...)));
        $sixty = array_keys(self::findings(static fn (string $code): array => array_intersect(array('60'), self::integers($code))));
        $this->assertSame(array_keys(self::SIXTY), $sixty);
    }

    /** @see \Telemed\Step, \Telemed\Moment, \Telemed\Handover, \Telemed\Limit and \Telemed\Comparison, which give them. */
    public function testNoNumberOfTheCoresIsRepeated(): void
    {
        $this->assertSame(array(), self::findings(self::ofTheCore(...)));
    }

    public function testNoModeIsNamed(): void
    {
        $this->assertSame(array(), self::findings(self::modes(...)));
    }

    public function testNothingIsComparedWithTheNameOfOneSource(): void
    {
        $this->assertSame(array(), self::findings(self::comparisons(...), true));
    }

    /** The test finds what it is for. */
    public function testADecisionIsFound(): void
    {
        $this->assertSame(array('NotFoundException'), self::subclasses('catch (\Telemed\NotFoundException | \Telemed\TelemedException)'));
        $this->assertSame(array(), self::subclasses('catch (\TelemedZoom\Site\DatabaseException)'));
        foreach (array('if ($code === 3001) {', '[124]', 'new Problem("a", "b", "", 429)', '$failure->zoomCode === 300', "__('makes 100 meetings a day')", 'const WRITES = 25;') as $code) {
            $this->assertCount(1, self::numbers("<?php {$code}"), $code);
        }
        $this->assertSame(array(), self::numbers('<?php const PORTION = 300; $status = 200; "KEY host_end (host(100))";'));
        foreach (array("['mode' => 's2s']", 'Mode::OAuth', 'Mode::ServerToServer', '"oauth"') as $code) {
            $this->assertCount(1, self::modes($code), $code);
        }
        $this->assertSame(array(), self::modes('$this->oauth(); $fields["oauth_client_id"]; use TelemedZoom\Clinic\Mode; public ?Mode $mode; Mode::from($name); Mode::cases();'));
        $this->assertSame(array('MOST_LOST'), self::ofTheCore('const MOST_LOST = 3; const CALL_SECONDS = 8.0;'));
        foreach (array('$row->source === ManualSource::NAME', 'ManualSource::NAME != $source', 'match ($source) { ManualSource::NAME => 1 }', 'in_array(ManualSource::NAME, $all)') as $code) {
            $this->assertCount(1, self::comparisons($code), $code);
        }
        $this->assertSame(array(), self::comparisons('$this->all = [ManualSource::NAME => new ManualSource()]; $this->book(ManualSource::NAME, $appointment);'));
    }

    /** @return list<string> */
    private static function subclasses(string $code): array
    {
        preg_match_all('/^class (\w+Exception) extends (?:Telemed|Api)Exception$/m', (string) file_get_contents(self::STUBS), $found);
        self::assertContains('RateLimitException', $found[1]);
        preg_match_all('/\b(?:' . implode('|', $found[1]) . ')\b/', $code, $named);
        return $named[0];
    }

    /** @return list<string> */
    private static function numbers(string $code): array
    {
        preg_match_all('/\$?zoomCode\b|\b(?:100|hundred)\b.{0,60}\b(?:meetings|writes)\b|\bconst \w*WRITES?\b\w* = \d+/i', $code, $found);
        return array(...$found[0], ...array_intersect(array('429', ...self::codes()), self::integers($code)));
    }

    /** @return list<string> Zoom's own codes that the extension knows */
    private static function codes(): array
    {
        $core = (string) file_get_contents(self::CORE . '/zoom/api_error.rs');
        preg_match_all('/\bSome\((\d+(?: \| \d+)*)\)|TOKEN_CODES: \[i64; \d+\] = \[([\d, ]+)\]/', $core, $found);
        preg_match_all('/\d+/', implode(' ', array(...$found[1], ...$found[2])), $codes);
        self::assertSame(array(), array_diff(array('124', '1001', '3001', '4711'), $codes[0]));
        return array_values(array_diff(array_unique($codes[0]), array_map('strval', self::COMMON)));
    }

    /** @return list<string> */
    private static function modes(string $code): array
    {
        preg_match_all('/([\'"])(?:oauth|s2s)\1|\bMode::(?:OAuth|ServerToServer)\b/', $code, $found);
        return $found[0];
    }

    /** @return list<string> names of constants of the core's that stand there with the same value */
    private static function ofTheCore(string $code): array
    {
        $core = implode('', array_map(static fn (string $file): string => (string) file_get_contents(self::CORE . "/visit/{$file}.rs"), self::WITH_NUMBERS));
        preg_match_all('/^(?:pub )?const (\w+): \w+ = ([\d_]+);/m', $core, $found);
        self::assertContains('WRITES_PER_DAY', $found[1]);
        preg_match_all('/\bconst (\w+) = ([\d_]+)(?:\.0)?;/', $code, $own);
        return array_keys(array_intersect_assoc(self::valued($own), self::valued($found)));
    }

    /**
     * @param array<int, list<string>> $found names and values
     * @return array<string, int>
     */
    private static function valued(array $found): array
    {
        return array_map(static fn (string $value): int => (int) str_replace('_', '', $value), array_combine($found[1], $found[2]));
    }

    /** @return list<string> */
    private static function comparisons(string $code): array
    {
        $name = 'ManualSource::NAME';
        preg_match_all("/[!=]==? {$name}|{$name} [!=]==?|\\bmatch \\(.*\\{\\s*{$name}|\\bin_array\\({$name}/", $code, $found);
        return $found[0];
    }

    /** @return list<string> */
    private static function integers(string $code): array
    {
        $integers = array_filter(\PhpToken::tokenize($code), static fn (\PhpToken $token): bool => $token->is(T_LNUMBER));
        return array_values(array_map(static fn (\PhpToken $token): string => str_replace('_', '', $token->text), $integers));
    }

    /**
     * @param callable(string): list<string> $look is given a file's code
     * @return array<string, list<string>> what it found, by file
     */
    private static function findings(callable $look, bool $everywhere = false): array
    {
        $findings = array();
        foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(self::SOURCE, \FilesystemIterator::SKIP_DOTS)) as $file) {
            $name = substr($file->getPathname(), strlen(self::SOURCE) + 1);
            if ($file->getExtension() === 'php' && ($everywhere || preg_match(self::MAY_KNOW, $name) !== 1)) {
                $findings[$name] = $look((string) file_get_contents($file->getPathname()));
            }
        }
        ksort($findings);
        return array_filter($findings);
    }
}
