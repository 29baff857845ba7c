<?php
/**
 * The words of the mails about a visit: when, with whom, by which link. Nothing about health, and no patient's name.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\People;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Site\AdminPages;
use TelemedZoom\Site\PublicAddress;

defined('ABSPATH') || exit;

final class VisitMailText
{
    public const TO_PATIENT = 'patient';
    public const TO_DOCTOR = 'doctor';
    private const MOST_LISTED = 50;

    /** @param string $event 'booked', 'moved', 'reassigned', 'cancelled', 'link', 'late', 'ready' or 'missed' */
    public static function subject(string $event): string
    {
        return match ($event) {
            'moved' => __('Your video visit has changed', 'telemed-zoom'),
            'reassigned' => __('Your video visit is with another doctor', 'telemed-zoom'),
            'cancelled' => __('Your video visit is cancelled', 'telemed-zoom'),
            'link' => __('The new link of your video visit', 'telemed-zoom'),
            'late' => __('Your video visit: the video room is not ready yet', 'telemed-zoom'),
            'ready' => __('Your video visit: the video room is ready', 'telemed-zoom'),
            'missed' => __('Your video visit could not take place', 'telemed-zoom'),
            default => __('Your video visit', 'telemed-zoom'),
        };
    }

    /** What a calendar shows; calendars are shared. */
    public static function summary(): string
    {
        return __('Video visit', 'telemed-zoom');
    }

    /**
     * @param self::TO_PATIENT|self::TO_DOCTOR $to
     * @param bool $zoomsLink whether Zoom's own link is mailed in place of the visit link
     */
    public static function body(string $event, string $to, MeetingRecord $row, People $people, \DateTimeZone $zone, bool $zoomsLink): string
    {
        $parts = [self::sentence($event, $to), self::facts($row, $to === self::TO_PATIENT ? $people->doctorName : '', $zone)];
        if (!in_array($event, ['cancelled', 'missed'], true)) {
            $parts[] = self::links($to, $row, $zoomsLink);
        }
        $parts[] = wp_specialchars_decode((string) get_option('blogname'), ENT_QUOTES) . "\n" . PublicAddress::home();
        return implode("\n\n", array_filter($parts)) . "\n";
    }

    /** What is copied from the list and sent by other ways. */
    public static function invitation(MeetingRecord $row, string $doctor, bool $zoomsLink): string
    {
        return __('You are invited to a video visit.', 'telemed-zoom') . "\n\n" . self::facts($row, $doctor, wp_timezone()) . "\n\n" . self::links(self::TO_PATIENT, $row, $zoomsLink);
    }

    /**
     * For doctor and administrators: what is wrong with visits, and what to do.
     *
     * @param non-empty-list<MeetingRecord> $rows
     */
    public static function trouble(string $event, array $rows): string
    {
        $first = $rows[0];
        $what = match ($event) {
            'missed' => __('A video visit is over, and its meeting at Zoom could not be made. The patient has been told, if an e-mail of theirs is known. Please call them.', 'telemed-zoom'),
            'late' => __('A video visit begins soon or has begun, and its meeting at Zoom is not there. It is still being tried. The patient has been told, if an e-mail of theirs is known. Please be ready to call them.', 'telemed-zoom'),
            'ready' => __('The meeting of a video visit that was late is there now, and the patient has been told, if an e-mail of theirs is known. Nothing needs to be done.', 'telemed-zoom'),
            'unmailed' => __('A mail about a video visit could not be sent: this site\'s mailer has refused it. It is tried again. Please see to it that patient and doctor learn of the visit, and let an administrator look at how this site sends mail.', 'telemed-zoom'),
            'overlaps' => __('A video visit overlaps with another of the same Zoom user. Zoom runs one meeting of a host at a time, so one of the two could not be started. Please move one of them, or give one of the doctors a Zoom user of their own.', 'telemed-zoom'),
            'uncertain' => __('Zoom could not be asked whether the meeting of a video visit was made, so that it is not made a second time by itself. Look at Zoom whether there is one, and then decide on the visit\'s page.', 'telemed-zoom'),
            default => __('The meeting of a video visit could not be made or changed at Zoom. It is tried again until the visit is over; you will be told if that does not help in time.', 'telemed-zoom'),
        };
        if (count($rows) === 1) {
            return implode("\n\n", array_filter([
                $what,
                self::facts($first, Doctors::name($first->doctor), wp_timezone()),
                $first->lastError === null || $event === 'overlaps' ? '' : __('Why:', 'telemed-zoom') . ' ' . $first->lastError,
                AdminPages::meeting($first->id),
            ])) . "\n";
        }
        $list = [];
        foreach (array_slice($rows, 0, self::MOST_LISTED) as $row) {
            $list[] = self::facts($row, Doctors::name($row->doctor), wp_timezone()) . "\n" . AdminPages::meeting($row->id);
        }
        if (count($rows) > self::MOST_LISTED) {
            /* translators: %d: number of visits */
            $list[] = sprintf(__('And %d more:', 'telemed-zoom'), count($rows) - self::MOST_LISTED) . ' ' . AdminPages::meetings();
        }
        $reasons = array_unique(array_filter(array_map(static fn(MeetingRecord $row): ?string => $row->lastError, $rows)));
        return implode("\n\n", array_filter([
            /* translators: %d: number of visits */
            sprintf(__('This is true of %d visits:', 'telemed-zoom'), count($rows)) . ' ' . $what,
            $reasons === [] || $event === 'overlaps' ? '' : __('Why:', 'telemed-zoom') . ' ' . implode("\n", array_slice($reasons, 0, 3)),
            ...$list,
        ])) . "\n";
    }

    public static function troubleSubject(string $event, int $count): string
    {
        $subject = match ($event) {
            'missed' => __('A video visit could not take place', 'telemed-zoom'),
            'late' => __('A video visit is not ready', 'telemed-zoom'),
            'ready' => __('A video visit that was late is ready', 'telemed-zoom'),
            'unmailed' => __('A mail about a video visit could not be sent', 'telemed-zoom'),
            'overlaps' => __('Two video visits overlap', 'telemed-zoom'),
            'uncertain' => __('A video visit needs your decision', 'telemed-zoom'),
            default => __('A video visit is not ready at Zoom yet', 'telemed-zoom'),
        };
        /* translators: 1: what is wrong, 2: number of visits */
        return $count === 1 ? $subject : sprintf(__('%1$s (%2$d visits)', 'telemed-zoom'), $subject, $count);
    }

    private static function sentence(string $event, string $to): string
    {
        $isDoctor = $to === self::TO_DOCTOR;
        return match ($event) {
            'moved' => __('Your video visit has changed. It is now:', 'telemed-zoom'),
            'reassigned' => $isDoctor ? __('You have taken over a video visit:', 'telemed-zoom') : __('Your video visit is with another doctor now:', 'telemed-zoom'),
            'cancelled' => $isDoctor ? __('This video visit is cancelled, or another doctor holds it:', 'telemed-zoom') : __('Your video visit is cancelled:', 'telemed-zoom'),
            'link' => __('The link of your video visit has changed. The one that you had no longer works. The visit:', 'telemed-zoom'),
            'late' => __('The video room of your visit is not ready yet. We keep trying, and the link below leads there as soon as it is. If it lasts, please call the clinic.', 'telemed-zoom'),
            'ready' => __('The video room of your visit is ready now, and your visit takes place as planned. Please excuse the message before.', 'telemed-zoom'),
            'missed' => __('We are sorry: for technical reasons your video visit could not take place. Please ask the clinic for another appointment.', 'telemed-zoom'),
            default => $isDoctor ? __('A video visit with you is booked:', 'telemed-zoom') : __('Your video visit is booked:', 'telemed-zoom'),
        };
    }

    private static function facts(MeetingRecord $row, string $with, \DateTimeZone $zone): string
    {
        $when = sprintf(
            /* translators: 1: date and time, 2: time zone, 3: number of minutes */
            __('When: %1$s (%2$s), %3$d minutes', 'telemed-zoom'),
            (string) wp_date(get_option('date_format') . ', ' . get_option('time_format'), $row->start->getTimestamp(), $zone),
            $zone->getName(),
            $row->minutes
        );
        /* translators: %s: name of a doctor */
        return $with === '' ? $when : $when . "\n" . sprintf(__('With: %s', 'telemed-zoom'), $with);
    }

    private static function links(string $to, MeetingRecord $row, bool $zoomsLink): string
    {
        $lines = [];
        if ($zoomsLink && $row->joinUrl !== null) {
            $lines[] = __('Join here at the time of the visit:', 'telemed-zoom') . "\n" . $row->joinUrl;
            if ($row->passcodeInLink === false && $row->passcode !== null) {
                /* translators: %s: passcode */
                $lines[] = sprintf(__('Zoom asks for this passcode: %s', 'telemed-zoom'), $row->passcode);
            }
            if ($to === self::TO_DOCTOR) {
                $lines[] = __('To start the visit as its host, use:', 'telemed-zoom') . "\n" . VisitLink::url($row);
            }
        } elseif ($row->visitKey !== null) {
            $lines[] = ($to === self::TO_DOCTOR
                ? __('Start it here (log in on the page). The link stays the same, also if the visit is moved:', 'telemed-zoom')
                : __('Join here at the time of the visit. The link stays the same, also if the visit is moved. Please pass it on to nobody:', 'telemed-zoom')) . "\n" . VisitLink::url($row);
        }
        return implode("\n\n", $lines);
    }
}
