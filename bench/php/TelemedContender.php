<?php
/** The extension. */

declare(strict_types=1);

namespace Telemed\Bench;

final class TelemedContender extends Contender
{
    private readonly \Telemed\Client $client;

    public function __construct(Config $config)
    {
        parent::__construct($config);
        $this->client = $config->client();
    }

    public function create(string $host): int
    {
        $meeting = $this->client->createMeeting($this->config->meeting($host));
        if ((string) $meeting->joinUrl() === '') {
            throw new \RuntimeException('the meeting has no join link');
        }
        return $meeting->id();
    }

    public function createAll(array $hosts): void
    {
        $requests = array_map(fn(string $host): \Telemed\MeetingRequest => $this->config->meeting($host), $hosts);
        foreach ($this->client->createMeetings($requests) as $result) {
            if (!$result instanceof \Telemed\Meeting) {
                throw $result;
            }
        }
    }
}
