<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress\Support;

use Telemed\Tests\FakeZoom;
use Telemed\Visit;
use TelemedZoom\Plugin;
use TelemedZoom\Run\VisitLoop;
use TelemedZoom\Store\SealedLinks;
use TelemedZoom\Store\VisitStore;

/** Lives again what the simulation has written down (`sim/src/script.rs`), within the site: with PHP's store and loop, on MariaDB. */
final class Replay
{
    /** What a fake-zoom remembers of former lives makes it slow. */
    private const LIVES_OF_ZOOM = 10;

    private readonly VisitWorld $site;
    private readonly VisitStore $visits;
    private readonly VisitLoop $loop;
    private readonly ReplayWorld $world;
    private readonly ReplayRows $rows;
    private readonly FakeZoom $zoom;
    /** @var list<array<string, mixed>> what was asked of Zoom in this life */
    private array $requests = array();

    public function __construct(string $zoom)
    {
        $plugin = Plugin::instance();
        $this->zoom = new FakeZoom($zoom);
        $this->world = new ReplayWorld($this->zoom, StoppedClock::ofThisProcess());
        $this->site = new VisitWorld();
        $this->visits = $this->site->visits;
        $this->world->exchangesOf($this->visits);
        $this->loop = new VisitLoop($plugin->database, $this->visits, $this->site->counters, $this->site->outages, $this->world, $this->world, $this->world);
        $this->rows = new ReplayRows($plugin->database, $this->site->tables, new SealedLinks($plugin->key->vault(...)));
    }

    /**
     * @param string $file a life a line
     * @return array{?string, array<string, int>} the first difference, and what was lived
     */
    public function ofAll(string $file): array
    {
        $this->site->begin();
        try {
            foreach (new \SplFileObject($file) as $line) {
                if ('' === $line) {
                    continue;
                }
                $life = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
                $difference = $this->differenceIn($life);
                if (null !== $difference) {
                    return array("life {$life['life']}, {$difference}", $this->world->seen);
                }
                $this->world->count('life');
            }
        } finally {
            $this->site->drop();
        }
        return array(null, $this->world->seen);
    }

    /** @param array<string, mixed> $life */
    private function differenceIn(array $life): ?string
    {
        $this->begin($life);
        $place = 'at its beginning';
        try {
            foreach ($life['entries'] as $number => $entry) {
                $place = "entry {$number} ({$entry['do']} at " . ReplayWorld::at($entry['at'])->format('Y-m-d H:i:s') . ')';
                $this->world->happens($entry);
                $this->live($entry);
                $this->world->settle();
                Difference::unlessSame('visits, versions, due', $entry['then'], $this->rows->versions());
                $this->world->count($entry['do']);
            }
            $place = 'at its end';
            $this->compareAtTheEnd($life);
        } catch (Difference $difference) {
            return "{$place}: {$difference->getMessage()}";
        } catch (\Throwable $failure) {
            return "{$place}: {$failure}";
        }
        return null;
    }

    /** @param array<string, mixed> $life */
    private function begin(array $life): void
    {
        $at = $life['entries'][0]['at'];
        $isNew = 0 === $life['life'] % self::LIVES_OF_ZOOM;
        $this->rows->forgetAll($isNew);
        $this->world->begin($at, $life['policies']);
        if ($isNew) {
            $this->world->connect($at);
        }
        foreach ($this->zoom->state()['meetings'] as $meeting) {
            $this->zoom->handle($meeting['id'], null);
        }
        $this->rows->useUp($life['used_up'], ReplayWorld::HOSTS, ReplayWorld::at($at)->format('Y-m-d'));
        $this->requests = array();
        $this->zoom->forgetRequests();
    }

    /** @param array<string, mixed> $entry */
    private function live(array $entry): void
    {
        match ($entry['do']) {
            'book' => $this->book($entry),
            'wish' => $this->wish($entry),
            'bring_on' => $this->bringOn($this->idOf($entry['visit']), $entry['is_final']),
            'look' => Difference::unlessSame('the visit that is due', $entry['due'], $this->due($entry)),
            'send' => $this->send($entry),
            'wake' => $this->wake($entry),
            'at_zoom' => $this->atZoom($entry),
        };
    }

    private function bringOn(int $visit, bool $isFinal): void
    {
        $this->loop->bringOn($visit, 30.0, $isFinal ? $this->visits->find($visit)?->version() : null);
    }

    /** @param array<string, mixed> $entry */
    private function book(array $entry): void
    {
        $at = $this->world->now();
        $visit = Visit::booked($entry['visit'][0], $entry['visit'][1], $entry['doctor'], $entry['slot'], $at);
        $this->visits->add($entry['is_settled'] ? $visit->settled($at) : $visit, array(), $at);
    }

    /** @param array<string, mixed> $entry */
    private function wish(array $entry): void
    {
        $at = $this->world->now();
        $wish = static fn (Visit $visit): Visit => match ($entry['wish']) {
            'book' => $visit->book($entry['doctor'], $entry['slot'], $at),
            'reschedule' => $visit->reschedule($entry['slot'], $at),
            'reassign' => $visit->reassign($entry['doctor'], $at),
            'cancel' => $visit->cancel($at),
            'recreate' => $visit->recreate($at),
        };
        $settled = static fn (Visit $visit): Visit => $entry['is_settled'] ? $wish($visit)->settled($at) : $wish($visit);
        $this->visits->change($this->idOf($entry['visit']), $settled, $at);
        $this->world->count($entry['wish']);
    }

    /**
     * @param array<string, mixed> $entry
     * @return ?array{string, string}
     */
    private function due(array $entry): ?array
    {
        $due = $this->visits->queue->due(self::now($entry), 1);
        return array() === $due ? null : $this->rows->nameOf($due[0]);
    }

    /**
     * What the sender of the outbox does with one notice.
     *
     * @param array<string, mixed> $entry
     */
    private function send(array $entry): void
    {
        $due = $this->visits->queue->dueNotices(self::now($entry), 1)[0] ?? null;
        $found = null === $due ? null : array('visit' => $this->rows->nameOf($due['visit']), 'which' => $this->rows->placeOf($due['visit'], $due['notice']));
        Difference::unlessSame('the notice that is due', $entry['due'], $found);
        if (null === $due) {
            return;
        }
        [$visit, $notice, $at, $says] = array($due['visit'], $due['notice'], $this->world->now(), null);
        $this->visits->change($visit, static function (Visit $found) use ($notice, $at, &$says): Visit {
            $sent = $found->send($notice, $at);
            $says = $sent->says($notice);
            return $sent;
        }, $at);
        $names = new ReplayNames();
        // No row's: it is for the sender.
        unset($says['is_urgent']);
        Difference::unlessSame('what the notice says', $names->notice($entry['says'] ?? null), $names->notice($says));
        $fate = $entry['fate'] ?? null;
        if (null === $says || null === $fate) {
            return;
        }
        $then = $this->world->now();
        $until = 'held_back' === $fate ? ReplayWorld::at($entry['at']) : null;
        $this->visits->change($visit, static fn (Visit $sent): Visit => $sent->delivered($notice, $fate, $until, $then), $then);
        $this->world->count("mail {$fate}");
    }

    /**
     * Somebody has mended something: the visit is looked at again.
     *
     * @param array<string, mixed> $entry
     */
    private function wake(array $entry): void
    {
        $at = $this->world->now();
        $id = $this->idOf($entry['visit']);
        $visit = $this->visits->change($id, static fn (Visit $found): Visit => $found->woken(), $at);
        $this->visits->queue->lookAgain($id, (int) $visit?->version(), self::now($entry));
    }

    /**
     * A person does something on Zoom's own pages.
     *
     * @param array<string, mixed> $entry
     */
    private function atZoom(array $entry): void
    {
        $this->takeRequests();
        $this->world->setClocks($entry['at']);
        $found = array_values(array_filter($this->zoom->state()['meetings'], static fn (array $meeting): bool => $meeting['agenda'] === $entry['agenda']));
        Difference::unlessSame('meetings of that description', 1, count($found));
        $this->zoom->handle($found[0]['id'], null === $entry['to'] ? null : array('start_time' => $entry['to']));
        $this->zoom->forgetRequests();
    }

    /** @param array<string, mixed> $life */
    private function compareAtTheEnd(array $life): void
    {
        $this->takeRequests();
        $asked = array_merge(...array_column(array_merge(...array_column($life['entries'], 'exchanges')), 'requests'));
        [$theirs, $ours] = array(new ReplayNames(), new ReplayNames());
        Difference::unlessSame('requests', array_map($theirs->request(...), $asked), array_map($ours->request(...), $this->requests));
        $state = $this->zoom->state();
        $atZoom = array_column(array_merge($state['meetings'], $state['deleted_meetings']), null, 'id');
        Difference::unlessSame('visits', array_map($theirs->visit(...), $life['visits']), array_map($ours->visit(...), $this->rows->visits($atZoom)));
        Difference::unlessSame('counters', ReplayNames::counters($life['writes']), $this->rows->counters());
        Difference::unlessSame('meetings at Zoom', $life['zoom'], ReplayNames::meetings($state['meetings']));
    }

    private function takeRequests(): void
    {
        array_push($this->requests, ...$this->zoom->requests());
        $this->zoom->forgetRequests();
    }

    /** @param array{string, string} $name */
    private function idOf(array $name): int
    {
        return $this->visits->idOf(...$name) ?? throw new Difference('there is no visit of appointment ' . implode(' ', $name));
    }

    /** @param array<string, mixed> $entry */
    private static function now(array $entry): string
    {
        return ReplayWorld::at($entry['at'])->format('Y-m-d H:i:s');
    }
}
