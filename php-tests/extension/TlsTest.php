<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ConfigurationException;
use Telemed\TransportException;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** Certificates, and where the roots come from. */
final class TlsTest extends ExtensionTestCase
{
    private const CALL = 'report(outcome(fn () => server_app()->client()->user(FakeZoom::DOCTOR1)->id()));';

    /**
     * @dataProvider roots
     * @param list<string> $directives
     */
    #[DataProvider('roots')]
    public function testRootsComeFromPhpIni(array $directives): void
    {
        $child = $this->callOverTls(array_fill_keys($directives, (string) getenv('FAKE_ZOOM_CA')));
        $this->assertSame(array('result' => FakeZoom::DOCTOR1), $child->report, $child->errors . $child->output);
        $this->assertNotSame(array(), $this->zoom->requests('POST', '/oauth/token'));
    }

    /** @return array<string, array{list<string>}> */
    public static function roots(): array
    {
        return array(
            'telemed.ca_file' => array(array('telemed.ca_file')),
            'openssl.cafile' => array(array('openssl.cafile')),
            'curl.cainfo' => array(array('curl.cainfo')),
        );
    }

    public function testOurDirectiveGoesBeforeTheOthers(): void
    {
        $child = $this->callOverTls(
            array('telemed.ca_file' => (string) getenv('FAKE_ZOOM_CA'), 'openssl.cafile' => '/nowhere.pem')
        );
        $this->assertSame(array('result' => FakeZoom::DOCTOR1), $child->report, $child->errors . $child->output);
    }

    public function testACertificateThatDoesNotVerify(): void
    {
        $child = $this->callOverTls(array('openssl.cafile' => '', 'curl.cainfo' => ''));
        $this->assertSame(TransportException::class, $child->report['class'] ?? null, $child->errors . $child->output);
        $this->assertStringContainsString('could not be verified', $child->report['message']);
        $this->assertFalse($child->report['maybeDelivered']);
        $this->assertSame(array(), $this->zoom->requests());
    }

    /** @dataProvider badFiles */
    #[DataProvider('badFiles')]
    public function testABadFileOfRootsIsAMatterOfConfiguration(string $content): void
    {
        $file = tempnam(sys_get_temp_dir(), 'telemed');
        file_put_contents($file, $content);
        try {
            $child = $this->callOverTls(array('telemed.ca_file' => $file));
        } finally {
            unlink($file);
        }
        $this->assertSame(ConfigurationException::class, $child->report['class'] ?? null, $child->errors . $child->output);
        $this->assertStringContainsString('telemed.ca_file', $child->report['message'] . $child->report['advice']);
    }

    /** @return array<string, array{string}> */
    public static function badFiles(): array
    {
        return array('empty' => array(''), 'no certificate' => array("this is no certificate\n"));
    }

    public function testAMissingFileOfRootsIsAMatterOfConfiguration(): void
    {
        $child = $this->callOverTls(array('telemed.ca_file' => '/nowhere/roots.pem'));
        $this->assertSame(ConfigurationException::class, $child->report['class'] ?? null, $child->errors . $child->output);
    }

    public function testAWholeVisitOverTls(): void
    {
        $child = ChildPhp::run(
            '$client = server_app()->client();
             $request = new Telemed\MeetingRequest("Video visit", new DateTime("+1 day"), 30, "UTC", FakeZoom::DOCTOR1);
             $meeting = $client->createMeeting($request);
             report([$meeting->joinUrl(), $client->startUrl($meeting->id()), $client->deleteMeeting($meeting->id())]);',
            $this->overTls(array('telemed.ca_file' => (string) getenv('FAKE_ZOOM_CA')))
        );
        $this->assertIsArray($child->report, $child->errors . $child->output);
        $base = (string) getenv('FAKE_ZOOM_HTTPS');
        $this->assertStringStartsWith("{$base}/j/", $child->report[0]);
        $this->assertStringStartsWith("{$base}/s/", $child->report[1]);
        $this->assertTrue($child->report[2]);
        $connections = array_unique(array_column($this->zoom->requests(), 'connection'));
        $this->assertCount(1, $connections, 'one connection for all');
    }

    /** @param array<string, string> $ini */
    private function callOverTls(array $ini): ChildPhp
    {
        return ChildPhp::run(self::CALL, $this->overTls($ini));
    }

    /**
     * @param array<string, string> $ini
     * @return array<string, string>
     */
    private function overTls(array $ini): array
    {
        $address = (string) getenv('FAKE_ZOOM_HTTPS');
        return $ini + array('telemed.oauth_url' => $address, 'telemed.api_url' => $address);
    }
}
