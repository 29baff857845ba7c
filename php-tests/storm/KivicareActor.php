<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Browser;
use Telemed\Tests\Page;

/** Lives appointments through KiviCare's routes, as its screens and its booking widget would. */
final class KivicareActor
{
    private const ROUTE = 'kivicare/v1/appointments';
    /** Of five changes one meets another at the same moment. */
    private const MEETS_ANOTHER = 5;

    private \Random\Randomizer $random;

    /**
     * @param array<int, array{int, int}> $services  free and paid video service of each doctor
     * @param list<int>                   $doctors   WordPress users, by their index in the plan
     * @param array<int, int>             $ids       KiviCare's appointment of each of the plan's, as far as it is there
     * @param \Closure(array<int, int>): void $remember keeps the ids over a kill
     */
    public function __construct(
        private readonly Browser $staff,
        private readonly Browser $patient,
        private readonly int $patientId,
        private readonly array $services,
        private readonly array $doctors,
        private array $ids,
        private readonly \Closure $remember
    ) {
    }

    /**
     * One operation. Done again after a kill it does no harm.
     *
     * @param array<string, mixed> $operation of Plan
     */
    public function act(int $appointment, int $number, array $operation): void
    {
        // The same whether or not the process was killed before.
        $this->random = new \Random\Randomizer(new \Random\Engine\Mt19937(crc32("{$appointment} {$number}")));
        if ('book' === $operation['what']) {
            $this->book($appointment, $operation);
            return;
        }
        $id = $this->ids[$appointment] ?? null;
        if (null === $id) {
            // Rolled back, refused, or its answer was lost.
            return;
        }
        $requests = array($this->with($this->staff, $this->change($id, $operation), $operation));
        if (1 === $this->random->getInt(1, self::MEETS_ANOTHER)) {
            $requests[] = array($this->patient, ...$this->another($id, $operation));
        }
        $this->send($requests);
    }

    /** @param array<string, mixed> $operation */
    private function book(int $appointment, array $operation): void
    {
        $doctor = $this->doctors[$operation['doctor']];
        [$free, $paid] = $this->services[$doctor];
        $way = $this->one(array('staff', 'staff', 'patient', 'without status', 'pending', 'paid', 'paid twice', 'never paid', 'pay later'));
        $booking = array('clinicId' => 1, 'doctorId' => $doctor, 'description' => 'x', 'serviceId' => array($free)) + self::times($operation);
        $booking = match ($way) {
            'staff' => array('patientId' => $this->patientId, 'status' => 1) + $booking,
            'pending' => array('patientId' => $this->patientId, 'status' => 2) + $booking,
            'without status' => array('patientId' => $this->patientId) + $booking,
            'patient' => $booking,
            'pay later' => array('serviceId' => array($paid), 'paymentGateway' => 'paylater') + $booking,
            default => array('serviceId' => array($paid), 'paymentGateway' => 'manual') + $booking,
        };
        $browser = isset($booking['patientId']) ? $this->staff : $this->patient;
        $page = $this->send(array($this->with($browser, array('POST', self::ROUTE, $booking), $operation)))[0];
        // 409: it was booked before this process was killed. 502: php-fpm's process was killed. Zoom is no reason to refuse.
        if (! in_array($page->status, array(201, 409, 502), true) && $operation['commits']) {
            throw new \RuntimeException("A booking was answered with {$page->status}: {$page->body}");
        }
        // Killed between the head of its answer and the rest, it has told no id.
        if (201 !== $page->status || '' === $page->body) {
            return;
        }
        $id = $this->ids[$appointment] = (int) $page->json()['data']['id'];
        ($this->remember)($this->ids);
        $pay = array('POST', self::ROUTE . '/payment-success', array('appointment_id' => $id, 'gateway' => 'manual', 'payment_id' => 'any'));
        $this->send(match ($way) {
            'pending', 'without status' => array(array($this->staff, 'PUT', self::ROUTE . "/{$id}/status", array('status' => 1))),
            'paid' => array($this->with($this->patient, $pay, $operation)),
            'paid twice' => array(array($this->patient, ...$pay), array($this->staff, ...$pay)),
            default => array(),
        });
    }

    /**
     * @param array<string, mixed> $operation
     * @return array{string, string, ?array<string, mixed>}
     */
    private function change(int $id, array $operation): array
    {
        $status = static fn (int $status): array => array('PUT', self::ROUTE . "/{$id}/status", array('status' => $status));
        return match ($operation['what']) {
            'move' => array('PUT', self::ROUTE . "/{$id}", self::times($operation)),
            'rebook' => $status(1),
            'cancel' => $this->one(array(
                $status(0),
                $status(0),
                array('PUT', self::ROUTE . "/{$id}", array('status' => 0)),
                array('DELETE', self::ROUTE . "/{$id}", null),
                array('POST', self::ROUTE . '/bulk/delete', array('ids' => array($id))),
            )),
            // The core changes neither doctor nor length.
            default => array('GET', self::ROUTE . "/{$id}/regenerate-video-conference", null),
        };
    }

    /**
     * @param array<string, mixed> $operation
     * @return array{string, string, ?array<string, mixed>}
     */
    private function another(int $id, array $operation): array
    {
        return $this->one(array(
            array('PUT', self::ROUTE . "/{$id}/status", array('status' => 0)),
            array('PUT', self::ROUTE . "/{$id}/status", array('status' => 1)),
            array('PUT', self::ROUTE . "/{$id}", self::times(array('start' => $operation['elsewhen']) + $operation)),
            array('POST', self::ROUTE . '/payment-success', array('appointment_id' => $id, 'gateway' => 'manual', 'payment_id' => 'any')),
        ));
    }

    /**
     * A request whose transaction the stand-in rolls back if the plan says so.
     *
     * @param array{string, string, ?array<string, mixed>} $request
     * @param array<string, mixed> $operation
     * @return array{Browser, string, string, ?array<string, mixed>}
     */
    private function with(Browser $browser, array $request, array $operation): array
    {
        return array($browser, $request[0], $request[1] . ($operation['commits'] ? '' : '?standin_fail=1'), $request[2]);
    }

    /**
     * @param list<array{Browser, string, string, ?array<string, mixed>}> $requests at the same moment
     * @return list<Page>
     */
    private function send(array $requests): array
    {
        $pages = array() === $requests ? array() : Browser::together($requests);
        foreach ($pages as $page) {
            if (401 === $page->status) {
                throw new \RuntimeException("Nobody is logged in: {$page->body}");
            }
        }
        return $pages;
    }

    /**
     * @param array<string, mixed> $operation
     * @return array<string, string> as the booker's clock shows it
     */
    private static function times(array $operation): array
    {
        $start = (new \DateTimeImmutable($operation['start'], new \DateTimeZone('UTC')))->setTimezone(new \DateTimeZone($operation['timezone']));
        return array('appointmentStartDate' => $start->format('Y-m-d'), 'appointmentStartTime' => $start->format('H:i'), 'timezone' => $operation['timezone']);
    }

    /**
     * @template T
     * @param list<T> $of
     * @return T
     */
    private function one(array $of): mixed
    {
        return $of[$this->random->getInt(0, count($of) - 1)];
    }
}
