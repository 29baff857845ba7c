<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension\Support;

/** One request to php-fpm, in the few words of FastCGI that it takes. */
final class FpmRequest
{
    private const BEGIN = 1;
    private const END = 3;
    private const PARAMS = 4;
    private const INPUT = 5;
    private const OUTPUT = 6;

    /** @var resource */
    private $stream;

    /** Sends it. */
    public function __construct(string $socket, string $script, string $query)
    {
        $stream = stream_socket_client("unix://{$socket}", $code, $message, 10);
        if (false === $stream) {
            throw new \RuntimeException("php-fpm takes no connection: {$message}");
        }
        stream_set_timeout($stream, 60);
        $this->stream = $stream;
        $parameters = '';
        $all = array('SCRIPT_FILENAME' => $script, 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => "/?{$query}", 'QUERY_STRING' => $query);
        foreach ($all as $name => $value) {
            $parameters .= chr(strlen($name)) . pack('N', strlen($value) | 0x80000000) . $name . $value;
        }
        $records = array(array(self::BEGIN, "\0\1\0\0\0\0\0\0"), array(self::PARAMS, $parameters), array(self::PARAMS, ''), array(self::INPUT, ''));
        foreach ($records as [$type, $content]) {
            fwrite($stream, pack('CCnnCC', 1, $type, 1, strlen($content), 0, 0) . $content);
        }
    }

    /** Waits for the page; null when the worker died before its end. */
    public function answer(): ?string
    {
        $page = '';
        while (8 === strlen($header = (string) stream_get_contents($this->stream, 8))) {
            $record = unpack('Cversion/Ctype/nid/nlength/Cpadding', $header);
            $content = substr(
                (string) stream_get_contents($this->stream, $record['length'] + $record['padding']),
                0,
                $record['length']
            );
            if (self::OUTPUT === $record['type']) {
                $page .= $content;
            } elseif (self::END === $record['type']) {
                fclose($this->stream);
                return $page;
            }
        }
        fclose($this->stream);
        return null;
    }
}
