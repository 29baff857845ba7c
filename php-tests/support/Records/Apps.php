<?php

declare(strict_types=1);

namespace Telemed\Tests\Records;

/** The apps at Zoom that the site has credentials of. */
final class Apps
{
    public function __construct(private readonly Tables $tables)
    {
    }

    /** @return list<string> their client ids, in the order in which they came */
    public function clients(): array
    {
        return array_column($this->everything(), 'client');
    }

    /** All that is kept of them. @return list<array<string, ?string>> */
    public function everything(): array
    {
        return $this->tables->rows("SELECT * FROM {$this->tables->apps()} ORDER BY id");
    }
}
