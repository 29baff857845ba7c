<?php
/**
 * REST: telemed/v1/visits. Administrators all, a doctor their own, others none. A start URL is never part of an answer;
 * start_link is the click-through of StartLink.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Screens;

use TelemedZoom\Apps\Overlaps;
use TelemedZoom\Clinic\Doctors;
use TelemedZoom\Clinic\Mode;
use TelemedZoom\Clinic\Settings;
use TelemedZoom\Ledger\Ledger;
use TelemedZoom\Ledger\LedgerQueries;
use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Ledger\MeetingState;
use TelemedZoom\Ledger\Standing;
use TelemedZoom\Ledger\Visit;
use TelemedZoom\Ledger\VisitLink;
use TelemedZoom\Problem;
use TelemedZoom\Site\Capabilities;
use TelemedZoom\Site\DatabaseException;
use TelemedZoom\Site\Routes;
use TelemedZoom\Work\ManualVisits;

defined('ABSPATH') || exit;

final class RestController
{
    private const BASE = '/visits';
    private const MAX_PER_PAGE = 100;

    public function __construct(
        private readonly ManualVisits $manual,
        private readonly Ledger $ledger,
        private readonly LedgerQueries $queries,
        private readonly Overlaps $overlaps,
        private readonly Standing $standing
    ) {
    }

    public function register(): void
    {
        add_action('rest_api_init', [$this, 'registerRoutes']);
    }

    public function registerRoutes(): void
    {
        register_rest_route(Routes::V1, self::BASE, [
            [
                'methods' => \WP_REST_Server::READABLE,
                'callback' => [$this, 'list'],
                'permission_callback' => [$this, 'mayEnter'],
                'args' => self::listArguments(),
            ],
            [
                'methods' => \WP_REST_Server::CREATABLE,
                'callback' => [$this, 'create'],
                'permission_callback' => [$this, 'mayCreate'],
                'args' => ['doctor' => self::doctorArgument()] + self::visitArguments(true),
            ],
            'schema' => [$this, 'schema'],
        ]);
        register_rest_route(Routes::V1, self::BASE . '/(?P<id>\d+)', [
            'args' => ['id' => ['type' => 'integer', 'minimum' => 1]],
            [
                'methods' => \WP_REST_Server::READABLE,
                'callback' => [$this, 'get'],
                'permission_callback' => [$this, 'mayHandle'],
            ],
            [
                'methods' => 'PATCH',
                'callback' => [$this, 'change'],
                'permission_callback' => [$this, 'mayHandle'],
                'args' => self::visitArguments(false),
            ],
            [
                'methods' => \WP_REST_Server::DELETABLE,
                'callback' => [$this, 'cancel'],
                'permission_callback' => [$this, 'mayHandle'],
            ],
            'schema' => [$this, 'schema'],
        ]);
    }

    public function mayEnter(): bool|\WP_Error
    {
        return Capabilities::isAdmin() || Capabilities::isDoctor() ? true : self::forbidden();
    }

    public function mayCreate(\WP_REST_Request $request): bool|\WP_Error
    {
        return Capabilities::mayManage((int) $request['doctor']) ? true : self::forbidden();
    }

    public function mayHandle(\WP_REST_Request $request): bool|\WP_Error
    {
        $entered = $this->mayEnter();
        if ($entered !== true) {
            return $entered;
        }
        try {
            // Somebody else's looks like none.
            return Capabilities::mayManage($this->ledger->demand((int) $request['id'])->doctor) ? true : RestError::of(Ledger::noMeeting());
        } catch (Problem | DatabaseException $failure) {
            return RestError::of($failure);
        }
    }

    public function list(\WP_REST_Request $request): \WP_REST_Response|\WP_Error
    {
        $doctor = isset($request['doctor']) ? (int) $request['doctor'] : null;
        if (!Capabilities::isAdmin()) {
            if ($doctor !== null && $doctor !== get_current_user_id()) {
                return self::forbidden();
            }
            $doctor = get_current_user_id();
        }
        $perPage = (int) $request['per_page'];
        try {
            $found = $this->queries->page($doctor, (string) $request['when'], (int) $request['page'], $perPage);
            $items = $this->items($found['records']);
        } catch (DatabaseException $failure) {
            return RestError::of($failure);
        }
        $response = self::privately($items);
        $response->header('X-WP-Total', (string) $found['total']);
        $response->header('X-WP-TotalPages', (string) (int) ceil($found['total'] / $perPage));
        return $response;
    }

    public function get(\WP_REST_Request $request): \WP_REST_Response|\WP_Error
    {
        return $this->answer(fn(): MeetingRecord => $this->ledger->demand((int) $request['id']));
    }

    public function create(\WP_REST_Request $request): \WP_REST_Response|\WP_Error
    {
        $doctor = (int) $request['doctor'];
        return $this->answer(fn(): MeetingRecord => $this->manual->book(
            $doctor,
            Visit::upcoming(
                Visit::instant((string) $request['start']),
                (int) $request['minutes'],
                (string) ($request['timezone'] ?? Doctors::timezoneName($doctor)),
                (string) ($request['topic'] ?? '')
            ),
            $this->manual->patient($doctor, (string) ($request['patient'] ?? ''))
        ), 201);
    }

    public function change(\WP_REST_Request $request): \WP_REST_Response|\WP_Error
    {
        return $this->answer(fn(): MeetingRecord => $this->manual->change(
            (int) $request['id'],
            isset($request['start']) ? Visit::instant((string) $request['start']) : null,
            isset($request['minutes']) ? (int) $request['minutes'] : null,
            isset($request['timezone']) ? (string) $request['timezone'] : null,
            isset($request['topic']) ? (string) $request['topic'] : null
        ));
    }

    public function cancel(\WP_REST_Request $request): \WP_REST_Response|\WP_Error
    {
        return $this->answer(fn(): MeetingRecord => $this->manual->cancel((int) $request['id']));
    }

    /**
     * @param list<MeetingRecord> $records
     * @return list<array<string, mixed>>
     */
    private function items(array $records): array
    {
        $records = $this->standing->shown($records);
        $overlaps = $this->overlaps->ifKnown($records);
        return array_map(static fn(MeetingRecord $record): array => self::item($record, $overlaps[$record->id] ?? []), $records);
    }

    /**
     * @param list<int> $overlaps ids of rows
     * @return array<string, mixed>
     */
    private static function item(MeetingRecord $record, array $overlaps): array
    {
        $time = static fn(\DateTimeImmutable $moment): string => $moment->format('Y-m-d\TH:i:s\Z');
        return [
            'id' => $record->id,
            'doctor' => $record->doctor,
            // A number tells that an address is an account.
            'patient' => current_user_can('list_users') ? $record->patient ?? $record->patientEmail : $record->patientEmail ?? $record->patient,
            'start' => $time($record->start),
            'minutes' => $record->minutes,
            'timezone' => $record->timezone,
            'topic' => $record->topic,
            'state' => $record->state->value,
            'mode' => $record->mode?->value,
            'zoom_account' => $record->zoomAccount,
            'host_id' => $record->hostId,
            'host_email' => $record->hostEmail,
            'meeting_id' => $record->meetingId,
            'join_url' => $record->joinUrl,
            'passcode' => $record->passcode,
            'visit_link' => VisitLink::url($record),
            'start_link' => $record->isReady() && Doctors::isHere($record->doctor) ? StartLink::url($record->id) : null,
            'overridden' => $record->overridden,
            'overlaps' => $overlaps,
            'error' => $record->lastError,
            'next_try' => $record->nextTryAt === null ? null : $time($record->nextTryAt),
            'tracking_id' => $record->trackingId,
            'created' => $time($record->createdAt),
            'updated' => $time($record->updatedAt),
        ];
    }

    /** @return array<string, mixed> */
    public function schema(): array
    {
        $read = static fn(array $type, string $description): array => $type + ['description' => $description, 'context' => ['view'], 'readonly' => true];
        $text = ['type' => ['string', 'null']];
        $time = ['type' => 'string', 'format' => 'date-time'];
        return [
            '$schema' => 'http://json-schema.org/draft-04/schema#',
            'title' => 'telemed-visit',
            'type' => 'object',
            'properties' => [
                'id' => $read(['type' => 'integer'], __('Number of the visit on this site.', 'telemed-zoom')),
                'doctor' => self::doctorArgument(),
            ] + array_map(
                static fn(array $argument): array => array_diff_key($argument, ['sanitize_callback' => 0, 'validate_callback' => 0]),
                self::visitArguments(true)
            ) + [
                'state' => $read(['type' => 'string', 'enum' => array_column(MeetingState::cases(), 'value')], __('What is known about the visit.', 'telemed-zoom')),
                'mode' => $read(['type' => ['string', 'null'], 'enum' => [...array_column(Mode::cases(), 'value'), null]], __('How it was made.', 'telemed-zoom')),
                'zoom_account' => $read($text, __('The Zoom account it was made in.', 'telemed-zoom')),
                'host_id' => $read($text, __('Zoom user id of the host.', 'telemed-zoom')),
                'host_email' => $read($text, __('E-mail of the host at Zoom.', 'telemed-zoom')),
                'meeting_id' => $read(['type' => ['integer', 'null']], __('Zoom\'s number of the meeting.', 'telemed-zoom')),
                'join_url' => $read($text, __('For the patient. Confidential.', 'telemed-zoom')),
                'passcode' => $read($text, __('Confidential.', 'telemed-zoom')),
                'visit_link' => $read(['type' => 'string'], __('For patient and doctor alike: the address on this site that never changes. Confidential.', 'telemed-zoom')),
                'start_link' => $read($text, __('A link on this site that leads the logged-in doctor to a fresh start.', 'telemed-zoom')),
                'overridden' => $read(['type' => 'array', 'items' => ['type' => 'string']], __('Settings that the Zoom account did not take as asked.', 'telemed-zoom')),
                'overlaps' => $read(['type' => 'array', 'items' => ['type' => 'integer']], __('Other visits of the same host at the same time: Zoom runs one at a time.', 'telemed-zoom')),
                'next_try' => $read(['type' => ['string', 'null'], 'format' => 'date-time'], __('When it is tried again.', 'telemed-zoom')),
                'error' => $read($text, __('What went wrong last, and what to do.', 'telemed-zoom')),
                'tracking_id' => $read($text, __('Zoom\'s tracking id, for Zoom\'s support.', 'telemed-zoom')),
                'created' => $read($time, __('When the row was written.', 'telemed-zoom')),
                'updated' => $read($time, __('When it last changed.', 'telemed-zoom')),
            ],
        ];
    }

    /** @param callable(): MeetingRecord $work */
    private function answer(callable $work, int $status = 200): \WP_REST_Response|\WP_Error
    {
        try {
            return self::privately($this->items([$work()])[0], $status);
        } catch (Problem | DatabaseException | \Telemed\TelemedException $failure) {
            return RestError::of($failure);
        }
    }

    private static function privately(mixed $data, int $status = 200): \WP_REST_Response
    {
        $response = new \WP_REST_Response($data, $status);
        $response->header('Cache-Control', 'no-store, private, max-age=0');
        // An old WordPress would put its own header, which lets answers be stored, over this one.
        add_filter('rest_send_nocache_headers', '__return_false');
        return $response;
    }

    private static function forbidden(): \WP_Error
    {
        return new \WP_Error(
            'rest_forbidden',
            __('You are not allowed to do this.', 'telemed-zoom'),
            ['status' => rest_authorization_required_code()]
        );
    }

    /** @return array<string, mixed> */
    private static function doctorArgument(): array
    {
        return [
            'description' => __('User id of the doctor.', 'telemed-zoom'),
            'type' => 'integer',
            'minimum' => 1,
            'required' => true,
            'context' => ['view'],
        ];
    }

    /** @return array<string, array<string, mixed>> */
    private static function visitArguments(bool $new): array
    {
        $text = ['type' => 'string', 'context' => ['view'], 'sanitize_callback' => 'sanitize_text_field', 'validate_callback' => 'rest_validate_request_arg'];
        return [
            'start' => [
                'description' => __('Start, RFC 3339 with its offset.', 'telemed-zoom'),
                'format' => 'date-time',
                'required' => $new,
            ] + $text,
            'minutes' => [
                'description' => __('Length in minutes.', 'telemed-zoom'),
                'type' => 'integer',
                'minimum' => 1,
                'maximum' => 1440,
                'context' => ['view'],
            ] + ($new ? ['default' => Visit::DEFAULT_MINUTES] : []),
            'timezone' => ['description' => __('IANA time zone, for display. Default: the doctor\'s.', 'telemed-zoom')] + $text,
        ] + ($new ? [
            'patient' => ['description' => __('Number of a user or an e-mail address. Stays on this site.', 'telemed-zoom')] + $text,
        ] : []) + [
            'topic' => [
                'description' => __('Shown by Zoom to everyone invited: no name, no service, no diagnosis. Default: a neutral one.', 'telemed-zoom'),
                'maxLength' => 200,
            ] + $text,
        ];
    }

    /** @return array<string, array<string, mixed>> */
    private static function listArguments(): array
    {
        return [
            'doctor' => ['type' => 'integer', 'minimum' => 1],
            'when' => ['type' => 'string', 'enum' => ['upcoming', 'past', 'all'], 'default' => 'upcoming'],
            'page' => ['type' => 'integer', 'minimum' => 1, 'default' => 1],
            'per_page' => ['type' => 'integer', 'minimum' => 1, 'maximum' => self::MAX_PER_PAGE, 'default' => 20],
        ];
    }
}
