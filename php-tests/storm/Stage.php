<?php

declare(strict_types=1);

namespace Telemed\Tests\Storm;

use Telemed\Tests\FakeZoom;
use Telemed\Tests\Site;

/** The site of a storm: the doctors, and their hosts or connections at fake-zoom. */
final class Stage
{
    /** @var list<array{id: string, email: string}> in the order of the doctors */
    private array $hosts = array();

    public function __construct(private readonly Site $site, private readonly FakeZoom $zoom, private readonly AppointmentSystem $system)
    {
    }

    /**
     * @param 's2s'|'oauth' $mode
     * @param bool          $mailsZoomsLink whether the clinic mails Zoom's own links
     * @return list<int> the doctors, WordPress users
     */
    public function build(string $mode, int $doctors, bool $mailsZoomsLink): array
    {
        $this->site->reset();
        $this->zoom->reset();
        $hosts = $this->hosts = $this->hosts($doctors);
        $users = $this->site->php(self::SET_UP, array('hosts' => $hosts, 'mode' => $mode, 'mails_zooms_link' => $mailsZoomsLink, 'role' => $this->system->doctorRole(), 'apps' => array(
            'account' => FakeZoom::ACCOUNT,
            's2s' => array(FakeZoom::S2S_CLIENT_ID, FakeZoom::S2S_CLIENT_SECRET),
            'oauth' => array(FakeZoom::CLIENT_ID, FakeZoom::CLIENT_SECRET),
        )));
        if ('oauth' === $mode) {
            $this->connect($users, $hosts);
        }
        return $users;
    }

    /** @return list<array{id: string, email: string}> Zoom users in the order of the doctors, who have the same e-mails here */
    public function hostsOfDoctors(): array
    {
        return $this->hosts;
    }

    /**
     * Who lost the connection does what the mail asks for: a refresh whose answer is lost for good costs the grant at Zoom.
     *
     * @param list<int> $users
     * @return int how many had lost it
     */
    public function reconnect(array $users): int
    {
        $lost = $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            return array_values(array_filter($arguments["users"], static fn (int $user): bool => $plugin->apps->connection($user)?->status() !== "connected"));',
            array('users' => $users)
        );
        $hosts = array_map(fn (int $user): array => $this->hosts[array_search($user, $users, true)], $lost);
        $this->connect($lost, $hosts);
        return count($lost);
    }

    /** @return list<array{id: string, email: string}> licensed users of the clinic's account */
    private function hosts(int $count): array
    {
        $hosts = array();
        for ($number = 0; $number < $count; $number++) {
            $id = substr(sprintf('sToRmHoSt%04dexAmple_Zo-m', $number), 0, 22);
            $hosts[] = array('id' => $id, 'email' => sprintf('storm%04d@clinic.example', $number));
        }
        $this->zoom->seed(array('users' => array_map(static fn (array $host): array => $host + array(
            'account_id' => FakeZoom::ACCOUNT,
            'first_name' => 'Storm',
            'last_name' => $host['id'],
            'type' => 2,
            'timezone' => 'Europe/Berlin',
        ), $hosts)));
        return $hosts;
    }

    /**
     * Each doctor authorizes with a Zoom user of their own.
     *
     * @param list<int> $users
     * @param list<array{id: string, email: string}> $hosts
     */
    private function connect(array $users, array $hosts): void
    {
        $urls = $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            return array_map(static fn (int $user): string => $plugin->opener->oauth()->authorizationRequest($plugin->site->subject($user))->url(), $arguments["users"]);',
            array('users' => $users)
        );
        $answers = array();
        foreach ($urls as $index => $url) {
            $answers[] = array('user' => $users[$index]) + $this->zoom->authorize($url, $hosts[$index]['id']);
        }
        $this->site->php(
            '$plugin = \TelemedZoom\Plugin::instance();
            foreach ($arguments["answers"] as $one) {
                $plugin->opener->oauth()->connect($one["code"], $one["state"], $plugin->site->subject($one["user"]));
                update_user_option($one["user"], \TelemedZoom\Clinic\Doctors::META_CONNECTED, time());
                do_action("telemed_doctor_connected", $one["user"]);
            }',
            array('answers' => $answers)
        );
    }

    private const SET_UP = <<<'CODE'
        $apps = $arguments['apps'];
        update_option('telemed_settings', [
            'mode' => $arguments['mode'],
            'mail_zooms_link' => $arguments['mails_zooms_link'],
            's2s_account_id' => $apps['account'],
            's2s_client_id' => $apps['s2s'][0],
            's2s_client_secret' => $apps['s2s'][1],
            'oauth_client_id' => $apps['oauth'][0],
            'oauth_client_secret' => $apps['oauth'][1],
        ]);
        $users = [];
        foreach ($arguments['hosts'] as $host) {
            $user = get_user_by('email', $host['email']);
            $id = $user !== false ? $user->ID : wp_insert_user([
                'user_login' => strtok($host['email'], '@'),
                'user_email' => $host['email'],
                'user_pass' => wp_generate_password(),
                'role' => $arguments['role'],
            ]);
            get_userdata($id)->set_role($arguments['role']);
            (new TelemedZoom\Clinic\HostMap())->confirm($id, new TelemedZoom\Clinic\Host($host['id'], $host['email'], 'Storm', true, $apps['account'], $host['email']));
            $users[] = $id;
        }
        return $users;
        CODE;
}
