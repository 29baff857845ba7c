<?php
/** What get() returns; the core has Illuminate's. */

declare(strict_types=1);

namespace App\baseClasses;

final class KCCollection implements \IteratorAggregate, \Countable
{
    public function __construct(private readonly array $items)
    {
    }

    public function all(): array
    {
        return $this->items;
    }

    public function first(): mixed
    {
        return $this->items[0] ?? null;
    }

    public function getIterator(): \Iterator
    {
        return new \ArrayIterator($this->items);
    }

    public function count(): int
    {
        return count($this->items);
    }
}
