<?php
/**
 * A visit as it was read, for the extension; and its rows, for what the plugin itself shows of it.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Store;

use Telemed\Visit;

defined('ABSPATH') || exit;

final class StoredVisit
{
    /**
     * @param array<string, mixed>       $row      the visit's own, with the columns that are the plugin's
     * @param list<array<string, mixed>> $meetings its meetings' that are not done, join link and passcode sealed
     */
    public function __construct(
        public readonly Visit $visit,
        #[\SensitiveParameter] public readonly array $row,
        #[\SensitiveParameter] public readonly array $meetings
    ) {
    }

    /** Its number. */
    public function id(): int
    {
        return (int) $this->row['id'];
    }
}
