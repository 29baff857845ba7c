<?php
/**
 * What other plugins may call: telemed_visits() gives this object. It, and the actions and filters that docs/adapters.md lists, are all
 * that is public (@api). Every other class and function of this plugin is @internal and may change with any version.
 *
 * A visit belongs to an appointment: a source, which is the name of an appointment system, and the appointment's own name there. What
 * is asked for is written down at once, on a database connection of this plugin's own, and carried out after the request, when the
 * appointment is seen to stand. So all of it may be called within an open transaction of $wpdb, nothing waits for Zoom, and nothing
 * fails because of Zoom. No capability is asked for: whoever calls has seen to it that the person may do this.
 *
 * @package TelemedZoom
 * @since   0.2.0
 * @api
 */

declare(strict_types=1);

namespace TelemedZoom;

use TelemedZoom\Api\RegisteredSource;
use TelemedZoom\Api\VisitFields;
use TelemedZoom\Ledger\AppointmentSources;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Site\Database;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Work\Visits;

defined('ABSPATH') || exit;

final class Api
{
    /** Methods, optional arguments and keys of arrays are added without another number. */
    private const VERSION = 1;
    private const SOURCE = '/\A[a-z0-9_-]{1,32}\z/';

    private static ?self $instance = null;

    /** @internal */
    public function __construct(
        private readonly Visits $visits,
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly AppointmentSources $sources,
        private readonly Database $database
    ) {
    }

    /** @internal telemed_visits() gives it. */
    public static function instance(): self
    {
        return self::$instance ?? throw new \LogicException('The plugin has not begun.');
    }

    /** @internal Of the running plugin. */
    public static function use(self $api): void
    {
        self::$instance = $api;
    }

    /**
     * Which of this interface it is: another number means that something was taken out or means something else.
     *
     * @since 0.2.0
     */
    public function version(): int
    {
        return self::VERSION;
    }

    /**
     * Makes an appointment system known, in each request: visits of a source that is not known rest. The action
     * telemed_register_sources is the place for it.
     *
     * @since 0.2.0
     *
     * Both functions are given a list of appointments' names, some hundreds at most, and $read, a function (string $sql, array $values =
     * []): array. It runs a SELECT with a question mark for each value, on a connection of its own, and gives the rows as arrays: what
     * stands committed. $wpdb would show what its open transaction has not committed. Where an appointment system cannot be asked, its
     * functions throw, and are asked again; half an answer counts as none.
     *
     * @param string $name   1 to 32 of a-z, 0-9, hyphen and underscore. It is kept with each visit and must not change.
     * @param array  $source {
     *     The appointment system.
     *
     *     @type string   $title    Its name for people.
     *     @type callable $standing function (array $appointments, callable $read): array. What stands committed of these appointments, by
     *                              their names: arrays with `takes_place` (false: cancelled, or not confirmed yet), `doctor`, `start_utc`,
     *                              `minutes` and `timezone` as of book(). Optional: `patient_name` and `patient_email`, where they are not
     *                              those of the patient it was booked with, and `patient_timezone`, where it is not the visit's. One
     *                              that does not exist is left out.
     *     @type callable $mails    Optional. function (array $appointments, callable $read): array. The e-mails that the system has sent by
     *                              itself to patient and doctor, who are not told the same again: by the appointments' names, lists,
     *                              the oldest first, of arrays with `is_off` (whether it says that the visit is off), `doctor` (who held
     *                              it then) and `sequence` (the visit's, as book() and cancel() gave it: which state of it was told).
     *                              Each is noted in the transaction that changes the appointment, and the note stays as long as the
     *                              visit is to come, also when the appointment is deleted.
     * }
     * @return bool False where something is wrong, or the name is taken: _doing_it_wrong() says so.
     */
    public function register(string $name, array $source): bool
    {
        $source += ['title' => '', 'standing' => null, 'mails' => static fn(): array => []];
        $wrong = match (true) {
            preg_match(self::SOURCE, $name) !== 1 => 'The name of an appointment system is 1 to 32 of a-z, 0-9, hyphen and underscore.',
            !is_string($source['title']) || $source['title'] === '' => 'An appointment system has a title.',
            !is_callable($source['standing']) || !is_callable($source['mails']) => 'standing and mails are functions.',
            default => $this->sources->add(new RegisteredSource($name, $source, $this->database, $this->queries))
                ? null
                : 'There is an appointment system of that name.',
        };
        if ($wrong !== null) {
            _doing_it_wrong(__METHOD__, esc_html($wrong), '0.2.0');
        }
        return $wrong === null;
    }

    /**
     * A visit is wanted, as the appointment is now. Called again it brings the visit to what is wanted by then; after a cancellation the
     * visit takes place again, with the same link. So it may be called after whatever has happened to the appointment.
     *
     * @since 0.2.0
     *
     * @param string $source      The name of a registered source; or 'manual', where there is no appointment system: then the visit itself
     *                            is the appointment, as one of this plugin's own screens, and stands at once.
     * @param string $appointment The appointment's name there: 1 to 64 characters of ASCII without spaces and colons.
     * @param array  $visit       {
     *     What the appointment says.
     *
     *     @type int        $doctor    Who holds it: a user of WordPress.
     *     @type string     $start_utc When, like '2030-01-31 09:30:00', in UTC.
     *     @type int        $minutes   How long.
     *     @type string     $timezone  The zone in which it was booked, like 'Europe/Berlin'; anything else counts as 'UTC'.
     *     @type int|string $patient   Optional. Whom it is with: the number of a user, or an e-mail address. Never sent to Zoom.
     *     @type string     $topic     Optional. What Zoom shows to everyone: no name, no service, no diagnosis. Default: a neutral one.
     * }
     * @return array|\WP_Error {
     *     The visit, or why nothing was written down. The appointment can be booked all the same; it has no link then.
     *
     *     @type int         $id          Its number on this site.
     *     @type string      $source      As it was booked.
     *     @type string      $appointment As it was booked.
     *     @type int         $doctor      Who holds it.
     *     @type string      $start_utc   When, in UTC.
     *     @type int         $minutes     How long.
     *     @type string      $timezone    The zone in which it was booked.
     *     @type string      $topic       What Zoom shows.
     *     @type bool        $takes_place False: it is off, or was missed.
     *     @type string      $state       'due', 'attempting', 'made', 'updating', 'moving', 'uncertain', 'cancelled' or 'missed'.
     *     @type string      $link        The address that patient and doctor hold. Confidential. Empty once it is no longer known.
     *     @type int|null    $meeting_id  Zoom's number of the meeting, as soon as there is one.
     *     @type int         $sequence    Grows with each change that people are told of.
     *     @type string|null $problem     What stands in its way, in words.
     * }
     */
    public function book(string $source, string $appointment, #[\SensitiveParameter] array $visit): array|\WP_Error
    {
        return $this->answer(function () use ($source, $appointment, $visit): MeetingRecord {
            if ($this->sources->find($source) === null) {
                throw new Problem('telemed_unknown_source', sprintf(
                    /* translators: %s: the name of an appointment system, for programs */
                    __('no appointment system has registered as %s', 'telemed-zoom'),
                    $source
                ));
            }
            VisitFields::demandAppointment($appointment);
            [$doctor, $slot, $patient] = [VisitFields::doctor($visit), VisitFields::visit($visit), VisitFields::patient($visit)];
            return $this->visits->book($source, $appointment, $doctor, $slot, $patient);
        });
    }

    /**
     * Another time, length or zone. What is off stays off.
     *
     * @since 0.2.0
     *
     * @param string $source      As it was booked.
     * @param string $appointment As it was booked.
     * @param array  $slot        `start_utc`, `minutes`, `timezone` and `topic` as of book(); what is left out stays.
     * @return array|\WP_Error The visit as of book().
     */
    public function reschedule(string $source, string $appointment, array $slot): array|\WP_Error
    {
        return $this->answer(function () use ($source, $appointment, $slot): MeetingRecord {
            $row = $this->demand($source, $appointment);
            return $this->visits->reschedule($row, VisitFields::visit($slot, $row));
        });
    }

    /**
     * Another doctor. What is off stays off.
     *
     * @since 0.2.0
     *
     * @param string $source      As it was booked.
     * @param string $appointment As it was booked.
     * @param int    $doctor      Who holds it from now on: a user of WordPress.
     * @return array|\WP_Error The visit as of book().
     */
    public function reassign(string $source, string $appointment, int $doctor): array|\WP_Error
    {
        return $this->answer(function () use ($source, $appointment, $doctor): MeetingRecord {
            $row = $this->demand($source, $appointment);
            return $this->visits->reassign($row, VisitFields::doctor(['doctor' => $doctor]));
        });
    }

    /**
     * The visit is off. To cancel it twice is no error.
     *
     * @since 0.2.0
     *
     * @param string $source      As it was booked.
     * @param string $appointment As it was booked.
     * @return array|\WP_Error The visit as of book().
     */
    public function cancel(string $source, string $appointment): array|\WP_Error
    {
        return $this->answer(fn(): MeetingRecord => $this->visits->cancel($this->demand($source, $appointment)));
    }

    /**
     * The visit as it is known, also what was wished in a transaction that is not committed yet.
     *
     * @since 0.2.0
     *
     * @param string $source      As it was booked.
     * @param string $appointment As it was booked.
     * @return array|\WP_Error|null The visit as of book(); null: there is none.
     */
    public function find(string $source, string $appointment): array|\WP_Error|null
    {
        return $this->answer(fn(): ?MeetingRecord => $this->ledger->findAppointment($source, $appointment));
    }

    /**
     * The address that patient and doctor hold: it leads into the visit when it is time, and outlives every move. Confidential: show it
     * to those two only.
     *
     * @since 0.2.0
     *
     * @param string $source      As it was booked.
     * @param string $appointment As it was booked.
     * @return string|\WP_Error Empty: there is no such visit, or it is off.
     */
    public function link(string $source, string $appointment): string|\WP_Error
    {
        $visit = $this->find($source, $appointment);
        return is_array($visit) ? ($visit['takes_place'] ? $visit['link'] : '') : $visit ?? '';
    }

    /** @throws Problem|DatabaseException */
    private function demand(string $source, string $appointment): MeetingRecord
    {
        return $this->ledger->findAppointment($source, $appointment) ?? throw Ledger::noMeeting();
    }

    /**
     * Whoever calls may be in the midst of a booking, which must not end because of us.
     *
     * @param callable(): ?MeetingRecord $work
     * @return array<string, int|string|bool|null>|\WP_Error|null
     */
    private function answer(callable $work): array|\WP_Error|null
    {
        return Edge::within(static function () use ($work): array|\WP_Error|null {
            try {
                $row = $work();
                return $row === null ? null : VisitFields::told($row);
            } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
                return ErrorText::error($failure);
            }
        }, new \WP_Error('telemed_unexpected', Edge::unexpected(), ['status' => 500]));
    }
}
