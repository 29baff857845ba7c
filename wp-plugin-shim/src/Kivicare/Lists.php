<?php
/**
 * What KiviCare's lists and pages of appointments show about the video visit, by who looks: the patient the visit link, the
 * doctor Start, the clinic's staff the visit link to pass on, strangers nothing. Nobody a host link, and nobody any of an
 * appointment that is off or gone at this moment. The core runs these filters for whoever asks, line by line: on its routes they
 * only mark each line, and all are filled in at once when the answer is known, by one query to the ledger and one to the core's
 * table.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Edge;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Screens\StartLink;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Store\Schema;

defined('ABSPATH') || exit;

final class Lists
{
    /** In a line of an answer, until it is filled in. */
    private const MARK = 'telemed_appointment';
    private const ROUTES = '#^/kivicare/v\d+/#';
    private const NOTHING = ['zoom_data' => null, 'video_url' => '', 'video_consultation' => false];

    /** How many of the core's routes are being answered: one may ask another. */
    private int $depth = 0;

    public function __construct(private readonly LedgerQueries $queries, private readonly Ledger $ledger, private readonly Settings $settings)
    {
    }

    public function register(): void
    {
        // After an add-on for another provider, which knows nothing of ours.
        foreach (['kc_appointment_list_item', 'kc_appointment_data', 'kc_appointment_details_data', 'kc_get_upcoming_appointment_data'] as $filter) {
            add_filter($filter, [$this, 'addVisit'], 20, 2);
        }
        add_filter('kc_is_video_consultation', [$this, 'isVideoVisit'], 10, 2);
        add_filter('rest_request_before_callbacks', [$this, 'beforeRoute'], 10, 3);
        add_filter('rest_request_after_callbacks', [$this, 'afterRoute'], 10, 3);
    }

    /**
     * @param mixed $data        one appointment, as the core is about to show it
     * @param mixed $appointment the core's object, or the id
     */
    public function addVisit(mixed $data, mixed $appointment): mixed
    {
        $id = self::id($data, $appointment);
        if (!is_array($data) || $id === 0) {
            return $data;
        }
        $marked = [self::MARK => $id] + $data;
        return $this->depth > 0 ? $marked : $this->filledIn($marked);
    }

    /** Each of the core's lines asks this before it is passed to addVisit(), which says it again. */
    public function isVideoVisit(mixed $is, mixed $id): mixed
    {
        if ($this->depth > 0) {
            return $is;
        }
        $line = $this->filledIn([self::MARK => (int) $id]);
        return ($line['video_consultation'] ?? false) === true ? true : $is;
    }

    /**
     * @param mixed $response
     * @param mixed $handler
     */
    public function beforeRoute(mixed $response, mixed $handler, \WP_REST_Request $request): mixed
    {
        $this->depth += preg_match(self::ROUTES, $request->get_route());
        return $response;
    }

    /**
     * @param mixed $response
     * @param mixed $handler
     */
    public function afterRoute(mixed $response, mixed $handler, \WP_REST_Request $request): mixed
    {
        if (preg_match(self::ROUTES, $request->get_route()) !== 1) {
            return $response;
        }
        $this->depth = max(0, $this->depth - 1);
        if ($response instanceof \WP_REST_Response && is_array($response->get_data())) {
            $response->set_data($this->filledIn($response->get_data()));
        }
        return $response;
    }

    /**
     * @param array<mixed> $data with marked lines, at whatever depth
     * @return array<mixed> without marks
     */
    private function filledIn(array $data): array
    {
        $ids = [];
        array_walk_recursive($data, static function (mixed $value, int|string $key) use (&$ids): void {
            if ($key === self::MARK) {
                $ids[(int) $value] = (int) $value;
            }
        });
        if ($ids === []) {
            return $data;
        }
        // The core's list is answered whatever breaks here.
        return Edge::within(fn(): array => $this->withVisits($data, $ids), null) ?? self::withoutVisits($data);
    }

    /**
     * @param array<mixed>    $data
     * @param array<int, int> $ids  appointments that are marked in it
     * @return array<mixed>
     */
    private function withVisits(array $data, array $ids): array
    {
        try {
            $rows = $this->queries->ofAppointments(Source::NAME, array_map('strval', array_values($ids)));
        } catch (DatabaseException) {
            $rows = [];
        }
        // Until all is moved, what the version before has kept is found one by one.
        foreach (Schema::isCurrent() && !Schema::isMoving() ? [] : array_diff($ids, array_keys($rows)) as $id) {
            try {
                $row = $this->ledger->findAppointment(Source::NAME, (string) $id);
            } catch (DatabaseException) {
                continue;
            }
            if ($row !== null) {
                $rows[$row->appointment] = $row;
            }
        }
        $appointments = Appointments::findAll(array_map('intval', array_keys($rows)));
        cache_users(array_unique(array_map(static fn(MeetingRecord $row): int => $row->doctor, $rows)));
        return $this->replaced($data, $rows, $appointments);
    }

    /**
     * @param array<mixed> $data
     * @return array<mixed>
     */
    private static function withoutVisits(array $data): array
    {
        $isMarked = isset($data[self::MARK]);
        unset($data[self::MARK]);
        $data = array_map(static fn(mixed $value): mixed => is_array($value) ? self::withoutVisits($value) : $value, $data);
        return $isMarked ? self::NOTHING + $data : $data;
    }

    /**
     * @param array<mixed> $data
     * @param array<MeetingRecord> $rows by appointment
     * @param array<int, Appointment> $appointments
     * @return array<mixed>
     */
    private function replaced(array $data, array $rows, array $appointments): array
    {
        $id = isset($data[self::MARK]) ? (int) $data[self::MARK] : null;
        unset($data[self::MARK]);
        foreach ($data as $key => $value) {
            if (is_array($value)) {
                $data[$key] = $this->replaced($value, $rows, $appointments);
            }
        }
        return $id === null || !isset($rows[$id]) ? $data : $this->line($rows[$id], $appointments[$id] ?? null) + $data;
    }

    /** @return array<string, mixed> what the core's screens read */
    private function line(MeetingRecord $row, ?Appointment $appointment): array
    {
        $access = $appointment === null ? Access::Stranger : Access::of($appointment, get_current_user_id());
        if ($appointment === null || $access === Access::Stranger || !$row->state->isLive() || !$appointment->isHeld() || !Doctors::isHere($row->doctor)) {
            return self::NOTHING;
        }
        $failed = $row->meetingId === null && $row->lastError !== null;
        // Without an address the core shows the clinic's people a warning, and with it Regenerate.
        $link = $failed && $access !== Access::Patient ? '' : $this->link($row, $access);
        return [
            'video_consultation' => true,
            // Read since 4.3; before, the start link of zoom_data.
            'video_url' => $link,
            'zoom_data' => [
                'id' => $row->id,
                'appointmentId' => $appointment->id,
                'zoomId' => $row->meetingId === null ? '' : (string) $row->meetingId,
                'zoomUuid' => '',
                'startUrl' => $link,
                'joinUrl' => VisitLink::url($row),
                'password' => '',
                'createdAt' => $row->createdAt->format('Y-m-d H:i:s'),
                'extra' => $failed && $access !== Access::Patient
                    ? wp_json_encode(['error_code' => 'telemed', 'error_message' => $row->lastError])
                    : null,
            ],
        ];
    }

    private function link(MeetingRecord $row, Access $access): string
    {
        return $access === Access::Doctor || ($access === Access::Administrator && $this->settings->adminsMayStart())
            ? StartLink::url($row->id)
            : VisitLink::url($row);
    }

    private static function id(mixed $data, mixed $appointment): int
    {
        return match (true) {
            is_object($appointment) && isset($appointment->id) => (int) $appointment->id,
            is_numeric($appointment) => (int) $appointment,
            is_array($data) && isset($data['id']) && is_numeric($data['id']) => (int) $data['id'],
            default => 0,
        };
    }
}
