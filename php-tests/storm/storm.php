<?php

/**
 * Bookings, moves and cancellations by concurrent processes while fake-zoom fails in every way, workers are killed and
 * transactions are rolled back. Then the sky clears, the worker and one reconcile run, and what is left is judged.
 *
 *     storm.php APPOINTMENTS SEED [s2s|oauth]        exit status 0: nothing lost, nothing twice, nothing left over
 *
 * The same seed gives the same lives and the same faults; which of them meet is the storm.
 *
 * @see scripts/storm
 */

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Site;

require_once __DIR__ . '/../support/autoload.php';
foreach (array('Plan', 'Weather', 'Stage', 'Processes', 'Verdict') as $part) {
    require_once __DIR__ . "/{$part}.php";
}

const ACTORS = 4;
const WORKERS = 2;
/** At most so many writes of a host in a day: a hundred is Zoom's limit, and a life takes up to four with its retries. */
const APPOINTMENTS_PER_DOCTOR = 12;
const FAULT_EVERY_MS = 120;
const KILL_EVERY_FAULTS = 15;
const SETTLE_MINUTES = 6;

$appointments = (int) ($argv[1] ?? 0);
$seed = (int) ($argv[2] ?? 0);
$mode = $argv[3] ?? 's2s';
if ($appointments < 1 || ! in_array($mode, array('s2s', 'oauth'), true)) {
    fwrite(STDERR, "use: storm.php APPOINTMENTS SEED [s2s|oauth]\n");
    exit(2);
}

$site = Site::fromEnvironment();
$zoom = $site->zoom();
$stage = new Stage($site, $zoom);
$doctors = $stage->build($mode, max(2, intdiv($appointments, APPOINTMENTS_PER_DOCTOR)));
$hosts = $site->php('return array_map(static fn (int $user): string => (new \TelemedZoom\HostMap())->of($user)->id, array_combine($arguments["doctors"], $arguments["doctors"]));', array('doctors' => $doctors));

$folder = sys_get_temp_dir() . '/telemed-storm-' . getmypid();
mkdir($folder);
$processes = new Processes(array('PHP_INI_SCAN_DIR' => $site->scanDirectory()) + getenv(), "{$folder}/processes.log");
register_shutdown_function(static fn () => $processes->stopAll());
$php = array(PHP_BINARY, '-d', 'telemed.timeout=2', '-d', 'telemed.connect_timeout=2', '-d', 'display_errors=stderr', __DIR__ . '/process.php', $site->wordpress(), $site->url());

$shares = array_fill(0, ACTORS, array('doctors' => $doctors, 'operations' => array()));
foreach (Plan::draw($seed, $appointments, count($doctors)) as $appointment => $life) {
    foreach ($life as $operation) {
        $shares[$appointment % ACTORS]['operations'][] = array($appointment, $operation);
    }
}
foreach ($shares as $number => $share) {
    file_put_contents("{$folder}/share-{$number}.json", json_encode($share, JSON_THROW_ON_ERROR));
    $processes->start("actor {$number}", array(...$php, 'actor', "{$folder}/share-{$number}.json", "{$folder}/progress-{$number}"));
}
for ($number = 0; $number < WORKERS; $number++) {
    $processes->start("worker {$number}", array(...$php, 'worker'));
}

$began = microtime(true);
$weather = new Weather($zoom, $seed);
$random = new \Random\Randomizer(new \Random\Engine\Mt19937($seed));
$links = array();
$remember = static function () use ($site, &$links): void {
    $database = $site->database();
    foreach ($database->query("SELECT appointment, visit_key FROM wp_telemed_meetings WHERE source = 'storm'")->fetch_all() as [$appointment, $key]) {
        $links[(int) $appointment] ??= $key;
    }
    $database->close();
};
for ($fault = 1; array() !== $processes->running('actor'); $fault++) {
    $weather->blow();
    if (0 === $fault % KILL_EVERY_FAULTS) {
        $names = array(...$processes->running('actor'), ...$processes->running('worker'));
        $processes->kill($names[$random->getInt(0, count($names) - 1)]);
        $remember();
    }
    usleep(FAULT_EVERY_MS * 1000);
}
$remember();
$weather->clear();
printf("storm %d: %d appointments in mode %s, %.0f s, %d kills, faults: %s\n", $seed, $appointments, $mode, microtime(true) - $began, $processes->kills(), $weather->report());

if ('oauth' === $mode) {
    printf("%d doctors had to connect again\n", $stage->reconnect($doctors));
}

// After the storm: time passes (the ledger's waits are over) until nothing is due.
$settled = false;
for ($end = time() + SETTLE_MINUTES * 60; time() < $end && ! $settled; sleep(3)) {
    $database = $site->database();
    // What contradicts its appointment is believed a quarter of an hour after the wish; waits for a limit or a retry end.
    $database->query('UPDATE wp_telemed_meetings SET wished_at = wished_at - INTERVAL 16 MINUTE WHERE event IS NOT NULL OR seen_at IS NULL');
    $database->query('UPDATE wp_telemed_meetings SET next_try_at = UTC_TIMESTAMP() WHERE next_try_at > UTC_TIMESTAMP()');
    $database->query('UPDATE wp_telemed_leftovers SET next_try_at = UTC_TIMESTAMP() WHERE next_try_at > UTC_TIMESTAMP()');
    $database->query('DELETE FROM wp_telemed_signals WHERE name = "breaker"');
    $open = (int) $database->query("SELECT COUNT(*) FROM wp_telemed_meetings WHERE source = 'storm' AND (state NOT IN ('made', 'cancelled') OR event IS NOT NULL OR seen_at IS NULL)")->fetch_row()[0];
    $settled = 0 === $open + (int) $database->query('SELECT COUNT(*) FROM wp_telemed_leftovers')->fetch_row()[0];
    $database->close();
}
$processes->stopAll();
$before = new Verdict($site, $zoom, $links, $hosts);
echo $before->isClean() ? "Nothing was left for the reconcile.\n" : "Before the reconcile:\n" . $before->text();
$site->php(
    // By then nobody is at work on any of it.
    'add_filter("telemed_now", static fn (int $now): int => $now + 1200);'
    . 'require $arguments["folder"] . "/Plan.php"; require $arguments["folder"] . "/HostSystem.php"; \Telemed\Tests\Storm\HostSystem::register();'
    . '\TelemedZoom\Plugin::instance()->reconcile->run(dryRun: false);',
    array('folder' => __DIR__)
);
$verdict = new Verdict($site, $zoom, $links, $hosts);
echo $verdict->text();
if (! $verdict->isClean()) {
    echo "Repeat it: scripts/storm {$appointments} {$seed} {$mode}\nThe processes' log: {$folder}/processes.log\n";
    exit(1);
}
foreach (glob("{$folder}/*") ?: array() as $file) {
    unlink($file);
}
rmdir($folder);
