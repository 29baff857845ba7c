<?php

/**
 * What a process of a storm does in the tests of the extension: one call on the tokens in a directory.
 *
 * @see StormTest
 */

declare(strict_types=1);

use Telemed\Tests\FakeZoom;

require_once dirname(__DIR__) . '/bootstrap.php';

return static function (array $job): mixed {
    if ('nothing' === $job['do']) {
        return null;
    }
    $vault = new Telemed\Vault(array($job['key']));
    $store = new Telemed\FileTokenStore($job['directory']);
    $doctors = static fn (): Telemed\OAuthApp
        => new Telemed\OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, 'https://clinic.example/callback', $store, $vault);
    $account = static fn (): Telemed\ServerToServerApp
        => new Telemed\ServerToServerApp(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET, $store, $vault);
    return match ($job['do']) {
        'doctor' => $doctors()->client('7')->user()->id(),
        'account' => $account()->client()->user(FakeZoom::DOCTOR1)->id(),
        'disconnect' => $doctors()->disconnect('7'),
    };
};
