<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;
use Telemed\Tests\Page;

/**
 * A doctor leaves, or disconnects: upcoming visits are shown and decided about first, what was made for them is deleted at Zoom,
 * and then the grant ends; after seven days at the latest.
 */
final class DepartureTest extends ClinicTestCase
{
    private const DAY = 86400;
    private const LEAVER = 'leaver';

    private int $leaver;

    protected function setUp(): void
    {
        parent::setUp();
        $this->useOAuth();
        $this->leaver = (int) $this->site->php(
            'require_once ABSPATH . "wp-admin/includes/user.php";
            $old = get_user_by("login", $arguments["login"]);
            $old === false || wp_delete_user($old->ID);
            return wp_insert_user(["user_login" => $arguments["login"], "user_pass" => $arguments["password"], "user_email" => "leaver@clinic.example", "display_name" => "Lea Leaver", "role" => "telemed_doctor"]);',
            array('login' => self::LEAVER, 'password' => $this->site->password(self::LEAVER))
        );
        $this->connect(self::LEAVER, FakeZoom::DOCTOR1);
        $this->connect('doctor2', FakeZoom::DOCTOR2);
        $this->zoom->forgetRequests();
    }

    public function testDisconnectShowsTheUpcomingVisitsFirstAndChangesNothing(): void
    {
        [$first, $second] = $this->twoVisits();
        $this->zoom->forgetRequests();
        $page = $this->disconnect();
        $this->assertStringContainsString('page=telemed-handover', $page->url);
        $this->assertSame(
            array((string) $first['id'], (string) $second['id']),
            array_map(static fn (\DOMElement $item): string => $item->getAttribute('data-visit'), $page->all('//tr[@data-visit]'))
        );
        $this->assertSame(array(), $this->zoom->requests());
        $this->assertSame('made', $this->row($first['id'])['state']);
        $refused = $this->browser(self::LEAVER)->submit($page->form('telemed-departure-form'));
        $this->assertStringContainsString('not chosen', implode(' ', $refused->notices()));
        $this->assertSame(array(), $this->zoom->requests());
        $this->make(self::LEAVER, self::LEAVER, array('start' => self::start(33)));
    }

    public function testVisitsThatStayBookedLoseTheirMeetingsBeforeTheGrantEndsAndGetNewOnesWithTheNextConnection(): void
    {
        $visits = $this->twoVisits();
        $this->zoom->forgetRequests();
        $page = $this->decide($this->disconnect(), 'wait');
        $this->assertStringContainsString('revoked', implode(' ', $page->notices()));
        $this->assertNotNull($page->element('telemed-not-connected'));
        $this->assertNull($page->element('telemed-ending'));
        $this->assertSame(array(), $this->meetings());
        $this->assertSame(array('DELETE', 'DELETE', 'POST /oauth/revoke'), $this->endings());
        $this->assertSame(array(), $this->tokenRecords());
        foreach ($visits as $visit) {
            $now = $this->row($visit['id']);
            $this->assertSame(array('due', $visit['visit_link']), array($now['state'], $now['visit_link']));
        }
        $this->connect(self::LEAVER, FakeZoom::DOCTOR1);
        $this->runWorker(60);
        $this->assertSame(array('made', 'made'), array_map(fn (array $visit): string => $this->row($visit['id'])['state'], $visits));
        $this->assertCount(2, $this->meetings());
    }

    public function testAnAdministratorGivesTheVisitsToAnotherDoctor(): void
    {
        $visits = $this->twoVisits();
        $profile = $this->browser('admin')->get('/wp-admin/user-edit.php?user_id=' . $this->leaver);
        $page = $this->decide($this->browser('admin')->submit($profile->form('telemed-disconnect-form')), (string) $this->site->userId('doctor2'), 'admin');
        $this->assertStringContainsString('revoked', implode(' ', $page->notices()));
        foreach ($visits as $visit) {
            $now = $this->row($visit['id']);
            $this->assertSame(array('made', $this->site->userId('doctor2'), $visit['visit_link']), array($now['state'], $now['doctor'], $now['visit_link']));
        }
        $this->assertSame(array(FakeZoom::DOCTOR2, FakeZoom::DOCTOR2), array_column($this->meetings(), 'host_id'));
        $this->assertSame(array(), $this->tokenRecords());
    }

    public function testCancelledVisitsAreToldAndDeleted(): void
    {
        $visit = $this->make(self::LEAVER, self::LEAVER, array('patient' => 'somebody@example.com'));
        $this->decide($this->disconnect(), 'cancel');
        $this->assertSame('cancelled', $this->row($visit['id'])['state']);
        $this->assertSame(array(), $this->meetings());
        $this->assertSame(array('DELETE', 'POST /oauth/revoke'), $this->endings());
        $told = array_filter($this->site->mails(), static fn (array $mail): bool => $mail['to'] === 'somebody@example.com' && stripos($mail['subject'], 'cancel') !== false);
        $this->assertCount(1, $told);
    }

    public function testNobodyDecidesForAnotherDoctor(): void
    {
        [$visit] = $this->twoVisits();
        $page = $this->browser('doctor2')->get('/wp-admin/admin.php?page=telemed-handover&doctor=' . $this->leaver);
        $this->assertNotNull($page->element('telemed-no-departure'));
        $this->assertSame('', $page->text('telemed-departure-form'));
        $form = $this->disconnect()->form('telemed-departure-form');
        $own = $this->browser('doctor2')->get('/wp-admin/admin.php?page=telemed-handover&doctor=' . $this->site->userId('doctor2'))->form('telemed-departure-form');
        $this->assertSame(403, $this->browser('doctor2')->submit($own, array('which' => (string) $this->leaver, 'choice' => 'cancel'))->status);
        // A doctor burdens no colleague.
        $this->assertSame(403, $this->browser(self::LEAVER)->submit($form, array('choice' => (string) $this->site->userId('doctor2')))->status);
        $this->assertSame(403, $this->browser('patient')->submit($own, array('which' => (string) $this->leaver, 'choice' => 'cancel'))->status);
        $this->assertSame('made', $this->row($visit['id'])['state']);
        $this->assertSame('connected', $this->doctorsScreen(self::LEAVER, 'status'));
    }

    public function testWhoCannotHoldVisitsCannotTakeThemOver(): void
    {
        [$visit] = $this->twoVisits();
        $profile = $this->browser('admin')->get('/wp-admin/user-edit.php?user_id=' . $this->leaver);
        $question = $this->browser('admin')->submit($profile->form('telemed-disconnect-form'));
        $page = $this->decide($question, (string) $this->site->userId('doctor1'), 'admin');
        $this->assertStringContainsString('has not connected', implode(' ', $page->notices()));
        $this->assertSame('made', $this->row($visit['id'])['state']);
        $this->assertSame('connected', $this->doctorsScreen(self::LEAVER, 'status'));
    }

    public function testAGrantThatIsStillNeededIsKeptForNothingElseUntilZoomCanBeTold(): void
    {
        $this->twoVisits();
        $this->zoom->answer(array('method' => 'DELETE', 'path' => '/v2/meetings/'), 503, array(), array(), -1);
        $page = $this->decide($this->disconnect(), 'wait');
        $this->assertStringContainsString('tried again by itself', implode(' ', $page->notices()));
        $this->assertNotNull($page->element('telemed-ending'));
        $this->assertSame('none', $this->doctorsScreen(self::LEAVER, 'status'));
        $standing = $this->question(self::LEAVER)->first('//p[@data-answer="wait"]')?->textContent ?? '';
        $this->assertMatchesRegularExpression('/^Since .*Lea Leaver has answered: they wait .*ends on .* at the latest\.$/', $standing);
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
        $refused = $this->post(self::LEAVER, self::LEAVER, array('start' => self::start(35)));
        $this->assertSame(array(409, 'telemed_not_connected'), array($refused->status, $refused->json()['code']));
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        $this->runWorker(2 * 3600);
        $this->assertSame(array(), $this->meetings());
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertSame(array(), $this->tokenRecords());
        $this->assertNull($this->browser(self::LEAVER)->get('/wp-admin/profile.php')->element('telemed-ending'));
    }

    public function testAfterSevenDaysTheGrantEndsWhateverZoomSays(): void
    {
        [$visit] = $this->twoVisits();
        $this->zoom->answer(array('method' => 'DELETE', 'path' => '/v2/meetings/'), 503, array(), array(), -1);
        $this->zoom->answer(array('method' => 'POST', 'path' => '/oauth/revoke'), 503, array(), array(), -1);
        $this->decide($this->disconnect(), 'wait');
        $this->runWorker(6 * self::DAY);
        $this->assertCount(1, $this->tokenRecords());
        $this->runWorker(7 * self::DAY + 60);
        $this->assertSame(array(), $this->tokenRecords());
        $log = $this->browser('admin')->get('/wp-admin/admin.php?page=telemed-meeting&id=' . $visit['id'])->text('telemed-log');
        $this->assertStringContainsString('remains at Zoom', $log);
        $this->assertStringContainsString((string) $visit['meeting_id'], $log);
        $before = count($this->zoom->requests());
        $this->runWorker(8 * self::DAY);
        $this->assertCount($before, $this->zoom->requests(), 'nothing is asked in the name of a doctor who has disconnected');
    }

    public function testWhoConnectsAgainMeanwhileStaysConnected(): void
    {
        $this->twoVisits();
        $this->zoom->answer(array('method' => 'DELETE', 'path' => '/v2/meetings/'), 503, array(), array(), -1);
        $this->decide($this->disconnect(), 'wait');
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        $this->connect(self::LEAVER, FakeZoom::DOCTOR1);
        $this->runWorker(8 * self::DAY);
        $this->assertSame('connected', $this->doctorsScreen(self::LEAVER, 'status'));
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
        $this->make(self::LEAVER, self::LEAVER, array('start' => self::start(35)));
    }

    public function testWordPressFormForDeletingUsersAsksAndTheAnswerIsCarriedOut(): void
    {
        $visits = $this->twoVisits();
        $this->zoom->forgetRequests();
        $page = $this->deleteInAdmin(array("telemed_visits[{$this->leaver}]" => (string) $this->site->userId('doctor2')));
        $this->assertStringContainsString('users.php', $page->url);
        $this->assertSame(array(FakeZoom::DOCTOR2, FakeZoom::DOCTOR2), array_column($this->meetings(), 'host_id'));
        $this->assertSame(array('DELETE', 'DELETE', 'POST /oauth/revoke'), $this->endings());
        $this->assertSame(array(), $this->tokenRecords());
        foreach ($visits as $visit) {
            $this->assertSame($visit['visit_link'], $this->row($visit['id'])['visit_link']);
        }
    }

    public function testADeletionWithoutADecisionIsToldAndDecidedLater(): void
    {
        $visits = $this->twoVisits();
        $this->deleteInAdmin(array());
        $this->runWorker(60);
        $this->assertCount(2, $this->meetings(), 'nothing is lost before somebody has decided');
        $this->assertCount(1, $this->tokenRecords());
        $told = array_filter($this->site->mails(), static fn (array $mail): bool => str_contains($mail['subject'], 'Lea Leaver has left'));
        $this->assertNotSame(array(), $told);
        $this->assertStringContainsString('2 of theirs', current($told)['message']);
        $notice = $this->browser('admin')->get('/wp-admin/index.php');
        $this->assertNotSame('', $notice->text("telemed-departure-notice-{$this->leaver}"));
        $this->assertSame('', $this->browser('doctor2')->get('/wp-admin/index.php')->text("telemed-departure-notice-{$this->leaver}"));

        $question = $this->question('admin');
        $this->assertStringContainsString('What is not decided by ', $question->text());
        $this->decide($question, 'cancel', 'admin');
        $this->assertSame(array(), $this->meetings());
        $this->assertSame(array(), $this->tokenRecords());
        $this->assertSame('cancelled', $this->row($visits[0]['id'])['state']);
        $this->assertSame('', $this->browser('admin')->get('/wp-admin/index.php')->text("telemed-departure-notice-{$this->leaver}"));
    }

    public function testADeletionByCodeThatNobodyDecidesAboutEndsTheGrantWithinSevenDays(): void
    {
        [$visit] = $this->twoVisits();
        $this->site->php('require_once ABSPATH . "wp-admin/includes/user.php"; wp_delete_user($arguments["user"]);', array('user' => $this->leaver));
        $this->runWorker(5 * self::DAY);
        $this->assertCount(2, $this->meetings());
        $this->runWorker(6 * self::DAY + 60);
        $this->runWorker(6 * self::DAY + 120);
        $this->assertSame(array(), $this->meetings());
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertSame(array(), $this->tokenRecords());
        $row = $this->row($visit['id']);
        $this->assertSame('due', $row['state']);
        $this->assertStringContainsString('holds no video visits', $row['error']);
        $this->assertCount(2, $this->creations(), 'nothing is made for somebody who has left');
    }

    public function testADeletionThatHandsOverContentHandsOverVisits(): void
    {
        $this->twoVisits();
        $this->site->php(
            'require_once ABSPATH . "wp-admin/includes/user.php"; wp_delete_user($arguments["user"], $arguments["heir"]);',
            array('user' => $this->leaver, 'heir' => $this->site->userId('doctor2'))
        );
        $this->assertSame(array(FakeZoom::DOCTOR2, FakeZoom::DOCTOR2), array_column($this->meetings(), 'host_id'));
        $this->assertSame(array(), $this->tokenRecords());
    }

    public function testWhoLosesTheRoleHoldsNothingNewAndTheGrantEndsADayLater(): void
    {
        $due = $this->outageBooking(403);
        $this->assertSame('due', $due['state']);
        $this->setRole('subscriber');
        $this->runWorker(6 * 3600);
        $this->assertSame('due', $this->row($due['id'])['state']);
        $this->assertStringContainsString('holds no video visits', $this->row($due['id'])['error']);
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
        $this->runWorker(self::DAY + 60);
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertSame(array(), $this->tokenRecords());
        $this->assertSame(array(), $this->meetings());
    }

    public function testAnAttemptOfWhoHasLeftIsNotRepeated(): void
    {
        $attempted = $this->outageBooking(503);
        $this->assertSame('attempting', $attempted['state']);
        $this->setRole('subscriber');
        $this->runWorker(6 * 3600);
        // It is looked for, and was not made.
        $this->assertSame('due', $this->row($attempted['id'])['state']);
        $this->assertSame(array(), $this->meetings());
        $this->assertCount(1, $this->creations());
    }

    /** @dataProvider failures */
    #[DataProvider('failures')]
    public function testARoleThatComesBackRestoresEverything(int $status): void
    {
        $due = $this->outageBooking($status);
        $this->setRole('subscriber');
        $this->runWorker(60);
        $this->setRole('telemed_doctor');
        $this->runWorker(2 * self::DAY);
        $this->assertSame('made', $this->row($due['id'])['state']);
        $this->assertSame(array(), $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertSame('connected', $this->doctorsScreen(self::LEAVER, 'status'));
    }

    /** @return array<string, array{int}> */
    public static function failures(): array
    {
        return array('certainly not made' => array(403), 'perhaps made' => array(503));
    }

    public function testADeletionThatNoHookToldOfIsFoundWithinTheHour(): void
    {
        $this->site->php('global $wpdb; $wpdb->delete($wpdb->usermeta, ["user_id" => $arguments["user"]]); $wpdb->delete($wpdb->users, ["ID" => $arguments["user"]]); clean_user_cache($arguments["user"]);', array('user' => $this->leaver));
        $this->site->php('do_action("telemed_renew");');
        $this->runWorker(60);
        $this->assertCount(1, $this->zoom->requests('POST', '/oauth/revoke'));
        $this->assertSame(array(), $this->tokenRecords());
    }

    public function testADeletionThatIsRolledBackLeavesEverythingAsItWas(): void
    {
        $visits = $this->twoVisits();
        $this->site->php(
            'require_once ABSPATH . "wp-admin/includes/user.php";
            global $wpdb;
            $wpdb->query("START TRANSACTION");
            wp_delete_user($arguments["user"]);
            $wpdb->query("ROLLBACK");',
            array('user' => $this->leaver)
        );
        $this->assertCount(1, $this->handovers());
        // Six days later nothing is decided, for nobody has left.
        $this->runWorker(6 * self::DAY + 60);
        $this->runWorker(6 * self::DAY + 120);
        $this->assertSame(array(), $this->handovers());
        $this->assertSame(array('made', 'made'), array_map(fn (array $visit): string => $this->row($visit['id'])['state'], $visits));
        $this->assertSame(array(array(), 'connected'), array($this->zoom->requests('POST', '/oauth/revoke'), $this->doctorsScreen(self::LEAVER, 'status')));
    }

    public function testAnAnswerStandsForVisitsThatAreFoundLater(): void
    {
        $this->zoom->answer(array('method' => 'DELETE', 'path' => '/v2/meetings/'), 503, array(), array(), -1);
        $this->twoVisits();
        $this->deleteInAdmin(array("telemed_visits[{$this->leaver}]" => 'cancel'));
        $this->assertSame(array(array('left', 'cancel', $this->site->userId('admin'))), $this->handovers());
        // A request that began before has booked one more.
        $late = $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            $at = $plugin->moments->now();
            $slot = \TelemedZoom\Ledger\Visit::wanted(new \DateTimeImmutable($arguments["start"]), 25, "UTC")->slot();
            return $plugin->store->add(\Telemed\Visit::booked("manual", "late", $arguments["doctor"], $slot, $at)->settled($at), [], $at)->id();',
            array('start' => self::start(35), 'doctor' => $this->leaver)
        );
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        $this->runWorker(2 * 3600);
        $this->assertSame('cancelled', $this->row($late)['state']);
        $this->assertSame(array(array(), array()), array($this->meetings(), $this->handovers()), 'nothing is left of it');
        $this->assertSame(array(), $this->tokenRecords());
    }

    public function testUninstallingRevokesAlsoTheGrantOfADeletedUser(): void
    {
        $this->site->php('global $wpdb; $wpdb->delete($wpdb->usermeta, ["user_id" => $arguments["user"]]); $wpdb->delete($wpdb->users, ["ID" => $arguments["user"]]);', array('user' => $this->leaver));
        $this->site->php('\TelemedZoom\Plugin::instance()->grants->revokeAll();');
        $this->assertCount(2, $this->zoom->requests('POST', '/oauth/revoke'));
    }

    /** @return list<array<string, mixed>> rows */
    private function twoVisits(): array
    {
        return array(
            $this->make(self::LEAVER, self::LEAVER),
            $this->make(self::LEAVER, self::LEAVER, array('start' => self::start(31))),
        );
    }

    /** @return array<string, mixed> a row without a meeting, although nothing but Zoom stood in its way: due after 403, perhaps made after 503 */
    private function outageBooking(int $status): array
    {
        $this->zoom->answer(array('method' => 'POST', 'path' => '/v2/users/'), $status, array(), array(), -1);
        $page = $this->post(self::LEAVER, self::LEAVER);
        $this->assertSame(201, $page->status, $page->body);
        $this->zoom->forgetFaults();
        $this->forgetOutage();
        return $page->json();
    }

    private function setRole(string $role): void
    {
        $this->site->php('(new WP_User($arguments["user"]))->set_role($arguments["role"]);', array('user' => $this->leaver, 'role' => $role));
    }

    private function question(string $person): Page
    {
        return $this->browser($person)->get('/wp-admin/admin.php?page=telemed-handover&doctor=' . $this->leaver);
    }

    /** @return list<array{string, ?string, int}> how the doctor lets go, the answer, and who has given it */
    private function handovers(): array
    {
        return $this->site->php(
            '$theirs = array_filter(\TelemedZoom\Plugin::instance()->handovers->all(), static fn (\TelemedZoom\Store\Handover $one): bool => $one->doctor() === $arguments["doctor"]);
            return array_values(array_map(static fn (\TelemedZoom\Store\Handover $one): array => [$one->letsGo->value, $one->answer()?->value, $one->answeredBy()], $theirs));',
            array('doctor' => $this->leaver)
        );
    }

    private function disconnect(): Page
    {
        $browser = $this->browser(self::LEAVER);
        return $browser->submit($browser->get('/wp-admin/profile.php')->form('telemed-disconnect-form'));
    }

    private function decide(Page $question, string $choice, string $person = self::LEAVER): Page
    {
        return $this->browser($person)->submit($question->form('telemed-departure-form'), array('choice' => $choice));
    }

    /** @param array<string, string> $answers */
    private function deleteInAdmin(array $answers): Page
    {
        $admin = $this->browser('admin');
        $list = $admin->get('/wp-admin/users.php?s=' . self::LEAVER);
        $link = $list->first('//a[contains(@class, "submitdelete")]')?->getAttribute('href');
        $this->assertNotNull($link, $list->text());
        $question = $admin->get('/wp-admin/' . $link);
        $this->assertStringContainsString('2 upcoming video visits', $question->text());
        return $admin->submit($question->form('updateusers'), $answers);
    }

    /** @return list<string> requests that end something, in their order */
    private function endings(): array
    {
        $found = array();
        foreach ($this->zoom->requests() as $request) {
            if ('DELETE' === $request['method']) {
                $found[] = 'DELETE';
            } elseif ('/oauth/revoke' === $request['path']) {
                $found[] = 'POST /oauth/revoke';
            }
        }
        return $found;
    }

    /** @return list<string> keys of what is kept of the doctor's connection */
    private function tokenRecords(): array
    {
        $keys = $this->site->php('return \TelemedZoom\Plugin::instance()->opener->tokenStore()->keys();');
        return array_values(array_filter($keys, fn (string $key): bool => str_starts_with($key, 'connection:') && str_ends_with($key, ':' . $this->leaver)));
    }
}
