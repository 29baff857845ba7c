<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\TestCase;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Records;
use Telemed\Tests\Site;

/** A PHP without the extension, as after an upgrade of PHP: what was made keeps showing, and the administrators are told. */
final class WithoutExtensionTest extends TestCase
{
    private const JOIN_URL = 'https://zoom.us/j/93412345678?pwd=abc';

    private Site $site;
    private int $id;

    protected function setUp(): void
    {
        $this->site = Site::fromEnvironment('TELEMED_BARE_SITE_STATE');
        $this->site->reset();
        $host = array('id' => FakeZoom::DOCTOR1, 'email' => FakeZoom::DOCTOR1_EMAIL);
        $this->id = Records::of($this->site)->pretend->made('one', $this->site->userId('doctor1'), FakeZoom::S2S_CLIENT_ID, $host, 93412345678, self::JOIN_URL);
    }

    public function testTheExtensionIsReallyAbsent(): void
    {
        $this->assertFalse($this->site->php('return extension_loaded("telemed");'));
    }

    public function testAdministratorsAreTold(): void
    {
        $notice = $this->site->browser('admin')->get('/wp-admin/')->text('telemed-extension-notice');
        $this->assertStringContainsString('telemed.so', $notice);
        $this->assertStringContainsString(PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION, $notice);
        $this->assertNull($this->site->browser('doctor1')->get('/wp-admin/')->element('telemed-extension-notice'));
    }

    public function testTheyGetOneMail(): void
    {
        foreach (range(1, 3) as $visit) {
            $this->assertSame(200, $this->site->visitor()->get('/')->status, "visit {$visit}");
        }
        $this->site->browser('admin')->get('/wp-admin/');
        $mails = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => str_contains($mail['message'], 'telemed')));
        $this->assertCount(1, $mails);
        $this->assertStringContainsString('telemed.so', $mails[0]['message']);
    }

    public function testTheListAndTheJoinLinkStay(): void
    {
        $row = $this->site->browser('doctor1')->screen('telemed-meetings')->element("telemed-meeting-{$this->id}");
        $this->assertNotNull($row);
        $this->assertSame('made', $row->getAttribute('data-state'));
        $rest = $this->site->browser('doctor1')->rest('GET', "telemed/v1/visits/{$this->id}");
        $this->assertSame(200, $rest->status, $rest->body);
        $this->assertSame(self::JOIN_URL, $rest->json()['join_url']);
    }

    public function testStartSaysHowToStartInZoomItself(): void
    {
        $page = $this->site->browser('doctor1')->get("/?telemed_start={$this->id}");
        $text = $page->text('telemed-start-fallback');
        $this->assertStringContainsString(FakeZoom::DOCTOR1_EMAIL, $text);
        $this->assertStringContainsString('93412345678', preg_replace('/\D/', '', $text));
        $this->assertSame(403, $this->site->browser('doctor2')->get("/?telemed_start={$this->id}")->status);
    }

    /** Of these visits no appointment system says later what was wanted. */
    public function testABookingAChangeAndACancellationOnThisSitesOwnScreensAreRefused(): void
    {
        $doctor = $this->site->browser('doctor1');
        $start = gmdate('Y-m-d\TH:i:s\Z', time() + 864000);
        $before = Records::of($this->site)->visits->all();
        $asked = array(
            array('POST', 'telemed/v1/visits', array('doctor' => $this->site->userId('doctor1'), 'start' => $start)),
            array('PATCH', "telemed/v1/visits/{$this->id}", array('start' => $start)),
            array('DELETE', "telemed/v1/visits/{$this->id}", null),
        );
        foreach ($asked as [$method, $route, $body]) {
            $answer = $doctor->rest($method, $route, $body);
            $this->assertSame(array(503, 'telemed_extension_missing'), array($answer->status, $answer->json()['code']), "{$method}: {$answer->body}");
        }
        $this->assertSame($before, Records::of($this->site)->visits->all());
        $this->assertSame(array(), Records::of($this->site)->unwanted->all());
    }

    public function testAnExtensionThatIsTooOldIsNoneAndItsVersionIsTold(): void
    {
        [$usable, $problem, $remedy, $id] = $this->site->php(
            '$extension = new \TelemedZoom\Extension("0.0.9"); $id = null;'
            . 'try { $extension->demand(); } catch (\TelemedZoom\Problem $refused) { $id = $refused->id; }'
            . 'return [$extension->isUsable(), $extension->problem(), $extension->remedy(), $id];'
        );
        $this->assertFalse($usable);
        $this->assertSame('telemed_extension_missing', $id);
        $this->assertStringContainsString('version 0.0.9 is loaded', $problem);
        $this->assertStringContainsString('telemed.so', $remedy);
    }

    public function testWhatOnlyTheExtensionCanDecideIsRefusedInWords(): void
    {
        $ids = $this->site->php('$plugin = \TelemedZoom\Plugin::instance();
            $works = [
                static fn() => $plugin->departures->disconnect(1, 1.0),
                static fn() => $plugin->apps->connection(1),
                static fn() => $plugin->apps->authorizationUrl(1),
                static fn() => $plugin->opener->serverToServerWith("account", "client", "secret"),
            ];
            return array_map(static function (\Closure $work): ?string {
                try { $work(); return null; } catch (\TelemedZoom\Problem $refused) { return $refused->id; }
            }, $works);');
        $this->assertSame(array_fill(0, 4, 'telemed_extension_missing'), $ids);
    }

    public function testEveryScreenStillOpens(): void
    {
        foreach (array('telemed-settings', 'telemed-doctors', 'telemed-meetings', 'telemed-new-meeting') as $screen) {
            $this->assertSame(200, $this->site->browser('admin')->screen($screen)->status, $screen);
        }
        $this->assertSame(200, $this->site->browser('doctor1')->get('/wp-admin/profile.php')->status);
    }
}
