<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

/** What the site's mailer refuses is repeated until it goes, and staff hear of it; nobody gets a mail twice. */
final class RefusedMailTest extends ClinicTestCase
{
    private const PATIENT = 'pat@patients.example';
    private const DOCTOR = 'doctor1@clinic.example';
    private const CODE = <<<'CODE'
        $plugin = \TelemedZoom\Plugin::instance();
        add_filter('telemed_now', static fn (int $now): int => $now + ($arguments['seconds'] ?? 0));
        // Before whoever else writes the mail down.
        $mailer = $GLOBALS['wp_filter']['pre_wp_mail']->callbacks[10];
        remove_all_filters('pre_wp_mail');
        add_filter('pre_wp_mail', static fn ($sent, array $mail) => in_array('*', $arguments['refuse'], true) || in_array($mail['to'], $arguments['refuse'], true) ? false : current($mailer)['function']($sent, $mail), 10, 2);
        CODE;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useServerToServerWithHosts();
    }

    public function testARefusedMailIsRepeatedToWhomItConcernsUntilItGoes(): void
    {
        $this->book('+3 days', array(self::PATIENT));
        $this->assertSame(array(0, 1), array($this->countTo(self::PATIENT), $this->countTo(self::DOCTOR)));
        $this->assertStringContainsString('could not be sent', $this->list());
        $this->work(11 * 60, array(self::PATIENT));
        $this->work(40 * 60, array());
        $this->assertSame(array(1, 1), array($this->countTo(self::PATIENT), $this->countTo(self::DOCTOR)));
        $this->assertStringNotContainsString('could not be sent', $this->list());
        $this->work(3 * 3600, array());
        $this->assertCount(2, $this->site->mails(), 'and then never again');
    }

    public function testWhatIsRefusedAgainAndAgainIsRepeatedMoreRarelyAndToldToStaffOnce(): void
    {
        $this->book('+30 days', array(self::PATIENT));
        for ($minutes = 1; $minutes <= 24 * 60; $minutes += 20) {
            $this->work($minutes * 60, array(self::PATIENT));
        }
        $this->assertSame(0, $this->countTo(self::PATIENT));
        $refused = $this->records()->log->count('mail_failed');
        $this->assertGreaterThanOrEqual(5, $refused);
        $this->assertLessThanOrEqual(15, $refused);
        $this->assertCount(1, $this->about('admin@clinic.example'));
        $this->assertCount(1, $this->about(self::DOCTOR));
    }

    public function testWhileNobodyCanBeMailedNothingIsLost(): void
    {
        $this->book('+90 minutes', array('*'));
        $this->work(11 * 60, array('*'));
        $this->assertSame(array(), $this->site->mails());
        $this->work(40 * 60, array());
        $this->work(60 * 60, array());
        $this->assertSame(array(1, 1), array($this->countTo(self::PATIENT), count($this->about('admin@clinic.example'))));
        $this->assertCount(1, array_filter($this->to(self::DOCTOR), static fn (array $mail): bool => str_ends_with($mail['subject'], 'Your video visit')));
    }

    public function testWithoutRoomForItsCalendarAMailIsRepeatedAndGoesWithoutWhereThatLasts(): void
    {
        $fullDisk = 'define("WP_TEMP_DIR", "/dev/null/");';
        $this->book('+3 days', array(), $fullDisk);
        $this->assertSame(array(), $this->site->mails());
        $this->work(11 * 60, array());
        $this->assertSame(array('visit.ics'), array_column($this->to(self::PATIENT)[0]['attachments'] ?? array(), 'name'));
        $this->assertSame(array(1, 1), array($this->countTo(self::PATIENT), $this->countTo(self::DOCTOR)));
        $this->site->reset();
        $this->useServerToServerWithHosts();
        $this->book('+3 days', array(), $fullDisk);
        foreach (array(11, 40, 80) as $minutes) {
            $this->work($minutes * 60, array(), $fullDisk);
        }
        $this->assertSame(1, $this->countTo(self::PATIENT));
        $this->assertSame(array(), $this->to(self::PATIENT)[0]['attachments']);
        $this->site->reset();
        $this->useServerToServerWithHosts();
        $this->book('+90 minutes', array(), $fullDisk);
        $this->assertSame(1, $this->countTo(self::PATIENT), 'a visit that is near');
    }

    public function testWhatIsOverIsNotTold(): void
    {
        $this->book('+90 minutes', array(self::PATIENT));
        $this->work(3 * 3600, array());
        $this->assertSame(0, $this->countTo(self::PATIENT));
    }

    /** @param list<string> $refuse addresses; '*' is everybody */
    private function book(string $start, array $refuse, string $also = ''): void
    {
        $this->site->php(self::CODE . $also . '$plugin->visits->book("manual", "a", get_user_by("login", "doctor1")->ID, \TelemedZoom\Ledger\Visit::upcoming(new \DateTimeImmutable($arguments["start"]), 25, "Europe/Berlin", ""), \TelemedZoom\Ledger\Patient::from("pat@patients.example"));', array('start' => $start, 'refuse' => $refuse));
    }

    /** @param list<string> $refuse */
    private function work(int $seconds, array $refuse, string $also = ''): void
    {
        $this->site->php(self::CODE . $also . 'do_action("telemed_run");', array('seconds' => $seconds, 'refuse' => $refuse));
    }

    private function list(): string
    {
        return $this->browser('admin')->get('/wp-admin/admin.php?page=telemed-meetings')->text('telemed-meetings');
    }

    private function countTo(string $address): int
    {
        return count($this->to($address));
    }

    /** @return list<array<string, mixed>> */
    private function to(string $address): array
    {
        return array_values(array_filter($this->site->mails(), static fn (array $mail): bool => $mail['to'] === $address));
    }

    /** @return list<array<string, mixed>> */
    private function about(string $address): array
    {
        return array_values(array_filter($this->to($address), static fn (array $mail): bool => str_contains($mail['subject'], 'could not be sent')));
    }
}
