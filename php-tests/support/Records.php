<?php

/**
 * What stands in the plugin's tables, for tests and for the storm's verdict. These classes alone know the tables' names and
 * columns: when the tables change, nothing else of php-tests does.
 */

declare(strict_types=1);

namespace Telemed\Tests;

use Telemed\Tests\Records\Apps;
use Telemed\Tests\Records\Counters;
use Telemed\Tests\Records\Grants;
use Telemed\Tests\Records\Log;
use Telemed\Tests\Records\ManyVisits;
use Telemed\Tests\Records\Pretended;
use Telemed\Tests\Records\SiteVault;
use Telemed\Tests\Records\Tables;
use Telemed\Tests\Records\Unwanted;
use Telemed\Tests\Records\Visits;

final class Records
{
    /** What is wanted, and the meeting at Zoom that serves it. */
    public readonly Visits $visits;
    /** Meetings at Zoom that must go. */
    public readonly Unwanted $unwanted;
    public readonly Log $log;
    /** The writes of each host's day, and signals. */
    public readonly Counters $counters;
    /** What Zoom users allowed. */
    public readonly Grants $grants;
    public readonly Apps $apps;
    /** What a test says has happened. */
    public readonly Pretended $pretend;
    public readonly ManyVisits $many;

    private function __construct(private readonly Tables $tables)
    {
        $this->visits = new Visits($tables);
        $this->unwanted = new Unwanted($tables);
        $this->log = new Log($tables);
        $this->counters = new Counters($tables);
        $this->grants = new Grants($tables);
        $this->apps = new Apps($tables);
        $this->pretend = new Pretended($tables);
        $this->many = new ManyVisits($tables);
    }

    /** @param string $prefix of WordPress' tables: each blog of a network has its own */
    public static function of(Site $site, string $prefix = 'wp_'): self
    {
        return new self(new Tables($prefix, static fn (): \mysqli => $site->database(), vault: new SiteVault($site->wordpress())));
    }

    /**
     * By a connection that stays open, within its transaction; nobody's request is waited for.
     *
     * @param ?Site $site whose key opens links; null: they are not read
     */
    public static function over(\mysqli $connection, string $prefix = 'wp_', ?Site $site = null): self
    {
        $vault = $site === null ? null : new SiteVault($site->wordpress());
        return new self(new Tables($prefix, static fn (): \mysqli => $connection, false, $vault));
    }

    /**
     * Does something while the visits cannot be reached.
     *
     * @template T
     * @param callable(): T $work
     * @return T
     */
    public function outOfReach(callable $work): mixed
    {
        [$visits, $away] = array($this->tables->visits(), $this->tables->visits() . '_away');
        $this->tables->execute("RENAME TABLE {$visits} TO {$away}");
        try {
            return $work();
        } finally {
            $this->tables->execute("RENAME TABLE {$away} TO {$visits}");
        }
    }

    /**
     * Changes nothing in every row of visits, their meetings and counted writes, for which nobody may hold a lock on one.
     *
     * @return int how many of these three could be written
     */
    public function touch(): int
    {
        $changes = array(
            "{$this->tables->visits()} SET topic = topic",
            "{$this->tables->meetings()} SET tries = tries",
            "{$this->tables->writes()} SET writes = writes",
        );
        foreach ($changes as $change) {
            $this->tables->execute("UPDATE {$change}");
        }
        return count($changes);
    }
}
