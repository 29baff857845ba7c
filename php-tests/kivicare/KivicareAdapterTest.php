<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

use Telemed\Tests\Adapter\AdapterConformance;
use Telemed\Tests\Adapter\AdapterFixture;

/** The plugin's own adapter does what every adapter must. */
final class KivicareAdapterTest extends KivicareTestCase
{
    use AdapterConformance;

    protected function fixture(): AdapterFixture
    {
        return new KivicareFixture();
    }
}
