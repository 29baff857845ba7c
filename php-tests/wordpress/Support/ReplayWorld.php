<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress\Support;

use Telemed\Client;
use Telemed\MeetingRequest;
use Telemed\Moment;
use Telemed\OAuthApp;
use Telemed\Outcome;
use Telemed\ServerToServerApp;
use Telemed\Step;
use Telemed\Tests\FakeZoom;
use Telemed\Visit;
use TelemedZoom\Store\TokenStore;
use TelemedZoom\Plugin;
use TelemedZoom\Run\Moments;
use TelemedZoom\Run\World;
use TelemedZoom\Run\Zoom;
use TelemedZoom\Run\ZoomExchange;
use TelemedZoom\Store\VisitStore;

/**
 * The world of a life as the simulation has written it down: the moment and the chance of each input, what stands, and what goes
 * wrong at Zoom. It has the simulation's clinic (`sim/src/template.rs`).
 */
final class ReplayWorld implements World, Moments, Zoom
{
    public const SITE = 'site1';
    public const HOSTS = array(1 => FakeZoom::DOCTOR1, 2 => FakeZoom::DOCTOR2);
    private const REDIRECT = 'https://clinic.example/telemed';
    /** Longer than any life. */
    private const TOKEN_SECONDS = 60 * 86400;

    /** @var array<string, mixed> what happens now */
    private array $entry = array();
    /** @var array<string, bool> */
    private array $policies = array();
    private ?ZoomExchange $exchange = null;
    private readonly TokenStore $tokens;
    /** @var array<string, int> what was replayed, by kind */
    public array $seen = array();

    public function __construct(private readonly FakeZoom $zoom, private readonly StoppedClock $clock)
    {
        $this->tokens = new TokenStore(Plugin::instance()->database);
    }

    public function exchangesOf(VisitStore $visits): void
    {
        $this->exchange = new ZoomExchange($visits, $this);
    }

    /** @param array<string, bool> $policies the clinic's choices */
    public function begin(int $at, array $policies): void
    {
        $this->policies = $policies;
        $this->setClocks($at);
    }

    /** A new Zoom: everybody connects, and a meeting is made and deleted through each app, so that it is known how the accounts answer. */
    public function connect(int $at): void
    {
        $this->zoom->reset();
        $this->zoom->settings(array('expires_in' => self::TOKEN_SECONDS, 'rate_limits' => false));
        $this->setClocks($at);
        foreach (self::HOSTS as $doctor => $host) {
            $request = $this->oauth()->authorizationRequest((string) $doctor);
            $query = $this->zoom->authorize($request->url(), $host);
            $this->oauth()->connect($query['code'], $query['state'], (string) $doctor);
            foreach (array('oauth' => null, 's2s' => $host) as $mode => $named) {
                $client = $this->client(self::maker($mode, $doctor));
                $start = new \DateTimeImmutable('@' . (intdiv($at, 1_000_000) + 30 * 86400));
                $client->deleteMeeting($client->createMeeting(new MeetingRequest('Test', $start, 30, 'UTC', $named, 'tried:out'))->id());
            }
        }
    }

    /** @param array<string, mixed> $entry what happens now */
    public function happens(array $entry): void
    {
        $this->entry = $entry;
        $this->clock->set($entry['at']);
    }

    /** All that was to come of it has come. */
    public function settle(): void
    {
        Difference::unlessSame('inputs that are left', array(), $this->entry['moments']);
        Difference::unlessSame('exchanges that are left', array(), array_column($this->entry['exchanges'], 'kind'));
    }

    public function now(): Moment
    {
        $moment = array_shift($this->entry['moments']);
        if (null === $moment) {
            throw new Difference('there is one input more than in the simulation');
        }
        $this->clock->set($moment['at']);
        return new Moment(self::at($moment['at']), self::SITE, $this->policies, $moment['chance'], $moment['nonce'] ?? 'none');
    }

    public function seconds(): int
    {
        return intdiv($this->entry['at'], 1_000_000);
    }

    public function carryOut(int $id, Step $step, float $seconds): Outcome
    {
        $asked = array_shift($this->entry['exchanges']);
        Difference::unlessSame('an exchange', null === $asked ? null : array($asked['kind'], $asked['generation']), array($step->kind(), $step->generation()));
        $this->setClocks($asked['at']);
        $this->count($step->kind());
        $isSpoiled = array() !== array_filter(array_column($asked['requests'], 'fault'));
        foreach ($isSpoiled ? $asked['requests'] : array() as $request) {
            // One for each request: what waits for nothing only takes its turn.
            $fault = $request['fault'] ?? array('kind' => 'delay', 'ms' => 0);
            $this->zoom->fault(array(), isset($fault['headers']) ? array('headers' => (object) $fault['headers']) + $fault : $fault);
            $this->count(null === $request['fault'] ? 'request' : 'spoiled ' . ($request['fault']['status'] ?? $request['fault']['kind']));
        }
        $outcome = $this->exchange->carryOut($id, $step, $seconds);
        if ($isSpoiled) {
            $this->zoom->forgetFaults();
        }
        Difference::unlessSame("outcome of {$step->kind()}", $asked['outcome'], $outcome->name());
        return $outcome;
    }

    public function standing(Visit $visit): ?array
    {
        $standing = $this->entry['around']['standing'];
        return 'own' === $standing ? $visit->ownStanding() : $standing;
    }

    public function facts(Visit $visit): array
    {
        $facts = array('handovers' => $this->entry['around']['handovers'], 'patient' => 'patient');
        if (! isset(self::HOSTS[$visit->doctor()])) {
            return $facts + array('problem' => array('id' => 'no_host', 'passes' => false));
        }
        return $facts + array('maker' => self::maker($this->entry['around']['mode'], $visit->doctor()));
    }

    public function client(array $maker): Client
    {
        if ('oauth' === $maker['mode']) {
            return $this->oauth()->client((string) $maker['subject']);
        }
        $vault = Plugin::instance()->key->vault();
        return (new ServerToServerApp((string) $maker['account'], (string) $maker['app'], FakeZoom::S2S_CLIENT_SECRET, $this->tokens, $vault))->client();
    }

    public function settings(): array
    {
        return array();
    }

    public function count(string $what): void
    {
        $this->seen[$what] = ($this->seen[$what] ?? 0) + 1;
    }

    public static function at(int $micros): \DateTimeImmutable
    {
        return new \DateTimeImmutable('@' . intdiv($micros, 1_000_000));
    }

    /** This process's and Zoom's. */
    public function setClocks(int $micros): void
    {
        $this->clock->set($micros);
        $this->zoom->setClock(self::at($micros)->format('Y-m-d\TH:i:s') . sprintf('.%06dZ', $micros % 1_000_000));
    }

    /** @return array<string, ?string> */
    private static function maker(string $mode, int $doctor): array
    {
        return 'oauth' === $mode
            ? array('mode' => $mode, 'app' => FakeZoom::CLIENT_ID, 'account' => null, 'subject' => (string) $doctor, 'host' => self::HOSTS[$doctor])
            : array('mode' => $mode, 'app' => FakeZoom::S2S_CLIENT_ID, 'account' => FakeZoom::ACCOUNT, 'subject' => null, 'host' => self::HOSTS[$doctor]);
    }

    private function oauth(): OAuthApp
    {
        return new OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, self::REDIRECT, $this->tokens, Plugin::instance()->key->vault());
    }
}
