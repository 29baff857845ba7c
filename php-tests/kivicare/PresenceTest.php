<?php

declare(strict_types=1);

namespace Telemed\Tests\Kivicare;

/** The plugin's place beside the core. */
final class PresenceTest extends KivicareTestCase
{
    public function testTheCoreSeesATelemedAddOn(): void
    {
        $config = $this->kc('admin', 'GET', 'config')->json()['data'];
        $this->assertTrue($config['addOns']['telemed']['active']);
        $this->assertTrue(version_compare($config['addOns']['telemed']['version'], '4.0.0', '>='));
        $this->assertSame('no', $config['is_telemed_activated']);
        $this->useOAuth();
        $this->assertSame('yes', $this->kc('admin', 'GET', 'config')->json()['data']['is_telemed_activated']);
    }

    public function testTheProviderIsListedOnceTheClinicHasSetItUp(): void
    {
        $this->assertSame(array(), $this->kc('admin', 'GET', 'static-data/video-providers')->json()['data']);
        $this->useOAuth();
        $providers = $this->kc('admin', 'GET', 'static-data/video-providers')->json()['data'];
        $this->assertSame(array('zoom'), array_column($providers, 'id'));
    }

    public function testTheMappingTableComesThroughTheCoresMigrations(): void
    {
        $this->site->database()->query('DROP TABLE wp_kc_appointment_zoom_mappings');
        $this->site->database()->query("DELETE FROM wp_kc_migrations WHERE name LIKE '%Telemed%'");
        $this->site->php('(new \App\database\classes\KCMigrator())->run();');
        $columns = array_column($this->site->database()->query('SHOW COLUMNS FROM wp_kc_appointment_zoom_mappings')->fetch_all(MYSQLI_ASSOC), 'Field');
        $this->assertSame(array('id', 'appointment_id', 'zoom_id', 'zoom_uuid', 'start_url', 'join_url', 'password', 'created_at', 'extra'), $columns);
        $this->assertStringContainsString('Telemed for Zoom: ', $this->kc('admin', 'GET', 'system-notices/migrations')->body);
    }

    public function testBesideTheCommercialAddOnOursStandsDownAndSaysSo(): void
    {
        $this->useServerToServerWithHosts();
        $id = $this->book();
        $row = $this->visit($id);
        $this->site->php('update_option("active_plugins", [...get_option("active_plugins"), "kivicare-telemed-addon/kivicare-telemed-addon.php"]);');
        try {
            $this->assertFalse($this->kc('admin', 'GET', 'config')->json()['data']['addOns']['telemed']['active']);
            $this->assertSame(404, $this->kc('admin', 'GET', 'settings/zoom-telemed')->status);
            $this->assertStringContainsString('KiviCare Telemed add-on is active', $this->browser('admin')->get('/wp-admin/index.php')->text());
            // What it has made stays as it is, whatever the night's work finds.
            $this->assertSame(200, $this->site->visitor()->get($this->visitLink($row))->status);
            $this->site->database()->query("UPDATE wp_kc_appointments SET status = 0 WHERE id = {$id}");
            $this->night();
            $this->assertSame('made', $this->ledgerRow($id)['state']);
            $this->onlyMeeting();
        } finally {
            $this->site->php('update_option("active_plugins", array_values(array_diff(get_option("active_plugins"), ["kivicare-telemed-addon/kivicare-telemed-addon.php"])));');
        }
        // In its place again it follows what happened meanwhile.
        $this->night();
        $this->assertSame('cancelled', $this->ledgerRow($id)['state']);
        // It was believed at the night's second look, which was so much later.
        $this->runWorker(1_000);
        $this->assertSame(array(), $this->meetings());
    }

    public function testACoreOfTheGenerationBeforeIsNamedWithWhatToDo(): void
    {
        $this->useServerToServerWithHosts();
        $this->standIn('version', '3.6.13');
        $page = $this->browser('admin')->get('/wp-admin/index.php');
        $this->assertSame(200, $page->status);
        $this->assertStringContainsString('KiviCare 3.6.13 is too old for Telemed for Zoom 0.', $page->text('telemed-kivicare-too-old'));
        $this->assertStringContainsString('Update KiviCare.', $page->text('telemed-kivicare-too-old'));
        $this->assertNull($this->browser('doctor1')->get('/wp-admin/profile.php')->element('telemed-kivicare-too-old'));
        $this->make('admin', 'doctor1');
        $this->onlyMeeting();
    }

    public function testACoreThatWasNeverTriedIsNamedAndGoesOn(): void
    {
        $this->useServerToServerWithHosts();
        $this->assertNull($this->browser('admin')->get('/wp-admin/index.php')->element('telemed-kivicare-newer'));
        $this->standIn('version', '4.6.1');
        $this->assertStringContainsString('KiviCare 4.6.1 is newer than the newest', $this->browser('admin')->get('/wp-admin/index.php')->text('telemed-kivicare-newer'));
        $this->assertNull($this->browser('admin')->get('/wp-admin/edit.php')->element('telemed-kivicare-newer'), 'not on every page');
        $this->visit($this->book());
        $this->onlyMeeting();
    }

    public function testWhereKivicareIsAbsentNoQueryIsAdded(): void
    {
        $this->site->php('require_once ABSPATH . "wp-admin/includes/plugin.php"; deactivate_plugins("kivicare-clinic-management-system/kivicare-clinic-management-system.php");');
        try {
            $found = $this->site->php(<<<'CODE'
                global $wpdb;
                $before = $wpdb->num_queries;
                (new \TelemedZoom\Kivicare\Presence(\TelemedZoom\Plugin::instance()))->begin();
                return [$wpdb->num_queries - $before, class_exists('TelemedZoom\Kivicare\Services', false), defined('KIVICARE_TELEMED_VERSION')];
                CODE);
            $this->assertSame(array(0, false, false), $found);
        } finally {
            $this->site->php('require_once ABSPATH . "wp-admin/includes/plugin.php"; activate_plugin("kivicare-clinic-management-system/kivicare-clinic-management-system.php");');
        }
    }
}
