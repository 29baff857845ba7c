<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ConfigurationException;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** The directives of php.ini. */
final class ConfigurationTest extends ExtensionTestCase
{
    public function testTheDirectivesAndTheirDefaults(): void
    {
        $child = ChildPhp::run(
            '$all = ini_get_all("telemed"); ksort($all); report($all);',
            array('telemed.oauth_url' => 'https://zoom.us', 'telemed.api_url' => 'https://api.zoom.us')
        );
        $this->assertSame(
            array(
                'telemed.api_url' => 'https://api.zoom.us',
                'telemed.ca_file' => '',
                'telemed.connect_timeout' => '5',
                'telemed.no_proxy' => '',
                'telemed.oauth_url' => 'https://zoom.us',
                'telemed.proxy' => '',
                'telemed.timeout' => '20',
            ),
            array_map(static fn (array $one): string => (string) $one['local_value'], $child->report)
        );
        foreach ($child->report as $name => $directive) {
            $this->assertSame(INI_SYSTEM, $directive['access'], $name);
        }
    }

    public function testAScriptCannotChangeThem(): void
    {
        $this->assertFalse(@ini_set('telemed.api_url', 'https://evil.example'));
        $this->assertSame(getenv('FAKE_ZOOM_HTTP'), ini_get('telemed.api_url'));
    }

    /**
     * @dataProvider badValues
     */
    #[DataProvider('badValues')]
    public function testABadValueIsFoundAtTheFirstUseAndNotBefore(string $directive, string $value): void
    {
        $child = ChildPhp::run(
            '$key = Telemed\Vault::generateKey();
             report([
                 "vault" => vault()->open(vault()->seal("x", ""), ""),
                 "first" => outcome(fn () => server_app()->client()->user(FakeZoom::DOCTOR1)->id()),
                 "second" => outcome(fn () => oauth_app()->authorizationRequest("7")->url()),
             ]);',
            array($directive => $value)
        );
        $this->assertSame('', $child->errors, 'PHP starts without a word');
        $this->assertSame('x', $child->report['vault'] ?? null, $child->output);
        foreach (array('first', 'second') as $use) {
            $this->assertSame(ConfigurationException::class, $child->report[$use]['class'] ?? null, $use);
            $this->assertStringContainsString($directive, $child->report[$use]['message'] . $child->report[$use]['advice']);
            $this->assertFalse($child->report[$use]['retryable']);
            $this->assertStringNotContainsString('s3cret', $child->report[$use]['message']);
        }
        $this->assertSame(array(), $this->zoom->requests());
    }

    /** @return iterable<string, array{string, string}> */
    public static function badValues(): iterable
    {
        foreach (array('telemed.oauth_url', 'telemed.api_url') as $directive) {
            foreach (
                array(
                    'empty' => '',
                    'no URL' => 'zoom',
                    'plain http to a foreign host' => 'http://api.zoom.us',
                    'a host that only looks like loopback' => 'http://127.0.0.1.evil.example',
                    'other scheme' => 'ftp://zoom.us',
                    'credentials' => 'https://clinic:s3cret@zoom.us',
                    'query' => 'https://zoom.us/?s3cret',
                ) as $name => $value
            ) {
                yield "{$directive}, {$name}" => array($directive, $value);
            }
        }
        foreach (array('telemed.timeout', 'telemed.connect_timeout') as $directive) {
            foreach (array('', 'soon', '0', '-5', '1e9', 'NAN', 'INF', '5s') as $value) {
                yield "{$directive}, '{$value}'" => array($directive, $value);
            }
        }
    }

    public function testAPathInTheAddressesIsKept(): void
    {
        $child = ChildPhp::run(
            'report(oauth_app()->authorizationRequest("7")->url());',
            array('telemed.oauth_url' => getenv('FAKE_ZOOM_HTTP') . '/prefix/')
        );
        $this->assertStringStartsWith(getenv('FAKE_ZOOM_HTTP') . '/prefix/oauth/authorize?', (string) $child->report, $child->errors);
    }

    public function testAFractionOfASecondIsATimeout(): void
    {
        $child = ChildPhp::run(
            'report(outcome(fn () => server_app()->client()->user(FakeZoom::DOCTOR1)->id()));',
            array('telemed.timeout' => '20.5', 'telemed.connect_timeout' => ' 10.5 ')
        );
        $this->assertSame(array('result' => FakeZoom::DOCTOR1), $child->report, $child->errors . $child->output);
    }
}
