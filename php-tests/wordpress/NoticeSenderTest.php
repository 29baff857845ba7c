<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

/** What waits in the outbox reaches people once, as what stands then; what has to be told is tested in Rust. */
final class NoticeSenderTest extends ClinicTestCase
{
    private const PATIENT = 'anna@example.org';
    private const BEGIN = 'require ' . "'" . __DIR__ . "/Support/VisitWorld.php'" . ';
        $world = new \Telemed\Tests\WordPress\Support\VisitWorld();
        $world->begin();
        $now = time();
        add_filter("telemed_now", static function () use (&$now): int { return $now; });
        $rows = static fn (string $sql): array => \TelemedZoom\Plugin::instance()->database->rows($sql);
        $book = static fn (string $name, string $start = "+1 week 10:00", array $people = ["patient_email" => "' . self::PATIENT . '"]): int => $world->book($name, $start, true, $people, $arguments["doctor"]);
        $change = static function (int $id, \Closure $wish) use ($world): void {
            $at = $world->moments->now();
            $world->visits->change($id, static fn ($visit) => $wish($visit, $at)->settled($at), $at);
        };
        try {
            return (static function () use ($world, $rows, $book, $change, &$now): mixed {';
    private const END = '})();
        } finally {
            $world->drop();
        }';

    private function within(string $code): mixed
    {
        return $this->site->php(self::BEGIN . $code . self::END, array('doctor' => $this->site->userId('doctor1')));
    }

    /** @return list<string> who got what, in order */
    private function sent(): array
    {
        return array_map(static fn (array $mail): string => implode(', ', (array) $mail['to']) . ': ' . $mail['subject'], $this->site->mails());
    }

    public function testPatientAndDoctorHearOfEachChangeOnce(): void
    {
        $places = $this->within(<<<'CODE'
            $id = $book('7');
            $world->sender->run(20.0);
            $world->sender->run(20.0);
            $change($id, static fn($visit, $at) => $visit->reschedule($world::slot('+2 weeks 10:00'), $at));
            $change($id, static fn($visit, $at) => $visit->reschedule($world::slot('+3 weeks 10:00'), $at));
            $world->sender->runOne($id, 20.0);
            $change($id, static fn($visit, $at) => $visit->reschedule($world::slot('+4 weeks 10:00'), $at));
            $change($id, static fn($visit, $at) => $visit->reschedule($world::slot('+3 weeks 10:00'), $at));
            $world->sender->run(20.0);
            $change($id, static fn($visit, $at) => $visit->cancel($at));
            $world->sender->run(20.0);
            return array_count_values(array_column($rows('SELECT place FROM ' . $world->tables->outbox()), 'place'));
            CODE);
        $doctor = $this->site->state['doctor1']['email'] ?? 'doctor1@clinic.example';
        $this->assertSame(
            array(
                self::PATIENT . ': Your video visit', "{$doctor}: Your video visit",
                self::PATIENT . ': Your video visit has changed', "{$doctor}: Your video visit has changed",
                self::PATIENT . ': Your video visit is cancelled', "{$doctor}: Your video visit is cancelled",
            ),
            $this->sent()
        );
        $this->assertSame(6, $places['sent']);
        $this->assertSame(array(), array_diff_key($places, array('sent' => 1, 'dropped' => 1)));
        $mails = $this->site->mails();
        $methods = array_map(static fn (array $mail): string => preg_match('/^METHOD:(\w+)/m', implode('', array_column($mail['attachments'], 'content')), $found) ? $found[1] : '', $mails);
        $this->assertSame(array('REQUEST', 'REQUEST', 'REQUEST', 'REQUEST', 'CANCEL', 'CANCEL'), $methods);
        $this->assertStringContainsString('telemed_visit=', $mails[0]['message']);
        $this->assertStringNotContainsString('zoom.us', $mails[0]['message']);
    }

    public function testWhatChangesBetweenTwoMailsIsToldAsItStandsThen(): void
    {
        $starts = $this->within(<<<'CODE'
            $id = $book('7');
            $isFirst = true;
            add_filter('wp_mail', static function (array $mail) use ($change, $world, $id, &$isFirst): array {
                if ($isFirst) {
                    $isFirst = false;
                    $change($id, static fn($visit, $at) => $visit->reschedule($world::slot('+2 weeks 10:00'), $at));
                }
                return $mail;
            });
            $world->sender->runOne($id, 20.0);
            return [$world::slot('+1 week 10:00')['start_utc'], $world::slot('+2 weeks 10:00')['start_utc']];
            CODE);
        [$first, $then] = array_map(static fn (string $start): string => gmdate('Ymd\\THis\\Z', (int) strtotime("{$start} UTC")), $starts);
        $told = array_map(
            static fn (array $mail): array => array(((array) $mail['to'])[0] === self::PATIENT, preg_match('/^DTSTART[^:]*:(\w+)/m', implode('', array_column($mail['attachments'], 'content')), $found) ? $found[1] : ''),
            $this->site->mails()
        );
        sort($told);
        $expected = array(array(false, $then), array(true, $first), array(true, $then));
        sort($expected);
        $this->assertSame($expected, $told, 'the doctor hears of the new start alone, the patient of both');
    }

    public function testOfTwoSendersOneSends(): void
    {
        $places = $this->within(<<<'CODE'
            $id = $book('7');
            $isFirst = true;
            add_filter('wp_mail', static function (array $mail) use ($world, $id, &$isFirst): array {
                if ($isFirst) {
                    $isFirst = false;
                    $world->sender->runOne($id, 20.0);
                }
                return $mail;
            });
            $world->sender->runOne($id, 20.0, $world->visits->read($id));
            return array_column($rows('SELECT place FROM ' . $world->tables->outbox()), 'place');
            CODE);
        $this->assertSame(array('sent', 'sent'), $places);
        $this->assertCount(2, $this->sent());
    }

    public function testANoticeIsTakenOnOnlyWhileTheVisitIsAsItWasRead(): void
    {
        $seen = $this->within(<<<'CODE'
            global $wpdb;
            $id = $book('7');
            $read = $world->visits->read($id)->visit;
            $at = $world->moments->now();
            $notice = $read->dueNotices($at)[0];
            $take = static fn(): ?\Telemed\Visit => $world->visits->changeRead($id, $read, static fn($visit) => $visit->send($notice, $at), $at);
            // Somebody else holds the visit, and has not written yet.
            \TelemedZoom\Plugin::instance()->database->execute('SET SESSION innodb_lock_wait_timeout = 1');
            $wpdb->query('START TRANSACTION');
            $wpdb->query("SELECT id FROM {$world->tables->visits()} WHERE id = $id FOR UPDATE");
            $code = 0;
            try {
                $take();
            } catch (\TelemedZoom\Site\DatabaseException $failure) {
                $code = $failure->getCode();
            }
            $wpdb->query("UPDATE {$world->tables->visits()} SET version = version + 1 WHERE id = $id");
            $wpdb->query('COMMIT');
            $isRefused = $take() === null;
            $place = $rows("SELECT place FROM {$world->tables->outbox()} WHERE id = $notice")[0]['place'];
            // The same notice, taken on by somebody else.
            $read = $world->visits->read($id)->visit;
            $world->visits->change($id, static fn($visit) => $visit->send($notice, $at), $at);
            return [$code, $isRefused, $place, $take() === null, $world->visits->find($id)->version() === $read->version()];
            CODE);
        $this->assertSame(array(1205, true, 'waiting', true, true), $seen);
    }

    public function testWhereNobodyIsThereNothingIsTakenOn(): void
    {
        $rows = $this->within(<<<'CODE'
            $id = $book('7', '+1 week 10:00', []);
            $world->sender->run(20.0);
            return $rows('SELECT recipient, place, tries FROM ' . $world->tables->outbox() . ' ORDER BY recipient');
            CODE);
        $this->assertSame(array(array('doctor', 'sent', 0), array('patient', 'dropped', 0)), array_map('array_values', $rows));
        $this->assertCount(1, $this->sent());
    }

    public function testWhatTheMailerRefusesIsTriedAgainAndStaffHearOfIt(): void
    {
        $tries = $this->within(<<<'CODE'
            $refuses = true;
            $tries = 0;
            add_filter('pre_wp_mail', static function ($sent, array $mail) use (&$refuses, &$tries) {
                $isRefused = $refuses && (array) $mail['to'] === ['anna@example.org'];
                $tries += (int) $isRefused;
                return $isRefused ? false : $sent;
            }, 10, 2);
            $id = $book('7');
            for ($hour = 0; $hour < 4; $hour++) {
                $world->sender->run(20.0);
                $now += 3600;
            }
            $refuses = false;
            $now += 6 * 3600;
            $world->sender->run(20.0);
            return [$tries, array_column($rows('SELECT place FROM ' . $world->tables->outbox()), 'place')];
            CODE);
        $this->assertGreaterThanOrEqual(3, $tries[0]);
        $this->assertNotContains('waiting', $tries[1]);
        $sent = $this->sent();
        $this->assertContains(self::PATIENT . ': Your video visit', $sent);
        $this->assertCount(2, preg_grep('/could not be sent/', $sent), 'staff and the doctor');
    }

    public function testStaffHearAtOnceOfARefusalShortlyBeforeTheVisit(): void
    {
        $this->within(<<<'CODE'
            add_filter('pre_wp_mail', static fn($sent, array $mail) => (array) $mail['to'] === ['anna@example.org'] ? false : $sent, 10, 2);
            $id = $book('7', '+3 hours');
            $world->sender->runOne($id, 20.0);
            // Nobody else has to be told of anything by then.
            $now += 2 * 3600;
            $world->sender->runOne($id, 20.0);
            return null;
            CODE);
        $this->assertCount(2, preg_grep('/could not be sent/', $this->sent()), 'staff and the doctor');
    }

    public function testStaffHearOfManyVisitsInOneMail(): void
    {
        $this->within(<<<'CODE'
            $world->problem = ['id' => 'no_host', 'passes' => false, 'parameters' => ['message' => 'no Zoom user is confirmed']];
            foreach (['7', '8', '9'] as $name) {
                $world->loop->bringOn($book($name), 30.0);
            }
            $world->sender->run(20.0);
            $now += 301;
            $world->sender->run(20.0);
            $now += 301;
            $world->sender->run(20.0);
            return null;
            CODE);
        $trouble = array_values(preg_grep('/not ready at Zoom/', $this->sent()));
        $this->assertCount(2, $trouble, 'one to the administrators, one to the doctor');
        $this->assertStringContainsString('(3 visits)', $trouble[0]);
        $this->assertCount(2, preg_grep('/No Zoom user is confirmed\./', array_column($this->site->mails(), 'message')));
    }

    public function testWhatIsTooMuchWaitsAndIsNotLost(): void
    {
        $waits = $this->within(<<<'CODE'
            add_filter('telemed_mails_per_address', static fn(): int => 1);
            $book('7');
            $book('8');
            $world->sender->run(20.0);
            $waiting = count($rows('SELECT id FROM ' . $world->tables->outbox() . " WHERE place = 'waiting' AND recipient = 'patient'"));
            $now += 3700;
            $world->sender->run(20.0);
            return [$waiting, count($rows('SELECT id FROM ' . $world->tables->outbox() . " WHERE place = 'waiting'"))];
            CODE);
        $this->assertSame(array(1, 0), $waits);
        $this->assertCount(2, preg_grep('/^' . preg_quote(self::PATIENT, '/') . '/', $this->sent()));
    }

    public function testWhoDiesWhileSendingIsFollowedByAnother(): void
    {
        $meanwhile = $this->within(<<<'CODE'
            $id = $book('7');
            $at = $world->moments->now();
            foreach ($world->visits->queue->dueNotices($at->now(), 9) as ['notice' => $notice]) {
                $world->visits->change($id, static fn($visit) => $visit->send($notice, $at), $at);
            }
            $meanwhile = 0;
            add_filter('wp_mail', static function (array $mail) use (&$meanwhile): array {
                $meanwhile++;
                return $mail;
            });
            $world->sender->run(20.0);
            $sent = $meanwhile;
            $now += 601;
            $world->sender->run(20.0);
            return $sent;
            CODE);
        $this->assertSame(0, $meanwhile, 'whoever lives still sends it');
        $this->assertCount(2, $this->sent());
    }
}
