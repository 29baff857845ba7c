<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Records;
use Telemed\Tests\Site;

/** A network of two clinics with the same doctors, the same Zoom app and the same key, served by one PHP worker. */
final class NetworkTest extends ClinicTestCase
{
    private const ZOOM_USERS = array('first' => FakeZoom::DOCTOR1, 'second' => FakeZoom::DOCTOR2);
    private const CALL = '$plugin = \TelemedZoom\Plugin::instance();
        $user = static fn (): string => $plugin->opener->oauth()->client($plugin->site->subject($arguments["doctor"]))->user()->id();';

    private Site $network;

    protected function siteOfTest(): Site
    {
        return $this->network = Site::fromEnvironment('TELEMED_NETWORK_SITE_STATE');
    }

    protected function setUp(): void
    {
        parent::setUp();
        $this->goTo('second');
        $this->site->reset();
    }

    public function testADoctorOfTwoBlogsHasAConnectionInEachAndNeverMeetsTheOther(): void
    {
        $this->connectInBoth();
        foreach (array('first', 'second', 'first', 'second', 'second', 'first') as $day => $blog) {
            $this->goTo($blog);
            $made = $this->make('doctor1', 'doctor1', array('start' => self::start(30 + $day)));
            $this->assertSame(self::ZOOM_USERS[$blog], $this->zoom->meeting($made['meeting_id'])['host_id'], $blog);
        }
        foreach (array('wp_', 'wp_2_') as $prefix) {
            $records = Records::of($this->site, $prefix);
            $this->assertSame(array(1, 3), array($records->grants->count('connection'), $records->visits->count()));
        }

        $this->zoom->forgetAccessTokens();
        $this->zoom->forgetRequests();
        foreach (array('second', 'first') as $blog) {
            $this->goTo($blog);
            $made = $this->make('doctor1', 'doctor1', array('start' => self::start(50)));
            $this->assertSame(self::ZOOM_USERS[$blog], $this->zoom->meeting($made['meeting_id'])['host_id'], $blog);
        }
        $this->assertCount(2, $this->zoom->requests('POST', '/oauth/token'), 'each refreshed its own');
    }

    public function testDisconnectingInOneBlogLeavesTheOtherAlone(): void
    {
        $this->connectInBoth();
        $this->goTo('first');
        $doctor = $this->browser('doctor1');
        $doctor->submit($doctor->get('/wp-admin/profile.php')->form('telemed-disconnect-form'));
        $this->assertSame('none', $this->doctorsScreen('doctor1', 'status'));
        $this->assertSame(409, $this->post('doctor1', 'doctor1')->status);
        $this->goTo('second');
        $this->assertSame('connected', $this->doctorsScreen('doctor1', 'status'));
        $this->make('doctor1', 'doctor1');
    }

    public function testAProcessThatSwitchesBetweenBlogsUsesTheTokenOfEach(): void
    {
        $this->connectInBoth();
        $this->goTo('first');
        $users = $this->site->php(
            self::CALL . '$users = array($user()); switch_to_blog(2); $users[] = $user(); restore_current_blog(); $users[] = $user(); return $users;',
            array('doctor' => $this->site->userId('doctor1'))
        );
        $this->assertSame(array(FakeZoom::DOCTOR1, FakeZoom::DOCTOR2, FakeZoom::DOCTOR1), $users);
        $locks = $this->site->php('$database = \TelemedZoom\Plugin::instance()->database;
            $first = $database->lockName("token:a"); switch_to_blog(2); return array($first, $database->lockName("token:a"));');
        $this->assertNotSame($locks[0], $locks[1]);
    }

    public function testABlogThatIsAddedIsReadyAndTakesItsDataWithItWhenItIsDeleted(): void
    {
        $blog = $this->site->php(
            'require_once ABSPATH . "wp-admin/includes/ms.php"; $_SERVER["REMOTE_ADDR"] = "127.0.0.1";
            return wpmu_create_blog(DOMAIN_CURRENT_SITE, "/third/", "Third Clinic", get_user_by("login", "admin")->ID);'
        );
        $this->assertIsInt($blog);
        $this->assertCount(9, $this->tables("wp_{$blog}_"));
        $ids = $this->site->php('$ids = array(); foreach (array(1, 2, $arguments["blog"]) as $blog) {
            switch_to_blog($blog); $ids[] = get_option("telemed_site_id"); restore_current_blog(); } return $ids;', array('blog' => $blog));
        $this->assertCount(3, array_unique(array_filter($ids)), 'each has an id of its own');
        $this->site->php('require_once ABSPATH . "wp-admin/includes/ms.php"; wpmu_delete_blog($arguments["blog"], true);', array('blog' => $blog));
        $this->assertSame(array(), $this->tables("wp_{$blog}_"));
        $this->assertCount(9, $this->tables('wp_2_'));
    }

    public function testEachBlogMovesWhatTheVersionBeforeHasLeftThere(): void
    {
        $blogs = array('wp_' => array('first', 3), 'wp_2_' => array('second', 1));
        foreach ($blogs as [$blog, $count]) {
            $this->goTo($blog);
            $this->site->php(
                '$before = new \Telemed\Tests\Records\Schema5(); $before->begin(); for ($n = 0; $n < $arguments["count"]; $n++) { $before->visit("+30 days"); }',
                array('count' => $count)
            );
        }
        foreach ($blogs as $prefix => [$blog, $count]) {
            $this->goTo($blog);
            $this->site->php('do_action("telemed_run");');
            $this->assertSame($count, Records::of($this->site, $prefix)->visits->count());
            $this->assertCount(9, $this->tables($prefix));
            if ('first' === $blog) {
                $this->assertContains('wp_2_telemed_leftovers', $this->tables('wp_2_'), 'the other\'s wait for their own turn');
            }
        }
    }

    public function testUninstallingEndsEveryGrantAndLeavesNothingInAnyBlog(): void
    {
        $this->connectInBoth();
        $this->assertCount(2, $this->zoom->state()['grants']);
        $this->goTo('first');
        $this->site->php('define("WP_UNINSTALL_PLUGIN", "telemed-zoom/telemed-zoom.php"); (new \TelemedZoom\Care\Uninstall())->run();');
        $this->assertSame(array(), $this->zoom->state()['grants']);
        foreach (array('wp_', 'wp_2_') as $prefix) {
            $this->assertSame(array(), $this->tables($prefix));
            $this->assertSame('0', $this->site->value("SELECT COUNT(*) FROM {$prefix}options WHERE option_name LIKE '%telemed\\_%'"));
        }
        $this->assertSame('0', $this->site->value("SELECT COUNT(*) FROM wp_usermeta WHERE meta_key LIKE '%telemed\\_%'"));
        $this->assertFileDoesNotExist($this->site->wordpress() . '/wp-content/telemed-install-id.txt');
    }

    private function goTo(string $blog): void
    {
        $this->site = 'first' === $blog ? $this->network : $this->network->blog('/second');
    }

    /** The same WordPress user is another Zoom user in each blog. */
    private function connectInBoth(): void
    {
        foreach (self::ZOOM_USERS as $blog => $zoomUser) {
            $this->goTo($blog);
            $this->useOAuth();
            $this->connect('doctor1', $zoomUser);
        }
    }

    /** @return list<string> the plugin's tables of one blog */
    private function tables(string $prefix): array
    {
        $database = $this->site->database();
        $tables = array_column($database->query("SHOW TABLES LIKE '{$prefix}telemed\\_%'")->fetch_all(), 0);
        $database->close();
        return $tables;
    }
}
