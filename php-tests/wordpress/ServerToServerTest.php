<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Form;
use Telemed\Tests\Page;

/** The clinic's own account: which Zoom user hosts for which doctor, and meetings made, moved and cancelled there. */
final class ServerToServerTest extends ClinicTestCase
{
    public function testTwoDoctorsHaveTwoHostsAndNoneIsTheAppsOwner(): void
    {
        $this->useServerToServerWithHosts();
        $first = $this->make('doctor1', 'doctor1');
        $second = $this->make('admin', 'doctor2');
        $this->assertSame(FakeZoom::DOCTOR1, $this->zoom->meeting($first['meeting_id'])['host_id']);
        $this->assertSame(FakeZoom::DOCTOR2, $this->zoom->meeting($second['meeting_id'])['host_id']);
        $this->assertNotContains(FakeZoom::OWNER, array_column($this->meetings(), 'host_id'));
    }

    public function testAProposedHostIsNotInForceBeforeItIsConfirmed(): void
    {
        $this->useServerToServer();
        $screen = $this->browser('admin')->screen('telemed-doctors');
        $this->assertNotNull($screen->form('telemed-confirm-all'), 'the hosts are proposed');
        $page = $this->post('admin', 'doctor1');
        $this->assertSame(409, $page->status, $page->body);
        $this->assertSame('telemed_no_host', $page->json()['code']);
        $this->assertSame(array(), $this->creations());
        $this->assertSame(array(), $this->rows());
    }

    public function testTheMeetingIsMovedAndCancelledAtZoom(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('doctor1', 'doctor1');
        $moved = $this->browser('doctor1')->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('start' => self::start(31), 'minutes' => 50));
        $this->assertSame(200, $moved->status, $moved->body);
        $meeting = $this->zoom->meeting($row['meeting_id']);
        $this->assertSame(strtotime(self::start(31)), strtotime($meeting['start_time']));
        $this->assertSame(50, $meeting['duration']);
        $this->assertSame($row['join_url'], $moved->json()['join_url']);

        foreach (array('once', 'twice') as $time) {
            $cancelled = $this->browser('doctor1')->rest('DELETE', "telemed/v1/visits/{$row['id']}");
            $this->assertSame(200, $cancelled->status, $time . $cancelled->body);
            $this->assertSame('cancelled', $cancelled->json()['state']);
            $this->assertNull($cancelled->json()['join_url']);
        }
        $this->assertNull($this->zoom->meeting($row['meeting_id']));
        // A token that an earlier test's Zoom gave is refused with 401 first.
        $done = array_filter($this->zoom->requests('DELETE', '/v2/meetings/'), static fn (array $request): bool => $request['status'] !== 401);
        $this->assertCount(1, $done);
    }

    /** A clinic need not wait for a release of ours. */
    public function testASettingThatZoomHasAddedSinceIsSentWhereAFilterSaysSo(): void
    {
        $this->useServerToServerWithHosts();
        $book = '$plugin = \TelemedZoom\Plugin::instance();
            $row = $plugin->visits->book("manual", $arguments["name"], get_user_by("login", "doctor1")->ID, \TelemedZoom\Ledger\Visit::wanted(new \DateTimeImmutable("+30 days"), 30, "UTC"));
            $row = $plugin->oneVisit->tryNow($row->id, 10.0);
            return [$row->meetingId, $row->lastError];';
        [$meeting] = $this->site->php('add_filter("telemed_meeting_settings", static fn (array $all): array => $all + ["unlisted" => ["some_new_setting" => false]]);' . $book, array('name' => 'a'));
        $this->assertNotNull($meeting);
        $settings = json_decode($this->creations()[0]['body'], true, 512, JSON_THROW_ON_ERROR)['settings'];
        $this->assertSame(array(false, true), array($settings['some_new_setting'], $settings['waiting_room']));
        [$meeting, $error] = $this->site->php('add_filter("telemed_meeting_settings", static fn (): array => ["some_new_setting" => false]);' . $book, array('name' => 'b'));
        $this->assertNull($meeting);
        $this->assertStringContainsString('some_new_setting', $error);
    }

    public function testAMeetingThatZoomHasLostIsCancelledAllTheSame(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1');
        $this->zoom->answer(array('method' => 'DELETE', 'path' => '/v2/meetings/'), 404, array('code' => 3001, 'message' => 'Meeting does not exist.'));
        $this->assertSame('cancelled', $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}")->json()['state']);
    }

    public function testOneHostForTwoDoctorsNeedsAConfirmedWarning(): void
    {
        $this->useServerToServerWithHosts();
        $admin = $this->browser('admin');
        $asked = $admin->submit($this->hostForm('doctor2'), array('host' => FakeZoom::DOCTOR1));
        $this->assertStringContainsString('one meeting of a host at a time', implode(' ', $asked->notices()));
        $this->assertSame(FakeZoom::DOCTOR2, $this->hostOn($asked, 'doctor2'), 'nothing has changed');
        $form = $asked->form("//tr[@id='telemed-doctor-{$this->site->userId('doctor2')}']//form[contains(@class, 'telemed-host-form')]");
        $shared = $admin->submit($form, array('shared' => '1'));
        $this->assertSame(FakeZoom::DOCTOR1, $this->hostOn($shared, 'doctor2'));
        $this->assertStringContainsString('Shared with', $shared->text('telemed-hosts'));
    }

    public function testALaterChangeOfEmailMovesNothingAndIsTold(): void
    {
        $this->useServerToServerWithHosts();
        $this->changeEmail('doctor1', 'owner@clinic.example');
        try {
            $id = $this->site->userId('doctor1');
            $screen = $this->browser('admin')->screen('telemed-doctors');
            $this->assertNotNull($screen->element("telemed-email-notice-{$id}"));
            $row = $this->make('admin', 'doctor1');
            $this->assertSame(FakeZoom::DOCTOR1, $this->zoom->meeting($row['meeting_id'])['host_id']);
            $kept = $this->browser('admin')->submit($screen->form("//tr[@id='telemed-doctor-{$id}']//form[.//input[@value='telemed_keep_host']]"));
            $this->assertNull($kept->element("telemed-email-notice-{$id}"));
        } finally {
            $this->changeEmail('doctor1', FakeZoom::DOCTOR1_EMAIL);
        }
    }

    /** @dataProvider wrongHosts */
    #[DataProvider('wrongHosts')]
    public function testAHostThatCannotHoldMeetingsIsRefused(string $host, string $said): void
    {
        $this->useServerToServer();
        $page = $this->browser('admin')->submit($this->hostForm('doctor1'), array('host' => $host));
        $this->assertSame('', $this->hostOn($page, 'doctor1'));
        $this->assertMatchesRegularExpression($said, implode(' ', $page->notices()));
    }

    /** @return array<string, array{string, string}> */
    public static function wrongHosts(): array
    {
        return array(
            'none' => array('', '/choose a Zoom user/i'),
            'inactive' => array(FakeZoom::INACTIVE, '/not active/i'),
            'unknown' => array('nobody@clinic.example', '/not confirmed/i'),
            'me' => array('me', '/not confirmed/i'),
        );
    }

    public function testWithoutTheScopeToListUsersAHostIsTyped(): void
    {
        $this->useServerToServer();
        $this->zoom->answer(array('method' => 'GET', 'path' => '/v2/users'), 400, array('code' => 4711, 'message' => 'Invalid access token, does not contain scopes:[user:read:list_users:admin].'));
        $screen = $this->browser('admin')->screen('telemed-doctors');
        $this->assertNotNull($screen->element('telemed-users-notice'));
        $this->zoom->forgetFaults();
        $page = $this->browser('admin')->submit(
            $screen->form("//tr[@id='telemed-doctor-{$this->site->userId('doctor1')}']//form[contains(@class, 'telemed-host-form')]"),
            array('host' => FakeZoom::DOCTOR1_EMAIL)
        );
        $this->assertSame(FakeZoom::DOCTOR1, $this->hostOn($page, 'doctor1'), 'stored as Zoom user id');
    }

    public function testMeetingsStayWithWhatMadeThemWhenTheModeIsSwitched(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1');
        $this->useOAuth();
        $start = $this->browser('doctor1')->get($row['start_link']);
        $this->assertStringContainsString('as host', $start->text());
        $this->assertSame('cancelled', $this->browser('admin')->rest('DELETE', "telemed/v1/visits/{$row['id']}")->json()['state']);
        $this->assertNull($this->zoom->meeting($row['meeting_id']));
        $this->saveSettings(array('mode' => 's2s'));
        $this->make('admin', 'doctor2');
    }

    private function hostForm(string $doctor): Form
    {
        return $this->browser('admin')->screen('telemed-doctors')
            ->form("//tr[@id='telemed-doctor-{$this->site->userId($doctor)}']//form[contains(@class, 'telemed-host-form')]");
    }

    private function hostOn(Page $page, string $doctor): string
    {
        return $page->element('telemed-doctor-' . $this->site->userId($doctor))->getAttribute('data-host');
    }

    private function changeEmail(string $doctor, string $email): void
    {
        $this->site->php(
            'wp_update_user(array("ID" => $arguments["id"], "user_email" => $arguments["email"]));',
            array('id' => $this->site->userId($doctor), 'email' => $email)
        );
    }
}
