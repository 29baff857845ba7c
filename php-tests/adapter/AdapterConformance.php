<?php

declare(strict_types=1);

namespace Telemed\Tests\Adapter;

use Telemed\Tests\FakeZoom;

/**
 * What holds of every appointment system that works with the plugin. For a test case of a site's suite: it says which fixture, and
 * runs all of these.
 *
 * @see \Telemed\Tests\WordPress\ExampleAdapterTest
 */
trait AdapterConformance
{
    private AdapterFixture $adapter;

    abstract protected function fixture(): AdapterFixture;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
        $this->adapter = $this->fixture();
        $this->adapter->install($this->site);
        $this->zoom->forgetRequests();
    }

    protected function tearDown(): void
    {
        $this->adapter->uninstall();
        parent::tearDown();
    }

    public function testABookingThatIsRolledBackAsksZoomNothingAndTellsNobody(): void
    {
        $this->adapter->bookAndRollBack(self::inDays(20));
        $this->later();
        $this->assertSame(array(), $this->zoom->requests('POST'), 'nothing at Zoom');
        $this->assertSame(array(0, 0), $this->told());
        $this->assertSame(array(), $this->records()->visits->bySource($this->adapter->source()), 'it has never been');
    }

    public function testABookingBecomesOneMeetingAndIsToldOnceByOneSide(): void
    {
        $appointment = $this->adapter->book($start = self::inDays(20));
        $this->assertSame(array(1, 1), $this->told(), 'at once');
        $this->later();
        $this->assertSame(array($start), $this->starts());
        $this->assertCount(1, $this->creations());
        $this->assertSame(array('made', $start), $this->visitOf($appointment));
        $this->assertSame(array(1, 1), $this->told());
    }

    public function testAMoveMovesTheMeetingAndIsToldOnceByOneSide(): void
    {
        $appointment = $this->adapter->book(self::inDays(20));
        $this->later();
        $link = $this->linkOf($appointment);
        $this->adapter->move($appointment, $start = self::inDays(22));
        $this->later();
        $this->assertSame(array($start), $this->starts());
        $this->assertCount(1, $this->creations(), 'it is still the same meeting');
        $this->assertSame(array('made', $start), $this->visitOf($appointment));
        $this->assertSame($link, $this->linkOf($appointment), 'what people hold');
        $this->assertSame(array(2, 2), $this->told());
    }

    public function testACancellationDeletesTheMeetingAndIsToldOnceByOneSide(): void
    {
        $appointment = $this->adapter->book(self::inDays(20));
        $this->later();
        $this->adapter->cancel($appointment);
        $this->later();
        $this->assertSame(array(), $this->starts());
        $this->assertSame('cancelled', $this->visitOf($appointment)[0]);
        $this->assertSame(array(2, 2), $this->told());
    }

    public function testABookingThatIsCancelledAtOnceLeavesNoMeeting(): void
    {
        $appointment = $this->adapter->book(self::inDays(20));
        $this->adapter->cancel($appointment);
        $this->later();
        $this->assertSame(array(), $this->starts());
        $this->assertSame(array(2, 2), $this->told(), 'nobody goes on believing that it takes place');
    }

    public function testWhatIsDeletedWithoutAHookOpensNoDoorFromThatMomentOn(): void
    {
        $appointment = $this->adapter->book(self::inMinutes(5));
        $this->assertSame('open', $this->doorOf($appointment));
        $this->adapter->deleteWithoutHook($appointment);
        $this->assertSame('cancelled', $this->doorOf($appointment));
    }

    public function testWhatIsDeletedWithoutAHookIsDeletedAtZoomAndToldOnce(): void
    {
        $appointment = $this->adapter->book(self::inDays(20));
        $this->later();
        $this->adapter->deleteWithoutHook($appointment);
        $this->later();
        $this->assertSame(array(), $this->starts());
        $this->assertSame('cancelled', $this->visitOf($appointment)[0]);
        $this->assertSame(array(2, 2), $this->told());
    }

    private static function inDays(int $days): int
    {
        return strtotime(self::start($days));
    }

    private static function inMinutes(int $minutes): int
    {
        return intdiv(time(), 60) * 60 + $minutes * 60;
    }

    /** The request's own work is done, and cron's of the next minutes, a quarter of an hour and an hour. */
    private function later(): void
    {
        foreach (array(0, 60, 120, 1000, 3600) as $seconds) {
            $this->runWorker($seconds);
        }
    }

    /** @return array{int, int} how many e-mails patient and doctor have of it, by whomever */
    private function told(): array
    {
        $mails = array_merge(...array_map(static fn (array $mail): array => (array) $mail['to'], $this->site->mails()));
        return array_map(
            fn (string $address): int => count(array_keys($mails, $address, true)) + $this->adapter->mailsElsewhere($address),
            array($this->adapter->patient(), FakeZoom::DOCTOR1_EMAIL)
        );
    }

    /** @return list<int> when the meetings begin that Zoom has */
    private function starts(): array
    {
        return array_map(static fn (array $meeting): int => (int) strtotime((string) $meeting['start_time']), $this->meetings());
    }

    /** @return array{string, int} its state and its start, as the plugin has it */
    private function visitOf(string $appointment): array
    {
        $row = $this->records()->visits->ofAppointment($this->adapter->source(), $appointment);
        $this->assertNotNull($row);
        return array((string) $row['state'], strtotime("{$row['start_utc']} UTC"));
    }

    private function linkOf(string $appointment): string
    {
        $link = $this->site->php('return telemed_visits()->find($arguments["source"], $arguments["appointment"])["link"];', array(
            'source' => $this->adapter->source(),
            'appointment' => $appointment,
        ));
        $this->assertStringStartsWith($this->site->url('/?telemed_visit='), $link);
        return $link;
    }

    /** What whoever has the link is shown. */
    private function doorOf(string $appointment): string
    {
        return (string) $this->site->visitor()->get($this->linkOf($appointment))->element('telemed-visit')?->getAttribute('data-state');
    }
}
