<?php
/**
 * Many workers and one expired token.
 *
 * refresh.php CONFIG begin          prints an authorization's {url, state} of a doctor
 * refresh.php CONFIG connect        reads {code, state} from stdin and connects the doctor
 * refresh.php CONFIG use            waits for a line on stdin, then makes one call with the doctor's connection
 */

declare(strict_types=1);

namespace Telemed\Bench;

require __DIR__ . '/autoload.php';

const SUBJECT = 'bench:doctor';

[, $file, $what] = $argv;
$config = Config::read($file);
$app = new \Telemed\OAuthApp(
    $config->text('oauth_client_id'),
    $config->text('oauth_client_secret'),
    $config->text('redirect_uri'),
    $config->store(),
    $config->vault()
);
switch ($what) {
    case 'begin':
        $request = $app->authorizationRequest(SUBJECT);
        echo json_encode(['url' => $request->url(), 'state' => $request->state()], JSON_THROW_ON_ERROR);
        break;
    case 'connect':
        $given = json_decode((string) stream_get_contents(STDIN), true, 8, JSON_THROW_ON_ERROR);
        echo json_encode(['status' => $app->connect($given['code'], $given['state'], SUBJECT)->status()], JSON_THROW_ON_ERROR);
        break;
    case 'use':
        fwrite(STDOUT, "ready\n");
        fgets(STDIN);
        fwrite(STDOUT, json_encode(['user' => $app->client(SUBJECT)->user()->id()], JSON_THROW_ON_ERROR) . "\n");
        break;
}
