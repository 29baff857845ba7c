<?php
/**
 * A long-lived PHP process under CLI: worker.php CONTENDER CONFIG. Each line on stdin is an order in JSON, each line on stdout
 * its result:
 *
 * {"create": 20, "host": "…"}   creates one meeting untimed, then so many timed: {"walls": [seconds…], "cpu": seconds}
 * {"create_all": ["host", …]}   creates one meeting for each, together: {"wall": seconds, "cpu": seconds}
 *
 * Whatever goes wrong ends the process with a message on stderr.
 */

declare(strict_types=1);

namespace Telemed\Bench;

require __DIR__ . '/autoload.php';

[, $name, $file] = $argv;
$contender = Contender::named($name, Config::read($file));
while (($line = fgets(STDIN)) !== false) {
    $order = json_decode($line, true, 8, JSON_THROW_ON_ERROR);
    if (isset($order['create_all'])) {
        $result = Clock::measure(static fn() => $contender->createAll($order['create_all']));
    } else {
        $host = $order['host'];
        $contender->create($host);
        $walls = [];
        $total = Clock::measure(static function () use ($contender, $order, $host, &$walls): void {
            for ($i = 0; $i < $order['create']; $i++) {
                $start = hrtime(true);
                $contender->create($host);
                $walls[] = (hrtime(true) - $start) / 1e9;
            }
        });
        $result = ['walls' => $walls, 'cpu' => $total['cpu']];
    }
    fwrite(STDOUT, json_encode($result, JSON_THROW_ON_ERROR) . "\n");
}
