<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension\Support;

use Telemed\TokenStore;

/** A store written in PHP: it counts, and any method can be replaced. */
final class MemoryTokenStore implements TokenStore
{
    /** @var array<string, string> */
    public array $records = array();

    /** @var list<string> the methods called, in order */
    public array $calls = array();

    /** @var array<string, int> locks held by key */
    public array $held = array();

    /** @var array<string, callable> what runs in place of a method */
    public array $instead = array();

    public function load(string $key): ?string
    {
        $this->calls[] = 'load';
        if (isset($this->instead['load'])) {
            return ($this->instead['load'])($key);
        }
        return $this->records[$key] ?? null;
    }

    public function save(string $key, string $sealed, ?string $replaces): bool
    {
        $this->calls[] = 'save';
        if (isset($this->instead['save'])) {
            return ($this->instead['save'])($key, $sealed, $replaces);
        }
        if (($this->records[$key] ?? null) !== $replaces) {
            return false;
        }
        $this->records[$key] = $sealed;
        return true;
    }

    public function delete(string $key): void
    {
        $this->calls[] = 'delete';
        if (isset($this->instead['delete'])) {
            ($this->instead['delete'])($key);
        }
        unset($this->records[$key]);
    }

    public function lock(string $key, float $seconds): bool
    {
        $this->calls[] = 'lock';
        if (isset($this->instead['lock'])) {
            return ($this->instead['lock'])($key, $seconds);
        }
        $this->held[$key] = ($this->held[$key] ?? 0) + 1;
        return true;
    }

    public function unlock(string $key): void
    {
        $this->calls[] = 'unlock';
        $this->held[$key] = ($this->held[$key] ?? 0) - 1;
        if (isset($this->instead['unlock'])) {
            ($this->instead['unlock'])($key);
        }
    }

    /** How many locks were taken and not given back. */
    public function locksLeft(): int
    {
        return array_sum($this->held);
    }
}
