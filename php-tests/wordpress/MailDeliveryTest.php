<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;

/** Mails survive the death of who was to send them, staff get one mail of many failures, and calendars know what a file is for. */
final class MailDeliveryTest extends ClinicTestCase
{
    private const PATIENT = 'pat@patients.example';
    private const BOOK = <<<'CODE'
        $plugin = \TelemedZoom\Plugin::instance();
        $doctor = get_user_by('login', 'doctor1')->ID;
        $die = static function () { posix_kill(getmypid(), SIGKILL); };
        $dieOnceItStands = static fn () => add_action('telemed_visit_changed', $die, 1);
        $book = static fn (string $name, string $start) => $plugin->visits->book('manual', $name, $doctor, \TelemedZoom\Ledger\Visit::upcoming(new \DateTimeImmutable($start), 25, 'Europe/Berlin', ''), \TelemedZoom\Ledger\Patient::from('pat@patients.example'));
        CODE;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    /**
     * @dataProvider deaths
     * @param int $before mails that have gone by then
     * @param array{int, int} $after mails to patient and doctor in the end
     */
    #[DataProvider('deaths')]
    public function testAMailWhoseProcessIsKilledIsSentByAnother(string $kill, int $before, array $after): void
    {
        try {
            $this->site->php(self::BOOK . $kill . ' $book("a", "+3 days");');
            $this->fail('the process was to be killed');
        } catch (\RuntimeException) {
            $this->assertCount($before, $this->site->mails());
        }
        $this->runWorker(120);
        $this->runWorker(11 * 60);
        $this->assertSame($after, array($this->countTo(self::PATIENT), $this->countTo('doctor1@clinic.example')));
        $this->runWorker(40 * 60);
        $this->runWorker(120 * 60);
        $this->assertCount(array_sum($after), $this->site->mails(), 'and then never again');
        $this->assertSame(array(0, 0), array($this->records()->log->countUnsent(), $this->records()->log->countUnsentWarnings()));
        $this->assertSame('made', $this->rows()[0]['state']);
    }

    /** @return array<string, array{string, int, array{int, int}}> */
    public static function deaths(): array
    {
        return array(
            'after it was taken down' => array('$dieOnceItStands();', 0, array(1, 1)),
            // Nobody can know that it has gone: twice is better than never.
            'after the first mail' => array('add_filter("pre_wp_mail", static function ($sent) use ($die) { $die(); return $sent; }, 20);', 1, array(2, 1)),
        );
    }

    public function testAProcessKilledBeforeTheChangeWasCommittedHasChangedAndToldNothing(): void
    {
        try {
            $this->site->php(self::BOOK . '$plugin->database->atomically(static function () use ($book, $die): void { $book("a", "+3 days"); $die(); });');
            $this->fail('the process was to be killed');
        } catch (\RuntimeException) {
            $this->assertSame(array(), $this->rows());
            $this->assertSame(0, $this->records()->log->count());
        }
        $this->site->php(self::BOOK . '$book("a", "+3 days");');
        $this->runWorker(11 * 60);
        $this->assertSame(array(1, 1), array($this->countTo(self::PATIENT), $this->countTo('doctor1@clinic.example')));
        $this->assertCount(1, $this->meetings());
    }

    public function testWhatWasOverDueIsNotToldWhenSomethingNewerIs(): void
    {
        try {
            $this->site->php(self::BOOK . '$dieOnceItStands(); $book("a", "+3 days");');
        } catch (\RuntimeException) {
            $row = $this->rows()[0];
        }
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->runWorker(30 * 60);
        $this->assertSame(array(), $this->site->mails(), 'nobody has heard that it was on');
    }

    public function testTwoThatComeByTogetherSendItOnce(): void
    {
        try {
            $this->site->php(self::BOOK . '$dieOnceItStands(); $book("a", "+3 days");');
        } catch (\RuntimeException) {
            $children = array();
        }
        $at = microtime(true) + 3.0;
        for ($child = 0; $child < 4; $child++) {
            $pid = pcntl_fork();
            if (0 === $pid) {
                try {
                    $this->site->php('add_filter("telemed_now", static fn (int $now): int => $now + 900); while (microtime(true) < $arguments["at"]) { usleep(500); } do_action("telemed_run");', array('at' => $at));
                } finally {
                    // Not to run the rest of the tests as well.
                    posix_kill(getmypid(), SIGKILL);
                }
            }
            $children[] = $pid;
        }
        foreach ($children as $pid) {
            pcntl_waitpid($pid, $status);
        }
        $this->assertSame(array(1, 1), array($this->countTo(self::PATIENT), $this->countTo('doctor1@clinic.example')));
    }

    public function testManyVisitsThatAreNotReadyAreOneMailToEachOfTheStaff(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), -1);
        $this->site->php(self::BOOK . '
            // That a dozen mails go to one address is the test\'s thrift.
            add_filter("telemed_mails_per_address", static fn () => 0);
            $other = get_user_by("login", "doctor2")->ID;
            foreach (range(1, 12) as $number) { $book("visit$number", "+" . (70 + 2 * $number) . " minutes"); }
            $plugin->visits->book("manual", "other", $other, \TelemedZoom\Ledger\Visit::upcoming(new \DateTimeImmutable("+80 minutes"), 25, "Europe/Berlin", ""));');
        $told = count($this->site->mails());
        $this->runWorker(2 * 60);
        $this->assertCount($told, $this->site->mails(), 'nothing is late yet, and it may mend itself');
        $this->runWorker(60 * 60);
        $this->runWorker(63 * 60);
        $news = array_map(static fn (array $mail): array => array($mail['to'], $mail['subject']), array_slice($this->site->mails(), $told));
        $admin = (string) $this->site->value('SELECT user_email FROM wp_users WHERE ID = 1');
        $this->assertEqualsCanonicalizing(
            array_merge(
                array(
                    array($admin, '[' . $this->site->value('SELECT option_value FROM wp_options WHERE option_name = "blogname"') . '] A video visit is not ready (13 visits)'),
                    array('doctor1@clinic.example', 'A video visit is not ready (12 visits)'),
                    array('doctor2@clinic.example', 'A video visit is not ready'),
                ),
                array_fill(0, 12, array(self::PATIENT, 'Your video visit: the video room is not ready yet'))
            ),
            $news
        );
        $mail = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => str_contains($mail['subject'], '13 visits')))[0];
        $this->assertSame(13, substr_count($mail['message'], 'page=telemed-meeting&id='));
        $this->assertStringNotContainsString(self::PATIENT, $mail['message']);
    }

    public function testWhatMendsItselfWithinMinutesIsToldToNobodyAndWhatLastsIs(): void
    {
        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), 1);
        $this->site->php(self::BOOK . '$book("a", "+3 days");');
        $this->runWorker(4 * 60);
        $this->assertSame('made', $this->rows()[0]['state']);
        $this->runWorker(30 * 60);
        $this->assertCount(2, $this->site->mails(), 'of the booking');

        $this->zoom->fault(array('method' => 'POST', 'path' => '/v2/users/'), array('kind' => 'close_before_work'), -1);
        $this->site->php(self::BOOK . '$book("b", "+4 days");');
        $this->forgetOutage();
        $this->site->php(self::BOOK . '$book("c", "+5 days");');
        $this->runWorker(10 * 60);
        $this->runWorker(12 * 60);
        $told = array_column(array_filter($this->site->mails(), static fn (array $mail): bool => str_contains($mail['subject'], 'not ready at Zoom yet')), 'subject', 'to');
        $this->assertCount(2, $told);
        $this->assertStringContainsString('(2 visits)', $told['doctor1@clinic.example']);
    }

    public function testCalendarsAreToldTheMethodInTheTypeOfTheFile(): void
    {
        $messages = $this->site->php(self::BOOK . '
            require_once ABSPATH . WPINC . "/PHPMailer/PHPMailer.php"; require_once ABSPATH . WPINC . "/PHPMailer/SMTP.php"; require_once ABSPATH . WPINC . "/PHPMailer/Exception.php";
            remove_all_filters("pre_wp_mail");
            $GLOBALS["phpmailer"] = new class (true) extends \PHPMailer\PHPMailer\PHPMailer { public array $sent = []; public function postSend() { $this->sent[] = $this->getSentMIMEMessage(); return true; } };
            add_filter("wp_mail_from", static fn (): string => "clinic@clinic.example");
            $row = $book("a", "+3 days");
            $plugin->afterRequest->run();
            $plugin->visits->cancel($row);
            $plugin->afterRequest->run();
            wp_mail("x@clinic.example", "no calendar", "text");
            return $GLOBALS["phpmailer"]->sent;');
        $this->assertCount(5, $messages);
        foreach (array('REQUEST', 'REQUEST', 'CANCEL', 'CANCEL') as $number => $method) {
            $this->assertMatchesRegularExpression("~^Content-Type: text/calendar; charset=utf-8; method={$method}; name=visit\.ics~m", $messages[$number]);
            $this->assertSame(1, preg_match('~filename=visit\.ics\s+([A-Za-z0-9+/=\s]+)--~', $messages[$number], $file));
            $this->assertStringContainsString("METHOD:{$method}\r\n", (string) base64_decode($file[1]));
        }
        $this->assertStringNotContainsString('text/calendar', $messages[4]);
    }

    private function countTo(string $address): int
    {
        return count(array_filter($this->site->mails(), static fn (array $mail): bool => $mail['to'] === $address));
    }
}
