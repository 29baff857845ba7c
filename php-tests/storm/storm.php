<?php

/**
 * Bookings, moves and cancellations by concurrent processes while fake-zoom fails in every way, workers are killed, the database
 * is killed or takes no writes, the disk is full, and transactions are rolled back. Two days later a part of the visits begins: more is booked, moved and cancelled in the hour before,
 * Zoom is away until just before the opening hour, and each patient clicks on the link of the newest mail. Then the worker and
 * one night's work run, and what is left is judged. Time is moved, not waited for. @see Time.php
 *
 *     storm.php APPOINTMENTS SEED [s2s|oauth [kivicare]]        exit status 0: nothing lost, nothing twice, nothing left over
 *
 * An even seed's clinic mails Zoom's own links in place of the visit links. With kivicare the appointments come and go through the HTTP routes of KiviCare's stand-in, else within the processes.
 *
 * The same seed gives the same lives and the same faults; which of them meet is the storm.
 *
 * @see scripts/storm
 */

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Records;
use Telemed\Tests\Site;

require_once __DIR__ . '/../support/autoload.php';
foreach (array('AppointmentSystem', 'OwnTable', 'Kivicare', 'Plan', 'Time', 'Weather', 'DatabaseServer', 'Machine', 'Stage', 'Processes', 'Mailbox', 'Attendance', 'Verdict') as $part) {
    require_once __DIR__ . "/{$part}.php";
}

const ACTORS = 4;
const WORKERS = 2;
const FAULT_EVERY_MS = 120;
const KILL_EVERY_FAULTS = 15;
/** So that what is put off by a minute is tried again within the storm, and access tokens end in it. */
const SECONDS_PER_FAULT = 20;
/** What is believed late, late mails included, is believed by then. */
const STEP_SECONDS = 20 * 60;
const SETTLE_STEPS = 30;
const REACHABLE_SECONDS = 600;

$appointments = (int) ($argv[1] ?? 0);
$seed = (int) ($argv[2] ?? 0);
$mode = $argv[3] ?? 's2s';
$name = $argv[4] ?? '';
if ($appointments < 1 || ! in_array($mode, array('s2s', 'oauth'), true) || ! in_array($name, array('', 'kivicare'), true)) {
    fwrite(STDERR, "use: storm.php APPOINTMENTS SEED [s2s|oauth [kivicare]]\n");
    exit(2);
}

$site = Site::fromEnvironment()->inStorm();
$zoom = $site->zoom();
$system = 'kivicare' === $name ? new Kivicare() : new OwnTable();
$stage = new Stage($site, $zoom, $system);
$time = new Time($site, $zoom);
$mailsZoomsLink = 0 === $seed % 2;
$doctors = $stage->build($mode, max(2, intdiv($appointments, $system->appointmentsPerDoctor())), $mailsZoomsLink);
$known = $system->prepare($site, $doctors, ACTORS);
$hosts = array_combine($doctors, $stage->hostsOfDoctors());
$opens = intdiv($time->now() + 2 * 86400, 900) * 900;
$plan = Plan::draw($seed, $appointments, count($doctors), $opens);

$folder = sys_get_temp_dir() . '/telemed-storm-' . getmypid();
mkdir($folder);
$machine = new Machine($site, $seed, $folder);
$processes = new Processes(array('PHP_INI_SCAN_DIR' => $site->scanDirectory()) + getenv(), $folder, $machine->excuses(...));
register_shutdown_function(static function () use ($processes, $machine): void {
    $processes->stopAll();
    $machine->mend();
});
$php = array(PHP_BINARY, '-d', 'display_errors=stderr');
for ($number = 0; $number < WORKERS; $number++) {
    $processes->start("worker {$number}", array(...$php, __DIR__ . '/process.php', $site->wordpress(), $site->url(), 'worker'));
}

$began = microtime(true);
$weather = new Weather($zoom, $seed);
$random = new \Random\Randomizer(new \Random\Engine\Mt19937($seed));
$mailbox = new Mailbox($site, $system);
$attendance = new Attendance($site, $zoom, $system, $mailbox, $hosts);
$shares = array_fill(0, ACTORS, array('doctors' => $doctors, 'system' => $known, 'operations' => array()));
$links = array();
$kills = 0;
$remember = static function () use ($site, $system, &$links): void {
    // While requests are at work, too.
    $database = $site->databaseServer();
    foreach (Records::over($database, site: $site)->visits->bySource($system->source()) as $appointment => $visit) {
        $links[(int) $appointment] ??= $visit['visit_key'];
    }
    $database->close();
};
// Lives a stage of the plan in bad weather, and has time pass until a moment at most.
$live = static function (int $stage, int $until) use ($plan, $folder, $processes, $php, $system, $site, $time, $weather, $machine, $random, $remember, &$shares, &$kills): void {
    foreach ($plan as $appointment => $life) {
        foreach (array_filter($life, static fn (array $operation): bool => $stage === $operation['stage']) as $operation) {
            $shares[$appointment % ACTORS]['operations'][] = array($appointment, $operation);
        }
    }
    foreach ($shares as $number => $share) {
        file_put_contents("{$folder}/share-{$number}.json", json_encode($share, JSON_THROW_ON_ERROR));
        $processes->start("actor {$number}", array(...$php, ...$system->actor($site, $number), "{$folder}/share-{$number}.json", "{$folder}/progress-{$number}"));
    }
    for ($fault = 1; array() !== $processes->running('actor') || $machine->owes(); $fault++) {
        $weather->blow();
        $machine->step();
        $time->pass($time->now() + SECONDS_PER_FAULT < $until ? SECONDS_PER_FAULT : 0);
        if (0 === $fault % KILL_EVERY_FAULTS) {
            $names = array(...$processes->running('actor'), ...$processes->running('worker'));
            $processes->kill($names[$random->getInt(0, count($names) - 1)]);
            $kills += $system->kill($site, $random);
            $remember();
        }
        usleep(FAULT_EVERY_MS * 1000);
    }
    $machine->mend();
    $remember();
};
// What a system cron does.
$run = static fn (string $hook): mixed => $site->php(
    'require $arguments["folder"] . "/Plan.php"; require $arguments["folder"] . "/HostSystem.php"; \Telemed\Tests\Storm\HostSystem::register();'
    . 'do_action($arguments["hook"]);',
    array('folder' => __DIR__, 'hook' => $hook)
);

$live(Plan::AHEAD, $opens - 7200);
$time->passUntil($opens - 3600);
$live(Plan::ON_THE_DAY, $opens - 2700);
$weather->outage();
$live(Plan::IN_THE_OUTAGE, $opens - 1800);
$reachableSince = $opens - 120;
$reconnected = 0;
[$first, $last] = Plan::STEPS;
$run('telemed_run');
for ($step = $first; $step <= $last; $step++) {
    $start = $opens + $step * Plan::STEP_SECONDS;
    if ($start > $reachableSince && $time->now() < $reachableSince) {
        $time->passUntil($reachableSince);
        $weather->clear();
        $run('telemed_run');
    }
    $time->passUntil($start);
    // Some learn only now that a refresh of theirs was lost.
    $reconnected += 'oauth' === $mode && $start > $reachableSince ? $stage->reconnect($doctors) : 0;
    $run('telemed_run');
    $attendance->begin($start, $start - $reachableSince >= REACHABLE_SECONDS);
}
printf(
    "storm %d: %d appointments %sin mode %s, mailing %s, %.0f s, %d kills, machine: %s (%d processes failed of it), faults: %s\n%s",
    $seed,
    $appointments,
    'kivicare' === $name ? 'through KiviCare ' : '',
    $mode,
    $mailsZoomsLink ? "Zoom's own links" : 'visit links',
    microtime(true) - $began,
    $processes->kills() + $kills,
    $machine->report(),
    $processes->failures(),
    $weather->report(),
    $attendance->text()
);

// Until nothing is due and all mails are out.
$open = 1;
for ($step = 0; $step < SETTLE_STEPS && $open > 0; $step++) {
    $time->pass(STEP_SECONDS);
    $reconnected += 'oauth' === $mode ? $stage->reconnect($doctors) : 0;
    $run('telemed_run');
    $records = Records::of($site);
    $open = $records->visits->countUnsettled($system->source()) + $records->unwanted->count() + $records->log->countUnsent();
}
$processes->stopAll();
if ('oauth' === $mode) {
    echo "{$reconnected} connections were lost and made again\n";
}
$before = new Verdict($site, $zoom, $system, $links, $hosts, $attendance, $mailbox);
echo $before->isClean() ? "Nothing was left for the night.\n" : "Before the night:\n" . $before->text();
$time->pass(STEP_SECONDS);
$run('telemed_nightly');
$verdict = new Verdict($site, $zoom, $system, $links, $hosts, $attendance, $mailbox);
echo $verdict->text();
if (! $verdict->isClean()) {
    echo "Repeat it: scripts/storm {$appointments} {$seed} {$mode} {$name}\nThe processes' log: {$processes->log()}\n";
    exit(1);
}
foreach (glob("{$folder}/*") ?: array() as $file) {
    unlink($file);
}
rmdir($folder);
