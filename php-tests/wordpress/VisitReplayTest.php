<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\WordPress\Support\StoppedClock;

/**
 * PHP's store and loop on MariaDB live again what the simulation has lived in memory: the same steps and the same rows. Another seed
 * than the usual one is TELEMED_REPLAY_SEED, more lives or fewer TELEMED_REPLAY_LIVES.
 */
final class VisitReplayTest extends ClinicTestCase
{
    private const LIVES = 200;
    private const SEED = 1;

    private string $folder;

    protected function setUp(): void
    {
        parent::setUp();
        $this->folder = sys_get_temp_dir() . '/telemed-replay-' . getmypid();
        mkdir($this->folder);
    }

    protected function tearDown(): void
    {
        array_map('unlink', glob("{$this->folder}/*") ?: array());
        rmdir($this->folder);
    }

    public function testTheLoopTakesTheSimulationsStepsAndLeavesItsRows(): void
    {
        $lives = (int) (getenv('TELEMED_REPLAY_LIVES') ?: self::LIVES);
        $seed = (int) (getenv('TELEMED_REPLAY_SEED') ?: self::SEED);
        $scripts = $this->scripts($lives, $seed);
        [$difference, $seen] = StoppedClock::inForce($this->folder, fn (): array => $this->site->php(
            'foreach (["support", "wordpress/Support"] as $folder) {
                 foreach (glob("{$arguments["tests"]}/{$folder}/{Difference,FakeZoom,Replay*,StoppedClock,VisitWorld}.php", GLOB_BRACE) as $file) {
                     require $file;
                 }
             }
             return (new \Telemed\Tests\WordPress\Support\Replay($arguments["zoom"]))->ofAll($arguments["scripts"]);',
            array('tests' => dirname(__DIR__), 'zoom' => $this->site->zoomUrl(), 'scripts' => $scripts)
        ));
        $this->assertNull($difference, "seed {$seed}: {$difference}");
        $this->assertSame($lives, $seen['life']);
        if ($lives < self::LIVES) {
            return;
        }
        // So many lives have seen everything that there is.
        $all = array('create', 'ensure', 'find', 'update', 'delete', 'book', 'reschedule', 'reassign', 'cancel', 'recreate', 'wake', 'at_zoom');
        $mails = array('mail sent', 'mail refused', 'mail held_back');
        $spoiled = array('close_before_work', 'close_after_work', '200', '400', '401', '404', '429', '500', '502', '503');
        $spoiled = array_map(static fn (string $what): string => "spoiled {$what}", $spoiled);
        $this->assertSame(array(), array_diff(array(...$all, ...$mails, ...$spoiled), array_keys($seen)));
    }

    /** The lives, as the simulation writes them down. */
    private function scripts(int $lives, int $seed): string
    {
        $program = getenv('TELEMED_SIM') ?: dirname(__DIR__, 2) . '/target/sim/telemed-sim';
        $this->assertTrue(is_executable($program), "There is no simulation at {$program}: cargo build --locked --profile sim -p telemed-sim");
        $file = "{$this->folder}/scripts";
        $command = array($program, '--lives', (string) $lives, '--seed', (string) $seed, 'scripts');
        $process = proc_open($command, array(1 => array('file', $file, 'w'), 2 => array('file', "{$file}.errors", 'w')), $pipes);
        $this->assertIsResource($process);
        $this->assertSame(0, proc_close($process), (string) file_get_contents("{$file}.errors"));
        return $file;
    }
}
