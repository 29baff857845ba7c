<?php
/**
 * What KiviCare's lists and pages of appointments show about the video visit, by who looks: the patient the visit link, the
 * doctor Start, the clinic's staff the visit link to pass on, strangers nothing. Nobody a host link. The core runs these
 * filters for whoever asks.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Kivicare;

use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Settings\Settings;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Visits\StartLink;
use TelemedZoom\Visits\VisitLink;

defined('ABSPATH') || exit;

final class Lists
{
    /** @var array<int, ?MeetingRecord> what this request has looked up: the core asks twice for each line of a list */
    private array $rows = [];

    public function __construct(private readonly Ledger $ledger, private readonly Settings $settings)
    {
    }

    public function register(): void
    {
        // After an add-on for another provider, which knows nothing of ours.
        foreach (['kc_appointment_list_item', 'kc_appointment_data', 'kc_appointment_details_data', 'kc_get_upcoming_appointment_data'] as $filter) {
            add_filter($filter, [$this, 'addVisit'], 20, 2);
        }
        add_filter('kc_is_video_consultation', [$this, 'isVideoVisit'], 10, 2);
        add_action('telemed_row_changed', function (): void {
            $this->rows = [];
        });
    }

    /**
     * @param mixed $data        one appointment, as the core is about to show it
     * @param mixed $appointment the core's object, or the id
     */
    public function addVisit(mixed $data, mixed $appointment): mixed
    {
        $id = $this->id($data, $appointment);
        if (!is_array($data) || $id === 0) {
            return $data;
        }
        $row = $this->row($id);
        if ($row === null) {
            return $data;
        }
        $host = Appointments::find($id);
        $access = $host === null ? Access::Stranger : Access::of($host, get_current_user_id());
        if ($access === Access::Stranger || !$row->state->isLive()) {
            return ['zoom_data' => null, 'video_url' => '', 'video_consultation' => false] + $data;
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
                'appointmentId' => $id,
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
        ] + $data;
    }

    public function isVideoVisit(mixed $is, mixed $id): mixed
    {
        $row = $this->row((int) $id);
        if ($row === null || !$row->state->isLive()) {
            return $is;
        }
        $appointment = Appointments::find((int) $id);
        return $appointment === null || Access::of($appointment, get_current_user_id()) === Access::Stranger ? $is : true;
    }

    private function link(MeetingRecord $row, Access $access): string
    {
        return $access === Access::Doctor || ($access === Access::Administrator && $this->settings->adminsMayStart())
            ? StartLink::url($row->id)
            : VisitLink::url($row);
    }

    private function id(mixed $data, mixed $appointment): int
    {
        return match (true) {
            is_object($appointment) && isset($appointment->id) => (int) $appointment->id,
            is_numeric($appointment) => (int) $appointment,
            is_array($data) && isset($data['id']) && is_numeric($data['id']) => (int) $data['id'],
            default => 0,
        };
    }

    private function row(int $id): ?MeetingRecord
    {
        if (!array_key_exists($id, $this->rows)) {
            try {
                $this->rows[$id] = $id > 0 ? $this->ledger->findAppointment(Source::NAME, (string) $id) : null;
            } catch (DatabaseException) {
                $this->rows[$id] = null;
            }
        }
        return $this->rows[$id];
    }
}
