<?php
/** What the bench tells its PHP processes; the file is written anew for each address of fake-zoom. */

declare(strict_types=1);

namespace Telemed\Bench;

final class Config
{
    private const ZONE = 'Europe/Berlin';
    private const MINUTES = 25;

    private readonly \DateTimeImmutable $start;

    /** @param array<string, mixed> $values */
    private function __construct(private readonly array $values)
    {
        // A site has it as an object already.
        $this->start = new \DateTimeImmutable($this->text('start'));
    }

    public static function read(string $file): self
    {
        return new self(json_decode((string) file_get_contents($file), true, 64, JSON_THROW_ON_ERROR));
    }

    public function text(string $name): string
    {
        return (string) $this->values[$name];
    }

    /** @return array<string, mixed> */
    public function map(string $name): array
    {
        return (array) $this->values[$name];
    }

    public function client(): \Telemed\Client
    {
        $app = new \Telemed\ServerToServerApp(
            $this->text('account_id'),
            $this->text('client_id'),
            $this->text('client_secret'),
            $this->store(),
            $this->vault()
        );
        return $app->client();
    }

    public function store(): \Telemed\FileTokenStore
    {
        return new \Telemed\FileTokenStore($this->text('store'));
    }

    public function vault(): \Telemed\Vault
    {
        return new \Telemed\Vault([$this->text('vault_key')]);
    }

    public function meeting(string $host): \Telemed\MeetingRequest
    {
        return new \Telemed\MeetingRequest(
            'Video visit',
            $this->start,
            self::MINUTES,
            self::ZONE,
            $host,
            'bench:' . bin2hex(random_bytes(8))
        );
    }
}
