<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\Adapter\AdapterFixture;
use Telemed\Tests\Page;
use Telemed\Tests\Site;

/** KiviCare's receptionist books by the core's routes. The core mails bookings and cancellations by itself, and moves not. */
final class KivicareFixture implements AdapterFixture
{
    private const VIDEO_DOCTOR1 = 1;

    private Site $site;

    public function install(Site $site): void
    {
        $this->site = $site;
    }

    public function uninstall(): void
    {
        $this->failAfter(false);
    }

    public function source(): string
    {
        return 'kivicare';
    }

    public function patient(): string
    {
        return 'patient@example.com';
    }

    public function book(int $start): string
    {
        return (string) $this->ask('POST', '', $this->booking($start), 201)->json()['data']['id'];
    }

    public function bookAndRollBack(int $start): void
    {
        $this->failAfter(true);
        $this->ask('POST', '', $this->booking($start), 500);
        $this->failAfter(false);
    }

    public function move(string $appointment, int $start): void
    {
        $this->ask('PUT', "/{$appointment}", self::time($start), 200);
    }

    public function cancel(string $appointment): void
    {
        $this->ask('PUT', "/{$appointment}/status", array('status' => 0), 200);
    }

    public function deleteWithoutHook(string $appointment): void
    {
        $database = $this->site->database();
        $database->query('DELETE FROM wp_kc_appointments WHERE id = ' . (int) $appointment);
        $database->close();
    }

    public function mailsElsewhere(string $address): int
    {
        return (int) $this->site->value('SELECT COUNT(*) FROM wp_kivicare_standin_mails WHERE recipient = ?', $address);
    }

    /** @return array<string, mixed> */
    private function booking(int $start): array
    {
        return self::time($start) + array(
            'clinicId' => 1,
            'doctorId' => $this->site->userId('doctor1'),
            'patientId' => $this->site->userId('patient'),
            'serviceId' => array(self::VIDEO_DOCTOR1),
            'description' => 'x',
            'status' => 1,
        );
    }

    /** @return array<string, string> the core's dates are the site's, which is in UTC */
    private static function time(int $start): array
    {
        return array('appointmentStartDate' => gmdate('Y-m-d', $start), 'appointmentStartTime' => gmdate('H:i', $start));
    }

    /** @param array<string, mixed> $body */
    private function ask(string $method, string $route, array $body, int $status): Page
    {
        $page = $this->site->browser('receptionist')->rest($method, "kivicare/v1/appointments{$route}", $body);
        if ($page->status !== $status) {
            throw new \RuntimeException("The core answered with {$page->status}: {$page->body}");
        }
        return $page;
    }

    /** Whether the core rolls back what it books. */
    private function failAfter(bool $fails): void
    {
        $this->site->php('update_option("kivicare_standin", ["fail_after" => $arguments["fails"]]);', array('fails' => $fails));
    }
}
