<?php
/**
 * Writes one mail about a visit to its patient or doctor, with the visit for their calendar.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Mail;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Limits;
use TelemedZoom\Ledger\MeetingLog;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\People;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Site\Clock;
use TelemedZoom\Site\PublicAddress;
use TelemedZoom\Site\Site;

defined('ABSPATH') || exit;

final class VisitMailer
{
    /** Log event. */
    public const LOG_FAILED = 'mail_failed';
    private const FILE = 'visit.ics';
    private const WAIT_SECONDS = 15 * MINUTE_IN_SECONDS;
    /** What the site itself has to say, once for each visit. */
    private const NOT_COUNTED = ['late', 'ready', 'missed'];

    /** @var array{MeetingRecord, ?People}|null null: the plugin of its appointments is not active */
    private ?array $lastPeople = null;

    public function __construct(
        private readonly AppointmentSources $sources,
        private readonly MeetingLog $log,
        private readonly Settings $settings,
        private readonly Site $site,
        private readonly Limits $limits
    ) {
    }

    /**
     * Whether there is anybody to get an e-mail, as far as that can be said now.
     *
     * @param 'patient'|'doctor' $recipient
     */
    public function reaches(MeetingRecord $row, string $recipient, int $doctor): bool
    {
        $people = $this->people($row);
        return $people === null || ($recipient === 'patient' ? $this->patientsAddress($people) : self::doctorsAddress($row, $people, $doctor)) !== '';
    }

    /**
     * @param bool $isUrgent it goes without its calendar rather than later
     * @return bool|int|null true: it has gone; false: it was refused; null: there is nobody to get it; else it waits until then, Unix seconds
     */
    public function toPatient(MeetingRecord $row, string $event, bool $isUrgent = false): bool|int|null
    {
        $people = $this->people($row);
        if ($people === null) {
            return self::later();
        }
        $email = $this->patientsAddress($people);
        $zone = Doctors::isTimezone((string) $people->patientTimezone) ? new \DateTimeZone((string) $people->patientTimezone) : wp_timezone();
        return $email === '' ? null : $this->write($row, $event, VisitMailText::TO_PATIENT, $email, $people, $zone, $isUrgent);
    }

    /**
     * @param bool $isUrgent as of toPatient()
     * @return bool|int|null as of toPatient()
     */
    public function toDoctor(MeetingRecord $row, string $event, int $doctor, bool $isUrgent = false): bool|int|null
    {
        $people = $this->people($row);
        if ($people === null) {
            return self::later();
        }
        $email = self::doctorsAddress($row, $people, $doctor);
        return $email === '' ? null : $this->write($row, $event, VisitMailText::TO_DOCTOR, $email, $people, Doctors::timezone($doctor), $isUrgent);
    }

    /** Of the visit that was asked for last they are remembered. */
    private function people(MeetingRecord $row): ?People
    {
        if ($this->lastPeople === null || $this->lastPeople[0] !== $row) {
            $this->lastPeople = [$row, $this->sources->find($row->source)?->people($row)];
        }
        return $this->lastPeople[1];
    }

    private function patientsAddress(People $people): string
    {
        return $this->settings->mailsPatients() ? (string) $people->patientEmail : '';
    }

    private static function doctorsAddress(MeetingRecord $row, People $people, int $doctor): string
    {
        if ($doctor === $row->doctor && (string) $people->doctorEmail !== '') {
            return (string) $people->doctorEmail;
        }
        $user = get_userdata($doctor);
        return $user === false ? '' : (string) $user->user_email;
    }

    /** The plugin of its appointments is not active: nobody knows who is to be told, and it waits. */
    private static function later(): int
    {
        return Clock::now() + self::WAIT_SECONDS;
    }

    private function write(MeetingRecord $row, string $event, string $to, string $email, People $people, \DateTimeZone $zone, bool $isUrgent): bool|int
    {
        $patient = $to === VisitMailText::TO_PATIENT ? $email : null;
        $isCounted = !in_array($event, self::NOT_COUNTED, true);
        $from = $isCounted ? $this->limits->mail($row, $patient) : null;
        if ($from !== null) {
            return $from;
        }
        // Whoever clicked has a language of their own.
        $switched = switch_to_locale(get_locale());
        $zoomsLink = $this->settings->mailsZoomsLink();
        $calendar = in_array($event, ['late', 'ready', 'missed'], true) ? null : Calendar::message(
            $event === 'cancelled' ? Calendar::CANCEL : Calendar::REQUEST,
            $row,
            $this->site->id(),
            self::sender(),
            wp_specialchars_decode((string) get_option('blogname'), ENT_QUOTES),
            $email,
            VisitMailText::summary(),
            $zoomsLink && $row->joinUrl !== null && $to === VisitMailText::TO_PATIENT ? $row->joinUrl : VisitLink::url($row)
        );
        $sent = $this->send($row, $email, VisitMailText::subject($event), VisitMailText::body($event, $to, $row, $people, $zone, $zoomsLink), $calendar, $isUrgent);
        if ($switched) {
            restore_previous_locale();
        }
        if (!$sent && $isCounted) {
            $this->limits->mailRefused($row, $patient);
        }
        return $sent;
    }

    /**
     * The calendar goes as a file: mail plugins that replace wp_mail() know no other attachments. Without it calendars would keep what
     * was told before, so where the disk has no room for it the mail is as good as refused.
     *
     * @return bool false: it was refused
     */
    public function send(MeetingRecord $row, string $email, string $subject, string $body, ?string $calendar = null, bool $isUrgent = false): bool
    {
        $folder = get_temp_dir() . 'telemed-' . bin2hex(random_bytes(8));
        $file = $folder . '/' . self::FILE;
        $name = static fn(\PHPMailer\PHPMailer\PHPMailer $mail) => self::nameMethod($mail, (string) $calendar);
        add_action('phpmailer_init', $name, 1000);
        try {
            $attachments = [];
            if ($calendar !== null && wp_mkdir_p($folder) && chmod($folder, 0700) && file_put_contents($file, $calendar) === strlen($calendar)) {
                $attachments[] = $file;
            }
            $isWhole = $calendar === null || $attachments !== [];
            $sent = ($isWhole || $isUrgent) && wp_mail($email, $subject, PublicAddress::inText($body), PublicAddress::mailHeaders(), $attachments);
            if (!$sent) {
                $this->log->write($row->id, self::LOG_FAILED);
            }
            return $sent;
        } finally {
            remove_action('phpmailer_init', $name, 1000);
            if (is_file($file)) {
                unlink($file);
            }
            if (is_dir($folder)) {
                rmdir($folder);
            }
        }
    }

    /** Calendars offer to add or remove the visit only where the type of the file names its method. */
    private static function nameMethod(\PHPMailer\PHPMailer\PHPMailer $mail, string $calendar): void
    {
        $files = $mail->getAttachments();
        // Whoever else attaches something knows better.
        if (count($files) === 1 && basename((string) $files[0][0]) === self::FILE && preg_match('/^METHOD:(\w+)/m', $calendar, $method) === 1) {
            $mail->clearAttachments();
            $mail->addAttachment($files[0][0], self::FILE, 'base64', "text/calendar; charset=utf-8; method=$method[1]");
        }
    }

    /** As wp_mail() names it. */
    private static function sender(): string
    {
        return (string) apply_filters('wp_mail_from', PublicAddress::sender());
    }
}
