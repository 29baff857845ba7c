<?php
/**
 * What grows with the number of items: scale.php CONFIG. Each line on stdin is an order {"work", "items", "host"}, each line on
 * stdout {"wall", "cpu"} in seconds; "seal" and "open" do records of a token's size, "list" reads a host's meetings.
 */

declare(strict_types=1);

namespace Telemed\Bench;

require __DIR__ . '/autoload.php';

[, $file] = $argv;
$config = Config::read($file);
$vault = $config->vault();
$client = $config->client();
// A sealed connection is about this long: two tokens of Zoom's size and a few names.
$record = random_bytes(2500);
$sealed = $vault->seal($record, 'bench');
$work = [
    'seal' => static function (int $items) use ($vault, $record): void {
        for ($i = 0; $i < $items; $i++) {
            $vault->seal($record, 'bench');
        }
    },
    'open' => static function (int $items) use ($vault, $sealed): void {
        for ($i = 0; $i < $items; $i++) {
            $vault->open($sealed, 'bench');
        }
    },
    'list' => static function (int $items, string $host) use ($client): void {
        $found = count($client->meetings($host));
        if ($found !== $items) {
            throw new \RuntimeException("$found meetings in place of $items");
        }
    },
];
while (($line = fgets(STDIN)) !== false) {
    $order = json_decode($line, true, 8, JSON_THROW_ON_ERROR);
    $taken = Clock::measure(static fn() => $work[$order['work']]($order['items'], $order['host']));
    fwrite(STDOUT, json_encode($taken, JSON_THROW_ON_ERROR) . "\n");
}
