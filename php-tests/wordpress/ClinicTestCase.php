<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\After;
use PHPUnit\Framework\TestCase;
use Telemed\Tests\Browser;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;
use Telemed\Tests\Records;
use Telemed\Tests\Site;

/** A clinic's site as it was made and a fresh fake-zoom for each test; what people do there, through screens and routes. */
abstract class ClinicTestCase extends TestCase
{
    protected const ZONE = 'Europe/Berlin';
    protected const CALLBACK = '/wp-json/telemed/v1/oauth/callback';

    protected Site $site;
    protected FakeZoom $zoom;

    /** @var array<string, Browser> who is logged in already */
    private array $browsers = array();
    private int $complaintsBefore;

    protected function setUp(): void
    {
        $this->site = $this->siteOfTest();
        $this->site->reset();
        $this->zoom = $this->site->zoom();
        $this->zoom->reset();
        $this->complaintsBefore = count($this->complaints());
    }

    protected function siteOfTest(): Site
    {
        return Site::fromEnvironment();
    }

    /** What stands in the plugin's tables. */
    protected function records(): Records
    {
        return Records::of($this->site);
    }

    /** Whatever a test is about, PHP and WordPress have nothing to complain of. */
    protected function assertPostConditions(): void
    {
        $this->site->awaitRequests();
        $this->assertSame(array(), array_slice($this->complaints(), $this->complaintsBefore));
    }

    /** @return list<string> what no test expects in the logs */
    protected function complaints(): array
    {
        return $this->site->complaints();
    }

    /**
     * PHPUnit keeps every test to the end of the run, and each browser has connections open.
     *
     * @after
     */
    #[After]
    public function closeBrowsers(): void
    {
        $this->forgetBrowsers();
    }

    /** A start some weeks from now, on the half hour, in UTC. */
    protected static function start(int $days = 30): string
    {
        // The same all the time, also when a day ends meanwhile.
        static $today = null;
        $today ??= time();
        return gmdate('Y-m-d', $today + $days * 86400) . 'T09:30:00Z';
    }

    protected function browser(string $person): Browser
    {
        return $this->browsers["{$person} at {$this->site->url()}"] ??= $this->site->browser($person);
    }

    /** Everybody logs in anew, as after a change of WordPress' keys. */
    protected function forgetBrowsers(): void
    {
        $this->browsers = array();
    }

    /**
     * An administrator who means it: whatever is asked, it is saved.
     *
     * @param array<string, ?string> $fields of the settings form; null leaves one out
     */
    protected function saveSettings(array $fields): Page
    {
        $page = $this->trySettings($fields);
        $anyway = '//form[.//button[contains(@class, "telemed-save-anyway")]]';
        return null === $page->first($anyway) ? $page : $this->browser('admin')->submit($page->form($anyway));
    }

    /**
     * Save changes, and no answer to what is asked then.
     *
     * @param array<string, ?string> $fields
     */
    protected function trySettings(array $fields): Page
    {
        $form = $this->browser('admin')->screen('telemed-settings')->form('telemed-settings-form');
        return $this->browser('admin')->submit($form, self::settingsFields($fields));
    }

    /**
     * The button Check of the settings page.
     *
     * @param ?int $doctor a user's number, 0 for none; null for what the form proposes
     * @param array<string, ?string> $fields what is entered before
     */
    protected function checkSettings(?int $doctor = null, array $fields = array()): Page
    {
        $form = $this->browser('admin')->screen('telemed-settings')->form('telemed-settings-form', 'telemed-check-button');
        return $this->browser('admin')->submit($form, self::settingsFields($fields) + (null === $doctor ? array() : array('doctor' => (string) $doctor)));
    }

    /**
     * @param array<string, ?string> $fields
     * @return array<string, ?string>
     */
    private static function settingsFields(array $fields): array
    {
        return array_combine(array_map(static fn (string $name): string => "telemed_settings[{$name}]", array_keys($fields)), $fields);
    }

    protected function useServerToServer(): Page
    {
        return $this->saveSettings(array(
            'mode' => 's2s',
            's2s_account_id' => FakeZoom::ACCOUNT,
            's2s_client_id' => FakeZoom::S2S_CLIENT_ID,
            's2s_client_secret' => FakeZoom::S2S_CLIENT_SECRET,
        ));
    }

    protected function useOAuth(): Page
    {
        return $this->saveSettings(array(
            'mode' => 'oauth',
            'oauth_client_id' => FakeZoom::CLIENT_ID,
            'oauth_client_secret' => FakeZoom::CLIENT_SECRET,
        ));
    }

    /** Server-to-Server with both doctors' hosts confirmed. */
    protected function useServerToServerWithHosts(): void
    {
        $this->useServerToServer();
        $admin = $this->browser('admin');
        $admin->submit($admin->screen('telemed-doctors')->form('telemed-confirm-all'));
    }

    /** The doctor clicks Authorize with Zoom, which leads to Zoom's consent page. */
    protected function beginAuthorization(string $doctor): Page
    {
        $browser = $this->browser($doctor);
        $consent = $browser->submit($browser->get('/wp-admin/profile.php')->form('telemed-authorize-form'));
        $this->assertStringStartsWith($this->site->zoomUrl() . '/oauth/authorize?', $consent->url, $consent->text());
        return $consent;
    }

    /** Clicks Authorize on the consent page; ends where the callback leads. */
    protected function consent(Browser $browser, Page $consent, string $zoomUser, bool $follow = true): Page
    {
        $form = $consent->form('//form[@action="/oauth/authorize"]');
        return $browser->submit($form, array('user' => $zoomUser, 'decision' => 'authorize'), $follow);
    }

    protected function connect(string $doctor, string $zoomUser): Page
    {
        $page = $this->consent($this->browser($doctor), $this->beginAuthorization($doctor), $zoomUser);
        $this->assertNotSame('', $page->text('telemed-connected'), implode(' / ', $page->notices()));
        return $page;
    }

    /** @param array<string, mixed> $changes */
    protected function post(string $person, string $doctor, array $changes = array()): Page
    {
        return $this->browser($person)->rest('POST', 'telemed/v1/visits', array_merge(
            array(
                'doctor' => $this->site->userId($doctor),
                'start' => self::start(),
                'minutes' => 25,
                'timezone' => self::ZONE,
            ),
            $changes
        ));
    }

    /** @return array<string, mixed> the row of a meeting that was made */
    protected function make(string $person, string $doctor, array $changes = array()): array
    {
        $page = $this->post($person, $doctor, $changes);
        $this->assertSame(201, $page->status, $page->body);
        $this->assertSame('made', $page->json()['state'], $page->body);
        return $page->json();
    }

    /**
     * A visit that is booked whatever Zoom does.
     *
     * @param array<string, mixed> $changes
     * @return array<string, mixed> its row
     */
    protected function booked(array $changes = array()): array
    {
        $page = $this->post('admin', 'doctor1', $changes);
        $this->assertSame(201, $page->status, $page->body);
        return $page->json();
    }

    /** What WP-Cron runs, so many seconds from now. */
    protected function runWorker(int $seconds): void
    {
        $this->site->php(
            'add_filter("telemed_now", static fn (int $now): int => $now + $arguments["seconds"]); do_action("telemed_run");',
            array('seconds' => $seconds)
        );
    }

    /**
     * A command of WP-CLI, such as 'telemed reconcile --dry-run', on the test's site or another.
     *
     * @return array{status: int, out: list<string>, err: list<string>, bar: ?array{string, int, int, bool}} exit status, lines,
     *         and the progress bar: title, steps, steps done, finished
     */
    protected function wpCli(string $line, ?Site $site = null): array
    {
        [$family, $command, $words] = explode(' ', $line, 3) + array(2 => '');
        return ($site ?? $this->site)->php(
            'require $arguments["stand-in"];
            \TelemedZoom\Cli::register(\TelemedZoom\Plugin::instance());
            return \WP_CLI::run($arguments["command"], $arguments["words"]);',
            array(
                'stand-in' => dirname(__DIR__) . '/support/wp-cli.php',
                'command' => "{$family} {$command}",
                'words' => '' === $words ? array() : explode(' ', $words),
            )
        );
    }

    /** Zoom counts as unreachable after several faults in a row. */
    protected function forgetOutage(): void
    {
        $this->site->php('\TelemedZoom\Plugin::instance()->outages->answered(gmdate("Y-m-d H:i:s"));');
    }

    /** @return array<string, mixed> */
    protected function row(int $id): array
    {
        $page = $this->browser('admin')->rest('GET', "telemed/v1/visits/{$id}");
        $this->assertSame(200, $page->status, $page->body);
        return $page->json();
    }

    /** @return list<array<string, mixed>> all rows, whatever their state */
    protected function rows(): array
    {
        $page = $this->browser('admin')->rest('GET', 'telemed/v1/visits?when=all&per_page=100');
        $this->assertSame(200, $page->status, $page->body);
        return $page->json();
    }

    /** What the Doctors screen says about the doctor: 'host' or 'status'. */
    protected function doctorsScreen(string $doctor, string $what): string
    {
        $row = $this->browser('admin')->screen('telemed-doctors')->element('telemed-doctor-' . $this->site->userId($doctor));
        $this->assertNotNull($row);
        return $row->getAttribute("data-{$what}");
    }

    /** @return list<array<string, mixed>> what fake-zoom has */
    protected function meetings(): array
    {
        return $this->zoom->state()['meetings'];
    }

    /** @return list<array<string, mixed>> */
    protected function creations(): array
    {
        return array_values(array_filter(
            $this->zoom->requests('POST', '/v2/users/'),
            // What met a worker's old token made nothing.
            static fn (array $request): bool => str_ends_with($request['path'], '/meetings') && 401 !== $request['status']
        ));
    }
}
