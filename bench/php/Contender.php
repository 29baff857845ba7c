<?php
/** One way for PHP to create a meeting at Zoom with a token that it has. Each sends the same headers and the same body. */

declare(strict_types=1);

namespace Telemed\Bench;

abstract class Contender
{
    public function __construct(protected readonly Config $config)
    {
    }

    public static function named(string $name, Config $config): self
    {
        return match ($name) {
            'telemed' => new TelemedContender($config),
            'wp_http' => new WpHttpContender($config),
            'curl_kept' => new CurlContender($config, true),
            'curl' => new CurlContender($config, false),
            default => throw new \InvalidArgumentException("there is no contender '$name'"),
        };
    }

    /** Creates one meeting and gives its number; whatever goes wrong is an exception. */
    abstract public function create(string $host): int;

    /**
     * Creates one meeting for each host named.
     *
     * @param list<string> $hosts
     */
    public function createAll(array $hosts): void
    {
        foreach ($hosts as $host) {
            $this->create($host);
        }
    }

    /** The address of a host's meetings. */
    protected function address(string $host): string
    {
        return $this->config->text('url') . '/v2/users/' . rawurlencode($host) . '/meetings';
    }

    /** The body that telemed sent, with a reference of its own. */
    protected function body(): string
    {
        $body = $this->config->map('body');
        $body['agenda'] = '[telemed:1:' . bin2hex(random_bytes(16)) . ']';
        return json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
    }

    /** Reads the answer as a site would: the number and the link. */
    protected function read(int $status, string $text): int
    {
        if ($status !== 201) {
            throw new \RuntimeException("status $status: " . substr($text, 0, 300));
        }
        $answer = json_decode($text, true, 64, JSON_THROW_ON_ERROR);
        if (!is_string($answer['join_url']) || $answer['join_url'] === '') {
            throw new \RuntimeException('the answer has no join_url');
        }
        return (int) $answer['id'];
    }
}
