<?php
/**
 * Tells other plugins what has happened to a visit, by documented actions.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use TelemedZoom\Site\Database;

defined('ABSPATH') || exit;

final class VisitEvents
{
    public function __construct(private readonly Database $database)
    {
    }

    /**
     * Whoever listens may wait for others, as for a lock in the host's tables: nobody is called within a transaction of ours.
     *
     * @param array<string, mixed> $changes
     */
    public function tell(int $id, string $source, string $appointment, array $changes, string $state): void
    {
        $which = ['id' => $id, 'source' => $source, 'appointment' => $appointment];
        if ($changes['forgets']) {
            /**
             * Fires when a visit was forgotten: its booking was rolled back, so that it has never been.
             *
             * @since 0.2.0
             * @api
             *
             * @param array $visit {
             *     Which one it was.
             *
             *     @type int    $id          Its number on this site.
             *     @type string $source      The name of its appointment system.
             *     @type string $appointment Its appointment there.
             * }
             */
            $this->database->afterCommit(static fn() => do_action('telemed_visit_forgotten', $which));
        } elseif ($changes['log'] !== []) {
            $which += ['events' => $changes['log'], 'state' => $state];
            /**
             * Fires when something has happened to a visit and stands in the plugin's tables.
             *
             * Whether the appointment stands is another question: what was wished in a transaction may be rolled back, until the event
             * 'confirmed'.
             *
             * @since 0.2.0
             * @api
             *
             * @param array $visit {
             *     Which one it is, and what has happened.
             *
             *     @type int      $id          Its number on this site.
             *     @type string   $source      The name of its appointment system.
             *     @type string   $appointment Its appointment there.
             *     @type string[] $events      What has happened, as in the log of the visit.
             *     @type string   $state       What it is by now: see docs/adapters.md.
             * }
             */
            $this->database->afterCommit(static fn() => do_action('telemed_visit_changed', $which));
        }
    }
}
