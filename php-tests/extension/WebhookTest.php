<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;
use Telemed\ConfigurationException;
use Telemed\Webhook;
use Telemed\WebhookEvent;
use Telemed\WebhookException;

/** Events are believed by their signature over the raw bytes. */
final class WebhookTest extends TestCase
{
    private const SECRET = 'test-secret-token';
    private const DEAUTHORIZED = '{"event":"app_deauthorized","payload":{"account_id":"Ab12cDefGhIjKlMnOpQrSt",'
        . '"user_id":"dR0hOsTiD1exAmple_Zo-m","client_id":"cLiEnTiDeXaMpLe0123456"}}';

    public function testADeauthorizationNamesUserAccountAndApp(): void
    {
        $event = $this->receive(self::DEAUTHORIZED);
        $this->assertSame('app_deauthorized', $event->name());
        $this->assertSame('dR0hOsTiD1exAmple_Zo-m', $event->zoomUserId());
        $this->assertSame('Ab12cDefGhIjKlMnOpQrSt', $event->accountId());
        $this->assertSame('cLiEnTiDeXaMpLe0123456', $event->clientId());
        $this->assertNull($event->answer());
        $this->assertEqualsWithDelta(time(), $event->sentAt()->getTimestamp(), 2);
    }

    public function testTheUrlValidationIsAnswered(): void
    {
        $event = $this->receive('{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}');
        $this->assertEquals(
            array(
                'plainToken' => 'qgg8vlvZRS6UYooatFL8Aw',
                'encryptedToken' => '9c8ad56737c19db2904b301c0781e86857e999f39f07727668cf62a5e7e298c8',
            ),
            array_intersect_key(json_decode((string) $event->answer(), true), array('plainToken' => 1, 'encryptedToken' => 1))
        );
    }

    public function testNothingIsSignedButATokenAsZoomMakesThem(): void
    {
        foreach (array('', 'v0:' . time() . ':' . self::DEAUTHORIZED, 'a b', "a\0", "\u{e4}", str_repeat('x', 129), 7, null) as $token) {
            try {
                $this->receive(json_encode(array('event' => 'endpoint.url_validation', 'payload' => array('plainToken' => $token))));
                $this->fail('it was signed: ' . json_encode($token));
            } catch (WebhookException $refusal) {
                $this->assertStringNotContainsString(self::SECRET, $refusal->getMessage());
            }
        }
        $longest = str_repeat('aZ0_-9bY', 16);
        $event = $this->receive(json_encode(array('event' => 'endpoint.url_validation', 'payload' => array('plainToken' => $longest))));
        $this->assertSame(hash_hmac('sha256', $longest, self::SECRET), json_decode((string) $event->answer(), true)['encryptedToken']);
    }

    /** @dataProvider spellings */
    #[DataProvider('spellings')]
    public function testHeadersAreTakenAsPhpServerAndWordPressSpellThem(string $timestamp, string $signature, bool $list): void
    {
        $headers = $this->sign(self::DEAUTHORIZED, time());
        $event = (new Webhook(self::SECRET))->receive(self::DEAUTHORIZED, array(
            $timestamp => $list ? array($headers[0]) : $headers[0],
            $signature => $list ? array($headers[1]) : $headers[1],
        ));
        $this->assertSame('app_deauthorized', $event->name());
    }

    /** @return array<string, array{string, string, bool}> */
    public static function spellings(): array
    {
        return array(
            'getallheaders' => array('X-Zm-Request-Timestamp', 'X-Zm-Signature', false),
            '$_SERVER' => array('HTTP_X_ZM_REQUEST_TIMESTAMP', 'HTTP_X_ZM_SIGNATURE', false),
            'WordPress' => array('x_zm_request_timestamp', 'x_zm_signature', true),
        );
    }

    public function testAChangedByteAnOldEventAndAMissingHeaderAreRefused(): void
    {
        [$timestamp, $signature] = $this->sign(self::DEAUTHORIZED, time());
        [$old, $oldSignature] = $this->sign(self::DEAUTHORIZED, time() - 301);
        $cases = array(
            array(self::DEAUTHORIZED . ' ', array('x-zm-request-timestamp' => $timestamp, 'x-zm-signature' => $signature)),
            array(self::DEAUTHORIZED, array('x-zm-request-timestamp' => $old, 'x-zm-signature' => $oldSignature)),
            array(self::DEAUTHORIZED, array('x-zm-request-timestamp' => $timestamp)),
            array(self::DEAUTHORIZED, array('x-zm-signature' => $signature)),
            array("\xff\xfe", array('x-zm-request-timestamp' => $timestamp, 'x-zm-signature' => $signature)),
        );
        foreach ($cases as $number => [$body, $headers]) {
            try {
                (new Webhook(self::SECRET))->receive($body, $headers);
                $this->fail("case {$number} was believed");
            } catch (WebhookException $refusal) {
                $this->assertNotSame('', $refusal->advice());
                $this->assertStringNotContainsString(self::SECRET, $refusal->getMessage() . $refusal->advice());
            }
        }
    }

    public function testAnEmptySecretIsRefused(): void
    {
        $this->expectException(ConfigurationException::class);
        new Webhook('');
    }

    private function receive(string $body): WebhookEvent
    {
        [$timestamp, $signature] = $this->sign($body, time());
        return (new Webhook(self::SECRET))->receive(
            $body,
            array('x-zm-request-timestamp' => $timestamp, 'x-zm-signature' => $signature)
        );
    }

    /** @return array{string, string} */
    private function sign(string $body, int $time): array
    {
        return array((string) $time, 'v0=' . hash_hmac('sha256', "v0:{$time}:{$body}", self::SECRET));
    }
}
