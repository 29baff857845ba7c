<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;

/** Deactivating the plugin deletes nothing; uninstalling leaves nothing here, and says beforehand what remains at Zoom. */
final class UninstallTest extends ClinicTestCase
{
    private const PLUGIN = 'telemed-zoom/telemed-zoom.php';

    protected function setUp(): void
    {
        parent::setUp();
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
    }

    protected function tearDown(): void
    {
        $this->inAdmin('activate_plugin("' . self::PLUGIN . '");');
    }

    public function testDeactivatingDeletesNothingAndEverythingGoesOnAfterwards(): void
    {
        $row = $this->make('doctor1', 'doctor1');
        $before = $this->contents();
        $this->inAdmin('deactivate_plugins("' . self::PLUGIN . '");');
        $this->assertSame($before, $this->contents());
        $this->assertSame(array(), $this->events());
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
        $this->inAdmin('activate_plugin("' . self::PLUGIN . '");');
        $this->assertNotSame(array(), $this->events());
        $this->assertSame($row['visit_link'], $this->row($row['id'])['visit_link']);
        $this->make('doctor1', 'doctor1', array('start' => self::start(31)));
    }

    public function testTheListOfPluginsSaysBeforehandWhatRemainsAtZoom(): void
    {
        $this->assertNull($this->browser('admin')->get('/wp-admin/plugins.php')->element('telemed-uninstall-notice'));
        $this->make('doctor1', 'doctor1');
        $this->make('doctor1', 'doctor1', array('start' => self::start(31)));
        $this->assertStringContainsString('2 meetings to come', $this->browser('admin')->get('/wp-admin/plugins.php')->text('telemed-uninstall-notice'));
    }

    public function testUninstallingRevokesTellsWhatRemainsAndLeavesNothing(): void
    {
        $row = $this->make('doctor1', 'doctor1');
        $this->browser('doctor1')->get($row['visit_link']);
        $this->uninstall();
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertSame(array($row['meeting_id']), array_column($this->meetings(), 'id'));
        $this->assertSame(array(), $this->contents());
        $this->assertSame(array(), $this->events());
        $this->assertFalse($this->site->php('return file_exists(WP_CONTENT_DIR . "/telemed-install-id.txt");'));

        $mails = array_values(array_filter($this->site->mails(), static fn (array $mail): bool => str_contains($mail['subject'], 'remain at Zoom')));
        $this->assertNotSame(array(), $mails);
        $this->assertStringContainsString((string) $row['meeting_id'], str_replace(' ', '', $mails[0]['message']));
        $this->assertStringContainsString(FakeZoom::DOCTOR1_EMAIL, $mails[0]['message']);
        $this->assertStringNotContainsString('zoom.us/j', $mails[0]['message']);
        $this->assertStringNotContainsString((string) $row['passcode'], $mails[0]['message']);
    }

    /** @dataProvider moments */
    #[DataProvider('moments')]
    public function testWhatTheVersionBeforeHasLeftIsToldAndGoesToo(string $code): void
    {
        $this->site->php('$before = new \Telemed\Tests\Records\Schema5(); $before->begin(); $before->made($arguments["start"]);' . $code, array('start' => self::start()));
        $this->uninstall();
        $this->assertSame(array(), $this->contents());
        $messages = implode("\n", array_column($this->site->mails(), 'message'));
        $this->assertStringContainsString((string) $this->meetings()[0]['id'], str_replace(' ', '', $messages));
    }

    /** @return array<string, array{string}> */
    public static function moments(): array
    {
        return array(
            'nobody has begun to move it' => array(''),
            'it is under way' => array('\TelemedZoom\Plugin::instance()->migration->install();'),
        );
    }

    public function testUninstallingGoesOnWhenZoomIsDead(): void
    {
        $this->connect('doctor2', FakeZoom::DOCTOR2);
        $this->zoom->forgetRequests();
        $this->zoom->fault(array('method' => 'POST', 'path' => '/oauth/'), array('kind' => 'close_before_work'), -1);
        $this->uninstall();
        $this->assertSame(array(), $this->contents());
        $this->assertLessThanOrEqual(4, count($this->zoom->requests('POST', '/oauth/revoke')), 'the second doctor is not waited for');
    }

    public function testUninstallingACopyEndsNothingOfTheOtherSite(): void
    {
        $this->make('doctor1', 'doctor1');
        $this->zoom->forgetRequests();
        $mails = count($this->site->mails());
        $this->site->php('update_option("telemed_fingerprint", ["address" => "production.example"] + get_option("telemed_fingerprint"));');
        $this->uninstall();
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertCount($mails, $this->site->mails());
        $this->assertSame(array(), $this->contents());
    }

    private function uninstall(): void
    {
        $this->inAdmin('deactivate_plugins("' . self::PLUGIN . '"); uninstall_plugin("' . self::PLUGIN . '");');
    }

    private function inAdmin(string $code): void
    {
        $this->site->php('require_once ABSPATH . "wp-admin/includes/plugin.php"; require_once ABSPATH . "wp-admin/includes/admin.php"; ' . $code);
    }

    /**
     * What of the plugin lies in the database: tables and their rows, options, user options. Not what only lasts minutes, and not
     * what WordPress itself remembers of its plugins.
     *
     * @return array<string, mixed>
     */
    private function contents(): array
    {
        $this->site->awaitRequests();
        $database = $this->site->database();
        $found = array();
        foreach ($database->query("SHOW TABLES LIKE '%telemed%'")->fetch_all() as [$table]) {
            $found[$table] = $database->query("SELECT * FROM `{$table}`")->fetch_all(MYSQLI_ASSOC);
        }
        $options = $database->query("SELECT option_name, option_value FROM wp_options WHERE option_name LIKE '%telemed%' AND option_name NOT LIKE '%transient%' ORDER BY option_name");
        $found += array_column($options->fetch_all(), 1, 0);
        foreach ($database->query("SELECT user_id, meta_key, meta_value FROM wp_usermeta WHERE meta_key LIKE '%telemed%' AND meta_key NOT LIKE '%screen%' ORDER BY umeta_id")->fetch_all() as [$user, $key, $value]) {
            $found["{$user} {$key}"] = $value;
        }
        foreach ($database->query("SELECT option_value FROM wp_options WHERE option_name = 'wp_user_roles' AND option_value LIKE '%telemed%'")->fetch_all() as [$roles]) {
            $found['roles'] = $roles;
        }
        $database->close();
        return $found;
    }

    /** @return list<string> events of WP-Cron */
    private function events(): array
    {
        return $this->site->php('$found = []; foreach (_get_cron_array() as $hooks) { foreach (array_keys($hooks) as $hook) { if (str_starts_with($hook, "telemed")) { $found[] = $hook; } } } return $found;');
    }
}
