<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

/** How far a process of the storm has come, in a file, so that another goes on after a kill. */
final class Progress
{
    private int $done = 0;
    /** @var array<int, int> */
    private array $notes = array();

    public function __construct(private readonly string $file)
    {
        if (is_file($file)) {
            [$this->done, $this->notes] = json_decode((string) file_get_contents($file), true, 4, JSON_THROW_ON_ERROR);
        }
    }

    /** How many operations are done. */
    public function done(): int
    {
        return $this->done;
    }

    /** @return array<int, int> */
    public function notes(): array
    {
        return $this->notes;
    }

    /** @param array<int, int> $notes what the operations to come must know of those that are done */
    public function note(array $notes): void
    {
        $this->notes = $notes;
        $this->write();
    }

    public function finish(int $number): void
    {
        $this->done = $number + 1;
        $this->write();
    }

    private function write(): void
    {
        // Atomically: a kill in the middle of a write would lose it.
        file_put_contents("{$this->file}.new", json_encode(array($this->done, (object) $this->notes), JSON_THROW_ON_ERROR));
        rename("{$this->file}.new", $this->file);
    }
}
