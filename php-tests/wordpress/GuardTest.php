<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/** A copy of the site's database under another address does nothing at Zoom until an administrator has answered. */
final class GuardTest extends ClinicTestCase
{
    private const COPY = 'http://staging.clinic.example';

    public function testASiteThatStaysWhatItIsAsksNothingAndActs(): void
    {
        $this->useServerToServerWithHosts();
        foreach (array('https://', 'http://www.') as $other) {
            $this->answerAt(str_replace('http://', $other, $this->site->url()));
            $this->assertSame('', $this->dashboard()->text('telemed-guard-notice'));
        }
        $this->make('admin', 'doctor1');
    }

    public function testAnotherWebServerWithoutTheInstallationsFileIsTheSameSiteAndOneWithAnothersIsNot(): void
    {
        $this->useServerToServer();
        $file = $this->site->wordpress() . '/wp-content/telemed-install-id.txt';
        $id = (string) file_get_contents($file);
        try {
            unlink($file);
            $this->assertSame('', $this->dashboard()->text('telemed-guard-notice'));
            $this->assertFileDoesNotExist($file);
            file_put_contents($file, str_repeat('ab', 16));
            $this->assertStringContainsString('another installation', $this->dashboard()->text('telemed-guard-notice'));
        } finally {
            file_put_contents($file, $id);
        }
    }

    public function testACopyAsksZoomNothingWhateverIsTriedThere(): void
    {
        $row = $this->clinicWithAVisit();
        $mails = count($this->site->mails());
        $this->answerAt(self::COPY);
        $this->triedEverything($row);
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertCount($mails, $this->site->mails());
        $notice = $this->dashboard()->text('telemed-guard-notice');
        $this->assertStringContainsString('staging.clinic.example', $notice);
        $this->assertStringContainsString('This is a copy', $notice);
    }

    /** Its settings name no app any more, and what former ones have made could still be handled. */
    public function testACopyRestsAlsoWhereOnlyFormerAppsAreKept(): void
    {
        $this->clinicWithAVisit();
        $this->site->php('delete_option("telemed_settings");');
        $this->assertSame('', $this->dashboard()->text('telemed-guard-notice'));
        $this->answerAt(self::COPY);
        $this->assertStringContainsString('staging.clinic.example', $this->dashboard()->text('telemed-guard-notice'));
    }

    public function testACopyOfAClinicWithOAuthRefreshesRevokesAndConnectsNothing(): void
    {
        $row = $this->clinicWithAConnectedDoctor();
        $this->answerAt(self::COPY);
        $doctor = $this->browser('doctor1');
        $this->triedEverything($row);
        $profile = $doctor->get('/wp-admin/profile.php');
        $this->assertNotSame('', $profile->text('telemed-connected'), 'what is stored is shown without network');
        $doctor->submit($profile->form('telemed-disconnect-form'));
        $doctor->get('/?rest_route=/telemed/v1/oauth/callback&code=abc&state=def');
        $this->assertSame(array(), $this->zoom->requests());
    }

    public function testASiteThatSaysItIsNoProductionRestsUntilItIsAllowed(): void
    {
        $this->clinicWithAVisit();
        $config = $this->site->wordpress() . '/wp-config.php';
        $before = (string) file_get_contents($config);
        try {
            file_put_contents($config, str_replace("<?php\n", "<?php\ndefine('WP_ENVIRONMENT_TYPE', 'staging');\n", $before));
            $this->assertSame(409, $this->post('admin', 'doctor1', array('start' => self::start(40)))->status);
            $this->assertSame(array(), $this->zoom->requests());
            $this->answer('telemed_site_moved');
            $this->assertSame(201, $this->post('admin', 'doctor1', array('start' => self::start(40)))->status);
        } finally {
            file_put_contents($config, $before);
        }
    }

    public function testWhereNothingWasEverSetUpNothingIsAskedAndWhoeverSetsItUpSaysByThatWhichSiteItIs(): void
    {
        $config = $this->site->wordpress() . '/wp-config.php';
        $before = (string) file_get_contents($config);
        try {
            file_put_contents($config, str_replace("<?php\n", "<?php\ndefine('WP_ENVIRONMENT_TYPE', 'local');\n", $before));
            $this->assertSame('', $this->dashboard()->text('telemed-guard-notice'));
            $this->useServerToServerWithHosts();
            $this->assertSame('', $this->dashboard()->text('telemed-guard-notice'));
            $this->make('admin', 'doctor1');
            file_put_contents($config, str_replace("'local'", "'staging'", (string) file_get_contents($config)));
            $this->assertStringContainsString('staging', $this->dashboard()->text('telemed-guard-notice'), 'from then on it is a site that can be copied');
        } finally {
            file_put_contents($config, $before);
        }
    }

    public function testASiteThatHasMovedBeforeItWasSetUpIsAskedNothing(): void
    {
        $this->site->php('$known = get_option("telemed_fingerprint"); update_option("telemed_fingerprint", array("address" => "former.example") + $known);');
        $this->assertSame('', $this->dashboard()->text('telemed-guard-notice'));
        $this->useServerToServerWithHosts();
        $this->make('admin', 'doctor1');
        $this->site->php('$known = get_option("telemed_fingerprint"); update_option("telemed_fingerprint", array("address" => "former.example") + $known);');
        $this->assertStringContainsString('former.example', $this->dashboard()->text('telemed-guard-notice'));
    }

    public function testAMovedSiteGoesOnWithEverythingItHad(): void
    {
        $row = $this->clinicWithAVisit();
        $this->answerAt(self::COPY);
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->assertCount(1, $this->meetings());
        $page = $this->answer('telemed_site_moved');
        $this->assertSame('', $page->text('telemed-guard-notice'));
        $this->runWorker(60);
        $this->assertSame(array(), $this->meetings(), 'the cancellation is made up for');
        $this->make('admin', 'doctor1', array('start' => self::start(41)));
    }

    public function testACopyForgetsAllConnectionsAndLeavesTheOtherSitesMeetingsAlone(): void
    {
        $row = $this->clinicWithAConnectedDoctor();
        $cancelled = $this->make('admin', 'doctor1', array('start' => self::start(35)));
        $before = $this->meetings();
        $id = $this->site->value("SELECT option_value FROM wp_options WHERE option_name = 'telemed_site_id'");
        $this->zoom->forgetRequests();
        $this->answerAt(self::COPY);
        $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$cancelled['id']}");
        $this->answer('telemed_site_copy');
        $this->assertSame(0, $this->records()->grants->count());
        $this->assertSame(0, $this->records()->unwanted->count());
        $this->assertNotSame($id, $this->site->value("SELECT option_value FROM wp_options WHERE option_name = 'telemed_site_id'"));
        $this->assertSame(array('due', null), array($this->row($row['id'])['state'], $this->row($row['id'])['join_url'] ?? null));
        $this->runWorker(3600);
        $this->nightly();
        $this->assertSame(array(), $this->zoom->requests(), 'it rests until somebody chooses how it uses Zoom');

        $this->useServerToServerWithHosts();
        $this->runWorker(7200);
        $this->assertSame('made', $this->row($row['id'])['state']);
        foreach ($before as $meeting) {
            $this->assertContains($meeting, $this->meetings(), 'no meeting of the other site is changed or deleted');
        }
        $this->assertCount(count($before) + 1, $this->meetings());
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
    }

    public function testOnlyAnAdministratorsButtonAnswers(): void
    {
        $this->useServerToServerWithHosts();
        $this->answerAt(self::COPY);
        foreach (array('telemed_site_moved', 'telemed_site_copy') as $action) {
            $this->assertSame(403, $this->browser('doctor1')->request('POST', '/wp-admin/admin-post.php', "action={$action}")->status);
            $this->assertSame(403, $this->browser('admin')->request('POST', '/wp-admin/admin-post.php', "action={$action}")->status);
            $this->assertSame(405, $this->browser('admin')->get("/wp-admin/admin-post.php?action={$action}")->status);
        }
        $this->assertNotSame('', $this->dashboard()->text('telemed-guard-notice'));
        $this->assertSame('', $this->browser('doctor1')->get('/wp-admin/profile.php')->text('telemed-guard-notice'));
    }

    /** @return array<string, mixed> */
    private function clinicWithAVisit(): array
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1');
        $this->zoom->forgetRequests();
        return $row;
    }

    /** @return array<string, mixed> */
    private function clinicWithAConnectedDoctor(): array
    {
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $row = $this->make('doctor1', 'doctor1');
        $this->zoom->forgetRequests();
        return $row;
    }

    /** @param array<string, mixed> $row */
    private function triedEverything(array $row): void
    {
        $admin = $this->browser('admin');
        $this->assertSame(409, $this->post('admin', 'doctor1', array('start' => self::start(33)))->status);
        $this->browser('doctor1')->get($row['start_link']);
        $admin->rest('DELETE', "telemed/v1/visits/{$row['id']}");
        $this->checkSettings($this->site->userId('doctor1'));
        foreach (array('telemed-meetings', 'telemed-doctors') as $screen) {
            $admin->screen($screen);
        }
        $this->site->visitor()->get($row['visit_link']);
        $this->runWorker(3600);
        $this->nightly();
    }

    private function nightly(): void
    {
        $this->site->php('do_action("telemed_nightly");');
    }

    private function answerAt(string $address): void
    {
        $this->site->php('update_option("home", $arguments["address"]);', array('address' => $address));
    }

    protected function tearDown(): void
    {
        $this->answerAt($this->site->url());
    }

    private function dashboard(): Page
    {
        return $this->browser('admin')->get('/wp-admin/index.php');
    }

    private function answer(string $action): Page
    {
        $form = $this->dashboard()->form("//*[@id=\"telemed-guard-notice\"]//form[.//input[@name=\"action\"][@value=\"{$action}\"]]");
        $this->browser('admin')->submit($form, array(), false);
        return $this->dashboard();
    }
}
