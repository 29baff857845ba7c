<?php

/**
 * A process of the storm at KiviCare's routes: kivicare-process.php NUMBER SHARE PROGRESS. It lives the appointments of the
 * file SHARE and notes in the file PROGRESS what is done, so that another goes on after a kill.
 */

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\Browser;
use Telemed\Tests\Site;

require_once __DIR__ . '/../support/autoload.php';
require __DIR__ . '/KivicareActor.php';
require __DIR__ . '/Processes.php';
require __DIR__ . '/Progress.php';

const LOGINS = 5;

[, $number, $share, $progress] = $argv;
$share = json_decode((string) file_get_contents($share), true, 16, JSON_THROW_ON_ERROR);
$progress = new Progress($progress);
$people = $share['system']['people'][(int) $number];
$site = Site::fromEnvironment();
$logIn = static function (string $login) use ($site): Browser {
    for ($attempt = 1; ; $attempt++) {
        try {
            $browser = $site->visitor()->login($login, $site->password('patient'));
            // With its nonce, which is asked for once.
            $browser->rest('GET', 'kivicare/v1/config');
            return $browser;
        } catch (\RuntimeException $failure) {
            // The process that answered may have been killed.
            if (LOGINS === $attempt) {
                throw $failure;
            }
        }
    }
};
$actor = new KivicareActor(
    $logIn($people['receptionist']['login']),
    $logIn($people['patient']['login']),
    $people['patient']['id'],
    $share['system']['services'],
    $share['doctors'],
    $progress->notes(),
    static fn (array $ids) => $progress->note($ids)
);
foreach ($share['operations'] as $number => [$appointment, $operation]) {
    if ($number >= $progress->done()) {
        Processes::sign();
        $actor->act($appointment, $number, $operation);
        $progress->finish($number);
    }
}
exit(Processes::DONE);
