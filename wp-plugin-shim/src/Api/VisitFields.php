<?php
/**
 * The arrays that other plugins give for a visit, and are given.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Api;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\Patient;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Ledger\Wanted;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;

defined('ABSPATH') || exit;

final class VisitFields
{
    public const UTC = 'UTC';
    private const FORM = 'Y-m-d H:i:s';
    /** What both the ledger and markers at Zoom can hold. */
    private const APPOINTMENT = '/\A[\x21-\x39\x3b-\x7e]{1,64}\z/';

    /** @throws Problem */
    public static function demandAppointment(string $name): void
    {
        if (preg_match(self::APPOINTMENT, $name) !== 1) {
            throw self::bad(__('the name of an appointment is 1 to 64 characters of ASCII without spaces and colons', 'telemed-zoom'));
        }
    }

    /**
     * @param array<string, mixed> $fields
     * @throws Problem
     */
    public static function doctor(array $fields): int
    {
        return self::number($fields, 'doctor');
    }

    /**
     * @param array<string, mixed> $fields
     * @param ?MeetingRecord       $row what is left out is as it is there
     * @throws Problem when something is missing, makes no sense, or is over
     */
    public static function visit(array $fields, ?MeetingRecord $row = null): Visit
    {
        $fields += $row === null ? [] : self::slot($row);
        $start = self::moment($fields['start_utc'] ?? null);
        $minutes = self::number($fields, 'minutes');
        if ($start->getTimestamp() + $minutes * MINUTE_IN_SECONDS < Clock::now()) {
            throw new Problem('telemed_over', __('the visit is over already', 'telemed-zoom'), __('Choose a time to come.', 'telemed-zoom'));
        }
        return Visit::wanted($start, $minutes, self::timezone($fields), is_string($fields['topic'] ?? null) ? $fields['topic'] : '');
    }

    /**
     * @param array<string, mixed> $fields
     * @throws Problem when somebody is named who is not known
     */
    public static function patient(#[\SensitiveParameter] array $fields): ?Patient
    {
        $patient = $fields['patient'] ?? '';
        if (!is_int($patient) && !is_string($patient)) {
            throw self::bad(__('the field patient is neither the number of a user nor an e-mail address', 'telemed-zoom'));
        }
        return Patient::from((string) $patient, true, static fn(): bool => true);
    }

    /**
     * What an appointment system says of an appointment. Half an answer would cancel or move a visit.
     *
     * @param array<string, mixed> $said
     * @throws Problem when it is no whole answer
     */
    public static function wanted(array $said): Wanted
    {
        return new Wanted(
            self::truth($said, 'takes_place'),
            self::number($said, 'doctor'),
            self::moment($said['start_utc'] ?? null),
            self::number($said, 'minutes'),
            self::timezone($said)
        );
    }

    /**
     * @param array<string, mixed> $mail that an appointment system has sent
     * @return array{is_off: bool, doctor: int, sequence: int}
     * @throws Problem when something is missing
     */
    public static function mail(array $mail): array
    {
        return [
            'is_off' => self::truth($mail, 'is_off'),
            'doctor' => self::number($mail, 'doctor'),
            'sequence' => self::number($mail, 'sequence'),
        ];
    }

    /** @throws Problem when it is no moment of that form */
    private static function moment(mixed $text): \DateTimeImmutable
    {
        $moment = is_string($text) ? \DateTimeImmutable::createFromFormat('!' . self::FORM, $text, new \DateTimeZone('UTC')) : false;
        if ($moment === false || $moment->format(self::FORM) !== $text) {
            throw self::bad(__('the field start_utc is no moment in UTC, such as 2030-01-31 09:30:00', 'telemed-zoom'));
        }
        return $moment;
    }

    /** @return array<string, int|string|bool|null> */
    public static function told(MeetingRecord $row): array
    {
        return [
            'id' => $row->id,
            'source' => $row->source,
            'appointment' => $row->appointment,
            'doctor' => $row->doctor,
        ] + self::slot($row) + [
            'takes_place' => $row->state->isLive(),
            'state' => $row->state->value,
            'link' => VisitLink::url($row),
            'meeting_id' => $row->meetingId,
            'sequence' => $row->sequence,
            'problem' => $row->lastError,
        ];
    }

    /** @return array{start_utc: string, minutes: int, timezone: string, topic: string} */
    private static function slot(MeetingRecord $row): array
    {
        return $row->visit()->slot();
    }

    /**
     * @param array<string, mixed> $fields
     * @throws Problem
     */
    private static function number(array $fields, string $name): int
    {
        $number = filter_var($fields[$name] ?? null, FILTER_VALIDATE_INT, ['options' => ['min_range' => 1]]);
        if ($number === false) {
            /* translators: %s: name of a field */
            throw self::bad(sprintf(__('the field %s is no number above 0', 'telemed-zoom'), $name));
        }
        return $number;
    }

    /**
     * @param array<string, mixed> $fields
     * @throws Problem
     */
    private static function truth(array $fields, string $name): bool
    {
        // As databases give it, too.
        return match ($fields[$name] ?? null) {
            true, 1, '1' => true,
            false, 0, '0' => false,
            /* translators: %s: name of a field */
            default => throw self::bad(sprintf(__('the field %s is neither true nor false', 'telemed-zoom'), $name)),
        };
    }

    /**
     * A site may have an offset only, which neither Zoom nor calendars know.
     *
     * @param array<string, mixed> $fields
     */
    private static function timezone(array $fields): string
    {
        $timezone = $fields['timezone'] ?? '';
        return is_string($timezone) && Doctors::isTimezone($timezone) ? $timezone : self::UTC;
    }

    private static function bad(string $what): Problem
    {
        return new Problem('telemed_bad_visit', $what);
    }
}
