<?php
/**
 * Tells patient, doctor and staff by mail what became of a visit, once for each change, and only of what stands committed. Each
 * mail to patient and doctor carries the visit for their calendars.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom;

defined('ABSPATH') || exit;

final class VisitMails
{
    /** Log events. The notes name the change and the doctor's user number, never an address. */
    public const LOG_MAILED = 'mailed';
    public const LOG_TOLD_BY_SOURCE = 'told_by_source';
    public const LOG_FAILED = 'mail_failed';
    private const NEWS = ['booked', 'moved', 'reassigned', 'cancelled'];
    private const TROUBLE = ['failed', 'uncertain', 'missed'];
    private const MADE = ['made', 'changed_at_zoom'];
    /** A visit that begins so soon and has no meeting is everybody's concern. */
    private const LATE_SECONDS = HOUR_IN_SECONDS;
    private const LOCK_SECONDS = 5.0;

    public function __construct(
        private readonly AppointmentSources $sources,
        private readonly LedgerQueries $queries,
        private readonly MeetingLog $log,
        private readonly Database $database,
        private readonly Settings $settings,
        private readonly Site $site,
        private readonly Guard $guard
    ) {
    }

    public function register(): void
    {
        add_action('telemed_row_settled', [$this, 'tell'], 10, 3);
        add_action(Cron::HOOK_RUN, [$this, 'warnOfUnmade'], 20);
    }

    /** No mail is worth a booking: a database that fails here fails elsewhere too, and is told of there. */
    public function tell(MeetingRecord $now, MeetingRecord $before, string $event): void
    {
        // A copy of the site holds the same addresses.
        if (!$this->guard->mayAct()) {
            return;
        }
        try {
            if (in_array($event, self::NEWS, true)) {
                $this->tellNews($now, $before, $event);
            } elseif (in_array($event, self::MADE, true)) {
                $this->tellLink($now, $before);
            } elseif (in_array($event, self::TROUBLE, true)) {
                $this->tellTrouble($now, $event === 'failed' && $this->isLate($now) ? 'late' : $event);
            }
        } catch (DatabaseException) {
            return;
        }
    }

    /** What failed long before its visit, and still does. */
    public function warnOfUnmade(): void
    {
        if (!$this->guard->mayAct()) {
            return;
        }
        try {
            foreach ($this->queries->unmadeBefore(Clock::sql(self::LATE_SECONDS)) as $row) {
                $this->tellTrouble($row, 'late');
            }
        } catch (DatabaseException) {
            return;
        }
    }

    private function tellNews(MeetingRecord $row, MeetingRecord $before, string $event): void
    {
        $source = $this->sources->find($row->source);
        if ($source === null || $row->isOver() || ($event === 'cancelled' && $before->seenAt === null)) {
            return;
        }
        if ($source->mailsItself($event, $row)) {
            $this->claim($row, $event, self::LOG_TOLD_BY_SOURCE);
            return;
        }
        $former = $this->lastToldDoctor($row);
        if ($event === 'cancelled') {
            if ($this->claim($row, $event)) {
                $this->toPatient($row, $event);
                $this->toDoctor($row, $event, $former ?? $row->doctor);
            }
            return;
        }
        if ($former !== null && $former !== $row->doctor && $this->claim($row, 'released')) {
            $this->toDoctor($row, 'cancelled', $former);
        }
        if ($this->settings->mailsZoomsLink() && $row->joinUrl === null) {
            // There is none yet: all are told as soon as it is made.
            return;
        }
        if ($this->claim($row, $event)) {
            $this->toPatient($row, $event);
            $this->toDoctor($row, $event, $row->doctor);
        }
    }

    /** Where the clinic mails Zoom's own link, all who may have the old one get the new one. */
    private function tellLink(MeetingRecord $row, MeetingRecord $before): void
    {
        if (!$this->settings->mailsZoomsLink() || $row->joinUrl === null || $row->joinUrl === $before->joinUrl || $row->isOver()) {
            return;
        }
        $event = $this->lastToldDoctor($row) === null ? 'booked' : 'link';
        if ($this->claim($row, 'link ' . $row->generation)) {
            $this->toPatient($row, $event);
            $this->toDoctor($row, $event, $row->doctor);
        }
    }

    private function tellTrouble(MeetingRecord $row, string $event): void
    {
        if (!$this->claim($row, $event)) {
            return;
        }
        Mail::administrators(VisitMailText::troubleSubject($event), VisitMailText::trouble($event, $row));
        $doctor = get_userdata($row->doctor);
        if ($event !== 'uncertain' && $doctor !== false && !Capabilities::isAdmin($row->doctor)) {
            $this->send($row, $doctor->user_email, VisitMailText::troubleSubject($event), VisitMailText::trouble($event, $row));
        }
        if (in_array($event, ['late', 'missed'], true)) {
            $this->toPatient($row, $event);
        }
    }

    private function isLate(MeetingRecord $row): bool
    {
        return !$row->state->hasMeeting() && $row->start->getTimestamp() <= Clock::now() + self::LATE_SECONDS;
    }

    private function toPatient(MeetingRecord $row, string $event): void
    {
        $people = $this->sources->find($row->source)?->people($row);
        if ($people === null || !$this->settings->mailsPatients() || (string) $people->patientEmail === '') {
            return;
        }
        $zone = Doctors::isTimezone((string) $people->patientTimezone) ? new \DateTimeZone((string) $people->patientTimezone) : wp_timezone();
        $this->write($row, $event, VisitMailText::TO_PATIENT, (string) $people->patientEmail, $people, $zone);
    }

    private function toDoctor(MeetingRecord $row, string $event, int $doctor): void
    {
        $people = $this->sources->find($row->source)?->people($row);
        $user = get_userdata($doctor);
        $email = $doctor === $row->doctor && (string) $people?->doctorEmail !== '' ? (string) $people?->doctorEmail : (string) ($user === false ? '' : $user->user_email);
        if ($people !== null && $email !== '') {
            $this->write($row, $event, VisitMailText::TO_DOCTOR, $email, $people, Doctors::timezone($doctor));
        }
    }

    private function write(MeetingRecord $row, string $event, string $to, string $email, People $people, \DateTimeZone $zone): void
    {
        // Whoever clicked has a language of their own.
        $switched = switch_to_locale(get_locale());
        $zoomsLink = $this->settings->mailsZoomsLink();
        $calendar = in_array($event, ['late', 'missed'], true) ? null : Calendar::message(
            $event === 'cancelled' ? Calendar::CANCEL : Calendar::REQUEST,
            $row,
            $this->site->id(),
            self::sender(),
            wp_specialchars_decode((string) get_option('blogname'), ENT_QUOTES),
            $email,
            VisitMailText::summary(),
            $zoomsLink && $row->joinUrl !== null && $to === VisitMailText::TO_PATIENT ? $row->joinUrl : VisitLink::url($row)
        );
        $this->send($row, $email, VisitMailText::subject($event), VisitMailText::body($event, $to, $row, $people, $zone, $zoomsLink), $calendar);
        if ($switched) {
            restore_previous_locale();
        }
    }

    /** The calendar goes as a file: mail plugins that replace wp_mail() know no other attachments. */
    private function send(MeetingRecord $row, string $email, string $subject, string $body, ?string $calendar = null): void
    {
        $folder = get_temp_dir() . 'telemed-' . bin2hex(random_bytes(8));
        $file = $folder . '/visit.ics';
        try {
            $attachments = [];
            if ($calendar !== null && wp_mkdir_p($folder) && chmod($folder, 0700) && file_put_contents($file, $calendar) === strlen($calendar)) {
                $attachments[] = $file;
            }
            if (!wp_mail($email, $subject, $body, '', $attachments)) {
                $this->log->write($row->id, self::LOG_FAILED);
            }
        } finally {
            if (is_file($file)) {
                unlink($file);
            }
            if (is_dir($folder)) {
                rmdir($folder);
            }
        }
    }

    /** Whether this is to be told now: of several processes, and of all times, once. */
    private function claim(MeetingRecord $row, string $event, string $as = self::LOG_MAILED): bool
    {
        $note = sprintf('%s, sequence %d', $event, $row->sequence);
        $key = 'mail:' . $row->id;
        if (!$this->database->lock($key, self::LOCK_SECONDS)) {
            return false;
        }
        try {
            foreach ($this->told($row) as $line) {
                if (str_starts_with($line, $note . ',')) {
                    return false;
                }
            }
            $this->log->write($row->id, $as, null, sprintf('%s, doctor %d', $note, $row->doctor));
            return true;
        } finally {
            $this->database->unlock($key);
        }
    }

    /** Whose calendar holds the visit; null when nobody was told yet. */
    private function lastToldDoctor(MeetingRecord $row): ?int
    {
        foreach (array_reverse($this->told($row)) as $line) {
            if (preg_match('/^(booked|moved|reassigned|link \d+), sequence \d+, doctor (\d+)$/', $line, $found) === 1) {
                return (int) $found[2];
            }
        }
        return null;
    }

    /** @return list<string> */
    private function told(MeetingRecord $row): array
    {
        $lines = array_filter($this->log->of($row->id), static fn(array $line): bool => in_array($line['event'], [self::LOG_MAILED, self::LOG_TOLD_BY_SOURCE], true));
        return array_values(array_map(static fn(array $line): string => (string) $line['note'], $lines));
    }

    /** As wp_mail() names it. */
    private static function sender(): string
    {
        $host = (string) wp_parse_url(network_home_url(), PHP_URL_HOST);
        return (string) apply_filters('wp_mail_from', 'wordpress@' . (str_starts_with($host, 'www.') ? substr($host, 4) : $host));
    }
}
