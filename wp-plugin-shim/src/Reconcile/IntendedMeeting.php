<?php
/**
 * One intended meeting with its visit, as it was read for the comparison with Zoom.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use TelemedZoom\Ledger\Visit;
use TelemedZoom\Problem;

defined('ABSPATH') || exit;

final class IntendedMeeting
{
    /**
     * @param ?int $number Zoom's meeting number, once it is known
     * @param array<string, mixed> $row as Telemed\Comparison takes it, its join link opened
     */
    private function __construct(
        public readonly int $visit,
        public readonly int $generation,
        public readonly ?int $number,
        public readonly array $row
    ) {
    }

    /** @param array<string, mixed> $row with its join link opened */
    public static function fromRow(#[\SensitiveParameter] array $row): self
    {
        return new self((int) $row['visit'], (int) $row['generation'], $row['number'] === null ? null : (int) $row['number'], $row);
    }

    /**
     * @param list<self> $meetings
     * @return list<array<string, mixed>>
     */
    public static function rows(array $meetings): array
    {
        return array_map(static fn(self $meeting): array => $meeting->row, $meetings);
    }

    /** Whether settings that were changed at Zoom are still to be put back. */
    public function isToBeRestored(): bool
    {
        return json_decode((string) $this->row['to_restore'], true) !== [];
    }

    /**
     * What is asked of Zoom for it, to compare with.
     *
     * @param ?string $host whom to name as host
     * @throws Problem when a value is none that Zoom takes
     */
    public function request(?string $host): \Telemed\MeetingRequest
    {
        $start = new \DateTimeImmutable((string) $this->row['start_utc'], new \DateTimeZone('UTC'));
        return Visit::wanted($start, (int) $this->row['minutes'], (string) $this->row['timezone'], (string) $this->row['topic'])
            ->request($host, (string) $this->row['reference']);
    }
}
