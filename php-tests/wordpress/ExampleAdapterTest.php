<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\Adapter\AdapterConformance;
use Telemed\Tests\Adapter\AdapterFixture;
use Telemed\Tests\Adapter\ExampleFixture;

/** The example of docs/adapters.md does what is promised of it, and stands there as it was tested. */
final class ExampleAdapterTest extends ClinicTestCase
{
    use AdapterConformance;

    private const DOCUMENT = __DIR__ . '/../../docs/adapters.md';

    protected function fixture(): AdapterFixture
    {
        return new ExampleFixture();
    }

    public function testTheDocumentShowsItAsItIs(): void
    {
        preg_match_all('/^```php\n(.*?)^```$/ms', (string) file_get_contents(self::DOCUMENT), $blocks);
        $this->assertContains((string) file_get_contents(ExampleFixture::PLUGIN), $blocks[1]);
    }

    public function testAMoveThatIsRolledBackMovesAndTellsNothing(): void
    {
        $appointment = $this->adapter->book($start = self::inDays(20));
        $this->later();
        $this->adapter->rolledBack('$system->move($id, $start);', self::inDays(22), $appointment);
        $this->later();
        $this->assertSame(array($start), $this->starts());
        $this->assertSame(array('made', $start), $this->visitOf($appointment));
        $this->assertSame(array(1, 1), $this->told());
    }

    public function testACancellationThatIsRolledBackDeletesAndTellsNothing(): void
    {
        $appointment = $this->adapter->book($start = self::inDays(20));
        $this->later();
        $this->adapter->rolledBack('$system->cancel($id);', 0, $appointment);
        $this->later();
        $this->assertSame(array($start), $this->starts());
        $this->assertSame(array('made', $start), $this->visitOf($appointment));
        $this->assertSame(array(1, 1), $this->told());
    }
}
