<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

/** On a site whose address follows the request, whoever names another host gets no link, no sender and no redirect led there. */
final class HostHeaderTest extends ClinicTestCase
{
    private const EVIL = 'evil.example';

    private string $config;

    protected function setUp(): void
    {
        parent::setUp();
        $this->config = (string) file_get_contents($this->configFile());
        file_put_contents($this->configFile(), str_replace(
            "<?php\n",
            "<?php\ndefine('WP_HOME', 'http://' . \$_SERVER['HTTP_HOST']);\ndefine('WP_SITEURL', 'http://' . \$_SERVER['HTTP_HOST']);\n",
            $this->config
        ));
        // As README recommends it; and what wp_mail() takes for the sender.
        file_put_contents($this->plugin(), '<?php
            if (defined("TELEMED_TEST_UNNAMED")) { return; }
            add_filter("telemed_site_address", static fn () => ' . var_export($this->site->url(), true) . ');
            add_filter("wp_is_application_passwords_available", "__return_true");');
    }

    protected function tearDown(): void
    {
        file_put_contents($this->configFile(), $this->config);
        if (is_file($this->plugin())) {
            unlink($this->plugin());
        }
    }

    public function testMailsThatAForeignHostHasSentLeadToTheClinic(): void
    {
        $this->useServerToServerWithHosts();
        for ($day = 0; $day < 6; $day++) {
            $this->make('admin', 'doctor1', array('start' => self::start(30 + $day), 'patient' => "pat{$day}@patients.example"));
        }
        $before = count($this->site->mails());
        // Twelve are due, and a thirteenth to staff: of a visit that is late.
        $this->records()->log->unmail(3600);
        $this->records()->pretend->uncertainAndSoon((int) $this->records()->visits->all()[0]['id'], 600, 25);
        $this->callCronFromAForeignHost();
        $mails = array_slice($this->site->mails(), $before);
        $this->assertGreaterThan(12, count($mails));
        foreach ($mails as $mail) {
            $text = (string) json_encode($mail, JSON_UNESCAPED_SLASHES);
            $this->assertStringNotContainsString(self::EVIL, $text);
            $this->assertStringContainsString($this->site->url('/'), $text);
            $headers = implode("\n", (array) $mail['headers']);
            $this->assertStringContainsString('From: wordpress@127.0.0.1', $headers, 'and WordPress itself would answer from there');
        }
        $this->assertStringContainsString($this->site->url('/wp-admin/admin.php?page=telemed-meeting'), (string) json_encode($mails, JSON_UNESCAPED_SLASHES));
        $this->assertStringContainsString('BEGIN:VCALENDAR', (string) json_encode($mails));
    }

    public function testRestAndTheRedirectUrlLeadToTheClinic(): void
    {
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1');
        $answer = $this->restFrom(self::EVIL, "/telemed/v1/visits/{$row['id']}");
        $this->assertSame(200, $answer['status'], $answer['body']);
        $this->assertStringNotContainsString(self::EVIL, $answer['body']);
        $this->assertSame(array($row['visit_link'], $row['start_link']), array($answer['json']['visit_link'], $answer['json']['start_link']));
        $this->assertStringStartsWith($this->site->url('/?telemed_visit='), $row['visit_link']);
        $url = $this->atHost(self::EVIL, 'return [\TelemedZoom\Plugin::instance()->settings->currentRedirectUri(), \TelemedZoom\Screens\WebhookRoute::url()];');
        foreach ($url as $address) {
            $this->assertStringStartsWith($this->site->url('/'), $address);
        }
    }

    public function testWhereNoAddressIsNamedAForeignHostSendsNothingAndGetsTheAddressThatWasSetUp(): void
    {
        file_put_contents($this->configFile(), str_replace("<?php\n", "<?php\ndefine('TELEMED_TEST_UNNAMED', true);\n", (string) file_get_contents($this->configFile())));
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1', array('patient' => 'patient@example.com'));
        $before = count($this->site->mails());
        $this->records()->log->unmail(3600);
        $this->callCronFromAForeignHost();
        $this->assertCount($before, $this->site->mails());
        $link = $this->atHost(self::EVIL, 'return \TelemedZoom\Ledger\VisitLink::url(\Telemed\Tests\Records\InPlugin::visit($arguments["id"]));', array('id' => $row['id']));
        $this->assertSame($row['visit_link'], $link);
        $this->runWorker(60);
        $this->assertGreaterThan($before, count($this->site->mails()), 'its own address still sends them');
    }

    private function callCronFromAForeignHost(): void
    {
        // Whatever ran before, the worker is due.
        $this->site->php('delete_transient("doing_cron"); \TelemedZoom\Cron::unschedule(); \TelemedZoom\Cron::schedule();');
        $this->site->visitor()->get('/wp-cron.php?doing_wp_cron', false, array('Host' => self::EVIL));
    }

    /** @return array{status: int, body: string, json: mixed} */
    private function restFrom(string $host, string $route): array
    {
        $password = $this->site->php('return \WP_Application_Passwords::create_new_application_password(1, ["name" => "test " . uniqid()])[0];');
        $page = $this->site->visitor()->get("/?rest_route={$route}", false, array('Host' => $host, 'Authorization' => 'Basic ' . base64_encode("admin:{$password}")));
        return array('status' => $page->status, 'body' => str_replace('\/', '/', $page->body), 'json' => $page->json());
    }

    /** @param array<string, mixed> $arguments */
    private function atHost(string $host, string $code, array $arguments = array()): mixed
    {
        // Both constants have been read by then; options of the running request are asked for again.
        return $this->site->php(
            'foreach (["home", "siteurl"] as $name) { add_filter("option_$name", static fn () => "http://" . $arguments["host"], 100); }' . $code,
            array('host' => $host) + $arguments
        );
    }

    private function configFile(): string
    {
        return $this->site->wordpress() . '/wp-config.php';
    }

    private function plugin(): string
    {
        return $this->site->wordpress() . '/wp-content/mu-plugins/named-address.php';
    }
}
