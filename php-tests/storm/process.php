<?php

/**
 * A process of the storm inside WordPress: process.php FOLDER URL actor SHARE PROGRESS | process.php FOLDER URL worker
 *
 * actor   lives the appointments of the file SHARE and notes in the file PROGRESS what is done, so that another goes on
 *         after a kill
 * worker  carries out what is due until it is killed
 */

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use TelemedZoom\Plugin;

[, $folder, $url, $role] = $argv;
$_SERVER['HTTP_HOST'] = substr($url, strlen('http://'));
require $folder . '/wp-load.php';
require __DIR__ . '/../support/autoload.php';
require __DIR__ . '/Plan.php';
require __DIR__ . '/HostSystem.php';
require __DIR__ . '/Actor.php';
require __DIR__ . '/Processes.php';
require __DIR__ . '/Progress.php';

HostSystem::register();
$plugin = Plugin::instance();

if ('worker' === $role) {
    while (true) {
        Processes::sign();
        $plugin->worker->runDue(10.0);
        usleep(200_000);
    }
}

[, , , , $share, $progress] = $argv;
$share = json_decode((string) file_get_contents($share), true, 16, JSON_THROW_ON_ERROR);
$progress = new Progress($progress);
$actor = new Actor($plugin, $share['doctors']);
foreach ($share['operations'] as $number => [$appointment, $operation]) {
    if ($number >= $progress->done()) {
        Processes::sign();
        $actor->act($appointment, $operation);
        $progress->finish($number);
    }
}
exit(Processes::DONE);
