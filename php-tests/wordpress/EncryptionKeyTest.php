<?php

declare(strict_types=1);

namespace Telemed\Tests\WordPress;

use PHPUnit\Framework\Attributes\DataProvider;
use Telemed\Tests\FakeZoom;

/** The key of wp-config.php: made by the page, added later, lost with the salts, or none at all. */
final class EncryptionKeyTest extends ClinicTestCase
{
    private string $configuration;

    /** Each change is newer than the one before, or PHP's cache of compiled files might not see it. */
    private int $modified;

    protected function setUp(): void
    {
        parent::setUp();
        $this->configuration = (string) file_get_contents($this->configurationFile());
        $this->modified = time();
    }

    protected function tearDown(): void
    {
        $this->configure($this->configuration);
        parent::tearDown();
    }

    public function testThePageMakesAKeyThatIsReadyToPasteAndKeepsNone(): void
    {
        $this->useSalts();
        $lines = array();
        foreach (array('first', 'second') as $visit) {
            $page = $this->browser('admin')->screen('telemed-settings');
            $this->assertSame('salts', $page->element('telemed-key-source')->getAttribute('data-source'));
            $this->assertStringContainsString('salts', $page->text('telemed-salts-notice'));
            $lines[] = $line = $page->element('telemed-key-line')->getAttribute('value');
            $this->assertSame(1, preg_match("~^define\( 'TELEMED_KEY', '([A-Za-z0-9+/]{43}=)' \);$~", $line, $found), $line);
            $this->assertSame(32, strlen((string) base64_decode($found[1], true)));
            $this->assertStringNotContainsString($found[1], $this->site->databaseDump(), $visit);
        }
        $this->assertNotSame($lines[0], $lines[1]);
    }

    public function testAKeyAddedLaterSealsEverythingAnewAndOutlivesTheSalts(): void
    {
        $this->useSalts();
        $this->useServerToServerWithHosts();
        $this->make('admin', 'doctor1');
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $line = $this->browser('admin')->screen('telemed-settings')->element('telemed-key-line')->getAttribute('value');
        $before = $this->sealed();
        $this->assertGreaterThanOrEqual(6, count($before), 'also what the visit link ends with, the join link and the passcode');

        $this->configure(str_replace('<?php', "<?php\n{$line}", $this->withoutKey()));
        $page = $this->browser('admin')->screen('telemed-settings');
        $this->assertSame('constant', $page->element('telemed-key-source')->getAttribute('data-source'));
        $this->assertStringContainsString('sealed under the new', implode(' ', $page->notices()));
        $after = $this->sealed();
        $this->assertSame(array_keys($before), array_keys($after));
        foreach ($before as $name => $text) {
            $this->assertNotSame($text, $after[$name], $name);
        }

        $this->configure($this->withOtherSalts(str_replace('<?php', "<?php\n{$line}", $this->withoutKey())));
        $this->forgetBrowsers();
        $this->assertSame(FakeZoom::DOCTOR1, $this->zoom->meeting($this->make('doctor1', 'doctor1')['meeting_id'])['host_id']);
        $this->saveSettings(array('mode' => 's2s'));
        $this->make('admin', 'doctor2');
    }

    public function testTheCommandSealsEverythingAnewWithoutAnAdministratorOnAPage(): void
    {
        $this->useSalts();
        $this->useServerToServerWithHosts();
        $this->make('admin', 'doctor1');
        $this->useOAuth();
        $this->connect('doctor1', FakeZoom::DOCTOR1);
        $line = $this->browser('admin')->screen('telemed-settings')->element('telemed-key-line')->getAttribute('value');
        $before = $this->sealed();
        $this->configure(str_replace('<?php', "<?php\n{$line}", $this->withoutKey()));
        $this->assertSame(array('Success: Everything is sealed under the first key.'), $this->wpCli('telemed reseal')['out']);
        $after = $this->sealed();
        $this->assertSame(array_keys($before), array_keys($after));
        $this->assertSame(array(), array_intersect_assoc($before, $after));

        // Under new salts the new key opens everything; once it is lost too, that is said and nothing is deleted.
        $this->configure($this->withOtherSalts(str_replace('<?php', "<?php\n{$line}", $this->withoutKey())));
        $this->wpCli('telemed reseal');
        $this->configure($this->withOtherSalts($this->withoutKey()));
        $kept = $this->sealed();
        $failed = $this->wpCli('telemed reseal');
        $this->assertSame(1, $failed['status'], 'the old key is still needed');
        $this->assertStringContainsString('opened by no key', implode(' ', $failed['err']));
        $this->assertSame($kept, $this->sealed());
    }

    public function testSaltsThatChangedAreToldAndTheSecretIsEnteredAgain(): void
    {
        $this->useSalts();
        $this->useServerToServerWithHosts();
        $this->configure($this->withOtherSalts($this->withoutKey()));
        $this->forgetBrowsers();
        $page = $this->browser('admin')->screen('telemed-settings');
        $this->assertSame(200, $page->status);
        $this->assertStringContainsString('Enter the client secret again', $page->text('telemed-unreadable-notice'));
        $this->assertGreaterThanOrEqual(400, $this->post('admin', 'doctor1')->status);
        $this->assertSame(array(), $this->meetings());

        $this->saveSettings(array('s2s_client_secret' => FakeZoom::S2S_CLIENT_SECRET));
        $this->make('admin', 'doctor1');
    }

    public function testTheLinksThatPeopleHaveOutliveTheirKey(): void
    {
        $this->useSalts();
        $this->useServerToServerWithHosts();
        $row = $this->make('admin', 'doctor1', array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 300)));
        $this->configure($this->withOtherSalts($this->withoutKey()));
        $this->forgetBrowsers();
        $this->assertSame(array(null, null), array($this->records()->visits->find($row['id'])['visit_key'], $this->row($row['id'])['join_url'] ?? null));
        $link = substr($row['visit_link'], strlen($this->site->url()));
        $page = $this->site->visitor()->get($link);
        $this->assertSame(array(200, 'open'), array($page->status, $page->element('telemed-visit')->getAttribute('data-state')));

        $this->saveSettings(array('s2s_client_secret' => FakeZoom::S2S_CLIENT_SECRET));
        $this->assertSame($row['join_url'], $this->site->visitor()->get("{$link}&join=1", false)->header('location'), 'read from Zoom');
        $this->assertSame($row['join_url'], $this->row($row['id'])['join_url']);
        $told = $this->wpCli('telemed reseal');
        $this->assertSame(0, $told['status']);
        $this->assertStringContainsString('1 link of a visit is opened by no key', implode(' ', $told['err']));
        $this->browser('admin')->rest('PATCH', "telemed/v1/visits/{$row['id']}", array('start' => gmdate('Y-m-d\TH:i:s\Z', time() + 600)));
        $this->assertSame('open', $this->site->visitor()->get($link)->element('telemed-visit')->getAttribute('data-state'));
    }

    /** @dataProvider noKeys */
    #[DataProvider('noKeys')]
    public function testWithoutAKeySecretsAreRefusedWithTheReason(string $line, string $said): void
    {
        $salts = preg_replace("/^define\('[A-Z_]+_(?:KEY|SALT)'.*$/m", '', $this->withoutKey());
        $this->configure(str_replace('<?php', "<?php\n{$line}", (string) $salts));
        $this->forgetBrowsers();
        $page = $this->useServerToServer();
        $this->assertSame('none', $page->element('telemed-key-source')->getAttribute('data-source'));
        $this->assertStringContainsString($said, $page->text('telemed-key-notice'));
        $this->assertStringContainsString($said, $page->text('s2s_client_secret-error'));
        $this->assertSame('0', $page->element('s2s_client_secret')->getAttribute('data-set'));
        $this->assertNotNull($page->element('telemed-key-line'), 'and how to mend it');
        $this->assertStringNotContainsString(FakeZoom::S2S_CLIENT_SECRET, $page->body . $this->site->databaseDump());
        $this->assertStringNotContainsString('telemed1.', $this->site->databaseDump());
    }

    /** @return array<string, array{string, string}> */
    public static function noKeys(): array
    {
        $sample = '';
        foreach (array('AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT') as $name) {
            $sample .= "define('{$name}', 'put your unique phrase here');\n";
        }
        return array(
            'salts that WordPress keeps in the database' => array('', 'in the same database'),
            'the sample phrase' => array($sample, 'sample phrase'),
            'a key that is none' => array("define('TELEMED_KEY', 'secret');", 'not the base64 text of 32 bytes'),
            'a key without its last character' => array("define('TELEMED_KEY', '" . str_repeat('A', 43) . "');", 'not the base64 text of 32 bytes'),
        );
    }

    private function useSalts(): void
    {
        $this->configure($this->withoutKey());
    }

    private function withoutKey(): string
    {
        return (string) preg_replace("/^define\('TELEMED_KEY'.*$/m", '', $this->configuration);
    }

    private function withOtherSalts(string $configuration): string
    {
        return (string) preg_replace_callback(
            "/^define\('([A-Z_]+_(?:KEY|SALT))', '[^']+'\);$/m",
            static fn (array $found): string => $found[1] === 'TELEMED_KEY' ? $found[0] : "define('{$found[1]}', '" . bin2hex(random_bytes(32)) . "');",
            $configuration
        );
    }

    private function configure(string $configuration): void
    {
        file_put_contents($this->configurationFile(), $configuration, LOCK_EX);
        touch($this->configurationFile(), $this->modified += 2);
    }

    private function configurationFile(): string
    {
        return $this->site->wordpress() . '/wp-config.php';
    }

    /** @return array<string, string> all sealed texts of the database */
    private function sealed(): array
    {
        $sealed = $this->site->php('return array_filter(get_option("telemed_settings"), static fn($value) => is_string($value) && str_starts_with($value, "telemed1."));');
        foreach (array('app' => $this->records()->apps->everything(), 'record' => $this->records()->grants->everything(), 'visit' => $this->records()->visits->everything()) as $kind => $rows) {
            foreach ($rows as $row) {
                foreach ($row as $column => $value) {
                    if (is_string($value) && str_starts_with($value, 'telemed1.')) {
                        $sealed["{$kind} {$row['id']} {$column}"] = $value;
                    }
                }
            }
        }
        ksort($sealed);
        return $sealed;
    }
}
