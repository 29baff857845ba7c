<?php
/** The first meeting of a new process whose token is stored: first-call.php CONTENDER CONFIG HOST */

declare(strict_types=1);

namespace Telemed\Bench;

require __DIR__ . '/autoload.php';

[, $name, $file, $host] = $argv;
$config = Config::read($file);
class_exists(TelemedContender::class);
class_exists(CurlContender::class);
echo json_encode(Clock::measure(static fn() => Contender::named($name, $config)->create($host)), JSON_THROW_ON_ERROR);
