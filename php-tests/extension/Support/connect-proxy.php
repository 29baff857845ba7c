<?php

/**
 * A CONNECT proxy on a free port of the loopback interface, for the tests.
 *
 * Prints its address, then one line for each request that it gets: what was asked, and the credentials.
 * Arguments: the credentials that it demands ("user:password" or ""), and the one target that it connects to whatever is
 * asked for ("host:port" or "").
 */

declare(strict_types=1);

[, $credentials, $target] = $argv;
$listener = stream_socket_server('tcp://127.0.0.1:0');
echo stream_socket_get_name($listener, false), "\n";

/** @var array<int, resource> $sockets */
$sockets = array();
/** @var array<int, int> $peers the other end of each tunnel */
$peers = array();

$close = static function (int $id) use (&$sockets, &$peers): void {
    foreach (array($id, $peers[$id] ?? -1) as $end) {
        if (isset($sockets[$end])) {
            fclose($sockets[$end]);
        }
        unset($sockets[$end], $peers[$end]);
    }
};

/** Reads the head of a request, which fits into one packet here, and answers it. */
$open = static function (int $id) use (&$sockets, &$peers, $credentials, $target): bool {
    $head = (string) fread($sockets[$id], 8192);
    [$method, $asked] = explode(' ', $head . '  ');
    $given = 1 === preg_match('/^proxy-authorization: *basic +(\S+)/im', $head, $found) ? base64_decode($found[1]) : '';
    echo "{$method} {$asked} {$given}\n";
    if ($given !== $credentials) {
        fwrite($sockets[$id], "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");
        return false;
    }
    $address = '' === $target ? $asked : $target;
    $server = 'CONNECT' === $method ? @stream_socket_client("tcp://{$address}", $code, $message, 5) : false;
    if (false === $server) {
        fwrite($sockets[$id], "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        return false;
    }
    fwrite($sockets[$id], "HTTP/1.1 200 Connection established\r\n\r\n");
    $sockets[(int) $server] = $server;
    $peers[(int) $server] = $id;
    $peers[$id] = (int) $server;
    return true;
};

while (true) {
    $ready = $sockets + array(-1 => $listener);
    $none = null;
    stream_select($ready, $none, $none, null);
    foreach ($ready as $socket) {
        $id = (int) $socket;
        if ($socket === $listener) {
            $client = stream_socket_accept($listener);
            $sockets[(int) $client] = $client;
        } elseif (! isset($sockets[$id])) {
            continue;
        } elseif (! isset($peers[$id])) {
            if (! $open($id)) {
                $close($id);
            }
        } else {
            $bytes = (string) fread($socket, 65536);
            if ('' === $bytes || false === fwrite($sockets[$peers[$id]], $bytes)) {
                $close($id);
            }
        }
    }
}
