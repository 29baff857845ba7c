<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Site;

/** telemed_visits(): what another plugin gives and is given, and what goes wrong in it. */
final class ApiTest extends ClinicTestCase
{
    private const PATIENT = 'pat@patients.example';
    /** An appointment system that says what the option test_standing holds, by appointment; and fails where that is a text. */
    private const SYSTEM = <<<'CODE'
        $visits = telemed_visits();
        add_action('telemed_register_sources', static function ($visits): void {
            $visits->register('test', ['title' => 'Test', 'standing' => static fn (array $appointments): array => get_option('test_standing')]);
        });
        $doctor = get_user_by('login', 'doctor1')->ID;
        $other = get_user_by('login', 'doctor2')->ID;
        $at = static fn (string $day): string => gmdate('Y-m-d 09:00:00', strtotime($day));
        $wanted = static fn (string $day): array => ['doctor' => $doctor, 'start_utc' => $at($day), 'minutes' => 25, 'timezone' => 'Europe/Berlin'];
        $stands = static fn (string $appointment, array $said) => update_option('test_standing', [$appointment => $said + ['takes_place' => true]] + (array) get_option('test_standing', []));
        CODE;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
        $this->site->php('delete_option("test_standing");');
    }

    /** Where another plugin has failed stands in the log. */
    protected function complaints(): array
    {
        return array_values(preg_grep('~ telemed-zoom: [\w\\\\]+ in ~', parent::complaints(), PREG_GREP_INVERT));
    }

    public function testAVisitIsBookedChangedAndFoundByArrays(): void
    {
        [$booked, $moved, $reassigned, $found, $link, $off, $noLink, $none] = $this->inside('
            $booked = $visits->book("test", "1", $wanted("+3 days") + ["patient" => $arguments["patient"], "topic" => "Neutral"]);
            $stands("1", ["doctor" => $other, "minutes" => 40] + $wanted("+5 days"));
            return [
                $booked,
                $visits->reschedule("test", "1", ["start_utc" => $at("+5 days"), "minutes" => 40]),
                $visits->reassign("test", "1", $other),
                $visits->find("test", "1"),
                $visits->link("test", "1"),
                $visits->cancel("test", "1"),
                $visits->link("test", "1"),
                $visits->find("test", "2"),
            ];');
        $this->assertSame(1, preg_match('~^' . preg_quote($this->site->url('/?telemed_visit='), '~') . '[0-9a-f]{32}$~', $booked['link']));
        $this->assertGreaterThan(0, $booked['sequence']);
        $expected = array(
            'id' => $booked['id'], 'source' => 'test', 'appointment' => '1', 'doctor' => $this->site->userId('doctor1'),
            'start_utc' => gmdate('Y-m-d 09:00:00', strtotime('+3 days')), 'minutes' => 25, 'timezone' => 'Europe/Berlin', 'topic' => 'Neutral',
            'takes_place' => true, 'state' => 'due', 'link' => $booked['link'], 'meeting_id' => null, 'sequence' => $booked['sequence'], 'problem' => null,
        );
        $this->assertSame($expected, $booked);
        $changed = array('start_utc' => gmdate('Y-m-d 09:00:00', strtotime('+5 days')), 'minutes' => 40, 'sequence' => $moved['sequence']);
        $this->assertSame(array_merge($expected, $changed), $moved);
        $this->assertGreaterThan($booked['sequence'], $moved['sequence']);
        $this->assertSame($this->site->userId('doctor2'), $reassigned['doctor']);
        $this->assertSame($reassigned, $found);
        $this->assertSame($booked['link'], $link);
        $this->assertSame(array(false, 'cancelled'), array($off['takes_place'], $off['state']));
        $this->assertSame('', $noLink, 'what is off leads nowhere');
        $this->assertNull($none);
    }

    public function testItIsTheFirstVersion(): void
    {
        $this->assertSame(1, $this->site->php('return telemed_visits()->version();'));
    }

    /** @dataProvider wrong */
    #[DataProvider('wrong')]
    public function testWhatIsWrongIsAnErrorAndWritesNothing(string $code, string $call): void
    {
        [$isError, $id, $message] = $this->inside("\$answer = {$call}; return [is_wp_error(\$answer), \$answer->get_error_code(), \$answer->get_error_message()];");
        $this->assertTrue($isError);
        $this->assertSame($code, $id);
        $this->assertNotSame('', $message);
        $this->assertSame(array(), $this->records()->visits->all());
        $this->assertSame(array(), $this->zoom->requests('POST', '/v2/'));
    }

    /** @return array<string, array{string, string}> the error's code, the call */
    public static function wrong(): array
    {
        $book = static fn (string $fields): string => "\$visits->book('test', '1', {$fields} + \$wanted('+3 days'))";
        return array(
            'a source that is not known' => array('telemed_unknown_source', '$visits->book("nobody", "1", $wanted("+3 days"))'),
            'a name with a colon' => array('telemed_bad_visit', '$visits->book("test", "1:2", $wanted("+3 days"))'),
            'a name that is too long' => array('telemed_bad_visit', '$visits->book("test", str_repeat("a", 65), $wanted("+3 days"))'),
            'no doctor' => array('telemed_bad_visit', $book('["doctor" => null]')),
            'a length that is none' => array('telemed_bad_visit', $book('["minutes" => "long"]')),
            'a start that is none' => array('telemed_bad_visit', $book('["start_utc" => "2030-02-31 09:00:00"]')),
            'a start with a zone' => array('telemed_bad_visit', $book('["start_utc" => "2030-02-01T09:00:00Z"]')),
            'a visit that is over' => array('telemed_over', $book('["start_utc" => $at("-1 day")]')),
            'a patient who is none' => array('telemed_bad_patient', $book('["patient" => "Pat"]')),
            'a patient who is no text' => array('telemed_bad_visit', $book('["patient" => ["Pat"]]')),
            'another time of no visit' => array('telemed_no_meeting', '$visits->reschedule("test", "1", [])'),
            'another doctor of no visit' => array('telemed_no_meeting', '$visits->reassign("test", "1", $other)'),
            'a cancellation of no visit' => array('telemed_no_meeting', '$visits->cancel("test", "1")'),
        );
    }

    public function testWhatNobodyExpectedEndsNoBooking(): void
    {
        $code = $this->inside('add_filter("telemed_now", static function () { throw new \TypeError("no clock"); });
            return $visits->book("test", "1", $wanted("+3 days"))->get_error_code();');
        $this->assertSame('telemed_unexpected', $code);
    }

    public function testANameIsRegisteredOnceAndWithWhatIsAsked(): void
    {
        $answers = $this->inside('
            add_filter("doing_it_wrong_trigger_error", "__return_false");
            $right = ["title" => "Test", "standing" => static fn (): array => []];
            $answers = [];
            foreach (["test", "manual", "no name", ""] as $name) {
                $answers[] = $visits->register($name, $right);
            }
            foreach ([["title" => "Test"], ["title" => ""] + $right, ["standing" => "nothing"] + $right, $right, $right] as $source) {
                $answers[] = $visits->register("new", $source);
            }
            $known = array_map(static fn ($source): string => $source->name(), \TelemedZoom\Plugin::instance()->sources->systems());
            return [$answers, $known];');
        $this->assertSame(array(array(true, false, false, false, false, false, false, true, false), array('test', 'new')), $answers);
    }

    public function testAVisitOfTheSitesOwnStandsAtOnce(): void
    {
        $booked = $this->site->php(self::SYSTEM . 'return $visits->book("manual", "form-1", $wanted("+3 days") + ["patient" => "pat@patients.example"]);');
        $this->assertSame('due', $booked['state'], 'nobody has waited for Zoom');
        $this->assertSame('made', $this->row($booked['id'])['state']);
        $this->assertSame(array('Your video visit'), $this->subjects(self::PATIENT));
    }

    public function testASystemThatFailsKeepsNobodyElseWaitingAndIsAskedAgain(): void
    {
        $this->inside('$stands("1", $wanted("+3 days")); $visits->book("test", "1", $wanted("+3 days"));
            $visits->book("manual", "1", $wanted("+4 days"));
            update_option("test_aside", get_option("test_standing")); update_option("test_standing", "it fails");
            remove_all_actions("shutdown");');
        $this->inside('do_action("telemed_run");', false);
        $this->assertSame(array('due', 'made'), array($this->state('test'), $this->state('manual')));
        $this->inside('update_option("test_standing", get_option("test_aside")); do_action("telemed_run");', false);
        $this->assertSame('made', $this->state('test'));
        $this->inside('update_option("test_standing", "it fails"); do_action("telemed_nightly"); foreach ([60, 120, 1000] as $seconds) {
            add_filter("telemed_now", static fn (int $now): int => $now + $seconds); do_action("telemed_run"); }', false);
        $this->assertSame('made', $this->state('test'), 'a visit goes on as it is known');
        $this->assertCount(2, $this->meetings());
        $this->assertMatchesRegularExpression('~telemed-zoom: TypeError in ~', $this->site->logs());
    }

    public function testHalfAnAnswerCancelsNothing(): void
    {
        $this->inside('$stands("1", $wanted("+3 days")); $visits->book("test", "1", $wanted("+3 days"));');
        $this->assertSame('made', $this->state('test'));
        foreach (array('takes_place', 'doctor', 'start_utc', 'minutes') as $field) {
            $this->inside('$whole = get_option("test_standing"); update_option("test_standing", [1 => array_diff_key($whole[1], [$arguments["field"] => 0])]);
                foreach ([0, 60, 120, 1000] as $seconds) { add_filter("telemed_now", static fn (int $now): int => $now + $seconds); do_action("telemed_run"); }
                update_option("test_standing", $whole);', false, array('field' => $field));
            $this->assertSame('made', $this->state('test'), $field);
        }
        $this->assertCount(1, $this->meetings());
    }

    public function testAMoveWithoutAHookIsFoundWithTheSecondRun(): void
    {
        $this->inside('$stands("1", $wanted("+3 days")); $visits->book("test", "1", $wanted("+3 days"));');
        $this->inside('$stands("1", ["timezone" => "+02:00"] + $wanted("+5 days")); do_action("telemed_run");');
        $this->assertStringStartsWith(gmdate('Y-m-d', strtotime('+3 days')), $this->meetings()[0]['start_time'], 'once seen is not believed');
        $this->inside('add_filter("telemed_now", static fn (int $now): int => $now + 60); do_action("telemed_run");');
        $this->assertCount(1, $this->meetings());
        $this->assertStringStartsWith(gmdate('Y-m-d', strtotime('+5 days')), $this->meetings()[0]['start_time']);
        $this->assertSame('UTC', $this->records()->visits->ofAppointment('test', 1)['timezone'], 'neither Zoom nor calendars know offsets');
    }

    public function testThePatientIsWhoeverTheSystemSaysByThen(): void
    {
        $this->inside('$stands("1", ["patient_email" => "new@patients.example", "patient_timezone" => "Asia/Tokyo"] + $wanted("+3 days"));
            $visits->book("test", "1", $wanted("+3 days") + ["patient" => $arguments["patient"]]);');
        $this->assertSame(array(), $this->subjects(self::PATIENT));
        $this->assertSame(array('Your video visit'), $this->subjects('new@patients.example'));
        $mail = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => 'new@patients.example' === $mail['to']))[0];
        $this->assertStringContainsString('Tokyo', $mail['message']);
    }

    /** What docs/adapters.md says of the two public actions. */
    public function testWhoListensHearsOfChangesAndOfWhatHasNeverBeen(): void
    {
        $heard = $this->inside('
            $heard = [];
            foreach (["telemed_visit_changed", "telemed_visit_forgotten"] as $action) {
                add_action($action, static function (array $visit) use (&$heard, $action): void { $heard[] = [$action] + $visit; });
            }
            $id = $visits->book("test", "1", $wanted("+3 days"))["id"];
            // Its transaction was rolled back: no such appointment stands.
            \TelemedZoom\Plugin::instance()->afterRequest->run();
            return array_map(static fn (array $one): array => ["id" => $one["id"] === $id] + $one, $heard);');
        $this->assertEquals(array(
            array('telemed_visit_changed', 'id' => true, 'source' => 'test', 'appointment' => '1', 'events' => array('booked'), 'state' => 'due'),
            array('telemed_visit_forgotten', 'id' => true, 'source' => 'test', 'appointment' => '1'),
        ), $heard);
    }

    public function testWithoutTheExtensionAVisitHasItsLinkAllTheSame(): void
    {
        $bare = Site::fromEnvironment('TELEMED_BARE_SITE_STATE');
        $bare->reset();
        $booked = $bare->php(self::SYSTEM . 'update_option("test_standing", []); return $visits->book("test", "1", $wanted("+3 days"));');
        $this->assertSame('due', $booked['state']);
        $this->assertStringStartsWith($bare->url('/?telemed_visit='), $booked['link']);
    }

    /** @param array<string, mixed> $arguments */
    private function inside(string $code, bool $isWhole = true, array $arguments = array()): mixed
    {
        $standing = $isWhole ? 'add_option("test_standing", []);' : '';
        return $this->site->php(self::SYSTEM . $standing . $code, array('patient' => self::PATIENT) + $arguments);
    }

    private function state(string $source): string
    {
        return (string) $this->records()->visits->ofAppointment($source, 1)['state'];
    }

    /** @return list<string> */
    private function subjects(string $address): array
    {
        return array_column(array_filter($this->site->mails(), static fn (array $mail): bool => $mail['to'] === $address), 'subject');
    }
}
