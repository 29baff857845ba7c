<?php

declare(strict_types=1);

namespace Telemed\Tests\Memory;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\Memory\Support\Child;
use Telemed\Tests\Memory\Support\MemoryTestCase;

/** The extension's objects in hands that take them apart: copied, half made, made again, let go of in the middle. */
final class HostileObjectTest extends MemoryTestCase
{
    /** An object of each class, by class. */
    private const OBJECTS = <<<'PHP'
        function objects(): array
        {
            $client = server_app()->client();
            $request = new Telemed\MeetingRequest('v', new DateTimeImmutable('+1 day'), 30, 'UTC', FakeZoom::DOCTOR1, 'site:1');
            $app = oauth_app();
            $login = $app->authorizationRequest('7');
            $query = FakeZoom::fromEnvironment()->authorize($login->url(), FakeZoom::DOCTOR1_EMAIL);
            $body = '{"event":"x","payload":{}}';
            $webhook = new Telemed\Webhook('secret');
            $headers = ['x-zm-request-timestamp' => (string) time(), 'x-zm-signature' => 'v0=' . hash_hmac('sha256', 'v0:' . time() . ":{$body}", 'secret')];
            $directory = sys_get_temp_dir() . '/telemed-objects-' . getmypid();
            $all = [
                vault(), server_app(), $app, $login, $app->connect($query['code'], $query['state'], '7'), $client, $request, $client->createMeeting($request),
                $client->meetingPage(FakeZoom::DOCTOR1), new Telemed\Reconciler('site'), $client->user(FakeZoom::DOCTOR1), $client->check(FakeZoom::DOCTOR1),
                $webhook, $webhook->receive($body, $headers), new Telemed\FileTokenStore($directory),
            ];
            rmdir($directory);
            return array_combine(array_map('get_class', $all), $all);
        }
        /** The class of what is thrown, or the kind of the result. */
        function kind(callable $work): string
        {
            try {
                return get_debug_type($work());
            } catch (Throwable $e) {
                return get_class($e) . (str_contains($e->getMessage(), 'Rust') ? ": {$e->getMessage()}" : '');
            }
        }

        PHP;

    public function testWhateverPhpDoesToAnObject(): void
    {
        $child = Child::run(self::OBJECTS . '
            ini_set("memory_limit", "-1");
            foreach (objects() as $class => $object) {
                $short = strlen($class);
                $kinds = [
                    "clone" => kind(fn () => clone $object),
                    "serialize" => kind(fn () => serialize([$object])),
                    "unserialize" => kind(fn () => unserialize("O:{$short}:\"{$class}\":0:{}")),
                    "unserialize C" => kind(fn () => unserialize("C:{$short}:\"{$class}\":0:{}")),
                    "unserialize properties" => kind(fn () => unserialize("O:{$short}:\"{$class}\":1:{s:1:\"a\";i:1;}")),
                    "without constructor" => kind(fn () => (new ReflectionClass($class))->newInstanceWithoutConstructor()),
                    "write" => kind(fn () => $object->anything = 1),
                    "reference" => kind(function () use ($object) { $r = &$object->anything; $r = 1; }),
                    "append" => kind(fn () => $object[] = 1),
                    "call" => kind(fn () => $object()),
                ];
                foreach ($kinds as $what => $kind) {
                    $refused[$what][$kind][] = $class;
                }
                // None of these may be refused; they only look.
                $looks = [isset($object->anything), empty($object->x), (array) $object, get_object_vars($object), get_mangled_object_vars($object), print_r($object, true), var_export($object, true), json_encode($object), $object == clone new stdClass(), $object == $object, $object <=> $object, [$object] == [$object], spl_object_id($object), count((array) $object), iterator_count(new ArrayIterator([$object])), (bool) $object];
                ob_start();
                var_dump($object);
                debug_zval_dump($object);
                ob_end_clean();
                foreach ($object as $name => $value) { $looks[] = $value; }
                $map = new WeakMap();
                $map[$object] = $object;
                $storage = new SplObjectStorage();
                $storage[$object] = $map;
                $weak = WeakReference::create($object);
                kind(fn () => new ArrayObject($object));
                kind(fn () => array_walk($object, fn ($x) => $x));
                kind(fn () => array_map(null, (array) $object));
                kind(fn () => settype($object, "integer"));
                kind(fn () => "{$object}");
                kind(fn () => (int) $object);
                kind(fn () => new ReflectionObject($object));
                kind(fn () => (string) new ReflectionClass($class));
                unset($object->anything);
            }
            report($refused);');
        $this->assertEnded(0, $child);
        $all = 15;
        $kinds = array_map(static fn (array $kinds): array => array_map('count', $kinds), $child->report);
        foreach (array('serialize', 'unserialize', 'unserialize C', 'unserialize properties', 'write', 'reference', 'append', 'call') as $what) {
            $this->assertArrayNotHasKey('null', $kinds[$what], $what);
            $this->assertSame($all, array_sum($kinds[$what]), $what);
        }
        $this->assertSame(array('ReflectionException' => $all), $kinds['without constructor']);
        foreach (array('unserialize', 'unserialize C', 'unserialize properties') as $what) {
            $this->assertSame(array(), array_filter($child->report[$what], static fn (string $kind): bool => str_starts_with($kind, 'Telemed'), ARRAY_FILTER_USE_KEY), "nothing comes of {$what}");
        }
    }

    /** What is not made yet can be found on the stack, by a date that is asked for its time. */
    public function testWhatIsHalfMadeIsRefusedEverywhere(): void
    {
        $child = Child::run(self::OBJECTS . '
            final class Thief extends DateTimeImmutable
            {
                public static array $kinds = [];
                public function getTimestamp(): int
                {
                    foreach (debug_backtrace() as $frame) {
                        if (! isset($frame["object"]) || $frame["object"] instanceof self || ! str_starts_with(get_class($frame["object"]), "Telemed\\\\")) {
                            continue;
                        }
                        $half = $frame["object"];
                        $client = server_app()->client();
                        self::$kinds[] = kind(fn () => $client->createMeeting($half));
                        self::$kinds[] = kind(fn () => $client->createMeetings([$half]));
                        self::$kinds[] = kind(fn () => $half->page([], []));
                        self::$kinds[] = kind(fn () => $half->rest([]));
                        self::$kinds[] = kind(fn () => clone $half);
                        self::$kinds[] = kind(fn () => print_r($half, true));
                        self::$kinds[] = kind(fn () => $half == $half);
                        self::$kinds[] = kind(fn () => $half instanceof Telemed\Reconciler
                            ? $half->__construct("other")
                            : $half->__construct("w", new DateTimeImmutable("+1 day"), 45, "UTC", FakeZoom::DOCTOR1));
                        self::$kinds[] = kind(fn () => $half instanceof Telemed\Reconciler ? $half->rest([]) : $client->createMeeting($half)->minutes());
                        $GLOBALS["kept"][] = $half;
                    }
                    return parent::getTimestamp();
                }
            }
            $request = new Telemed\MeetingRequest("v", new Thief("+2 days"), 30, "UTC", FakeZoom::DOCTOR1);
            $made = server_app()->client()->createMeeting($request);
            $reconciler = new Telemed\Reconciler("site", new Thief());
            $reconciler->rest([["reference" => "site:1", "start" => new Thief("+1 day"), "minutes" => 30]]);
            kind(fn () => new Telemed\MeetingRequest("v", new Thief("+2 days"), -1, "UTC"));
            report([array_count_values(Thief::$kinds), $made->minutes(), count($kept)]);');
        $this->assertEnded(0, $child);
        [$kinds, $minutes, $kept] = $child->report;
        $this->assertSame(array(30, 4), array($minutes, $kept), 'the last constructor counts');
        $this->assertSame(array(), preg_grep('/Rust/', array_keys($kinds)), json_encode($kinds));
        $this->assertGreaterThanOrEqual(4, $kinds['TypeError'], 'what is half made is no argument');
    }

    /** Constructors are methods: whoever calls them again gets another object in place of the one that is at work. */
    public function testConstructorsThatAreCalledAgain(): void
    {
        $child = Child::run(self::OBJECTS . '
            $private = [];
            foreach (objects() as $class => $object) {
                $constructor = new ReflectionMethod($class, "__construct");
                if ($constructor->isPrivate()) {
                    $private[] = kind(fn () => $constructor->invoke($object));
                    $private[] = kind(fn () => $object->__construct());
                    $private[] = kind(fn () => new $class());
                }
            }
            $vault = new Telemed\Vault([Telemed\Vault::generateKey()]);
            $store = new MemoryTokenStore();
            $app = new Telemed\ServerToServerApp(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET, $store, $vault);
            $client = $app->client();
            $key = Telemed\Vault::generateKey();
            for ($i = 0; $i < 50; $i++) {
                $vault->__construct([$key]);
                $app->__construct(FakeZoom::ACCOUNT, FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET, new MemoryTokenStore(), $vault);
                kind(fn () => $vault->__construct(["short"]));
                kind(fn () => $app->__construct("", "", "", $store, $vault));
            }
            $sealed = $vault->seal("x", "c");
            report([array_count_values($private), $client->user(FakeZoom::DOCTOR1)->id(), $app->client()->user(FakeZoom::DOCTOR1)->id(), $vault->open($sealed, "c")]);');
        $this->assertEnded(0, $child);
        $this->assertSame(array('dR0hOsTiD1exAmple_Zo-m', 'dR0hOsTiD1exAmple_Zo-m', 'x'), array_slice($child->report, 1));
        $this->assertSame(array('Error' => 24), $child->report[0]);
    }

    /**
     * @dataProvider destructors
     * @param string $when PHP: how and when the objects of class Last are let go
     */
    #[DataProvider('destructors')]
    public function testDestructorsThatUseTheExtension(string $when, int $status): void
    {
        $child = Child::run(self::OBJECTS . '
            final class Last
            {
                public static int $worked = 0;
                public $self;
                public function __construct(public $app, public $store, public $vault)
                {
                    $this->self = $this;
                    if ($store instanceof MemoryTokenStore) {
                        $store->instead["last"] = fn () => $this;
                    }
                }
                public function __destruct()
                {
                    $this->app->client()->user(FakeZoom::DOCTOR1)->id();
                    $this->vault->open($this->vault->seal("x", "c"), "c");
                    new Telemed\MeetingRequest("v", new DateTimeImmutable("+1 day"), 30, "europe/vienna");
                    try {
                        $this->app->client()->meeting(81234567890);
                    } catch (Telemed\NotFoundException $e) {
                        self::$worked++;
                    }
                }
            }
            register_shutdown_function(function () {
                register_shutdown_function(fn () => new Last(server_app(), null, vault()));
            });
            $store = new MemoryTokenStore();
            $last = new Last(server_app($store), $store, vault());
            $more = [new Last(server_app($store), $store, vault()), new Last(server_app($store), $store, vault())];
            ' . $when);
        $this->assertEnded($status, $child);
    }

    /** @return array<string, array{string, int}> */
    public static function destructors(): array
    {
        return array(
            'at the end' => array('', 0),
            // The third is held by the store, which PHP's collector does not see through an app.
            'by a collection' => array('unset($last, $more, $store); gc_collect_cycles(); exit(Last::$worked >= 2 ? 0 : 9);', 0),
            'by exit' => array('exit(7);', 7),
            'by an exception' => array('(function (Last $last) { throw new LogicException(); })(new Last(server_app(), null, vault()));', 255),
            'within the store' => array(
                '$store->instead["load"] = function () use ($store, &$last, &$more) {
                    unset($store->instead["load"]);
                    $last->self = $last->store->instead["last"] = null;
                    $last = $more = null;
                    gc_collect_cycles();
                    return null;
                };
                server_app($store)->client()->user(FakeZoom::DOCTOR1);
                exit(Last::$worked > 0 ? 0 : 9);',
                0,
            ),
            'within a destructor' => array('$last->self = new Last(server_app($store), $store, $more); $last->self = null;', 255),
            'within an output handler' => array('ob_start(function (string $text) use ($last) { $last->__destruct(); return strtoupper($text); }); echo "x"; ob_end_flush();', 0),
            'within an error handler' => array('set_error_handler(function () use ($last) { $last->__destruct(); return true; }); $last->undefined_property; echo $undefined; exit(Last::$worked === 2 ? 0 : 9);', 0),
            'within a sort' => array('$list = [3, 1, 2]; usort($list, function ($a, $b) use ($last, &$list) { $list = null; $last->__destruct(); return $a <=> $b; });', 0),
        );
    }

    public function testExceptionsThatAreTakenApart(): void
    {
        $child = Child::run(self::OBJECTS . '
            $exceptions = [kind(...)];
            foreach ([fn () => server_app()->client()->meeting(81234567890), fn () => vault()->open("x", "c"), fn () => new Telemed\Vault([]), fn () => oauth_app()->connect("\xff", "\xff", "7")] as $work) {
                try {
                    $work();
                } catch (Telemed\TelemedException $e) {
                    $caught[] = $e;
                }
            }
            $names = array_values(array_filter(get_declared_classes(), fn ($c) => is_a($c, "Telemed\TelemedException", true)));
            foreach ($names as $class) {
                $caught[] = $bare = (new ReflectionClass($class))->newInstanceWithoutConstructor();
                $caught[] = new $class("by hand", 5, $bare);
                $caught[] = unserialize(sprintf("O:%d:\"%s\":2:{s:%d:\"\0Telemed\TelemedException\0advice\";a:1:{i:0;N;}s:%d:\"\0Telemed\TelemedException\0retryable\";O:8:\"stdClass\":0:{}}", strlen($class), $class, 32, 35));
            }
            foreach ($caught as $e) {
                foreach (["retryable", "lost", "answer", "gone", "ofOneConnection", "advice"] as $name) {
                    foreach ([null, [], new stdClass(), str_repeat("x", 1 << 20), 1.5, $e] as $value) {
                        $property = new ReflectionProperty("Telemed\TelemedException", $name);
                        $property->setAccessible(true);
                        kind(fn () => $property->setValue($e, $value));
                        foreach (["isRetryable", "isLost", "isAnswer", "isGone", "isOfOneConnection", "advice"] as $method) {
                            $kinds[] = kind(fn () => $e->{$method}());
                        }
                    }
                }
                foreach (["maybeDelivered", "trackingId", "status", "zoomCode", "fields", "missingScopes", "retryAt"] as $name) {
                    kind(function () use ($e, $name) { $e->{$name} = &$e->{$name}; unset($e->{$name}); return $e->{$name}; });
                }
                kind(fn () => clone $e);
                kind(fn () => serialize($e));
                kind(fn () => $e->__construct("again", 1, $e));
                kind(fn () => "{$e}");
            }
            kind(fn () => eval("class Mine extends Telemed\ApiException { public function __construct() {} public function advice(): string { return parent::advice(); } } throw new Mine();"));
            report([array_count_values($kinds), kind(fn () => (new Mine())->advice() . (new Mine())->isRetryable())]);');
        $this->assertEnded(0, $child);
        $this->assertSame(array('bool', 'string'), array_keys($child->report[0]));
        $this->assertSame('string', $child->report[1]);
    }

    /** What a method was given may be gone, or something else, before the method has ended. */
    public function testWhatIsUnsetInTheMiddle(): void
    {
        $child = Child::run(self::OBJECTS . '
            final class Clearing extends DateTimeImmutable
            {
                public function getTimestamp(): int
                {
                    global $all, $wanted, $found, $reconciler, $request, $settings, $host, $client;
                    $all = $wanted = $found = $reconciler = $request = $settings = $host = $client = null;
                    gc_collect_cycles();
                    $GLOBALS["fill"] = array_map(fn (int $i) => str_repeat("f", 8 * $i), range(1, 300));
                    return parent::getTimestamp();
                }
            }
            $results = [];
            for ($round = 0; $round < 3; $round++) {
                $all = objects();
                $visit = ["reference" => str_repeat("site:1", 20), "host" => str_repeat("h", 50), "start" => new Clearing("+1 day"), "minutes" => 30, "overridden" => [str_repeat("o", 50)]];
                $wanted = [&$visit, &$visit, ["start" => new Clearing(), "reference" => "site:" . $round, "minutes" => 30]];
                $found = [$all["Telemed\Meeting"]];
                $reconciler = new Telemed\Reconciler("site");
                $results[] = kind(fn () => $reconciler->page($wanted, $found));
                $settings = ["waiting_room" => true, "x" => [&$settings]];
                $host = str_repeat("host", 10);
                $results[] = kind(fn () => new Telemed\MeetingRequest(str_repeat("t", 100), new Clearing("+1 day"), 30, "America/New_York", $host, "site:1", ["a" => ["b" => &$host, "c" => &$settings]]));
                $all = objects();
                $client = $all["Telemed\Client"];
                $request = $all["Telemed\MeetingRequest"];
                $known = array_fill(0, 100, 81234567890);
                $results[] = kind(fn () => $client->ensureMeeting($request, $known, new Clearing("-1 day")));
                $client = $all["Telemed\Client"] ?? server_app()->client();
            }
            report(array_count_values($results));');
        $this->assertEnded(0, $child);
        $this->assertSame(9, array_sum($child->report));
        $this->assertSame(array(), preg_grep('/Rust/', array_keys($child->report)), json_encode($child->report));
        $this->assertSame(3, $child->report['Telemed\Meeting'] ?? 0, json_encode($child->report));
    }
}
