<?php
/**
 * One intended meeting with its visit, as the comparison with Zoom needs it: as it was read.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Reconcile;

use TelemedZoom\Ledger\Visit;
use TelemedZoom\Problem;
use TelemedZoom\Site\Clock;

defined('ABSPATH') || exit;

final class IntendedMeeting
{
    /** Somebody may still be at work on what changed so lately. */
    private const BUSY_SECONDS = 15 * MINUTE_IN_SECONDS;

    /**
     * @param string $reference what its marker at Zoom was made of, byte for byte
     * @param ?int $number Zoom's meeting number, once it is known
     * @param array{mode: string, app: string, account: ?string, subject: ?string, host: string} $maker
     * @param list<string> $overridden settings that the Zoom account did not take as asked
     * @param list<string> $toRestore settings that were changed at Zoom and are still to be put back
     * @param bool $isAtRest whether it serves and nobody is, or may be, at work on its visit
     */
    private function __construct(
        public readonly int $visit,
        public readonly int $version,
        public readonly int $generation,
        public readonly string $reference,
        public readonly ?int $number,
        public readonly ?string $joinUrl,
        public readonly \DateTimeImmutable $start,
        private readonly int $minutes,
        private readonly string $timezone,
        private readonly string $topic,
        private readonly array $maker,
        private readonly ?string $hostAtZoom,
        private readonly array $overridden,
        public readonly array $toRestore,
        private readonly bool $isAtRest
    ) {
    }

    /** @param array<string, mixed> $row with its join link opened */
    public static function fromRow(#[\SensitiveParameter] array $row): self
    {
        $utc = new \DateTimeZone('UTC');
        $toRestore = self::names($row['to_restore']);
        // What is to be put back was written down by a comparison: nobody is at work on it on account of that.
        $isFresh = $toRestore === [] && (string) $row['changed_at'] > Clock::sql(-self::BUSY_SECONDS);
        $isServing = $row['role'] === 'serves' && (int) $row['takes_place'] === 1;
        return new self(
            (int) $row['visit'],
            (int) $row['version'],
            (int) $row['generation'],
            (string) $row['reference'],
            $row['number'] === null ? null : (int) $row['number'],
            $row['join_url'] === null ? null : (string) $row['join_url'],
            new \DateTimeImmutable((string) $row['start_utc'], $utc),
            (int) $row['minutes'],
            (string) $row['timezone'],
            (string) $row['topic'],
            ComparedHost::maker($row),
            $row['host_at_zoom'] === null ? null : (string) $row['host_at_zoom'],
            self::names($row['overridden']),
            $toRestore,
            $isServing && $row['pending'] === null && $row['state'] !== 'moving' && !$isFresh
        );
    }

    /** Whether it is only protected: somebody is at work on it, or it is to go, or it is other credentials' to handle. */
    public function isBusy(ComparedHost $host): bool
    {
        return !$this->isAtRest || !$host->isMadeBy($this->maker);
    }

    public function isOver(): bool
    {
        return $this->start->getTimestamp() + $this->minutes * MINUTE_IN_SECONDS < Clock::now();
    }

    /** @return array<string, mixed> as Telemed\Reconciler takes it */
    public function wanted(ComparedHost $host): array
    {
        return [
            'reference' => $this->reference,
            'meeting' => $this->number,
            'host' => $this->hostAtZoom,
            'start' => $this->start,
            'minutes' => $this->minutes,
            'overridden' => $this->overridden,
            'busy' => $this->isBusy($host),
        ];
    }

    /**
     * What is asked of Zoom for it, to compare with.
     *
     * @param ?string $host whom to name as host
     * @throws Problem when a value is none that Zoom takes
     */
    public function request(?string $host): \Telemed\MeetingRequest
    {
        return Visit::wanted($this->start, $this->minutes, $this->timezone, $this->topic)->request($host, $this->reference);
    }

    /** @return list<string> */
    private static function names(mixed $json): array
    {
        $names = json_decode((string) $json, true);
        return is_array($names) ? array_values(array_map('strval', $names)) : [];
    }
}
