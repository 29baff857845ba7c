<?php

/**
 * Bookings, moves and cancellations by concurrent processes while fake-zoom fails in every way, workers are killed and
 * transactions are rolled back. Then the sky clears, the worker and one night's work run, and what is left is judged.
 *
 *     storm.php APPOINTMENTS SEED [s2s|oauth [kivicare]]        exit status 0: nothing lost, nothing twice, nothing left over
 *
 * With kivicare the appointments come and go through the HTTP routes of KiviCare's stand-in, else within the processes.
 *
 * The same seed gives the same lives and the same faults; which of them meet is the storm.
 *
 * @see scripts/storm
 */

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Site;

require_once __DIR__ . '/../support/autoload.php';
foreach (array('AppointmentSystem', 'OwnTable', 'Kivicare', 'Plan', 'Weather', 'Stage', 'Processes', 'Verdict') as $part) {
    require_once __DIR__ . "/{$part}.php";
}

const ACTORS = 4;
const WORKERS = 2;
const FAULT_EVERY_MS = 120;
const KILL_EVERY_FAULTS = 15;
const SETTLE_MINUTES = 6;

$appointments = (int) ($argv[1] ?? 0);
$seed = (int) ($argv[2] ?? 0);
$mode = $argv[3] ?? 's2s';
$name = $argv[4] ?? '';
if ($appointments < 1 || ! in_array($mode, array('s2s', 'oauth'), true) || ! in_array($name, array('', 'kivicare'), true)) {
    fwrite(STDERR, "use: storm.php APPOINTMENTS SEED [s2s|oauth [kivicare]]\n");
    exit(2);
}

$site = Site::fromEnvironment();
$zoom = $site->zoom();
$system = 'kivicare' === $name ? new Kivicare() : new OwnTable();
$stage = new Stage($site, $zoom, $system);
$doctors = $stage->build($mode, max(2, intdiv($appointments, $system->appointmentsPerDoctor())));
$known = $system->prepare($site, $doctors, ACTORS);
$hosts = $site->php('return array_map(static fn (int $user): string => (new \TelemedZoom\Doctors\HostMap())->of($user)->id, array_combine($arguments["doctors"], $arguments["doctors"]));', array('doctors' => $doctors));

$folder = sys_get_temp_dir() . '/telemed-storm-' . getmypid();
mkdir($folder);
$processes = new Processes(array('PHP_INI_SCAN_DIR' => $site->scanDirectory()) + getenv(), "{$folder}/processes.log");
register_shutdown_function(static fn () => $processes->stopAll());
$php = array(PHP_BINARY, '-d', 'telemed.timeout=2', '-d', 'telemed.connect_timeout=2', '-d', 'display_errors=stderr');

$shares = array_fill(0, ACTORS, array('doctors' => $doctors, 'system' => $known, 'operations' => array()));
foreach (Plan::draw($seed, $appointments, count($doctors)) as $appointment => $life) {
    foreach ($life as $operation) {
        $shares[$appointment % ACTORS]['operations'][] = array($appointment, $operation);
    }
}
foreach ($shares as $number => $share) {
    file_put_contents("{$folder}/share-{$number}.json", json_encode($share, JSON_THROW_ON_ERROR));
    $processes->start("actor {$number}", array(...$php, ...$system->actor($site, $number), "{$folder}/share-{$number}.json", "{$folder}/progress-{$number}"));
}
for ($number = 0; $number < WORKERS; $number++) {
    $processes->start("worker {$number}", array(...$php, __DIR__ . '/process.php', $site->wordpress(), $site->url(), 'worker'));
}

$began = microtime(true);
$weather = new Weather($zoom, $seed);
$random = new \Random\Randomizer(new \Random\Engine\Mt19937($seed));
$links = array();
$kills = 0;
$remember = static function () use ($site, $system, &$links): void {
    $database = $site->database();
    foreach ($database->query("SELECT appointment, visit_key FROM wp_telemed_meetings WHERE source = '{$system->source()}'")->fetch_all() as [$appointment, $key]) {
        $links[(int) $appointment] ??= $key;
    }
    $database->close();
};
for ($fault = 1; array() !== $processes->running('actor'); $fault++) {
    $weather->blow();
    if (0 === $fault % KILL_EVERY_FAULTS) {
        $names = array(...$processes->running('actor'), ...$processes->running('worker'));
        $processes->kill($names[$random->getInt(0, count($names) - 1)]);
        $kills += $system->kill($site, $random);
        $remember();
    }
    usleep(FAULT_EVERY_MS * 1000);
}
$remember();
$weather->clear();
printf("storm %d: %d appointments %sin mode %s, %.0f s, %d kills, faults: %s\n", $seed, $appointments, 'kivicare' === $name ? 'through KiviCare ' : '', $mode, microtime(true) - $began, $processes->kills() + $kills, $weather->report());

// After the storm: time passes (the ledger's waits are over) until nothing is due.
$settled = false;
$reconnected = 0;
for ($end = time() + SETTLE_MINUTES * 60; time() < $end && ! $settled; sleep(3)) {
    if ('oauth' === $mode) {
        // Some learn only now that a refresh of theirs was lost.
        $reconnected += $stage->reconnect($doctors);
    }
    $database = $site->database();
    // What contradicts its appointment is believed a quarter of an hour after the wish; waits for a limit or a retry end.
    $database->query('UPDATE wp_telemed_meetings SET wished_at = wished_at - INTERVAL 16 MINUTE WHERE event IS NOT NULL OR seen_at IS NULL');
    $database->query('UPDATE wp_telemed_meetings SET next_try_at = UTC_TIMESTAMP() WHERE next_try_at > UTC_TIMESTAMP()');
    // 'Not there' is believed a minute after the request; by now none is under way.
    $database->query("UPDATE wp_telemed_meetings SET attempted_at = attempted_at - INTERVAL 2 MINUTE WHERE state = 'attempting' AND attempted_at < UTC_TIMESTAMP() - INTERVAL 10 SECOND");
    $database->query('UPDATE wp_telemed_leftovers SET next_try_at = UTC_TIMESTAMP() WHERE next_try_at > UTC_TIMESTAMP()');
    $database->query('DELETE FROM wp_telemed_signals WHERE name = "breaker"');
    $open = (int) $database->query("SELECT COUNT(*) FROM wp_telemed_meetings WHERE source = '{$system->source()}' AND (state NOT IN ('made', 'cancelled') OR event IS NOT NULL OR seen_at IS NULL)")->fetch_row()[0];
    $settled = 0 === $open + (int) $database->query('SELECT COUNT(*) FROM wp_telemed_leftovers')->fetch_row()[0];
    $database->close();
}
$processes->stopAll();
if ('oauth' === $mode) {
    echo "{$reconnected} connections were lost and made again\n";
}
$before = new Verdict($site, $zoom, $system, $links, $hosts);
echo $before->isClean() ? "Nothing was left for the night.\n" : "Before the night:\n" . $before->text();
$site->php(
    // By then nobody is at work on any of it.
    'add_filter("telemed_now", static fn (int $now): int => $now + 1200);'
    . 'require $arguments["folder"] . "/Plan.php"; require $arguments["folder"] . "/HostSystem.php"; \Telemed\Tests\Storm\HostSystem::register();'
    . 'do_action("telemed_nightly");',
    array('folder' => __DIR__)
);
$verdict = new Verdict($site, $zoom, $system, $links, $hosts);
echo $verdict->text();
if (! $verdict->isClean()) {
    echo "Repeat it: scripts/storm {$appointments} {$seed} {$mode} {$name}\nThe processes' log: {$folder}/processes.log\n";
    exit(1);
}
foreach (glob("{$folder}/*") ?: array() as $file) {
    unlink($file);
}
rmdir($folder);
