<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\ConfigurationException;
use Telemed\Meeting;
use Telemed\Reconciler;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** What is wanted against what Zoom has; the rules themselves are tested in Rust. */
final class ReconcilerTest extends ExtensionTestCase
{
    private const SITE = 'site1';

    public function testEachKindOfDifferenceIsNamed(): void
    {
        $client = $this->serverClient();
        $start = new \DateTimeImmutable('+1 day 10:00 UTC');
        $make = fn (string $reference, string $on = '+1 day 10:00 UTC'): Meeting => $client->createMeeting(
            $this->visit(FakeZoom::DOCTOR1, $on, 30, 'UTC', $reference)
        );
        $good = $make('site1:good');
        $moved = $make('site1:moved', '+2 days 10:00 UTC');
        $unknown = $make('site1:unknown');
        $orphan = $make('site1:orphan', '+3 days 10:00 UTC');
        $make('site2:elsewhere');
        $client->createMeeting($this->visit(FakeZoom::DOCTOR1));

        $reconciler = new Reconciler(self::SITE, new \DateTimeImmutable('+20 minutes'));
        $visit = static fn (string $name, ?int $meeting): array => array(
            'reference' => "site1:{$name}",
            'meeting' => $meeting,
            'host' => FakeZoom::DOCTOR1,
            'start' => $start,
            'minutes' => 30,
        );
        $wanted = array(
            $visit('good', $good->id()),
            $visit('moved', $moved->id()),
            $visit('unknown', null),
            $visit('lost', 81234567890),
            $visit('new', null),
            array('start' => null) + $visit('cancelled', null),
        );
        $this->assertSame(
            array(
                array('action' => 'move', 'reference' => 'site1:moved', 'meeting' => $moved->id(), 'settings' => array()),
                array('action' => 'delete', 'reference' => null, 'meeting' => $orphan->id(), 'settings' => array()),
            ),
            $reconciler->page($wanted, $client->meetings(FakeZoom::DOCTOR1))
        );
        $this->assertSame(
            array(
                array('action' => 'adopt', 'reference' => 'site1:unknown', 'meeting' => $unknown->id(), 'settings' => array()),
                array('action' => 'recreate', 'reference' => 'site1:lost', 'meeting' => 81234567890, 'settings' => array()),
                array('action' => 'create', 'reference' => 'site1:new', 'meeting' => null, 'settings' => array()),
            ),
            $reconciler->rest($wanted)
        );
    }

    public function testAnOrphanIsYoungForAQuarterOfAnHour(): void
    {
        $client = $this->serverClient();
        $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'UTC', 'site1:orphan'));
        $found = $client->meetings(FakeZoom::DOCTOR1);
        $this->assertSame(array(), (new Reconciler(self::SITE))->page(array(), $found));
        $later = new Reconciler(self::SITE, new \DateTimeImmutable('+16 minutes'));
        $this->assertSame(array('delete'), array_column($later->page(array(), $found), 'action'));
    }

    public function testSettingsChangedInZoomAreNamedAndPutBack(): void
    {
        $client = $this->serverClient();
        $request = $this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'UTC', 'site1:1');
        $meeting = $client->createMeeting($request);
        // As a person does in Zoom.
        $client->updateMeeting(
            $meeting->id(),
            $this->visit(null, '@' . $meeting->start()->getTimestamp(), 30, 'UTC', null, array('waiting_room' => false))
        );
        $changed = $client->meeting($meeting->id(), $request);
        $this->assertSame(array('waiting_room'), $changed->overridden());
        $wanted = array(array(
            'reference' => 'site1:1',
            'meeting' => $meeting->id(),
            'start' => $meeting->start(),
            'minutes' => 30,
        ));
        $actions = (new Reconciler(self::SITE))->page($wanted, array($changed));
        $this->assertSame('restore', $actions[0]['action']);
        $this->assertSame(array('waiting_room'), $actions[0]['settings']);

        $this->assertSame(array(), $client->updateMeeting($meeting->id(), $request, true)->overridden());
        $this->assertTrue($this->zoom->meeting($meeting->id())['settings']['waiting_room']);
        $restored = $client->meeting($meeting->id(), $request);
        $this->assertSame(array(), (new Reconciler(self::SITE))->page($wanted, array($restored)));
    }

    public function testACallGoesOnWithTheReconcilerThatItBeganWith(): void
    {
        $client = $this->serverClient();
        $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day 10:00 UTC', 30, 'UTC', 'site1:orphan'));
        $reconciler = new Reconciler(self::SITE, new \DateTimeImmutable('+20 minutes'));
        $start = new class ($reconciler) extends \DateTimeImmutable {
            public function __construct(private Reconciler $reconciler)
            {
                parent::__construct('+2 days 10:00 UTC');
            }

            public function getTimestamp(): int
            {
                $this->reconciler->__construct('site2');
                return parent::getTimestamp();
            }
        };
        $wanted = array(array('reference' => 'site1:new', 'host' => FakeZoom::DOCTOR1, 'start' => $start, 'minutes' => 30));
        $actions = $reconciler->page($wanted, $client->meetings(FakeZoom::DOCTOR1));
        $this->assertSame(array('delete'), array_column($actions, 'action'));
    }

    public function testAMeetingInProgressIsLeftAlone(): void
    {
        $client = $this->serverClient();
        $meeting = $client->createMeeting($this->visit(FakeZoom::DOCTOR1, '+1 day', 30, 'UTC', 'site1:orphan'));
        file_get_contents($client->startUrl($meeting->id()));
        $running = $client->meeting($meeting->id());
        $this->assertSame('started', $running->status());
        $later = new Reconciler(self::SITE, new \DateTimeImmutable('+16 minutes'));
        $this->assertSame(array(), $later->page(array(), array($running)));
    }

    public function testAListIsReadPageByPage(): void
    {
        $client = $this->serverClient();
        $requests = array();
        for ($number = 0; $number < 305; $number++) {
            $requests[] = $this->visit(
                $number % 2 === 0 ? FakeZoom::DOCTOR1 : FakeZoom::DOCTOR1_EMAIL,
                "+1 day +{$number} hours",
                30,
                'UTC',
                "site1:{$number}"
            );
        }
        $this->zoom->settings(array('rate_limits' => false));
        $made = array_map(static fn (Meeting $meeting): int => $meeting->id(), $client->createMeetings($requests));
        $first = $client->meetingPage(FakeZoom::DOCTOR1);
        $this->assertCount(300, $first->meetings());
        $second = $client->meetingPage(FakeZoom::DOCTOR1, $first->next());
        $this->assertNull($second->next());
        $listed = array_map(
            static fn (Meeting $meeting): int => $meeting->id(),
            array_merge($first->meetings(), $second->meetings())
        );
        $this->assertEqualsCanonicalizing($made, $listed);
    }

    /**
     * @dataProvider badVisits
     * @param mixed $visit
     */
    #[DataProvider('badVisits')]
    public function testWhatIsNoVisitIsRefusedByName($visit, string $named): void
    {
        $refusal = $this->failure(
            ConfigurationException::class,
            static fn () => (new Reconciler(self::SITE))->rest(array($visit))
        );
        $this->assertStringContainsString($named, $refusal->getMessage());
    }

    /** @return array<string, array{mixed, string}> */
    public static function badVisits(): array
    {
        $good = array('reference' => 'site1:1', 'meeting' => null, 'start' => null, 'minutes' => 30);
        return array(
            'no array' => array('site1:1', 'visit'),
            'no reference' => array(array('minutes' => 30), 'reference'),
            'minutes as text' => array(array('minutes' => '30') + $good, 'minutes'),
            'start as text' => array(array('start' => '2031-01-01') + $good, 'start'),
            'meeting as text' => array(array('meeting' => '81234567890') + $good, 'meeting'),
            'overridden as text' => array(array('overridden' => 'waiting_room') + $good, 'overridden'),
        );
    }

    public function testWhatIsNoMeetingIsATypeError(): void
    {
        $this->expectException(\TypeError::class);
        (new Reconciler(self::SITE))->page(array(), array(array('id' => 1)));
    }
}
