<?php
/**
 * The model by the name under which KiviCare's core looks for an appointment's Zoom row; its mails depend on it. Loaded only
 * when the core is there and its base class fits. Reading is all it is for: rows are written by MappingTable.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace KCTApp\models;

use App\baseClasses\KCBaseModel;

defined('ABSPATH') || exit;

class KCTAppointmentZoomMapping extends KCBaseModel
{
    protected static function initSchema(): array
    {
        $text = static fn(string $column, bool $nullable): array => ['column' => $column, 'type' => 'string', 'nullable' => $nullable];
        return [
            'table_name' => 'kc_appointment_zoom_mappings',
            'primary_key' => 'id',
            'columns' => [
                'id' => ['column' => 'id', 'type' => 'bigint', 'nullable' => false, 'auto_increment' => true],
                'appointmentId' => ['column' => 'appointment_id', 'type' => 'bigint', 'nullable' => false],
                'zoomId' => $text('zoom_id', false),
                'zoomUuid' => $text('zoom_uuid', false),
                'startUrl' => $text('start_url', true),
                'joinUrl' => $text('join_url', true),
                'password' => $text('password', false),
                'createdAt' => ['column' => 'created_at', 'type' => 'datetime', 'nullable' => true],
                'extra' => $text('extra', true),
            ],
            // The table has no updated_at.
            'timestamps' => false,
            'soft_deletes' => false,
        ];
    }
}
