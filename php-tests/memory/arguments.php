<?php

/**
 * Calls every method of one class of the extension with what nobody would give it, one argument after another: php arguments.php
 * CLASS. Prints how often which kind of outcome came; anything but a result, one of our exceptions or PHP's own errors about
 * arguments ends it with status 1.
 *
 * The class's method and parameters come from reflection, so that new ones are called without being written down here.
 *
 * @see HostileArgumentTest.php
 */

declare(strict_types=1);

use Telemed\Tests\Extension\Support\MemoryTokenStore;
use Telemed\Tests\FakeZoom;

require dirname(__DIR__) . '/extension/bootstrap.php';

/** Parameters that are lists of rows. */
const LISTS_OF_ROWS = array('meetings', 'notices', 'intended');

/** A date that says of itself what no date is. */
final class Liar extends DateTimeImmutable
{
    public int $says = 0;

    public function getTimestamp(): int
    {
        return $this->says;
    }
}

/** A date that fails. */
final class Thrower extends DateTimeImmutable
{
    public function getTimestamp(): int
    {
        throw new LogicException('no date');
    }
}

/** @return array<string, mixed> what no parameter is made for, by name */
function anything(): array
{
    static $all;
    if (null !== $all) {
        return $all;
    }
    $itself = array();
    $itself['self'] = &$itself;
    $deep = array();
    for ($i = 0; $i < 5000; $i++) {
        $deep = array($deep);
    }
    return $all = array(
        'null' => null,
        'true' => true,
        'the least int' => PHP_INT_MIN,
        'the largest int' => PHP_INT_MAX,
        'infinite' => INF,
        'no number' => NAN,
        'a huge float' => 1.8e19,
        'a float that is no int' => 1e300,
        'a tiny float' => PHP_FLOAT_MIN,
        'below zero' => -0.5,
        'no text' => '',
        'a zero byte' => "a\0b",
        'bytes' => "\xff\xfe\xc3",
        'a surrogate' => "\xed\xa0\x80",
        'lines' => "a\r\nX-Header: b\r\n\r\n",
        'a path' => '../../../../../etc/passwd',
        'letters beyond' => str_repeat("\u{1F9D1}\u{200D}\u{2695}", 5000),
        'long' => str_repeat('x', 64 << 20),
        'long bytes' => str_repeat("\xff", 1 << 20),
        'an empty list' => array(),
        'an array in itself' => $itself,
        'a deep array' => $deep,
        'keys of every kind' => array(PHP_INT_MIN => 1, -1 => 2, '' => 3, "\0" => 4, "\xff\xfe" => 5, "x\r\n" => array("\xff" => array("\xfe" => INF))),
        'a list of everything' => array(null, true, 1, 1.5, 'x', "\xff", array(), new stdClass(), STDIN, fn () => 1),
        'a long list' => array_fill(0, 200000, 1),
        'an object' => new stdClass(),
        'a closure' => fn () => 1,
        'a handle' => STDIN,
        'a generator' => (function () { yield 1; })(),
        'a class that is none' => new class() {
            public function __toString(): string
            {
                throw new LogicException('no text');
            }
        },
        'an unset date' => (new ReflectionClass(DateTimeImmutable::class))->newInstanceWithoutConstructor(),
        'a date that lies' => said(PHP_INT_MAX),
        'a date that lies low' => said(PHP_INT_MIN),
        'a date that throws' => new Thrower(),
        'a date long ago' => new DateTimeImmutable('-200000-01-01'),
        'a date far away' => new DateTimeImmutable('@99999999999'),
    );
}

function said(int $seconds): Liar
{
    $liar = new Liar();
    $liar->says = $seconds;
    return $liar;
}

/**
 * What no parameter is made for, and for an array the same within it.
 *
 * @return iterable<string, mixed>
 */
function anything_for(ReflectionParameter $parameter): iterable
{
    yield from anything();
    if ('array' !== (string) $parameter->getType()) {
        return;
    }
    $rows = rows($parameter->getName());
    foreach ($rows === null ? array() : array_keys($rows) as $column) {
        foreach (anything() as $name => $value) {
            $row = array($column => &$value) + $rows;
            yield "{$column}: {$name}" => in_array($parameter->getName(), LISTS_OF_ROWS, true) ? array($row) : $row;
            unset($row, $value);
        }
    }
    $frames = match ($parameter->getName()) {
        'wanted' => array('reference', 'meeting', 'host', 'start', 'minutes', 'overridden', 'busy'),
        'headers' => array('x-zm-request-timestamp', 'HTTP_X_ZM_SIGNATURE'),
        'settings' => array('waiting_room', 'anything'),
        default => array(0),
    };
    $visit = array('reference' => 'site:1', 'meeting' => 81234567890, 'host' => FakeZoom::DOCTOR1, 'start' => new DateTimeImmutable('2031-01-12'), 'minutes' => 30);
    foreach ($frames as $frame) {
        foreach (anything() as $name => $value) {
            $reference = &$value;
            yield "{$frame}: {$name}" => 'wanted' === $parameter->getName()
                ? array($frame => array($frame => &$reference) + $visit)
                : array($frame => &$reference, "\xff" => array(&$reference));
            unset($reference, $value);
        }
    }
}

/** A visit whose meeting was lost on its way to Zoom, and with notices: each of its rows has something in it. */
function attempted(): Telemed\Visit
{
    $at = object('Telemed\Moment');
    $visit = object('Telemed\Visit')->settled($at);
    return $visit->begun($visit->next(rows('facts'), $at), $at);
}

/** @return ?array<string, mixed> a row that the second core takes under this parameter's name; null where it takes none */
function rows(string $parameter): ?array
{
    static $visit;
    $maker = array('mode' => 's2s', 'app' => FakeZoom::S2S_CLIENT_ID, 'account' => FakeZoom::ACCOUNT, 'subject' => null, 'host' => FakeZoom::DOCTOR1);
    $slot = array('start_utc' => '2031-01-19 09:30:00', 'minutes' => 30, 'timezone' => 'Europe/Berlin', 'topic' => 'Video visit');
    $used = array_fill_keys(array(sha1(FakeZoom::DOCTOR1), sha1(FakeZoom::DOCTOR1 . "\0patient")), array('writes' => 0, 'blocked_until' => null));
    if (in_array($parameter, array('visit', 'meetings', 'notices'), true)) {
        $visit ??= attempted()->rows(object('Telemed\Moment'));
    }
    return match ($parameter) {
        'slot' => $slot,
        'columns', 'maker' => $maker,
        'own', 'stands' => array('takes_place' => true, 'doctor' => 5) + $slot,
        'onTheWay' => array('state' => 'made', 'is_ready' => true, 'has_failed' => false, 'changed_at' => '2031-01-01 09:30:00', 'looked_at' => null, 'is_outage' => false),
        'finding' => array('action' => 'move', 'visit' => 1, 'generation' => 1, 'meeting' => 81234567890),
        'intended', 'of' => array('visit' => 1, 'version' => 1, 'generation' => 1, 'reference' => '5a6b7c8d:source:7:1', 'role' => 'serves', 'ended' => null, 'number' => 81234567890, 'host_at_zoom' => FakeZoom::DOCTOR1, 'join_url' => null, 'overridden' => '[]', 'to_restore' => '[]', 'takes_place' => true, 'pending' => null, 'state' => 'made', 'changed_at' => '2031-01-01 09:30:00') + $maker + $slot,
        'known' => array('is_doctor' => true, 'is_complete' => true, 'own_app' => null, 'confirmed_account' => FakeZoom::ACCOUNT, 'confirmed_host' => FakeZoom::DOCTOR1, 'grant_is_alive' => null) + array('subject' => '7') + $maker,
        'facts' => array('maker' => $maker, 'outage' => null, 'is_awaited' => false, 'handovers' => array(), 'can' => array('doctor', 'cancel'), 'used' => $used, 'patient' => 'patient'),
        'standing' => array('takes_place' => true, 'doctor' => 5, 'mails' => array(array('is_off' => false, 'doctor' => 5, 'sequence' => 1))) + $slot,
        'visit' => $visit['visit'],
        'meetings', 'notices' => $visit[$parameter][0],
        'handover' => array('lets_go' => 'left', 'doctor' => 5, 'since' => '2031-01-01 09:30:00', 'answer' => null, 'to_doctor' => null),
        'policies' => array('join_minutes_before' => 15, 'mails_zooms_link' => false, 'writes_of_patient' => 25),
        default => null,
    };
}

/** What a parameter is made for. */
function plain(ReflectionParameter $parameter): mixed
{
    $type = ltrim((string) $parameter->getType(), '?\\');
    return match ($type) {
        'string' => match ($parameter->getName()) {
            'redirectUri' => 'https://clinic.example/callback',
            'timezone' => 'Europe/Berlin',
            'directory' => directory(),
            'secret', 'salt' => str_repeat('s', 40),
            'host' => FakeZoom::DOCTOR1,
            'clientId' => FakeZoom::S2S_CLIENT_ID,
            'clientSecret' => FakeZoom::S2S_CLIENT_SECRET,
            'accountId' => FakeZoom::ACCOUNT,
            'site' => '5a6b7c8d',
            'nonce' => 'k3jd',
            'fate' => 'sent',
            default => '7',
        },
        'int' => 30,
        'float' => 5.0,
        'bool' => false,
        'array' => match (true) {
            'keys' === $parameter->getName() => array(Telemed\Vault::generateKey()),
            in_array($parameter->getName(), LISTS_OF_ROWS, true) => array(rows($parameter->getName())),
            default => rows($parameter->getName()) ?? array(),
        },
        'DateTimeInterface' => new DateTimeImmutable('2031-01-12 09:30'),
        default => 'Telemed\TokenStore' === $type ? new MemoryTokenStore() : object($type),
    };
}

/** An object of the class as a clinic's server has it. */
function object(string $class): object
{
    static $objects = array();
    return $objects[$class] ??= match ($class) {
        'Telemed\Client' => object('Telemed\ServerToServerApp')->client(),
        'Telemed\Meeting' => object('Telemed\Client')->createMeeting(object('Telemed\MeetingRequest')),
        'Telemed\MeetingPage' => object('Telemed\Client')->meetingPage(FakeZoom::DOCTOR1),
        'Telemed\User' => object('Telemed\Client')->user(FakeZoom::DOCTOR1),
        'Telemed\Diagnosis' => object('Telemed\Client')->check(FakeZoom::DOCTOR1),
        'Telemed\AuthorizationRequest' => object('Telemed\OAuthApp')->authorizationRequest('7'),
        'Telemed\Connection' => connected(),
        'Telemed\WebhookEvent' => event(),
        'Telemed\Visit' => Telemed\Visit::booked('source', '7', 5, rows('slot'), object('Telemed\Moment')),
        'Telemed\Step' => object('Telemed\Visit')->settled(object('Telemed\Moment'))->next(rows('facts'), object('Telemed\Moment')),
        'Telemed\Outcome' => Telemed\Outcome::hindered('reason', true),
        'Telemed\Maker' => Telemed\Maker::fromColumns(rows('facts')['maker']),
        default => made($class),
    };
}

function made(string $class): object
{
    $constructor = (new ReflectionClass($class))->getConstructor();
    return new $class(...array_map('plain', $constructor->getParameters()));
}

function connected(): Telemed\Connection
{
    $app = new Telemed\OAuthApp(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET, 'https://clinic.example/callback', new MemoryTokenStore(), object('Telemed\Vault'));
    $query = FakeZoom::fromEnvironment()->authorize($app->authorizationRequest('7')->url(), FakeZoom::DOCTOR1_EMAIL);
    return $app->connect($query['code'], $query['state'], '7');
}

function event(): Telemed\WebhookEvent
{
    $body = '{"event":"x","payload":{}}';
    $signature = 'v0=' . hash_hmac('sha256', 'v0:' . time() . ":{$body}", '7');
    return (new Telemed\Webhook('7'))->receive($body, array('x-zm-request-timestamp' => (string) time(), 'x-zm-signature' => $signature));
}

function directory(): string
{
    static $directory;
    if (null === $directory) {
        $directory = sys_get_temp_dir() . '/telemed-arguments-' . getmypid();
        register_shutdown_function(static function () use ($directory): void {
            array_map('unlink', (array) glob("{$directory}/*"));
            is_dir($directory) && rmdir($directory);
        });
    }
    return $directory;
}

/** Calls it and names the kind of what came. */
function outcome_of(callable $call): string
{
    try {
        $result = $call();
        // A result is looked at whole, so that what is wrong in it is touched.
        print_r($result, true);
        return 'result';
    } catch (Telemed\TelemedException $exception) {
        return $exception->getMessage() . $exception->advice() === '' ? 'an exception without words' : 'exception';
    } catch (TypeError | ValueError | ArgumentCountError $error) {
        return 'argument error';
    } catch (LogicException $exception) {
        return in_array($exception->getMessage(), array('no date', 'no text'), true) ? 'thrown by an argument' : get_class($exception);
    } catch (Error $error) {
        $plain = array('not been correctly initialized', 'this object is made by telemed only');
        return array_filter($plain, static fn (string $words): bool => str_contains($error->getMessage(), $words)) ? 'argument error' : "Error: {$error->getMessage()}";
    }
}

$class = $argv[1];
$outcomes = array();
$methods = (new ReflectionClass($class))->getMethods();
// Of a class that is asked without an object nobody has one.
$ofObjects = array_filter($methods, static fn (ReflectionMethod $method): bool => ! $method->isStatic() && ! $method->isConstructor());
foreach ($methods as $method) {
    if (array() === $ofObjects && $method->isPrivate()) {
        continue;
    }
    $parameters = $method->getParameters();
    $object = $method->isStatic() || $method->isConstructor() ? null : object($class);
    $call = static function (array $arguments) use ($method, $class, $object): mixed {
        if ($method->isConstructor()) {
            return $method->isPublic() ? new $class(...$arguments) : $method->invoke(object($class), ...$arguments);
        }
        return $method->invoke($object, ...$arguments);
    };
    fwrite(STDERR, "{$class}::{$method->getName()}\n");
    $outcomes[] = outcome_of(static fn () => $call(array_map('plain', $parameters)));
    $outcomes[] = outcome_of(static fn () => $call(array()));
    $outcomes[] = outcome_of(static fn () => $call(array_merge(array_map('plain', $parameters), array(1, 2, 3))));
    foreach ($parameters as $position => $parameter) {
        foreach (anything_for($parameter) as $name => $value) {
            $arguments = array_map('plain', $parameters);
            $arguments[$position] = $value;
            $kind = outcome_of(static fn () => $call($arguments));
            $outcomes[] = $kind;
            if (! in_array($kind, array('result', 'exception', 'argument error', 'thrown by an argument'), true)) {
                fwrite(STDERR, "{$class}::{$method->getName()}(\${$parameter->getName()}: {$name}): {$kind}\n");
                $failed = true;
            }
        }
    }
}
echo 'REPORT ' . json_encode(array_count_values($outcomes)) . "\n";
exit(isset($failed) ? 1 : 0);
