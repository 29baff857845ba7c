<?php
/**
 * How much of this site one doctor can turn against one person: mails, visits, meetings made anew. Each number is a filter, and 0 is
 * no limit. What an appointment system books is never refused.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class Limits
{
    private const PATIENT_MAILS = 10;
    private const DOCTOR_MAILS = 60;
    private const VISITS = 5;
    private const RECREATE_SECONDS = MINUTE_IN_SECONDS;

    public function __construct(private readonly RateLimit $rate)
    {
    }

    /**
     * A mail about the visit is to go.
     *
     * @param ?string $patient its address, where it goes to the patient
     * @return ?int null: it may; else it waits until then, Unix seconds
     * @throws DatabaseException
     */
    public function mail(MeetingRecord $row, ?string $patient): ?int
    {
        /**
         * Filters how many e-mails of one doctor's visits may go within an hour, to patients and to the doctor.
         *
         * @since 0.1.0
         * @api
         *
         * @param int $most   So many; 0 for no limit.
         * @param int $doctor The doctor: a user of WordPress.
         */
        $most = (int) apply_filters('telemed_mails_per_doctor', self::DOCTOR_MAILS, $row->doctor);
        $from = $this->rate->claim(self::ofDoctor($row), $most, HOUR_IN_SECONDS);
        if ($from !== null || $patient === null) {
            return $from;
        }
        /**
         * Filters how many e-mails about visits may go to one patient's address within an hour.
         *
         * @since 0.1.0
         * @api
         *
         * @param int    $most    So many; 0 for no limit.
         * @param string $patient The address.
         */
        $most = (int) apply_filters('telemed_mails_per_address', self::PATIENT_MAILS, $patient);
        $from = $this->rate->claim(self::toAddress($patient), $most, HOUR_IN_SECONDS);
        if ($from !== null) {
            $this->rate->giveBack(self::ofDoctor($row));
        }
        return $from;
    }

    /** The mailer has refused it. */
    public function mailRefused(MeetingRecord $row, ?string $patient): void
    {
        $this->rate->giveBack(self::ofDoctor($row));
        if ($patient !== null) {
            $this->rate->giveBack(self::toAddress($patient));
        }
    }

    /**
     * A doctor books a visit of a patient.
     *
     * @throws Problem when it is too many
     * @throws DatabaseException
     */
    public function book(int $doctor, Patient $patient): void
    {
        /**
         * Filters how many visits of one patient a doctor may book within an hour; staff book as they need.
         *
         * @since 0.1.0
         * @api
         *
         * @param int $most   So many; 0 for no limit.
         * @param int $doctor The doctor: a user of WordPress.
         */
        $most = (int) apply_filters('telemed_visits_per_patient', self::VISITS, $doctor);
        $from = $this->rate->claim(self::visits($doctor, $patient), $most, HOUR_IN_SECONDS);
        if ($from !== null) {
            throw new Problem(
                'telemed_too_many_visits',
                __('you have booked many visits of this patient within an hour', 'telemed-zoom'),
                sprintf(
                    /* translators: %d: number of minutes */
                    __('Book this one in %d minutes, or ask an administrator to do it.', 'telemed-zoom'),
                    max(1, (int) ceil(($from - Clock::now()) / MINUTE_IN_SECONDS))
                ),
                isTooMuch: true
            );
        }
    }

    /** It was not booked after all. */
    public function notBooked(int $doctor, Patient $patient): void
    {
        $this->rate->giveBack(self::visits($doctor, $patient));
    }

    /**
     * A meeting is to be made anew by a click.
     *
     * @throws Problem when it has just been
     * @throws DatabaseException
     */
    public function recreate(MeetingRecord $row): void
    {
        /**
         * Filters how many seconds lie between two clicks that make the meeting of one visit anew.
         *
         * @since 0.1.0
         * @api
         *
         * @param int $seconds So many; 0 for no limit.
         */
        $seconds = (int) apply_filters('telemed_recreate_seconds', self::RECREATE_SECONDS);
        if ($seconds > 0 && $this->rate->claim('recreate ' . $row->id, 1, $seconds) !== null) {
            throw new Problem('telemed_just_recreated', __('this meeting has just been made anew', 'telemed-zoom'), __('Try again in a minute.', 'telemed-zoom'), isTooMuch: true);
        }
    }

    /** How many of a host's writes of a day at Zoom the visits of one patient may take; 0 for no limit. */
    public static function writesOfPatient(): int
    {
        /**
         * Filters how many of a host's writes of a day at Zoom the visits of one patient may take.
         *
         * @since 0.1.0
         * @api
         *
         * @param int $most So many of those that Zoom gives each host; 0 for no limit.
         */
        return (int) apply_filters('telemed_writes_per_patient', \Telemed\Moment::defaultPolicies()['writes_of_patient']);
    }

    private static function ofDoctor(MeetingRecord $row): string
    {
        return 'mails of ' . $row->doctor;
    }

    private static function toAddress(string $address): string
    {
        return 'mails to ' . strtolower(trim($address));
    }

    private static function visits(int $doctor, Patient $patient): string
    {
        return "visits of $doctor with " . ($patient->email === null ? $patient->user : strtolower($patient->email));
    }
}
