<?php

/** A request straight to a site's php-fpm, with header names and values that a web server before it may leave out. */

declare(strict_types=1);

namespace Telemed\Tests;

final class RawRequest
{
    private const BEGIN = 1;
    private const END = 3;
    private const PARAMS = 4;
    private const INPUT = 5;
    private const OUTPUT = 6;

    /**
     * @param array<string, string> $headers as FastCGI names them: HTTP_X_NAME
     * @return string headers and body as php-fpm sends them; no Status line means 200
     */
    public static function send(Site $site, string $method, string $uri, array $headers, string $body = ''): string
    {
        $stream = stream_socket_client('unix://' . $site->fpmSocket(), $code, $message, 10);
        if (false === $stream) {
            throw new \RuntimeException("php-fpm takes no connection: {$message}");
        }
        stream_set_timeout($stream, 60);
        $parameters = '';
        $all = $headers + array(
            'SCRIPT_FILENAME' => $site->wordpress() . '/index.php',
            'SCRIPT_NAME' => '/index.php',
            'DOCUMENT_ROOT' => $site->wordpress(),
            'REQUEST_METHOD' => $method,
            'REQUEST_URI' => $uri,
            'QUERY_STRING' => (string) parse_url($uri, PHP_URL_QUERY),
            'HTTP_HOST' => (string) preg_replace('~^https?://~', '', $site->url()),
            'SERVER_PROTOCOL' => 'HTTP/1.1',
            'CONTENT_TYPE' => 'application/json',
            'CONTENT_LENGTH' => (string) strlen($body),
        );
        foreach ($all as $name => $value) {
            $parameters .= pack('N', strlen((string) $name) | 0x80000000) . pack('N', strlen($value) | 0x80000000) . $name . $value;
        }
        $records = array(array(self::BEGIN, "\0\1\0\0\0\0\0\0"), array(self::PARAMS, $parameters), array(self::PARAMS, ''), array(self::INPUT, $body), array(self::INPUT, ''));
        foreach ($records as [$type, $content]) {
            if ('' !== $content || self::BEGIN !== $type) {
                fwrite($stream, pack('CCnnCC', 1, $type, 1, strlen($content), 0, 0) . $content);
            }
        }
        $answer = '';
        while (8 === strlen($header = (string) stream_get_contents($stream, 8))) {
            $record = unpack('Cversion/Ctype/nid/nlength/Cpadding', $header);
            $content = substr((string) stream_get_contents($stream, $record['length'] + $record['padding']), 0, $record['length']);
            $answer .= self::OUTPUT === $record['type'] ? $content : '';
            if (self::END === $record['type']) {
                break;
            }
        }
        fclose($stream);
        return $answer;
    }
}
