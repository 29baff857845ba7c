<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ConfigurationException;
use Telemed\MeetingRequest;
use Telemed\Reconciler;
use Telemed\Vault;
use Telemed\Webhook;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** Arrays whose keys are no UTF-8: they come with odd header names and from imports, and harm nobody. */
final class ArrayTest extends ExtensionTestCase
{
    private const BAD = "\xff";

    public function testHeadersWithSuchNamesAreIgnored(): void
    {
        $body = '{"event":"app_deauthorized"}';
        $now = (string) time();
        $odd = array(self::BAD => 'x', "x-zm-signature\xff" => 'x', "HTTP_X\xc3" => array('x'), 7 => 'x');
        $ours = array(
            'x-zm-request-timestamp' => array(self::BAD => $now),
            'x-zm-signature' => array(self::BAD => 'v0=' . hash_hmac('sha256', "v0:{$now}:{$body}", 'secret')),
        );
        foreach (array($odd + $ours, $ours + $odd) as $headers) {
            $this->assertSame('app_deauthorized', (new Webhook('secret'))->receive($body, $headers)->name());
        }
    }

    /**
     * @dataProvider badSettings
     * @param array<mixed> $settings
     */
    #[DataProvider('badSettings')]
    public function testASettingWithSuchANameIsRefusedAtAnyDepth(array $settings): void
    {
        $refusal = $this->failure(ConfigurationException::class, fn () => $this->visit(null, '+1 day', 30, 'UTC', null, $settings));
        $this->assertStringContainsString("name is not UTF-8", $refusal->getMessage());
    }

    /** @return array<string, array{array<mixed>}> */
    public static function badSettings(): array
    {
        return array(
            'alone' => array(array(self::BAD => true)),
            'among good ones' => array(array('waiting_room' => true, self::BAD => true)),
            'within a setting' => array(array('breakout_room' => array(self::BAD => true))),
            'within a list' => array(array('breakout_room' => array('rooms' => array(array(self::BAD => 'x'))))),
            'before a list' => array(array('breakout_room' => array('rooms' => array(self::BAD => 'x', 'a', 'b')))),
        );
    }

    public function testListsAreReadByTheirValues(): void
    {
        $key = Vault::generateKey();
        $sealed = (new Vault(array($key)))->seal('x', 'c');
        $this->assertSame('x', (new Vault(array(self::BAD => $key)))->open($sealed, 'c'));

        $client = $this->serverClient();
        $visit = $this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'UTC', 'site1:1');
        [$meeting] = $client->createMeetings(array(self::BAD => $visit));
        $this->assertSame($meeting->id(), $client->ensureMeeting($visit, array(self::BAD => 1))->id());
        $this->assertSame($meeting->id(), $client->findMeeting($visit, array(self::BAD => 1))?->id());
    }

    public function testTheReconcilerLooksForItsOwnKeysOnly(): void
    {
        $client = $this->serverClient();
        $meeting = $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day 10:00 UTC', 30, 'UTC', 'site1:1'));
        $visit = array(
            self::BAD => 'x',
            'reference' => 'site1:1',
            'meeting' => $meeting->id(),
            'start' => new \DateTimeImmutable('+2 days 10:00 UTC'),
            'minutes' => 30,
            'overridden' => array(self::BAD => 'waiting_room'),
        );
        $reconciler = new Reconciler('site1');
        $this->assertSame(
            array(array('action' => 'move', 'reference' => 'site1:1', 'meeting' => $meeting->id(), 'settings' => array())),
            $reconciler->page(array(self::BAD => $visit), array(self::BAD => $meeting))
        );
        $this->assertSame(array(), $reconciler->rest(array(self::BAD => $visit)));
    }

    public function testAVisitThatItsOwnDateTakesAwayIsReadToItsEnd(): void
    {
        $visit = array(
            'reference' => str_repeat('site1:reference', 3),
            'minutes' => 30,
            'start' => new class () extends \DateTimeImmutable {
                /** @var array<mixed>|null */
                public ?array $visit = null;
                /** @var list<array<mixed>> what takes the memory that is free then */
                private array $others = array();
                public function __construct()
                {
                    parent::__construct('+1 day');
                }
                public function getTimestamp(): int
                {
                    $this->visit = null;
                    for ($i = 0; $i < 20; $i++) {
                        $this->others[] = array('reference' => "site1:other{$i}", 'minutes' => $i, 'start' => null);
                    }
                    return parent::getTimestamp();
                }
            },
        );
        $visit['start']->visit = &$visit;
        [$action] = (new Reconciler('site1'))->rest(array(&$visit));
        $this->assertNull($visit);
        $this->assertSame(str_repeat('site1:reference', 3), $action['reference']);
    }

    public function testAZoneIsKnownHoweverOftenItIsLookedUp(): void
    {
        foreach (array('europe/berlin', 'EUROPE/BERLIN', 'Europe/Berlin') as $name) {
            $request = new MeetingRequest('Video visit', new \DateTimeImmutable('+1 day'), 30, $name, FakeZoom::DOCTOR1);
            $this->assertSame('Europe/Berlin', $this->serverClient()->createMeeting($request)->timezone());
        }
    }
}
