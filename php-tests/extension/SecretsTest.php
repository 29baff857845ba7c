<?php

declare(strict_types=1);

namespace Telemed\Tests\Extension;

use Telemed\OAuthApp;
use Telemed\Tests\Extension\Support\ChildPhp;
use Telemed\Tests\Extension\Support\ExtensionTestCase;
use Telemed\Tests\FakeZoom;

/** What is secret stays in the extension. */
final class SecretsTest extends ExtensionTestCase
{
    /** @return array<string, object> one object of each class */
    private function objects(): array
    {
        $app = $this->oauthApp();
        $request = $app->authorizationRequest('7');
        $connection = $this->connect($app);
        $client = $app->client('7');
        $meeting = $client->createMeeting($this->visit(null, '+1 day', 30, 'UTC', 's:1'));
        $objects = array(
            $app,
            $this->serverApp(),
            $this->vault,
            $request,
            $connection,
            $client,
            $this->visit(null, '+1 day', 30, 'UTC', 's:1', array('contact_email' => 'private@example.com')),
            $meeting,
            $client->user(),
            $client->meetingPage(),
            $client->check(),
            new \Telemed\Reconciler('s'),
            $moment = new \Telemed\Moment(new \DateTimeImmutable(), 's'),
            $visit = \Telemed\Visit::booked(
                'a',
                '1',
                5,
                array('start_utc' => '2036-01-01 00:00:00', 'minutes' => 30, 'timezone' => 'UTC', 'topic' => 'Video visit'),
                $moment
            ),
            $visit->next(array('problem' => array('id' => 'no_host', 'passes' => false)), $moment),
            \Telemed\Outcome::hindered('no_host', false),
            \Telemed\Maker::fromColumns(array('mode' => 'oauth', 'app' => 'app', 'account' => null, 'subject' => 'doctor-1', 'host' => 'host')),
            new \Telemed\Comparison(array('mode' => 'oauth', 'app' => 'app', 'account' => null, 'subject' => 'doctor-1', 'host' => 'host'), $moment),
            $webhook = new \Telemed\Webhook(FakeZoom::CLIENT_SECRET),
            $webhook->receive($body = '{"event":"app_deauthorized"}', array(
                'x-zm-request-timestamp' => (string) ($now = time()),
                'x-zm-signature' => 'v0=' . hash_hmac('sha256', "v0:{$now}:{$body}", FakeZoom::CLIENT_SECRET),
            )),
            new \Telemed\FileTokenStore(sys_get_temp_dir() . '/telemed-test-secrets'),
        );
        rmdir(sys_get_temp_dir() . '/telemed-test-secrets');
        return array_combine(array_map('get_class', $objects), $objects);
    }

    public function testNoDumpShowsAnything(): void
    {
        $objects = $this->objects();
        foreach ($objects as $class => $object) {
            ob_start();
            var_dump($object);
            print_r($object);
            debug_zval_dump($object);
            $dumps = ob_get_clean();
            $this->assertSame(array(), (array) $object, $class);
            $this->assertSame(array(), get_object_vars($object), $class);
            $this->assertSame('{}', json_encode($object), $class);
            $dumps .= var_export($object, true) . json_encode($object) . serialize((array) $object);
            $this->assertNoSecret($dumps);
            $this->assertMatchesRegularExpression('/^object\(' . preg_quote($class, '/') . '\)#\d+ \(0\) \{\n\}\n/', $dumps);
            foreach ($object as $name => $value) {
                $this->fail("{$class} shows {$name} in foreach");
            }
        }
    }

    public function testEveryClassOfObjectsIsSeen(): void
    {
        $seen = array_keys($this->objects());
        foreach (get_declared_classes() as $class) {
            if (
                0 === strpos($class, 'Telemed\\')
                && 0 !== strpos($class, 'Telemed\\Tests\\')
                && ! is_subclass_of($class, \Throwable::class)
                && self::hasObjects($class)
            ) {
                $this->assertContains($class, $seen);
            }
        }
    }

    /** A class whose methods are all static never has one. */
    private static function hasObjects(string $class): bool
    {
        $methods = array_filter((new \ReflectionClass($class))->getMethods(), static fn (\ReflectionMethod $method): bool => ! $method->isConstructor());
        return array() !== array_filter($methods, static fn (\ReflectionMethod $method): bool => ! $method->isStatic());
    }

    public function testObjectsAreClosed(): void
    {
        foreach ($this->objects() as $class => $object) {
            $this->assertThrows(\Exception::class, static fn () => serialize($object), $class);
            $this->assertThrows(
                \Exception::class,
                static fn () => unserialize(sprintf('O:%d:"%s":0:{}', strlen($class), $class)),
                $class
            );
            $this->assertThrows(\Error::class, static fn () => clone $object, $class);
            $this->assertThrows(
                \Error::class,
                static function () use ($object): void {
                    $object->note = 'x';
                },
                $class
            );
            $this->assertTrue((new \ReflectionClass($class))->isFinal(), $class);
        }
    }

    public function testResultsCannotBeMadeInPhp(): void
    {
        foreach (array('AuthorizationRequest', 'Connection', 'Client', 'Meeting', 'User', 'Diagnosis', 'Visit', 'Step', 'Outcome', 'Maker') as $name) {
            $class = "Telemed\\{$name}";
            $this->assertThrows(\Error::class, static fn () => new $class(), $class);
            $constructor = new \ReflectionMethod($class, '__construct');
            $object = $this->objects()[$class];
            $constructor->setAccessible(true);
            $this->assertThrows(\Error::class, static fn () => $constructor->invoke($object), $class);
        }
    }

    public function testNoObjectExistsThatWasNotMade(): void
    {
        foreach (array_keys($this->objects()) as $class) {
            $this->assertThrows(
                \ReflectionException::class,
                static fn () => (new \ReflectionClass($class))->newInstanceWithoutConstructor(),
                $class
            );
        }
    }

    public function testTracesShowNoSecret(): void
    {
        $this->assertSame('0', ini_get('zend.exception_ignore_args'), 'arguments stand in traces');
        // PHP 8.1 cannot be told which arguments are secret: README asks to leave them all out there.
        $knowsSecrets = PHP_VERSION_ID >= 80200;
        ini_set('zend.exception_ignore_args', $knowsSecrets ? '0' : '1');
        $secret = 'tHe-SeCrEt-0123456789-tHe-SeCrEt-0123456789';
        $code = 'tHe-CoDe-0123456789';
        $vault = $this->vault;
        $store = $this->store;
        $app = $this->oauthApp();
        $uses = array(
            static fn () => new OAuthApp('', $secret, self::REDIRECT_URI, $store, $vault),
            static fn () => new \Telemed\ServerToServerApp('', 'b', $secret, $store, $vault),
            static fn () => new \Telemed\Vault(array($secret)),
            static fn () => \Telemed\Vault::deriveKey(substr($secret, 0, 20), $secret),
            static fn () => $app->connect($code, $secret, '7'),
            static fn () => $app->import('', $secret, $code, null, ''),
            static fn () => $vault->seal($secret, null),
            // A missing argument is PHP's own error, with our frame on top.
            static fn () => $app->connect($code, $secret),
        );
        foreach ($uses as $use) {
            try {
                $use();
                $this->fail('nothing was thrown');
            } catch (\PHPUnit\Framework\AssertionFailedError $failure) {
                throw $failure;
            } catch (\Throwable $exception) {
                $frame = $exception->getTrace()[0];
                $this->assertStringStartsWith('Telemed\\', $frame['class'] ?? '');
                $this->assertSame($knowsSecrets, isset($frame['args'][0]));
                $shown = $exception->getMessage() . print_r($frame, true) . $exception->getTraceAsString();
                $this->assertStringNotContainsString(substr($secret, 0, 12), $shown);
                $this->assertStringNotContainsString(substr($code, 0, 12), $shown);
                $this->assertSame($knowsSecrets, str_contains($shown, 'SensitiveParameterValue'));
            }
        }
        ini_set('zend.exception_ignore_args', '0');
    }

    public function testEverySecretArgumentIsMarked(): void
    {
        $secret = array(
            'Client::through' => array('clientSecret'),
            'Comparison::bereft' => array('intended'),
            'Comparison::isBusy' => array('of'),
            'Comparison::isOrphan' => array('intended'),
            'Comparison::looksUp' => array('of'),
            'Comparison::page' => array('intended'),
            'Comparison::rest' => array('intended'),
            'Comparison::settings' => array('of'),
            'Comparison::withoutNumber' => array('intended'),
            'OAuthApp::__construct' => array('clientSecret'),
            'OAuthApp::connect' => array('code', 'state'),
            'OAuthApp::import' => array('accessToken', 'refreshToken'),
            'ServerToServerApp::__construct' => array('clientSecret'),
            'Vault::__construct' => array('keys'),
            'Vault::deriveKey' => array('secret', 'salt'),
            'Vault::seal' => array('plaintext'),
            'Visit::compared' => array('of'),
            'Visit::fromRows' => array('visit', 'meetings'),
            'Visit::fromSchema5' => array('row'),
            'Visit::withMeeting' => array('meeting'),
            'Webhook::__construct' => array('secretToken'),
        );
        // Words of public arguments that only sound secret: a record's name in the store, and the place in a list.
        $public = array('TokenStore', 'FileTokenStore');
        $marked = array();
        foreach (get_declared_classes() as $class) {
            if (0 !== strpos($class, 'Telemed\\') || 0 === strpos($class, 'Telemed\\Tests\\') || is_subclass_of($class, \Throwable::class)) {
                continue;
            }
            $short = substr($class, strlen('Telemed\\'));
            foreach ((new \ReflectionClass($class))->getMethods() as $method) {
                $name = "{$short}::{$method->getName()}";
                foreach ($method->getParameters() as $parameter) {
                    if (array() !== $parameter->getAttributes(\SensitiveParameter::class)) {
                        $marked[$name][] = $parameter->getName();
                    } elseif (! in_array($short, $public, true)) {
                        $this->assertDoesNotMatchRegularExpression(
                            '/secret|access|refresh|^keys?$|code|password|plain|verifier/i',
                            $parameter->getName(),
                            "{$name} shows this argument in traces"
                        );
                    }
                }
            }
        }
        ksort($marked);
        $this->assertSame($secret, $marked);
    }

    public function testAnUncaughtExceptionShowsNoSecret(): void
    {
        $child = ChildPhp::run(
            '(new Telemed\ServerToServerApp("account", "client", "tHe-SeCrEt-0123456789", new MemoryTokenStore(), vault()))
                ->client()->user("nobody@example.com");',
            array(
                'zend.exception_ignore_args' => '0',
                'zend.exception_string_param_max_len' => '1000',
                'html_errors' => '0',
            )
        );
        $this->assertSame(255, $child->status);
        $this->assertStringContainsString('Uncaught Telemed\ConfigurationException', $child->errors);
        $this->assertStringNotContainsString('tHe-SeCrEt', $child->errors . $child->output);
    }

    public function testPhpinfoTellsWhatIsAtWorkAndNoSecret(): void
    {
        $child = ChildPhp::run(
            'server_app()->client()->user(FakeZoom::DOCTOR1);
             ob_start(); phpinfo(INFO_MODULES); report(ob_get_clean());',
            array('telemed.proxy' => 'http://clinic:s3cret@127.0.0.1:1/?s3cret', 'telemed.no_proxy' => '127.0.0.1')
        );
        $this->assertIsString($child->report, $child->errors . $child->output);
        $section = (string) preg_replace('/^.*\ntelemed\n\n(.*?)\n\n.*$/s', '$1', $child->report);
        foreach (
            array(
                'Version => ' . phpversion('telemed'),
                'OAuth address => ' . getenv('FAKE_ZOOM_HTTP'),
                'API address => ' . getenv('FAKE_ZOOM_HTTP'),
                'Proxy => http://127.0.0.1:1',
                'No proxy for => 127.0.0.1',
            ) as $line
        ) {
            $this->assertStringContainsString($line, $section);
        }
        $this->assertMatchesRegularExpression('/^HTTP library => reqwest \d+\.\d+\.\d+$/m', $section);
        $this->assertMatchesRegularExpression('/^TLS library => rustls \d+\.\d+\.\d+ with ring \d+\.\d+\.\d+$/m', $section);
        $this->assertStringNotContainsString('s3cret', $section);
        $this->assertNoSecret($child->report);
    }

    public function testAMessageRepeatsNoSecretThatZoomEchoes(): void
    {
        $app = $this->oauthApp();
        $this->zoom->answer(
            array('path' => '/oauth/token'),
            400,
            array('reason' => 'Invalid authorization code tHe-CoDe-0123456789', 'error' => 'invalid_grant')
        );
        $state = $app->authorizationRequest('7')->state();
        try {
            $app->connect('tHe-CoDe-0123456789', $state, '7');
            $this->fail('nothing was thrown');
        } catch (\Telemed\AuthenticationException $exception) {
            $this->assertStringNotContainsString('tHe-CoDe', $exception->getMessage() . $exception->advice());
        }
    }

    private function assertThrows(string $class, callable $work, string $about): void
    {
        try {
            $work();
        } catch (\Throwable $exception) {
            $this->assertInstanceOf($class, $exception, $about);
            return;
        }
        $this->fail("{$about}: nothing was thrown");
    }
}

