<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;

/** The loop in the world as the clinic has it: its settings, hosts and connections, in both modes. */
final class ClinicWorldTest extends ClinicTestCase
{
    private const BEGIN = 'require ' . "'" . __DIR__ . "/Support/VisitWorld.php'" . ';
        $world = new \Telemed\Tests\WordPress\Support\VisitWorld();
        $world->begin();
        $plugin = \TelemedZoom\Plugin::instance();
        $clinic = new \TelemedZoom\Run\ClinicWorld($plugin->sources, $plugin->database, $plugin->apps, $world->visits, new \TelemedZoom\Store\Handovers($plugin->database, $world->tables));
        $loop = new \TelemedZoom\Run\VisitLoop($plugin->database, $world->visits, $world->counters, $world->outages, $clinic, new \TelemedZoom\Run\ZoomExchange($world->visits, $clinic), $world->moments);
        try {
            return (static function () use ($world, $plugin, $clinic, $loop, $arguments): mixed {';
    private const END = '})();
        } finally {
            $world->drop();
        }';

    /** @return array<string, array{0: string}> */
    public static function modes(): array
    {
        return array('OAuth 2.0' => array('oauth'), 'Server-to-Server OAuth' => array('s2s'));
    }

    private function within(string $code): mixed
    {
        return $this->site->php(self::BEGIN . $code . self::END, array('doctor' => $this->site->userId('doctor1')));
    }

    /** @dataProvider modes */
    #[DataProvider('modes')]
    public function testAVisitIsMadeAndCancelledWithWhatTheClinicHasSetUp(string $mode): void
    {
        if ('s2s' === $mode) {
            $this->useServerToServerWithHosts();
        } else {
            $this->useOAuth();
            $this->connect('doctor1', FakeZoom::DOCTOR1_EMAIL);
        }
        [$made, $meeting, $counted, $subject, $off] = $this->within(<<<'CODE'
            add_filter('telemed_meeting_settings', static fn(): array => ['mute_upon_entry' => true]);
            $id = $world->book('7', '+1 week', true, ['patient_email' => 'Anna@Example.org'], $arguments['doctor']);
            $loop->bringOn($id, 30.0);
            $made = $world->visits->find($id)->state();
            $meeting = $world->meeting($id);
            $host = (string) $meeting['host'];
            $counted = $world->counters->used([sha1($host), sha1("$host\0anna@example.org")], $world->moments->now()->day());
            $at = $world->moments->now();
            $world->visits->change($id, static fn($visit) => $visit->cancel($at)->settled($at), $at);
            $loop->bringOn($id, 30.0);
            return [$made, $meeting, array_column($counted, 'writes'), $plugin->site->subject($arguments['doctor']), $world->meeting($id)['ended']];
            CODE);
        $this->assertSame('made', $made);
        $this->assertSame(array($mode, FakeZoom::DOCTOR1, 'oauth' === $mode ? $subject : null), array($meeting['mode'], $meeting['host'], $meeting['subject']));
        $this->assertSame(array(1, 1), $counted, 'the host\'s day and the patient\'s share of it');
        $this->assertTrue(json_decode($this->creations()[0]['body'], true)['settings']['mute_upon_entry']);
        $this->assertSame('deleted', $off);
        $this->assertSame(array(), $this->meetings());
    }

    public function testWhatStandsInTheWayIsToldAndMendedVisitsAreMade(): void
    {
        $this->assertSame(array('due', 'telemed_not_set_up', 1), $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week', true, [], $arguments['doctor']);
            $loop->bringOn($id, 30.0);
            $problem = json_decode($world->meeting($id)['problem'], true);
            return [$world->visits->find($id)->state(), $problem['id'], preg_match('/has not chosen/', $problem['parameters']['message'])];
            CODE));
        $this->useServerToServer();
        $this->assertSame(array('telemed_no_host', null), $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week', true, [], $arguments['doctor']);
            $facts = $clinic->facts($world->visits->find($id));
            return [$facts['problem']['id'], $facts['patient']];
            CODE));
    }

    public function testWhatIsWishedWaitsForAnAppointmentSystemThatIsAway(): void
    {
        $this->useServerToServerWithHosts();
        $this->assertSame(array('due', 'due', false), $this->within(<<<'CODE'
            $at = $world->moments->now();
            $id = $world->visits->add(\Telemed\Visit::booked('elsewhere', '7', $arguments['doctor'], $world::slot('+1 week'), $at), [], $at)->id();
            $loop->bringOn($id, 30.0);
            $first = $world->visits->find($id)->state();
            $loop->bringOn($id, 30.0, $world->visits->find($id)->version());
            return [$first, $world->visits->find($id)->state(), $clinic->standing($world->visits->find($id))];
            CODE));
        $this->assertSame(array(), $this->meetings());
    }

    public function testWhoseAppIsGoneIsNotAskedOfAnother(): void
    {
        $this->useServerToServerWithHosts();
        $this->assertSame(array('made', 'telemed_credentials_gone', false), $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week', true, [], $arguments['doctor']);
            $loop->bringOn($id, 30.0);
            $made = $world->visits->find($id)->state();
            $world->makeForeign($id);
            $at = $world->moments->now();
            $world->visits->change($id, static fn($visit) => $visit->cancel($at)->settled($at), $at);
            $loop->bringOn($id, 30.0);
            $problem = json_decode($world->meeting($id)['problem'], true);
            return [$made, $problem['id'], $problem['passes']];
            CODE));
        $this->assertCount(1, $this->meetings());
    }
}
