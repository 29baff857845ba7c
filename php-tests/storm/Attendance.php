<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Site;

/**
 * The visits that begin: each patient opens the link of the newest mail, clicks on Join, and shall be at a meeting that fake-zoom
 * has at this time, of this doctor.
 */
final class Attendance
{
    private int $begun = 0;
    /** @var array<int, true> appointments */
    private array $early = array();
    private int $servedEarly = 0;
    /** @var list<string> */
    private array $damage = array();

    /** @param array<int, array{id: string, email: string}> $hosts Zoom user of each doctor */
    public function __construct(
        private readonly Site $site,
        private readonly FakeZoom $zoom,
        private readonly AppointmentSystem $system,
        private readonly Mailbox $mailbox,
        private readonly array $hosts
    ) {
    }

    /** @param bool $mustBeThere whether Zoom was reachable for so long that there is no excuse */
    public function begin(int $start, bool $mustBeThere): void
    {
        $database = $this->site->database();
        $beginning = array_filter(
            $this->system->appointments($database),
            static fn (array $one): bool => $one['held'] && gmdate('Y-m-d H:i:s', $start) === $one['start_utc']
        );
        $database->close();
        $notices = $this->mailbox->notices();
        $before = $this->atZoom();
        foreach ($beginning as $appointment) {
            $id = $appointment['id'];
            $newest = $notices[$id][$appointment['patient']] ?? array();
            [$address, $what] = $this->join(end($newest)['links'][0] ?? '');
            // The workers and the click itself make and delete meetings meanwhile.
            $meeting = $this->atZoom()[$address] ?? $before[$address] ?? null;
            $isRight = null !== $meeting && strtotime((string) $meeting['start_time']) === $start && $meeting['host_id'] === $this->hosts[$appointment['doctor']]['id'];
            if ($mustBeThere && $isRight) {
                $what = $this->site->visitor()->get($address)->text();
                $isRight = str_contains($what, "You joined meeting {$meeting['id']}");
            }
            $this->begun++;
            if (! $mustBeThere) {
                $this->early[$id] = true;
            }
            $this->servedEarly += (int) (! $mustBeThere && $isRight);
            // To be led to a meeting that is not there is never right.
            if (! $isRight && ($mustBeThere || ('' !== $address && null === $meeting))) {
                $this->damage[] = "appointment {$id} at {$appointment['start_utc']}: " . ('' === $address ? $what : "led to {$address}, " . json_encode($meeting) . " {$what}");
            }
        }
    }

    /** @return list<string> visits that began without a working link */
    public function damage(): array
    {
        return $this->damage;
    }

    /** Whether it began so early that Zoom need not have its last change: once begun, a meeting cannot be moved there. */
    public function isExcused(int $appointment): bool
    {
        return isset($this->early[$appointment]);
    }

    public function text(): string
    {
        return "{$this->begun} visits began; of " . count($this->early) . " that began while Zoom was away or less than ten minutes later, {$this->servedEarly} were joined\n";
    }

    /** @return array<string, array<string, mixed>> the meetings that are there now, by join link */
    private function atZoom(): array
    {
        return array_column($this->zoom->state()['meetings'], null, 'join_url');
    }

    /** @return array{string, string} where the link leads ('' nowhere), and what the page says */
    private function join(string $link): array
    {
        if (! str_contains($link, 'telemed_visit=')) {
            return array($link, '' === $link ? 'the patient was mailed no link' : "Zoom's own link");
        }
        $visitor = $this->site->visitor();
        $page = $visitor->get($link);
        $button = $page->element('telemed-join');
        if (null !== $button) {
            $page = $visitor->get($button->getAttribute('href'), false);
        }
        $state = $page->element('telemed-visit')?->getAttribute('data-state') ?? "status {$page->status}";
        return array($page->header('location'), "the page of the visit says '{$state}'");
    }
}
