<?php
/** One PHP request under php-fpm: creates one meeting and tells how long it took, the contender's own objects included. */

declare(strict_types=1);

namespace Telemed\Bench;

require __DIR__ . '/autoload.php';

$config = Config::read($_SERVER['BENCH_CONFIG']);
// What the classes cost to load is the bench's own affair.
class_exists(TelemedContender::class);
class_exists(CurlContender::class);
try {
    $taken = Clock::measure(static fn() => Contender::named($_SERVER['BENCH_CONTENDER'], $config)->create($_SERVER['BENCH_HOST']));
} catch (\Throwable $failure) {
    http_response_code(500);
    $taken = ['error' => get_class($failure) . ': ' . $failure->getMessage()];
}
echo json_encode($taken, JSON_THROW_ON_ERROR);
