<?php

/**
 * The main job without a person: in each mode, meetings are made and cancelled through WordPress over HTTP, and each is held
 * against fake-zoom's own state. One line for each claim; the exit status says whether all hold.
 *
 * @see scripts/demo --check
 */

declare(strict_types=1);

namespace Telemed\Tests\Demo;

use Telemed\Tests\Browser;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Site;

require_once __DIR__ . '/../support/autoload.php';
require_once __DIR__ . '/Check.php';
require_once __DIR__ . '/Clinic.php';

$check = new Check();
$site = Site::fromEnvironment();
$clinic = new Clinic($site);
$doctors = array('doctor1' => $site->browser('doctor1'), 'doctor2' => $site->browser('doctor2'));

/** Makes, looks at and cancels one meeting. */
$visit = static function (string $mode, Browser $browser, string $person, string $host, bool $byForm, string $when) use ($check, $clinic, $doctors): void {
    $start = (new \DateTimeImmutable($when, new \DateTimeZone('UTC')))->setTime(9, 30);
    $how = $byForm ? 'screen' : 'REST';
    $id = 0;
    $made = $check->that("{$mode}: a meeting for {$person} is made by {$how}", static function () use ($clinic, $browser, $person, $start, $byForm, &$id): string {
        $id = $byForm ? $clinic->makeByForm($browser, $person, $start) : $clinic->makeByRest($browser, $person, $start);
        return '';
    });
    if (! $made) {
        return;
    }
    $check->that("{$mode}: it is right at fake-zoom", static fn (): string => $clinic->verify($browser, $id, $host, $start));
    $check->that("{$mode}: its join link and Start work", static fn (): string => $clinic->joinAndStart($doctors[$person], $id));
    $check->that("{$mode}: it is cancelled by {$how}", static function () use ($clinic, $browser, $id, $byForm): string {
        $meeting = $clinic->row($browser, $id)['meeting_id'];
        $byForm ? $clinic->cancelByForm($browser, $id) : $clinic->cancelByRest($browser, $id);
        return $clinic->verifyCancelled($browser, $id, $meeting);
    });
};

$mode = 'Server-to-Server';
$check->that("{$mode}: the settings page takes the credentials", static fn (): string => $clinic->choose('s2s', array(
    's2s_account_id' => FakeZoom::ACCOUNT,
    's2s_client_id' => FakeZoom::S2S_CLIENT_ID,
    's2s_client_secret' => FakeZoom::S2S_CLIENT_SECRET,
)));
$check->that("{$mode}: Check passes", static fn (): string => $clinic->diagnose(0));
$check->that("{$mode}: the proposed hosts are confirmed", static function () use ($clinic): string {
    Check::same(array('doctor1' => FakeZoom::DOCTOR1, 'doctor2' => FakeZoom::DOCTOR2), $clinic->confirmHosts(), 'the map of hosts');
    return 'doctor1 and doctor2, by e-mail';
});
$visit($mode, $clinic->admin, 'doctor1', FakeZoom::DOCTOR1, true, '+3 days');
$visit($mode, $doctors['doctor2'], 'doctor2', FakeZoom::DOCTOR2, false, '+4 days');

$mode = 'OAuth 2.0';
$check->that("{$mode}: the settings page takes the credentials", static fn (): string => $clinic->choose('oauth', array(
    'oauth_client_id' => FakeZoom::CLIENT_ID,
    'oauth_client_secret' => FakeZoom::CLIENT_SECRET,
)));
$check->that("{$mode}: doctor1 connects through the consent page", static fn (): string => $clinic->connect($doctors['doctor1'], FakeZoom::DOCTOR1));
$check->that("{$mode}: doctor2 connects through the consent page", static fn (): string => $clinic->connect($doctors['doctor2'], FakeZoom::DOCTOR2));
$check->that("{$mode}: Check passes for doctor1", static fn (): string => $clinic->diagnose($site->userId('doctor1')));
$visit($mode, $doctors['doctor1'], 'doctor1', FakeZoom::DOCTOR1, true, '+5 days');
$visit($mode, $clinic->admin, 'doctor2', FakeZoom::DOCTOR2, false, '+6 days');

$check->that('nothing is left over at fake-zoom', static function () use ($site): string {
    $left = array_column($site->zoom()->state()['meetings'], 'id');
    Check::same(array(), $left, 'the list of meetings');
    return '';
});
$check->that('PHP logged nothing', static function () use ($site): string {
    Check::same(array(), $site->complaints(), 'the log');
    return '';
});

exit($check->end());
