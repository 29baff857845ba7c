<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ConfigurationException;
use Telemed\TransportException;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\Extension\Support\Proxy;
use Telemed\Tests\FakeZoom;

/** A CONNECT proxy from php.ini; the environment's proxies count for nothing. */
final class ProxyTest extends ExtensionTestCase
{
    private const CALL = 'report(outcome(fn () => server_app()->client()->user(FakeZoom::DOCTOR1)->id()));';

    public function testEverythingGoesThroughTheProxyOfPhpIni(): void
    {
        $proxy = new Proxy();
        $child = $this->call(array('telemed.proxy' => "http://{$proxy->address}"));
        $this->assertSame(array('result' => FakeZoom::DOCTOR1), $child->report, $child->errors . $child->output);
        $this->assertSame(array('CONNECT ' . $this->target()), $proxy->requests(), 'one tunnel for all');
    }

    public function testAProxyWithCredentials(): void
    {
        $proxy = new Proxy('clinic:s3cret@/');
        $child = $this->call(array('telemed.proxy' => "http://clinic:s3cret%40%2F@{$proxy->address}"));
        $this->assertSame(array('result' => FakeZoom::DOCTOR1), $child->report, $child->errors . $child->output);
        $this->assertSame(array('CONNECT ' . $this->target() . ' clinic:s3cret@/'), $proxy->requests());
    }

    /** @dataProvider wrongCredentials */
    #[DataProvider('wrongCredentials')]
    public function testAProxyThatRefuses(string $credentials): void
    {
        $proxy = new Proxy('clinic:s3cret');
        $child = $this->call(array('telemed.proxy' => "http://{$credentials}{$proxy->address}"));
        $this->assertSame(TransportException::class, $child->report['class'] ?? null, $child->errors . $child->output);
        $this->assertFalse($child->report['maybeDelivered']);
        $this->assertStringContainsString('proxy', $child->report['message']);
        $this->assertStringContainsString('telemed.proxy', $child->report['advice']);
        $this->assertStringNotContainsString('wr0ng', $child->output . $child->errors);
        $this->assertSame(array(), $this->zoom->requests());
    }

    /** @return array<string, array{string}> */
    public static function wrongCredentials(): array
    {
        return array('none' => array(''), 'wrong' => array('clinic:wr0ng@'));
    }

    public function testAProxyThatIsNotThere(): void
    {
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($socket, false);
        fclose($socket);
        $child = $this->call(array('telemed.proxy' => "http://{$address}"));
        $this->assertSame(TransportException::class, $child->report['class'] ?? null, $child->errors . $child->output);
        $this->assertFalse($child->report['maybeDelivered']);
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testHostsCanBeReachedWithoutTheProxy(): void
    {
        $proxy = new Proxy();
        $child = $this->call(
            array('telemed.proxy' => "http://{$proxy->address}", 'telemed.no_proxy' => 'other.example, localhost')
        );
        $this->assertSame(array('result' => FakeZoom::DOCTOR1), $child->report, $child->errors . $child->output);
        $this->assertSame(array(), $proxy->requests());
    }

    public function testTheEnvironmentsProxiesAreIgnored(): void
    {
        $proxy = new Proxy();
        $environment = array();
        foreach (array('http_proxy', 'https_proxy', 'all_proxy') as $name) {
            $environment[$name] = "http://{$proxy->address}";
            $environment[strtoupper($name)] = "http://{$proxy->address}";
        }
        $child = $this->call(array(), $environment);
        $this->assertSame(array('result' => FakeZoom::DOCTOR1), $child->report, $child->errors . $child->output);
        $this->assertSame(array(), $proxy->requests());
    }

    public function testTheEnvironmentsExceptionsAreIgnoredToo(): void
    {
        $proxy = new Proxy();
        $child = $this->call(
            array('telemed.proxy' => "http://{$proxy->address}"),
            array('no_proxy' => '*', 'NO_PROXY' => 'localhost')
        );
        $this->assertSame(array('result' => FakeZoom::DOCTOR1), $child->report, $child->errors . $child->output);
        $this->assertCount(1, $proxy->requests());
    }

    public function testTheProxyResolvesTheNameAndTheCertificateIsChecked(): void
    {
        // Whatever is asked for, this proxy leads to the fake, whose certificate is for localhost only.
        $proxy = new Proxy('', $this->target());
        $ini = array(
            'telemed.proxy' => "http://{$proxy->address}",
            'telemed.oauth_url' => 'https://zoom.example',
            'telemed.api_url' => 'https://zoom.example',
        );
        $child = $this->call($ini);
        $this->assertSame(TransportException::class, $child->report['class'] ?? null, $child->errors . $child->output);
        $this->assertStringContainsString('could not be verified', $child->report['message']);
        $this->assertFalse($child->report['maybeDelivered']);
        $this->assertContains('CONNECT zoom.example:443', $proxy->requests());
        $this->assertSame(array(), $this->zoom->requests());
    }

    /** @dataProvider badAddresses */
    #[DataProvider('badAddresses')]
    public function testABadAddressIsAMatterOfConfiguration(string $address): void
    {
        $child = $this->call(array('telemed.proxy' => $address));
        $this->assertSame(ConfigurationException::class, $child->report['class'] ?? null, $child->errors . $child->output);
        $this->assertStringContainsString('telemed.proxy', $child->report['message'] . $child->report['advice']);
        $this->assertStringNotContainsString('s3cret', $child->output . $child->errors);
    }

    /** @return array<string, array{string}> */
    public static function badAddresses(): array
    {
        return array(
            'no URL' => array('clinic:s3cret@proxy'),
            'SOCKS' => array('socks5://clinic:s3cret@proxy.example:1080'),
        );
    }

    /**
     * @param array<string, string> $ini
     * @param array<string, string> $environment
     */
    private function call(array $ini, array $environment = array()): ChildPhp
    {
        $address = (string) getenv('FAKE_ZOOM_HTTPS');
        return ChildPhp::run(
            self::CALL,
            $ini + array(
                'telemed.ca_file' => (string) getenv('FAKE_ZOOM_CA'),
                'telemed.oauth_url' => $address,
                'telemed.api_url' => $address,
            ),
            $environment
        );
    }

    private function target(): string
    {
        return (string) preg_replace('~^https://~', '', (string) getenv('FAKE_ZOOM_HTTPS'));
    }
}
