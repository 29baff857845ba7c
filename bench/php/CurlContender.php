<?php
/** PHP's cURL: with a handle that is kept, which is the best that plain PHP can do, or a new one for each meeting. */

declare(strict_types=1);

namespace Telemed\Bench;

final class CurlContender extends Contender
{
    private ?\CurlHandle $handle = null;

    public function __construct(Config $config, private readonly bool $keep)
    {
        parent::__construct($config);
    }

    public function create(string $host): int
    {
        $handle = $this->handle ?? $this->open();
        curl_setopt($handle, CURLOPT_URL, $this->address($host));
        curl_setopt($handle, CURLOPT_POSTFIELDS, $this->body());
        $text = curl_exec($handle);
        if (!is_string($text)) {
            throw new \RuntimeException('cURL: ' . curl_error($handle));
        }
        if ($this->keep) {
            $this->handle = $handle;
        }
        return $this->read((int) curl_getinfo($handle, CURLINFO_RESPONSE_CODE), $text);
    }

    private function open(): \CurlHandle
    {
        $headers = [];
        foreach ($this->config->map('headers') as $name => $value) {
            $headers[] = "$name: $value";
        }
        $handle = curl_init();
        curl_setopt_array($handle, [
            CURLOPT_POST => true,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_HTTPHEADER => $headers,
            CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
            CURLOPT_CAINFO => $this->config->text('ca'),
            CURLOPT_SSL_VERIFYPEER => true,
            CURLOPT_SSL_VERIFYHOST => 2,
            CURLOPT_PROXY => '',
            CURLOPT_TIMEOUT => 30,
        ]);
        return $handle;
    }
}
