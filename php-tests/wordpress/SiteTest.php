<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;
use Telemed\Tests\Site;

/** The ground that the other tests stand on: WordPress answers, people log in, the plugin and the extension are there. */
final class SiteTest extends TestCase
{
    private Site $site;

    protected function setUp(): void
    {
        $this->site = Site::fromEnvironment();
        $this->site->reset();
    }

    public function testTheFrontPageAnswers(): void
    {
        $page = $this->site->visitor()->get('/');
        $this->assertSame(200, $page->status);
        $this->assertStringContainsString('Example Clinic', $page->text());
    }

    public function testPrettyPermalinksReachTheRestApi(): void
    {
        $page = $this->site->visitor()->get('/wp-json/');
        $this->assertSame(200, $page->status);
        $this->assertContains('telemed/v1', $page->json()['namespaces']);
    }

    /** @dataProvider people */
    #[DataProvider('people')]
    public function testPeopleLogIn(string $person, string $role): void
    {
        $page = $this->site->browser($person)->rest('GET', 'wp/v2/users/me?context=edit');
        $this->assertSame(200, $page->status, $page->body);
        $this->assertSame($person, $page->json()['username']);
        $this->assertSame(array($role), $page->json()['roles']);
    }

    /** @return array<string, array{string, string}> */
    public static function people(): array
    {
        return array(
            'administrator' => array('admin', 'administrator'),
            'first doctor' => array('doctor1', 'telemed_doctor'),
            'second doctor' => array('doctor2', 'telemed_doctor'),
            'patient' => array('patient', 'subscriber'),
        );
    }

    public function testAWrongPasswordDoesNotLogIn(): void
    {
        $this->expectException(\RuntimeException::class);
        $this->expectExceptionMessageMatches('/could not log in/');
        $this->site->visitor()->login('doctor1', 'wrong');
    }

    public function testThePluginIsActiveAndFindsTheExtension(): void
    {
        $found = $this->site->php('require_once ABSPATH . "wp-admin/includes/plugin.php"; return [
            is_plugin_active("telemed-zoom/telemed-zoom.php"),
            \TelemedZoom\Plugin::instance()->extension->isUsable(),
            plugin_basename(\TelemedZoom\Site\PluginFile::path()),
            get_option("telemed_schema") !== false,
        ];');
        $this->assertSame(array(true, true, 'telemed-zoom/telemed-zoom.php', true), $found);
        $style = $this->site->browser('admin')->screen('telemed-settings')->element('telemed-admin-css');
        $this->assertNotNull($style);
        $this->assertSame(200, $this->site->visitor()->get($style->getAttribute('href'))->status);
    }

    public function testTheSiteWithoutTheExtensionAnswersToo(): void
    {
        $bare = Site::fromEnvironment('TELEMED_BARE_SITE_STATE');
        $this->assertFalse($bare->php('return extension_loaded("telemed");'));
        $page = $bare->browser('admin')->screen('telemed-meetings');
        $this->assertSame(200, $page->status);
        $this->assertNotNull($page->element('telemed-meetings'));
    }

    public function testRequestsAreServedAtTheSameTime(): void
    {
        // A site that asks itself while it answers needs a second worker.
        $status = $this->site->browser('admin')->rest('GET', 'wp-site-health/v1/tests/loopback-requests');
        $this->assertSame(200, $status->status, $status->body);
        $this->assertSame('good', $status->json()['status'], $status->body);
    }

    public function testMailsAreCaught(): void
    {
        $this->assertTrue($this->site->php('return wp_mail("somebody@clinic.example", "Subject", "Text");'));
        $mails = $this->site->mails();
        $this->assertCount(1, $mails);
        $this->assertSame('somebody@clinic.example', $mails[0]['to']);
        $this->assertSame('Subject', $mails[0]['subject']);
    }

    public function testNothingLeavesTheMachine(): void
    {
        $this->assertSame(
            'http_request_not_executed',
            $this->site->php('$answer = wp_remote_get("https://example.com/"); return is_wp_error($answer) ? $answer->get_error_code() : 200;')
        );
    }
}
