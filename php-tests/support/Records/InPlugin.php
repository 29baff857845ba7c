<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

use TelemedZoom\Ledger\MeetingRecord;
use TelemedZoom\Plugin;
use TelemedZoom\Site\Clock;

/** For code that tests run within WordPress: visits as the plugin itself has them, to wish something of them. */
final class InPlugin
{
    public static function visit(int $id): MeetingRecord
    {
        return Plugin::instance()->ledger->demand($id);
    }

    public static function ofAppointment(string $source, string $appointment): ?MeetingRecord
    {
        return Plugin::instance()->ledger->findAppointment($source, $appointment);
    }

    /** What the marker of a visit's meeting at Zoom is made of: each meeting that is intended has its own. */
    public static function reference(int $visit): string
    {
        $plugin = Plugin::instance();
        $row = $plugin->database->row("SELECT reference FROM {$plugin->tables->meetings()} WHERE visit = ? AND role = 'serves'", array($visit));
        return (string) $row['reference'];
    }

    /** @return list<int> the visits that a worker would take now */
    public static function due(int $limit): array
    {
        return Plugin::instance()->store->queue->due(Clock::sql(), $limit);
    }

    /** Nothing need wait any longer: what stood in its way has been mended. */
    public static function wake(): void
    {
        Plugin::instance()->store->queue->wake(null, Clock::sql());
    }
}
