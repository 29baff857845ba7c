<?php

/**
 * What a process of a storm does inside WordPress: one call on the tokens in the site's database.
 *
 * The environment names the folder of WordPress (TELEMED_STORM_WORDPRESS) and the site's host (TELEMED_STORM_HOST).
 *
 * @see TokenStormTest
 */

declare(strict_types=1);

use Telemed\Tests\FakeZoom;
use TelemedZoom\Plugin;

require_once dirname(__DIR__, 2) . '/support/autoload.php';

$_SERVER['HTTP_HOST'] = getenv('TELEMED_STORM_HOST');
require_once getenv('TELEMED_STORM_WORDPRESS') . '/wp-load.php';

return static function (array $job): mixed {
    if ('nothing' === $job['do']) {
        return null;
    }
    // As a new request: the site may have been made anew since the last one.
    wp_cache_flush();
    $plugin = Plugin::instance();
    $doctor = static fn (): string => $plugin->site->subject($job['doctor']);
    return match ($job['do']) {
        'doctor' => $plugin->opener->oauth()->client($doctor())->user()->id(),
        'disconnect' => $plugin->opener->oauth()->disconnect($doctor()),
        'account' => $plugin->opener->serverToServerWith(FakeZoom::ACCOUNT, $job['client'], $job['secret'])->client()->user(FakeZoom::DOCTOR1)->id(),
    };
};
