<?php
/**
 * How much of this site one doctor can turn against one person: mails, visits, meetings made anew. The numbers are the
 * extension's; each is a filter, and 0 is no limit. What an appointment system books is never refused.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use Telemed\Limit;
use Telemed\Moment;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\DatabaseException;

defined('ABSPATH') || exit;

final class Limits
{
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
        $all = Limit::defaults();
        /**
         * Filters how many e-mails of one doctor's visits may go within an hour, to patients and to the doctor.
         *
         * @since 0.1.0
         * @api
         *
         * @param int $most   So many; 0 for no limit.
         * @param int $doctor The doctor: a user of WordPress.
         */
        $most = (int) apply_filters('telemed_mails_per_doctor', $all['mails_of_doctor']['most'], $row->doctor);
        $from = $this->rate->claim(self::ofDoctor($row), $most, $all['mails_of_doctor']['seconds']);
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
        $most = (int) apply_filters('telemed_mails_per_address', $all['mails_to_address']['most'], $patient);
        $from = $this->rate->claim(self::toAddress($patient), $most, $all['mails_to_address']['seconds']);
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
        $limit = Limit::defaults()['visits_of_patient'];
        /**
         * Filters how many visits of one patient a doctor may book within an hour; staff book as they need.
         *
         * @since 0.1.0
         * @api
         *
         * @param int $most   So many; 0 for no limit.
         * @param int $doctor The doctor: a user of WordPress.
         */
        $most = (int) apply_filters('telemed_visits_per_patient', $limit['most'], $doctor);
        $from = $this->rate->claim(self::visits($doctor, $patient), $most, $limit['seconds']);
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
        $limit = Limit::defaults()['recreations'];
        /**
         * Filters how many seconds lie between two clicks that make the meeting of one visit anew.
         *
         * @since 0.1.0
         * @api
         *
         * @param int $seconds So many; 0 for no limit.
         */
        $seconds = (int) apply_filters('telemed_recreate_seconds', $limit['seconds']);
        if ($this->rate->claim('recreate ' . $row->id, $limit['most'], $seconds) !== null) {
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
        return (int) apply_filters('telemed_writes_per_patient', Moment::defaultPolicies()['writes_of_patient']);
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
