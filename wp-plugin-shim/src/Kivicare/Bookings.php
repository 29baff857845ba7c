<?php
/**
 * What becomes of a visit when something happens to its appointment. Each event of KiviCare's leads to one question: what
 * does the appointment's row say now? The answer is recorded as a wish, on the plugin's own connection, and carried out
 * after the request, once the appointment is seen committed. Nothing here calls Zoom, waits, or throws at the core.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Ledger\Patient;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Work\Visits;

defined('ABSPATH') || exit;

final class Bookings
{
    private const REGENERATE = '#^/kivicare/v\d+/appointments/(?P<id>\d+)/regenerate-video-conference$#';

    /** The appointment whose link the current request regenerates. */
    private ?int $regenerating = null;

    public function __construct(private readonly Ledger $ledger, private readonly Visits $visits)
    {
    }

    public function register(): void
    {
        // The core's mail listener reads the mapping at 10.
        foreach (['kc_after_create_appointment', 'kc_appointment_payment_completed', 'kc_appointment_cancelled'] as $hook) {
            add_action($hook, [$this, 'onChange'], 5);
        }
        foreach (['kc_appointment_updated', 'kc_appointment_status_update', 'kc_appointment_payment_cancelled'] as $hook) {
            add_action($hook, [$this, 'onChange'], 10);
        }
        add_action('kc_appointment_deleted', [$this, 'onDelete'], 10);
        add_filter('rest_request_before_callbacks', [$this, 'beforeRoute'], 10, 3);
        add_filter('rest_request_after_callbacks', [$this, 'afterRoute'], 10, 3);
        add_action('telemed_visit_changed', [$this, 'onVisit'], 5);
        add_action('telemed_visit_forgotten', [$this, 'onForgotten']);
    }

    /**
     * The core wants a meeting for an appointment: at booking, after a payment, or because somebody clicked Regenerate.
     *
     * @return array<string, mixed>|\WP_Error what the core takes for a meeting; its join link is the visit link
     */
    public function created(int $id): array|\WP_Error
    {
        $isRegenerated = $this->regenerating === $id;
        // Regenerate has not written the appointment.
        $appointment = $isRegenerated ? Appointments::find($id) : Appointments::current($id);
        if ($appointment === null) {
            return new \WP_Error('telemed_no_appointment', __('There is no such appointment.', 'telemed-zoom'));
        }
        if ($isRegenerated) {
            return $this->regenerated($appointment);
        }
        // After a payment the core asks for any doctor's service, so also for a visit at the clinic.
        if (!Appointments::isTelemed($appointment)) {
            return self::meeting($appointment, null);
        }
        return self::meeting($appointment, $this->want($appointment));
    }

    /** @return bool whether there was a visit to cancel */
    public function cancelled(int $id): bool
    {
        $this->cancelOtherProvider($id);
        return $this->cancelOurs($id);
    }

    private function cancelOurs(int $id): bool
    {
        return self::quietly(function () use ($id): bool {
            $row = $this->row($id);
            if ($row === null || !$row->state->isLive()) {
                return false;
            }
            $this->visits->cancel($row);
            return true;
        }) ?? false;
    }

    /** What the appointment's row says now is what is wanted. */
    public function onChange(mixed $id): void
    {
        $id = (int) $id;
        self::quietly(function () use ($id): void {
            $appointment = Appointments::current($id);
            $row = $this->row($id);
            if ($appointment === null || !$appointment->isHeld()) {
                if ($row !== null) {
                    $this->cancelled($id);
                }
                return;
            }
            if ($row !== null && $row->state->isLive()) {
                $this->want($appointment);
            } elseif ($appointment->status !== Appointment::CHECK_OUT && Appointments::isTelemed($appointment) && self::isOnZoom($appointment->doctor)) {
                $this->want($appointment);
            }
        });
    }

    public function onDelete(mixed $id): void
    {
        $this->cancelled((int) $id);
        MappingTable::clear((int) $id);
    }

    /**
     * Keeps the core's row true to ours: Zoom's number once there is a meeting, the reason when there is none.
     *
     * @param array{id: int, source: string, appointment: string, events: list<string>, state: string} $what
     */
    public function onVisit(array $what): void
    {
        if ($what['source'] !== Source::NAME || $what['events'] === ['attempting']) {
            return;
        }
        $this->writeMapping($what['id'], (int) $what['appointment']);
    }

    /** What the core's row of an appointment has to say of its visit is written there. */
    public function writeMapping(int $visit, int $appointment): void
    {
        self::quietly(function () use ($visit, $appointment): void {
            $mapping = MappingTable::find($appointment);
            $row = $this->ledger->find($visit);
            if ($row === null || ($mapping === null && !self::lacksMapping($row))) {
                return;
            }
            $isOff = $row->state === MeetingState::Cancelled;
            $failed = $row->meetingId === null && $row->lastError !== null && !$isOff;
            // The core would mail the link of a visit that is off as a booking: it stores what staff book without a status as cancelled.
            $link = $isOff ? '' : self::link($row, $mapping);
            MappingTable::write($appointment, $link, self::number($row), null, $failed ? $row->lastError : null);
        });
    }

    /**
     * Whether a visit that has no row of the core's is to have one: the request that booked it died before it wrote that. Where nothing
     * is confirmed, the row may have been rolled back, or is still to come.
     */
    private static function lacksMapping(MeetingRecord $row): bool
    {
        return $row->event === null && $row->state->isLive() && (Appointments::find((int) $row->appointment)?->isHeld() ?? false);
    }

    /**
     * An appointment that was deleted before its booking was seen: the request that deleted it may have died before onDelete().
     *
     * @param array{id: int, source: string, appointment: string} $which
     */
    public function onForgotten(array $which): void
    {
        if ($which['source'] === Source::NAME && Appointments::find((int) $which['appointment']) === null) {
            MappingTable::forget((int) $which['appointment']);
        }
    }

    /**
     * @param mixed $response
     * @param mixed $handler
     */
    public function beforeRoute(mixed $response, mixed $handler, \WP_REST_Request $request): mixed
    {
        $this->regenerating = preg_match(self::REGENERATE, $request->get_route(), $parts) === 1 ? (int) $parts['id'] : null;
        return $response;
    }

    /**
     * A doctor who has moved to Google Meet has a meeting there now; ours would be a second one.
     *
     * @param mixed $response
     * @param mixed $handler
     */
    public function afterRoute(mixed $response, mixed $handler, \WP_REST_Request $request): mixed
    {
        $id = $this->regenerating;
        $this->regenerating = null;
        $appointment = $id !== null && $response instanceof \WP_REST_Response && !$response->is_error() ? Appointments::find($id) : null;
        if ($appointment !== null && !self::isOnZoom($appointment->doctor) && $this->row($appointment->id) !== null) {
            $this->cancelOurs($appointment->id);
            MappingTable::clear($appointment->id);
        }
        return $response;
    }

    /** For the appointment's own time, whatever the core passed along, and the old meeting goes. */
    private function regenerated(Appointment $appointment): array|\WP_Error
    {
        if (Access::of($appointment, get_current_user_id()) === Access::Stranger || Access::of($appointment, get_current_user_id()) === Access::Patient) {
            return new \WP_Error('telemed_forbidden', __('You are not allowed to do this.', 'telemed-zoom'));
        }
        if (!$appointment->isHeld()) {
            return new \WP_Error('telemed_not_held', __('This appointment is cancelled or still pending, so there is no video visit. Book it first.', 'telemed-zoom'));
        }
        if ($appointment->isOver()) {
            return new \WP_Error('telemed_over', __('This appointment is over. Choose a time to come first.', 'telemed-zoom'));
        }
        $row = $this->want($appointment);
        if ($row !== null) {
            $row = $this->visits->recreateByClick($row);
        }
        return self::meeting($appointment, $row);
    }

    /** Records that this visit is wanted as the appointment says. Null when it cannot be: it lies in the past. */
    private function want(Appointment $appointment): ?MeetingRecord
    {
        if ($appointment->isOver()) {
            return $this->row($appointment->id);
        }
        $before = $this->row($appointment->id);
        $visit = Visit::wanted($appointment->start, $appointment->minutes, $appointment->timezone, $before?->topic ?? '');
        $row = $this->visits->book(Source::NAME, (string) $appointment->id, $appointment->doctor, $visit, self::patient($appointment->patient));
        $number = self::number($row);
        $link = self::link($row, null);
        $number === null
            ? MappingTable::writeLink($appointment->id, $link)
            : MappingTable::write($appointment->id, $link, $number);
        return $row;
    }

    /**
     * Where the key that sealed it is lost, the host's table has the only copy of a link that still leads on.
     *
     * @param ?array<string, string|null> $mapping the core's row, if it was read
     */
    private static function link(MeetingRecord $row, ?array $mapping): string
    {
        $link = VisitLink::url($row);
        if ($link !== '') {
            return $link;
        }
        $kept = (string) (($mapping ?? MappingTable::find((int) $row->appointment))['join_url'] ?? '');
        return str_contains($kept, VisitLink::PARAMETER . '=') ? $kept : '';
    }

    private static function number(MeetingRecord $row): ?string
    {
        return $row->meetingId === null ? null : (string) $row->meetingId;
    }

    private static function patient(int $user): ?Patient
    {
        $data = get_userdata($user);
        return $data === false ? null : new Patient($user, $data->user_email);
    }

    private function row(int $id): ?MeetingRecord
    {
        return $this->ledger->findAppointment(Source::NAME, (string) $id);
    }

    /** @return array<string, mixed> */
    private static function meeting(Appointment $appointment, ?MeetingRecord $row): array
    {
        $number = $row === null ? '' : (string) self::number($row);
        return [
            'id' => $number,
            'zoom_id' => $number,
            'appointment_id' => $appointment->id,
            'join_url' => $row === null ? '' : VisitLink::url($row),
            'start_url' => '',
            'password' => '',
            'start_time' => $appointment->start->format('Y-m-d\TH:i:s\Z'),
            'duration' => $appointment->minutes,
            'timezone' => $appointment->timezone,
        ];
    }

    /** Which provider the core would ask for this doctor. */
    private static function isOnZoom(int $doctor): bool
    {
        $factory = 'App\baseClasses\KCTelemedFactory';
        if (!class_exists($factory)) {
            return true;
        }
        $provider = $factory::get_provider_by_doctor_id($doctor);
        return $provider !== null && $provider->get_provider_id() === Core::PROVIDER;
    }

    /** The core asks a doctor's present provider only; what the former one made would stay. */
    private function cancelOtherProvider(int $id): void
    {
        $factory = 'App\baseClasses\KCTelemedFactory';
        if (!defined('KIVICARE_GOOGLE_MEET_ADDON_VERSION') || !class_exists($factory)) {
            return;
        }
        try {
            foreach ($factory::get_available_providers() as $provider) {
                if (is_object($provider) && $provider->get_provider_id() !== Core::PROVIDER && $provider->get_meeting_by_appointment($id)) {
                    $provider->cancel_meeting_by_appointment($id);
                }
            }
        } catch (\Throwable) {
            // Another add-on's trouble is not this appointment's.
            return;
        }
    }

    /**
     * Whatever goes wrong on our side, the core's transaction goes on; what was missed is found when it is looked what stands.
     *
     * @template T
     * @param callable(): T $work
     * @return ?T
     */
    public static function quietly(callable $work): mixed
    {
        try {
            return $work();
        } catch (\Throwable $failure) {
            if (defined('WP_DEBUG') && WP_DEBUG) {
                error_log('telemed-zoom: ' . get_class($failure) . ' on an event of KiviCare: ' . $failure->getMessage()); // phpcs:ignore
            }
            return null;
        }
    }
}
