<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Site;

/**
 * What befalls the site's own machine in a storm, one mishap at a time, drawn from the seed; each kind comes at least once. Every two of
 * four seeds have a database that isolates snapshots.
 */
final class Machine
{
    private const CRASH = 'database killed';
    private const READ_ONLY = 'database without writes';
    private const FULL = 'disk full';
    /** Between one mishap and the next, and how long one lasts, in faults of the weather. */
    private const PAUSE_FAULTS = array(15, 45);
    private const LASTING_FAULTS = array(8, 20);
    private const AWAY_MS = array(0, 1_500);

    private readonly \Random\Randomizer $random;
    private readonly DatabaseServer $database;
    private readonly string $disk;
    private readonly bool $isolates;
    /** @var array<string, int> how often each came */
    private array $came = array(self::CRASH => 0, self::READ_ONLY => 0, self::FULL => 0);
    private ?string $underWay = null;
    private int $until;
    /** When the last mishap of the database was over, Unix seconds. */
    private float $mendedAt = 0.0;

    /** @param string $notes the storm's own folder, which no disk is too full for */
    public function __construct(Site $site, int $seed, string $notes)
    {
        $this->random = new \Random\Randomizer(new \Random\Engine\Mt19937($seed));
        $this->database = new DatabaseServer($site);
        // Beside each kind of links in mails.
        $this->isolates = 0 !== intdiv($seed + 1, 2) % 2;
        $this->database->isolate($this->isolates);
        $this->disk = $site->storm()['disk'];
        $this->fill(false);
        putenv("STORM_DISK={$this->disk}");
        putenv("STORM_NOTES={$notes}");
        $this->until = $this->one(self::PAUSE_FAULTS);
    }

    /** With each fault of the weather: a mishap begins, goes on or ends. */
    public function step(): void
    {
        if (--$this->until > 0) {
            return;
        }
        if (null !== $this->underWay) {
            $this->mend();
            return;
        }
        $owed = array_keys($this->came, 0, true) ?: array_keys($this->came);
        $what = $owed[$this->one(array(0, count($owed) - 1))];
        $this->came[$what]++;
        $this->underWay = $what;
        match ($what) {
            self::CRASH => $this->database->crash($this->one(self::AWAY_MS)),
            self::READ_ONLY => $this->database->refuseWrites(true),
            self::FULL => $this->fill(true),
        };
        $this->until = $this->one(self::LASTING_FAULTS);
        if (self::CRASH === $what) {
            $this->mend();
        }
    }

    /** Whether some kind has not come yet. */
    public function owes(): bool
    {
        return in_array(0, $this->came, true);
    }

    /** Ends what is under way. */
    public function mend(): void
    {
        match ($this->underWay) {
            self::READ_ONLY => $this->database->refuseWrites(false),
            self::FULL => $this->fill(false),
            default => null,
        };
        if (in_array($this->underWay, array(self::CRASH, self::READ_ONLY), true)) {
            $this->mendedAt = microtime(true);
        }
        $this->underWay = null;
        $this->until = $this->one(self::PAUSE_FAULTS);
    }

    /** Whether the database was away or refused writes at some time since a moment. A full disk alone excuses nobody. */
    public function excuses(float $since): bool
    {
        return $this->mendedAt >= $since || in_array($this->underWay, array(self::CRASH, self::READ_ONLY), true);
    }

    /** What came, for the report. */
    public function report(): string
    {
        return implode(', ', array_map(static fn (string $what, int $times): string => "{$what} {$times}", array_keys($this->came), $this->came))
            . ', snapshots ' . ($this->isolates ? 'isolated' : 'not isolated');
    }

    private function fill(bool $isFull): void
    {
        // In place: processes have the file mapped.
        $file = fopen($this->disk, 'c');
        fwrite($file, $isFull ? "\1" : "\0");
        fclose($file);
    }

    /** @param array{int, int} $between */
    private function one(array $between): int
    {
        return $this->random->getInt(...$between);
    }
}
