<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;

/** The loop that carries out what the second core says, on MariaDB and against Zoom; what it says is tested in Rust. */
final class VisitLoopTest extends ClinicTestCase
{
    private const BEGIN = 'require ' . "'" . __DIR__ . "/Support/VisitWorld.php'" . ';
        $world = new \Telemed\Tests\WordPress\Support\VisitWorld();
        $world->begin();
        $state = static fn (int $id): string => $world->visits->find($id)?->state() ?? "forgotten";
        $rows = static fn (string $sql): array => \TelemedZoom\Plugin::instance()->database->rows($sql);
        try {
            return (static function () use ($world, $state, $rows, $arguments) {';
    private const END = '})();
        } finally {
            $world->drop();
        }';

    private function within(string $code): mixed
    {
        return $this->site->php(self::BEGIN . $code . self::END);
    }

    public function testAVisitIsMadeRescheduledAndCancelledAndItsLinkIsSealed(): void
    {
        [$made, $row, $clear, $moved, $off, $log] = $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week 10:00');
            $world->loop->bringOn($id, 30.0);
            $made = $state($id);
            $row = $world->meeting($id);
            $clear = $world->visits->find($id)->link(['takes_place' => true] + $world->visits->find($id)->ownStanding(), new \Telemed\Moment(new \DateTimeImmutable('+1 week 10:00'), 's'));
            $at = $world->moments->now();
            $world->visits->change($id, fn($visit) => $visit->reschedule($world::slot('+2 weeks 10:00'), $at)->settled($at), $at);
            $world->loop->bringOn($id, 30.0);
            $moved = $world->meeting($id);
            $world->visits->change($id, fn($visit) => $visit->cancel($at)->settled($at), $at);
            $world->loop->bringOn($id, 30.0);
            $log = array_column($rows('SELECT event FROM ' . $world->tables->log() . ' ORDER BY id'), 'event');
            return [$made, $row, $clear, $moved, [$state($id), $world->meeting($id)['ended']], $log];
            CODE);
        $this->assertSame('made', $made);
        $this->assertStringNotContainsString('zoom.us', (string) json_encode($row));
        $this->assertStringContainsString((string) $row['number'], $clear['join_url']);
        $this->assertSame($row['number'], $moved['number']);
        $this->assertSame(gmdate('Y-m-d 10:00:00', strtotime('+2 weeks')), $moved['has_start_utc']);
        $this->assertSame(array('cancelled', 'deleted'), $off);
        $this->assertSame(array(), $this->meetings());
        $this->assertSame(array('booked', 'confirmed', 'attempting', 'made', 'rescheduled', 'confirmed', 'updated', 'cancelled', 'confirmed', 'deleted'), $log);
    }

    public function testNothingIsDoneOfWhatMayBeRolledBackAndWhatNeverWasIsForgotten(): void
    {
        $this->assertSame(array('due', 'forgotten', 0), $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week', false);
            $world->standing = null;
            $world->loop->bringOn($id, 30.0);
            $before = $state($id);
            $world->loop->bringOn($id, 30.0, $world->visits->find($id)->version());
            $left = $rows('SELECT COUNT(*) AS n FROM ' . $world->tables->log())[0]['n'];
            return [$before, $state($id), $left];
            CODE));
        $this->assertSame(array(), $this->meetings());
    }

    public function testALostAnswerIsFollowedByTheSameMeeting(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_after_work'));
        $seen = $this->within(<<<'CODE'
            $now = time();
            add_filter('telemed_now', static function () use (&$now): int { return $now; });
            $id = $world->book('7', '+1 week');
            $world->loop->bringOn($id, 30.0);
            $first = [$state($id), $world->visits->queue->due(gmdate('Y-m-d H:i:s', $now), 9)];
            $now += 3600;
            $due = $world->visits->queue->due(gmdate('Y-m-d H:i:s', $now), 9) === [$id];
            $world->loop->bringOn($id, 30.0);
            return [...$first, $due, $state($id), $world->visits->queue->due(gmdate('Y-m-d H:i:s', $now), 9)];
            CODE);
        $this->assertSame(array('attempting', array(), true, 'made', array()), $seen);
        $this->assertCount(1, $this->meetings());
    }

    public function testACopyOfASiteDoesNotTakeTheOthersMeetingForItsOwn(): void
    {
        // Where descriptions are hidden the other site's meeting is just like the one that is sought.
        $this->zoom->seed(array('accounts' => array(array(
            'id' => FakeZoom::ACCOUNT,
            'name' => 'Example Clinic',
            'plan' => 'Business',
            'locked' => array('schedule_meeting' => array('hide_meeting_description' => array('enable' => true))),
        ))));
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), skip: 1);
        $seen = $this->within(<<<'CODE'
            $now = time();
            add_filter('telemed_now', static function () use (&$now): int { return $now; });
            $id = $world->book('7', '+1 week 10:00');
            $world->loop->bringOn($id, 30.0);
            $others = $world->meeting($id)['number'];
            $at = $world->moments->now();
            $world->visits->change($id, static fn($visit) => $visit->copied($at), $at);
            $world->loop->bringOn($id, 30.0);
            $now += 3600;
            $world->loop->bringOn($id, 30.0);
            return [$world->meeting($id)['generation'], $state($id), $world->meeting($id)['number'] === $others];
            CODE);
        $this->assertSame(array(2, 'made', false), $seen);
        $this->assertCount(2, $this->meetings());
    }

    public function testAWishThatMeetsAnExchangeIsFollowedAtOnce(): void
    {
        $seen = $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week 10:00');
            $world->beforeZoom = static function () use ($world, $id): void {
                $world->beforeZoom = null;
                $at = $world->moments->now();
                $world->visits->change($id, static fn($visit) => $visit->reschedule($world::slot('+2 weeks 10:00'), $at)->settled($at), $at);
            };
            $world->loop->bringOn($id, 30.0);
            return [$state($id), $world->meeting($id)['has_start_utc']];
            CODE);
        $this->assertSame(array('made', gmdate('Y-m-d 10:00:00', strtotime('+2 weeks'))), $seen);
        $this->assertCount(1, $this->meetings());
    }

    public function testAnExchangeWhoseWriteIsTakenByAnotherIsNotSent(): void
    {
        // Between the question and the claim another process takes the last write.
        $seen = $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week');
            $key = sha1($world->host);
            $day = $world->moments->now()->day();
            $claim = ['key' => $key, 'day' => $day, 'below' => 1000];
            for ($write = 0; $write < 89; $write++) {
                $world->counters->claim($claim);
            }
            $visit = $world->visits->find($id);
            $at = $world->moments->now();
            $confirmed = $visit->confirm($visit->ownStanding(), false, $at);
            $facts = $world->facts($visit);
            $step = $confirmed->next($facts, $at);
            $step = $confirmed->next($facts + ['used' => $world->counters->used($step->asks(), $at->day())], $at);
            $world->counters->claim($claim);
            $refused = $world->visits->change($id, static fn($visit) => $visit->begun($step, $at), $at) === null;
            $left = [$state($id), $world->meeting($id), $world->counters->used([$key], $day)[$key]['writes']];
            $world->loop->bringOn($id, 30.0);
            $told = [(string) $world->records->find($id)?->lastError, \TelemedZoom\Ledger\ProblemText::of(['id' => 'refused', 'parameters' => ['message' => 'no', 'advice' => 'ask Zoom']])];
            return [$step->kind(), $refused, ...$left, $state($id), json_decode($world->meeting($id)['problem'], true)['id'], preg_match('/today.s are used up/', $told[0]), $told[1]];
            CODE);
        $this->assertSame(array('create', true, 'due', array(), 90, 'due', 'writes_used_up', 1, 'No. Ask Zoom.'), $seen);
        $this->assertSame(array(), $this->meetings());
    }

    public function testInAnOutageOneAtATimeTriesAndTheFirstAnswerEndsIt(): void
    {
        $this->zoom->fault(array('path' => '/v2/'), array('kind' => 'close_before_work'), 5);
        $seen = $this->within(<<<'CODE'
            $now = time();
            add_filter('telemed_now', static function () use (&$now): int { return $now; });
            $ids = array_map(static fn(string $name): int => $world->book($name, '+1 week'), ['1', '2', '3', '4', '5']);
            foreach (array_slice($ids, 0, 4) as $id) {
                $world->loop->bringOn($id, 30.0);
            }
            $outage = $world->outages->triedAt() === gmdate('Y-m-d H:i:s', $now);
            $fourth = $world->meeting($ids[3]);
            $since = (string) $world->outages->triedAt();
            $turns = [$world->outages->takeTurn($since, gmdate('Y-m-d H:i:s', $now + 60)), $world->outages->takeTurn($since, gmdate('Y-m-d H:i:s', $now + 60))];
            $now += 7200;
            foreach ($ids as $id) {
                $world->loop->bringOn($id, 30.0);
                $now += 61;
            }
            foreach ($ids as $id) {
                $now += 3600;
                $world->loop->bringOn($id, 30.0);
            }
            return [$outage, $fourth, $turns, $world->outages->triedAt(), array_map($state, $ids)];
            CODE);
        $this->assertSame(array(true, array(), array(true, false), null, array('made', 'made', 'made', 'made', 'made')), $seen);
        $this->assertCount(5, $this->meetings());
    }

    public function testAWriteThatMadeNothingIsGivenBack(): void
    {
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users/'), 400, array('code' => 300, 'message' => 'no'));
        [$given, $writes] = $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week');
            $world->loop->bringOn($id, 30.0);
            return [json_decode($world->meeting($id)['problem'], true)['id'], array_column($rows('SELECT writes FROM ' . $world->tables->writes()), 'writes')];
            CODE);
        $this->assertSame('fields_refused', $given);
        $this->assertSame(array(0, 0), $writes);
    }

    public function testALimitOfTheDayStopsAllWritesOfTheHost(): void
    {
        $until = gmdate('Y-m-d\TH:i:s\Z', intdiv(time(), 86400) * 86400 + 86400);
        $headers = array('Retry-After' => $until, 'X-RateLimit-Type' => 'Daily-limit');
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users/'), 429, array('code' => 429, 'message' => 'daily'), $headers);
        $seen = $this->within(<<<'CODE'
            $ids = [$world->book('7', '+1 week'), $world->book('8', '+1 week')];
            foreach ($ids as $id) {
                $world->loop->bringOn($id, 30.0);
            }
            $blocked = $rows('SELECT blocked_until IS NOT NULL AS is_blocked FROM ' . $world->tables->writes() . ' WHERE host = ' . "'" . sha1($world->host) . "'");
            return [$blocked, array_map(static fn(int $id): string => json_decode($world->meeting($id)['problem'], true)['id'], $ids)];
            CODE);
        $this->assertSame(array(array(array('is_blocked' => 1)), array('daily_limit', 'writes_used_up')), $seen);
        $this->assertCount(1, $this->creations());
    }

    public function testALinkWhoseKeyIsLostIsUnknownAndNothingElse(): void
    {
        $this->assertSame(array('made', 'not_ready', 1), $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week 10:00');
            $world->loop->bringOn($id, 30.0);
            $plugin = \TelemedZoom\Plugin::instance();
            $other = new \TelemedZoom\Store\SealedLinks(static fn(): \Telemed\Vault => new \Telemed\Vault([\Telemed\Vault::generateKey()]));
            $visits = new \TelemedZoom\Store\VisitStore($plugin->database, $world->tables, $world->counters, $world->outages, $other);
            $visit = $visits->find($id);
            $door = $visit->link($visit->ownStanding(), new \Telemed\Moment(new \DateTimeImmutable('+1 week 10:00'), 's'));
            return [$visit->state(), $door['door'], (int) ($world->meeting($id)['number'] > 0)];
            CODE));
    }

    public function testALinkWhoseKeyIsAwayForAMomentIsThereAgainAfterwards(): void
    {
        $this->assertSame(array('not_ready', 'not_ready', 'open'), $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week 10:00');
            $world->loop->bringOn($id, 30.0);
            $plugin = \TelemedZoom\Plugin::instance();
            $other = new \TelemedZoom\Store\SealedLinks(static fn(): \Telemed\Vault => new \Telemed\Vault([\Telemed\Vault::generateKey()]));
            $visits = new \TelemedZoom\Store\VisitStore($plugin->database, $world->tables, $world->counters, $world->outages, $other);
            $then = new \Telemed\Moment(new \DateTimeImmutable('+1 week 10:00'), 's');
            $door = static fn($visit): string => $visit->link($visit->ownStanding(), $then)['door'];
            $away = $door($visits->find($id));
            // Something is written about the very meeting meanwhile.
            $at = $world->moments->now();
            $visits->change($id, static fn($visit) => $visit->reschedule($world::slot('+1 week 10:05'), $at)->settled($at), $at);
            return [$away, $door($visits->find($id)), $door($world->visits->find($id))];
            CODE));
    }

    public function testWhatADeadlockTookBackIsDoneAgain(): void
    {
        $this->assertSame(array('cancelled', 2, 1213), $this->within(<<<'CODE'
            $id = $world->book('7', '+1 week');
            $at = $world->moments->now();
            $tries = 0;
            $world->visits->change($id, static function ($visit) use (&$tries, $at) {
                if ($tries++ === 0) {
                    throw new \TelemedZoom\Site\DatabaseException('a deadlock', 1213);
                }
                return $visit->cancel($at)->settled($at);
            }, $at);
            try {
                $world->visits->change($id, static fn($visit) => throw new \TelemedZoom\Site\DatabaseException('for ever', 1213), $at);
                $code = 0;
            } catch (\TelemedZoom\Site\DatabaseException $failure) {
                $code = $failure->getCode();
            }
            return [$state($id), $tries, $code];
            CODE));
    }

    public function testTheSameAppointmentHasOneVisit(): void
    {
        $this->assertSame(array(1062, 1), $this->within(<<<'CODE'
            $world->book('7', '+1 week');
            try {
                $world->book('7', '+1 week');
                $code = 0;
            } catch (\TelemedZoom\Site\DatabaseException $failure) {
                $code = $failure->getCode();
            }
            return [$code, $world->visits->idOf('manual', '7')];
            CODE));
    }

    /** Before the sequences begin, in their first minute, and by now. */
    public function testABookingWithoutTheExtensionIsWrittenAsTheExtensionWouldHaveIt(): void
    {
        $this->assertSame(
            array('differences' => array(), 'rows' => 3, 'due' => array(0, 0, 0), 'as stored' => true, 'linked' => true, 'told' => array('booked', 'due'), 'again' => true, 'refused' => 3, 'then' => 'made'),
            $this->within(<<<'CODE'
                $plugin = \TelemedZoom\Plugin::instance();
                $links = new \TelemedZoom\Store\SealedLinks($plugin->key->vaultWithoutExtension(...));
                $store = new \TelemedZoom\Store\VisitStore($plugin->database, $world->tables, $world->counters, $world->outages, $links);
                $people = ['patient' => 7, 'patient_email' => 'anna@example.org'];
                $slot = $world::slot('+1 week 10:00');
                $heard = [];
                add_action('telemed_visit_changed', static function (array $which) use (&$heard): void { $heard[] = $which; });
                $now = 0;
                add_filter('telemed_now', static function () use (&$now): int { return $now; });
                $own = array_flip(['id', 'appointment', 'link_hash', 'link_key', 'due_at']);
                $differences = $due = [];
                foreach ([1_735_600_000, 1_735_689_630, $really = time()] as $number => $now) {
                    $at = $world->moments->now();
                    $world->visits->add(\Telemed\Visit::booked('test', "seen$number", 5, $slot, $at), $people, $at);
                    $id = $store->bookWithoutExtension('test', "unseen$number", 5, $slot, $people);
                    [$seen, $unseen] = $rows("SELECT * FROM {$world->tables->visits()} WHERE appointment IN ('seen$number', 'unseen$number') ORDER BY appointment");
                    $differences += array_diff_assoc(array_diff_key($seen, $own), $unseen) + array_diff_key($unseen, $seen);
                    $due[] = strtotime("{$unseen['due_at']} UTC") - $now;
                    [$line, $other] = $rows("SELECT at, actor, event, note, tracking_id FROM {$world->tables->log()} ORDER BY id DESC LIMIT 2");
                    $differences += array_diff_assoc($line, $other);
                    [$first, $second] = array_slice($heard, -2);
                    $differences += $first['events'] === $second['events'] ? array_diff_assoc(array_diff_key($first, ['events' => 0] + $own), $second) : ['events'];
                }
                $asStored = $world->visits->find($id)->rows($at)['visit'];
                $before = $rows("SELECT * FROM {$world->tables->visits()}");
                $again = $store->bookWithoutExtension('test', 'unseen2', 9, ['minutes' => 45] + $slot, []) === $id;
                $refused = 0;
                foreach ([['test', ''], ['', '7'], ['test', '7:8']] as [$source, $appointment]) {
                    try {
                        $store->bookWithoutExtension($source, $appointment, 5, $slot, []);
                    } catch (\InvalidArgumentException) {
                        $refused++;
                    }
                }
                $again = $again && $before === $rows("SELECT * FROM {$world->tables->visits()}");
                // The extension is back.
                $world->loop->bringOn($id, 30.0);
                return [
                    'differences' => $differences, 'rows' => count($before) / 2, 'due' => $due,
                    'as stored' => array_diff_assoc(array_diff_key($asStored, $own), array_map('strval', $unseen)) === [],
                    'linked' => \TelemedZoom\Store\SealedLinks::hash((string) $links->key($unseen['link_key'])) === $unseen['link_hash'] && $links->key($seen['link_key']) !== null,
                    'told' => [...$heard[1]['events'], $heard[1]['state']], 'again' => $again, 'refused' => $refused, 'then' => $state($id),
                ];
                CODE)
        );
    }
}
