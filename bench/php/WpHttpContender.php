<?php
/** WordPress' own HTTP API, the way every plugin for Zoom uses it. */

declare(strict_types=1);

namespace Telemed\Bench;

final class WpHttpContender extends Contender
{
    public function __construct(Config $config)
    {
        parent::__construct($config);
        $_SERVER['HTTP_HOST'] = '127.0.0.1';
        require_once $config->text('wordpress') . '/wp-load.php';
    }

    public function create(string $host): int
    {
        $answer = wp_remote_post($this->address($host), [
            'headers' => $this->config->map('headers'),
            'body' => $this->body(),
            'sslcertificates' => $this->config->text('ca'),
            'timeout' => 30,
        ]);
        if (is_wp_error($answer)) {
            throw new \RuntimeException('WordPress: ' . $answer->get_error_message());
        }
        return $this->read((int) wp_remote_retrieve_response_code($answer), wp_remote_retrieve_body($answer));
    }
}
