<?php
/**
 * One of KiviCare's appointments as its row tells it, whatever the core passed along: when it is as one UTC instant, how
 * long, in which zone people see it, and whether it stands.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Clinic\Doctors;

defined('ABSPATH') || exit;

final class Appointment
{
    public const CANCELLED = 0;
    public const BOOKED = 1;
    public const CHECK_OUT = 3;
    public const CHECK_IN = 4;
    /** A visit shall take place; a pending one waits for its payment or for staff. */
    public const HELD = [self::BOOKED, self::CHECK_IN, self::CHECK_OUT];
    private const DEFAULT_MINUTES = 30;
    private const MOST_MINUTES = 1440;

    /** @param \DateTimeImmutable $start in UTC */
    private function __construct(
        public readonly int $id,
        public readonly int $clinic,
        public readonly int $doctor,
        public readonly int $patient,
        public readonly int $status,
        public readonly \DateTimeImmutable $start,
        public readonly int $minutes,
        public readonly string $timezone
    ) {
    }

    /**
     * @param array<string, mixed> $row of kc_appointments, of any version of the core
     * @return ?self null when the row holds no time that can be read
     */
    public static function fromRow(array $row): ?self
    {
        $doctor = (int) ($row['doctor_id'] ?? 0);
        $start = self::instant($row, 'start', $doctor);
        if ($start === null) {
            return null;
        }
        $end = self::instant($row, 'end', $doctor);
        $minutes = $end === null ? 0 : intdiv($end->getTimestamp() - $start->getTimestamp(), 60);
        return new self(
            (int) ($row['id'] ?? 0),
            (int) ($row['clinic_id'] ?? 0),
            $doctor,
            (int) ($row['patient_id'] ?? 0),
            (int) ($row['status'] ?? self::CANCELLED),
            $start,
            $minutes < 1 ? self::DEFAULT_MINUTES : min($minutes, self::MOST_MINUTES),
            self::displayZone($row, $doctor)
        );
    }

    public function isHeld(): bool
    {
        return in_array($this->status, self::HELD, true);
    }

    public function isOver(): bool
    {
        return $this->start->getTimestamp() + $this->minutes * 60 < time();
    }

    /**
     * The UTC column where the core has filled it (4.2 and newer), else the local date and time. The core's 4.2.0 leaves the old
     * instant in the UTC column on a move: where it is not what the local columns say in the row's own zone, these are right.
     *
     * @param array<string, mixed> $row
     * @param 'start'|'end' $which
     */
    private static function instant(array $row, string $which, int $doctor): ?\DateTimeImmutable
    {
        $utc = new \DateTimeZone('UTC');
        $stored = (string) ($row["appointment_{$which}_utc"] ?? '');
        $local = trim(($row["appointment_{$which}_date"] ?? '') . ' ' . ($row["appointment_{$which}_time"] ?? ''));
        if ($stored !== '' && !str_starts_with($stored, '0000')) {
            $instant = self::parse($stored, $utc);
            $zone = self::ownZone($row, $doctor);
            $told = $zone === null ? null : self::parse($local, $zone);
            // Compared as the clock shows it: in the hour that comes twice the column knows which one is meant.
            $isMoved = $told !== null && $instant?->setTimezone($zone)->format('Y-m-d H:i:s') !== $told->format('Y-m-d H:i:s');
            return $isMoved ? $told->setTimezone($utc) : $instant;
        }
        return self::parse($local, self::localZone($row, $doctor))?->setTimezone($utc);
    }

    private static function parse(string $text, \DateTimeZone $zone): ?\DateTimeImmutable
    {
        return \DateTimeImmutable::createFromFormat('!Y-m-d H:i:s', $text, $zone) ?: null;
    }

    /**
     * The frame of the local columns: before 4.2 the site's zone; since then the row's own, in the core's spellings, and the
     * doctor's where the row says nothing or UTC.
     *
     * @param array<string, mixed> $row
     */
    private static function localZone(array $row, int $doctor): \DateTimeZone
    {
        if (!array_key_exists('appointment_timezone', $row)) {
            return wp_timezone();
        }
        $name = (string) $row['appointment_timezone'];
        if ($name === '' || $name === 'UTC') {
            $name = self::doctorsZone($doctor) ?? '';
        }
        return self::zone($name) ?? ($name === '' ? wp_timezone() : new \DateTimeZone('UTC'));
    }

    /**
     * The zone that the row itself names; null where it is only guessed: nothing and UTC stand for others, too.
     *
     * @param array<string, mixed> $row
     */
    private static function ownZone(array $row, int $doctor): ?\DateTimeZone
    {
        $name = (string) ($row['appointment_timezone'] ?? '');
        if ($name === 'UTC' && self::doctorsZone($doctor) === null && in_array(wp_timezone_string(), ['UTC', '+00:00'], true)) {
            return new \DateTimeZone('UTC');
        }
        return $name === '' || $name === 'UTC' ? null : self::zone($name);
    }

    /** In one of the core's spellings; null where it is none. */
    private static function zone(string $name): ?\DateTimeZone
    {
        if (Doctors::isTimezone($name)) {
            return new \DateTimeZone($name);
        }
        if (preg_match('/^(?:UTC)?([+-])(\d{1,2})(?::(\d{2})|\.(\d+))?$/', $name, $parts) === 1 && (int) $parts[2] < 24) {
            $minutes = ($parts[3] ?? '') !== '' ? (int) $parts[3] : (int) round(60 * (float) ('0.' . ($parts[4] ?? '0')));
            return new \DateTimeZone(sprintf('%s%02d:%02d', $parts[1], $parts[2], $minutes));
        }
        return null;
    }

    /**
     * An IANA zone for display.
     *
     * @param array<string, mixed> $row
     */
    private static function displayZone(array $row, int $doctor): string
    {
        $own = (string) ($row['appointment_timezone'] ?? '');
        if ($own !== 'UTC' && Doctors::isTimezone($own)) {
            return $own;
        }
        return (self::doctorsZone($doctor) ?? Doctors::timezoneName($doctor)) ?: 'UTC';
    }

    /** KiviCare's own setting of the doctor. */
    private static function doctorsZone(int $doctor): ?string
    {
        $name = get_user_meta($doctor, 'timezone', true);
        return is_string($name) && Doctors::isTimezone($name) ? $name : null;
    }
}
